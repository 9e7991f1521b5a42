"""What the reads say for two clusters being one, and for one cluster being two, whatever the tree.

Both are log Bayes factors of two clusterings: the integral over DCFs (S,) of the members' likelihood, uniform
on 0..1, times the chance of the members' mixture, in which a component costs as in the clones step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.clones.prior import weight_cost
from truncal.phylogeny.reads import Reads

SWEEPS = 60

LEAST_MEMBERS = 3
"""A part of a cluster has at least this many mutations: fewer are outliers, not a clone."""

MANY = 400
"""Of more members, an evenly spaced part says how they divide, and the rest follows."""


def log_integral(log_likelihood: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """log ∫ L(φ) dφ over 0..1 by the trapezoid rule, over the last axis."""
    top = log_likelihood.max(axis=-1, keepdims=True)
    values = np.exp(log_likelihood - top)
    area = (0.5 * (values[..., 1:] + values[..., :-1]) * np.diff(grid)).sum(axis=-1)
    return top[..., 0] + np.log(np.maximum(area, 1e-300))


def mixture_gain(first: np.ndarray, second: np.ndarray) -> float:
    """Log of how much likelier memberships (N,) in two components are than in one; at most 0.

    Σ r·log(weight / r), the weights being the parts' shares: 0 where each mutation may be in either.
    """
    both = first + second
    total = both.sum()
    out = 0.0
    for part in (first, second):
        held = part > 1e-12
        share = part[held] / both[held]
        out += float((part[held] * (np.log(part.sum() / total) - np.log(share))).sum())
    return out


@dataclass(frozen=True)
class Parts:
    """A cluster's members in two parts.

    share: (N,) probability of each member of being in the first. log_likelihood: (2, S, G). gain: log Bayes
    factor by the reads alone of two parts against one.
    """

    share: np.ndarray
    log_likelihood: np.ndarray
    gain: float


def two_parts(reads: Reads, grid: np.ndarray, mutations: int) -> Parts | None:
    """The likeliest division of members in two; None where there are too few.

    grid: (G,) DCFs. mutations: of the whole patient. Expectation–maximisation from the signs of the first
    principal axis of the members' residuals, and of the three samples of most spread.
    """
    n = len(reads.alt)
    if n < 2 * LEAST_MEMBERS:
        return None
    logs = reads.log_likelihood(grid)
    some = np.arange(0, n, -(-n // MANY))
    whole = log_integral(logs.sum(axis=0), grid).sum()
    best: Parts | None = None
    for start in _starts(reads.of(some).residuals()):
        share = _maximised(logs[some], start)
        if share is not None and len(some) < n:
            share = _expected(logs, _sums(logs[some], share), float(share.mean()))
        if share is None:
            continue
        hard = int((share > 0.5).sum())
        if min(hard, n - hard) < LEAST_MEMBERS:
            continue
        sums = _sums(logs, share)
        gain = float(log_integral(sums, grid).sum() - whole)
        gain += mixture_gain(share, 1 - share) - weight_cost(mutations)
        if best is None or gain > best.gain:
            best = Parts(share, sums, gain)
    return best


def _starts(residual: np.ndarray) -> list[np.ndarray]:
    axis = np.linalg.svd(residual - residual.mean(axis=0), full_matrices=False)[2][0]
    axis = axis * np.sign(axis[np.abs(axis).argmax()])  # whatever sign the library gives
    spread = (residual**2).mean(axis=0)
    found = [residual @ axis]
    found += [residual[:, s] for s in np.argsort(-spread, kind="stable")[:3]]
    return [np.where(values > np.median(values), 0.9, 0.1) for values in found]


def _sums(logs: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Log-likelihood (2, S, G) of both parts."""
    first = np.einsum("n,nsg->sg", share, logs)
    return np.stack([first, logs.sum(axis=0) - first])


def _expected(logs: np.ndarray, sums: np.ndarray, weight: float) -> np.ndarray:
    """Probability (N,) of each member of being in the first part, at the parts' best DCFs."""
    at = sums.argmax(axis=2)
    samples = np.arange(logs.shape[1])
    odds = (logs[:, samples, at[0]] - logs[:, samples, at[1]]).sum(axis=1) + np.log(weight / (1 - weight))
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -500, 500)))


def _maximised(logs: np.ndarray, share: np.ndarray) -> np.ndarray | None:
    """Memberships (N,) in the first part once they no longer change; None where a part dies out."""
    for _ in range(SWEEPS):
        weight = float(share.mean())
        if not 1e-6 < weight < 1 - 1e-6:
            return None
        new = _expected(logs, _sums(logs, share), weight)
        done = np.abs(new - share).max() < 1e-3
        share = new
        if done:
            break
    return share if 1e-6 < float(share.mean()) < 1 - 1e-6 else None
