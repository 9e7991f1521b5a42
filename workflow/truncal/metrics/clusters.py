"""Agreement of two partitions of the same mutations."""

from __future__ import annotations

import numpy as np


def contingency(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Table (true clusters, found clusters) of how many mutations two label arrays (N,) share."""
    _, rows = np.unique(truth, return_inverse=True)
    _, columns = np.unique(found, return_inverse=True)
    table = np.zeros((rows.max(initial=-1) + 1, columns.max(initial=-1) + 1), dtype=np.int64)
    np.add.at(table, (rows.reshape(-1), columns.reshape(-1)), 1)
    return table


def v_measure(truth: np.ndarray, found: np.ndarray) -> float:
    """Harmonic mean of homogeneity and completeness (Rosenberg & Hirschberg 2007, EMNLP-CoNLL, 410–420)."""
    table = contingency(truth, found).astype(float)
    total = table.sum()
    if total == 0:
        return 1.0
    joint = _entropy(table.ravel() / total)
    true_entropy, found_entropy = _entropy(table.sum(axis=1) / total), _entropy(table.sum(axis=0) / total)
    shared = true_entropy + found_entropy - joint
    homogeneity = shared / true_entropy if true_entropy > 0 else 1.0
    completeness = shared / found_entropy if found_entropy > 0 else 1.0
    if homogeneity + completeness <= 0:
        return 0.0
    return float(2 * homogeneity * completeness / (homogeneity + completeness))


def adjusted_rand_index(truth: np.ndarray, found: np.ndarray) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985, Journal of Classification 2:193)."""
    table = contingency(truth, found).astype(float)
    together = _pairs(table).sum()
    in_truth, in_found = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    every = _pairs(np.array([table.sum()]))[0]
    expected = in_truth * in_found / every if every > 0 else 0.0
    highest = (in_truth + in_found) / 2
    if highest == expected:
        return 1.0
    return float((together - expected) / (highest - expected))


def _entropy(shares: np.ndarray) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2
