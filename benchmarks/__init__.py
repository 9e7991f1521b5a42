"""Benchmarks: truncal's results scored against known truth, beside peers in the same run."""
