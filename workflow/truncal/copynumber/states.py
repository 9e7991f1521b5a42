"""How many mutated copies a site may carry, given the copy numbers of all samples of a patient together.

A mutation arises on one copy. What later happens to that copy changes the mean number of mutated copies per cancer
cell, u, in every sample at once. For an allele with mean copy numbers x_s in samples s and a base copy number c₀, gains
g_s = max(x_s − c₀, 0) and losses l_s = max(c₀ − x_s, 0) are the copies that events after the base state added or removed
(so g_s and l_s up to 1 are also the fractions of cancer cells with the event). With the DCF φ_s:

    branch, copy untouched    u = φ
    branch, copy gained       u = φ + g       needs φ ≥ g: a copy present in cells without the mutation came later
    branch, copy lost         u = max(φ − l, 0)   needs φ ≥ l; CCF = φ − l: λ = l / φ of the descendants lost it
    trunk (φ = 1), early      u = x           all copies carry it: it is older than every gain
    trunk, late               u = 1, 1 + g, 1 − l, and rarely something between

More than one copy at φ < 1 is only possible where a gain is itself subclonal: a gain that is in every cancer cell
happened on the trunk, and what it doubled is older (DeCiFer's state trees, Satas et al. 2021, Cell Systems 12:1004, with the
patient's samples taken together). CCF is min(u, 1) on the trunk.

Either allele may carry the mutation; the base state may be any copy number between the lowest and the highest of the
samples, fewer events being likelier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

UNTOUCHED, GAINED, LOST = 0, 1, 2
EARLY, LATE, LATE_GAINED, LATE_LOST, BETWEEN, MIXED = 0, 1, 2, 3, 4, 5

MOST_TRUNK, MOST_BRANCH = 64, 32
"""States kept for one site."""

INTEGER_SHARE = 0.6
"""Prior share of copy numbers that are the same in all cancer cells, for means that come with an error."""

INTEGER_SHARE_WITH_EVENT = 0.25
"""The same where an event of the allele is seen in another sample."""

SETTLED_WITHIN = 0.01
"""What is left of a distance to the integer that counts as none."""

EVENT_FROM = 0.04
"""A base copy number counts as left in a sample from this distance on."""

TWO_EVENTS = 0.15
"""Prior odds of an allele with both a gain and a loss among the samples, against a single event."""


@dataclass(frozen=True)
class States:
    """States of N sites in S samples; site n has rows `start[n] : start[n + 1]`.

    trunk: mutated copies u (rows, S). branch: signed change of the mutated copies (rows, S), u = max(φ + change, 0).
    log_weight: prior, the exponentials of a site's rows sum to 1. kind: what happened (constants of this module).
    """

    trunk_start: np.ndarray
    trunk_u: np.ndarray
    trunk_log_weight: np.ndarray
    trunk_kind: np.ndarray
    branch_start: np.ndarray
    branch_change: np.ndarray
    branch_log_weight: np.ndarray
    branch_kind: np.ndarray


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


def copy_number_states(major: np.ndarray, minor: np.ndarray, error: float) -> States:
    """States of sites with mean copy numbers major, minor (N, S) of the two alleles per cancer cell.

    error: their standard deviation, 0 where copy numbers are whole numbers.
    """
    keys, first, index = np.unique(
        np.concatenate([major, minor], axis=1).round(4), axis=0, return_index=True, return_inverse=True
    )
    index = index.reshape(-1)
    alleles = np.stack([major[first], minor[first]], axis=1)
    unique = _build(settled(alleles, error), settled(alleles, error, INTEGER_SHARE_WITH_EVENT))
    trunk_rows, trunk_start = _repeat(unique[0], index)
    branch_rows, branch_start = _repeat(unique[4], index)
    return States(
        trunk_start, unique[1][trunk_rows], unique[2][trunk_rows], unique[3][trunk_rows],
        branch_start, unique[5][branch_rows], unique[6][branch_rows], unique[7][branch_rows],
    )  # fmt: skip


def _repeat(start: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of each site among those of its unique copy numbers, and where each site's begin."""
    sizes = (start[1:] - start[:-1])[index]
    begin = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    rows = np.arange(begin[-1]) - np.repeat(begin[:-1], sizes) + np.repeat(start[:-1][index], sizes)
    return rows.astype(np.int64), begin


