"""Posterior of a cluster's DCF in each sample, on windows that follow the data's resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.ccf.model import ReadModel
from truncal.clones.kernels import profile, state_shares
from truncal.clones.prior import LOG_BETWEEN, LOG_ONE, LOG_ZERO

FIRST, ZOOMED = 33, 21
"""Points of the first look at 0..1 and of each narrower window."""

REACH = 12.0
"""A window ends where the log-likelihood is this far below its best."""


@dataclass(frozen=True)
class Centre:
    """Posterior of a cluster's DCF: mean and variance (S,), log marginal likelihood (S,), window low and high (S,).

    p_zero, p_one: (S,) posterior of the spikes at 0 and 1. occam: (S,) log marginal minus log-likelihood at the mean.
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
    model: ReadModel, members: np.ndarray, weights: np.ndarray, phi: np.ndarray, variance: np.ndarray,
    window: tuple[np.ndarray, np.ndarray] | None = None,
) -> Centre:  # fmt: skip
    """Posterior of the DCF of a cluster with `members` (indices) of given weights.

    phi, variance: (S,) where the members' copy-number states are weighed. window: low and
    high (S,) where to look first; without it the whole range is looked at.
    """
    states = model.states
    cn_variance = model.copy_number_error**2
    shares = state_shares(
        model.rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight, states.branch_kind,
        cn_variance, phi, variance, members,
    )  # fmt: skip
    samples = model.shape[1]
    out = np.zeros((8, samples))
    whole = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, FIRST))
    for s in range(samples):

        def look(points: np.ndarray, s: int = s) -> np.ndarray:
            return profile(
                model.rows, states.branch_start, states.branch_change, states.branch_kind, cn_variance, members, weights, shares, s, points
            )  # fmt: skip

        points = whole if window is None else np.linspace(window[0][s], window[1][s], ZOOMED)
        values = look(points)
        for _ in range(6):
            best = int(values.argmax())
            near = np.flatnonzero(values > values[best] - REACH)
            at_edge = (best == 0 and points[0] > 0) or (best == len(points) - 1 and points[-1] < 1)
            if at_edge:  # the window has been left
                points = whole
            elif len(near) < 7:
                points = np.linspace(
                    points[max(near[0] - 1, 0)], points[min(near[-1] + 1, len(points) - 1)], ZOOMED
                )
            else:
                break
            values = look(points)
        ends = look(np.array([0.0, 1.0]))
        out[:, s] = _summary(points, values, ends)
        low = points[max(near[0] - 1, 0)]
        high = points[min(near[-1] + 1, len(points) - 1)]
        out[3, s], out[4, s] = low, high
    return Centre(*out)


def _summary(points: np.ndarray, values: np.ndarray, ends: np.ndarray) -> tuple[float, ...]:
    """Mean, variance, log marginal, (window), spikes' posteriors."""
    top = max(values.max(), ends.max())
    width = np.zeros(len(points))
    steps = np.diff(points)
    width[:-1] += steps / 2
    width[1:] += steps / 2
    between = np.exp(values - top + LOG_BETWEEN) * width
    zero, one = np.exp(ends[0] - top + LOG_ZERO), np.exp(ends[1] - top + LOG_ONE)
    total = between.sum() + zero + one
    mean = ((between * points).sum() + one) / total
    second = ((between * points**2).sum() + one) / total
    variance = max(second - mean**2, 0.0)
    log_marginal = top + np.log(total)
    at_mean = ends[0] if mean < 1e-9 else np.interp(mean, points, values)
    return mean, variance, log_marginal, 0.0, 0.0, zero / total, one / total, log_marginal - at_mean
