"""Beta-binomial likelihood of reads at a mean number of mutated copies.

With purity ρ, total copy number C, normal copy number C₀, error rate ε and u mutated copies per cancer cell,

    v = ρ u / (ρ C + (1 − ρ) C₀),    p = v (1 − ε) + (1 − v) ε,    a ~ BetaBinomial(d, p, ω),

ω = 1 / (1 + precision) being the overdispersion, so that the variance of a/d is p(1 − p)(1/d + ω(1 − 1/d)).
What else is uncertain about p (u because of the copy number, C, a cluster's DCF) widens the same
distribution: a variance τ² of p adds τ² / (p(1 − p)) to ω. Binomial coefficients are left out throughout. The
kernels' plain twin is in the tests.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.jit import njit

BINOMIAL_BELOW = 1e-8
"""Overdispersion below which the binomial limit is used."""

LARGE = 1e4
"""Argument above which log Γ(x + n) − log Γ(x) is expanded; the terms left out are below 1 / (360 x³)."""

NEGLIGIBLE = 0.02
"""Uncertainty of p that adds less than this share to the variance of the reads is left out."""

MOST_OVERDISPERSED = 0.3
LOWEST_P = 1e-9


@njit
def log_gamma(x: float) -> float:
    """log Γ(x) for x > 0 by Stirling's series, shifted up where x is small; relative error below 1e-13."""
    shift = 0.0
    if x < 10.0:
        product = 1.0
        while x < 10.0:
            product *= x
            x += 1.0
        shift = math.log(product)
    inverse = 1.0 / x
    square = inverse * inverse
    series = inverse * (
        0.08333333333333333
        - square
        * (
            0.002777777777777778
            - square
            * (0.0007936507936507937 - square * (0.0005952380952380953 - square * 0.0008417508417508417))
        )
    )
    return (x - 0.5) * math.log(x) - x + 0.9189385332046727 + series - shift


@njit
def log_rising(x: float, count: float) -> float:
    """log Γ(x + count) − log Γ(x) for x > 0 and a whole number `count` ≥ 0."""
    if count < 10.0:
        product = 1.0
        for step in range(int(count)):
            product *= x + step
        return math.log(product)
    if x > LARGE:
        # Stirling's series, term by term: the two gammas are so large that their difference loses digits
        return (
            (x - 0.5) * math.log1p(count / x)
            + count * (math.log(x + count) - 1.0)
            + (1.0 / (x + count) - 1.0 / x) / 12.0
        )
    return log_gamma(x + count) - log_gamma(x)


@njit
def log_beta_binomial(alt: float, depth: float, p: float, overdispersion: float) -> float:
    """Log probability of `alt` of `depth` reads at expected frequency p, without the binomial coefficient."""
    p = min(max(p, LOWEST_P), 1 - LOWEST_P)
    if overdispersion < BINOMIAL_BELOW:
        return alt * math.log(p) + (depth - alt) * math.log1p(-p)
    size = 1.0 / min(overdispersion, MOST_OVERDISPERSED) - 1.0
    return log_rising(p * size, alt) + log_rising((1 - p) * size, depth - alt) - log_rising(size, depth)


@njit
def row_log_likelihood(alt, depth, scale, error, overdispersion, whole, floor, u, u_variance):
    """Log-likelihood of one site in one sample at u mutated copies.

    scale: ρ / (ρC + (1 − ρ)C₀). whole: log Γ(size + depth) − log Γ(size) of the overdispersion. u_variance:
    variance of u. floor: what the row is worth if nothing explains it; the two are mixed (`floor` includes
    the mixing weight).
    """
    v = min(max(scale * u, 0.0), 1.0)
    p = v * (1.0 - error) + (1.0 - v) * error
    p = min(max(p, LOWEST_P), 1 - LOWEST_P)
    widened = False
    if u_variance > 0.0:
        spread = scale * scale * u_variance * (1 - 2 * error) ** 2
        widened = spread * depth > NEGLIGIBLE * p * (1.0 - p)
    if widened:
        value = log_beta_binomial(alt, depth, p, overdispersion + spread / max(p * (1.0 - p), 1e-6))
    elif overdispersion < BINOMIAL_BELOW:
        value = alt * math.log(p) + (depth - alt) * math.log1p(-p)
    else:
        size = 1.0 / overdispersion - 1.0
        value = log_rising(p * size, alt) + log_rising((1 - p) * size, depth - alt) - whole
    if value > floor + 30.0:
        return value
    if value < floor - 30.0:
        return floor
    return log_sum(value, floor)


@njit
def log_sum(one: float, other: float) -> float:
    """log(exp(one) + exp(other))."""
    return max(one, other) + math.log(1.0 + math.exp(min(one, other) - max(one, other)))


@njit(cache=True, nogil=True)
def row_constants(alt, depth, overdispersion):
    """What no frequency enters, of arrays (N, S): (2, N, S).

    First log Γ(size + depth) − log Γ(size), 0 in the binomial limit; then log ∫₀¹ p^a (1 − p)^(d − a) dp.
    """
    out = np.zeros((2, *depth.shape))
    for n in range(depth.shape[0]):
        for s in range(depth.shape[1]):
            a, d = alt[n, s], depth[n, s]
            if overdispersion[n, s] >= BINOMIAL_BELOW:
                out[0, n, s] = log_rising(1.0 / overdispersion[n, s] - 1.0, d)
            out[1, n, s] = log_gamma(a + 1.0) + log_gamma(d - a + 1.0) - log_gamma(d + 2.0)
    return out


@njit
def interpolated(table, step, u):
    """Value at u of a table (T,) over u = 0, step, 2 step, …; the last value beyond its end."""
    place = u / step
    index = int(place)
    if index >= table.shape[0] - 1:
        return table[-1]
    part = place - index
    return table[index] * (1.0 - part) + table[index + 1] * part


@njit(cache=True, nogil=True)
def censored_log_likelihood(depths, limits, scale, error, overdispersion, u):
    """Log probability (n, U) of fewer alternative reads than the caller's limit, mean over imagined depths.

    depths, limits: (n, D). scale, error, overdispersion: (n,). u: (U,) mutated copies per cancer cell.
    """
    n, size = depths.shape[0], u.shape[0]
    out = np.empty((n, size))
    for i in range(n):
        for j in range(size):
            v = min(scale[i] * u[j], 1.0)
            p = v * (1.0 - error[i]) + (1.0 - v) * error[i]
            total = 0.0
            for k in range(depths.shape[1]):
                depth = depths[i, k]
                for alt in range(min(limits[i, k], depth + 1)):
                    ways = log_gamma(depth + 1.0) - log_gamma(alt + 1.0) - log_gamma(depth - alt + 1.0)
                    total += math.exp(ways + log_beta_binomial(alt, depth, p, overdispersion[i]))
            out[i, j] = math.log(max(min(total / depths.shape[1], 1.0), 1e-300))
    return out