@njit(cache=True, nogil=True)
def _add(values, weight, kind, rows, weights, kinds, count):  # type: ignore[no-untyped-def]
    """Add a state, or its weight to an equal one; the new number of states."""
    size = values.shape[0]
    for row in range(count):
        same = True
        for s in range(size):
            if abs(rows[row, s] - values[s]) > 1e-4:
                same = False
                break
        if same:
            if weight > weights[row]:
                kinds[row] = kind
            weights[row] += weight
            return count
    if count == rows.shape[0]:
        return count
    rows[count] = values
    weights[count] = weight
    kinds[count] = kind
    return count + 1


@njit(cache=True, nogil=True)
def _site(alleles, loose, trunk, trunk_w, trunk_k, branch, branch_w, branch_k):  # type: ignore[no-untyped-def]
    """Fill the states of one site; the numbers of trunk and branch states.

    alleles: (2, S) copy numbers pulled to integers; loose: (2, S) the same, pulled less, for alleles with an event.
    """
    size = alleles.shape[1]
    values = np.empty(size)
    n_trunk, n_branch = 0, 0
    copies = alleles.sum() / size
    # whatever the copy number, a branch mutation may sit on a copy that nothing happened to
    for allele in range(2):
        x = alleles[allele]
        low, high = int(math.floor(x.min() + EVENT_FROM)), int(math.ceil(x.max() - EVENT_FROM))
        total_prior = 0.0
        for base in range(max(low, 1), high + 1):
            total_prior += _base_prior(x, base)
        if total_prior == 0.0:
            continue
        for base in range(max(low, 1), high + 1):
            prior = _base_prior(x, base) / total_prior
            if prior < 1e-3:
                continue
            gains, losses = False, False
            for s in range(size):
                gains |= x[s] > base + EVENT_FROM
                losses |= x[s] < base - EVENT_FROM
            hit = 1.0 / base
            event = loose[allele] if gains or losses else x
            # trunk
            early, late = 0.5, 0.5
            if base == 1:
                early, late = 1.0, 0.0
            n_trunk = _add(x, 0.5 * prior * early, EARLY, trunk, trunk_w, trunk_k, n_trunk)
            late_share = prior * late * base / max(copies, 1.0)
            if late > 0:
                values[:] = 1.0
                untouched = late_share * (1 - hit * 0.5 * (gains + losses))
                n_trunk = _add(values, untouched, LATE, trunk, trunk_w, trunk_k, n_trunk)
            if gains:
                for s in range(size):
                    values[s] = 1.0 + max(event[s] - base, 0.0)
                share = late_share * hit * 0.5 if late > 0 else 0.1 * prior
                n_trunk = _add(values, share, LATE_GAINED, trunk, trunk_w, trunk_k, n_trunk)
                if base > 1:  # every copy doubled
                    for s in range(size):
                        values[s] = 1.0 + max(event[s] - base, 0.0) / base
                    n_trunk = _add(values, 0.3 * share, LATE_GAINED, trunk, trunk_w, trunk_k, n_trunk)
                if base == 1:  # the other copy was gained, or the gain came without the mutation
                    values[:] = 1.0
                    n_trunk = _add(values, 0.02 * prior, LATE, trunk, trunk_w, trunk_k, n_trunk)
            if losses:
                for s in range(size):
                    values[s] = max(1.0 - max(base - event[s], 0.0), 0.0)
                share = late_share * hit * 0.5 if late > 0 else 0.1 * prior
                n_trunk = _add(values, share, LATE_LOST, trunk, trunk_w, trunk_k, n_trunk)
            for m in range(2, min(base, 8)):
                share = 0.1 * late_share / (base - 2)
                values[:] = float(m)
                n_trunk = _add(values, share, BETWEEN, trunk, trunk_w, trunk_k, n_trunk)
                if gains:
                    for s in range(size):
                        values[s] = m + max(event[s] - base, 0.0)
                    n_trunk = _add(values, share * 0.5, BETWEEN, trunk, trunk_w, trunk_k, n_trunk)
                if losses:
                    for s in range(size):
                        values[s] = max(m - max(base - event[s], 0.0), 0.0)
                    n_trunk = _add(values, share * 0.5, BETWEEN, trunk, trunk_w, trunk_k, n_trunk)
            # branch
            per_copy = prior * base / max(copies, 1.0)
            values[:] = 0.0
            untouched = per_copy * (1 - hit * 0.5 * (gains + losses))
            n_branch = _add(values, untouched, UNTOUCHED, branch, branch_w, branch_k, n_branch)
            if gains:
                for s in range(size):
                    values[s] = max(event[s] - base, 0.0)
                n_branch = _add(values, per_copy * hit * 0.3, GAINED, branch, branch_w, branch_k, n_branch)
                if base > 1:
                    values /= base
                    n_branch = _add(
                        values, per_copy * hit * 0.1, GAINED, branch, branch_w, branch_k, n_branch
                    )
            if losses:
                for s in range(size):
                    values[s] = -max(base - event[s], 0.0)
                n_branch = _add(values, per_copy * hit * 0.3, LOST, branch, branch_w, branch_k, n_branch)
    if n_branch == 0:
        values[:] = 0.0
        n_branch = _add(values, 1.0, UNTOUCHED, branch, branch_w, branch_k, n_branch)
    if n_trunk == 0:
        values[:] = 1.0
        n_trunk = _add(values, 1.0, LATE, trunk, trunk_w, trunk_k, n_trunk)
    return n_trunk, n_branch


