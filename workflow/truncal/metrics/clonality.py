"""Whether probabilities of being clonal or truncal mean what they say."""

from __future__ import annotations

import numpy as np


def precision_recall(
    truth: np.ndarray, probability: np.ndarray, threshold: float = 0.5
) -> tuple[float, float]:
    """Precision and recall of `probability >= threshold` for boolean truth (N,); NaN where undefined."""
    called = probability >= threshold
    right = float((called & truth).sum())
    precision = right / called.sum() if called.any() else float("nan")
    recall = right / truth.sum() if truth.any() else float("nan")
    return precision, recall


def brier_score(truth: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared difference of probability and outcome (Brier 1950)."""
    return float(((probability - truth) ** 2).mean()) if truth.size else float("nan")


def expected_calibration_error(truth: np.ndarray, probability: np.ndarray, bins: int = 10) -> float:
    """Mean over equal-width bins of |mean outcome − mean probability|, weighted by the bins' sizes."""
    if not truth.size:
        return float("nan")
    bin_of = np.minimum((probability * bins).astype(np.int64), bins - 1)
    outcome = np.bincount(bin_of, weights=truth.astype(float), minlength=bins)
    predicted = np.bincount(bin_of, weights=probability, minlength=bins)
    return float(np.abs(outcome - predicted).sum() / truth.size)


def calibration_slope(truth: np.ndarray, probability: np.ndarray, iterations: int = 50) -> float:
    """Slope of the logistic regression of the outcome on the logit of its probability (Cox 1958); ideal is 1.

    Probabilities are clipped to 1e-4..1 − 1e-4. NaN where only one outcome occurs.
    """
    if not truth.size or truth.all() or not truth.any():
        return float("nan")
    clipped = np.clip(probability, 1e-4, 1 - 1e-4)
    design = np.column_stack([np.ones(truth.size), np.log(clipped / (1 - clipped))])
    weights = np.array([0.0, 1.0])
    for _ in range(iterations):
        fitted = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (truth - fitted))
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[1])
