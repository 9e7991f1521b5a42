"""`p_next_region`: the chance that one more region of the tumour would show a mutation clonal too.

A clone that fills every sampled region need not fill the next one. How often that happens is read off
the tumour
itself: over subsets of k regions and one region more, how often a branch that is clonal in the k is not
in the further
one. Each branch counts once, since its mutations are not independent; subsets of one tumour are not
independent either,
so the evidence of all subsets of one size counts as S − k + 1 observations a branch at most. The rate is
shrunk to a
cohort rate that falls as 1 / (k + 2), Laplace's rule for an event not seen in k draws, and stays wide
below four regions.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

SUBSETS = 2000
"""At most this many subsets of one size are looked at (the first in order)."""

PRIOR_BRANCHES = 2.0
"""Branches whose evidence the cohort rate is worth."""


def loss_rate(clonal: np.ndarray) -> tuple[float, float]:
    """Chance that a branch clonal in all S regions is not in one more, and its standard error.

    clonal: (K, S) probability that each branch's clone fills each region.
    """
    samples = clonal.shape[1]
    prior = 1.0 / (samples + 2.0)
    if samples == 1:
        return prior, float(np.sqrt(prior * (1 - prior) / (PRIOR_BRANCHES + 1)))
    k = samples - 1
    lost, seen = 0.0, 0.0
    for number, subset in enumerate(combinations(range(samples), k)):
        if number >= SUBSETS:
            break
        rest = [s for s in range(samples) if s not in subset]
        held = clonal[:, list(subset)].prod(axis=1)
        for s in rest:
            lost += float((held * (1 - clonal[:, s])).sum()) / samples
            seen += float(held.sum()) / samples
    # rate at k regions, carried on to k + 1 as Laplace's rule falls
    weight = PRIOR_BRANCHES
    rate = (lost + weight / (k + 2.0)) / (seen + weight)
    rate *= (k + 2.0) / (k + 3.0)
    return float(rate), float(np.sqrt(rate * (1 - rate) / (seen + weight + 1)))


def next_region_probability(p_clonal: np.ndarray, clonal: np.ndarray) -> np.ndarray:
    """Probability (N,) that one more region shows each mutation clonal; p_clonal (N,), NaN where not
    known."""
    rate, _ = loss_rate(clonal)
    return p_clonal * (1.0 - rate)
