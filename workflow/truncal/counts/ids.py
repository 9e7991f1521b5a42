"""What a mutation's name says of it, where a counts table has no columns for that.

PyClone-VI tables name mutations as their makers liked: `7:55259515:T:G`, `chr7_55259515_T>G`, `EGFR.L858R`,
`EGFR:NM_005228.5:p.Leu858Arg`, `EGFR_E746_A750del`, `MET.splicing`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_ALLELE = re.compile(
    r"(?:.*[:_|; ])?((?:chr)?(?:[1-9]|1\d|2[0-2]|X|Y|MT?))[:_.-](?:g\.)?([1-9]\d*)[:_.; -]?"
    r"([ACGT]+)[>/:_.; -]([ACGT]+)"
)
_GENE = r"([A-Z][A-Z0-9]{1,14}(?:orf\d+)?(?:-[A-Z0-9]+)*)"
_RESIDUE = r"(?:[A-Z]|[A-Z][a-z]{2}|\*)\d+"
_PROTEIN = re.compile(
    rf"{_GENE}[.:_| ](?:((?:[NX]M_|ENST)\d+(?:\.\d+)?)[:_| ])?(?:p\.)?\(?"
    rf"({_RESIDUE}(?:_{_RESIDUE})?(?:[A-Z*=]|[A-Z][a-z]{{2}})?(?:(?:del|dup|ins|fs|ext)[A-Za-z0-9*]*)?)\)?"
)
_SPLICE = re.compile(rf"{_GENE}[.:_| ](?:splic\w*)", re.IGNORECASE)


class Named(NamedTuple):
    """Columns of the counts table that a name fills; None where it says nothing."""

    chrom: str | None = None
    pos: str | None = None
    ref: str | None = None
    alt: str | None = None
    gene: str | None = None
    hgvsp: str | None = None
    transcript: str | None = None


def named(mutation: str) -> Named | None:
    """What a mutation_id says, or None: an allele, or a gene with a protein change or a splice site."""
    allele = _ALLELE.fullmatch(mutation)
    if allele:
        return Named(*allele.groups()) if allele[3] != allele[4] else None
    protein = _PROTEIN.fullmatch(mutation)
    if protein and not re.fullmatch(_RESIDUE, protein[3]):
        return Named(gene=protein[1], transcript=protein[2], hgvsp=f"p.{protein[3]}")
    splice = _SPLICE.fullmatch(mutation)
    return Named(gene=splice[1]) if splice else None
