"""Compiled likelihoods of mutations under clusters, marginal over copy-number states.

A cluster is a DCF φ (S,) with its variance; the trunk is φ = 1 in every sample. For mutation n and cluster k

    p(n | k) = Σ_z w_z Π_s p(reads_ns | u_zs(φ_ks)),

the states z being shared by all samples (see `copynumber.states`).
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.jit import njit
from truncal.ccf.likelihood import interpolated, log_beta_binomial, log_sum, row_log_likelihood
from truncal.copynumber.states import GAINED, LOST, UNTOUCHED, slope

TABLE_STEP = 0.05
NEED_SPREAD = 0.02
"""Standard deviation, beyond that of copy number and cluster, within which φ may fall short of what a state
needs."""


LISTED_ANYWAY = math.log(1 - 2e-3)
"""Log of the most that the chance of not being listed is, as rows may be explained by nothing."""

HOPELESS = 25.0
"""A cluster this far (log) below another is not weighed for a mutation."""


@njit
def _row(rows, n, s, u, variance):
    alt, depth, scale, error, overdispersion, whole, floor, table, _unlisted, tables = rows
    which = table[n, s]
    if which == -2:
        return 0.0
    if which >= 0:
        return interpolated(tables[which], TABLE_STEP, u)
    return row_log_likelihood(
        alt[n, s],
        depth[n, s],
        scale[n, s],
        error[n, s],
        overdispersion[n, s],
        whole[n, s],
        floor[n, s],
        u,
        variance,
    )


@njit
def log_unlisted(rows, n, s, u):
    """Log probability that sample s does not list site n at u mutated copies; 0 where that tells nothing."""
    which = rows[8][n, s]
    if which < 0:
        return 0.0
    return min(interpolated(rows[9][which], TABLE_STEP, u), LISTED_ANYWAY)


@njit
def log_listed(rows, n, phi):
    """Log probability that any sample lists site n, one copy mutated, at DCF phi (S,).

    A mutation is known because some sample lists it: its likelihood is conditional on that.
    """
    missed, told = 0.0, False
    for s in range(phi.shape[0]):
        if rows[8][n, s] >= 0:
            missed += log_unlisted(rows, n, s, phi[s])
            told = True
    return math.log1p(-math.exp(missed)) if told else 0.0


@njit(cache=True, nogil=True)
def trunk_listed(rows, start, u, log_weight):
    """Log probability (N,) that any sample lists each site, if it is on the trunk."""
    out = np.zeros(start.shape[0] - 1)
    for n in range(out.shape[0]):
        if rows[8][n].max() < 0:
            continue
        total = 0.0
        for z in range(start[n], start[n + 1]):
            missed = 0.0
            for s in range(u.shape[1]):
                missed += log_unlisted(rows, n, s, u[z, s])
            total += math.exp(log_weight[z]) * (1.0 - math.exp(missed))
        out[n] = math.log(total)
    return out


@njit
def not_whole(copies):
    """Whether a number of copies comes from a fractional mean, and so has its error."""
    return abs(copies - round(copies)) > 1e-6


@njit
def _spread_row(rows, n, s, u, variance):
    """Mean over a normal distribution of u, cut at 0, by Gauss–Hermite quadrature with three points."""
    if variance <= 0.0:
        return _row(rows, n, s, u, 0.0)
    away = math.sqrt(3.0 * variance)
    middle = _row(rows, n, s, u, 0.0)
    below = _row(rows, n, s, max(u - away, 0.0), 0.0)
    above = _row(rows, n, s, u + away, 0.0)
    top = max(middle, below, above)
    return top + math.log(
        math.exp(middle - top) * (2.0 / 3.0) + (math.exp(below - top) + math.exp(above - top)) / 6.0
    )


@njit(cache=True, nogil=True)
def trunk_states(rows, start, u, log_weight, doubled, cn_variance):
    """Joint log-likelihood (rows of u,) of each trunk state with its weight.

    doubled: (S,) fraction of cancer cells with a doubled genome; multiples of 1 + it are as good as whole.
    """
    samples = rows[0].shape[1]
    out = np.empty(u.shape[0])
    for n in range(start.shape[0] - 1):
        for z in range(start[n], start[n + 1]):
            total = log_weight[z]
            for s in range(samples):
                copies = u[z, s]
                if cn_variance > 0.0 and not_whole(copies / (1.0 + doubled[s])):
                    total += _spread_row(rows, n, s, copies, cn_variance)
                else:
                    total += _row(rows, n, s, copies, 0.0)
            out[z] = total
    return out


@njit
def _shortfall(phi, change, most, variance):
    """Log penalty of a DCF below the fraction of cells that a state's event needs, at `most` copies a
    cell."""
    need = abs(change) / most - phi
    if need <= 0.0:
        return 0.0
    return -0.5 * need * need / (variance + NEED_SPREAD * NEED_SPREAD)


@njit
def copies_at_most(change):
    """Copies that an event changes in one cell, from its means (S,) over cells."""
    most = 1.0
    for s in range(change.shape[0]):
        most = max(most, math.ceil(abs(change[s]) - 0.1))
    return most


@njit
def branch_states(
    rows, ceiling, n, phi, phi_variance, first, last, change, log_weight, kind, cn_variance, least, out
):
    """Joint log-likelihood of the branch states first..last of mutation n at φ (S,) into out; their log sum.

    ceiling: (N, S) the best any frequency can do. A state that can't reach `least` any more is given up
    (−inf).
    """
    samples = phi.shape[0]
    highest = 0.0
    for s in range(samples):
        highest += ceiling[n, s]
    top = -np.inf
    for z in range(first, last):
        possible = highest + log_weight[z]
        event = kind[z] == GAINED or kind[z] == LOST
        most = copies_at_most(change[z]) if event else 1.0
        for s in range(samples):
            if rows[7][n, s] == -2:
                continue
            if not event:
                value = _row(rows, n, s, slope(kind[z]) * phi[s], slope(kind[z]) ** 2 * phi_variance[s])
            else:
                variance = phi_variance[s] + (cn_variance if not_whole(change[z, s]) else 0.0)
                value = _spread_row(rows, n, s, max(phi[s] + change[z, s], 0.0), variance)
                value += _shortfall(phi[s], change[z, s], most, variance)
            possible += value - ceiling[n, s]
            if possible < least:
                possible = -np.inf
                break
        out[z - first] = possible
        top = max(top, possible)
    if top == -np.inf:
        return top
    total = 0.0
    for z in range(last - first):
        total += math.exp(out[z] - top)
    return top + math.log(total)


@njit(cache=True, nogil=True)
def branch_log_likelihood(
    rows,
    ceiling,
    start,
    change,
    log_weight,
    kind,
    cn_variance,
    mutations,
    clusters,
    phi,
    phi_variance,
    first,
    out,
):
    """Fill out (N, 1 + K + 1) for some mutations under some clusters with DCF phi (K, S) and its variance (K,
    S).

    first: (N,) which of `clusters` to try first for each mutation (−1: none). A cluster that is `HOPELESS`
    below the best of the row counts as impossible (−inf); the row's other columns must be filled in.
    """
    scratch = np.empty(128)
    for n in mutations:
        best = out[n].max()
        for turn in range(-1, clusters.shape[0]):
            place = first[n] if turn < 0 else turn
            if place < 0 or (turn >= 0 and place == first[n]):
                continue
            k = clusters[place]
            value = branch_states(
                rows,
                ceiling,
                n,
                phi[k],
                phi_variance[k],
                start[n],
                start[n + 1],
                change,
                log_weight,
                kind,
                cn_variance,
                best - HOPELESS,
                scratch,
            )
            value -= log_listed(rows, n, phi[k])
            out[n, k + 1] = value
            best = max(best, value)


@njit(cache=True, nogil=True)
def state_shares(rows, ceiling, start, change, log_weight, kind, cn_variance, phi, phi_variance, members):
    """Posterior of the branch states of `members` in one cluster: (their states in order,)."""
    total = 0
    for n in members:
        total += start[n + 1] - start[n]
    out = np.empty(total)
    place = 0
    scratch = np.empty(128)
    for n in members:
        count = start[n + 1] - start[n]
        whole = branch_states(
            rows,
            ceiling,
            n,
            phi,
            phi_variance,
            start[n],
            start[n + 1],
            change,
            log_weight,
            kind,
            cn_variance,
            -np.inf,
            scratch,
        )
        for z in range(count):
            out[place + z] = math.exp(scratch[z] - whole)
        place += count
    return out


@njit(cache=True, nogil=True)
def profile(rows, start, change, kind, cn_variance, members, weights, shares, phi, s, points):
    """Expected log-likelihood (P,) of a cluster's members at DCFs `points` in sample s.

    phi: (S,) DCFs, of which the other samples' count for the chance of being listed.
    """
    out = np.zeros(points.shape[0])
    for index in range(members.shape[0]):
        n = members[index]
        if rows[8][n, s] < 0:
            continue
        elsewhere = 0.0
        for other in range(phi.shape[0]):
            if other != s:
                elsewhere += log_unlisted(rows, n, other, phi[other])
        if elsewhere < -10.0:
            continue
        for j in range(points.shape[0]):
            missed = elsewhere + log_unlisted(rows, n, s, points[j])
            out[j] -= weights[index] * math.log1p(-math.exp(missed))
    place = 0
    for index in range(members.shape[0]):
        n = members[index]
        count = start[n + 1] - start[n]
        if rows[7][n, s] != -2:
            for z in range(count):
                share = shares[place + z] * weights[index]
                if share < 1e-3:
                    continue
                shift = change[start[n] + z, s]
                which = kind[start[n] + z]
                most = copies_at_most(change[start[n] + z])
                variance = cn_variance if not_whole(shift) else 0.0
                for j in range(points.shape[0]):
                    if which in (GAINED, LOST):
                        value = _spread_row(rows, n, s, max(points[j] + shift, 0.0), variance)
                        value += _shortfall(points[j], shift, most, variance)
                    else:
                        value = _row(rows, n, s, slope(which) * points[j], 0.0)
                    out[j] += share * value
        place += count
    return out


@njit(cache=True, nogil=True)
def grid_likelihood(rows, start, change, log_weight, kind, cn_variance, members, grid):
    """Log-likelihood (n, S, G) of single rows on a grid of DCF, states marginalised sample by sample."""
    samples, size = rows[0].shape[1], grid.shape[0]
    out = np.zeros((members.shape[0], samples, size))
    plain = np.empty(size)
    for i in range(members.shape[0]):
        n = members[i]
        for s in range(samples):
            if rows[7][n, s] == -2:
                continue
            for g in range(size):
                plain[g] = _row(rows, n, s, grid[g], 0.0)
            for g in range(size):
                total = 0.0
                for z in range(start[n], start[n + 1]):
                    if kind[z] == UNTOUCHED:
                        total += math.exp(log_weight[z])
                    elif kind[z] != GAINED and kind[z] != LOST:
                        value = _row(rows, n, s, slope(kind[z]) * grid[g], 0.0)
                        total += math.exp(log_weight[z] + min(value - plain[g], 600.0))
                    else:
                        shift = change[z, s]
                        variance = cn_variance if not_whole(shift) else 0.0
                        value = _spread_row(rows, n, s, max(grid[g] + shift, 0.0), variance)
                        value += _shortfall(grid[g], shift, copies_at_most(change[z]), variance)
                        total += math.exp(log_weight[z] + min(value - plain[g], 600.0))
                out[i, s, g] = plain[g] + math.log(total)
    return out


@njit(cache=True, nogil=True)
def overdispersion_log_likelihood(alt, depth, p, floor, candidates):
    """Log-likelihood (C,) of rows with expected frequency p (R,) for each candidate overdispersion.

    floor: (R,) what a row is worth where something else is wrong with it, its prior included.
    """
    out = np.zeros(candidates.shape[0])
    for i in range(alt.shape[0]):
        for j in range(candidates.shape[0]):
            value = log_beta_binomial(alt[i], depth[i], p[i], candidates[j])
            out[j] += log_sum(value, floor[i])
    return out
