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
P_TRUNCAL = (-7.03, -3.91, -1.93, 0.45, 1.72, 4.18)
P_CLONAL = (-8.79, -3.55, -1.74, 0.84, 2.4, 4.73)


def recalibrated(p: np.ndarray, values: tuple[float, ...]) -> np.ndarray:
    """Probabilities of any shape through the map that has these logits at `KNOTS`; NaN stays NaN."""
    p = np.clip(p, EDGE, 1 - EDGE)
    return 1.0 / (1.0 + np.exp(-np.interp(np.log(p) - np.log1p(-p), KNOTS, values)))
