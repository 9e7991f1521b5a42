"""Mutations that a sample's input does not list.

Not listed is not absent. Where the caller's limit is known the likelihood is censored: fewer alternative
reads than the limit at a depth like those of the sample's listed sites, or, with a small chance, not listed
for other reasons however frequent the mutation is. Treating the site as unobserved lets a private mutation
drift onto the trunk; treating it as zero reads of zero invents certainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from truncal.ccf.likelihood import censored_log_likelihood

DEPTH_QUANTILES = np.array([0.05, 0.25, 0.5, 0.75])
"""Depths of the sample's listed sites at which an unlisted one is imagined; listed sites are the deeper ones,
so the upper tail is left out."""

EXCEPTIONS = 0.01
"""Share of a sample's listed sites that may have fewer reads than its caller's limit."""

STEP = 0.05
"""Spacing of the tables in mutated copies."""

MOST_COPIES = 8.0

MOST_STEPS = 1 << 21
"""Frequencies per copy, in thousandths, that are told apart."""


@dataclass(frozen=True)
class Absent:
    """How a site that is not listed is read; see the config's `absent`."""

    model: str = "censored"
    min_alt: int = 4
    min_vaf: float = 0.04
    other_reasons: float = 0.05

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Absent:
        """From the config's `absent` section."""
        return cls(**settings)


@dataclass(frozen=True)
class NotCalled:
    """Tables (T, U) of log p(not listed | u), u = 0, `STEP`, …; `table` (N, S) is a row of it, or −1 if
    listed. unlisted: (N, S) the row of every site, listed or not; −1 where sites are not listed by their
    reads."""

    table: np.ndarray
    unlisted: np.ndarray
    values: np.ndarray


def listing_limits(alt: np.ndarray, depth: np.ndarray, absent: Absent) -> tuple[float, float]:
    """Alternative reads and frequency that the sample's caller needs: as configured, unless listed sites have
    less.

    alt, depth: (R,) of the sample's listed sites, depth > 0. Sites listed without any reads were not listed
    for them; of the others a hundredth, and one at least, may be exceptions.
    """
    least, share = float(absent.min_alt), absent.min_vaf
    alt, depth = alt[alt > 0], depth[alt > 0]
    rank = max(1, int(EXCEPTIONS * len(alt)))
    if rank < len(alt):
        least = min(least, float(np.partition(alt, rank)[rank]))
        share = min(share, float(np.partition(alt / depth, rank)[rank]))
    return least, share


def not_called_tables(
    called: np.ndarray,
    alt: np.ndarray,
    depth: np.ndarray,
    scale: np.ndarray,
    error: np.ndarray,
    overdispersion: np.ndarray,
    absent: Absent,
) -> NotCalled:
    """Tables for all sites, if some are not called; those of one sample and copy number share one.

    called, alt, depth, scale, error: (N, S); overdispersion: (S,).
    """
    copies = np.arange(0.0, MOST_COPIES + STEP / 2, STEP)
    where = np.full(called.shape, -1, dtype=np.int64)
    unlisted = np.full(called.shape, -1, dtype=np.int64)
    if called.all():
        return NotCalled(where, unlisted, np.zeros((1, len(copies))))
    if absent.model == "unobserved":
        where[~called] = 0
        return NotCalled(where, unlisted, np.zeros((1, len(copies))))
    # what a site would look like unlisted is asked of the listed ones too, as each is listed somewhere
    samples = np.tile(np.arange(called.shape[1]), called.shape[0])
    rates, rate = np.unique(error, return_inverse=True)
    steps = np.minimum(scale.ravel() * 1000, MOST_STEPS - 1).round().astype(np.int64)
    keys = (samples * len(rates) + rate.reshape(-1)) * MOST_STEPS + steps
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    unlisted = inverse.reshape(called.shape).astype(np.int64)
    where = np.where(called, -1, unlisted)
    depths = np.ones((called.shape[1], len(DEPTH_QUANTILES)), dtype=np.int64)
    limits = np.ones(depths.shape, dtype=np.int64)
    for index in range(called.shape[1]):
        listed = called[:, index] & (depth[:, index] > 0)
        if listed.any():
            depths[index] = np.quantile(depth[listed, index], DEPTH_QUANTILES).astype(np.int64)
        least, share = listing_limits(alt[listed, index], depth[listed, index], absent)
        limits[index] = np.maximum(least, np.ceil(share * depths[index]))
    of = samples[first]
    log_missed = censored_log_likelihood(
        depths[of], limits[of], scale.ravel()[first], error.ravel()[first], overdispersion[of], copies
    )
    if absent.other_reasons > 0:
        log_missed = np.logaddexp(
            np.log(absent.other_reasons), np.log1p(-absent.other_reasons) + np.minimum(log_missed, 0)
        )
    return NotCalled(where, unlisted, log_missed)
