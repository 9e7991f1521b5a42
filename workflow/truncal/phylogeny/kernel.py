"""Marginal likelihood of a clone tree by moment messages from the leaves to the root.

With clone proportions u ~ Dirichlet(1, …, 1) over the normal root and K clones and φ = B u, the density of φ is
constant where every node's φ is at least the sum X of its children's, so for each sample

    p(reads | tree) ∝ P(X_root ≤ 1) · Π_k E[P(X_k ≤ φ_k)],

the expectation over clone k's own likelihood, the children's messages being their likelihoods cut by their own
children. Each message is kept as three moments and the distribution of X as the Pearson III with the sum of its
children's moments (`pearson.py`), so a node costs `POINTS` look-ups whatever the depth of the reads, and a change of
the tree only the nodes above it. `messages.py` computes the same exactly on a grid and is the check on this one.

Trees are parent vectors (K,): `parents[k]` is 0 for a root clone, j + 1 for clone j, −1 where clone k is not in the
tree. Arrays: `weights` (K, S, POINTS), `low`, `width` (K, S) and `own` (K, S, 3) are those of `Evidence`; the state of a
tree is `messages` (K, S, 3), `cost` (K, S) = log E[P(X ≤ φ)], `sums` (K + 1, S, 3) over each node's children (0: the root)
and `root_cost` (S,).
"""

from __future__ import annotations

import math

from numba import njit

from truncal.phylogeny.pearson import SKEW_MAX, SKEW_STEP, Z_MAX, Z_STEP

FAINT = 1e-12
"""Below this probability a sum rule counts as broken: the cost grows with the distance instead."""

LOG_FAINT = math.log(FAINT)

EMPTY = 1e-16
"""Variance of a sum of children below which there are none (what is left is rounding)."""

GIVE = 0.03
"""Excess over the parent's DCF that costs one more log unit where a sum rule is broken (reads can mislead)."""


@njit(cache=True, nogil=True, inline="always")
def cut(weights, low, width, own, mean, variance, third, table):  # type: ignore[no-untyped-def]
    """Log E[P(X ≤ φ)] and the moments of φ given X ≤ φ, for one clone in one sample."""
    points = weights.shape[0]
    variance = variance + width * width / 12.0  # a midpoint stands for its cell
    spread = math.sqrt(variance)
    start = (low + 0.5 * width - mean) / spread
    if start >= Z_MAX:
        return 0.0, own[0], own[1], own[2]
    step = width / spread
    high = low + points * width
    skew = third / (variance * spread)
    skew = min(max(skew, -SKEW_MAX), SKEW_MAX)
    mirrored = skew < 0.0
    row = abs(skew) / SKEW_STEP
    at = min(int(row), table.shape[0] - 2)
    part = row - at
    last = table.shape[1] - 1
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    middle = 0.5 * (points - 1)
    for i in range(points):
        z = start + i * step
        if mirrored:
            z = -z
        place = (z + Z_MAX) / Z_STEP
        if place <= 0.0:
            below = 0.0
        elif place >= last:
            below = 1.0
        else:
            j = int(place)
            f = place - j
            below = (1.0 - part) * (table[at, j] + f * (table[at, j + 1] - table[at, j])) + part * (
                table[at + 1, j] + f * (table[at + 1, j + 1] - table[at + 1, j])
            )
        if mirrored:
            below = 1.0 - below
        p = weights[i] * below
        x = i - middle
        s0 += p
        s1 += p * x
        s2 += p * x * x
        s3 += p * x * x * x
    if s0 <= FAINT:
        gap = max(mean - high, 0.0)
        return LOG_FAINT - gap / GIVE, high - width, width * width, 0.0
    s1 /= s0
    s2 = s2 / s0
    s3 = s3 / s0
    new_variance = max(s2 - s1 * s1, 1e-4) * width * width
    new_third = (s3 - 3.0 * s1 * s2 + 2.0 * s1 * s1 * s1) * width * width * width
    return math.log(min(s0, 1.0)), low + (s1 + middle + 0.5) * width, new_variance, new_third


@njit(cache=True, nogil=True, inline="always")
def root_room(n_roots, mean, variance, third, table):  # type: ignore[no-untyped-def]
    """Log P(X ≤ 1) for the sum X of the root clones; a single one ends at 1 by itself."""
    if n_roots <= 1:
        return 0.0
    spread = math.sqrt(variance + 1e-12)
    skew = third / (spread * spread * spread)
    skew = min(max(skew, -SKEW_MAX), SKEW_MAX)
    z = (1.0 - mean) / spread
    if z >= Z_MAX:
        return 0.0
    mirrored = skew < 0.0
    row = abs(skew) / SKEW_STEP
    at = min(int(row), table.shape[0] - 2)
    part = row - at
    if mirrored:
        z = -z
    place = (z + Z_MAX) / Z_STEP
    last = table.shape[1] - 1
    if place <= 0.0:
        below = 0.0
    elif place >= last:
        below = 1.0
    else:
        j = int(place)
        f = place - j
        below = (1.0 - part) * (table[at, j] + f * (table[at, j + 1] - table[at, j])) + part * (
            table[at + 1, j] + f * (table[at + 1, j + 1] - table[at + 1, j])
        )
    if mirrored:
        below = 1.0 - below
    if below <= FAINT:
        return LOG_FAINT - max(mean - 1.0, 0.0) / GIVE
    return math.log(below)


