"""Prior over trees: one root clone against several, uniform within each class."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

Polyclonal = Literal["auto", "never", "always"]

SEVERAL_ROOTS = 0.05
"""Prior probability of several root clones where purity is known: samples of one patient nearly always
share a trunk."""


def several_roots(polyclonal: Polyclonal, count: int, *, purity_known: bool) -> float:
    """Prior probability of several root clones.

    `auto` without known purity (Pairtree's input) holds every tree for equally likely, those with
    several root clones
    too: a root clone may then be anything below 1, and several of them side by side are as good a
    reading. `always` gives even odds.
    """
    if polyclonal == "never" or count == 1:
        return 0.0
    if polyclonal == "always":
        return 0.5
    return SEVERAL_ROOTS if purity_known else -math.expm1((count - 1) * math.log(count / (count + 1)))


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


ABSENCE = np.array([0.01, 0.03, 0.1, 0.3])
"""Odds κ of a clone being absent from a sample: the prior of proportions is uniform over their simplex,
with κ for each
clone set to exactly 0 (a mixture of Dirichlet(1, …, 1) over all sets of present clones). κ → 0 is
Dirichlet(1, …, 1)."""

ABSENCE_CAUTION = 4.0
"""The prior of κ falls as κ^(−ABSENCE_CAUTION / S): that clones are confined to some samples is learned
over several
samples, so one sample alone stays close to Dirichlet(1, …, 1)."""


def log_absence_prior(absence: np.ndarray, clones: int, samples: int) -> np.ndarray:
    """Log prior (A,) of each κ, with the constant by which κ normalises the prior of all samples'
    proportions.

    With n = K + 1 nodes, Σ_m C(n, m) κ^(n−m) / (m − 1)!: m present clones have a simplex of volume 1 /
    (m − 1)!.
    """
    n = clones + 1
    present = np.arange(1, n + 1)
    fixed = np.array(
        [
            math.lgamma(n + 1) - math.lgamma(m + 1) - math.lgamma(n - m + 1) - math.lgamma(m)
            for m in present.tolist()
        ]
    )
    terms = fixed[None, :] + (n - present)[None, :] * np.log(absence)[:, None]
    top = terms.max(axis=1)
    volume = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    prior = absence ** (-ABSENCE_CAUTION / samples)
    return -samples * volume + np.log(prior / prior.sum())
