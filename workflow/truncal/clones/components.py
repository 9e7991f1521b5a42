"""Each mutation as a mixture of explanations (cluster and copy-number state), and what that says of its CCF.

An explanation gives the CCF and the DCF of the mutation in every sample as normal distributions cut to 0..1;
the reads of the row narrow them where the explanation leaves room (a partial loss known from the copy number
to ± 0.05, say).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from truncal.ccf.jit import njit
from truncal.ccf.likelihood import interpolated
from truncal.clones.kernels import TABLE_STEP, branch_states, not_whole
from truncal.copynumber.states import LOST, LOST_BESIDE, slope

LEAST = 2e-3
"""Explanations less probable than this are left out."""

SLACK = 0.5
"""Copies beyond those of its allele that a mutation which fits nothing may seem to have."""

LEAST_STRAY = 1e-3
"""Strays less probable than this are left out."""

RETAINED_WITHIN = 0.02
"""A loss in fewer cancer cells than this does not count."""

TWO_SIDED = 1.959963984540054
"""Standard deviations from the mean to the 2.5 % and 97.5 % quantiles of a normal distribution."""

CLOSE = 1e-8
"""Within this of a part's quantile the mixture's distribution function is looked at."""


class Summary(NamedTuple):
    """Arrays (N, S), except p_clonal (N,). ccf and dcf: (N, S, 3), mean, 2.5 % and 97.5 % quantile. p_clonal:
    in all samples together; clonal_here: in each by itself."""

    ccf: np.ndarray
    dcf: np.ndarray
    copies: np.ndarray
    retained: np.ndarray
    p_clonal: np.ndarray
    clonal_here: np.ndarray


@njit
def _normal_cdf(x):
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@njit
def _quantile(weight, mean, spread, count, probability, deviations):
    """Quantile of a mixture of normal distributions cut to 0..1 (mass beyond an end sits on it).

    deviations: the same quantile of a standard normal distribution. The mixture's is between its parts'.
    """
    low, high = 0.0, 1.0
    at_zero = 0.0
    below_one = 0.0
    least, most = np.inf, -np.inf
    for i in range(count):
        own = mean[i] + (0.0 if spread[i] < 1e-6 else deviations * spread[i])
        least, most = min(least, own - CLOSE), max(most, own + CLOSE)
        if spread[i] < 1e-6:
            at_zero += weight[i] if mean[i] <= 0.0 else 0.0
            below_one += weight[i] if mean[i] < 1.0 else 0.0
        else:
            at_zero += weight[i] * _normal_cdf(-mean[i] / spread[i])
            below_one += weight[i] * _normal_cdf((1.0 - mean[i]) / spread[i])
    if at_zero >= probability:
        return 0.0
    if below_one < probability:
        return 1.0
    for _ in range(40):
        middle = 0.5 * (low + high)
        if middle < least:
            low = middle
            continue
        if middle > most:
            high = middle
            continue
        total = 0.0
        for i in range(count):
            if spread[i] < 1e-6:
                total += weight[i] if mean[i] <= middle else 0.0
            else:
                total += weight[i] * _normal_cdf((middle - mean[i]) / spread[i])
        if total < probability:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@njit
def _cut_mean(mean, spread):
    """Mean of a normal distribution cut to 0..1."""
    if spread < 1e-6:
        return min(max(mean, 0.0), 1.0)
    a, b = -mean / spread, (1.0 - mean) / spread
    density = (math.exp(-0.5 * a * a) - math.exp(-0.5 * b * b)) / math.sqrt(2 * math.pi)
    inside = _normal_cdf(b) - _normal_cdf(a)
    return mean * inside + spread * density + 1.0 - _normal_cdf(b)


@njit
def _with_strays(weight, apart, mean, spread, stray, stray_spread, count, out):
    """Fill out (3, 2 × most) with weights, means and spreads of explanations in one sample, strays apart; how
    many they are."""
    size = 0
    for i in range(count):
        other = weight[i] * apart[i]
        if other < LEAST_STRAY:
            other = 0.0
        out[0, size], out[1, size], out[2, size] = weight[i] - other, mean[i], spread[i]
        size += 1
        if other > 0.0:
            out[0, size], out[1, size], out[2, size] = other, stray[i], stray_spread[i]
            size += 1
    return size


@njit
def _narrowed(u, variance, alt, depth, scale, error, overdispersion):
    """Mean and variance of u ~ N(u, variance) after the row's reads, in the normal approximation."""
    if variance <= 0.0 or depth <= 0.0:
        return u, variance
    seen, noise = _said(alt, depth, scale, error, overdispersion)
    gain = variance / (variance + noise)
    return u + gain * (seen - u), variance * (1 - gain)


