"""Moves in the space of trees, each drawn from its exact conditional distribution (Gibbs).

`regraft` takes a clone with its subtree to any other parent; `transplant` takes a clone alone, its
children going to its parent, and puts it back at any node, between that node and any of its children. Both
weigh all places by the marginal likelihood. The places on offer depend on the tree without the clone alone,
so detailed balance holds.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.jit import njit
from truncal.phylogeny.kernel import climb, copy_path, cut_at, path_gain, refresh

ADOPTED = 5
"""At most this many children of a node are tried in all combinations under a transplanted clone."""

PATIENCE = 8.0
"""A place that stays this many log units behind the best one, whatever it may gain in the samples not yet
looked at, is given up."""

MORE = 40.0
"""Log units by which a place may gain more than the present one in samples not yet looked at."""

PLAUSIBLE = -15.0
"""Children less likely than this (log) to lie under a clone by the pair alone are not tried under it; in
samples by the
dozen chance alone costs more, so `PLAUSIBLE_MORE` is added for each."""

PLAUSIBLE_MORE = -0.6


@njit(cache=True, nogil=True)
def is_under(parents, node, k):
    """Whether node (j + 1: clone j) is clone k or one of its descendants."""
    while node > 0:
        if node - 1 == k:
            return True
        node = parents[node - 1]
    return False


@njit(cache=True, nogil=True)
def draw(scores, n):
    """Index of one of the first n scores, drawn in proportion to exp(score)."""
    top = 0
    for i in range(n):
        if scores[i] > scores[top]:
            top = i
    total = 0.0
    for i in range(n):
        total += math.exp(scores[i] - scores[top])
    target = np.random.random() * total  # noqa: NPY002
    for i in range(n):
        target -= math.exp(scores[i] - scores[top])
        if target <= 0.0:
            return i
    return top


@njit(cache=True, nogil=True)
def count_roots(parents):
    """Number of root clones."""
    n = 0
    for k in range(parents.shape[0]):
        if parents[k] == 0:
            n += 1
    return n


@njit(cache=True, nogil=True)
def class_of(roots, log_prior):
    """Log prior of a tree with so many root clones."""
    return log_prior[0] if roots == 1 else log_prior[1]


@njit(cache=True, nogil=True)
def log_total(scores, n):
    """log Σ exp of the first n."""
    top = -np.inf
    for i in range(n):
        top = max(top, scores[i])
    if top == -np.inf:
        return top
    total = 0.0
    for i in range(n):
        total += math.exp(scores[i] - top)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def at_most(variance, kappa, times, visit, gain, rest):
    """Fill `rest` (S + 1,) with what a place may gain in the sample `visit[i]` and those after it.

    A further clone makes all sum rules harder to keep; what it gains is the odds that it fills its parent or
    is filled itself (`times` such places), and no density of a sum is above one over its spread. Over many
    samples no place does so in all: not more than `MORE` above the present one, which gains `gain` (S,).
    """
    bound, present = 0.0, 0.0
    rest[visit.shape[0]] = 0.0
    for i in range(visit.shape[0] - 1, -1, -1):
        bound += times * math.log(1.0 + kappa / math.sqrt(variance[visit[i]]))
        present += gain[visit[i]]
        rest[i] = min(bound, max(present, 0.0) + MORE)


@njit(cache=True, nogil=True)
def with_mended(node, parents, cost, root_cost, visit, rest, more):
    """Fill `more` (S + 1,) with `rest` and what is gained where no rule from a node up costs anything.

    So it may be where a clone comes between that node and some of its children.
    """
    total = 0.0
    more[visit.shape[0]] = 0.0
    for i in range(visit.shape[0] - 1, -1, -1):
        s = visit[i]
        total += max(-root_cost[s], 0.0)
        at = node
        while at > 0:
            total += max(-cost[at - 1, s], 0.0)
            at = parents[at - 1]
        more[i] = rest[i] + total


@njit(cache=True, nogil=True)
def weigh(k, skipped, best, n, log_prior, allowed, parents, visit, rest, ev, state, scores, places):
    """Append the places of clone k, which is in no tree, and their log weights to the first n; gives their
    number and the largest weight."""
    low = ev[1]
    messages = state[0]
    count, samples = low.shape
    others = count_roots(parents)
    for node in range(count + 1):
        roots = others + (1 if node == 0 else 0)
        prior = class_of(roots, log_prior)
        if (
            node == skipped
            or prior == -np.inf
            or not allowed[node, k]
            or (node > 0 and (parents[node - 1] < 0 or is_under(parents, node, k)))
        ):
            continue
        score = prior
        for i in range(samples):
            s = visit[i]
            score += climb(
                node, s, messages[k, s, 0], messages[k, s, 1], messages[k, s, 2], messages[k, s, 3],
                best - PATIENCE - score - rest[i], parents, ev, state,
            )  # fmt: skip
            if score + rest[i + 1] < best - PATIENCE:
                score = -np.inf
                break
        if score == -np.inf:
            continue
        scores[n] = score
        places[n] = node
        n += 1
        best = max(best, score)
    return n, best


@njit(cache=True, nogil=True)
def regraft(k, log_prior, allowed, parents, visit, ev, state, spare):
    """Draw a new parent for clone k and its subtree; allowed: (K + 1, K) whether a node may be a clone's
    parent.

    spare: room for a second state.
    """
    low, kappa = ev[1], ev[4]
    messages = state[0]
    count, samples = low.shape
    old = parents[k]
    roots = count_roots(parents)
    copy_path(old, parents, state, spare)
    parents[k] = -1
    refresh(old, parents, ev, state)
    scores = np.empty(count + 1)
    places = np.empty(count + 1, dtype=np.int64)
    gain = np.zeros(samples)
    path_gain(old, parents, spare, state, gain)
    best = class_of(roots, log_prior) + gain.sum()
    scores[0] = best
    places[0] = old
    n = 1
    rest = np.empty(samples + 1)
    at_most(messages[k, :, 1], kappa[0], 1.0, visit, gain, rest)
    n, _ = weigh(k, old, best, n, log_prior, allowed, parents, visit, rest, ev, state, scores, places)
    chosen = places[draw(scores, n)]
    parents[k] = chosen
    if chosen == old:
        copy_path(old, parents, spare, state)
    else:
        refresh(chosen, parents, ev, state)


@njit(cache=True, nogil=True)
def transplant(k, log_prior, over, allowed, parents, visit, ev, state, spare):
    """Draw a new place for clone k alone: a node and those of its children that come under k.

    over: (K + 1, K) log weight of node as an ancestor of each clone. A clone that is in no tree yet is
    inserted. spare: room for a second state.
    """
    low, own, kappa = ev[1], ev[3], ev[4]
    messages, cost, root_cost = state[0], state[1], state[3]
    count, samples = low.shape
    old = parents[k]
    children = np.empty(count, dtype=np.int64)
    size = 256
    scores = np.empty(size)
    places = np.empty(size, dtype=np.int64)
    subsets = np.empty(size, dtype=np.int64)
    n = 0
    best = -np.inf
    present = -1
    gain = np.full(samples, np.inf)
    if old >= 0:
        if not returns(k, over, samples, parents, children):
            return
        roots = count_roots(parents)
        copy_path(k + 1, parents, state, spare)
        mine = parents == k + 1
        for c in range(count):
            if mine[c]:
                parents[c] = old
        parents[k] = -1
        refresh(old, parents, ev, state)
        _, n_adoptable = adoptable(k, old, over, samples, parents, children)
        present = 0
        for i in range(n_adoptable):
            if mine[children[i]]:
                present += 1 << i
        if bits(present) < mine.sum():
            present = 1 << n_adoptable
        gain[:] = spare[1][k]
        path_gain(old, parents, spare, state, gain)
        best = class_of(roots, log_prior) + gain.sum()
        scores[0] = best
        places[0] = old
        subsets[0] = present
        n = 1
    all_roots = count_roots(parents)
    less = np.empty((samples, 4))
    alone = np.empty((samples, 5))  # factor and message without children, the same at any node
    alone[:, 0] = np.nan
    rest, more = np.empty(samples + 1), np.empty(samples + 1)
    at_most(own[k, :, 1], kappa[0], 2.0, visit, gain, rest)
    for node in range(count + 1):
        if node > 0 and (node - 1 == k or parents[node - 1] < 0 or not allowed[node, k]):
            continue
        n_children, n_adoptable = adoptable(k, node, over, samples, parents, children)
        n_subsets = (1 << n_adoptable) + (1 if n_adoptable < n_children else 0)
        if n_subsets > 1:
            with_mended(node, parents, cost, root_cost, visit, rest, more)
        for subset in range(n_subsets):
            everything = subset == 1 << n_adoptable
            roots = all_roots
            if node == 0:
                taken = n_children if everything else bits(subset)
                roots = all_roots - taken + 1
            prior = class_of(roots, log_prior)
            if prior == -np.inf or (node == old and subset == present):
                continue
            less[:] = 0.0
            for i in range(n_children):
                if everything or (i < n_adoptable and (subset >> i) & 1):
                    less += messages[children[i]]
            score = prior
            for i in range(samples):
                s = visit[i]
                gains = more if subset > 0 else rest
                if subset > 0 or np.isnan(alone[s, 0]):
                    e, m, v, t, q = cut_at(k, s, less[s, 0], less[s, 1], less[s, 2], less[s, 3], ev)
                    if subset == 0:
                        alone[s, 0], alone[s, 1], alone[s, 2], alone[s, 3], alone[s, 4] = e, m, v, t, q
                else:
                    e, m, v, t, q = alone[s, 0], alone[s, 1], alone[s, 2], alone[s, 3], alone[s, 4]
                score += e
                floor = best - PATIENCE - score - gains[i]
                if floor > 0.0:
                    score = -np.inf
                    break
                score += climb(
                    node, s, m - less[s, 0], v - less[s, 1], t - less[s, 2], q - less[s, 3], floor, parents,
                    ev, state,
                )  # fmt: skip
                if score + gains[i + 1] < best - PATIENCE:
                    score = -np.inf
                    break
            if score == -np.inf:
                continue
            best = max(best, score)
            if n == size:
                size *= 2
                scores = np.concatenate((scores, np.empty(n)))
                places = np.concatenate((places, np.empty(n, dtype=np.int64)))
                subsets = np.concatenate((subsets, np.empty(n, dtype=np.int64)))
            scores[n] = score
            places[n] = node
            subsets[n] = subset
            n += 1
    node, subset = 0, 0
    if n > 0:
        pick = draw(scores, n)
        node, subset = places[pick], subsets[pick]
    n_children, n_adoptable = adoptable(k, node, over, samples, parents, children)
    for i in range(n_children):
        if subset == 1 << n_adoptable or (i < n_adoptable and (subset >> i) & 1):
            parents[children[i]] = k + 1
    parents[k] = node
    if node == old and subset == present:
        copy_path(k + 1, parents, spare, state)
    else:
        refresh(k + 1, parents, ev, state)
        refresh(node, parents, ev, state)


@njit(cache=True, nogil=True)
def returns(k, over, samples, parents, children):
    """Whether clone k's present place is among those on offer once it is taken out; if not, it must stay."""
    count = parents.shape[0]
    for c in range(count):  # siblings and children, marked apart
        if parents[c] == k + 1:
            parents[c] = -2
    own_children = 0
    siblings = 0
    for c in range(count):
        if parents[c] == -2:
            own_children += 1
            parents[c] = parents[k]
            children[count - own_children] = c
        elif c != k and parents[c] == parents[k]:
            siblings += 1
    mine = children[count - own_children :].copy()
    _, m = adoptable(k, parents[k], over, samples, parents, children)
    inside = 0
    for i in range(m):
        for j in range(own_children):
            if children[i] == mine[j]:
                inside += 1
    for j in range(own_children):
        parents[mine[j]] = k + 1
    return inside == own_children or siblings == 0


@njit(cache=True, nogil=True)
def bits(number):
    """Number of ones."""
    n = 0
    while number > 0:
        n += number & 1
        number >>= 1
    return n


@njit(cache=True, nogil=True)
def adoptable(k, node, over, samples, parents, children):
    """Fill `children` with those of a node, the ones that may come under k first; gives both numbers."""
    count = parents.shape[0]
    n = 0
    for c in range(count):
        if parents[c] == node and c != k:
            children[n] = c
            n += 1
    for i in range(1, n):  # the likeliest under k first
        c = children[i]
        j = i - 1
        while j >= 0 and over[k + 1, children[j]] < over[k + 1, c]:
            children[j + 1] = children[j]
            j -= 1
        children[j + 1] = c
    m = 0
    while m < n and m < ADOPTED and over[k + 1, children[m]] > PLAUSIBLE + PLAUSIBLE_MORE * samples:
        m += 1
    return n, m
