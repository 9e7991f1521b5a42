"""Markov chain over trees: a clone with its subtree moves to another parent, or parent and child trade places.

New parents are proposed by how likely their DCF is to cover the clone's in every sample (Pairtree's pairwise
idea), from which the Metropolis–Hastings ratio follows in closed form, as a clone's possible parents are the same
before and after the move. Only the messages on the changed paths are computed anew.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.messages import (
    IMPOSSIBLE,
    all_messages,
    children_message,
    descending,
    find_kids,
    node_message,
    root_sum,
    sums_fit,
)

SWAP = 0.2
"""Share of proposals that swap a clone with its parent."""


@njit(cache=True, nogil=True)
def insert_clones(ranked, weights, noise, values, v_low, v_high, several_roots):  # type: ignore[no-untyped-def]
    """Build a tree (K,) by adding clones in `ranked` order, each under the best parent so far (Orchard's idea).

    noise: (K, K + 1) added to the scores, so that chains start apart.
    """
    count, samples, size = values.shape
    messages = np.empty((count, samples, size))
    m_low = np.empty((count, samples), dtype=np.int64)
    m_high = np.empty((count, samples), dtype=np.int64)
    scale = np.empty((count, samples))
    parents = np.full(count, -1, dtype=np.int64)
    for position in range(count):
        k = ranked[position]
        best = 0
        best_score = -np.inf
        for node in range(count + 1):
            if node > 0 and (node - 1 == k or parents[node - 1] < 0):
                continue
            if node == 0 and position > 0 and not several_roots:
                continue
            parents[k] = node
            score = all_messages(parents, values, v_low, v_high, messages, m_low, m_high, scale)
            if score == IMPOSSIBLE:  # the least bad by pairs alone
                score = -1e9 + weights[node, k]
            score += noise[k, node]
            if score > best_score:
                best, best_score = node, score
        parents[k] = best
    return parents


@njit(cache=True, nogil=True)
def _is_under(parents, node, k):  # type: ignore[no-untyped-def]
    """Whether node (j + 1: clone j) is clone k or one of its descendants."""
    while node > 0:
        if node - 1 == k:
            return True
        node = parents[node - 1]
    return False


@njit(cache=True, nogil=True)
def run_chain(start, weights, several_roots, log_prior, values, v_low, v_high, steps, thin, seed):  # type: ignore[no-untyped-def]
    """Run `steps` kept trees, every `thin`-th one, from `start` (K,).

    weights: (K + 1, K) log weights of parents. log_prior: (2,) for one root clone and for several. Gives trees
    (steps, K), their log-likelihoods plus priors (steps,) and the number of accepted proposals.
    """
    np.random.seed(seed)  # noqa: NPY002 (numba's own generator)
    count, samples, size = values.shape
    parents = start.copy()
    messages = np.zeros((count, samples, size))
    m_low = np.zeros((count, samples), dtype=np.int64)
    m_high = np.zeros((count, samples), dtype=np.int64)
    scale = np.zeros((count, samples))
    new_messages = np.zeros((count, samples, size))
    n_low = np.zeros((count, samples), dtype=np.int64)
    n_high = np.zeros((count, samples), dtype=np.int64)
    new_scale = np.zeros((count, samples))
    order = np.empty(count, dtype=np.int64)
    kids = np.empty(count, dtype=np.int64)
    total = np.empty(size)
    scratch = np.empty(size)
    dirty = np.zeros(count, dtype=np.bool_)
    trees = np.empty((steps, count), dtype=np.int64)
    scores = np.empty(steps)
    proposal = np.empty(count + 1)
    accepted = 0
    current = all_messages(parents, values, v_low, v_high, messages, m_low, m_high, scale)
    root_logs = np.zeros(samples)
    new_root = np.zeros(samples)
    if current != IMPOSSIBLE:
        n_kids = find_kids(parents, 0, kids)
        for s in range(samples):
            root_logs[s] = root_sum(kids, n_kids, s, messages, m_low, m_high, total, scratch)
    roots = 0
    for k in range(count):
        if parents[k] == 0:
            roots += 1
    prior = log_prior[0] if roots == 1 else log_prior[1]
    new = parents.copy()
    for step in range(steps * thin):
        log_ratio = 0.0
        new[:] = parents
        k = np.random.randint(count)
        old = parents[k]
        if np.random.random() < SWAP:
            if old > 0:
                p = old - 1
                new[k] = parents[p]
                new[p] = k + 1
                for j in range(count):
                    if j != k and parents[j] == p + 1:
                        new[j] = k + 1
                    elif parents[j] == k + 1:
                        new[j] = p + 1
        else:
            top = -np.inf
            for node in range(count + 1):
                proposal[node] = -np.inf
                if not _is_under(parents, node, k):
                    proposal[node] = weights[node, k]
                    top = max(top, proposal[node])
            summed = 0.0
            for node in range(count + 1):
                proposal[node] = np.exp(max(proposal[node] - top, -30.0)) if proposal[node] > -np.inf else 0.0
                if node == old:
                    proposal[node] += 0.0
                summed += proposal[node]
            target = np.random.random() * summed
            node = 0
            running = proposal[0]
            while running < target and node < count:
                node += 1
                running += proposal[node]
            if proposal[node] > 0.0:
                new[k] = node
                log_ratio = np.log(proposal[old]) - np.log(proposal[node])
        uniform = np.log(np.random.random())
        changed = False
        new_roots = 0
        for j in range(count):
            if new[j] != parents[j]:
                changed = True
            if new[j] == 0:
                new_roots += 1
        new_prior = log_prior[0] if new_roots == 1 else log_prior[1]
        if changed and (several_roots or new_roots == 1) and sums_fit(new, v_low, v_high, size):
            dirty[:] = False
            for j in range(count):
                if new[j] != parents[j]:
                    for first in (parents[j], new[j]):
                        at = first
                        while at > 0:
                            dirty[at - 1] = True
                            at = new[at - 1]
                    dirty[j] = True
            # mixed tables: the dirty clones' messages are new, the others' stay
            members = descending(new, order)
            candidate = 0.0
            possible = True
            for position in range(members):
                j = order[position]
                if not dirty[j]:
                    new_messages_needed = False
                else:
                    new_messages_needed = True
                if not new_messages_needed:
                    continue
                n_kids = find_kids(new, j + 1, kids)
                for s in range(samples):
                    low, high = _mixed_children(
                        kids, n_kids, s, dirty, messages, m_low, m_high, new_messages, n_low, n_high, total, scratch
                    )
                    if high < low:
                        possible = False
                        break
                    value = node_message(
                        j, s, values, v_low, v_high, total, low, high, new_messages, n_low, n_high
                    )
                    if value == IMPOSSIBLE:
                        possible = False
                        break
                    new_scale[j, s] = value
                if not possible:
                    break
            if possible:
                n_kids = find_kids(new, 0, kids)
                for s in range(samples):
                    low, high = _mixed_children(
                        kids, n_kids, s, dirty, messages, m_low, m_high, new_messages, n_low, n_high, total, scratch
                    )
                    summed = 0.0
                    for x in range(low, high + 1):
                        summed += total[x]
                    if summed <= 0.0:
                        possible = False
                        break
                    new_root[s] = np.log(summed)
                    candidate += new_root[s]
            if possible:
                for j in range(count):
                    for s in range(samples):
                        candidate += new_scale[j, s] if dirty[j] else scale[j, s]
                if current == IMPOSSIBLE or uniform < candidate + new_prior - current - prior + log_ratio:
                    accepted += 1
                    for j in range(count):
                        if dirty[j]:
                            messages[j] = new_messages[j]
                            m_low[j] = n_low[j]
                            m_high[j] = n_high[j]
                            scale[j] = new_scale[j]
                    parents[:] = new
                    current = candidate
                    prior = new_prior
        if step % thin == thin - 1:
            trees[step // thin] = parents
            scores[step // thin] = current + prior
    return trees, scores, accepted
