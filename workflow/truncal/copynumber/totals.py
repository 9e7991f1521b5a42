"""Sites of which only the total copy number is known: every minor copy number that it leaves, weighed.

A total of t copies leaves the minor copy numbers 0 … ⌊t / 2⌋. Each makes its own states (`states`), and the
site's states are their union: p(reads) = Σ_minor p(minor | t) Σ_state p(state | minor) p(reads | state).

The prior p(minor | t): `NO_MINOR` that the minor allele is lost; the rest halves with every copy away from
balance (2: 1 + 1 before 2 + 0; 4: 2 + 2, 3 + 1, 4 + 0 as 0.60, 0.30, 0.10). Samples with the same total have
the same minor copy number, as what regions share mostly happened once; a sample of the site whose minor copy
number is known speaks for the others of its total but for `DIFFERS`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

NO_MINOR = 0.1
"""Prior that no minor copy is left, where more than one copy is."""

DIFFERS = 0.05
"""Prior that a sample's minor copy number is not that of another sample with the same total."""

WHOLE_WITHIN = 0.01
"""Distance of a mean total to the next whole number that counts as none."""

MOST = 48
"""Combinations kept for one site, the likeliest."""


def candidate_minors(total: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean minor copy numbers that a mean total leaves, and their prior; both (C,), likeliest first.

    Between whole numbers, all cells have the lower one's state and a part of them one copy more, of either
    allele.
    """
    rest = total - np.floor(total)
    if min(rest, 1 - rest) < WHOLE_WITHIN:
        total, rest = float(np.round(total)), 0.0
    whole = int(np.floor(total))
    minors = np.arange(whole // 2, -1, -1)
    weight = 0.5 ** np.arange(len(minors))
    if whole > 1:
        weight[:-1] *= (1 - NO_MINOR) / weight[:-1].sum()
        weight[-1] = NO_MINOR
    weight = weight / weight.sum()
    if rest == 0.0:
        return minors.astype(float), weight
    # the part's further copy is the larger or the smaller allele's; of two equal ones it makes no difference
    values = np.concatenate([minors, np.minimum(minors + rest, total - minors - rest)])
    values, place = np.unique(values.round(9), return_inverse=True)
    prior = np.bincount(place.reshape(-1), np.tile(weight / 2, 2))
    order = np.lexsort((-values, -prior))
    return values[order], prior[order]


def combinations(total: np.ndarray, minor: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minor copy numbers (C, S) that one site may have, and their prior (C,), which sums to 1.

    total, minor: (S,) means; unknown: (S,) where `minor` is not known.
    """
    totals = np.unique(total[unknown].round(4))
    each: list[Sequence[tuple[float, float]]] = []
    for value in totals.tolist():
        minors, prior = candidate_minors(value)
        same = ~unknown & (np.abs(total - value) < WHOLE_WITHIN)
        if same.any():
            told = np.abs(minors[:, None] - minor[same][None, :]).min(axis=1) < WHOLE_WITHIN
            if told.any():
                prior = np.where(told, prior, DIFFERS * prior)
                prior = prior / prior.sum()
        each.append(list(zip(minors.tolist(), prior.tolist(), strict=True)))
    found = sorted(
        ((float(np.prod([p for _, p in pick])), [m for m, _ in pick]) for pick in itertools.product(*each)),
        key=lambda pair: (-pair[0], pair[1]),
    )[:MOST]
    prior = np.array([p for p, _ in found])
    minors_of = np.array([m for _, m in found])
    place = np.searchsorted(totals, total.round(4))
    out = np.broadcast_to(minor, (len(found), len(total))).copy()
    out[:, unknown] = minors_of[:, place[unknown]]
    return out, prior / prior.sum()


def expand(
    major: np.ndarray, minor: np.ndarray, unknown: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Every combination of every site: the site (E,), major and minor copies (E, S), prior (E,).

    major, minor, unknown: (U, S); where `unknown`, only major + minor means anything. The combinations of a
    site follow each other, the likeliest first.
    """
    total = major + minor
    site, minors, prior = [], [], []
    for n in range(len(total)):
        if unknown[n].any():
            found, weight = combinations(total[n], minor[n], unknown[n])
        else:
            found, weight = minor[n : n + 1], np.ones(1)
        site += [n] * len(weight)
        minors.append(found)
        prior.append(weight)
    rows = np.array(site, dtype=np.int64)
    smaller = np.concatenate(minors)
    larger = np.where(unknown[rows], total[rows] - smaller, major[rows])
    return rows, np.maximum(larger, 0.0), smaller, np.concatenate(prior)


def marginalised(
    built: tuple[np.ndarray, ...], site: np.ndarray, prior: np.ndarray, apart: np.ndarray, negligible: float
) -> tuple[np.ndarray, ...]:
    """States of all combinations as those of their sites: start (U + 1,), values (R, S), log prior, kind.

    built: the same four of the combinations, whose site (E,) and prior (E,) `expand` gives. Equal states of a
    site (the same values and the same `apart`) are one, whose kind is the heaviest one's; those whose prior
    is below `negligible` go.
    """
    start, values, log_weight, kind = built
    sizes = np.diff(start)
    of = np.repeat(site, sizes)
    weight = np.exp(log_weight) * np.repeat(prior, sizes)
    _, inverse = np.unique(np.column_stack([of, apart, values.round(4)]), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    order = np.lexsort((-weight, inverse))
    chosen = order[np.unique(inverse[order], return_index=True)[1]]
    weight = np.bincount(inverse, weight)
    chosen, weight = chosen[weight >= negligible], weight[weight >= negligible]
    of = of[chosen]
    start = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=int(site.max()) + 1))]).astype(np.int64)
    log_weight = np.log(weight / np.bincount(of, weight)[of])
    return start, np.ascontiguousarray(values[chosen]), log_weight, kind[chosen]
