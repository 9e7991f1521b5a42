"""Resistance drivers: found, placed on the tree, labelled."""
