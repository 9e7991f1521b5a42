"""Markov chains over trees: ordered insertion, then sweeps of moves over all clones.

The odds that a clone is absent from a sample (`prior.ABSENCE`) are a parameter of the patient and are
drawn anew, too, once a sweep.
"""

from __future__ import annotations

import numpy as np

from truncal.ccf.jit import njit
from truncal.phylogeny.exchange import displace, exchange
from truncal.phylogeny.kernel import blank, fill
from truncal.phylogeny.moves import class_of, count_roots, draw, log_total, regraft, transplant

EXCHANGED = 3
"""A sweep lets one pair for so many clones exchange their places."""


@njit(cache=True, nogil=True)
def run_chain(
    seed,
    start,
    order,
    burn,
    keep,
    log_prior,
    absence,
    log_absence,
    over,
    allowed,
    visits,
    weights,
    low,
    width,
    own,
    table,
):
    """One chain: insert the clones in `order`, make `burn` sweeps, then keep a tree of each of `keep`.

    start: (K,) tree to go on from; clones with −1 are inserted.

    Gives trees (keep, K) and their log-likelihood plus log prior (keep,) at the odds of absence they
    were drawn with.
    visits: (K, S) order of the samples for each clone. log_prior: (2,) of a tree with one root clone and
    with several.
    absence, log_absence: (A,) odds and their log prior.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba's own generator)
    count, samples = low.shape
    kappa = np.array([absence[absence.shape[0] // 2]])
    ev = (weights, low, width, own, kappa, table)
    state, spare = blank(count, samples), blank(count, samples)
    parents = start.copy()
    postorder = np.empty(count, dtype=np.int64)
    fill(parents, postorder, ev, state)
    for i in range(count):
        if parents[order[i]] < 0:
            transplant(order[i], log_prior, over, allowed, parents, visits[order[i]], ev, state, spare)
    trees = np.empty((keep, count), dtype=np.int64)
    scores = np.empty(keep)
    levels = np.empty(absence.shape[0])
    for sweep in range(burn + keep):
        turn = np.random.permutation(count)  # noqa: NPY002
        for i in range(count):
            k = turn[i]
            if np.random.random() < 0.5:  # noqa: NPY002
                regraft(k, log_prior, allowed, parents, visits[k], ev, state, spare)
            else:
                transplant(k, log_prior, over, allowed, parents, visits[k], ev, state, spare)
        for _ in range(count // EXCHANGED if count > 1 else 0):
            k = np.random.randint(count)  # noqa: NPY002
            j = (k + 1 + np.random.randint(count - 1)) % count  # noqa: NPY002
            if np.random.random() < 0.5:  # noqa: NPY002
                exchange(k, j, log_prior, parents, ev, state, spare)
            else:
                displace(k, j, log_prior, allowed, parents, visits, ev, state, spare)
        for i in range(absence.shape[0]):
            kappa[0] = absence[i]
            levels[i] = log_absence[i] + fill(parents, postorder, ev, state)
        chosen = draw(levels, absence.shape[0])
        kappa[0] = absence[chosen]
        fill(parents, postorder, ev, state)
        if sweep >= burn:
            at = sweep - burn
            trees[at] = parents
            prior = class_of(count_roots(parents), log_prior)
            scores[at] = prior + log_total(levels, absence.shape[0])
    return trees, scores


@njit(cache=True, nogil=True)
def score_trees(trees, absence, log_absence, weights, low, width, own, table):
    """Log-likelihoods (T,) of trees (T, K) up to a constant, the odds of absence summed out."""
    count, samples = low.shape
    state = blank(count, samples)
    order = np.empty(count, dtype=np.int64)
    levels = np.empty(absence.shape[0])
    kappa = np.empty(1)
    ev = (weights, low, width, own, kappa, table)
    out = np.empty(trees.shape[0])
    for t in range(trees.shape[0]):
        for i in range(absence.shape[0]):
            kappa[0] = absence[i]
            levels[i] = log_absence[i] + fill(trees[t], order, ev, state)
        out[t] = log_total(levels, absence.shape[0])
    return out
