"""Posterior over clone trees: messages on a grid, enumeration and sampling, proportions, clonality."""
