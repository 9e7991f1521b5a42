"""Where a mutation arose: on the path to the most recent common ancestor of all sampled cancer cells or
below it."""

from __future__ import annotations

import numpy as np


def trunk_probability(
    trees: np.ndarray, weight: np.ndarray, draws: list[np.ndarray], tolerance: float
) -> np.ndarray:
    """Probability (K,) that a clone lies on the path to the MRCA of all sampled cancer cells.

    A clone does if every cancer cell of every sample descends from it: its DCF is the sum of the root
    clones', within `tolerance`. draws: for each tree (D, K, S) DCFs; weight: (T,) of the trees.
    """
    count = trees.shape[1]
    out = np.zeros(count)
    for parents, w, phi in zip(trees, weight, draws, strict=True):
        cancer = phi[:, parents == 0].sum(axis=1, keepdims=True)
        out += w * (phi >= (1.0 - tolerance) * cancer - 1e-12).all(axis=2).mean(axis=0)
    return out / weight.sum()


def mutation_trunk_probability(
    on_trunk: np.ndarray,
    membership: tuple[np.ndarray, np.ndarray, np.ndarray],
    outlier: np.ndarray,
    alone: np.ndarray,
) -> np.ndarray:
    """Probability (N,) that each mutation arose on the trunk.

    Σ_k P(n in k) P(k on the trunk); the share of an outlier, which is in no clone, takes `alone` (N,),
    what the mutation's own reads say (its p_clonal), or 0 where that is not known.
    """
    rows, columns, values = membership
    out, total = np.zeros(len(outlier)), np.zeros(len(outlier))
    np.add.at(out, rows, values * on_trunk[columns])
    np.add.at(total, rows, values)
    with np.errstate(invalid="ignore"):
        inside = np.where(total > 0, out / np.where(total > 0, total, 1.0), np.nan)
    outside = np.where(np.isnan(alone), 0.0, alone)
    rest = np.clip(outlier, 0.0, 1.0)
    return np.where(np.isnan(inside), outside, (1 - rest) * np.nan_to_num(inside) + rest * outside)
