"""Draws of all DCFs given a tree: Gibbs over the clones, each within the room that the tree leaves it."""

from __future__ import annotations

import numpy as np

from truncal.ccf.jit import njit
from truncal.phylogeny.evidence import Evidence


@njit(cache=True, nogil=True)
def _inside(weights, low, width, cumulative, begin, end, uniform):
    """Draw from a piecewise constant density cut to begin..end; its nearest end where they do not meet."""
    points = weights.shape[0]
    high = low + points * width
    if end <= low:
        return end
    if begin >= high:
        return begin
    first = _mass(low, width, cumulative, points, begin)
    last = _mass(low, width, cumulative, points, end)
    if last - first <= 1e-14:
        return begin + uniform * (end - begin)
    target = first + uniform * (last - first)
    left, right = 0, points
    while right - left > 1:
        middle = (left + right) // 2
        if cumulative[middle] <= target:
            left = middle
        else:
            right = middle
    step = cumulative[left + 1] - cumulative[left]
    part = (target - cumulative[left]) / step if step > 0 else 0.5
    return min(max(low + (left + part) * width, begin), end)


@njit(cache=True, nogil=True)
def _mass(low, width, cumulative, points, x):
    place = (x - low) / width
    if place <= 0:
        return 0.0
    if place >= points:
        return cumulative[points]
    i = int(place)
    return cumulative[i] + (place - i) * (cumulative[i + 1] - cumulative[i])


@njit(cache=True, nogil=True)
def _gibbs(seed, parents, start, warm, thin, weights, low, width, out):
    np.random.seed(seed)  # noqa: NPY002 (numba's own generator)
    count, samples, points = weights.shape
    cumulative = np.zeros((count, points + 1))
    phi = np.empty(count)
    below = np.empty(count + 1)
    for s in range(samples):
        for k in range(count):
            cumulative[k, 0] = 0.0
            for i in range(points):
                cumulative[k, i + 1] = cumulative[k, i] + weights[k, s, i]
        phi[:] = start[:, s]
        below[:] = 0.0
        for k in range(count):
            below[parents[k]] += phi[k]
        for sweep in range(warm + out.shape[0] * thin):
            for k in range(count):
                p = parents[k]
                ceiling = 1.0 if p == 0 else phi[p - 1]
                end = ceiling - (below[p] - phi[k])
                begin = below[k + 1]
                if end > begin:
                    new = _inside(
                        weights[k, s],
                        low[k, s],
                        width[k, s],
                        cumulative[k],
                        begin,
                        end,
                        np.random.random(),  # noqa: NPY002
                    )
                    below[p] += new - phi[k]
                    phi[k] = new
            if sweep >= warm and (sweep - warm) % thin == thin - 1:
                out[(sweep - warm) // thin, :, s] = phi


def draw_fractions(
    parents: np.ndarray, facts: Evidence, start: np.ndarray, draws: int, seed: int
) -> np.ndarray:
    """Draws (draws, K, S) of every clone's DCF in every sample given the tree.

    start: (K, S) DCFs that the tree allows, e.g. the fit.
    """
    out = np.empty((draws, *start.shape))
    _gibbs(
        seed,
        np.ascontiguousarray(parents, dtype=np.int64),
        start,
        50,
        5,
        facts.weights,
        facts.low,
        facts.width,
        out,
    )
    return out
