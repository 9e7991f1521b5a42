"""Clusters of mutations that share one descendant cell fraction in every sample."""
