"""Adjacent SNVs that are one change of two or three bases, split by the caller.

They are joined where the phase of a VCF or the reads of a BAM say that they lie on the same molecules, and
their counts agree; then for the whole patient. L858R `TG>GT` and C797S pairs come split from several callers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from truncal.reads.alleles import Key
from truncal.reads.columns import Columns
from truncal.reads.header import Header
from truncal.reads.vcf import iterate

Phase = tuple[str, int]
"""A set of phased variants, and the haplotype of it that carries the allele."""

MOST_TOGETHER = 0.8
"""Share of the reads with either allele that must have both for the reads to say "one change"."""


def adjacent_pairs(keys: Sequence[Key]) -> list[tuple[int, int]]:
    """Pairs of SNVs on neighbouring bases, as indices into `keys` (in genomic order)."""
    place = np.fromiter((key[1] for key in keys), dtype=np.int64, count=len(keys))
    near = np.diff(place) <= 1
    candidates = np.flatnonzero(np.append(near, False) | np.insert(near, 0, False)).tolist()
    at: dict[tuple[str, int], list[int]] = {}
    for i in candidates:
        chrom, pos, ref, alt = keys[i]
        if len(ref) == len(alt) == 1:
            at.setdefault((chrom, pos), []).append(i)
    return [(i, j) for (chrom, pos), first in at.items() for i in first for j in at.get((chrom, pos + 1), ())]


def read_phase(header: Header, columns: Columns, wanted: Mapping[int, int]) -> dict[int, list[Phase | None]]:
    """Phase of some alleles in each tumour column: record → one entry a column.

    `wanted`: number of the record in the file → number of the allele. GATK's PID and PGT are read, else PS
    with a phased genotype.
    """
    if not wanted or not {"PID", "PS"} & set(header.formats):
        return {}
    found = {}
    for number, record in enumerate(iterate(header)):
        if number in wanted:
            found[number] = [_phase(record, column, wanted[number]) for column in columns.tumours]
    return found


def _phase(record: object, column: int, allele: int) -> Phase | None:
    fields = set(record.FORMAT or ())  # type: ignore[attr-defined]

    def text(name: str) -> str:
        values = record.format(name) if name in fields else None  # type: ignore[attr-defined]
        if values is None:
            return ""
        value = values[column] if values.ndim == 1 else values[column][0]
        return "" if str(value) in (".", "", "-2147483648") else str(value)

    group, pattern = text("PID"), text("PGT")
    if group and "|" in pattern:
        sides = [side == str(allele) for side in pattern.split("|")]
        return (group, sides.index(True)) if any(sides) else None
    group = text("PS")
    if not group or "GT" not in fields:
        return None
    genotype = record.genotypes[column]  # type: ignore[attr-defined]
    alleles, phased = genotype[:-1], genotype[-1]
    return (group, alleles.index(allele)) if phased and allele in alleles else None


def same_haplotype(first: Iterable[Phase | None], second: Iterable[Phase | None]) -> bool | None:
    """Whether two alleles lie on one haplotype: columns in turn; None where none is phased or they differ."""
    votes = {a[1] == b[1] for a, b in zip(first, second, strict=True) if a and b and a[0] == b[0]}
    return votes.pop() if len(votes) == 1 else None


def together_in_reads(both: int, first_only: int, second_only: int) -> bool | None:
    """What reads that cover both sites say; None where there are too few with either allele."""
    carrying = both + first_only + second_only
    return None if carrying < 3 else both >= MOST_TOGETHER * carrying


def counts_agree(alt: np.ndarray) -> bool:
    """Whether the alternative counts of the parts of one change agree in every sample, (parts, S).

    Parts of one change differ by reads lost to base quality, a second hit on a mutated copy by more.
    """
    low, high = alt.min(axis=0), alt.max(axis=0)
    return bool((high - low <= 2 + 3 * np.sqrt(high)).all())


def joined_key(parts: Sequence[Key]) -> Key:
    """The change that the parts make together."""
    chrom, pos = parts[0][:2]
    return chrom, pos, "".join(part[2] for part in parts), "".join(part[3] for part in parts)


def chains(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Runs of joined neighbours; an allele in two pairs to the same side belongs to none (ambiguous)."""
    after: dict[int, list[int]] = {}
    before: dict[int, list[int]] = {}
    for i, j in pairs:
        after.setdefault(i, []).append(j)
        before.setdefault(j, []).append(i)
    single = {
        i: following[0] for i, following in after.items() if len(following) == 1 == len(before[following[0]])
    }
    starts = [i for i in single if i not in set(single.values())]
    out = []
    for start in starts:
        run = [start]
        while run[-1] in single:
            run.append(single[run[-1]])
        out.append(run)
    return out
