"""Copy number of the genes of the resistance table, per sample, from `segments.tsv`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from truncal.drivers.alleles import plain_chrom
from truncal.errors import Faults
from truncal.paths import resource
from truncal.tables import read_table

AMPLIFICATION, GAIN_HIGH, GAIN = "amplification", "gain_high", "gain"
HOMOZYGOUS_DELETION, LOH, LOSS, NEUTRAL = "homozygous_deletion", "loss_of_heterozygosity", "loss", "neutral"
COLUMNS = ("sample_id", "chrom", "start", "end", "major_cn", "minor_cn")


@dataclass(frozen=True)
class SampleSegments:
    """Segments of one sample, arrays (M,): copies of both populations, share of the second (0: none)."""

    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    total: np.ndarray
    minor: np.ndarray
    total_2: np.ndarray
    minor_2: np.ndarray
    fraction_2: np.ndarray

    @property
    def mean_total(self) -> np.ndarray:
        """Mean total copies per cancer cell, (M,)."""
        return (1 - self.fraction_2) * self.total + self.fraction_2 * self.total_2

    @property
    def length(self) -> np.ndarray:
        """Bases, (M,)."""
        return self.end - self.start + 1

    def ploidy(self) -> float:
        """Length-weighted mean total copy number of the autosomes; NaN without any."""
        auto = np.array([name.isdigit() for name in self.chrom.tolist()], dtype=bool)
        if not auto.any():
            return float("nan")
        return float(np.average(self.mean_total[auto], weights=self.length[auto]))


@dataclass(frozen=True)
class GeneState:
    """What one sample says of a gene.

    total, minor: mean copies in the segment with fewest copies over the gene. low, high: the fewest and most
    total copies of a population. share: part of the cancer cells in `state`; exact where the caller gives
    shares. base: median copies of the gene's arm.
    """

    state: str
    total: float
    minor: float
    ploidy: float
    ratio: float
    focal: bool
    low: float
    high: float
    share: float
    exact: bool
    start: int
    end: int
    base: float

    @property
    def altered(self) -> bool:
        """An amplification, a high-level focal gain or a homozygous deletion."""
        return self.state in (AMPLIFICATION, GAIN_HIGH, HOMOZYGOUS_DELETION)


def read_segments_table(path: Path) -> dict[str, SampleSegments]:
    """Segments by sample.

    Raises
    ------
    UserError
        columns are missing or values are no numbers; all faults at once.

    """
    table = read_table(path, COLUMNS, what="segment table")
    faults = Faults()
    start, end = table.integers("start", faults, minimum=1), table.integers("end", faults, minimum=1)
    major, minor = table.floats("major_cn", faults, low=0), table.floats("minor_cn", faults, low=0)
    major_2, minor_2 = table.floats("major_cn_2", faults, low=0), table.floats("minor_cn_2", faults, low=0)
    fraction = np.nan_to_num(table.floats("cn_fraction_2", faults, low=0, high=1))
    sample = table.strings("sample_id", faults)
    chrom = np.array([plain_chrom(name) for name in table.strings("chrom", faults)], dtype=object)
    faults.raise_if_any()
    total = np.nan_to_num(major) + np.nan_to_num(minor)
    out = {}
    names = np.array(sample, dtype=object)
    for name in dict.fromkeys(sample):
        own = (names == name) & np.isfinite(major)
        out[name] = SampleSegments(
            chrom[own],
            start[own],
            end[own],
            total[own],
            minor[own],
            np.nan_to_num(major_2[own]) + np.nan_to_num(minor_2[own]),
            minor_2[own],
            fraction[own],
        )
    return out


def load_arms(build: str) -> list[tuple[str, str, int, int]]:
    """(chromosome, arm, first, last) of every arm."""
    table = read_table(resource("arms.tsv"), ("chrom", "arm"), what="chromosome arms")
    faults = Faults()
    start = table.integers(f"start_{build.lower()}", faults)
    end = table.integers(f"end_{build.lower()}", faults)
    faults.raise_if_any()
    names = zip(table.columns["chrom"], table.columns["arm"], start.tolist(), end.tolist(), strict=True)
    return [(str(chrom), str(arm), int(low), int(high)) for chrom, arm, low, high in names]


def arm_median(
    segments: SampleSegments, arms: Sequence[tuple[str, str, int, int]], chrom: str, pos: int
) -> float:
    """Length-weighted median of the total copy number over the arm that holds a position; NaN if unknown."""
    for name, _, low, high in arms:
        if name == chrom and low <= pos <= high:
            inside = (segments.chrom == chrom) & (segments.start <= high) & (segments.end >= low)
            if not inside.any():
                return float("nan")
            weight = np.minimum(segments.end[inside], high) - np.maximum(segments.start[inside], low) + 1
            value = segments.mean_total[inside]
            order = np.argsort(value, kind="stable")
            cumulative = np.cumsum(weight[order])
            return float(value[order][np.searchsorted(cumulative, cumulative[-1] / 2)])
    return float("nan")


def gene_state(
    segments: SampleSegments,
    window: tuple[str, int, int],
    ploidy: float,
    arms: Sequence[tuple[str, str, int, int]],
    options: Mapping[str, Any],
    *,
    shares_known: bool = False,
) -> GeneState | None:
    """The state of a gene in one sample; `None` where no segment covers any of it.

    Thresholds compare each population's total copy number with the ploidy of the sample; the gene's segment
    with the fewest copies counts, so that a gene cut by a breakpoint is amplified only if all of it is.
    """
    chrom, low, high = window
    over = np.flatnonzero((segments.chrom == chrom) & (segments.start <= high) & (segments.end >= low))
    if not len(over):
        return None
    at = over[np.argmin(segments.mean_total[over])]
    fraction = float(segments.fraction_2[at])
    parts = [(1 - fraction, float(segments.total[at]), float(segments.minor[at]))]
    if fraction > 0:
        parts.append((fraction, float(segments.total_2[at]), float(segments.minor_2[at])))
    median = arm_median(segments, arms, chrom, (low + high) // 2)
    short = segments.length[at] < options["focal_below_mb"] * 1e6
    states = []
    for weight, total, minor in parts:
        focal = bool(short or total - median >= options["focal_arm_excess"])
        states.append((weight, _state(total, minor, ploidy, focal, options), total, focal))
    rank = [AMPLIFICATION, GAIN_HIGH, HOMOZYGOUS_DELETION, LOH, LOSS, GAIN, NEUTRAL]
    chosen = min((state for _, state, _, _ in states), key=rank.index)
    better = rank[: rank.index(chosen) + 1] if chosen in (AMPLIFICATION, GAIN_HIGH) else [chosen]
    if chosen == LOH:
        better = [LOH, HOMOZYGOUS_DELETION]
    share = sum(weight for weight, state, _, _ in states if state in better)
    mean = float(segments.mean_total[at])
    minors = [weight * minor for weight, _, minor in parts]
    return GeneState(
        state=chosen,
        total=mean,
        minor=float(np.sum(minors)),
        ploidy=ploidy,
        ratio=mean / ploidy if ploidy > 0 else float("nan"),
        focal=any(focal for _, state, _, focal in states if state == chosen),
        low=min(total for _, total, _ in parts),
        high=max(total for _, total, _ in parts),
        share=float(share),
        exact=shares_known or fraction > 0,
        start=int(segments.start[at]),
        end=int(segments.end[at]),
        base=median if np.isfinite(median) else ploidy,
    )


def _state(total: float, minor: float, ploidy: float, focal: bool, options: Mapping[str, Any]) -> str:
    if total < options["homozygous_deletion_below"]:
        return HOMOZYGOUS_DELETION
    if focal and total >= options["amplification_ratio"] * ploidy:
        return AMPLIFICATION
    if focal and total >= options["gain_ratio"] * ploidy:
        return GAIN_HIGH
    if np.isfinite(minor) and minor < 0.5:
        return LOH
    if total <= ploidy - 1:
        return LOSS
    return GAIN if total >= ploidy + 1 else NEUTRAL
