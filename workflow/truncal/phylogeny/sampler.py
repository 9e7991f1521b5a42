"""Markov chains over trees: ordered insertion, a cooling phase, then sweeps of Gibbs moves over all clones."""

from __future__ import annotations

import numpy as np
from numba import njit

from truncal.phylogeny.kernel import fill
from truncal.phylogeny.moves import count_roots, regraft, transplant


@njit(cache=True, nogil=True)
def run_chain(seed, order, heats, keep, thin, log_prior, over, visits, weights, low, width, own, table):  # type: ignore[no-untyped-def]
    """One chain: insert the clones in `order`, one sweep for each of `heats`, then `keep` trees, one every `thin` sweeps.

    Gives trees (keep, K) and their log-likelihood plus log prior (keep,). visits: (K, S) order of the samples for
    each clone. log_prior: (2,) of a tree with one root clone and with several.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba's own generator)
    count, samples = low.shape
    ev = (weights, low, width, own, table)
    state = (
        np.zeros((count, samples, 3)),
        np.zeros((count, samples)),
        np.zeros((count + 1, samples, 3)),
        np.zeros(samples),
    )
    parents = np.full(count, -1, dtype=np.int64)
    first = heats[0] if heats.shape[0] > 0 else 1.0
    for i in range(count):
        transplant(order[i], first, log_prior, over, parents, visits[order[i]], ev, state)
    trees = np.empty((keep, count), dtype=np.int64)
    scores = np.empty(keep)
    burn = heats.shape[0]
    for sweep in range(burn + keep * thin):
        heat = heats[sweep] if sweep < burn else 1.0
        turn = np.random.permutation(count)
        for i in range(count):
            k = turn[i]
            if np.random.random() < 0.5:
                regraft(k, heat, log_prior, parents, visits[k], ev, state)
            else:
                transplant(k, heat, log_prior, over, parents, visits[k], ev, state)
        if sweep >= burn and (sweep - burn) % thin == thin - 1:
            at = (sweep - burn) // thin
            trees[at] = parents
            messages, cost, sums, root_cost = state
            prior = log_prior[0] if count_roots(parents) == 1 else log_prior[1]
            scores[at] = cost.sum() + root_cost.sum() + prior
    return trees, scores


@njit(cache=True, nogil=True)
def score_trees(trees, weights, low, width, own, table):  # type: ignore[no-untyped-def]
    """Log-likelihoods (T,) of trees (T, K) up to the constant all trees share."""
    count, samples = low.shape
    messages = np.zeros((count, samples, 3))
    cost = np.zeros((count, samples))
    sums = np.zeros((count + 1, samples, 3))
    root_cost = np.zeros(samples)
    order = np.empty(count, dtype=np.int64)
    out = np.empty(trees.shape[0])
    for t in range(trees.shape[0]):
        out[t] = fill(trees[t], order, weights, low, width, own, messages, cost, sums, root_cost, table)
    return out
