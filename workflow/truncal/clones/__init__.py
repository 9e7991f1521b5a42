"""Mutations clustered into clones."""
