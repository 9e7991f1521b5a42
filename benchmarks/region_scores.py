"""Scores of forecasts whose outcome is known by reads alone.

A forecast p of "clonal in that region" is worth log(p L₁ + (1 − p) L₀) less the log of the larger of the two,
L₁ and L₀ being the likelihoods of the region's reads if the mutation is clonal there and if it is not: reads
that say nothing weigh nothing, and reads that leave no doubt give the usual logarithmic score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, logsumexp

from truncal.metrics.clonality import expected_calibration_error

CERTAIN = 50.0
"""Log units that stand for an outcome that is known."""
TOLD = 3.0
"""Log units from which an outcome counts as told."""
OVERDISPERSION, ERROR, UNEXPLAINED = 0.002, 0.001, 0.02
ABSENT = 0.5
"""Prior of CCF 0 among mutations that are not clonal in a region; else uniform up to 0.95."""
DRAWS = 100


@dataclass(frozen=True)
class Forecasts:
    """Of one region: said (N,), log likelihoods (N, 2) of clonal and of not; regions that they rest on."""

    tumour: str
    said: np.ndarray
    likelihood: np.ndarray
    regions: int


def clonal_likelihood(row: Mapping[str, str]) -> tuple[float, float]:
    """Log likelihood of a row's reads if the mutation is clonal in that sample, and if it is not.

    Clonal: any whole number of copies up to the major's, alike. Not: absent, or one copy at a CCF up to 0.95.
    """
    alt = int(row["alt_counts"])
    depth = alt + int(row["ref_counts"])
    purity, major = float(row["tumour_content"]), float(row["major_cn"])
    total = major + float(row["minor_cn"])
    if depth == 0 or total == 0:
        return 0.0, 0.0
    copy = purity / (purity * total + (1 - purity) * float(row["normal_cn"]))
    copies = np.arange(1, max(1, round(major)) + 1)
    fractions = np.append(0.0, np.linspace(0.025, 0.925, 19))
    weight = np.append(ABSENT, np.full(19, (1 - ABSENT) / 19))
    clonal = logsumexp(_log_reads(alt, depth, copies * copy)) - np.log(len(copies))
    below = logsumexp(_log_reads(alt, depth, fractions * copy), b=weight)
    anything = np.log(UNEXPLAINED) - np.log(depth + 1)
    yes, no = (float(np.logaddexp(np.log1p(-UNEXPLAINED) + one, anything)) for one in (clonal, below))
    return yes, no


def _log_reads(alt: int, depth: int, frequency: np.ndarray) -> np.ndarray:
    p = np.clip(frequency, 0, 1 - ERROR) * (1 - 2 * ERROR) + ERROR
    scale = 1 / OVERDISPERSION - 1
    choose = gammaln(depth + 1) - gammaln(alt + 1) - gammaln(depth - alt + 1)
    a, b = p * scale, (1 - p) * scale
    return choose + betaln(alt + a, depth - alt + b) - betaln(a, b)


def region_scores(forecasts: Sequence[Forecasts], draws: int = DRAWS) -> dict[str, float]:
    """Mean log score beside that of the best constant and of Laplace's rule, 1 − 1 / (k + 2); slope with a
    bootstrap over regions; calibration error of those that the reads tell."""
    said = np.concatenate([one.said for one in forecasts])
    both = np.concatenate([one.likelihood for one in forecasts])
    both = both - both.max(axis=1, keepdims=True)
    laplace = np.concatenate([np.full(len(one.said), 1 - 1 / (one.regions + 2)) for one in forecasts])
    told = np.abs(both[:, 0] - both[:, 1]) > TOLD
    constants = np.linspace(0.001, 0.999, 999)
    by_constant = [_log_score(np.full(len(said), value), both) for value in constants]
    best = int(np.argmax(by_constant))
    out = {
        "n": float(len(said)),
        "log": _log_score(said, both),
        "log_constant": by_constant[best],
        "slope": slope(said, both),
        "log_laplace": _log_score(laplace, both),
        "told": float(told.sum()),
        "share": float(constants[best]),
        "ECE": expected_calibration_error((both[:, 0] > both[:, 1])[told], said[told]),
    }
    if draws:
        rng = np.random.default_rng(1)
        slopes = []
        for _ in range(draws):
            chosen = [forecasts[index] for index in rng.integers(len(forecasts), size=len(forecasts))]
            slopes.append(
                slope(
                    np.concatenate([one.said for one in chosen]),
                    np.concatenate([one.likelihood for one in chosen]),
                )
            )
        out["slope_low"], out["slope_high"] = np.quantile(slopes, (0.025, 0.975)).tolist()
    return out


def _log_score(said: np.ndarray, both: np.ndarray) -> float:
    p = np.clip(said, 1e-3, 1 - 1e-3)
    return float(np.logaddexp(np.log(p) + both[:, 0], np.log1p(-p) + both[:, 1]).mean())


def slope(said: np.ndarray, both: np.ndarray) -> float:
    """Slope of the logistic regression of the hidden outcome on the logit of the forecast (clipped to
    1e-3..1 − 1e-3); a weak normal prior (sd 10) keeps perfect forecasts finite."""
    p = np.clip(said, 1e-3, 1 - 1e-3)
    x = np.log(p) - np.log1p(-p)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = w[0] + w[1] * x
        yes, no = both[:, 0] - np.logaddexp(0, -z), both[:, 1] - np.logaddexp(0, z)
        total = np.logaddexp(yes, no)
        residual = 1 / (1 + np.exp(-z)) - np.exp(yes - total)
        return float(-total.sum() + (w @ w) / 200), np.array([residual.sum(), residual @ x]) + w / 100

    return float(minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B").x[1])
