"""All mutations of a patient: what each file says of each sample, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from truncal.copynumber.genome import LENGTHS
from truncal.reads.alleles import Key
from truncal.reads.annotation import Raw
from truncal.reads.filters import Verdict
from truncal.reads.vcf import Calls

_ORDER = {name: rank for rank, name in enumerate(LENGTHS["GRCh37"])}

SOURCES = ("vcf", "bam", "table")
"""Where the counts of a pair come from; `Union.source` holds indices into it."""


@dataclass(frozen=True)
class Exclusion:
    """One row of excluded.tsv; `sample` None where the whole mutation is out."""

    mutation: str
    sample: str | None
    reason: str
    detail: str


@dataclass
class Union:
    """N mutations of S samples, in genomic order.

    chrom: as the first file writes it. key: with the canonical chromosome. verdict: why the mutation goes,
    None where one file lets it pass. listed: (N, S) whether the sample's input has the site. alt, depth:
    (N, S) float64, 0 where not listed. normal_alt, normal_depth: (N, S), NaN where unknown. source: (N, S).
    """

    chrom: list[str]
    key: list[Key]
    verdict: list[Verdict]
    listed: np.ndarray
    alt: np.ndarray
    depth: np.ndarray
    normal_alt: np.ndarray
    normal_depth: np.ndarray
    source: np.ndarray
    annotation: list[Raw | None]
    excluded: list[Exclusion] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.key)

    @cached_property
    def pos(self) -> np.ndarray:
        """Positions, (N,) int64."""
        return np.array([key[1] for key in self.key], dtype=np.int64)

    def name(self, row: int) -> str:
        """`chrom:pos:ref:alt` of one mutation."""
        return mutation_id(self.chrom[row], self.key[row])

    def names(self) -> list[str]:
        """`chrom:pos:ref:alt` of each mutation."""
        return [f"{chrom}:{k[1]}:{k[2]}:{k[3]}" for chrom, k in zip(self.chrom, self.key, strict=True)]

    def exclude(self, row: int, sample: str | None, reason: str, detail: str) -> None:
        """Note why a mutation, or its pair with a sample, is left out."""
        self.excluded.append(Exclusion(self.name(row), sample, reason, detail))

    def take(self, order: np.ndarray) -> Union:
        """The mutations of these rows, in this order."""
        rows = order.tolist()
        return Union(
            [self.chrom[i] for i in rows],
            [self.key[i] for i in rows],
            [self.verdict[i] for i in rows],
            self.listed[order],
            self.alt[order],
            self.depth[order],
            self.normal_alt[order],
            self.normal_depth[order],
            self.source[order],
            [self.annotation[i] for i in rows],
            self.excluded,
        )

    def passing(self) -> Union:
        """Without the mutations that have a verdict; those become rows of `excluded`."""
        if not any(self.verdict):
            return self
        for row, verdict in enumerate(self.verdict):
            if verdict is not None:
                self.exclude(row, None, *verdict)
        return self.take(np.flatnonzero(np.array([verdict is None for verdict in self.verdict])))


def mutation_id(chrom: str, key: Key) -> str:
    """`chrom:pos:ref:alt`, the chromosome as the file writes it."""
    return f"{chrom}:{key[1]}:{key[2]}:{key[3]}"


def genomic_order(keys: Sequence[Key]) -> np.ndarray:
    """Indices that sort alleles by chromosome (1–22, X, Y, others as they come), position and alleles."""
    place = _places(keys)
    if (np.diff(place) > 0).all():
        return np.arange(len(keys))
    order = np.argsort(place, kind="stable")
    same = np.flatnonzero(np.diff(place[order]) == 0)
    if len(same):  # several alleles at a position: in the order of the alleles, whichever file had them first
        order = np.array(
            sorted(range(len(keys)), key=lambda i: (place[i], keys[i][2], keys[i][3])), dtype=np.int64
        )
    return order


def unite(
    files: Sequence[tuple[Calls, Sequence[Verdict], Sequence[int]]], sample_ids: Sequence[str]
) -> Union:
    """Merge the files of a patient; each comes with its verdicts and the index of the sample of each column.

    A mutation that passes in one file passes; one that a file lists twice keeps its first record.
    """
    shape = len(sample_ids)
    index: dict[Key, int] = {}
    keys: list[Key] = []
    chrom: list[str] = []
    verdict: list[Verdict] = []
    annotation: list[Raw | None] = []
    excluded: list[Exclusion] = []
    placed = []
    for calls, said, samples in files:
        # a file that serves all samples speaks of the whole mutation
        names = [None] if len(samples) == shape else [sample_ids[i] for i in samples]
        for mutation, reason, detail in calls.excluded:
            excluded += [Exclusion(mutation, name, reason, detail) for name in names]
        if len(files) == 1 and _ascending(calls.key):  # nothing to merge, nothing twice
            keys, chrom, verdict, annotation = calls.key, calls.chrom, list(said), calls.annotation
            everything = np.arange(len(calls))
            placed.append((calls, samples, everything, everything))
            continue
        known = len(index)
        rows = np.fromiter(
            (index.setdefault(key, len(index)) for key in calls.key), dtype=np.int64, count=len(calls)
        )
        first = np.sort(np.unique(rows, return_index=True)[1])
        for i in np.setdiff1d(np.arange(len(calls)), first).tolist():
            name = mutation_id(calls.chrom[i], calls.key[i])
            detail = f"a further record of {calls.name}"
            excluded += [Exclusion(name, sample, "duplicate", detail) for sample in names]
        for i, row in zip(first.tolist(), rows[first].tolist(), strict=True):
            if row >= known:
                chrom.append(calls.chrom[i])
                verdict.append(said[i])
                annotation.append(calls.annotation[i])
            else:
                if said[i] is None:
                    verdict[row] = None
                annotation[row] = annotation[row] or calls.annotation[i]
        placed.append((calls, samples, rows[first], first))
        keys = list(index)
    counts = [np.full((len(keys), shape), np.nan) for _ in range(4)]
    for calls, samples, rows, first in placed:
        to = (rows[:, None], np.asarray(samples)[None, :])
        normals = [
            np.broadcast_to(part[:, None], (len(part), len(samples)))
            for part in (calls.normal_alt, calls.normal_depth)
        ]
        for store, values in zip(counts, (calls.alt, calls.depth, *normals), strict=True):
            if len(files) == 1:
                store[to] = values[first]
            else:  # a file that is silent about a sample must not erase what another said
                store[to] = np.where(np.isnan(values[first]), store[to], values[first])
    alt, depth, normal_alt, normal_depth = counts
    united = Union(
        chrom,
        keys,
        verdict,
        ~np.isnan(alt),
        np.nan_to_num(alt),
        np.nan_to_num(depth),
        normal_alt,
        normal_depth,
        np.zeros(alt.shape, dtype=np.int8),
        annotation,
        excluded,
    )
    if len(files) == 1 and keys is files[0][0].key:  # seen to be in order
        return united
    order = genomic_order(keys)
    return united if (np.diff(order) == 1).all() else united.take(order)


def _ascending(keys: Sequence[Key]) -> bool:
    """Whether alleles are in genomic order, each position once."""
    return bool((np.diff(_places(keys)) > 0).all())


def _places(keys: Sequence[Key]) -> np.ndarray:
    names = [key[0] for key in keys]
    rank = dict(_ORDER)
    for name in dict.fromkeys(names):
        rank.setdefault(name, len(rank))
    code = np.array([rank[name] for name in names], dtype=np.int64)
    return (code << 40) + np.array([key[1] for key in keys], dtype=np.int64)
