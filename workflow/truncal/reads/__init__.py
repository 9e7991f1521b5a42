"""Reads at variant sites from VCF, BAM/CRAM and PyClone-VI tables."""
