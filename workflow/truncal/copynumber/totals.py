"""Sites of which only the total copy number is known: every minor copy number that it leaves, weighed.

A total of t copies leaves the minor copy numbers 0 … ⌊t / 2⌋. Each makes its own states (`states`), and the
site's states are their union: p(reads) = Σ_minor p(minor | t) Σ_state p(state | minor) p(reads | state).

The prior p(minor | t): with `LOST_IN_ALL` no sample has a minor copy left (one loss on the trunk); otherwise
each total has its own, 0 with `LOST_IN_SOME`, the rest halving with every copy away from balance (4: 2 + 2
before 3 + 1). Samples with the same total share the minor copy number, as what regions share mostly happened
once; a sample of the site whose minor copy number is known speaks for the others of its total but for
`DIFFERS`.
"""

from __future__ import annotations

import itertools

import numpy as np

LOST_IN_ALL = 0.1
"""Prior that no sample has a minor copy left."""

LOST_IN_SOME = 0.05
"""Prior that the samples of one total, of two copies or more, have none left, where others may."""

DIFFERS = 0.05
"""Prior that a sample's minor copy number is not that of a known sample with the same total."""

ERROR = 0.1
"""Distance of a mean total to the next whole number up to which it is taken for an error."""

MOST = 48
"""Combinations kept for one site, the likeliest."""


def candidates(whole: int, between: bool) -> list[tuple[int, bool, float]]:
    """Minor copies that a whole total leaves, and their prior where not all samples lost them.

    between: the mean total lies between whole numbers, so a part of the cells has a copy more or less, of the
    minor allele (True in the middle of each triple) or of the major one.
    """
    minors = list(range(whole // 2, -1, -1))
    weights = [0.5**place for place in range(len(minors))]
    if whole > 1:
        rest = sum(weights[:-1])
        weights = [weight / rest * (1 - LOST_IN_SOME) for weight in weights[:-1]] + [LOST_IN_SOME]
    if not between:
        return [(minor, False, weight) for minor, weight in zip(minors, weights, strict=True)]
    return [
        (minor, side, weight / 2)
        for minor, weight in zip(minors, weights, strict=True)
        for side in (False, True)
    ]


def combinations(total: np.ndarray, minor: np.ndarray, unknown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minor copy numbers (C, S) that one site may have, and their prior (C,), which sums to 1.

    total, minor: (S,) means; unknown: (S,) where `minor` is not known. The likeliest come first.
    """
    whole = np.round(total).astype(np.int64)
    rest = np.where(np.abs(total - whole) < ERROR, 0.0, total - whole)
    groups = sorted(set(whole[unknown].tolist()))
    each = [candidates(group, bool(rest[unknown & (whole == group)].any())) for group in groups]
    found: list[tuple[float, list[float]]] = []
    for pick in itertools.product(*each):
        prior = (1 - LOST_IN_ALL) * float(np.prod([weight for _, _, weight in pick]))
        if not any(copies for copies, _, _ in pick):  # the sides of a group have the same chance
            prior += LOST_IN_ALL * float(np.prod([0.5 if rest[whole == g].any() else 1.0 for g in groups]))
        out = minor.copy()
        for group, (copies, side, _) in zip(groups, pick, strict=True):
            here = unknown & (whole == group)
            value = np.minimum(copies + (rest[here] if side else 0.0), total[here])
            out[here] = np.maximum(np.minimum(value, total[here] - value), 0.0)
            told = ~unknown & (whole == group)
            if told.any() and not (np.round(minor[told]) == copies).any():
                prior *= DIFFERS
        found.append((prior, out.tolist()))
    found.sort(key=lambda pair: (-pair[0], pair[1]))
    weights = np.array([weight for weight, _ in found[:MOST]])
    return np.array([out for _, out in found[:MOST]]), weights / weights.sum()


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
    built: tuple[np.ndarray, ...],
    site: np.ndarray,
    prior: np.ndarray,
    apart: np.ndarray,
    negligible: float,
    most: int,
) -> tuple[np.ndarray, ...]:
    """States of all combinations as those of their sites: start (U + 1,), values (R, S), log prior, kind.

    built: the same four of the combinations, whose site (E,) and prior (E,) `expand` gives. Equal states of a
    site (the same values and the same `apart`) are one, whose kind is the heaviest one's. The `most` heaviest
    of a site stay, less those whose prior is below `negligible`.
    """
    start, values, log_weight, kind = built
    sizes = np.diff(start)
    of = np.repeat(site, sizes)
    weight = np.exp(log_weight) * np.repeat(prior, sizes)
    _, inverse = np.unique(np.column_stack([of, apart, values.round(4)]), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    order = np.lexsort((-weight, inverse))
    chosen = order[np.unique(inverse[order], return_index=True)[1]]
    weight, of = np.bincount(inverse, weight), of[chosen]
    heaviest = np.lexsort((-weight, of))
    rank = np.arange(len(of)) - np.searchsorted(of[heaviest], of[heaviest])
    kept = np.zeros(len(of), dtype=bool)
    kept[heaviest[rank < most]] = True
    kept &= weight >= negligible
    chosen, weight, of = chosen[kept], weight[kept], of[kept]
    start = np.concatenate([[0], np.cumsum(np.bincount(of, minlength=int(site.max()) + 1))]).astype(np.int64)
    log_weight = np.log(weight / np.bincount(of, weight)[of])
    return start, np.ascontiguousarray(values[chosen]), log_weight, kind[chosen]
