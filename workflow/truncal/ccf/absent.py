"""Mutations that a sample's input does not list.

Not listed is not absent. Where the caller's limit is known the likelihood is censored: fewer alternative reads
than the limit at a depth like those of the sample's listed sites, or, with a small chance, not listed for other
reasons however frequent the mutation is. Treating the site as unobserved lets a private mutation drift onto the
trunk; treating it as zero reads of zero invents certainty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from truncal.ccf.likelihood import censored_log_likelihood
from truncal.copynumber.states import StateTable

if TYPE_CHECKING:
    from truncal.ccf.observations import Observations

DEPTH_QUANTILES = np.array([0.05, 0.25, 0.5, 0.75])
"""Depths of the sample's listed sites at which an unlisted one is imagined; listed sites are the deeper ones,
so the upper tail is left out."""


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


def not_called_log_likelihood(
    data: Observations, absent: Absent, states: StateTable, precision: np.ndarray, grid: np.ndarray
) -> np.ndarray:
    """Log-likelihood (rows of `data.not_called`, G) that the site is not listed, relative to its maximum.

    Sites of one sample with the same copy number, purity and error rate share one computation.
    """
    rows = data.not_called
    key = np.column_stack([rows.sample, states.index, rows.scale.round(6), rows.error])
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    depths = np.ones((data.shape[1], len(DEPTH_QUANTILES)), dtype=np.int64)
    for sample in range(data.shape[1]):
        listed = data.depth[(data.called.sample == sample) & (data.depth > 0)]
        if len(listed):
            depths[sample] = np.quantile(listed, DEPTH_QUANTILES).astype(np.int64)
    limits = np.maximum(absent.min_alt, np.ceil(absent.min_vaf * depths)).astype(np.int64)
    chosen = rows.sample[first]
    log_missed = censored_log_likelihood(
        depths[chosen],
        limits[chosen],
        rows.scale[first],
        rows.error[first],
        precision[chosen],
        states.index[first],
        states.start,
        states.values,
        grid,
    )
    if absent.other_reasons > 0:
        log_missed = np.logaddexp(
            np.log(absent.other_reasons), np.log1p(-absent.other_reasons) + np.minimum(log_missed, 0)
        )
    log_missed -= log_missed.max(axis=1, keepdims=True)
    return log_missed[inverse.reshape(-1)]