@njit(cache=True, nogil=True)
def refresh(node, parents, weights, low, width, own, messages, cost, sums, root_cost, table):  # type: ignore[no-untyped-def]
    """Recompute a node's sums and message and all those above it that change with it."""
    count, samples = low.shape
    while True:
        sums[node] = 0.0
        children = 0
        for c in range(count):
            if parents[c] == node:
                children += 1
                for s in range(samples):
                    sums[node, s, 0] += messages[c, s, 0]
                    sums[node, s, 1] += messages[c, s, 1]
                    sums[node, s, 2] += messages[c, s, 2]
        if node == 0:
            for s in range(samples):
                root_cost[s] = root_room(children, sums[0, s, 0], sums[0, s, 1], sums[0, s, 2], table)
            return
        k = node - 1
        moved = False
        for s in range(samples):
            if children == 0:
                e, m, v, t = 0.0, own[k, s, 0], own[k, s, 1], own[k, s, 2]
            else:
                e, m, v, t = cut(
                    weights[k, s], low[k, s], width[k, s], own[k, s], sums[node, s, 0], sums[node, s, 1], sums[node, s, 2], table
                )
            if m != messages[k, s, 0] or v != messages[k, s, 1] or t != messages[k, s, 2]:
                moved = True
            cost[k, s] = e
            messages[k, s, 0] = m
            messages[k, s, 1] = v
            messages[k, s, 2] = t
        node = parents[k]
        if node < 0:
            return
        if not moved and node > 0:
            return


@njit(cache=True, nogil=True)
def fill(parents, order, weights, low, width, own, messages, cost, sums, root_cost, table):  # type: ignore[no-untyped-def]
    """Compute the whole state of a tree; gives its log-likelihood up to the constant all trees share."""
    count, samples = low.shape
    members = descending(parents, order)
    sums[:] = 0.0
    total = 0.0
    for position in range(members):
        k = order[position]
        p = parents[k]
        for s in range(samples):
            if sums[k + 1, s, 1] <= EMPTY:
                e, m, v, t = 0.0, own[k, s, 0], own[k, s, 1], own[k, s, 2]
            else:
                e, m, v, t = cut(
                    weights[k, s], low[k, s], width[k, s], own[k, s], sums[k + 1, s, 0], sums[k + 1, s, 1], sums[k + 1, s, 2], table
                )
            cost[k, s] = e
            total += e
            messages[k, s, 0] = m
            messages[k, s, 1] = v
            messages[k, s, 2] = t
            sums[p, s, 0] += m
            sums[p, s, 1] += v
            sums[p, s, 2] += t
    roots = 0
    for k in range(count):
        if parents[k] == 0:
            roots += 1
    for s in range(samples):
        root_cost[s] = root_room(roots, sums[0, s, 0], sums[0, s, 1], sums[0, s, 2], table)
        total += root_cost[s]
    return total


@njit(cache=True, nogil=True)
def gain(node, roots, add, less, floor, parents, visit, weights, low, width, own, messages, cost, sums, root_cost, table):  # type: ignore[no-untyped-def]
    """Change of the log-likelihood when a node gets children with moments `add` (S, 3) instead of `less` (S, 3).

    roots: number of root clones afterwards. visit: (S,) order of the samples, the telling ones first. Gives −inf as soon
    as the sum falls below `floor`.
    """
    samples = low.shape[1]
    total = 0.0
    for i in range(samples):
        s = visit[i]
        at = node
        d0 = add[s, 0] - less[s, 0]
        d1 = add[s, 1] - less[s, 1]
        d2 = add[s, 2] - less[s, 2]
        while at > 0:
            k = at - 1
            v_sum = sums[at, s, 1] + d1
            if v_sum <= EMPTY:
                e, m, v, t = 0.0, own[k, s, 0], own[k, s, 1], own[k, s, 2]
            else:
                e, m, v, t = cut(
                    weights[k, s], low[k, s], width[k, s], own[k, s], sums[at, s, 0] + d0, v_sum, sums[at, s, 2] + d2, table
                )
            total += e - cost[k, s]
            d0 = m - messages[k, s, 0]
            d1 = v - messages[k, s, 1]
            d2 = t - messages[k, s, 2]
            at = parents[k]
            if d0 == 0.0 and d1 == 0.0 and d2 == 0.0 and at > 0:
                break
        if at == 0:
            total += (
                root_room(roots, sums[0, s, 0] + d0, sums[0, s, 1] + d1, sums[0, s, 2] + d2, table) - root_cost[s]
            )
        if total < floor:
            return -math.inf
    return total


@njit(cache=True, nogil=True)
def descending(parents, order):  # type: ignore[no-untyped-def]
    """Fill `order` with the clones of the tree, children before parents; gives their number."""
    count = parents.shape[0]
    size = 0
    # parents first by breadth, then turned round
    for k in range(count):
        if parents[k] == 0:
            order[size] = k
            size += 1
    done = 0
    while done < size:
        node = order[done] + 1
        done += 1
        for k in range(count):
            if parents[k] == node:
                order[size] = k
                size += 1
    for i in range(size // 2):
        order[i], order[size - 1 - i] = order[size - 1 - i], order[i]
    return size
