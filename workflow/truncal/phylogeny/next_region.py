"""`p_next_region`: the chance that one more region of the tumour would show a mutation clonal too.

A mutation that fills all k sampled regions is either on the tumour's trunk, and then in the next region as
well, or on a branch that happened to fill these k. Where a branch fills any region with a chance θ, uniform
over branches, it fills all k with chance 1 / (k + 1) and then fails in the next with chance 1 / (k + 2)
(Laplace's rule of succession). With `BRANCH_ODDS` o of such a branch against the trunk, before any region
was seen, the chance to lose the mutation in one more region is

    h(k) = o / ((k + 1)(k + 2)) / (1 + o / (k + 1))

which falls with the square of k, as it does in real and simulated tumours; Laplace's rule alone falls with k.
"""

from __future__ import annotations

import numpy as np

BRANCH_ODDS = 0.5
"""Of a branch that fills regions at random against the trunk, by mutation. Between 0.35 and 0.5 forecasts
the regions of simulated and of real tumours best (`docs/method.md`)."""


def loss_rate(regions: int) -> float:
    """Chance that a mutation clonal in all of these regions is not in one more."""
    branch = BRANCH_ODDS / (regions + 1.0)
    return branch / (1.0 + branch) / (regions + 2.0)


def next_region_probability(p_clonal: np.ndarray, regions: int) -> np.ndarray:
    """Probability (N,) that one more region shows each mutation clonal; p_clonal (N,), NaN where not
    known."""
    return p_clonal * (1.0 - loss_rate(regions))
