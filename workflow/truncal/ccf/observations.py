"""Reads and copy number of one patient as typed arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from truncal.errors import Faults
from truncal.tables import Table, read_table

VARIANT_COLUMNS = ("chrom", "pos", "ref", "alt", "gene", "hgvsp")
REQUIRED = ("mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn")
DEFAULT_ERROR_RATE = 0.001

UNEXPLAINED = 2e-3
"""Prior probability that one row (mutation × sample) is explained by nothing, e.g. by a wrong copy number."""


@dataclass(frozen=True)
class Sites:
    """Copy number of R (mutation, sample) pairs; every array has shape (R,).

    mutation, sample: indices. major, minor: mean copies per cancer cell, or those of the first population
    where major_2, minor_2, fraction_2 (NaN otherwise) give a second. normal: copies in normal cells.
    purity: fraction of cancer cells. error: error rate per read. total_only: the minor copy number is not
    known; only major + minor means anything then, major and minor are as balanced as whole copies can be.
    """

    mutation: np.ndarray
    sample: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    major_2: np.ndarray
    minor_2: np.ndarray
    fraction_2: np.ndarray
    normal: np.ndarray
    purity: np.ndarray
    error: np.ndarray
    total_only: np.ndarray

    def __len__(self) -> int:
        return len(self.mutation)

    @property
    def total(self) -> np.ndarray:
        """Mean total copies per cancer cell, (R,)."""
        first = self.major + self.minor
        second = np.nan_to_num(self.major_2) + np.nan_to_num(self.minor_2)
        fraction = np.nan_to_num(self.fraction_2)
        return (1 - fraction) * first + fraction * second

    def mean_copies(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean copies of the major and the minor allele per cancer cell, each (R,)."""
        fraction = np.nan_to_num(self.fraction_2)
        return (
            (1 - fraction) * self.major + fraction * np.nan_to_num(self.major_2),
            (1 - fraction) * self.minor + fraction * np.nan_to_num(self.minor_2),
        )

    @property
    def scale(self) -> np.ndarray:
        """Expected VAF per mutated copy, ρ / (ρC + (1 − ρ)C₀), (R,)."""
        alleles = self.purity * self.total + (1 - self.purity) * self.normal
        return self.purity / np.maximum(alleles, 1e-6)


def purity_at(scale: float, total: float) -> float:
    """Purity at which one mutated copy of `total`, beside two in normal cells, has this VAF; at most 1.

    `Sites.scale` solved for ρ.
    """
    room = 1 - scale * (total - 2)
    return 1.0 if room <= 0 else min(2 * scale / room, 1.0)


@dataclass(frozen=True)
class Observations:
    """All counts of a patient.

    mutation_ids (N), sample_ids (S), in order of first appearance; `called` with alt, depth (R,);
    `not_called`: pairs whose sample does not list the mutation; variant: text columns of length N.
    """

    mutation_ids: list[str]
    sample_ids: list[str]
    called: Sites
    alt: np.ndarray
    depth: np.ndarray
    not_called: Sites
    variant: dict[str, list[str | None]]
    segment: list[str | None] = field(default_factory=list)
    normal_alt: np.ndarray = field(default_factory=lambda: np.zeros(0))
    normal_depth: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def shape(self) -> tuple[int, int]:
        """(mutations, samples)."""
        return len(self.mutation_ids), len(self.sample_ids)


def read_observations(path: str | Path, not_called: str | Path | None = None) -> Observations:
    """Read `counts.tsv` (PyClone-VI's columns) and, where it exists, `not_called.tsv`.

    Pairs in neither file are not called as well; they get the copy number that is commonest in their sample,
    unless `not_called` is given, which then lists every one of them.

    Raises
    ------
    UserError
        columns are missing, values are out of range or a pair occurs twice; all faults at once.

    """
    table = read_table(path, REQUIRED, empty_ok=False, what="counts table")
    faults = Faults()
    mutation_ids, mutation = _codes(table.strings("mutation_id", faults))
    sample_ids, sample = _codes(table.strings("sample_id", faults))
    ref = table.integers("ref_counts", faults, minimum=0)
    alt = table.integers("alt_counts", faults, minimum=0)
    called = _sites(table, mutation, sample, faults)
    pair = mutation * len(sample_ids) + sample
    _, first = np.unique(pair, return_index=True)
    for row in np.setdiff1d(np.arange(len(pair)), first).tolist():
        faults.add(
            f"repeats mutation {mutation_ids[mutation[row]]} in sample {sample_ids[sample[row]]}",
            path,
            row + 2,
        )
    faults.raise_if_any()
    firsts = first_rows(mutation, len(mutation_ids))
    variant = _variant_columns(table, firsts)
    segments = table.text("segment")
    normal_alt = np.nan_to_num(table.floats("normal_alt", faults, low=0))[firsts]
    normal_depth = np.nan_to_num(table.floats("normal_depth", faults, low=0))[firsts]
    faults.raise_if_any()
    if not_called is not None and Path(not_called).exists():
        absent = _read_not_called(not_called, mutation_ids, sample_ids)
    else:
        absent = _fill_not_called(called, len(mutation_ids), len(sample_ids))
    return Observations(
        mutation_ids,
        sample_ids,
        called,
        alt.astype(float),
        (ref + alt).astype(float),
        absent,
        variant,
        [segments[row] for row in firsts.tolist()],
        normal_alt,
        normal_depth,
    )


