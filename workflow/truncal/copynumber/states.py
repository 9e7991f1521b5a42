"""How many mutated copies a site may carry, given the copy numbers of all samples of a patient together.

A mutation arises on one copy. What later happens to that copy changes the mean number of mutated copies per
cancer cell, u, in every sample at once. For an allele with mean copy numbers x_s in samples s and a base copy
number c₀, gains g_s = max(x_s − c₀, 0) and losses l_s = max(c₀ − x_s, 0) are the copies that events after the
base state added or removed (so g_s and l_s up to 1 are also the fractions of cancer cells with the event).
With the DCF φ_s:

    branch, copy untouched  u = φ
    branch, copy gained     u = φ + g; needs φ ≥ g: a copy in cells without the mutation came later
    branch, copy lost       u = max(φ − l, 0); CCF = φ − l: λ = l / φ of the descendants lost it
    branch, all copies      u = c₀ φ; rare: repeated gains, or another genome's copy numbers
    trunk (φ = 1), early    u = x: all copies carry it, it is older than every gain
    trunk, late             u = 1, 1 + g, 1 − l, and rarely something between

More than one copy at φ < 1 is only possible where a gain is itself subclonal: a gain that is in every cancer
cell happened on the trunk, and what it doubled is older (DeCiFer's state trees, Satas et al. 2021, Cell
Systems 12:1004, with the patient's samples taken together). CCF is min(u, 1) on the trunk.

Either allele may carry the mutation; the base state may be any copy number between the lowest and the highest
of the samples, fewer events being likelier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truncal.ccf.jit import njit
from truncal.copynumber import totals
from truncal.copynumber.doubling import shared_doubling
from truncal.copynumber.histories import BOTH, GAIN, LOSS, NOMINAL_ERROR, NONE, share_beside, weigh_histories

UNTOUCHED, GAINED, LOST = np.arange(3, dtype=np.int8)
ALL_COPIES = 8
"""`ALL_COPIES` + c₀ is the kind of a branch state with c₀ ≥ 2 mutated copies per cell."""

EARLY, LATE, LATE_GAINED, LATE_LOST, BETWEEN, LOST_BESIDE = np.arange(6, dtype=np.int8)
"""`LOST_BESIDE`: like `LATE_LOST`, in cells other than the doubled ones, which keep both of their copies."""

MOST_TRUNK, MOST_BRANCH = 64, 32
"""States kept for one site."""

INTEGER_SHARE = 0.6
"""Prior share of copy numbers that are the same in all cancer cells, for means that come with an error."""

SETTLED_WITHIN = 0.01
"""What is left of a distance to the integer that counts as none."""

TESTED_FROM = 0.2
"""Share of whole numbers from which fractions are taken to be where the caller found subclonality."""

SEEN = 0.02
"""Copies that an event must have changed in some sample to make a state of its own."""

MOST_COPIES = 12

DOUBLED_LATER = 0.25
"""Prior odds that the doubled cells descend from a branch mutation's."""

NEGLIGIBLE = 0.001
"""States below this prior are left out."""


@dataclass(frozen=True)
class States:
    """States of N sites in S samples; site n has rows `start[n] : start[n + 1]`.

    trunk: mutated copies u (rows, S). branch: signed change of the mutated copies (rows, S), u = max(φ +
    change, 0). log_weight: prior, the exponentials of a site's rows sum to 1. kind: what happened (constants
    of this module). doubled: (S,) fraction of cancer cells with a doubled genome (see `doubling`).
    """

    trunk_start: np.ndarray
    trunk_u: np.ndarray
    trunk_log_weight: np.ndarray
    trunk_kind: np.ndarray
    branch_start: np.ndarray
    branch_change: np.ndarray
    branch_log_weight: np.ndarray
    branch_kind: np.ndarray
    doubled: np.ndarray


def settled(copies: np.ndarray, error: float, share: float = INTEGER_SHARE) -> np.ndarray:
    """Mean copy numbers pulled to the nearest integer as far as their error explains the distance.

    The posterior mean under a spike at the integer with probability `share` and a uniform density elsewhere.
    """
    if error <= 0:
        return copies
    nearest = np.round(copies)
    away = copies - nearest
    spike = share * np.exp(-0.5 * (away / error) ** 2) / (error * math.sqrt(2 * math.pi))
    pulled = nearest + away * (1 - spike / (spike + 1 - share))
    return np.maximum(np.where(np.abs(pulled - nearest) < SETTLED_WITHIN, nearest, pulled), 0.0)


