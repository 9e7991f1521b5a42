"""Beta-binomial likelihood of reads on a grid of DCF, marginal over copy-number states.

For a site with states k (see `copynumber.states`), purity ρ, total copy number C and normal copy number C₀ the
expected VAF at DCF φ is

    v_k(φ) = ρ u_k(φ) / (ρ C + (1 − ρ) C₀),    p = v (1 − ε) + (1 − v) ε

and log p(a | d, φ) = log Σ_k w_k(φ) BB(a | d, p_k(φ) s, (1 − p_k(φ)) s), the weights normalised over the states
that are possible at φ; s is the sample's precision (PyClone, Roth et al. 2014). The kernels are compiled; their
plain twin is in the tests.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FLOOR = -700.0
"""Lowest log-likelihood of one site: an observation no state explains stays finite."""


@njit(cache=True, nogil=True)
def log_beta_binomial(alt: float, depth: float, p: float, precision: float) -> float:
    """Log probability of `alt` of `depth` reads at expected frequency p, without the binomial coefficient.

    The coefficient does not depend on p and cancels everywhere except in sums over `alt`.
    """
    p = min(max(p, 1e-9), 1 - 1e-9)
    if precision > 1e7:  # the binomial limit
        return alt * math.log(p) + (depth - alt) * math.log1p(-p)
    a = p * precision
    b = (1 - p) * precision
    return (
        math.lgamma(alt + a)
        + math.lgamma(depth - alt + b)
        - math.lgamma(depth + precision)
        - math.lgamma(a)
        - math.lgamma(b)
        + math.lgamma(precision)
    )


@njit(cache=True, nogil=True)
def _site(alt, depth, scale, error, precision, states, grid, out, norm):  # type: ignore[no-untyped-def]
    """Add one site's states to out (G,) = log p(alt | depth, grid); norm (G,) is scratch."""
    size = grid.shape[0]
    out[:] = -np.inf
    norm[:] = 0.0
    for k in range(states.shape[0]):
        log_weight = states[k, 0]
        weight = math.exp(log_weight)
        flat = states[k, 1] == 0.0 and states[k, 2] == 0.0
        constant = log_beta_binomial(alt, depth, error, precision) if flat else 0.0
        for g in range(size):
            phi = grid[g]
            if phi < states[k, 3] - 1e-9 or phi > states[k, 4] + 1e-9:
                continue
            norm[g] += weight
            if flat:
                value = log_weight + constant
            else:
                v = scale * (states[k, 1] * phi + states[k, 2])
                p = v * (1 - error) + (1 - v) * error
                value = log_weight + log_beta_binomial(alt, depth, p, precision)
            top = max(out[g], value)
            out[g] = top + math.log(math.exp(out[g] - top) + math.exp(value - top))
    for g in range(size):
        out[g] = max(out[g] - math.log(norm[g]), FLOOR) if norm[g] > 0 else FLOOR


@njit(cache=True, nogil=True)
def grid_log_likelihood(alt, depth, scale, error, precision, index, start, values, grid):  # type: ignore[no-untyped-def]
    """Log-likelihood (n, G) of n observations on the grid.

    alt, depth, scale, error, precision: (n,); scale = ρ / (ρC + (1 − ρ)C₀). index, start, values: a
    `StateTable`. Each row is relative to its maximum over the grid.
    """
    n = alt.shape[0]
    size = grid.shape[0]
    out = np.empty((n, size))
    norm = np.empty(size)
    for i in range(n):
        rows = values[start[index[i]] : start[index[i] + 1]]
        _site(alt[i], depth[i], scale[i], error[i], precision[i], rows, grid, out[i], norm)
        out[i] -= out[i].max()
    return out


@njit(cache=True, nogil=True)
def precision_log_likelihood(alt, depth, scale, error, precisions, phi, index, start, values):  # type: ignore[no-untyped-def]
    """Log-likelihood (n, P) of n observations at known DCF `phi` (n,) for each of P precisions."""
    n = alt.shape[0]
    out = np.empty((n, precisions.shape[0]))
    norm = np.empty(1)
    point = np.empty(1)
    cell = np.empty(1)
    for i in range(n):
        rows = values[start[index[i]] : start[index[i] + 1]]
        point[0] = phi[i]
        for j in range(precisions.shape[0]):
            _site(alt[i], depth[i], scale[i], error[i], precisions[j], rows, point, cell, norm)
            out[i, j] = cell[0]
    return out


@njit(cache=True, nogil=True)
def censored_log_likelihood(depths, limits, scale, error, precision, index, start, values, grid):  # type: ignore[no-untyped-def]
    """Log probability (n, G) of fewer than `limits` alternative reads, mean over the depths.

    depths, limits: (n, D) reads and the caller's limit at each; other inputs as `grid_log_likelihood`.
    """
    n = depths.shape[0]
    size = grid.shape[0]
    out = np.empty((n, size))
    norm = np.empty(size)
    row = np.empty(size)
    for i in range(n):
        states = values[start[index[i]] : start[index[i] + 1]]
        total = np.zeros(size)
        for j in range(depths.shape[1]):
            depth = depths[i, j]
            for alt in range(min(limits[i, j], depth + 1)):
                ways = math.lgamma(depth + 1.0) - math.lgamma(alt + 1.0) - math.lgamma(depth - alt + 1.0)
                _site(float(alt), float(depth), scale[i], error[i], precision[i], states, grid, row, norm)
                for g in range(size):
                    total[g] += math.exp(ways + row[g])
        for g in range(size):
            out[i, g] = math.log(max(total[g] / depths.shape[1], 1e-300))
    return out


@njit(cache=True, nogil=True)
def state_summary(alt, depth, scale, error, precision, index, start, values, grid, posterior):  # type: ignore[no-untyped-def]
    """Expected CCF, mutated copies u and probability of no loss of n observations.

    posterior: (n, G) weights over the DCF grid, rows summing to 1. Returns (n, 3): CCF, u, P(no cell lost
    the mutation); and the distribution of the CCF over the grid (n, G).
    """
    n = alt.shape[0]
    size = grid.shape[0]
    summary = np.zeros((n, 3))
    spread = np.zeros((n, size))
    for i in range(n):
        states = values[start[index[i]] : start[index[i] + 1]]
        count = states.shape[0]
        logs = np.empty(count)
        for g in range(size):
            mass = posterior[i, g]
            if mass < 1e-6:
                continue
            phi = grid[g]
            top = -np.inf
            for k in range(count):
                logs[k] = -np.inf
                if states[k, 3] - 1e-9 <= phi <= states[k, 4] + 1e-9:
                    v = scale[i] * (states[k, 1] * phi + states[k, 2])
                    p = v * (1 - error[i]) + (1 - v) * error[i]
                    logs[k] = states[k, 0]
                    if depth[i] > 0:
                        logs[k] += log_beta_binomial(alt[i], depth[i], p, precision[i])
                    top = max(top, logs[k])
            if top == -np.inf:
                continue
            total = 0.0
            for k in range(count):
                total += math.exp(logs[k] - top)
            for k in range(count):
                share = mass * math.exp(logs[k] - top) / total
                if share == 0.0:
                    continue
                ccf = min(max(states[k, 5] * phi + states[k, 6], 0.0), 1.0)
                summary[i, 0] += share * ccf
                summary[i, 1] += share * (states[k, 1] * phi + states[k, 2])
                if states[k, 5] == 1.0 and states[k, 6] == 0.0:
                    summary[i, 2] += share
                spread[i, int(ccf * (size - 1) + 0.5)] += share
    return summary, spread
