"""EGFR exon 19: deletions and complex changes that differ by single bases, told apart in reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bam_handmade import Read, read, write_bam

from truncal.reads.bam import count_sites

# around codons 739-760; c.2235 is the first base after LEFT
LEFT = "GTGAGAAAGTTAAAATTCCCGTCGCTATCAA"
RIGHT = "GGAATTAAGAGAAGCAACATCTCCGAAAGCCAACAAGGAAATCCTCGATGTGAGTTTCTGCTTTGCTGTGTGGGGGTCCATGGC"
GENOME = (
    "TGGATCCCAGAAGGTGAGAAAGTTAAAATTCCCGTCGCTATCAA" + RIGHT + "TCTGAACCTCAGGCCCACCTTTTCTCATGTCTGGCAGCTGCTCT"
)
FIRST = 44  # 0-based place of c.2235

# name: (first base of the change, bases deleted, bases inserted), in c. coordinates
ALLELES = {
    "2235_2249del": (2235, 15, ""),
    "2236_2250del": (2236, 15, ""),
    "2239_2248delinsC": (2239, 10, "C"),
    "2237_2251del": (2237, 15, ""),
    "2240_2254del": (2240, 15, ""),
    "2240_2257del": (2240, 18, ""),
    "2237_2255delinsT": (2237, 19, "T"),
}


def site(name: str) -> tuple[int, str, str]:
    """VCF pos, ref, alt."""
    first, deleted, inserted = ALLELES[name]
    at = FIRST + first - 2235
    return at, GENOME[at - 1 : at + deleted], GENOME[at - 1] + inserted


def haplotype(name: str) -> str:
    first, deleted, inserted = ALLELES[name]
    at = FIRST + first - 2235
    return GENOME[:at] + inserted + GENOME[at + deleted :]


def reads_of(name: str, rng: np.random.Generator, n: int) -> list[Read]:
    """Reads of 60 bases over the change, with the gap where an aligner puts it, or clipped near an end."""
    first, deleted, inserted = ALLELES[name]
    at = FIRST + first - 2235
    text = haplotype(name)
    out = []
    for _ in range(n):
        start = int(rng.integers(at - 50, at - 12))
        start = max(start, 0)
        bases = text[start : start + 60]
        left, right = at - start, 60 - (at - start) - len(inserted)
        if right < 6:
            cigar = f"{left}M{60 - left}S"
        elif inserted:
            cigar = f"{left + 1}M{deleted - 1}D{right}M"  # the inserted base as a mismatch
        else:
            cigar = f"{left}M{deleted}D{right}M"
        out.append(read(start + 1, bases, cigar=cigar))
    return out


@pytest.mark.parametrize("name", ALLELES)
def test_only_its_own_reads_are_counted(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(19)
    own = reads_of(name, rng, 12)
    wild = [read(start, GENOME[start - 1 : start + 59]) for start in (5, 10, 20, 30)]
    others = [one for other in ALLELES if other != name for one in reads_of(other, rng, 6)]
    gapped = [one for one in others if "S" not in str(one["cigar"])]
    path = write_bam(tmp_path / "reads.bam", [*own, *wild, *gapped], length=len(GENOME))
    pos, ref, alt = site(name)
    counts = count_sites(path, ["chr7"], [pos], [ref], [alt])
    assert (counts.alt[0], counts.ref[0]) == (12, 4)
    assert counts.other[0] >= 0.9 * len(gapped)
