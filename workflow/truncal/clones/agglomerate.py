"""Bayesian agglomeration on the tensor log p(reads | DCF).

From single mutations (or groups) the two clusters with the largest gain in log marginal likelihood plus
Chinese restaurant prior are merged until no merge gains (Heller & Ghahramani 2005, Bayesian hierarchical
clustering, with the marginal likelihood on a grid). With f_k,s(g) = exp Σ_{n∈k} T[n,s,g] the marginal of a
merged pair is Σ_s log Σ_g f_a,s(g) f_b,s(g) π(g): one matrix product a sample gives it for all pairs.
"""

from __future__ import annotations

import math

import numpy as np

SMALLEST = 1e-300
"""Below this the product of two clusters' likelihoods counts as impossible; the gain is hopeless long
before."""


def agglomerate(
    summed: np.ndarray, sizes: np.ndarray, log_prior: np.ndarray, concentration: float
) -> np.ndarray:
    """Merge groups greedily; ties go to the lowest pair of indices, so the result is the same every time.

    summed: (K, S, G) log-likelihoods summed over each group's members. sizes: (K,) members. log_prior: (G,).
    Returns the cluster of each group, (K,) int, numbered by first member.
    """
    count = len(summed)
    sums = summed - summed.max(axis=2, keepdims=True)
    prior = np.exp(log_prior)
    weights = np.exp(sums)
    own = np.log(weights @ prior).sum(axis=1)
    sizes = sizes.astype(np.int64)
    log_gamma = np.array([math.lgamma(max(size, 1)) for size in range(int(sizes.sum()) + 1)])
    alive = np.ones(count, dtype=bool)
    label = np.arange(count)
    log_concentration = np.log(concentration)

    def gains(one: int, others: np.ndarray) -> np.ndarray:
        """Gain in log posterior of merging `one` with each of `others`."""
        joint = np.einsum("sg,ksg->ks", weights[one] * prior, weights[others])
        together = np.log(np.maximum(joint, SMALLEST)).sum(axis=1)
        restaurant = log_gamma[sizes[one] + sizes[others]] - log_gamma[sizes[one]] - log_gamma[sizes[others]]
        return together - own[one] - own[others] + restaurant - log_concentration

    gain = _all_gains(weights, prior, own, sizes, log_gamma, log_concentration)
    best = gain.argmax(axis=1)
    best_gain = gain[np.arange(count), best]
    while True:
        first = int(best_gain.argmax())
        if best_gain[first] <= 0:
            break
        second = int(best[first])
        keep, gone = min(first, second), max(first, second)
        sums[keep] += sums[gone]
        sums[keep] -= sums[keep].max(axis=1, keepdims=True)
        weights[keep] = np.exp(sums[keep])
        own[keep] = np.log(weights[keep] @ prior).sum()
        sizes[keep] += sizes[gone]
        alive[gone] = False
        label[label == gone] = keep
        gain[gone], gain[:, gone] = -np.inf, -np.inf
        others = np.flatnonzero(alive & (np.arange(count) != keep))
        gain[keep] = -np.inf
        if len(others):
            gain[keep, others] = gain[others, keep] = gains(keep, others)
        stale = np.flatnonzero(alive & ((best == keep) | (best == gone)))
        stale = np.union1d(stale, [keep])
        best[stale] = gain[stale].argmax(axis=1)
        best_gain[stale] = gain[stale, best[stale]]
        best_gain[gone] = -np.inf
        better = gain[:, keep] > best_gain
        best[better] = keep
        best_gain[better] = gain[better, keep]
    return np.unique(label, return_inverse=True)[1].reshape(-1)


def _all_gains(
    weights: np.ndarray,
    prior: np.ndarray,
    own: np.ndarray,
    sizes: np.ndarray,
    log_gamma: np.ndarray,
    log_concentration: float,
) -> np.ndarray:
    """Gains (K, K) of all pairs, −inf on the diagonal."""
    total = np.zeros((len(weights), len(weights)))
    for sample in range(weights.shape[1]):
        joint = (weights[:, sample] * prior) @ weights[:, sample].T
        total += np.log(np.maximum(joint, SMALLEST))
    total -= own[:, None] + own[None, :]
    of = log_gamma[sizes]
    total += log_gamma[np.minimum(sizes[:, None] + sizes, len(log_gamma) - 1)] - of[:, None] - of
    total -= log_concentration
    np.fill_diagonal(total, -np.inf)
    return total
