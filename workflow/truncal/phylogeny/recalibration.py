"""From the model's own `p_truncal` and `p_clonal` to those that are given out.

Clusters, purities and copy numbers are taken as found, so that the model's probabilities lie too far from one
half, most of all close to 1, where a branch that fills almost every cell passes for the trunk. The map is
piecewise linear in the logit and keeps order. Its values at `KNOTS` are fitted on simulated tumours that are
never scored (`python -m benchmarks.recalibrate`, see `docs/method.md`).
"""

from __future__ import annotations

import numpy as np

EDGE = 1e-4
"""Probabilities are cut to EDGE..1 − EDGE before the map."""

KNOTS = (-9.21, -4.0, -1.5, 1.5, 4.0, 9.21)
"""Logits of the model's probability between which the map is linear; the outer ones are those of EDGE."""

NONE = KNOTS
P_TRUNCAL = (-7.07, -3.96, -1.96, 0.47, 1.7, 4.19)
P_CLONAL = (-8.99, -3.6, -1.75, 0.83, 2.44, 4.68)


def recalibrated(p: np.ndarray, values: tuple[float, ...]) -> np.ndarray:
    """Probabilities of any shape through the map that has these logits at `KNOTS`; NaN stays NaN."""
    p = np.clip(p, EDGE, 1 - EDGE)
    return 1.0 / (1.0 + np.exp(-np.interp(np.log(p) - np.log1p(-p), KNOTS, values)))