def whole_numbers_tested(copies: np.ndarray) -> bool:
    """Whether whole numbers among mean copy numbers were found to be whole, rather than came out so.

    Callers that test segments for subclonality give whole numbers where they found none and fractions
    elsewhere.
    """
    return bool((copies == np.round(copies)).mean() >= TESTED_FROM)


def copy_number_states(
    major: np.ndarray,
    minor: np.ndarray,
    error: float,
    all_copies: float,
    total_only: np.ndarray | None = None,
) -> States:
    """States of sites with mean copy numbers major, minor (N, S) of the two alleles per cancer cell.

    error: standard deviation of those that are not whole numbers; of all where hardly any is (see
    `whole_numbers_tested`). all_copies: prior that a branch mutation sits on all copies of its allele.
    total_only: (N, S) where nothing but major + minor is known; the states of every minor copy number that
    it leaves are weighed then (see `totals`).
    """
    unknown = np.zeros(major.shape, dtype=bool) if total_only is None else total_only
    given = np.concatenate([major, minor, unknown], axis=1).round(4)
    _keys, first, index = np.unique(given, axis=0, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    site, larger, smaller, prior = totals.expand(major[first], minor[first], unknown[first])
    alleles = np.stack([larger, smaller], axis=1)
    exact = whole_numbers_tested(alleles)
    whole = alleles if exact else settled(alleles, error)
    likeliest = np.searchsorted(site, np.arange(len(first)))
    doubled = np.zeros(major.shape[1]) if unknown.any() else shared_doubling(alleles, error)
    if doubled.any():
        base_prior = base_log_prior((whole / (1 + doubled))[likeliest][index], NOMINAL_ERROR)
    else:
        base_prior = base_log_prior(whole[likeliest][index])
    built = _build(alleles, whole, doubled, error, (doubled == 0) & exact, all_copies, base_prior)
    trunk, branch = built[:4], built[4:]
    if len(site) > len(first):
        trunk, branch = (
            totals.marginalised(
                part, site, prior, np.where(part[3] >= ALL_COPIES, part[3], 0), NEGLIGIBLE, most
            )
            for part, most in ((trunk, MOST_TRUNK), (branch, MOST_BRANCH))
        )
    trunk_rows, trunk_start = _repeat(trunk[0], index)
    branch_rows, branch_start = _repeat(branch[0], index)
    return States(
        trunk_start,
        trunk[1][trunk_rows],
        trunk[2][trunk_rows],
        trunk[3][trunk_rows],
        branch_start,
        branch[1][branch_rows],
        branch[2][branch_rows],
        branch[3][branch_rows],
        doubled,
    )


def base_log_prior(alleles: np.ndarray, within: float = SEEN) -> np.ndarray:
    """Log prior (`MOST_COPIES` + 1,) of an allele's copies before subclonal events.

    alleles: (N, 2, S). Taken from the alleles with the same whole number in every sample (`within` so many
    copies), which say whether the genome was doubled; a tenth is spread out.
    """
    first = alleles[:, :, 0]
    same = (np.abs(alleles - first[:, :, None]) < within).all(axis=2)
    same &= np.abs(first - np.round(first)) < within
    counts = np.bincount(
        np.minimum(np.round(first[same]), MOST_COPIES).astype(np.int64), minlength=MOST_COPIES + 1
    )
    spread = 0.5 ** np.arange(MOST_COPIES + 1)
    spread[0] = 1.0
    counts = counts + (0.1 * counts.sum() + 5) * spread / spread.sum()
    return np.log(counts / counts.sum())


def _repeat(start: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of each site among those of its unique copy numbers, and where each site's begin."""
    sizes = (start[1:] - start[:-1])[index]
    begin = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.arange(begin[-1]) - np.repeat(begin[:-1], sizes) + np.repeat(start[:-1][index], sizes)
    return rows.astype(np.int64), begin


@njit
def slope(kind):
    """Mutated copies per cell that descends from the mutated one, in a branch state without an event."""
    return 1.0 if kind < ALL_COPIES else float(kind - ALL_COPIES)


@njit
def _add(values, weight, kind, states, count):
    """Add a state, or its weight to an equal one; the new number of states.

    states: rows of values (M, S), weights and kinds (M,).
    """
    rows, weights, kinds = states
    size = values.shape[0]
    for row in range(count):
        same = kinds[row] < ALL_COPIES and (kinds[row] == LOST_BESIDE) == (kind == LOST_BESIDE)
        for s in range(size):
            if abs(rows[row, s] - values[s]) > 1e-4:
                same = False
                break
        if same:
            if weight > weights[row]:
                kinds[row] = kind
            weights[row] += weight
            return count
    return _append(values, weight, kind, states, count)


@njit
def _append(values, weight, kind, states, count):
    """Add a state where there is room; the new number of states."""
    rows, weights, kinds = states
    if count == rows.shape[0]:
        return count
    for s in range(values.shape[0]):
        rows[count, s] = values[s]
    weights[count] = weight
    kinds[count] = kind
    return count + 1


@njit
def _add_kind(values, weight, kind, states, count):
    """Like `_add`, but states are equal where their kinds are."""
    _rows, weights, kinds = states
    for row in range(count):
        if kinds[row] == kind:
            weights[row] += weight
            return count
    return _append(values, weight, kind, states, count)


@njit
def _mean_copies(base, doubled, gained, lost, out):
    """Mean copies per cell (S,) of `base` before a doubling, with what events added and removed, into out."""
    for s in range(out.shape[0]):
        out[s] = max(base * (1.0 + doubled[s]) + (gained[s] - lost[s]), 0.0)


@njit
def _scaled(values, times, over, out):
    """Values (S,) times a fraction, into out."""
    for s in range(out.shape[0]):
        out[s] = values[s] * times / over


@njit
def _largest(values):
    top = values[0]
    for value in values:
        top = max(top, value)
    return top


@njit
def _site(raw, alleles, doubled, error, exact, all_copies, base_log_prior, trunk, branch):
    """Fill the states of one site; the numbers of trunk and branch states.

    raw: (2, S) mean copy numbers; alleles: (2, S) the same pulled to integers. doubled: (S,) fraction of
    cancer cells with a doubled genome. trunk, branch: room for the states, see `_add`.

    No literal is an argument and no expression is of arrays, since these take long to compile.
    """
    size = alleles.shape[1]
    none, values, part = np.zeros(size), np.zeros(size), np.zeros(size)
    single = np.empty((2, size))
    n_trunk = n_branch = np.int64(0)
    one = np.int64(1)
    copies = 0.0
    for allele in range(2):
        for s in range(size):
            single[allele, s] = alleles[allele, s] / (1.0 + doubled[s])
            copies += single[allele, s]
    copies = max(copies / size, 1.0)
    wgd = _largest(doubled) > 0.0
    for allele in range(2):
        lowest, highest = single[allele, 0], single[allele, 0]
        for s in range(size):
            lowest, highest = min(lowest, single[allele, s]), max(highest, single[allele, s])
        low = max(math.floor(lowest + 0.02), 1)
        bases = max(math.ceil(highest - 0.02) - low + 1, 0)
        lost_gained = np.empty((bases, 2, size))
        weights = np.empty((bases, 4))
        top = -np.inf
        for i in range(bases):
            weigh_histories(
                raw[allele], low + i, doubled, error, exact, base_log_prior, lost_gained[i], weights[i]
            )
            top = max(top, _largest(weights[i]))
        total = 0.0
        for i in range(bases):
            of_base = 0.0
            for history in range(4):
                of_base += math.exp(weights[i, history] - top)
            total += of_base
        for i in range(bases):
            base = low + i
            lost, gained = lost_gained[i, 0], lost_gained[i, 1]
            for history in range(4):
                prior = math.exp(weights[i, history] - top) / total
                if prior < NEGLIGIBLE:
                    continue
                early = 1.0 if base == 1 else 0.5
                late = (1.0 - early) * prior * base / copies
                loses, gains = history in (LOSS, BOTH), history in (GAIN, BOTH)
                hit = 0.5 / base
                # trunk: every copy there was before the event carries it
                changed = EARLY if history == NONE else (LATE_LOST if loses else LATE_GAINED)
                share = 0.5 * prior * early
                _mean_copies(base, doubled, gained if gains else none, lost if loses else none, values)
                if wgd and loses and base == 1:
                    beside = share_beside(lost, doubled, exact)
                    n_trunk = _add(values, share * beside, LOST_BESIDE, trunk, n_trunk)
                    share *= 1.0 - beside
                n_trunk = _add(values, share, changed, trunk, n_trunk)
                if base == 1 and gains:  # or only the copy without it was gained
                    _mean_copies(one, doubled, none, none, values)
                    n_trunk = _add(values, 0.02 * prior, LATE, trunk, n_trunk)
                for m in range(1, min(base, 8)):
                    share = late if m == 1 else 0.1 * late / (base - 2)
                    struck = m / base / max(gains + loses, 1)  # the event is of a mutated copy
                    kind = LATE if m == 1 else BETWEEN
                    still = share * (1 - struck * (gains + loses))
                    _mean_copies(m, doubled, none, none, values)
                    n_trunk = _add(values, still, kind, trunk, n_trunk)
                    share *= struck
                    if gains:
                        _mean_copies(m, doubled, gained, none, values)
                        n_trunk = _add(values, share, LATE_GAINED, trunk, n_trunk)
                        _scaled(gained, m, base, part)
                        _mean_copies(m, doubled, part, none, values)
                        n_trunk = _add(values, share * 0.3, LATE_GAINED, trunk, n_trunk)
                    if loses:
                        _mean_copies(m, doubled, none, lost, values)
                        if wgd and m == 1:
                            beside = share_beside(lost, doubled, exact)
                            n_trunk = _add(values, share * beside, LOST_BESIDE, trunk, n_trunk)
                            share *= 1.0 - beside
                        n_trunk = _add(values, share, LATE_LOST, trunk, n_trunk)
                # branch
                per_copy = prior * base / copies
                still = per_copy * (1 - 0.6 * hit * (gains + loses))
                n_branch = _add(none, still, UNTOUCHED, branch, n_branch)
                if wgd:  # the doubled cells descend from the mutated one
                    later = per_copy * DOUBLED_LATER
                    n_branch = _add(doubled, later, GAINED, branch, n_branch)
                if history == NONE and base > 1:
                    every = np.int8(ALL_COPIES + min(base, 100))
                    n_branch = _add_kind(none, per_copy * all_copies, every, branch, n_branch)
                if gains and _largest(gained) > SEEN:
                    struck = per_copy * hit
                    n_branch = _add(gained, struck * 0.6, GAINED, branch, n_branch)
                    if base > 1:
                        _scaled(gained, one, base, part)
                        n_branch = _add(part, struck * 0.2, GAINED, branch, n_branch)
                if loses and _largest(lost) > SEEN:
                    _scaled(lost, -one, one, part)
                    struck = per_copy * hit
                    n_branch = _add(part, struck * 0.6, LOST, branch, n_branch)
    if n_branch == 0:
        n_branch = _add(none, 1.0, UNTOUCHED, branch, n_branch)
    if n_trunk == 0:
        _mean_copies(one, doubled, none, none, values)
        n_trunk = _add(values, 1.0, LATE, trunk, n_trunk)
    return n_trunk, n_branch


@njit
def _keep(states, first, last, out, log_weights, out_kinds):
    """Put the first states of one site into rows first..last of those of all, with logs of their shares."""
    rows, weights, kinds = states
    total = 0.0
    for row in range(last - first):
        total += weights[row]
    for row in range(last - first):
        for s in range(rows.shape[1]):
            out[first + row, s] = rows[row, s]
        log_weights[first + row] = math.log(weights[row] / total)
        out_kinds[first + row] = kinds[row]


@njit(cache=True, nogil=True)
def _build(raw, alleles, doubled, error, exact, all_copies, base_log_prior):
    """States of unique sites with alleles (U, 2, S), counted first and filled then."""
    sites, _, size = alleles.shape
    trunk = (np.empty((MOST_TRUNK, size)), np.empty(MOST_TRUNK), np.empty(MOST_TRUNK, dtype=np.int8))
    branch = (np.empty((MOST_BRANCH, size)), np.empty(MOST_BRANCH), np.empty(MOST_BRANCH, dtype=np.int8))
    trunk_start, branch_start = np.zeros(sites + 1, dtype=np.int64), np.zeros(sites + 1, dtype=np.int64)
    u, u_w, u_k = np.empty((0, size)), np.empty(0), np.empty(0, dtype=np.int8)
    change, change_w, change_k = np.empty((0, size)), np.empty(0), np.empty(0, dtype=np.int8)
    for filling in (False, True):
        if filling:
            i, j = trunk_start[sites], branch_start[sites]
            u, u_w, u_k = np.empty((i, size)), np.empty(i), np.empty(i, dtype=np.int8)
            change, change_w, change_k = np.empty((j, size)), np.empty(j), np.empty(j, dtype=np.int8)
        for n in range(sites):
            a, b = _site(raw[n], alleles[n], doubled, error, exact, all_copies, base_log_prior, trunk, branch)
            i, j = trunk_start[n], branch_start[n]
            trunk_start[n + 1], branch_start[n + 1] = i + a, j + b
            if filling:
                _keep(trunk, i, i + a, u, u_w, u_k)
                _keep(branch, j, j + b, change, change_w, change_k)
    return trunk_start, u, u_w, u_k, branch_start, change, change_w, change_k
