"""Error and coverage of cancer cell fractions."""

from __future__ import annotations

import numpy as np


def mean_absolute_error(truth: np.ndarray, estimate: np.ndarray) -> float:
    """Mean absolute error of arrays of one shape; NaN where there is nothing to compare."""
    return float(np.abs(truth - estimate).mean()) if truth.size else float("nan")


def interval_coverage(
    truth: np.ndarray, low: np.ndarray, high: np.ndarray, *, rounding: float = 0.005
) -> float:
    """Share of true values inside [low, high]; truth is known to ± `rounding`."""
    if not truth.size:
        return float("nan")
    return float(((truth >= low - rounding - 1e-9) & (truth <= high + rounding + 1e-9)).mean())
