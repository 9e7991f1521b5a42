"""Fit a recalibration of `p_clonal` and `p_truncal` on simulated tumours that are never scored.

`python -m benchmarks.run drivers --sets fitted --work DIR`, then
`python -m benchmarks.recalibrate DIR/fitted [DIR/simulated DIR/conipher-sims ...]`: the constants from the
first folder's parts (whose `p_truncal` is the model's own), and the calibration before and after in every
folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.calibration import Calls, bootstrap, measures
from benchmarks.driver_tumours import Part
from truncal.phylogeny.recalibration import EDGE, recalibrated

SHOWN = (
    "n", "ECE", "ECE_mid", "ECE_mid_low", "ECE_mid_high", "n_mid", "ECE_mid_chance", "Brier", "slope",
    "indeterminate",
)  # fmt: skip
PRIOR = 1.0
"""Precision of the normal prior of (a, b, c) around (1, 1, 0)."""


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
    """(a, b, c) of the highest penalised likelihood."""
    truth = np.concatenate([one.truth for one in calls]).astype(float)
    p = np.clip(np.concatenate([one.said for one in calls]), EDGE, 1 - EDGE)
    x = np.stack([np.log(p), -np.log1p(-p), np.ones(len(p))])
    start = np.array([1.0, 1.0, 0.0])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = w @ x
        residual = 1 / (1 + np.exp(-z)) - truth
        away = w - start
        value = (np.logaddexp(0, z) - truth * z).sum() + PRIOR * away @ away / 2
        return float(value), x @ residual + PRIOR * away

    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.05, 5), (0.05, 5), (-3, 3)]).x


def main() -> None:
    """Fit on the first folder, show all."""
    folders = [Path(name) for name in sys.argv[1:]]
    for question in ("clonal", "truncal"):
        a, b, c = fit(read(folders[0], question))
        print(f"p_{question}: {a:.3f}, {b:.3f}, {c:.3f}")
        for folder in folders:
            raw = read(folder, question)
            changed = [Calls(o.tumour, o.truth, recalibrated(o.said, (a, b, c)), o.fit, o.asked) for o in raw]
            for name, calls in (("before", raw), ("after", changed)):
                row = measures(calls) | bootstrap(calls, 1)
                print(f"  {folder.name:14s} {name:6s} " + " ".join(f"{key}={row[key]:.3f}" for key in SHOWN))


if __name__ == "__main__":
    main()
