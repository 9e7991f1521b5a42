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
from truncal.phylogeny.recalibration import EDGE, KNOTS, recalibrated

SHOWN = (
    "n", "ECE", "ECE_mid", "ECE_mid_low", "ECE_mid_high", "n_mid", "ECE_mid_chance", "Brier", "slope",
    "indeterminate",
)  # fmt: skip
PRIOR = 5.0
"""Precision of the normal prior of the slopes around 1."""


def read(folder: Path, question: str) -> list[Calls]:
    """Truth and stated probabilities of each tumour of a folder of parts."""
    out = []
    for path in sorted(folder.glob("*.json")):
        part = Part.read(path)
        said, truth = part.said["truncal"][question], part.truth[question]
        known = [i for i, p in enumerate(said) if p is not None]
        values = np.array([said[i] for i in known], dtype=float)
        out.append(Calls(part.name, np.array([truth[i] for i in known]), values, part.fit, len(truth)))
    return out


def fit(calls: list[Calls]) -> np.ndarray:
    """Logits at `KNOTS` of the highest penalised likelihood among maps that keep order."""
    truth = np.concatenate([one.truth for one in calls]).astype(float)
    p = np.clip(np.concatenate([one.said for one in calls]), EDGE, 1 - EDGE)
    x = np.log(p) - np.log1p(-p)
    knots = np.array(KNOTS)
    pieces = np.stack([np.clip(x - low, 0, high - low) for low, high in pairwise(knots)])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = w[0] + w[1:] @ pieces
        residual = 1 / (1 + np.exp(-z)) - truth
        away = w[1:] - 1
        value = (np.logaddexp(0, z) - truth * z).sum() + PRIOR * away @ away / 2
        return float(value), np.append(residual.sum(), pieces @ residual + PRIOR * away)

    start = np.append(knots[0], np.ones(len(knots) - 1))
    bounds = [(None, None)] + [(0.02, 5)] * (len(knots) - 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[0] + np.append(0, np.cumsum(found[1:] * np.diff(knots)))


def main() -> None:
    """Fit on the first folder, show all."""
    folders = [Path(name) for name in sys.argv[1:]]
    for question in ("clonal", "truncal"):
        values = tuple(fit(read(folders[0], question)).round(2).tolist())
        print(f"p_{question}: {values}")
        for folder in folders:
            raw = read(folder, question)
            changed = [Calls(o.tumour, o.truth, recalibrated(o.said, values), o.fit, o.asked) for o in raw]
            for name, calls in (("before", raw), ("after", changed)):
                row = measures(calls) | bootstrap(calls, 1)
                print(f"  {folder.name:14s} {name:6s} " + " ".join(f"{key}={row[key]:.3f}" for key in SHOWN))


if __name__ == "__main__":
    main()
