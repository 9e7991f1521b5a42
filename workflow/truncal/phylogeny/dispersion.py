"""How much more the reads of one clone's mutations scatter than binomial ones do.

Pairtree's input has counts and clusters but no read model. Mutations of one cluster share their DCF, so the
spread of their allele frequencies tells the overdispersion ω, with variance p(1 − p)(1 + (d − 1) ω)/d at
depth d. Taken as binomial, overdispersed reads make the tree far too sure.
"""

from __future__ import annotations

import numpy as np

EXPECTED = 2.0
"""Least expected reads, with and without the mutation, of a row that says something about ω."""

PRIOR = 10.0
"""Degrees of freedom that ω = 0 counts as."""


def overdispersion(
    alt: np.ndarray, depth: np.ndarray, share: np.ndarray, label: np.ndarray, dcf: np.ndarray
) -> float:
    """ω of all rows, by the moments of Pearson's residuals; at least 0, and 0 where nothing tells.

    alt, depth, share: (N, S) reads and expected allele frequency at a DCF of 1. label: (N,) cluster, −1 for
    none. dcf: (K, S) that fits each cluster best.
    """
    found = free = weight = 0.0
    for k in range(len(dcf)):
        members = label == k
        d = depth[members]
        p = np.clip(share[members] * dcf[k], 0.0, 1.0)
        clear = d * np.minimum(p, 1 - p) >= EXPECTED
        rows = clear.sum(axis=0)
        lost = np.maximum(rows - 1, 0) / np.maximum(rows, 1)  # one DCF is fitted to these rows
        clear &= rows > 1
        expected = np.where(clear, d * p * (1 - p), 1.0)
        square = np.where(clear, (alt[members] - d * p) ** 2 / expected - lost, 0.0)
        found += float(square.sum())
        weight += float(np.where(clear, lost * (d - 1), 0.0).sum())
        free += float(np.where(clear, lost, 0.0).sum())
    if weight <= 0.0:
        return 0.0
    return float(np.clip(found / weight, 0.0, 1.0)) * free / (free + PRIOR)


def effective(reads: np.ndarray, depth: np.ndarray, omega: float) -> np.ndarray:
    """Independent reads that reads at this depth are worth."""
    return reads / (1.0 + np.maximum(depth - 1.0, 0.0) * omega)
