"""Calibration over tumours: pooled measures, a bootstrap that draws tumours, and the reliability diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from truncal.metrics.clonality import brier_score, expected_calibration_error

CALLED = (0.1, 0.9)
"""At or below, at or above: labelled; between: indeterminate."""
MIDDLE = (0.05, 0.95)
DRAWS = 400


@dataclass(frozen=True)
class Calls:
    """Truth (N,) and probability (N,) of one tumour's drivers; `fit` where coverage is judged.

    asked: drivers that the truth knows, found or not.
    """

    tumour: str
    truth: np.ndarray
    said: np.ndarray
    fit: bool
    asked: int

    @classmethod
    def of(
        cls,
        tumour: str,
        chosen: Sequence[str],
        known: Mapping[str, bool],
        said: Mapping[str, float],
        fit: bool,
    ) -> Calls:
        """Those of the chosen mutations that both truth and tool know."""
        names = [name for name in chosen if name in known and name in said]
        truth = np.array([known[name] for name in names], dtype=bool)
        values = np.array([said[name] for name in names], dtype=float)
        return cls(tumour, truth, values, fit, sum(name in known for name in chosen))


def measures(calls: Sequence[Calls]) -> dict[str, float]:
    """Everything pooled over tumours."""
    truth = np.concatenate([one.truth for one in calls]) if calls else np.zeros(0, dtype=bool)
    said = np.concatenate([one.said for one in calls]) if calls else np.zeros(0)
    middle = (said > MIDDLE[0]) & (said < MIDDLE[1])
    judged = [one.said for one in calls if one.fit]
    unsure = np.concatenate(judged) if judged else np.zeros(0)
    asked = sum(one.asked for one in calls)
    return {
        "n": float(len(truth)),
        "ECE": expected_calibration_error(truth, said),
        "ECE_mid": expected_calibration_error(truth[middle], said[middle]),
        "n_mid": float(middle.sum()),
        "ECE_mid_chance": chance(said[middle]),
        "Brier": brier_score(truth, said),
        "slope": calibration_slope(truth, said),
        "indeterminate": float(((unsure > CALLED[0]) & (unsure < CALLED[1])).mean())
        if len(unsure)
        else float("nan"),
        "found": len(truth) / asked if asked else float("nan"),
    }


def chance(said: np.ndarray, draws: int = 200) -> float:
    """The calibration error of perfect probabilities: labels drawn from `said`, each on its own."""
    if not said.size:
        return float("nan")
    rng = np.random.default_rng(1)
    return float(
        np.mean([expected_calibration_error(rng.random(len(said)) < said, said) for _ in range(draws)])
    )


def calibration_slope(truth: np.ndarray, said: np.ndarray) -> float:
    """Slope of the logistic regression of the outcome on the logit of the probability; 1 is ideal.

    Probabilities are clipped to 1e-3..1 − 1e-3; a weak normal prior (sd 10) keeps perfect forecasts finite.
    """
    if not truth.size or truth.all() or not truth.any() or np.isin(said, (0.0, 1.0)).all():
        return float("nan")
    clipped = np.clip(said, 1e-3, 1 - 1e-3)
    x, y = np.log(clipped / (1 - clipped)), truth.astype(float)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = w[0] + w[1] * x
        value = np.logaddexp(0, z).sum() - (y * z).sum() + 0.5 * (w @ w) / 100
        residual = 1 / (1 + np.exp(-z)) - y
        return float(value), np.array([residual.sum(), residual @ x]) + w / 100

    return float(minimize(loss, np.array([0.0, 1.0]), jac=True).x[1])


def bootstrap(calls: Sequence[Calls], seed: int, draws: int = DRAWS) -> dict[str, float]:
    """95 % intervals of both calibration errors, tumours drawn with replacement."""
    rng = np.random.default_rng(seed)
    names = sorted({one.tumour for one in calls})
    groups = [[one for one in calls if one.tumour == name] for name in names]
    found: dict[str, list[float]] = {"ECE": [], "ECE_mid": []}
    for _ in range(draws):
        drawn = [one for index in rng.integers(len(groups), size=len(groups)) for one in groups[index]]
        truth = np.concatenate([one.truth for one in drawn])
        said = np.concatenate([one.said for one in drawn])
        middle = (said > MIDDLE[0]) & (said < MIDDLE[1])
        found["ECE"].append(expected_calibration_error(truth, said))
        found["ECE_mid"].append(expected_calibration_error(truth[middle], said[middle]))
    out = {}
    for name, values in found.items():
        out[f"{name}_low"], out[f"{name}_high"] = (float(v) for v in np.nanquantile(values, (0.025, 0.975)))
    return out


def reliability_svg(calls: Sequence[Calls], title: str, bins: int = 10) -> str:
    """Observed share against mean probability per bin, area by number, as an SVG of 360 × 360."""
    truth = np.concatenate([one.truth for one in calls]).astype(float)
    said = np.concatenate([one.said for one in calls])
    bin_of = np.minimum((said * bins).astype(int), bins - 1)
    size, left, top = 280, 60, 40

    def at(x: float, y: float) -> tuple[float, float]:
        return left + x * size, top + (1 - y) * size

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 360 370" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="360" height="370" fill="#fff"/>',
        f'<text x="{left}" y="24" font-size="14">{title} (n = {len(truth):,})</text>',
        f'<rect x="{left}" y="{top}" width="{size}" height="{size}" fill="none" stroke="#888"/>',
        f'<line x1="{left}" y1="{top + size}" x2="{left + size}" y2="{top}" '
        'stroke="#bbb" stroke-dasharray="4 3"/>',
    ]
    for tick in (0, 0.25, 0.5, 0.75, 1):
        x, y = at(tick, tick)
        parts.append(f'<text x="{x:.0f}" y="{top + size + 16}" text-anchor="middle">{tick:g}</text>')
        parts.append(f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{tick:g}</text>')
    for index in range(bins):
        own = bin_of == index
        if not own.any():
            continue
        n, p, share = int(own.sum()), said[own].mean(), truth[own].mean()
        half = 1.96 * np.sqrt(max(share * (1 - share), 1e-4) / n)
        x, y = at(p, share)
        _, low = at(p, max(share - half, 0))
        _, high = at(p, min(share + half, 1))
        radius = 2 + 8 * np.sqrt(n / len(truth))
        parts.append(f'<line x1="{x:.1f}" y1="{low:.1f}" x2="{x:.1f}" y2="{high:.1f}" stroke="#3b6ea5"/>')
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#3b6ea5" fill-opacity="0.75">'
            f"<title>{n} drivers: said {p:.2f}, were {share:.2f}</title></circle>"
        )
    parts.append(
        f'<text x="{left + size / 2}" y="{top + size + 36}" text-anchor="middle">stated probability</text>'
    )
    parts.append(
        f'<text transform="translate(18 {top + size / 2}) rotate(-90)" '
        'text-anchor="middle">observed share</text>'
    )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
