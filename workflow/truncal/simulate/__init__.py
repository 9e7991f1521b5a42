"""Simulated tumours with known truth."""
