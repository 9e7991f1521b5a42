"""Draws of all DCFs given a tree, from the root down: exact on the grid."""

from __future__ import annotations

import numpy as np
from numba import njit

from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.messages import IMPOSSIBLE, all_messages, convolve, find_kids


@njit(cache=True, nogil=True)
def _pick(weights, low, high, uniform):  # type: ignore[no-untyped-def]
    """Index in low..high drawn by weight."""
    total = 0.0
    for x in range(low, high + 1):
        total += weights[x]
    target = uniform * total
    running = 0.0
    for x in range(low, high + 1):
        running += weights[x]
        if running >= target and weights[x] > 0:
            return x
    return high


@njit(cache=True, nogil=True)
def _draw(parents, values, messages, m_low, m_high, uniforms, out):  # type: ignore[no-untyped-def]
    """out (D, K, S): grid indices of the DCFs; uniforms (D, S, 2K + 2)."""
    count, samples, size = values.shape
    kids = np.empty(count, dtype=np.int64)
    partial = np.empty((count + 1, size))
    p_low = np.empty(count + 1, dtype=np.int64)
    p_high = np.empty(count + 1, dtype=np.int64)
    weights = np.empty(size)
    stack = np.empty(count + 1, dtype=np.int64)
    for s in range(samples):
        # the tree is walked once a sample; the children's convolutions do not depend on the draw
        stack[0] = 0
        depth = 1
        used = 0
        while depth > 0:
            depth -= 1
            node = stack[depth]
            n_kids = find_kids(parents, node, kids)
            if n_kids == 0:
                continue
            partial[0, 0] = 1.0
            p_low[0] = 0
            p_high[0] = 0
            for i in range(n_kids):
                kid = kids[i]
                p_low[i + 1], p_high[i + 1] = convolve(
                    partial[i],
                    p_low[i],
                    p_high[i],
                    messages[kid, s],
                    m_low[kid, s],
                    m_high[kid, s],
                    partial[i + 1],
                )
                stack[depth] = kid + 1
                depth += 1
            for d in range(out.shape[0]):
                room = size - 1 if node == 0 else out[d, node - 1, s]
                rest = _pick(
                    partial[n_kids], p_low[n_kids], min(p_high[n_kids], room), uniforms[d, s, used]
                )
                for i in range(n_kids - 1, -1, -1):
                    kid = kids[i]
                    if i == 0:
                        out[d, kid, s] = rest
                        continue
                    low = max(m_low[kid, s], rest - p_high[i])
                    high = min(m_high[kid, s], rest - p_low[i])
                    for x in range(low, high + 1):
                        weights[x] = messages[kid, s, x] * partial[i, rest - x]
                    chosen = _pick(weights, low, high, uniforms[d, s, used + i])
                    out[d, kid, s] = chosen
                    rest -= chosen
            used += n_kids


def draw_fractions(
    parents: np.ndarray, facts: Evidence, draws: int, generator: np.random.Generator
) -> np.ndarray | None:
    """Draws (draws, K, S) of every clone's DCF in every sample given the tree; None if the tree holds nothing."""
    count, samples, size = facts.values.shape
    messages = np.empty((count, samples, size))
    low = np.empty((count, samples), dtype=np.int64)
    high = np.empty((count, samples), dtype=np.int64)
    scale = np.empty((count, samples))
    parents = np.ascontiguousarray(parents, dtype=np.int64)
    found = all_messages(parents, facts.values, facts.low, facts.high, messages, low, high, scale)
    if found == IMPOSSIBLE:
        return None
    out = np.zeros((draws, count, samples), dtype=np.int64)
    uniforms = generator.random((draws, samples, 2 * count + 2))
    _draw(parents, facts.values, messages, low, high, uniforms, out)
    return out / (size - 1)


def proportions(parents: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    """Clone proportions (draws, K + 1, S), the normal root first, of DCFs (draws, K, S): u = B⁻¹ φ."""
    draws, count, samples = fractions.shape
    out = np.zeros((draws, count + 1, samples))
    out[:, 0] = 1.0
    out[:, 1:] = fractions
    for k in range(count):
        out[:, parents[k]] -= fractions[:, k]
    return out
