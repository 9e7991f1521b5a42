"""Exact marginal likelihood of a clone tree on a DCF grid, by messages from the leaves to the root.

With clone proportions u ~ Dirichlet(1, …, 1) over the normal root and K clones, φ = B u and grid points 0..G−1,

    C_k = convolution of the messages of k's children,   R_k(x) = L_k(x) Σ_{y ≤ x} C_k(y),
    p(reads | tree) = Σ_{y ≤ G−1} C_root(y) / binomial(G − 1 + K, K)

for each sample (PhyClone's recursion, Hurtado et al. 2025; the Dirichlet(1) prior is Pairtree's, Wintersinger et
al. 2022, Blood Cancer Discovery 3:208). Trees are parent vectors (K,): `parents[k]` is 0 for a root clone, j + 1 for clone j, −1 where clone k is not
in the tree. All kernels are compiled and keep to each clone's window.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

IMPOSSIBLE = -1e300


@njit(cache=True, nogil=True)
def descending(parents, order):  # type: ignore[no-untyped-def]
    """Fill `order` with the clones of the tree, children before parents; gives their number."""
    count = parents.shape[0]
    depth = np.zeros(count, dtype=np.int64)
    size = 0
    deepest = 0
    for k in range(count):
        if parents[k] < 0:
            continue
        at = k
        steps = 0
        while parents[at] > 0 and steps <= count:
            at = parents[at] - 1
            steps += 1
        depth[k] = steps
        deepest = max(deepest, steps)
    for level in range(deepest, -1, -1):
        for k in range(count):
            if parents[k] >= 0 and depth[k] == level:
                order[size] = k
                size += 1
    return size


@njit(cache=True, nogil=True)
def sums_fit(parents, low, high, size):  # type: ignore[no-untyped-def]
    """Whether every node's window can hold the lowest DCFs of its children, in every sample."""
    count, samples = low.shape
    for s in range(samples):
        for node in range(count + 1):
            total = 0
            for k in range(count):
                if parents[k] == node:
                    total += low[k, s]
            if total > (size - 1 if node == 0 else high[node - 1, s]):
                return False
    return True


@njit(cache=True, nogil=True)
def convolve(a, a_low, a_high, b, b_low, b_high, out):  # type: ignore[no-untyped-def]
    """out[low..high] = a * b, cut off at the grid's end; gives low and high (high < low if nothing is left)."""
    size = out.shape[0]
    low = a_low + b_low
    high = min(a_high + b_high, size - 1)
    if low > high:
        return low, low - 1
    for x in range(low, high + 1):
        out[x] = 0.0
    for i in range(a_low, a_high + 1):
        weight = a[i]
        if weight == 0.0:
            continue
        for j in range(b_low, min(b_high, high - i) + 1):
            out[i + j] += weight * b[j]
    return low, high


@njit(cache=True, nogil=True)
def children_message(kids, n_kids, s, messages, m_low, m_high, total, scratch):  # type: ignore[no-untyped-def]
    """total[low..high] = convolution of the kids' messages in sample s; gives low, high."""
    total[0] = 1.0
    low, high = 0, 0
    for i in range(n_kids):
        kid = kids[i]
        low, high = convolve(
            total, low, high, messages[kid, s], m_low[kid, s], m_high[kid, s], scratch
        )
        if high < low:
            return low, high
        for x in range(low, high + 1):
            total[x] = scratch[x]
    return low, high


@njit(cache=True, nogil=True)
def node_message(k, s, values, v_low, v_high, total, low, high, messages, m_low, m_high):  # type: ignore[no-untyped-def]
    """Message of clone k in sample s from its children's convolution; gives the log of its scale."""
    begin = max(v_low[k, s], low)
    end = v_high[k, s]
    if begin > end:
        return IMPOSSIBLE
    summed = 0.0
    for x in range(low, min(begin, high + 1)):
        summed += total[x]
    top = 0.0
    for x in range(begin, end + 1):
        if x <= high:
            summed += total[x]
        value = values[k, s, x] * summed
        messages[k, s, x] = value
        top = max(top, value)
    if top <= 0.0:
        return IMPOSSIBLE
    for x in range(begin, end + 1):
        messages[k, s, x] /= top
    m_low[k, s] = begin
    m_high[k, s] = end
    return math.log(top)


@njit(cache=True, nogil=True)
def find_kids(parents, node, kids):  # type: ignore[no-untyped-def]
    """Fill `kids` with the clones under a node (0: the root, j + 1: clone j); gives their number."""
    n = 0
    for k in range(parents.shape[0]):
        if parents[k] == node:
            kids[n] = k
            n += 1
    return n


@njit(cache=True, nogil=True)
def root_sum(kids, n_kids, s, messages, m_low, m_high, total, scratch):  # type: ignore[no-untyped-def]
    """Log of the root's sum in sample s."""
    low, high = children_message(kids, n_kids, s, messages, m_low, m_high, total, scratch)
    summed = 0.0
    for x in range(low, high + 1):
        summed += total[x]
    return math.log(summed) if summed > 0.0 else IMPOSSIBLE


@njit(cache=True, nogil=True)
def all_messages(parents, values, v_low, v_high, messages, m_low, m_high, scale):  # type: ignore[no-untyped-def]
    """Fill messages (K, S, G), their windows and log scales (K, S); gives log p(reads | tree) up to a constant.

    Leaves off at the first sample that the tree cannot hold and gives `IMPOSSIBLE`.
    """
    count, samples, size = values.shape
    order = np.empty(count, dtype=np.int64)
    kids = np.empty(count, dtype=np.int64)
    total = np.empty(size)
    scratch = np.empty(size)
    members = descending(parents, order)
    log_likelihood = 0.0
    for position in range(members):
        k = order[position]
        n_kids = find_kids(parents, k + 1, kids)
        for s in range(samples):
            low, high = children_message(kids, n_kids, s, messages, m_low, m_high, total, scratch)
            if high < low:
                return IMPOSSIBLE
            step = node_message(k, s, values, v_low, v_high, total, low, high, messages, m_low, m_high)
            if step == IMPOSSIBLE:
                return IMPOSSIBLE
            scale[k, s] = step
            log_likelihood += step
    n_kids = find_kids(parents, 0, kids)
    for s in range(samples):
        step = root_sum(kids, n_kids, s, messages, m_low, m_high, total, scratch)
        if step == IMPOSSIBLE:
            return IMPOSSIBLE
        log_likelihood += step
    return log_likelihood


@njit(cache=True, nogil=True)
def many_log_likelihoods(trees, values, v_low, v_high):  # type: ignore[no-untyped-def]
    """Log-likelihoods (T,) of trees (T, K) up to the constant `log_volume`; `IMPOSSIBLE` where none fits."""
    count, samples, size = values.shape
    messages = np.empty((count, samples, size))
    m_low = np.empty((count, samples), dtype=np.int64)
    m_high = np.empty((count, samples), dtype=np.int64)
    scale = np.empty((count, samples))
    out = np.empty(trees.shape[0])
    for t in range(trees.shape[0]):
        if sums_fit(trees[t], v_low, v_high, size):
            out[t] = all_messages(trees[t], values, v_low, v_high, messages, m_low, m_high, scale)
        else:
            out[t] = IMPOSSIBLE
    return out


def log_volume(clones: int, samples: int, size: int) -> float:
    """Log number of grid compositions of u over all samples: the constant the kernels leave out."""
    one = math.lgamma(size + clones) - math.lgamma(clones + 1) - math.lgamma(size)
    return samples * one
