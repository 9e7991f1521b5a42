"""Copy-number segments, and the states that mutated copies may be in.

`readers.read_segments` reads the segment file of any supported tool, `segments.join` gives the copy number at
each mutation, `genome.normal_copies` that of normal cells, `states.state_table` the states that follow.
"""
