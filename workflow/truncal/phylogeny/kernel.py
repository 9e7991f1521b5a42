"""Marginal likelihood of a clone tree by moment messages from the leaves to the root.

With clone proportions u ~ Dirichlet(1, …, 1) over the normal root and K clones and φ = B u, the density
of φ is constant where every node's φ is at least the sum X of its children's, so for each sample

    p(reads | tree) ∝ P(X_root ≤ 1) · Π_k E[P(X_k ≤ φ_k)],

the expectation over clone k's own likelihood, the children's messages being their likelihoods cut by
their own
children. Each message is kept as three moments and the distribution of X as the Pearson III with the sum
of its
children's moments (`pearson.py`), so a node costs `POINTS` look-ups whatever the depth of the reads, and
a change of
the tree only the nodes above it. `messages.py` computes the same exactly on a grid and is the check on
this one.

Trees are parent vectors (K,): `parents[k]` is 0 for a root clone, j + 1 for clone j, −1 where clone k is
not in the tree. Arrays: `weights` (K, S, POINTS), `low`, `width` (K, S) and `own` (K, S, 4) are those of
`Evidence`; the state of a
tree is `messages` (K, S, 4), `cost` (K, S) = log E[P(X ≤ φ)], `sums` (K + 1, S, 4) over each node's
children (0: the root) and `root_cost` (S,).
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.jit import njit
from truncal.phylogeny.pearson import SKEW_MAX, SKEW_STEP, Z_MAX, Z_STEP

FAINT = 1e-12
"""Below this probability a sum rule counts as broken: the cost is that of `tail` instead."""

LOG_FAINT = math.log(FAINT)

SURE, SURE_SKEW = 5.7, 4.5
"""Standard deviations above the mean, and more of them for each unit of skewness, from which P(X ≤ φ) is 1
within 10⁻⁸."""

NEVER = -700.0
"""Log probability of what can't be."""

BREAKING = 10.0
"""Standard deviations up to which a broken sum rule costs like a normal tail; further on the cost grows
linearly and half
as steeply, since reads that far off are more likely to mislead than to tell the tree."""


@njit(cache=True, nogil=True, inline="always")
def tail(z):
    """Log likelihood of a sum rule broken by z standard deviations."""
    if z <= BREAKING:
        return -0.5 * z * z
    return -0.5 * BREAKING * BREAKING - 0.5 * BREAKING * (z - BREAKING)


@njit(cache=True, nogil=True, inline="always")
def look_up(z, at, part, mirrored, spike, table):
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
        below = (
            a * table[at, j, 0]
            + b * table[at, j + 1, 0]
            + c * table[at + 1, j, 0]
            + d * table[at + 1, j + 1, 0]
        )
        peak = (
            a * table[at, j, 1]
            + b * table[at, j + 1, 1]
            + c * table[at + 1, j, 1]
            + d * table[at + 1, j + 1, 1]
        )
    if mirrored:
        below = 1.0 - below
    return below + spike * peak


@njit(cache=True, nogil=True, inline="always")
def present(mean, variance, third, log_zero):
    """P(X = 0), and the moments of X where it is not 0."""
    if log_zero > -1e-9:
        return 1.0, 0.0, 0.0, 0.0
    if log_zero < -20.7:
        return 0.0, mean, variance, third
    zero = math.exp(log_zero)
    rest = 1.0 - zero
    m2 = (variance + mean * mean) / rest
    m3 = (third + 3.0 * mean * variance + mean * mean * mean) / rest
    mean = mean / rest
    variance = max(m2 - mean * mean, 1e-3 * m2)
    return zero, mean, variance, m3 - 3.0 * mean * variance - mean * mean * mean


@njit(cache=True, nogil=True, inline="always")
def add_moments(t0, t1, t2, t3, p, x):
    """Power sums with a further weight p at x."""
    px = p * x
    pxx = px * x
    return t0 + p, t1 + px, t2 + pxx, t3 + pxx * x


