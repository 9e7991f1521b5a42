"""Every tree that the clones' windows allow, for small numbers of clones."""

from __future__ import annotations

import numpy as np
from numba import njit

from truncal.phylogeny.evidence import Evidence


def possible_parents(facts: Evidence) -> list[np.ndarray]:
    """For each clone the nodes (0: normal root, j + 1: clone j) that can reach its lowest DCF in every sample."""
    count = len(facts.low)
    out = []
    for k in range(count):
        reach = (facts.high >= facts.low[k]).all(axis=1)
        reach[k] = False
        out.append(np.concatenate([[0], np.flatnonzero(reach) + 1]).astype(np.int64))
    return out


def enumerate_trees(facts: Evidence, *, several_roots: bool, limit: int) -> np.ndarray | None:
    """All trees (T, K) whose sums fit the windows; None if more than `limit` combinations had to be tried."""
    options = possible_parents(facts)
    if np.prod([float(len(choice)) for choice in options]) > limit:
        return None
    widest = max(map(len, options))
    table = np.full((len(options), widest), -1, dtype=np.int64)
    for k, choice in enumerate(options):
        table[k, : len(choice)] = choice
    sizes = np.array([len(choice) for choice in options], dtype=np.int64)
    found = _enumerate(table, sizes, facts.low, facts.high, facts.values.shape[2], several_roots)
    return found


@njit(cache=True, nogil=True)
def _enumerate(table, sizes, low, high, size, several_roots):  # type: ignore[no-untyped-def]
    """Depth-first over parents, one clone at a time, with the sums of the lowest DCFs kept up to date."""
    count, samples = low.shape
    room = np.empty((count + 1, samples), dtype=np.int64)
    for s in range(samples):
        room[0, s] = size - 1
        for k in range(count):
            room[k + 1, s] = high[k, s]
    parents = np.full(count, -1, dtype=np.int64)
    choice = np.full(count, -1, dtype=np.int64)
    found = np.empty((1024, count), dtype=np.int64)
    n_found = 0
    roots = 0
    k = 0
    while k >= 0:
        if parents[k] >= 0:  # take the last try back
            for s in range(samples):
                room[parents[k], s] += low[k, s]
            if parents[k] == 0:
                roots -= 1
            parents[k] = -1
        choice[k] += 1
        if choice[k] >= sizes[k]:
            choice[k] = -1
            k -= 1
            continue
        parent = table[k, choice[k]]
        if parent == 0 and roots == 1 and not several_roots:
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
