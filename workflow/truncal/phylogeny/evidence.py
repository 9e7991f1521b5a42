"""What the reads of each clone say about its DCF, as the tree kernels take it.

Each clone and sample has its own window of the DCF and `POINTS` midpoints in it, so that a cluster of
thousands of deep mutations is resolved as well as one of three shallow ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

POINTS = 32
"""Midpoints in each window."""

FINE = 64
"""Midpoints over the reads' own window when a model error is added."""

CUT = 14.0
"""The window ends where the log-likelihood is this far below its best (10⁻⁶)."""

REACH = np.sqrt(2 * CUT)
"""The same in standard deviations of a normal likelihood."""

LIMIT = 1.5
"""Windows go on beyond a DCF of 1 (chance alone puts reads there), so that a trunk's likelihood is not
cut off at 1, which
three moments would describe badly; the root's sum rule keeps every DCF to 1."""

FELT, FARTHEST = 4.0, 0.1
"""Log units, and distance from 1, of the point that tells how a gridded likelihood goes on beyond 1;
its peak may lie no farther beyond 1 either."""

NARROWEST = 1e-5
"""No window is narrower, whatever the depth."""

Density = Callable[[np.ndarray], np.ndarray]
"""Log-likelihood (K, S, M) at DCFs (K, S, M)."""


@dataclass(frozen=True)
class Evidence:
    """Likelihood of every clone's DCF in every sample, ready for the kernels.

    weights: (K, S, POINTS), likelihood at the midpoints low + (i + ½)·width, summing to 1.
    low, width: (K, S), begin of the window and distance of the midpoints.
    moments: (K, S, 4), mean, variance and third central moment of the weights, and their density at 0.
    log_scale: (K, S), log ∫ p(reads | DCF) dDCF, which every tree shares.
    """

    weights: np.ndarray
    low: np.ndarray
    width: np.ndarray
    moments: np.ndarray
    log_scale: np.ndarray

    @property
    def high(self) -> np.ndarray:
        """End of the window (K, S)."""
        return self.low + POINTS * self.width

    def subset(self, clones: np.ndarray) -> Evidence:
        """The same for some clones, in the order given."""
        return Evidence(
            self.weights[clones],
            self.low[clones],
            self.width[clones],
            self.moments[clones],
            self.log_scale[clones],
        )

    def sample(self, s: int) -> Evidence:
        """The same for one sample."""
        one = slice(s, s + 1)
        return Evidence(
            self.weights[:, one],
            self.low[:, one],
            self.width[:, one],
            self.moments[:, one],
            self.log_scale[:, one],
        )

    def midpoints(self) -> np.ndarray:
        """DCFs (K, S, POINTS) at which `weights` are given."""
        return self.low[:, :, None] + (np.arange(POINTS) + 0.5) * self.width[:, :, None]


def build_evidence(density: Density, peak: np.ndarray, model_error: float) -> Evidence:
    """Windows and weights of a log-likelihood with its maximum at `peak` (K, S).

    With a `model_error` the likelihood is convolved with a normal distribution of that standard
    deviation, because
    purity and copy number are estimates and the DCF is off by more than the number of reads would say.
    """
    top = density(peak[:, :, None])[:, :, 0]
    low, high = _window(density, peak, top)
    fine_width = (high - low) / FINE
    fine = low[:, :, None] + (np.arange(FINE) + 0.5) * fine_width[:, :, None]
    values = np.exp(density(fine) - top[:, :, None])
    log_scale = top + np.log(values.sum(axis=2) * fine_width)
    if model_error > 0:
        reach = REACH * model_error
        low = np.maximum(peak - np.hypot(peak - low, reach), 0.0)
        high = np.minimum(peak + np.hypot(high - peak, reach), LIMIT)
    width = (high - low) / POINTS
    points = low[:, :, None] + (np.arange(POINTS) + 0.5) * width[:, :, None]
    if model_error > 0:
        weights = _smoothed(points, fine, values, model_error)
    else:
        weights = np.exp(density(points) - top[:, :, None])
    weights /= weights.sum(axis=2, keepdims=True)
    mean = (weights * points).sum(axis=2)
    off = points - mean[:, :, None]
    moments = np.stack([mean, (weights * off**2).sum(axis=2), (weights * off**3).sum(axis=2)], axis=2)
    moments = np.concatenate([moments, _at_zero(weights, low, width)[:, :, None]], axis=2)
    return Evidence(weights, low, width, moments, log_scale)


