"""Tumours with known truth: clone tree, copy number, reads and the files that callers would write of them."""