@njit(cache=True, nogil=True, inline="always")
def cut(weights, low, width, own, mean, variance, third, log_zero, kappa, table):
    """Log of the clone's factor in one sample, E[(1 + κ δ(φ − X)) · 1(X ≤ φ)], and its message.

    X, the sum of the children's DCFs, has the moments given and is exactly 0 with probability
    exp(log_zero), as always where there are no children.
    """
    zero, mean, variance, third = present(mean, variance, third, log_zero)
    absent = zero * kappa[0] * own[3]  # X = 0 and the clone's own proportion 0 too
    s0, s1, s2, s3 = zero, 0.0, zero * own[1], zero * own[2]  # about the clone's own mean
    if zero < 1.0:
        points = weights.shape[0]
        variance = variance + width * width / 12.0  # a midpoint stands for its cell
        spread = math.sqrt(variance)
        start = (low + 0.5 * width - mean) / spread
        if start >= Z_MAX:
            s0 = 1.0
            s2 = own[1]
            s3 = own[2]
        else:
            step = width / spread
            skew = third / (variance * spread)
            skew = min(max(skew, -SKEW_MAX), SKEW_MAX)
            row = abs(skew) / SKEW_STEP
            at = min(int(row), table.shape[0] - 2)
            part = row - at
            if skew < 0.0:  # P(Z ≤ z) = 1 − P(−Z ≤ −z)
                base, sign = 1.0, -1.0
                first, last = -Z_MAX, min(SURE, 2.0 / max(at * SKEW_STEP, 1e-9))
            else:
                base, sign = 0.0, 1.0
                first = max(-Z_MAX, -2.0 / max(at * SKEW_STEP, 1e-9))
                last = min(Z_MAX, SURE + SURE_SKEW * (at + 1) * SKEW_STEP)
            begin = min(max(math.ceil((first - start) / step), 0), points)
            end = min(max(math.ceil((last - start) / step), begin), points)
            spike = sign * kappa[0] / spread
            place = (sign * start + Z_MAX) / Z_STEP
            pace = sign * step / Z_STEP
            offset = low + 0.5 * width - own[0]
            t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
            row0, row1 = np.uint64(at), np.uint64(at + 1)  # unsigned: no check for indices from the end
            for i in range(begin, end):
                z = place + i * pace
                j = np.uint64(z)
                f = z - np.float64(j)
                j1 = j + np.uint64(1)
                left = (1.0 - part) * (table[row0, j, 0] + spike * table[row0, j, 1]) + part * (
                    table[row1, j, 0] + spike * table[row1, j, 1]
                )
                right = (1.0 - part) * (table[row0, j1, 0] + spike * table[row0, j1, 1]) + part * (
                    table[row1, j1, 0] + spike * table[row1, j1, 1]
                )
                p = weights[i] * (base + sign * (left + f * (right - left)))
                x = offset + i * width
                t0, t1, t2, t3 = add_moments(t0, t1, t2, t3, p, x)
            for i in range(end, points):
                p = weights[i]
                x = offset + i * width
                t0, t1, t2, t3 = add_moments(t0, t1, t2, t3, p, x)
            s0 += (1.0 - zero) * t0
            s1 += (1.0 - zero) * t1
            s2 += (1.0 - zero) * t2
            s3 += (1.0 - zero) * t3
    s0 += absent
    if s0 <= FAINT:
        high = low + weights.shape[0] * width
        broken = (mean - own[0]) / math.sqrt(own[1] + variance)
        return min(tail(broken), LOG_FAINT), high - width, width * width, 0.0, NEVER
    x = -own[0]
    scale = 1.0 / s0
    s1 = (s1 + absent * x) * scale
    s2 = (s2 + absent * x * x) * scale
    s3 = (s3 + absent * x * x * x) * scale
    new_variance = max(s2 - s1 * s1, 1e-6 * width * width)
    new_third = s3 - 3.0 * s1 * s2 + 2.0 * s1 * s1 * s1
    new_zero = math.log(absent * scale) if absent > 0.0 else NEVER
    return math.log(s0), own[0] + s1, new_variance, new_third, max(new_zero, NEVER)


@njit(cache=True, nogil=True, inline="always")
def root_room(mean, variance, third, log_zero, ev):
    """The same for the normal root, whose DCF is 1: X is the sum of the root clones' DCFs."""
    kappa, table = ev[4], ev[5]
    zero, mean, variance, third = present(mean, variance, third, log_zero)
    if zero >= 1.0:
        return 0.0
    spread = math.sqrt(variance + 1e-12)
    skew = third / (spread * spread * spread)
    skew = min(max(skew, -SKEW_MAX), SKEW_MAX)
    z = (1.0 - mean) / spread
    if z >= Z_MAX:
        return 0.0
    row = abs(skew) / SKEW_STEP
    at = min(int(row), table.shape[0] - 2)
    below = zero + (1.0 - zero) * look_up(z, at, row - at, skew < 0.0, kappa[0] / spread, table)
    if below <= FAINT:
        return min(tail(-z), LOG_FAINT)
    return math.log(below)


@njit(cache=True, nogil=True, inline="always")
def cut_at(k, s, mean, variance, third, log_zero, ev):
    """`cut` of clone k in sample s; ev: weights, low, width, own moments (each (K, S, …)), κ (1,), table."""
    weights, low, width, own, kappa, table = ev
    return cut(
        weights[k, s], low[k, s], width[k, s], own[k, s], mean, variance, third, log_zero, kappa, table
    )


@njit(cache=True, nogil=True)
def blank(count, samples):
    """Room for a tree's state: messages (K, S, 4) and log factors (K, S) of the clones, sums over the
    nodes' children (K + 1, S, 4), log factors of the root (S,)."""
    return (
        np.zeros((count, samples, 4)),
        np.zeros((count, samples)),
        np.zeros((count + 1, samples, 4)),
        np.zeros(samples),
    )


