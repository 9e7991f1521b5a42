"""Metropolis moves of two clones at once, for trees that no single clone's move joins.

Where clones k and j fit each under the other's parent, moving one of them alone breaks a sum rule that takes
hundreds of sweeps to get over.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.jit import njit
from truncal.phylogeny.kernel import copy_path, refresh
from truncal.phylogeny.moves import at_most, class_of, count_roots, draw, is_under, log_total, weigh


@njit(cache=True, nogil=True)
def exchange(k, j, log_prior, parents, ev, state, spare):
    """Let clones k and j exchange their subtrees' places, or their own and keep the subtrees where they are.

    The kind is drawn, but of clones on one line or under one parent only the second is possible; what is
    possible is so the other way round as well, so the tree is taken with min(1, ratio of the posteriors).
    spare: room for a second state.
    """
    cost, root_cost = state[1], state[3]
    of_k, of_j = parents[k], parents[j]
    on_line = is_under(parents, of_k, j) or is_under(parents, of_j, k)
    before = parents.copy()
    copy_path(k + 1, before, state, spare)
    copy_path(j + 1, before, state, spare)
    count = parents.shape[0]
    old = cost.sum() + root_cost.sum() + class_of(count_roots(parents), log_prior)
    whole = not on_line and of_k != of_j and np.random.random() < 0.5  # noqa: NPY002
    if not whole:
        for c in range(count):
            if before[c] == k + 1:
                parents[c] = j + 1
            elif before[c] == j + 1:
                parents[c] = k + 1
    parents[k] = j + 1 if of_j == k + 1 else of_j
    parents[j] = k + 1 if of_k == j + 1 else of_k
    if not whole:
        refresh(k + 1, parents, ev, state)
        refresh(j + 1, parents, ev, state)
    for node in (parents[k], parents[j]):
        refresh(node, parents, ev, state)
    new = cost.sum() + root_cost.sum() + class_of(count_roots(parents), log_prior)
    if math.log(np.random.random()) >= new - old:  # noqa: NPY002
        parents[:] = before
        copy_path(k + 1, before, spare, state)
        copy_path(j + 1, before, spare, state)


@njit(cache=True, nogil=True)
def displace(k, j, log_prior, allowed, parents, visits, ev, state, spare):
    """Let clone k with its subtree take the place of clone j, and draw where j goes with its own.

    Back again, j takes the place of k, and k is drawn; the tree is taken with min(1, Z / Z'), Z and Z' the
    sums of the posterior over the places of j and of k from which they are drawn. spare: room for a second
    state.
    """
    low, kappa = ev[1], ev[4]
    messages, cost, sums, root_cost = state
    count, samples = low.shape
    of_k, of_j = parents[k], parents[j]
    if is_under(parents, of_j, k):
        return
    before = parents.copy()
    spare[0][:] = messages
    spare[1][:] = cost
    spare[2][:] = sums
    spare[3][:] = root_cost
    old = cost.sum() + root_cost.sum() + class_of(count_roots(parents), log_prior)
    bar = math.log(np.random.random())  # noqa: NPY002
    scores, places = np.empty(count + 1), np.empty(count + 1, dtype=np.int64)
    rest, gain = np.empty(samples + 1), np.zeros(samples)

    swap_in(k, of_k, j, of_j, parents, ev, state)
    base = cost.sum() + root_cost.sum()
    at_most(messages[j, :, 1], kappa[0], 1.0, visits[j], gain, rest)
    least = old + bar - base - math.log(count + 1.0)
    n, _ = weigh(j, -1, least, 0, log_prior, allowed, parents, visits[j], rest, ev, state, scores, places)
    total = base + log_total(scores, n)
    taken = False
    if total >= old + bar:  # else it is refused whatever the way back
        goal = places[draw(scores, n)]
        parents[j] = goal
        refresh(goal, parents, ev, state)
        swap_in(j, goal, k, of_j, parents, ev, state)
        base = cost.sum() + root_cost.sum()
        at_most(messages[k, :, 1], kappa[0], 1.0, visits[k], gain, rest)
        least = old - base
        n, _ = weigh(k, -1, least, 0, log_prior, allowed, parents, visits[k], rest, ev, state, scores, places)
        taken = total - base - log_total(scores, n) > bar
        if taken:
            parents[k] = of_j
            parents[j] = -1
            refresh(of_j, parents, ev, state)
            parents[j] = goal
            refresh(goal, parents, ev, state)
    if not taken:
        parents[:] = before
        messages[:] = spare[0]
        cost[:] = spare[1]
        sums[:] = spare[2]
        root_cost[:] = spare[3]


@njit(cache=True, nogil=True)
def swap_in(k, of_k, j, of_j, parents, ev, state):
    """Take clone k from its parent to that of clone j, and j out of the tree."""
    parents[k] = -1
    refresh(of_k, parents, ev, state)
    parents[j] = -1
    parents[k] = of_j
    refresh(of_j, parents, ev, state)
