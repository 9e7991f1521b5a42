"""Maximum-likelihood clone frequencies on a tree, by an interior-point method whose Newton step costs O(K).

For each sample, Σ_k ℓ_k(φ_k) + μ Σ_v log u_v is maximised for μ falling to nothing, with u_v = φ_v − Σ
φ_children ≥ 0
and φ_root = 1. The Newton system is diagonal plus one rank-one term a node (over the node and its
children), so it is
solved exactly by one pass from the leaves and one back. The binomial log-likelihood is concave, so the
optimum is global; at the end it is within (K + 1) μ of it.
"""

from __future__ import annotations

import numpy as np

from truncal.ccf.jit import njit
from truncal.phylogeny.kernel import descending

END = 1e-7
"""The last μ."""


@njit(cache=True, nogil=True)
def _objective(phi, room, mu, alt, ref, share, s):
    total = 0.0
    for k in range(phi.shape[0]):
        for w in range(share.shape[0]):
            p = share[w] * phi[k]
            if alt[w, k, s] > 0:
                total += alt[w, k, s] * np.log(p)
            if ref[w, k, s] > 0:
                total += ref[w, k, s] * np.log(max(1.0 - p, 1e-300))
    for v in range(room.shape[0]):
        total += mu * np.log(room[v])
    return total


@njit(cache=True, nogil=True)
def _rooms(phi, parents, room):
    count = phi.shape[0]
    room[0] = 1.0
    room[1:] = phi
    for k in range(count):
        room[parents[k]] -= phi[k]
    low = room[0]
    for v in range(1, count + 1):
        low = min(low, room[v])
    return low


@njit(cache=True, nogil=True)
def _fit(parents, alt, ref, share, phi_out):
    count, samples = alt.shape[1], alt.shape[2]
    order = np.empty(count, dtype=np.int64)
    descending(parents, order)
    size = np.ones(count + 1)
    for i in range(count):
        size[parents[order[i]]] += size[order[i] + 1]
    phi = np.empty(count)
    room = np.empty(count + 1)
    new_room = np.empty(count + 1)
    a = np.empty(count + 1)
    b = np.empty(count + 1)
    beta = np.empty(count + 1)
    kappa = np.empty(count + 1)
    spring = np.empty(count + 1)
    step = np.zeros(count + 1)
    for s in range(samples):
        for k in range(count):
            phi[k] = size[k + 1] / (count + 1)
        _rooms(phi, parents, room)
        depth = 1.0
        for w in range(share.shape[0]):
            for k in range(count):
                depth += alt[w, k, s] + ref[w, k, s]
        mu = max(0.01 * depth, 1.0)
        while True:
            for _ in range(60):
                beta[:] = 0.0
                kappa[:] = 0.0
                decrement = 0.0
                for i in range(count):
                    k = order[i]
                    slope, bend = 0.0, 0.0
                    for w in range(share.shape[0]):
                        p = share[w] * phi[k]
                        q = max(1.0 - p, 1e-12)
                        slope += alt[w, k, s] / phi[k] - ref[w, k, s] * share[w] / q
                        bend += alt[w, k, s] / (phi[k] * phi[k]) + ref[w, k, s] * share[w] * share[w] / (
                            q * q
                        )
                    g = slope + mu / room[k + 1] - mu / room[parents[k]]
                    t = mu / (room[k + 1] * room[k + 1])
                    spring[k + 1] = t / (1.0 + t * kappa[k + 1])
                    a[k + 1] = bend + spring[k + 1]
                    b[k + 1] = g + spring[k + 1] * beta[k + 1]
                    kappa[parents[k]] += 1.0 / a[k + 1]
                    beta[parents[k]] += b[k + 1] / a[k + 1]
                    step[k + 1] = g
                t = mu / (room[0] * room[0])
                spring[0] = t / (1.0 + t * kappa[0])
                a[0] = -spring[0] * beta[0]  # the pull λ of the root on its children
                for i in range(count - 1, -1, -1):
                    k = order[i]
                    g = step[k + 1]
                    p = parents[k]
                    pull = a[0] if p == 0 else spring[p] * (step[p] - beta[p])
                    step[k + 1] = (b[k + 1] + pull) / a[k + 1]
                    decrement += g * step[k + 1]
                # as far as no room closes, then until the objective rises
                length = 1.0
                for v in range(count + 1):
                    change = step[v] if v > 0 else 0.0
                    for k in range(count):
                        if parents[k] == v:
                            change -= step[k + 1]
                    if change < 0.0:
                        length = min(length, -0.99 * room[v] / change)
                before = _objective(phi, room, mu, alt, ref, share, s)
                moved = False
                for _ in range(40):
                    trial = phi + length * step[1:]
                    if _rooms(trial, parents, new_room) > 0.0:
                        after = _objective(trial, new_room, mu, alt, ref, share, s)
                        if after >= before + 1e-4 * length * decrement:
                            phi[:] = trial
                            room[:] = new_room
                            moved = True
                            break
                    length *= 0.5
                if not moved or decrement < 0.02 * mu:
                    break
            if mu <= END:
                break
            mu = max(mu * 0.1, END)
        phi_out[:, s] = phi


def fit_tree(parents: np.ndarray, alt: np.ndarray, ref: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Clone frequencies (K, S) that maximise the binomial likelihood on a tree.

    alt, ref: (W, K, S) reads of each clone with and without its mutations, for expected allele frequencies
    share[w]·φ. Every node must be reachable from the root.
    """
    count, samples = alt.shape[1:]
    out = np.empty((count, samples))
    _fit(
        np.ascontiguousarray(parents, dtype=np.int64),
        np.ascontiguousarray(alt, dtype=np.float64),
        np.ascontiguousarray(ref, dtype=np.float64),
        np.ascontiguousarray(share, dtype=np.float64),
        out,
    )
    return out


def binomial_log_likelihood(
    phi: np.ndarray, alt: np.ndarray, ref: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Σ over w of alt·log(share·φ) + ref·log(1 − share·φ), (K, S); 0·log 0 = 0."""
    total = np.zeros(phi.shape)
    for a, r, w in zip(alt, ref, share, strict=True):
        p = np.clip(w * phi, 1e-300, 1.0)
        total += np.where(a > 0, a * np.log(p), 0.0)
        total += np.where(r > 0, r * np.log(np.maximum(1.0 - p, 1e-300)), 0.0)
    return total


def proportions(parents: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Clone proportions (…, K + 1, S), the normal root first, of DCFs (…, K, S): u = B⁻¹ φ."""
    shape = (*phi.shape[:-2], phi.shape[-2] + 1, phi.shape[-1])
    out = np.ones(shape)
    out[..., 1:, :] = phi
    for k, parent in enumerate(parents):
        out[..., parent, :] -= phi[..., k, :]
    return out
