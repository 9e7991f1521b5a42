"""The states that the mutated copies of a site may be in, given its copy number.

A state says how the mean number of mutated copies per cancer cell, u, and the CCF follow from the DCF φ:

    u = slope · φ + offset,   CCF = ccf_slope · φ + ccf_offset,   for low ≤ φ ≤ high.

An allele with a clonal copy number c has the states m · φ for m = 1..c. An allele whose mean copy number is
fractional consists of two populations, one copy apart, and a subclonal event separates them: a mutation came
before the event (φ ≥ f, u = m₁(φ − f) + m₂f), within it (φ ≤ f, u = m₂φ) or beside it (φ ≤ 1 − f, u = m₁φ), f
being the fraction of cancer cells with the event (DeCiFer, Satas et al. 2021, Cell Systems 12:1004; PyClone's
major/minor copy-number priors, Roth et al. 2014, Nature Methods 11:396). Losses of the mutated copy are the same
with m₂ < m₁.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

INTEGER_WITHIN = 0.08
"""A mean copy number this close to an integer is clonal; closer than the error of the callers' means."""

MAX_COPIES = 8
"""Early gains are told apart up to this multiplicity; above it the levels merge into the highest."""


class State(NamedTuple):
    """One state with its prior weight; see the module's text for the two linear maps."""

    weight: float
    slope: float
    offset: float
    low: float
    high: float
    ccf_slope: float
    ccf_offset: float


@dataclass(frozen=True)
class StateTable:
    """States of many sites: site i has rows `start[index[i]] : start[index[i] + 1]` of `values`.

    values: (n_states, 7) float64 with the fields of `State`, the weight as its logarithm.
    """

    index: np.ndarray
    start: np.ndarray
    values: np.ndarray


def state_table(
    major: np.ndarray,
    minor: np.ndarray,
    major_2: np.ndarray,
    minor_2: np.ndarray,
    fraction_2: np.ndarray,
    more_elsewhere: np.ndarray,
    loss_prior: float,
) -> StateTable:
    """States of each site (all inputs of shape (n,)); equal copy numbers share one set.

    `more_elsewhere`: another sample of the patient has more copies of the minor allele here, so that this
    sample may have lost the mutated one. `fraction_2` is NaN where only mean copy numbers are known.
    """
    keys = np.column_stack([major, minor, major_2, minor_2, fraction_2, more_elsewhere.astype(float)])
    unique, index = np.unique(np.nan_to_num(keys.round(3), nan=-1.0), axis=0, return_inverse=True)
    sets = [
        states(row[0], row[1], (row[2], row[3], row[4]) if row[4] >= 0 else None, bool(row[5]), loss_prior)
        for row in unique.tolist()
    ]
    start = np.concatenate([[0], np.cumsum([len(group) for group in sets])]).astype(np.int64)
    values = np.array([state for group in sets for state in group], dtype=float).reshape(-1, 7)
    values[:, 0] = np.log(values[:, 0])
    return StateTable(index.reshape(-1).astype(np.int64), start, values)


@lru_cache(maxsize=65536)
def states(
    major: float,
    minor: float,
    second: tuple[float, float, float] | None,
    more_elsewhere: bool,
    loss_prior: float,
) -> tuple[State, ...]:
    """States of one site; `second` is (major, minor, fraction of cancer cells) of a second population."""
    if second is None:
        pairs = [_populations(major), _populations(minor)]
    else:
        major_2, minor_2, fraction = second
        pairs = [(major, major_2, fraction), (minor, minor_2, fraction)]
    found: list[State] = []
    for copies, copies_2, fraction in pairs:
        found += _allele_states(round(copies), round(copies_2), fraction)
    loss = _loss_weight(pairs[1], more_elsewhere, loss_prior)
    if loss > 0:
        found.append(State(loss * sum(state.weight for state in found) / (1 - loss), 0, 0, 0, 1, 0, 0))
    return _merged(found)


def _loss_weight(minor: tuple[float, float, float], more_elsewhere: bool, loss_prior: float) -> float:
    """Prior of having lost every mutated copy in every cell: likelier where an allele is gone."""
    gone = round(minor[0]) == 0 and (minor[2] == 0 or round(minor[1]) == 0)
    if gone and more_elsewhere:
        return max(0.25, loss_prior)
    return loss_prior if gone or more_elsewhere else loss_prior / 10


def _populations(mean: float) -> tuple[float, float, float]:
    """Copies of the first and second population and the second's fraction, from their mean.

    The two are one copy apart: a mean of 1.3 is 1 in 70 % and 2 in 30 % of the cancer cells.
    """
    nearest = round(mean)
    if abs(mean - nearest) <= INTEGER_WITHIN:
        return nearest, nearest, 0.0
    return math.floor(mean), math.floor(mean) + 1, mean - math.floor(mean)


def _allele_states(copies: int, copies_2: int, fraction: float) -> list[State]:
    """States of a mutation on one allele with `copies` in 1 − f and `copies_2` in f of the cancer cells."""
    if fraction == 0 or copies == copies_2:
        return [State(weight, m, 0, 0, 1, 1, 0) for m, weight in _timings(copies)]
    out: list[State] = []
    # either population may be the one that the event made; the other's fraction is 1 − f
    for base, derived, event in ((copies, copies_2, fraction), (copies_2, copies, 1 - fraction)):
        if base == 0:  # nothing can be gained from nothing
            continue
        for m_base, weight in _timings(base):
            derived_copies = _after_event(m_base, base, derived)
            for m_derived, share in derived_copies:
                before = State(
                    weight * share,
                    m_base,
                    event * (m_derived - m_base),
                    event,
                    1,
                    1,
                    -event if m_derived == 0 else 0,
                )
                out.append(before)
            out.append(State(weight, m_base, 0, 0, 1 - event, 1, 0))
        if derived > 0:
            out.append(State(0.5, 1, 0, 0, event, 1, 0))
    return out


def _timings(copies: int) -> list[tuple[int, float]]:
    """Multiplicities on an allele of `copies`: on all of them (early), on one (late), rarely between."""
    copies = min(copies, MAX_COPIES)
    if copies == 0:
        return []
    if copies == 1:
        return [(1, 1.0)]
    between = [(m, 0.2 / (copies - 2)) for m in range(2, copies)]
    return [(copies, 0.8), *between, (1, 1.0)]


def _after_event(m_base: int, base: int, derived: int) -> list[tuple[int, float]]:
    """Mutated copies after the event, with shares: the copy gained or lost was mutated, or was not."""
    mutated = m_base / base if base else 0.0
    change = derived - base
    options = {max(m_base + change, 0): mutated, min(m_base, derived): 1 - mutated}
    if len(options) == 1:
        return [(next(iter(options)), 1.0)]
    return [(m, share) for m, share in options.items() if share > 0]


def _merged(found: list[State]) -> tuple[State, ...]:
    """States with the same maps are one; their weights add up, and all weights sum to 1."""
    weights: dict[tuple[float, ...], float] = {}
    for state in found:
        maps = tuple(round(value, 9) for value in state[1:])
        weights[maps] = weights.get(maps, 0.0) + state.weight
    total = sum(weights.values())
    if total == 0:
        return (State(1.0, 0, 0, 0, 1, 0, 0),)
    return tuple(State(weight / total, *maps) for maps, weight in sorted(weights.items()))  # type: ignore[arg-type]
