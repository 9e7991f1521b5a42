"""Scores of one tumour's clustering against its truth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.datasets import Tumour
from truncal.metrics.ccf import interval_coverage, mean_absolute_error
from truncal.metrics.clonality import brier_score, expected_calibration_error, precision_recall
from truncal.metrics.clusters import adjusted_rand_index, v_measure


@dataclass
class Prediction:
    """What a tool says of a tumour: per mutation, and per (mutation, sample) as (estimate, low, high)."""

    cluster: dict[str, str] = field(default_factory=dict)
    ccf: dict[tuple[str, str], tuple[float, float, float]] = field(default_factory=dict)
    dcf: dict[tuple[str, str], tuple[float, float, float]] = field(default_factory=dict)
    p_clonal: dict[str, float] = field(default_factory=dict)
    p_truncal: dict[str, float] = field(default_factory=dict)
    outlier: dict[str, float] = field(default_factory=dict)


def score(tumour: Tumour, found: Prediction) -> dict[str, float]:
    """Every measure that this tumour's truth allows; mutations the tool dropped are clusters of their own."""
    truth = tumour.truth
    out: dict[str, float] = {}
    if truth.cluster:
        real = [name for name in truth.cluster if name not in truth.noise]
        known = np.array([truth.cluster[name] for name in real])
        labels = np.array([found.cluster.get(name, f"dropped {name}") for name in real])
        out["V"] = v_measure(known, labels)
        out["ARI"] = adjusted_rand_index(known, labels)
        clusters = {label for label in found.cluster.values() if label != "-1"}
        out["K"] = len(clusters)
        out["K_true"] = len(set(known))
        out["K_error"] = len(clusters) - len(set(known))
    if truth.noise and found.outlier:
        noise = np.array([name in truth.noise for name in truth.cluster])
        outlier = np.array([found.outlier.get(name, 0.0) for name in truth.cluster])
        out["noise_P"], out["noise_R"] = precision_recall(noise, outlier)
    if truth.ccf and found.ccf:
        out |= _intervals("ccf", truth.ccf, found.ccf)
    if truth.dcf and found.dcf:
        real_rows = {key: value for key, value in truth.dcf.items() if key[0] not in truth.noise}
        out |= dict(_intervals("dcf", real_rows, found.dcf).items())
    if truth.ccf and found.p_clonal:
        out |= _calls("clonal", truth.clonal(), found.p_clonal)
    if truth.truncal and found.p_truncal:
        out |= _calls("truncal", truth.truncal, found.p_truncal)
    return out


def mean_scores(rows: list[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each measure over the tumours that have it."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = {}
    for name in names:
        values = [row[name] for row in rows if name in row and not math.isnan(row[name])]
        out[name] = float(np.mean(values)) if values else math.nan
    return out


def _intervals(
    name: str,
    truth: Mapping[tuple[str, str], float],
    found: Mapping[tuple[str, str], tuple[float, float, float]],
) -> dict[str, float]:
    keys = [key for key in truth if key in found]
    true = np.array([truth[key] for key in keys])
    estimate, low, high = np.array([found[key] for key in keys]).T
    between = (true > 0.005) & (true < 0.995)
    return {
        f"{name}_MAE": mean_absolute_error(true, estimate),
        f"{name}_MAE_mid": mean_absolute_error(true[between], estimate[between]),
        f"{name}_cover": interval_coverage(true, low, high),
        f"{name}_cover_mid": interval_coverage(true[between], low[between], high[between]),
    }


def _calls(name: str, truth: Mapping[str, bool], found: Mapping[str, float]) -> dict[str, float]:
    keys = list(truth)
    true = np.array([truth[key] for key in keys])
    probability = np.array([found.get(key, 0.0) for key in keys])
    precision, recall = precision_recall(true, probability)
    middle = (probability > 0.05) & (probability < 0.95)
    return {
        f"{name}_P": precision,
        f"{name}_R": recall,
        f"{name}_brier": brier_score(true, probability),
        f"{name}_ECE": expected_calibration_error(true, probability),
        f"{name}_ECE_mid": expected_calibration_error(true[middle], probability[middle]),
    }
