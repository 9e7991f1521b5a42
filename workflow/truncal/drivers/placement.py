"""Events without reads of their own (copy number, fusions), placed on the tree by the cells that have them.

An event that arose in clone k is in a share φ_ks of the cancer cells of sample s, unless cells lost it. What
was observed in each sample speaks for the clones whose fitted DCF agrees with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr

from truncal.drivers.trees import Clones

NO_CLONE = 0.01
"""Prior weight of a clone that the tree does not show; its likelihood is that of a share drawn at random."""
CALL_AT, CALL_SPREAD = 0.5, 0.2
"""A caller that allows one state per segment reports the event where about this share of the cells has it."""
DETECTED_FROM, MISSED, FALSE_CALL = 0.1, 0.1, 0.01
"""A fusion caller's limit, its misses above it and its false calls."""


@dataclass(frozen=True)
class Placement:
    """Posterior over clones (K,), in the order of the tree's ids, and what follows from it."""

    weight: np.ndarray
    cluster: int
    p_truncal: float
    p_clonal: float


def place(clones: Clones, log_likelihood: np.ndarray, clonal: np.ndarray) -> Placement:
    """Weigh clones by their likelihood (K,); `clonal` (K,) is P(CCF ≥ threshold everywhere) of each clone.

    The weight of a clone that the tree does not show counts as neither truncal nor clonal.
    """
    if not len(clones.ids):
        return Placement(np.zeros(0), -1, float("nan"), float("nan"))
    prior = np.full(len(clones.ids), (1 - NO_CLONE) / len(clones.ids))
    log = np.log(prior) + log_likelihood
    top = max(float(log.max()), np.log(NO_CLONE))
    weight = np.exp(log - top)
    weight /= weight.sum() + NO_CLONE * np.exp(-top)
    trunk = np.array([clones.p_trunk(clone) for clone in clones.ids])
    best = clones.ids[int(weight.argmax())] if weight.sum() > 0.5 else -1
    return Placement(weight, best, float(weight @ trunk), float(weight @ clonal))


def log_share_likelihood(share: np.ndarray, exact: np.ndarray, clones: Clones, error: float) -> np.ndarray:
    """Log-likelihood (K,) of shares (S,) that a copy-number caller gave; NaN: it says nothing.

    exact: where the caller gave a share (normal error), and not just whether the event is there. Densities
    are relative to a share drawn at random, so that 0 is the likelihood of no clone.
    """
    total = np.zeros(len(clones.ids))
    spread = np.sqrt(error**2 + _variance(clones))
    for s in np.flatnonzero(np.isfinite(share)):
        phi, sigma = clones.dcf[:, s], spread[:, s]
        if exact[s]:
            mass = ndtr((1 - phi) / sigma) - ndtr(-phi / sigma)
            total += -0.5 * ((share[s] - phi) / sigma) ** 2 - np.log(sigma * np.sqrt(2 * np.pi) * mass)
        else:
            side = 1 if share[s] >= 0.5 else -1
            total += log_ndtr(side * (phi - CALL_AT) / np.hypot(CALL_SPREAD, sigma)) - np.log(0.5)
    return total


def log_presence_likelihood(seen: np.ndarray, clones: Clones) -> np.ndarray:
    """Log-likelihood (K,) of a fusion's presence (S,): 1 seen, 0 not seen, NaN not looked for."""
    total = np.zeros(len(clones.ids))
    sigma = np.sqrt(_variance(clones) + 0.02**2)
    for s in np.flatnonzero(np.isfinite(seen)):
        there = ndtr((clones.dcf[:, s] - DETECTED_FROM) / sigma[:, s])
        p_seen = there * (1 - MISSED) + (1 - there) * FALSE_CALL
        total += np.log(p_seen if seen[s] else 1 - p_seen) - np.log(0.5)
    return total


def _variance(clones: Clones) -> np.ndarray:
    return np.nan_to_num((clones.dcf_high - clones.dcf_low) / (2 * 1.96)) ** 2