@njit(cache=True, nogil=True)
def refresh(node, parents, ev, state):
    """Recompute a node's sums and message and all those above it that change with it."""
    messages, cost, sums, root_cost = state
    count, samples = cost.shape
    while True:
        sums[node] = 0.0
        for c in range(count):
            if parents[c] == node:
                sums[node] += messages[c]
        if node == 0:
            for s in range(samples):
                root_cost[s] = root_room(sums[0, s, 0], sums[0, s, 1], sums[0, s, 2], sums[0, s, 3], ev)
            return
        k = node - 1
        moved = False
        for s in range(samples):
            e, m, v, t, q = cut_at(
                k, s, sums[node, s, 0], sums[node, s, 1], sums[node, s, 2], sums[node, s, 3], ev
            )
            if (
                m != messages[k, s, 0]
                or v != messages[k, s, 1]
                or t != messages[k, s, 2]
                or q != messages[k, s, 3]
            ):
                moved = True
            cost[k, s] = e
            messages[k, s, 0] = m
            messages[k, s, 1] = v
            messages[k, s, 2] = t
            messages[k, s, 3] = q
        node = parents[k]
        if node < 0 or not moved:
            return


@njit(cache=True, nogil=True)
def copy_path(node, parents, source, target):
    """Copy the part of one state that belongs to a node and those above it to another state."""
    messages, cost, sums, root_cost = source
    messages_to, cost_to, sums_to, root_cost_to = target
    samples = root_cost.shape[0]
    at = node
    while at > 0:
        for s in range(samples):
            cost_to[at - 1, s] = cost[at - 1, s]
            for i in range(4):
                messages_to[at - 1, s, i] = messages[at - 1, s, i]
                sums_to[at, s, i] = sums[at, s, i]
        at = parents[at - 1]
    for s in range(samples):
        root_cost_to[s] = root_cost[s]
        for i in range(4):
            sums_to[0, s, i] = sums[0, s, i]


@njit(cache=True, nogil=True)
def path_gain(node, parents, first, second, gain):
    """Add to `gain` (S,) how much likelier a node and those above make the first of two states."""
    at = node
    samples = gain.shape[0]
    while at > 0:
        for s in range(samples):
            gain[s] += first[1][at - 1, s] - second[1][at - 1, s]
        at = parents[at - 1]
    for s in range(samples):
        gain[s] += first[3][s] - second[3][s]


@njit(cache=True, nogil=True)
def fill(parents, order, ev, state):
    """Compute the whole state of a tree; gives its log-likelihood up to the constant all trees share."""
    messages, cost, sums, root_cost = state
    samples = cost.shape[1]
    members = descending(parents, order)
    sums[:] = 0.0
    total = 0.0
    for position in range(members):
        k = order[position]
        p = parents[k]
        for s in range(samples):
            e, m, v, t, q = cut_at(
                k, s, sums[k + 1, s, 0], sums[k + 1, s, 1], sums[k + 1, s, 2], sums[k + 1, s, 3], ev
            )
            cost[k, s] = e
            total += e
            messages[k, s, 0] = m
            messages[k, s, 1] = v
            messages[k, s, 2] = t
            messages[k, s, 3] = q
        sums[p] += messages[k]
    for s in range(samples):
        root_cost[s] = root_room(sums[0, s, 0], sums[0, s, 1], sums[0, s, 2], sums[0, s, 3], ev)
        total += root_cost[s]
    return total


@njit(cache=True, nogil=True)
def climb(node, s, d0, d1, d2, d3, floor, parents, ev, state):
    """Change of the log-likelihood in sample s when a node's sums over its children change by d0, d1,
    d2, d3; −inf as soon as it is below `floor` on the way up."""
    messages, cost, sums, root_cost = state
    total = 0.0
    at = node
    while at > 0:
        k = at - 1
        e, m, v, t, q = cut_at(
            k, s, sums[at, s, 0] + d0, max(sums[at, s, 1] + d1, 0.0), sums[at, s, 2] + d2,
            min(sums[at, s, 3] + d3, 0.0), ev,
        )  # fmt: skip
        total += e - cost[k, s]
        if total < floor:
            return -math.inf
        d0 = m - messages[k, s, 0]
        d1 = v - messages[k, s, 1]
        d2 = t - messages[k, s, 2]
        d3 = q - messages[k, s, 3]
        at = parents[k]
        if d0 == 0.0 and d1 == 0.0 and d2 == 0.0 and d3 == 0.0 and at > 0:
            return total
    variance, log_zero = max(sums[0, s, 1] + d1, 0.0), min(sums[0, s, 3] + d3, 0.0)
    return total + (root_room(sums[0, s, 0] + d0, variance, sums[0, s, 2] + d2, log_zero, ev) - root_cost[s])


@njit(cache=True, nogil=True)
def descending(parents, order):
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
