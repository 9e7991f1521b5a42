"""Bayesian agglomeration on the tensor log p(reads | DCF).

From single mutations (or groups) the two clusters with the largest gain in log marginal likelihood plus
Chinese restaurant prior are merged until no merge gains (Heller & Ghahramani 2005, Bayesian hierarchical
clustering, with the marginal likelihood on a grid). With f_k,s(g) = exp Σ_{n∈k} T[n,s,g] the marginal of a
merged pair is Σ_s log Σ_g f_a,s(g) f_b,s(g) π(g): one matrix product a sample gives it for all pairs.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.jit import njit

SMALLEST = 1e-300
"""Below this the product of two clusters' likelihoods counts as impossible; the gain is hopeless long
before."""

SLACK = 1e-6
"""Gain above minus which a bound is not trusted."""


def agglomerate(
    summed: np.ndarray, sizes: np.ndarray, log_prior: np.ndarray, concentration: float
) -> np.ndarray:
    """Merge groups greedily; ties go to the lowest pair of indices, so the result is the same every time.

    summed: (K, S, G) log-likelihoods summed over each group's members. sizes: (K,) members. log_prior: (G,).
    Returns the cluster of each group, (K,) int, numbered by first member.
    """
    sums = summed - summed.max(axis=2, keepdims=True)
    prior = np.exp(log_prior)
    weights = np.exp(sums)
    own = np.log(weights @ prior).sum(axis=1)
    sizes = sizes.astype(np.int64)
    log_gamma = np.array([math.lgamma(max(size, 1)) for size in range(2 * int(sizes.sum()) + 1)])
    log_concentration = math.log(concentration)
    gain = _all_gains(weights, prior, own, sizes, log_gamma, log_concentration)
    label = _merge(gain, sums, weights, prior, own, sizes, log_gamma, log_concentration)
    return np.unique(label, return_inverse=True)[1].reshape(-1)


@njit(cache=True, nogil=True)
def _merge(gain, sums, weights, prior, own, sizes, log_gamma, log_concentration):
    """First member (K,) of the cluster that each group ends up in; the arrays are written over.

    gain: (K, K), see `_all_gains`. sums: (K, S, G) log-likelihoods, weights their exponentials, the highest
    of a sample being 0 and 1. own: (K,) log marginals.
    """
    count, samples, points = sums.shape
    label = np.arange(count)
    weighted = np.empty((samples, points))
    best, best_gain = np.empty(count, dtype=np.int64), np.empty(count)
    for one in range(count):
        best[one] = _highest(gain[one])
        best_gain[one] = gain[one, best[one]]
    while True:
        first = _highest(best_gain)
        if best_gain[first] <= 0.0:
            return label
        keep, gone = min(first, best[first]), max(first, best[first])
        raised, marginal = 0.0, 0.0
        for s in range(samples):
            top = -np.inf
            for g in range(points):
                sums[keep, s, g] += sums[gone, s, g]
                top = max(top, sums[keep, s, g])
            mass = 0.0
            for g in range(points):
                sums[keep, s, g] -= top
                weights[keep, s, g] = math.exp(sums[keep, s, g])
                weighted[s, g] = weights[keep, s, g] * prior[g]
                mass += weighted[s, g]
            raised -= top
            marginal += math.log(mass)
        for one in range(count):
            if label[one] == gone:
                label[one] = keep
        for one in range(count):
            if label[one] != one or one == keep:
                continue
            # a product of likelihoods is at most either of them: of what can't gain the bound is as good
            by_keep = gain[keep, one] - _restaurant(sizes[keep], sizes[one], log_gamma) + own[keep]
            by_gone = gain[gone, one] - _restaurant(sizes[gone], sizes[one], log_gamma) + own[gone]
            restaurant = _restaurant(sizes[keep] + sizes[gone], sizes[one], log_gamma)
            value = min(by_keep, by_gone) + raised - marginal + restaurant
            if value > -SLACK:
                value = restaurant - marginal - own[one] - log_concentration
                for s in range(samples):
                    value += math.log(max(_product(weighted[s], weights[one, s]), SMALLEST))
            gain[keep, one] = gain[one, keep] = value
            gain[one, gone] = -np.inf
            if value > best_gain[one]:
                best[one], best_gain[one] = keep, value
            elif best[one] == keep or best[one] == gone:
                best[one] = _highest(gain[one])
                best_gain[one] = gain[one, best[one]]
        own[keep] = marginal
        sizes[keep] += sizes[gone]
        gain[keep, gone], best_gain[gone] = -np.inf, -np.inf
        best[keep] = _highest(gain[keep])
        best_gain[keep] = gain[keep, best[keep]]


@njit
def _highest(values):
    """Index of the first of the highest values."""
    best = 0
    for index in range(1, values.shape[0]):
        if values[index] > values[best]:
            best = index
    return best


@njit
def _restaurant(size, other, log_gamma):
    """Log prior odds of merging two clusters of these sizes, without the concentration."""
    return log_gamma[size + other] - log_gamma[size] - log_gamma[other]


@njit(fastmath={"contract", "reassoc"})
def _product(one, other):
    """Scalar product, summed in the order that is fastest."""
    total = 0.0
    for index in range(one.shape[0]):
        total += one[index] * other[index]
    return total


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
    joint = np.empty_like(total)  # the same memory for each sample: to get it takes longer than to fill it
    for sample in range(weights.shape[1]):
        np.matmul(weights[:, sample] * prior, weights[:, sample].T, out=joint)
        np.maximum(joint, SMALLEST, out=joint)
        total += np.log(joint, out=joint)
    total -= np.add(own[:, None], own, out=joint)
    of = log_gamma[sizes]
    np.take(log_gamma, sizes[:, None] + sizes, out=joint, mode="clip")
    joint -= of[:, None]
    joint -= of
    total += joint
    total -= log_concentration
    np.fill_diagonal(total, -np.inf)
    return total
