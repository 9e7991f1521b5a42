"""Sample sheet and settings: read, validated, typed."""
