"""The read model: log p(reads | descendant cell fraction)."""
