"""Scores of a posterior over clone trees against a true tree, or against all trees its true frequencies
allow."""

from __future__ import annotations

import numpy as np

from truncal.phylogeny.enumeration import enumerate_trees
from truncal.phylogeny.posterior import ancestor_probability

TOLERANCE = 1e-5
"""Rounding of true frequencies that a sum rule may be off by."""

FLOOR = 1e-3
"""Probabilities are kept this far from 0 and 1 in the log score, so that one certain mistake is not
infinite."""


def consistent_trees(phi: np.ndarray, limit: int = 100_000) -> np.ndarray | None:
    """Every tree (T, K), several root clones allowed, whose sums hold for true frequencies (K, S).

    None if there are `limit` or more.
    """
    order = np.argsort(-phi.mean(axis=1), kind="stable")
    values = np.ascontiguousarray(phi[order])
    found = enumerate_trees(values, values + TOLERANCE, 1.0 + TOLERANCE, True, limit)
    if len(found) >= limit:
        return None
    trees = np.empty_like(found)
    trees[:, order] = np.concatenate([[0], order + 1])[found]
    return trees


def relation_probability(trees: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Probabilities (P, 3) that a is ancestor of b, its descendant, or on another branch, for every pair
    a < b."""
    up = ancestor_probability(trees, probability)
    rows, columns = np.triu_indices(trees.shape[1], 1)
    first, second = up[rows, columns], up[columns, rows]
    return np.stack([first, second, np.clip(1.0 - first - second, 0.0, 1.0)], axis=1)


def relationship_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean Jensen–Shannon divergence in bits over pairs; both (P, 3) (Wintersinger et al. 2022)."""
    if len(found) == 0:
        return 0.0
    middle = 0.5 * (found + truth)
    return float((_entropy(middle) - 0.5 * (_entropy(found) + _entropy(truth))).mean())


def _entropy(p: np.ndarray) -> np.ndarray:
    return -np.where(p > 0, p * np.log2(np.where(p > 0, p, 1.0)), 0.0).sum(axis=1)


def ancestor_scores(found: np.ndarray, parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Predicted (M,) and true (M,) "a is an ancestor of b" over all ordered pairs of clones.

    found: (K, K) probabilities; parents: (K,) of the true tree.
    """
    truth = ancestor_probability(parents[None], np.ones(1)) > 0.5
    off = ~np.eye(len(parents), dtype=bool)
    return np.clip(found[off], 0.0, 1.0), truth[off]


def log_score(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean log loss in bits, probabilities kept `FLOOR` away from 0 and 1."""
    p = np.clip(predicted, FLOOR, 1 - FLOOR)
    return float(-np.log2(np.where(truth, p, 1 - p)).mean())


def brier_score(predicted: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared error of the probabilities."""
    return float(((predicted - truth) ** 2).mean())


def calibration_slope(predicted: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> float:
    """Slope of the logistic regression of the truth on the logit of the prediction; 1 is calibrated,
    below 1 overconfident.

    weight: (M,) of each prediction, e.g. one over the pairs of its tumour.
    """
    p = np.clip(predicted, FLOOR, 1 - FLOOR)
    x = np.log(p / (1 - p))
    y = truth.astype(float)
    weight = weight / weight.sum()

    def loss(at: np.ndarray) -> float:
        return float((weight * np.logaddexp(0.0, np.where(truth, -1.0, 1.0) * (at[0] + at[1] * x))).sum())

    at = np.array([0.0, 1.0])
    for _ in range(100):  # Newton, halved while it does not descend
        q = 1 / (1 + np.exp(-np.clip(at[0] + at[1] * x, -30, 30)))
        r, w = weight * (y - q), weight * q * (1 - q)
        gradient = np.array([r.sum(), (r * x).sum()])
        matrix = np.array([[w.sum(), (w * x).sum()], [(w * x).sum(), (w * x * x).sum()]])
        step = np.linalg.solve(matrix + 1e-9 * np.eye(2), gradient)
        while np.abs(step).max() > 1e-9 and loss(at + step) > loss(at):
            step *= 0.5
        at += step
        if np.abs(step).max() <= 1e-9:
            break
    return float(at[1])


def ancestor_f1(found: list[tuple[str, str]], truth: list[tuple[str, str]]) -> float:
    """F1 of ordered pairs."""
    both = len(set(found) & set(truth))
    return 2 * both / (len(set(found)) + len(set(truth))) if found or truth else 1.0
