"""Real driver alleles and gene loci of the shipped resistance table, in the build that is simulated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from truncal.errors import Fault, UserError
from truncal.paths import resource
from truncal.tables import read_table

_ALLELE = re.compile(r"chr([0-9XY]+):(\d+):([ACGT]+)>([ACGT]+)\Z")
_LOCUS = re.compile(r"chr([0-9XY]+):(\d+)-(\d+)")


@dataclass(frozen=True)
class Allele:
    """A small variant of the table: `chrom` without `chr`, `pos` 1-based, alleles as in VCF."""

    resistance_id: str
    gene: str
    alteration: str
    kind: str
    role: str
    chrom: str
    pos: int
    ref: str
    alt: str


@dataclass(frozen=True)
class Locus:
    """A gene's place (1-based, inclusive)."""

    gene: str
    chrom: str
    start: int
    end: int


@lru_cache(maxsize=2)
def alleles(build: str) -> dict[str, Allele]:
    """Every small variant of the table with its allele in `build`, by id."""
    found = {}
    for row in read_table(resource("resistance.tsv"), what="resistance table").rows():
        match = _ALLELE.match(row[build.lower()] or "")
        if match:
            chrom, pos, ref, alt = match.groups()
            name = row["id"] or ""
            found[name] = Allele(
                name,
                row["gene"] or "",
                row["alteration"] or "",
                row["alteration_class"] or "",
                row["role"] or "",
                chrom,
                int(pos),
                ref,
                alt,
            )
    return found


@lru_cache(maxsize=2)
def loci(build: str) -> dict[str, Locus]:
    """Genes that the table lists with a locus in `build` (the longest where there are several), by name."""
    found: dict[str, Locus] = {}
    for row in read_table(resource("resistance.tsv"), what="resistance table").rows():
        match = _LOCUS.match(row[build.lower()] or "")
        gene = row["gene"] or ""
        if match:
            locus = Locus(gene, match.group(1), int(match.group(2)), int(match.group(3)))
            known = found.get(gene)
            if known is None or known.end - known.start < locus.end - locus.start:
                found[gene] = locus
    return found


def allele(resistance_id: str, build: str) -> Allele:
    """One allele; raises `UserError` for an id that is no small variant of the table."""
    try:
        return alleles(build)[resistance_id]
    except KeyError:
        raise UserError(Fault(f"{resistance_id} is no small variant of the resistance table")) from None


def locus(gene: str, build: str) -> Locus:
    """A gene's locus; raises `UserError` for a gene without one in the table."""
    try:
        return loci(build)[gene]
    except KeyError:
        raise UserError(Fault(f"{gene} has no locus in the resistance table")) from None
