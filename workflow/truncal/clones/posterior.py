"""Posterior of a cluster's DCF in each sample, on windows that follow the data's resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truncal.ccf.jit import njit
from truncal.ccf.model import ReadModel
from truncal.clones.kernels import profile, state_shares
from truncal.clones.prior import LOG_BETWEEN, LOG_ONE, LOG_ZERO

FIRST, ZOOMED = 33, 17
"""Points of the first look at 0..1 and of each narrower window."""

REACH = 12.0
"""A window ends where the log-likelihood is this far below its best."""

WHOLE = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, FIRST))


@dataclass(frozen=True)
class Centre:
    """Posterior of a cluster's DCF: mean and variance (S,), log marginal likelihood (S,), window low and high
    (S,).

    p_zero, p_one: (S,) posterior of the spikes at 0 and 1. occam: (S,) log marginal minus log-likelihood at
    the mean.
    """

    mean: np.ndarray
    variance: np.ndarray
    log_marginal: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_zero: np.ndarray
    p_one: np.ndarray
    occam: np.ndarray


def cluster_posterior(
    model: ReadModel,
    members: np.ndarray,
    weights: np.ndarray,
    phi: np.ndarray,
    variance: np.ndarray,
    window: tuple[np.ndarray, np.ndarray] | None = None,
) -> Centre:
    """Posterior of the DCF of a cluster with `members` (indices) of given weights.

    phi, variance: (S,) where the members' copy-number states are weighed. window: low and high (S,) where to
    look first; without it the whole range is looked at.
    """
    states = model.states
    cn_variance = model.copy_number_error**2
    shares = state_shares(
        model.rows,
        model.ceiling,
        states.branch_start,
        states.branch_change,
        states.branch_log_weight,
        states.branch_kind,
        cn_variance,
        phi,
        variance,
        members,
    )
    samples = model.shape[1]
    low, high = window if window is not None else (np.full(samples, -1.0), np.full(samples, -1.0))
    out = _posterior(
        model.rows,
        states.branch_start,
        states.branch_change,
        states.branch_kind,
        cn_variance,
        members,
        weights,
        shares,
        phi,
        low,
        high,
    )
    return Centre(*out)


@njit(cache=True, nogil=True)
def _posterior(rows, start, change, kind, cn_variance, members, weights, shares, phi, low, high):
    """Fields of a `Centre`, (8, S)."""
    samples = low.shape[0]
    out = np.zeros((8, samples))
    ends_at = np.array([0.0, 1.0])
    for s in range(samples):
        points = WHOLE.copy() if low[s] < 0 else np.linspace(low[s], high[s], ZOOMED)
        values = profile(rows, start, change, kind, cn_variance, members, weights, shares, phi, s, points)
        left, right = 0, 0
        ends, known = np.empty(2), False
        for _ in range(6):
            if len(points) == FIRST:
                ends[0], ends[1], known = values[0], values[-1], True
            best = values.argmax()
            left, right = best, best
            while left > 0 and values[left - 1] > values[best] - REACH:
                left -= 1
            while right < len(points) - 1 and values[right + 1] > values[best] - REACH:
                right += 1
            if (best == 0 and points[0] > 0) or (best == len(points) - 1 and points[-1] < 1):
                points = WHOLE.copy()  # the window has been left
            elif right - left < 6:
                points = np.linspace(
                    points[max(left - 1, 0)], points[min(right + 1, len(points) - 1)], ZOOMED
                )
            else:
                break
            values = profile(rows, start, change, kind, cn_variance, members, weights, shares, phi, s, points)
        if points[0] == 0.0 and points[-1] == 1.0:
            ends[0], ends[1] = values[0], values[-1]
        elif not known:
            ends = profile(rows, start, change, kind, cn_variance, members, weights, shares, phi, s, ends_at)
        best = values.argmax()
        left, right = best, best
        while left > 0 and values[left - 1] > values[best] - REACH:
            left -= 1
        while right < len(points) - 1 and values[right + 1] > values[best] - REACH:
            right += 1
        out[3, s] = points[max(left - 1, 0)]
        out[4, s] = points[min(right + 1, len(points) - 1)]
        _summarise(points, values, ends, out[:, s])
    return out


@njit
def _summarise(points, values, ends, out):
    """Mean, variance, log marginal, spikes' posteriors and Occam factor of one sample into out (8,)."""
    top = max(values.max(), ends.max())
    total = math.exp(ends[0] - top + LOG_ZERO) + math.exp(ends[1] - top + LOG_ONE)
    zero, one = math.exp(ends[0] - top + LOG_ZERO), math.exp(ends[1] - top + LOG_ONE)
    first, second = one, one
    last = len(points) - 1
    for j in range(len(points)):
        width = 0.0
        if j > 0:
            width += 0.5 * (points[j] - points[j - 1])
        if j < last:
            width += 0.5 * (points[j + 1] - points[j])
        mass = math.exp(values[j] - top + LOG_BETWEEN) * width
        total += mass
        first += mass * points[j]
        second += mass * points[j] * points[j]
    mean = first / total
    out[0] = mean
    out[1] = max(second / total - mean * mean, 0.0)
    out[2] = top + math.log(total)
    out[5], out[6] = zero / total, one / total
    at_mean = ends[0]
    if mean > 1e-9:
        at_mean = np.interp(mean, points, values)
        if mean > 1 - 1e-9:
            at_mean = ends[1]
    out[7] = out[2] - at_mean
