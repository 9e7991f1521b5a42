"""Prior over trees: one root clone against several, uniform within each class."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Polyclonal = Literal["auto", "never", "always"]

SEVERAL_ROOTS = 0.05
"""Prior probability of several root clones where purity is known: samples of one patient nearly always share a trunk."""


def several_roots(polyclonal: Polyclonal, *, purity_known: bool) -> float:
    """Prior probability of several root clones.

    `auto` without known purity (Pairtree's input) gives even odds: a root clone may then be anything below 1 and several
    of them side by side are as good a reading. `always` gives even odds too.
    """
    if polyclonal == "never":
        return 0.0
    return SEVERAL_ROOTS if polyclonal == "auto" and purity_known else 0.5


def class_prior(count: int, several: float) -> np.ndarray:
    """Log prior (2,) of one tree of `count` clones with one root clone and with several; −inf where excluded.

    There are K^(K−1) trees with one root clone and (K+1)^(K−1) in all (Cayley).
    """
    if count == 1:
        return np.array([0.0, -np.inf])
    one = math.log1p(-several) - (count - 1) * math.log(count)
    if several <= 0.0:
        return np.array([one, -np.inf])
    # log((K+1)^(K−1) − K^(K−1)) without overflow
    ratio = (count - 1) * math.log(count / (count + 1))
    many = (count - 1) * math.log(count + 1) + math.log1p(-math.exp(ratio))
    return np.array([one, math.log(several) - many])


def log_prior(trees: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Log prior (T,) of trees (T, K)."""
    return np.where((trees == 0).sum(axis=1) == 1, classes[0], classes[1])
