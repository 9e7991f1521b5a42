"""Copy-number segments, and the states that mutated copies may be in."""
