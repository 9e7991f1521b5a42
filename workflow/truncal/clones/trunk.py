"""What happened to the trunk's mutations, learned from all of them.

How many of the trunk's mutations are older than the gains, and how often a loss struck the copy that carries
one, differs from patient to patient (when the genome doubled, what was selected). The prior of a site's trunk
states is that of its copy numbers (`copynumber.states`) times odds of three kinds of state, which are the
patient's: w'_z ∝ w_z θ_kind(z). θ is found by expectation–maximisation (iterative scaling: observed over
expected share of each kind), held towards 1 by `PRIOR_SITES` sites. The odds say what became of the trunk's
members, not who they are: a loss taken for likely would let the trunk swallow its children.
"""

from __future__ import annotations

import numpy as np

from truncal.copynumber.states import EARLY, States

PRIOR_SITES = 4.0
SURE = 0.8
"""Membership from which a mutation tells of the trunk."""

LOST = 0.02
"""Copies short of one that count as lost."""

ROUNDS, SETTLED = 20, 0.01


def state_kinds(states: States) -> np.ndarray:
    """0, 1 or 2 for each trunk state: neither; every one of several copies, no event; less than one copy left
    in some sample."""
    u = states.trunk_u / (1 + states.doubled)
    many = (states.trunk_kind == EARLY) & (u.max(axis=1) > 1.5)
    lost = u.min(axis=1) < 1 - LOST
    return np.where(lost, 2, np.where(many, 1, 0))


def with_learned_odds(states: States, values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Joint log-likelihoods of the trunk states with the patient's odds in their priors.

    values: (rows,) log-likelihood and prior of each trunk state. weight: (N,) probability of being on the
    trunk.
    """
    kind = state_kinds(states)
    start = states.trunk_start[:-1]
    site = np.repeat(np.arange(len(start)), np.diff(states.trunk_start))
    weight = np.where(weight >= SURE, weight, 0.0)[site]
    prior = np.exp(states.trunk_log_weight)
    seen = np.exp(values - np.maximum.reduceat(values, start)[site])
    odds = np.ones(3)
    for _ in range(ROUNDS):
        tilt = odds[kind]
        observed, expected = (
            np.bincount(kind, part / np.add.reduceat(part, start)[site] * weight, minlength=3) + PRIOR_SITES
            for part in (seen * tilt, prior * tilt)
        )
        odds *= observed / expected
        if np.abs(np.log(observed / expected)).max() < SETTLED:
            break
    tilted = prior * odds[kind]
    return values + np.log(odds)[kind] - np.log(np.add.reduceat(tilted, start))[site]
