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
def look_up(z, at, part, mirrored, spike, table):  # type: ignore[no-untyped-def]
    """P(Z ≤ z) + spike × density at z, of a variable between rows at and at + 1 of the table."""
    if mirrored:
        z = -z
    place = (z + Z_MAX) / Z_STEP
    last = table.shape[1] - 1
    if place <= 0.0:
        below = 0.0
        peak = 0.0
    elif place >= last:
        below = 1.0
        peak = 0.0
    else:
        j = int(place)
        f = place - j
        a = (1.0 - part) * (1.0 - f)
        b = (1.0 - part) * f
        c = part * (1.0 - f)
        d = part * f
        below = a * table[at, j, 0] + b * table[at, j + 1, 0] + c * table[at + 1, j, 0] + d * table[at + 1, j + 1, 0]
        peak = a * table[at, j, 1] + b * table[at, j + 1, 1] + c * table[at + 1, j, 1] + d * table[at + 1, j + 1, 1]
    if mirrored:
        below = 1.0 - below
    return below + spike * peak


@njit(cache=True, nogil=True, inline="always")
def cut(weights, low, width, own, mean, variance, third, kappa, table):  # type: ignore[no-untyped-def]
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
    s0 = 0.0
    s1 = 0.0
    s2 = 0.0
    s3 = 0.0
    middle = 0.5 * (points - 1)
    for i in range(points):
        p = weights[i] * look_up(start + i * step, at, part, mirrored, kappa[0] / spread, table)
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
    return math.log(s0), low + (s1 + middle + 0.5) * width, new_variance, new_third


@njit(cache=True, nogil=True, inline="always")
def leaf(own, kappa):  # type: ignore[no-untyped-def]
    """The same for a clone without children: its DCF may be 0, with the odds of the likelihood there."""
    odds = kappa[0] * own[3]
    if odds <= 0.0:
        return 0.0, own[0], own[1], own[2]
    p = 1.0 / (1.0 + odds)
    m1 = own[0]
    m2 = own[1] + m1 * m1
    m3 = own[2] + 3.0 * m1 * own[1] + m1 * m1 * m1
    mean = p * m1
    return (
        math.log1p(odds),
        mean,
        max(p * m2 - mean * mean, 1e-13),
        p * m3 - 3.0 * mean * p * m2 + 2.0 * mean * mean * mean,
    )


@njit(cache=True, nogil=True, inline="always")
def root_room(n_roots, mean, variance, third, kappa, table):  # type: ignore[no-untyped-def]
    """Log P(X ≤ 1) for the sum X of the root clones; a single one ends at 1 by itself."""
    if n_roots == 0:
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
    if n_roots == 1:
        below = 1.0 + look_up(z, at, row - at, mirrored, kappa[0] / spread, table) - look_up(z, at, row - at, mirrored, 0.0, table)
    else:
        below = look_up(z, at, row - at, mirrored, kappa[0] / spread, table)
    if below <= FAINT:
        return LOG_FAINT - max(mean - 1.0, 0.0) / GIVE
    return math.log(below)


@njit(cache=True, nogil=True)
def refresh(node, parents, weights, low, width, own, messages, cost, sums, root_cost, kappa, table):  # type: ignore[no-untyped-def]
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
                root_cost[s] = root_room(children, sums[0, s, 0], sums[0, s, 1], sums[0, s, 2], kappa, table)
            return
        k = node - 1
        moved = False
        for s in range(samples):
            if children == 0:
                e, m, v, t = leaf(own[k, s], kappa)
            else:
                e, m, v, t = cut(
                    weights[k, s], low[k, s], width[k, s], own[k, s], sums[node, s, 0], sums[node, s, 1], sums[node, s, 2], kappa, table
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
def fill(parents, order, weights, low, width, own, messages, cost, sums, root_cost, kappa, table):  # type: ignore[no-untyped-def]
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
                e, m, v, t = leaf(own[k, s], kappa)
            else:
                e, m, v, t = cut(
                    weights[k, s], low[k, s], width[k, s], own[k, s], sums[k + 1, s, 0], sums[k + 1, s, 1], sums[k + 1, s, 2], kappa, table
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
        root_cost[s] = root_room(roots, sums[0, s, 0], sums[0, s, 1], sums[0, s, 2], kappa, table)
        total += root_cost[s]
    return total


@njit(cache=True, nogil=True)
def climb(node, s, roots, d0, d1, d2, parents, weights, low, width, own, messages, cost, sums, root_cost, kappa, table):  # type: ignore[no-untyped-def]
    """Change of the log-likelihood in sample s when the moments of a node's children change by d0, d1, d2.

    roots: number of root clones afterwards.
    """
    total = 0.0
    at = node
    while at > 0:
        k = at - 1
        v_sum = sums[at, s, 1] + d1
        if v_sum <= EMPTY:
            e, m, v, t = leaf(own[k, s], kappa)
        else:
            e, m, v, t = cut(
                weights[k, s], low[k, s], width[k, s], own[k, s], sums[at, s, 0] + d0, v_sum, sums[at, s, 2] + d2, kappa, table
            )
        total += e - cost[k, s]
        d0 = m - messages[k, s, 0]
        d1 = v - messages[k, s, 1]
        d2 = t - messages[k, s, 2]
        at = parents[k]
        if d0 == 0.0 and d1 == 0.0 and d2 == 0.0 and at > 0:
            return total
    return total + (
        root_room(roots, sums[0, s, 0] + d0, sums[0, s, 1] + d1, sums[0, s, 2] + d2, kappa, table) - root_cost[s]
    )


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
