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
MEASURED, RELATIVE = 0.15, 0.1
"""Standard deviation of a caller's mean total copy number, and its part that grows with it."""
LEAST = 1e-4
"""Floor of a sample's density: callers err in ways that no model has."""
MOST_COPIES = 64.0
SHARES = 21
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


def log_total_likelihood(total: np.ndarray, base: np.ndarray, clones: Clones, *, gain: bool) -> np.ndarray:
    """Log-likelihood (K,) of total copy numbers (S,) from a caller that gives one state per segment.

    In a share φ of the cells the gene has N copies, in the others `base` (S,), that of its arm: the mean is
    base + φ (N − base), rounded where the caller rounds. N is 0 for a loss; for a gain it is unknown,
    log-uniform, and the same in all samples, so that few cells with many copies and many cells with few are
    told apart by how samples compare. Relative to shares drawn at random in every sample; NaN says nothing.
    """
    known = np.flatnonzero(np.isfinite(total) & np.isfinite(base))
    if not len(known):
        return np.zeros(len(clones.ids))
    t, b = total[known], np.maximum(base[known], 1.0)
    rounded = np.abs(t - np.round(t)) < 1e-6
    spread = np.hypot(MEASURED, RELATIVE * t)
    low = max(float(t.max()), float(b.max()) + 1)
    copies = np.geomspace(low, max(MOST_COPIES, 2 * low), 60) if gain else np.zeros(1)
    step = copies[:, None] - b  # (N, S)

    def density(share: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        mean, sd = b + share * step, np.hypot(spread, np.abs(step) * sigma)
        whole = ndtr((t + 0.5 - mean) / sd) - ndtr((t - 0.5 - mean) / sd)
        exact = np.exp(-0.5 * ((t - mean) / sd) ** 2) / (sd * np.sqrt(2 * np.pi))
        return np.log(np.maximum(np.where(rounded, whole, exact), LEAST))

    phi, sigma = clones.dcf[:, known], np.sqrt(_variance(clones)[:, known])
    by_clone = np.stack([density(phi[k], sigma[k]).sum(axis=1) for k in range(len(phi))])  # (K, N)
    draws = (np.arange(SHARES) + 0.5) / SHARES
    none = np.zeros(len(known))
    at_random = np.stack([density(np.full(len(known), share), none) for share in draws])  # (shares, N, S)
    null = (np.logaddexp.reduce(at_random, axis=0) - np.log(SHARES)).sum(axis=1)
    return np.logaddexp.reduce(by_clone, axis=1) - np.logaddexp.reduce(null)


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
