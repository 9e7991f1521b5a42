"""From the model's own `p_truncal` and `p_clonal` to those that are given out.

Clusters, purities and copy numbers are taken as found, so that the model's probabilities lie too far from one
half, most of all close to 1, where a branch that fills almost every cell passes for the trunk. The map is
piecewise linear in the logit and keeps order. Of mutations that fit no cluster the model says too little,
most being trunk mutations whose copy number is off in one sample: their map is a line in the logit. Both are
fitted on simulated tumours that are never scored (`python -m benchmarks.recalibrate`, see `docs/method.md`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

EDGE = 1e-4
"""Probabilities are cut to EDGE..1 − EDGE before the map."""

KNOTS = (-9.21, -4.0, -1.5, 1.5, 4.0, 9.21)
"""Logits of the model's probability between which the map is linear; the outer ones are those of EDGE."""


class Map(NamedTuple):
    """Logits at `KNOTS` of a cluster's members; offset and slope of mutations that fit no cluster."""

    member: tuple[float, ...]
    outlier: tuple[float, float]


NONE = Map(KNOTS, (0.0, 1.0))
P_TRUNCAL = Map((-7.04, -4.08, -2.01, 0.43, 1.72, 4.57), (1.25, 0.46))
P_CLONAL = Map((-8.98, -3.39, -1.87, 0.85, 2.52, 4.55), (1.51, 0.92))


def recalibrated(p: np.ndarray, outlier: np.ndarray, given: Map) -> np.ndarray:
    """Probabilities (N,) through a map; outlier: (N,) the share of each map's second part. NaN stays NaN."""
    p = np.clip(p, EDGE, 1 - EDGE)
    x = np.log(p) - np.log1p(-p)
    offset, slope = given.outlier
    member = 1.0 / (1.0 + np.exp(-np.interp(x, KNOTS, given.member)))
    alone = 1.0 / (1.0 + np.exp(-(offset + slope * x)))
    share = np.clip(outlier, 0.0, 1.0)
    return (1 - share) * member + share * alone