def first_rows(codes: np.ndarray, count: int) -> np.ndarray:
    """Row of each code's first appearance, (count,)."""
    _, first = np.unique(codes, return_index=True)
    if len(first) != count:
        raise ValueError("every code must occur")
    return first


def _codes(values: list[str]) -> tuple[list[str], np.ndarray]:
    order: dict[str, int] = {}
    codes = np.array([order.setdefault(value, len(order)) for value in values], dtype=np.int64)
    return list(order), codes


def _sites(table: Table, mutation: np.ndarray, sample: np.ndarray, faults: Faults) -> Sites:
    one = table.floats("major_cn", faults, low=0, missing=None)
    other = table.floats("minor_cn", faults, low=0)
    major_2, minor_2 = table.floats("major_cn_2", faults, low=0), table.floats("minor_cn_2", faults, low=0)
    # without a minor copy number, the major one is the total
    total_only = np.isnan(other) | (~np.isnan(major_2) & np.isnan(minor_2))
    balanced = np.floor(one / 2)
    one, other = np.where(np.isnan(other), one - balanced, one), np.where(np.isnan(other), balanced, other)
    return Sites(
        mutation,
        sample,
        np.maximum(one, other),
        np.minimum(one, other),
        major_2,
        minor_2,
        table.floats("cn_fraction_2", faults, low=0, high=1),
        table.floats("normal_cn", faults, low=0, missing=None),
        table.floats("tumour_content", faults, low=0, high=1, missing=1.0),
        table.floats("error_rate", faults, low=0, high=0.5, missing=DEFAULT_ERROR_RATE),
        total_only,
    )


def _variant_columns(table: Table, rows: np.ndarray) -> dict[str, list[str | None]]:
    kept = {}
    for name in VARIANT_COLUMNS:
        if name in table:
            column = table.columns[name]
            kept[name] = [column[row] for row in rows.tolist()]
    return kept


def _read_not_called(path: str | Path, mutation_ids: list[str], sample_ids: list[str]) -> Sites:
    table = read_table(path, ("mutation_id", "sample_id", "major_cn", "minor_cn", "normal_cn"))
    faults = Faults()
    known = {name: code for code, name in enumerate(mutation_ids)}
    samples = {name: code for code, name in enumerate(sample_ids)}
    mutation = np.array([known.get(name or "", -1) for name in table.columns["mutation_id"]], dtype=np.int64)
    sample = np.array([samples.get(name or "", -1) for name in table.columns["sample_id"]], dtype=np.int64)
    for row in np.flatnonzero((mutation < 0) | (sample < 0)).tolist():
        faults.add("names a mutation or sample that counts.tsv lacks", path, row + 2)
    sites = _sites(table, mutation, sample, faults)
    faults.raise_if_any()
    return sites


def _fill_not_called(called: Sites, n_mutations: int, n_samples: int) -> Sites:
    """Pairs without a row, with the commonest copy number and the mean purity of their sample."""
    present = np.zeros((n_mutations, n_samples), dtype=bool)
    present[called.mutation, called.sample] = True
    mutation, sample = np.nonzero(~present)
    fields = np.zeros((5, n_samples))
    for index in range(n_samples):
        rows = called.sample == index
        states = np.column_stack(
            [called.major[rows], called.minor[rows], called.normal[rows], called.total_only[rows]]
        )
        values, counts = np.unique(states, axis=0, return_counts=True)
        fields[:4, index] = values[counts.argmax()]
        fields[4, index] = called.purity[rows].mean()
    unknown = np.full(len(mutation), np.nan)
    return Sites(
        mutation,
        sample,
        fields[0, sample],
        fields[1, sample],
        unknown,
        unknown,
        unknown,
        fields[2, sample],
        fields[4, sample],
        np.full(len(mutation), DEFAULT_ERROR_RATE),
        fields[3, sample] > 0,
    )
