"""All mutations of a patient: what each file says of each sample, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truncal.copynumber.genome import LENGTHS
from truncal.reads.vcf import Calls

_ORDER = {name: rank for rank, name in enumerate(LENGTHS["GRCh37"])}


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

    ids: `chrom:pos:ref:alt`, the chromosome as the first file writes it. key: with the canonical chromosome.
    filters: None where a file lets the mutation pass. listed: (N, S) whether the sample's input has the
    site. alt, depth: (N, S) float64, 0 where not listed. normal_alt, normal_depth: (N, S), NaN where unknown.
    source: (N, S) code into `SOURCES`.
    """

    ids: list[str]
    chrom: list[str]
    key: list[tuple[str, int, str, str]]
    filters: list[str | None]
    listed: np.ndarray
    alt: np.ndarray
    depth: np.ndarray
    normal_alt: np.ndarray
    normal_depth: np.ndarray
    source: np.ndarray
    annotation: list[Any]
    excluded: list[Exclusion] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def pos(self) -> np.ndarray:
        """Positions, (N,) int64."""
        return np.array([key[1] for key in self.key], dtype=np.int64)

    def only(self, kept: np.ndarray) -> Union:
        """The mutations where `kept` (N,) is true."""
        rows = np.flatnonzero(kept).tolist()
        return Union(
            [self.ids[i] for i in rows],
            [self.chrom[i] for i in rows],
            [self.key[i] for i in rows],
            [self.filters[i] for i in rows],
            self.listed[rows],
            self.alt[rows],
            self.depth[rows],
            self.normal_alt[rows],
            self.normal_depth[rows],
            self.source[rows],
            [self.annotation[i] for i in rows],
            self.excluded,
        )


SOURCES = ("vcf", "bam", "table")


def unite(files: Sequence[tuple[Calls, Sequence[int]]], sample_ids: Sequence[str]) -> Union:
    """Merge the files of a patient; each comes with the index of the sample of each of its columns.

    A mutation that passes in one file passes; one that a file lists twice keeps its first record.
    """
    index: dict[tuple[str, int, str, str], int] = {}
    chrom: list[str] = []
    filters: list[str | None] = []
    annotation: list[Any] = []
    excluded: list[Exclusion] = []
    placed = []
    for calls, samples in files:
        names = [sample_ids[i] for i in samples]
        for mutation, reason, detail in calls.excluded:
            excluded += [Exclusion(mutation, name, reason, detail) for name in names]
        rows = np.empty(len(calls), dtype=np.int64)
        seen: set[int] = set()
        repeated = []
        for i, key in enumerate(calls.key):
            row = index.setdefault(key, len(index))
            if row == len(chrom):
                chrom.append(calls.chrom[i])
                filters.append(calls.filters[i])
                annotation.append(calls.annotation[i])
            elif row in seen:
                repeated.append(i)
            else:
                if calls.filters[i] is None:
                    filters[row] = None
                if annotation[row] is None:
                    annotation[row] = calls.annotation[i]
            seen.add(row)
            rows[i] = row
        for i in repeated:
            name = mutation_id(calls.chrom[i], calls.key[i])
            excluded += [
                Exclusion(name, sample, "duplicate", f"a further record of {calls.header.path.name}")
                for sample in names
            ]
        first = np.setdiff1d(np.arange(len(calls)), repeated) if repeated else np.arange(len(calls))
        placed.append((calls, samples, rows[first], first))
    return _arranged(list(index), chrom, filters, annotation, placed, len(sample_ids), excluded)


def mutation_id(chrom: str, key: tuple[str, int, str, str]) -> str:
    """`chrom:pos:ref:alt`."""
    return f"{chrom}:{key[1]}:{key[2]}:{key[3]}"


def _arranged(
    keys: list[tuple[str, int, str, str]],
    chrom: list[str],
    filters: list[str | None],
    annotation: list[Any],
    placed: Sequence[tuple[Calls, Sequence[int], np.ndarray, np.ndarray]],
    samples: int,
    excluded: list[Exclusion],
) -> Union:
    rank = _ranks(keys)
    order = (
        np.lexsort((np.array([key[1] for key in keys], dtype=np.int64), rank)) if keys else np.array([], int)
    )
    inverse = np.empty(len(order), dtype=np.int64)
    inverse[order] = np.arange(len(order))
    shape = (len(keys), samples)
    alt, depth = np.full(shape, np.nan), np.full(shape, np.nan)
    normal = [np.full(shape, np.nan) for _ in range(2)]
    for calls, columns, rows, first in placed:
        to = inverse[rows][:, None], np.asarray(columns)[None, :]
        # a file that is silent about a sample must not erase what another said
        known = ~np.isnan(calls.alt[first])
        alt[to] = np.where(known, calls.alt[first], alt[to])
        depth[to] = np.where(known, calls.depth[first], depth[to])
        for store, values in zip(normal, (calls.normal_alt, calls.normal_depth), strict=True):
            given = values[first][:, None]
            store[to] = np.where(np.isnan(given), store[to], given)
    places = order.tolist()
    names = [chrom[i] for i in places]
    ordered = [keys[i] for i in places]
    listed = ~np.isnan(alt)
    return Union(
        [f"{name}:{key[1]}:{key[2]}:{key[3]}" for name, key in zip(names, ordered, strict=True)],
        names,
        ordered,
        [filters[i] for i in places],
        listed,
        np.nan_to_num(alt),
        np.nan_to_num(depth),
        *normal,
        np.zeros(shape, dtype=np.int8),
        [annotation[i] for i in places],
        excluded,
    )


def _ranks(keys: Sequence[tuple[str, int, str, str]]) -> np.ndarray:
    order = dict(_ORDER)
    return np.array([order.setdefault(key[0], len(order)) for key in keys], dtype=np.int64)
