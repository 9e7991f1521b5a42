"""Alleles: what counts as a small variant, trimming, and one key for the same change in every file."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from truncal.copynumber.genome import canonical_names

Key = tuple[str, int, str, str]
"""One change: canonical chromosome, position, reference, alternative."""

_SNVS = frozenset((ref, alt) for ref in "ACGT" for alt in "ACGT" if ref != alt)
_BASES = re.compile(r"[ACGTN]+\Z", re.IGNORECASE)


def refusal(ref: str, alt: str) -> str | None:
    """Why a VCF allele is no small variant, or None if it is one."""
    if alt in ("", "."):
        return "the record has no alternative allele"
    if alt == "*":
        return "allele * (spanning deletion of another record)"
    if "[" in alt or "]" in alt or alt.startswith("<"):
        return f"structural or symbolic allele {alt[:30]}"
    if not _BASES.match(ref) or not _BASES.match(alt):
        return f"alleles are not made of A, C, G, T and N: {ref[:20]}>{alt[:20]}"
    if ref.upper() == alt.upper():
        return "the alternative allele equals the reference"
    return None


def trim(pos: int, ref: str, alt: str) -> tuple[int, str, str]:
    """Shortest form of an allele: common suffix off, then common prefix, one base of each kept.

    Tan et al. 2015, Bioinformatics 31:2202 (without the reference, an indel in a repeat stays where it is).
    """
    end = 0
    while len(ref) - end > 1 and len(alt) - end > 1 and ref[-1 - end] == alt[-1 - end]:
        end += 1
    if end:
        ref, alt = ref[:-end], alt[:-end]
    start = 0
    while len(ref) - start > 1 and len(alt) - start > 1 and ref[start] == alt[start]:
        start += 1
    return (pos + start, ref[start:], alt[start:]) if start else (pos, ref, alt)


def split_keys(
    chrom: Sequence[str], pos: Sequence[int], ref: Sequence[str], alt: Sequence[str], snv: np.ndarray
) -> list[Key]:
    """(canonical chromosome, pos, ref, alt) of each allele, trimmed, in upper case; snv: from `are_snvs`."""
    names = canonical_names(chrom)  # one distinct text a chromosome keeps the tuples small
    keys: list[Key] = list(zip(names, pos, ref, alt, strict=True))
    for i in np.flatnonzero(~snv).tolist():
        first, second = ref[i].upper(), alt[i].upper()
        if len(first) == 1 or len(second) == 1:  # nothing to trim
            keys[i] = (names[i], pos[i], first, second)
        else:
            keys[i] = (names[i], *trim(pos[i], first, second))
    return keys


def are_snvs(ref: Sequence[str], alt: Sequence[str]) -> np.ndarray:
    """Which alleles are plain substitutions of one base, (n,) bool."""
    return np.fromiter(map(_SNVS.__contains__, zip(ref, alt, strict=True)), dtype=bool, count=len(ref))
