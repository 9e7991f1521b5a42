"""Fit a recalibration of `p_clonal` and `p_truncal` on simulated tumours that are never scored.

`python -m benchmarks.run drivers --sets fitted --work DIR`, then
`python -m benchmarks.recalibrate DIR/fitted [DIR/simulated DIR/conipher-sims ...]`: the constants from the
first folder's parts (whose probabilities are the model's own), and the calibration before and after in every
folder.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.calibration import Calls, bootstrap, measures
from benchmarks.driver_tumours import Part
from truncal.phylogeny.recalibration import EDGE, KNOTS, Map, recalibrated

SHOWN = (
    "n", "ECE", "ECE_mid", "ECE_mid_low", "ECE_mid_high", "n_mid", "ECE_mid_chance", "Brier", "slope",
    "indeterminate",
)  # fmt: skip
PRIOR = 5.0
"""Precision of the normal prior of the slopes around 1."""


def read(folder: Path, question: str) -> list[tuple[Calls, np.ndarray]]:
    """Truth and stated probabilities of each tumour of a folder of parts, and outlier probabilities."""
    out = []
    for path in sorted(folder.glob("*.json")):
        part = Part.read(path)
        said, truth = part.said["truncal"][question], part.truth[question]
        known = [i for i, p in enumerate(said) if p is not None]
        values = np.array([said[i] for i in known], dtype=float)
        calls = Calls(part.name, np.array([truth[i] for i in known]), values, part.fit, len(truth))
        out.append((calls, np.array([part.kind["outlier"][i] or 0.0 for i in known], dtype=float)))
    return out


def fit(calls: list[tuple[Calls, np.ndarray]]) -> Map:
    """The map of the highest penalised likelihood among those that keep order."""
    truth = np.concatenate([one.truth for one, _ in calls]).astype(float)
    p = np.clip(np.concatenate([one.said for one, _ in calls]), EDGE, 1 - EDGE)
    alone = np.concatenate([outlier for _, outlier in calls]) > 0.5
    x, knots = np.log(p) - np.log1p(-p), np.array(KNOTS)
    pieces = np.stack([np.clip(x - low, 0, high - low) for low, high in pairwise(knots)])
    found = _logistic(truth[~alone], pieces[:, ~alone], knots[0])
    member = found[0] + np.append(0, np.cumsum(found[1:] * np.diff(knots)))
    line = _logistic(truth[alone], x[None, alone], 0.0)
    return Map(tuple(member.round(2).tolist()), (round(float(line[0]), 2), round(float(line[1]), 2)))


def _logistic(truth: np.ndarray, x: np.ndarray, start: float) -> np.ndarray:
    """Intercept and slopes (at least 0.02) of a logistic regression; slopes are held towards 1."""

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = w[0] + w[1:] @ x
        residual = 1 / (1 + np.exp(-z)) - truth
        away = w[1:] - 1
        value = (np.logaddexp(0, z) - truth * z).sum() + PRIOR * away @ away / 2
        return float(value), np.append(residual.sum(), x @ residual + PRIOR * away)

    first = np.append(start, np.ones(len(x)))
    bounds = [(None, None)] + [(0.02, 5)] * len(x)
    return minimize(loss, first, jac=True, method="L-BFGS-B", bounds=bounds).x


def main() -> None:
    """Fit on the first folder, show all."""
    folders = [Path(name) for name in sys.argv[1:]]
    for question in ("clonal", "truncal"):
        given = fit(read(folders[0], question))
        print(f"p_{question}: {given}")
        for folder in folders:
            raw = read(folder, question)
            changed = [
                Calls(one.tumour, one.truth, recalibrated(one.said, outlier, given), one.fit, one.asked)
                for one, outlier in raw
            ]
            for name, calls in (("before", [one for one, _ in raw]), ("after", changed)):
                row = measures(calls) | bootstrap(calls, 1)
                print(f"  {folder.name:14s} {name:6s} " + " ".join(f"{key}={row[key]:.3f}" for key in SHOWN))


if __name__ == "__main__":
    main()