@njit(cache=True, nogil=True)
def _base_prior(x, base):  # type: ignore[no-untyped-def]
    """Prior weight of a base copy number: few kinds of events, and samples in the base state."""
    gains, losses = False, False
    most = 0.0
    for s in range(x.shape[0]):
        gains |= x[s] > base + EVENT_FROM
        losses |= x[s] < base - EVENT_FROM
        most = max(most, abs(x[s] - base))
    prior = TWO_EVENTS if gains and losses else 1.0
    while most > 1 + EVENT_FROM:  # several copies at once are rarer
        prior *= 0.3
        most -= 1
    return prior


@njit(cache=True, nogil=True)
def _build(alleles, loose):  # type: ignore[no-untyped-def]
    """States of unique sites with alleles (U, 2, S), counted first and filled then."""
    sites, _, size = alleles.shape
    trunk, trunk_w = np.empty((MOST_TRUNK, size)), np.empty(MOST_TRUNK)
    branch, branch_w = np.empty((MOST_BRANCH, size)), np.empty(MOST_BRANCH)
    trunk_k, branch_k = np.empty(MOST_TRUNK, dtype=np.int8), np.empty(MOST_BRANCH, dtype=np.int8)
    trunk_start, branch_start = np.zeros(sites + 1, dtype=np.int64), np.zeros(sites + 1, dtype=np.int64)
    for n in range(sites):
        a, b = _site(alleles[n], loose[n], trunk, trunk_w, trunk_k, branch, branch_w, branch_k)
        trunk_start[n + 1], branch_start[n + 1] = trunk_start[n] + a, branch_start[n] + b
    u = np.empty((trunk_start[sites], size))
    u_w = np.empty(trunk_start[sites])
    u_k = np.empty(trunk_start[sites], dtype=np.int8)
    change = np.empty((branch_start[sites], size))
    change_w = np.empty(branch_start[sites])
    change_k = np.empty(branch_start[sites], dtype=np.int8)
    for n in range(sites):
        a, b = _site(alleles[n], loose[n], trunk, trunk_w, trunk_k, branch, branch_w, branch_k)
        i, j = trunk_start[n], branch_start[n]
        u[i : i + a], change[j : j + b] = trunk[:a], branch[:b]
        u_w[i : i + a] = np.log(trunk_w[:a] / trunk_w[:a].sum())
        change_w[j : j + b] = np.log(branch_w[:b] / branch_w[:b].sum())
        u_k[i : i + a], change_k[j : j + b] = trunk_k[:a], branch_k[:b]
    return trunk_start, u, u_w, u_k, branch_start, change, change_w, change_k
