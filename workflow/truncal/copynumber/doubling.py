"""A genome doubling in a part of the cancer cells, from the mean copy numbers of all sites.

Where a fraction f of a sample's cancer cells descends from one whose genome doubled, every allele with c
copies before has c (1 + f) on average, whatever the segment: 1 + 1 is 1.4 + 1.4 everywhere. Single gains
leave other alleles at whole numbers. With U alleles, x their means and b_c the prior of c,

    log L(f) = Σ log(q Σ_c b_c N(x; c (1 + f), σ²) + (1 − q) / x_max),

q the share of alleles without another event. A sample says that it has such cells where log L(f) exceeds log
L(0), no doubling, by `CLEAR`. Then all samples together say what c is, which also finds samples where all
cells are doubled.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

CLEAR = 20.0
"""Log-likelihood ratio from which a doubling counts as seen."""

LEAST_SEEN = 0.15
"""Smallest fraction that is seen by itself: a wrong scale of all copy numbers looks like a smaller one."""

LEAST = 0.03
"""Smallest fraction in a sample of a tumour where another has it."""

UNCHANGED = 0.6
"""Prior share of alleles without an event of their own."""

BASES = np.array([1.0, 2.0, 3.0, 4.0])
BASE_PRIOR = np.array([0.5, 0.35, 0.1, 0.05])

LARGEST, BIN = 6.0, 0.02
"""Mean copies beyond which an allele tells nothing, and the width at which they are counted."""

ROUNDS = 3


def shared_doubling(alleles: np.ndarray, error: float) -> np.ndarray:
    """Fraction (S,) of each sample's cancer cells with a doubled genome; 0 where none is seen.

    alleles: (U, 2, S) mean copies of different sites. error: their standard deviation; 0 (all are whole
    numbers) shows no subclonal doubling.
    """
    samples = alleles.shape[2]
    none = np.zeros(samples)
    if error <= 0:
        return none
    x = alleles.reshape(-1, samples)
    x = x[(x < LARGEST).all(axis=1) & (x > 0.5).any(axis=1)]
    present = x > 0.5
    fractional = (np.abs(x - np.round(x)) > 1e-6) & present
    if not (fractional.sum(axis=0) > 0.5 * present.sum(axis=0)).any():
        return none
    fractions, table = _templates(error)
    start, seen = none.copy(), False
    for s in range(samples):
        counts = np.bincount((x[present[:, s], s] / BIN).astype(np.int64), minlength=table.shape[1])
        score = table @ counts
        best = int(score.argmax())
        if score[best] - score[0] > CLEAR:
            start[s] = fractions[best]
            seen = seen or start[s] >= LEAST_SEEN
    return _together(x, start, error) if seen else none


@lru_cache(maxsize=8)
def _templates(error: float) -> tuple[np.ndarray, np.ndarray]:
    """Fractions (F,) and the log density (F, B) of the middle of each bin of mean copies under them."""
    fractions = np.arange(0.0, 0.96, 0.01)
    x = (np.arange(round(LARGEST / BIN)) + 0.5) * BIN
    sd = np.hypot(error, BIN / 2)
    away = x[None, :, None] - BASES * (1 + fractions)[:, None, None]
    density = (BASE_PRIOR * np.exp(-0.5 * (away / sd) ** 2)).sum(axis=2) / (sd * np.sqrt(2 * np.pi))
    return fractions, np.log(UNCHANGED * density + (1 - UNCHANGED) / LARGEST)


def _together(x: np.ndarray, start: np.ndarray, error: float) -> np.ndarray:
    """Fractions (S,) given that the samples share the base copies of each allele; x: (U, S)."""
    rest = (1 - UNCHANGED) / LARGEST
    scale = UNCHANGED / (error * np.sqrt(2 * np.pi))
    grid = np.arange(0.0, 1.0001, 0.01)
    fraction = start
    for _ in range(ROUNDS):
        mean = BASES[:, None, None] * (1 + fraction)
        fit = np.log(scale * np.exp(-0.5 * ((x - mean) / error) ** 2) + rest).sum(axis=2)
        base = BASES[(fit + np.log(BASE_PRIOR)[:, None]).argmax(axis=0)]
        away = x[:, :, None] - base[:, None, None] * (1 + grid)
        score = np.log(scale * np.exp(-0.5 * (away / error) ** 2) + rest).sum(axis=0)
        fraction = grid[score.argmax(axis=1)]
    # the grid's best, refined by the alleles near it
    near = np.abs(x - base[:, None] * (1 + fraction)) < 3 * error
    weight = near * base[:, None]
    refined = (weight * (x - base[:, None])).sum(axis=0) / np.maximum(
        (weight * base[:, None]).sum(axis=0), 1e-9
    )
    fraction = np.where((fraction > 0) & (fraction < 1), np.clip(refined, 0, 1), fraction)
    return np.where(fraction < LEAST, 0.0, fraction)