def interval(facts: Evidence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low and high end of the 95 % interval of the DCFs, each (K, S) and at most 1."""
    cumulative = np.cumsum(facts.weights, axis=2)
    low, high = (
        np.minimum(facts.low + ((cumulative < q).sum(axis=2) + 0.5) * facts.width, 1.0)
        for q in (0.025, 0.975)
    )
    return np.minimum(facts.moments[..., 0], 1.0), low, high


def _at_zero(weights: np.ndarray, low: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Density (K, S) of the normalised likelihood at a DCF of 0, from its first points."""
    first, second = np.maximum(weights[:, :, 0], 1e-300), np.maximum(weights[:, :, 1], 1e-300)
    return np.where(low <= 0.0, np.minimum(first * np.sqrt(first / second), 2 * first) / width, 0.0)


def _smoothed(points: np.ndarray, fine: np.ndarray, values: np.ndarray, model_error: float) -> np.ndarray:
    out = np.empty(points.shape)
    for k in range(len(points)):  # one clone at a time keeps the memory small
        off = (points[k][:, :, None] - fine[k][:, None, :]) / model_error
        out[k] = np.einsum("spf,sf->sp", np.exp(-0.5 * off * off), values[k])
    return out


def _window(density: Density, peak: np.ndarray, top: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outermost DCFs (K, S) at which the log-likelihood is `CUT` below its top, by bisection."""
    ends = []
    for outer in (np.zeros_like(peak), np.full_like(peak, LIMIT)):
        inside, outside = peak.copy(), outer.copy()
        reached = density(outside[:, :, None])[:, :, 0] >= top - CUT
        for _ in range(30):
            middle = 0.5 * (inside + outside)
            holds = density(middle[:, :, None])[:, :, 0] >= top - CUT
            inside = np.where(holds, middle, inside)
            outside = np.where(holds, outside, middle)
        ends.append(np.where(reached, outer, outside))
    low, high = ends
    low = np.minimum(low, LIMIT - NARROWEST)
    return low, np.maximum(high, low + NARROWEST)


def grid_density(grid: np.ndarray, log_likelihood: np.ndarray) -> tuple[Density, np.ndarray]:
    """Log-likelihood between the points of a grid that rises from 0 to 1, and its peak (K, S).

    log_likelihood: (K, S, G). Between the points it is a cubic through the neighbours (Catmull–Rom) over
    the points' numbers, so the grid may be denser where it matters but must change smoothly.
    """
    count = len(grid)
    numbers = np.arange(count, dtype=float)
    logs = np.maximum(log_likelihood, log_likelihood.max(axis=2, keepdims=True) - 1e6)
    padded = np.concatenate(
        [2 * logs[:, :, :1] - logs[:, :, 1:2], logs, 2 * logs[:, :, -1:] - logs[:, :, -2:-1]], axis=2
    )

    slope, bend_out = _beyond(grid, logs)

    def density(at: np.ndarray) -> np.ndarray:
        beyond = np.maximum(at - 1.0, 0.0)
        place = np.interp(at, grid, numbers)
        left = np.minimum(place.astype(np.int64), count - 2)
        t = place - left
        p0, p1, p2, p3 = (np.take_along_axis(padded, left + shift, axis=2) for shift in range(4))
        curve = p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
        tail = beyond * (slope[:, :, None] + 0.5 * beyond * bend_out[:, :, None])
        return np.minimum(curve, np.maximum(p1, p2) + 20.0) + tail

    best = logs.argmax(axis=2)
    inner = np.clip(best, 1, count - 2)
    left, middle, right = (
        np.take_along_axis(logs, (inner + shift)[:, :, None], axis=2)[:, :, 0] for shift in (-1, 0, 1)
    )
    bend = left - 2 * middle + right
    shift = np.where((bend < 0) & (best == inner), 0.5 * (left - right) / np.where(bend < 0, bend, -1.0), 0.0)
    peak = np.interp(best + np.clip(shift, -0.5, 0.5), numbers, grid)
    outside = (best == count - 1) & (slope > 0)
    return density, np.where(outside, 1.0 - slope / bend_out, peak)


def _beyond(grid: np.ndarray, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and curvature (K, S) at 1 of the parabola that carries a log-likelihood on beyond 1.

    It goes through the likelihood at 1, at the nearest point that is `FELT` off (or `FARTHEST` away) and at
    one between: a grid that is dense at 1 has neighbours there that differ by rounding alone.
    """
    last = len(grid) - 1
    felt = np.abs(logs - logs[:, :, -1:]) >= FELT
    felt[:, :, grid <= 1.0 - FARTHEST] = True
    felt[:, :, -2:] = False
    far = last - 1 - np.argmax(felt[:, :, -2::-1], axis=2)
    far = np.minimum(far, last - 2)
    near = np.minimum(np.searchsorted(grid, 0.5 * (1.0 + grid[far])), last - 1)
    a, b = grid[near] - 1.0, grid[far] - 1.0
    f = (np.take_along_axis(logs, near[:, :, None], axis=2)[:, :, 0] - logs[:, :, -1]) / a
    g = (np.take_along_axis(logs, far[:, :, None], axis=2)[:, :, 0] - logs[:, :, -1]) / b
    bend = np.minimum(2.0 * (g - f) / (b - a), -1e-4)
    slope = f - 0.5 * bend * a
    bend = np.minimum(bend, -slope / FARTHEST)  # its peak is at most that far beyond 1
    return slope, bend


def binomial_density(alt: np.ndarray, ref: np.ndarray, share: np.ndarray) -> tuple[Density, np.ndarray]:
    """Binomial log-likelihood of the DCF, and its peak (K, S).

    alt, ref: (W, K, S) reads with and without the mutation, summed over a clone's mutations whose
    expected allele frequency is share[w]·DCF (Pairtree's `var_read_prob`).
    """

    def density(at: np.ndarray) -> np.ndarray:
        total = np.zeros(at.shape)
        for a, r, w in zip(alt, ref, share, strict=True):
            p = np.minimum(w * at, 1.0)
            total += a[:, :, None] * np.log(np.maximum(p, 1e-12))
            total += r[:, :, None] * np.log(np.maximum(1.0 - p, 1e-12))
        return total

    if len(share) == 1:
        depth = alt[0] + ref[0]
        return density, np.minimum(alt[0] / np.maximum(depth, 1) / share[0], LIMIT)
    low, high = np.zeros(alt.shape[1:]), np.full(alt.shape[1:], LIMIT)
    for _ in range(60):  # the log-likelihood is concave: bisect its slope
        middle = 0.5 * (low + high)
        p = np.clip(share[:, None, None] * middle, 1e-15, 1 - 1e-15)
        rising = (alt / middle - ref * share[:, None, None] / (1 - p)).sum(axis=0) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return density, 0.5 * (low + high)


def ancestry_log_weight(facts: Evidence) -> np.ndarray:
    """Log weight (K + 1, K) of each node (0: the normal root) as an ancestor of each clone.

    Σ_s log min(1, 2 P(DCF of the node ≥ DCF of the clone)), their DCFs taken independently from the
    likelihoods: equal DCFs count as well as larger ones.
    """
    mean, variance = facts.moments[..., 0], facts.moments[..., 1]
    count = len(mean)
    out = np.zeros((count + 1, count))
    for node in range(count):
        spread = np.sqrt(variance[node] + variance)
        z = (mean[node] - mean) / np.maximum(spread, 1e-12)
        out[node + 1] = np.minimum(_log_normal_cdf(z) + np.log(2.0), 0.0).sum(axis=1)
    return out


def _log_normal_cdf(z: np.ndarray) -> np.ndarray:
    """Log Φ(z), accurate to 1 % in the log (enough for proposals); z is cut off at −8."""
    z = np.maximum(z, -8.0)
    t = np.abs(z)
    tail = np.exp(-0.5 * t * t) / (1.64 * t + np.sqrt(0.76 * t * t + 4.0))  # Byrc 2002, approximated
    return np.log(np.where(z < 0, tail, 1.0 - tail))
