"""Scores of a result against the truth."""
