"""Every tree that the clones' windows allow, for small numbers of clones."""

from __future__ import annotations

import numpy as np

from truncal.ccf.jit import njit


@njit(cache=True, nogil=True)
def enumerate_trees(low, high, top, several_roots, limit):
    """All trees (T, K) in which no node's children need more than it has, by the ends of the windows (K, S);
    the root clones have `top` in all.

    Depth-first over the clones' parents, with the room left in every node kept up to date. Stops at
    `limit` trees; their number then equals it.
    """
    count, samples = low.shape
    room = np.empty((count + 1, samples))
    room[0] = top + 1e-9
    room[1:] = high + 1e-9
    parents = np.full(count, -1, dtype=np.int64)
    choice = np.full(count, -1, dtype=np.int64)
    found = np.empty((1024, count), dtype=np.int64)
    n_found = 0
    roots = 0
    k = 0
    while k >= 0 and n_found < limit:
        if parents[k] >= 0:  # take the last try back
            for s in range(samples):
                room[parents[k], s] += low[k, s]
            if parents[k] == 0:
                roots -= 1
            parents[k] = -1
        choice[k] += 1
        if choice[k] > count:
            choice[k] = -1
            k -= 1
            continue
        parent = choice[k]
        if parent == k + 1 or (parent == 0 and roots == 1 and not several_roots):
            continue
        fits = True
        for s in range(samples):
            if room[parent, s] < low[k, s]:
                fits = False
                break
        at = parent
        while fits and at > 0:  # no clone may be its own ancestor
            if at - 1 == k:
                fits = False
            else:
                at = parents[at - 1]
        if not fits:
            continue
        parents[k] = parent
        for s in range(samples):
            room[parent, s] -= low[k, s]
        if parent == 0:
            roots += 1
        if k + 1 < count:
            k += 1
            continue
        if n_found == found.shape[0]:
            larger = np.empty((2 * n_found, count), dtype=np.int64)
            larger[:n_found] = found
            found = larger
        found[n_found] = parents
        n_found += 1
    return found[:n_found]
