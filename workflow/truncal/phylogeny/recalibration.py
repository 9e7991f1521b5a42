"""From the tree posterior's own `p_truncal` to the one that is given out.

Clusters and copy numbers are taken as found, so that the posterior over trees lies a little too far from one
half. The map is beta calibration, logit p' = a ln p − b ln(1 − p) + c (Kull, Silva Filho & Flach 2017,
eq. 9), which keeps order. Its constants are fitted on simulated tumours that are never scored
(`python -m benchmarks.recalibrate`, see `docs/method.md`).
"""

from __future__ import annotations

import numpy as np

EDGE = 1e-4
"""Probabilities are cut to EDGE..1 − EDGE before the map."""

NONE = (1.0, 1.0, 0.0)
P_TRUNCAL = (0.787, 0.523, -0.504)


def recalibrated(p: np.ndarray, constants: tuple[float, float, float]) -> np.ndarray:
    """Probabilities of any shape through the map (a, b, c); NaN stays NaN."""
    a, b, c = constants
    p = np.clip(p, EDGE, 1 - EDGE)
    return 1.0 / (1.0 + np.exp(-(a * np.log(p) - b * np.log1p(-p) + c)))