@njit
def _said(alt, depth, scale, error, overdispersion):
    """Mutated copies that a row's reads say, and their variance, in the normal approximation."""
    v = max((alt / depth - error) / (1 - 2 * error), 0.0)
    p = (alt + 0.5) / (depth + 1.0)
    noise = p * (1 - p) / depth * (1 + (depth - 1) * overdispersion) / (scale * scale)
    return v / scale, noise


@njit
def _clonal_anyway(u, spread, log_missed, major, at_least):
    """Bayes factor of one sample for a mutation whose copies fit nothing to be in every cancer cell there.

    Copies of at least `at_least`, against any number up to the allele's. u, spread: what its reads say;
    spread < 0: it is not listed, and log_missed (U,) says what that tells.
    """
    most = max(major, 1.0) + SLACK
    if spread < 0:
        mean = 0.0
        for step in range(8):
            mean += math.exp(interpolated(log_missed, TABLE_STEP, most * (step + 0.5) / 8)) / 8
        return math.exp(interpolated(log_missed, TABLE_STEP, 1.0)) / mean
    return (1.0 - _normal_cdf((at_least - u) / max(spread, 1e-6))) / (1.0 - at_least / most)


@njit(cache=True, nogil=True)
def summarise(
    rows,
    ceiling,
    responsibility,
    trunk_start,
    trunk_u,
    trunk_log,
    trunk_kind,
    start,
    change,
    log_weight,
    kind,
    cn_variance,
    phi,
    phi_variance,
    added,
    spread,
    stray,
    doubled,
    major,
    at_least,
):
    """Fill a `Summary` for all mutations; trunk_log: joint log-likelihoods of the trunk states.

    responsibility: (N, 1 + K + 1) with the trunk first and outliers last. added: (K, S) copies that a
    later doubling adds to phi's cells, which the DCF is phi less. spread: (K, S) variance of the members'
    DCFs around the cluster's. stray: `STRAY`, `STRAY_RATIO` and `LEAST_ROOM` of `spread`. doubled: (S,)
    fraction of doubled cancer cells. major: (N, S). at_least: CCF that counts as clonal.
    """
    alt, depth, scale, error, overdispersion, _whole, _floor, table, _unlisted, tables = rows
    sites, samples = alt.shape
    clusters = phi.shape[0]
    most = 256
    weight = np.empty(most)
    # where the mutation is a stray, with probability `apart` in each sample
    apart = np.empty((samples, most))
    c_stray, c_stray_spread = np.empty((samples, most)), np.empty((samples, most))
    d_stray, d_stray_spread = np.empty((samples, most)), np.empty((samples, most))
    both = np.empty((3, 2 * most))
    c_mean, c_spread = np.empty((samples, most)), np.empty((samples, most))
    d_mean, d_spread = np.empty((samples, most)), np.empty((samples, most))
    ccf, dcf = np.zeros((sites, samples, 3)), np.zeros((sites, samples, 3))
    copies, retained = np.zeros((sites, samples)), np.zeros((sites, samples))
    clonal, clonal_here = np.zeros(sites), np.zeros((sites, samples))
    trunk_share = min(max(responsibility[:, 0].mean(), 0.01), 0.99)
    scratch = np.empty(64)
    for n in range(sites):
        count = 0
        r = responsibility[n, 0]
        if r > LEAST:
            top = -np.inf
            for z in range(trunk_start[n], trunk_start[n + 1]):
                top = max(top, trunk_log[z])
            total = 0.0
            for z in range(trunk_start[n], trunk_start[n + 1]):
                total += math.exp(trunk_log[z] - top)
            for z in range(trunk_start[n], trunk_start[n + 1]):
                w = r * math.exp(trunk_log[z] - top) / total
                if w < LEAST or count == most:
                    continue
                weight[count] = w
                for s in range(samples):
                    d_mean[s, count], d_spread[s, count] = 1.0, 0.0
                    u = trunk_u[z, s]
                    beside = doubled[s] if trunk_kind[z] == LOST_BESIDE else 0.0
                    c = u - beside
                    lost = c < 1.0 - RETAINED_WITHIN
                    uncertain = abs(c - round(c)) > 1e-3 and c < 1.0
                    variance = cn_variance if uncertain else 0.0
                    mean = u
                    if table[n, s] == -1:
                        mean, variance = _narrowed(
                            u,
                            variance,
                            alt[n, s],
                            depth[n, s],
                            scale[n, s],
                            error[n, s],
                            overdispersion[n, s],
                        )
                    c_mean[s, count] = min(mean - beside, 1.0) if c < 1.0 else 1.0
                    c_spread[s, count] = math.sqrt(variance)
                    apart[s, count] = 0.0
                    copies[n, s] += w * mean
                    retained[n, s] += 0.0 if lost else w
                count += 1
        for k in range(clusters):
            r = responsibility[n, k + 1]
            if r <= LEAST:
                continue
            total = branch_states(
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
                -np.inf,
                scratch,
            )
            for z in range(start[n], start[n + 1]):
                w = r * math.exp(scratch[z - start[n]] - total)
                if w < LEAST or count == most:
                    continue
                weight[count] = w
                for s in range(samples):
                    f, own = max(phi[k, s] - added[k, s], 0.0), spread[k, s]
                    times = slope(kind[z])
                    loss = max(-change[z, s], 0.0) if kind[z] == LOST else 0.0
                    error_u = 0.0
                    if loss > 0.0:
                        error_u = phi_variance[k, s] + (cn_variance if not_whole(loss) else 0.0)
                    # u = u(φ_k) + what is the mutation's own, which its reads tell
                    gain, away = 0.0, 0.0
                    u = max(times * phi[k, s] + change[z, s], 0.0)
                    free = times * times * own + error_u
                    if free > 0.0 and table[n, s] == -1:
                        found, left = _narrowed(
                            u, free, alt[n, s], depth[n, s], scale[n, s], error[n, s], overdispersion[n, s]
                        )
                        gain, away = 1.0 - left / free, found - u
                    held = phi_variance[k, s] * (1 - gain) ** 2
                    if loss > 0.0:
                        mean = min(u + away - added[k, s], f)
                        c_mean[s, count], c_spread[s, count] = mean, math.sqrt(free * (1 - gain))
                        d_mean[s, count], d_spread[s, count] = f, math.sqrt(phi_variance[k, s] + own)
                        copies[n, s] += w * (mean + added[k, s])
                    else:
                        mean = f + away / times
                        d_mean[s, count], d_spread[s, count] = mean, math.sqrt(held + own * (1 - gain))
                        c_mean[s, count], c_spread[s, count] = mean, d_spread[s, count]
                        copies[n, s] += w * max(times * (mean + added[k, s]) + change[z, s], 0.0)
                    retained[n, s] += 0.0 if loss > RETAINED_WITHIN else w
                    # a member of another clone
                    far = own + stray[1] * max(f * (1.0 - f), stray[2])
                    wide = times * times * far + error_u
                    apart[s, count] = stray[0]
                    found, left = u, wide
                    if table[n, s] == -1 and depth[n, s] > 0:
                        seen, noise = _said(
                            alt[n, s], depth[n, s], scale[n, s], error[n, s], overdispersion[n, s]
                        )
                        least = noise + free + times * times * phi_variance[k, s]
                        widest = noise + wide + times * times * phi_variance[k, s]
                        log_ratio = 0.5 * (seen - u) ** 2 * (1.0 / least - 1.0 / widest)
                        log_ratio += 0.5 * math.log(least / widest)
                        odds = stray[0] / (1.0 - stray[0]) * math.exp(min(log_ratio, 50.0))
                        apart[s, count] = odds / (1.0 + odds)
                        found = u + wide / (wide + noise) * (seen - u)
                        left = wide * noise / (wide + noise)
                    if loss > 0.0:
                        c_stray[s, count] = min(found - added[k, s], f)
                        c_stray_spread[s, count] = math.sqrt(left)
                        d_stray[s, count], d_stray_spread[s, count] = f, d_spread[s, count]
                    else:
                        c_stray[s, count] = f + (found - u) / times
                        c_stray_spread[s, count] = math.sqrt(left) / times
                        d_stray[s, count] = c_stray[s, count]
                        d_stray_spread[s, count] = c_stray_spread[s, count]
                count += 1
        r = responsibility[n, clusters + 1]
        if r > LEAST and count + 1 < most:
            odds = trunk_share / (1.0 - trunk_share)
            weight[count] = r
            for s in range(samples):
                mean, variance = 0.5, 0.08
                if table[n, s] == -1:
                    mean, variance = _narrowed(
                        1.0, 1e6, alt[n, s], depth[n, s], scale[n, s], error[n, s], overdispersion[n, s]
                    )
                    odds *= _clonal_anyway(mean, math.sqrt(variance), tables[0], major[n, s], at_least)
                    m = max(1.0, min(round(mean), max(major[n, s], 1.0)))
                    copies[n, s] += r * max(mean, 0.0)
                    mean, variance = mean / m, variance / (m * m)
                else:
                    if table[n, s] >= 0:
                        odds *= _clonal_anyway(0.0, -1.0, tables[table[n, s]], major[n, s], at_least)
                    copies[n, s] += r * mean
                c_mean[s, count], c_spread[s, count] = mean, math.sqrt(variance)
                d_mean[s, count], d_spread[s, count] = mean, math.sqrt(variance)
                apart[s, count], apart[s, count + 1] = 0.0, 0.0
                c_mean[s, count + 1], c_spread[s, count + 1] = 1.0, 0.0
                d_mean[s, count + 1], d_spread[s, count + 1] = 1.0, 0.0
                retained[n, s] += r
            weight[count + 1] = r * odds / (1.0 + odds)
            weight[count] = r / (1.0 + odds)
            count += 2
        kept = 0.0
        for i in range(count):
            kept += weight[i]
        for i in range(count):
            weight[i] /= kept
            joint = weight[i]
            for s in range(samples):
                if c_spread[s, i] < 1e-6:
                    here = 1.0 if c_mean[s, i] >= at_least else 0.0
                else:
                    here = 1.0 - _normal_cdf((at_least - c_mean[s, i]) / c_spread[s, i])
                joint *= here
                clonal_here[n, s] += weight[i] * here
            clonal[n] += joint
        for s in range(samples):
            copies[n, s] /= kept
            retained[n, s] /= kept
            for i in range(count):
                ccf[n, s, 0] += weight[i] * _cut_mean(c_mean[s, i], c_spread[s, i])
                dcf[n, s, 0] += weight[i] * _cut_mean(d_mean[s, i], d_spread[s, i])
            size = _with_strays(
                weight, apart[s], c_mean[s], c_spread[s], c_stray[s], c_stray_spread[s], count, both
            )
            ccf[n, s, 1] = _quantile(both[0], both[1], both[2], size, 0.025, -TWO_SIDED)
            ccf[n, s, 2] = _quantile(both[0], both[1], both[2], size, 0.975, TWO_SIDED)
            size = _with_strays(
                weight, apart[s], d_mean[s], d_spread[s], d_stray[s], d_stray_spread[s], count, both
            )
            dcf[n, s, 1] = _quantile(both[0], both[1], both[2], size, 0.025, -TWO_SIDED)
            dcf[n, s, 2] = _quantile(both[0], both[1], both[2], size, 0.975, TWO_SIDED)
    return ccf, dcf, copies, retained, clonal, clonal_here
