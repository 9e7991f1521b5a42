"""Prior over trees: one root clone against several, uniform within each class."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Polyclonal = Literal["auto", "never", "always"]

SEVERAL_ROOTS = {"auto": 0.05, "never": 0.0, "always": 0.5}
"""Prior probability of several root clones. `auto`: samples of one patient nearly always share a trunk."""


def log_prior(trees: np.ndarray, polyclonal: Polyclonal) -> np.ndarray:
    """Log prior (T,) of trees (T, K); −inf for several roots where that is excluded.

    There are K^(K−1) trees with one root clone and (K+1)^(K−1) in all (Cayley).
    """
    count = trees.shape[1]
    roots = (trees == 0).sum(axis=1)
    several = SEVERAL_ROOTS[polyclonal] if count > 1 else 0.0
    one = math.log1p(-several) - (count - 1) * math.log(count)
    if several == 0.0:
        return np.where(roots == 1, one, -np.inf)
    # log((K+1)^(K−1) − K^(K−1)) without overflow
    ratio = (count - 1) * math.log(count / (count + 1))
    many = (count - 1) * math.log(count + 1) + math.log1p(-math.exp(ratio))
    return np.where(roots == 1, one, math.log(several) - many)
