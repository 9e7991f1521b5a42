"""`p_next_region`: the chance that one more region of the tumour would show a mutation clonal.

A mutation that fills all k sampled regions is either on the tumour's trunk, and then in the next region as
well, or on a branch that happened to fill these k. Where a branch fills any region with a chance θ, uniform
over branches, it fills all k with chance 1 / (k + 1) and then fails in the next with chance 1 / (k + 2)
(Laplace's rule of succession). With `BRANCH_ODDS` o of such a branch against the trunk, before any region
was seen, the chance to lose the mutation in one more region is

    h(k) = o / ((k + 1)(k + 2)) / (1 + o / (k + 1))

which falls with the square of k, as it does in real and simulated tumours; Laplace's rule alone falls with k.
A mutation that fills none of k regions is as seldom found to fill the next, h(k). One that fills j of them,
because it lies on a branch or because the other regions lost the mutated copy, does so with Laplace's
(j + 1) / (k + 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

BRANCH_ODDS = 0.5
"""Of a branch that fills regions at random against the trunk, by mutation. Between 0.35 and 0.5 forecasts
the regions of simulated and of real tumours best (`docs/method.md`)."""


def loss_rate(regions: int) -> float:
    """Chance that a mutation clonal in all of these regions is not in one more."""
    branch = BRANCH_ODDS / (regions + 1.0)
    return branch / (1.0 + branch) / (regions + 2.0)


def next_region_probability(p_clonal: np.ndarray, by_region: np.ndarray) -> np.ndarray:
    """Probability (N,) that one more region shows each mutation clonal.

    p_clonal: (N,) to be clonal in all k regions together, NaN where not known. by_region: (N, k) to be in
    each by itself. How many regions a mutation fills if not all follows from the two, one that fills a
    region less sure being taken to fill those that are surer.
    """
    k = by_region.shape[1]
    everywhere = np.asarray(p_clonal, dtype=float)
    here = np.maximum(by_region, everywhere[:, None])
    somewhere = here.max(axis=1)
    lost = loss_rate(k)
    # E[j + 1; 0 < j < k]
    some = (here - everywhere[:, None]).sum(axis=1) + somewhere - everywhere
    return everywhere * (1.0 - lost) + (1.0 - somewhere) * lost + some / (k + 2.0)


def clonal_by_region(
    ids: Sequence[str], samples: Sequence[str], ccf: Mapping[str, Sequence[Any]], p_clonal: np.ndarray
) -> np.ndarray:
    """Probability (N, S) to be clonal in each sample, from the clones' CCF table; `p_clonal` (N,) where that
    says nothing."""
    out = np.repeat(p_clonal[:, None], len(samples), axis=1)
    if "p_clonal" not in ccf:
        return out
    row = {name: n for n, name in enumerate(ids)}
    column = {name: s for s, name in enumerate(samples)}
    for name, sample, value in zip(ccf["mutation_id"], ccf["sample_id"], ccf["p_clonal"], strict=True):
        if value is not None and name in row and sample in column:
            out[row[name], column[sample]] = float(value)
    return out
