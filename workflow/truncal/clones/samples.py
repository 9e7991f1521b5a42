"""What the clusters say about a sample: the overdispersion of its reads and its error rate.

Both come from rows whose number of mutated copies is not in doubt: members of a cluster with a probability of
at least `SURE`, on a copy that nothing happened to, or on the trunk in a whole-number state.
"""

from __future__ import annotations

import numpy as np

from truncal.ccf.absent import STEP
from truncal.ccf.model import READS, ReadModel
from truncal.ccf.observations import UNEXPLAINED
from truncal.clones.kernels import overdispersion_log_likelihood, trunk_states
from truncal.clones.mixture import TRUNK, Mixture
from truncal.copynumber.states import ALL_COPIES, GAINED, LATE_GAINED, LATE_LOST, LOST, LOST_BESIDE

SURE = 0.8
BARELY = 0.05

ERRORS = 2.0
ABSENT = 0.9
"""Posterior of DCF 0 from which a sample counts as lacking a cluster."""

LISTED = -1.5
"""Log probability of not being listed up to which a listed row tells of its sample's overdispersion."""

CANDIDATES = np.concatenate([[0.0], np.geomspace(1e-5, 0.1, 33)])
"""Overdispersions to choose from; the first is the binomial limit."""

USUAL = 0.003
"""Mean of the exponential prior of an overdispersion: that of sequenced mixtures of cell lines, and more than
most exomes have. Merged clusters look like a far larger one."""

WRONG = 0.03
"""Share of these rows in which a wrong state or cluster is to blame, not overdispersion."""

FEWEST = 8
"""Rows a sample needs for an estimate of its own."""


def trunk_copies(model: ReadModel) -> tuple[np.ndarray, np.ndarray]:
    """Mutated copies (N, S) if on the trunk, NaN where they are no whole number, and the probability (N,) of
    that state among the trunk's; 0 where it has a copy too many or too few by an event on the trunk."""
    states = model.states
    values = trunk_states(
        model.rows, states.trunk_start, states.trunk_u, states.trunk_log_weight, states.doubled,
        model.copy_number_error**2,
    )  # fmt: skip
    best, share = likeliest(states.trunk_start, values)
    kind = states.trunk_kind[best]
    u = states.trunk_u[best]
    each = u / (1 + states.doubled)
    whole = np.abs(each - np.round(each)) < 1e-3
    event = np.isin(kind, (LATE_GAINED, LATE_LOST, LOST_BESIDE))
    return np.where(whole, u, np.nan), np.where(event, 0.0, share)


def expected_copies(model: ReadModel, mixture: Mixture) -> np.ndarray:
    """Mutated copies (N, S) where they are not in doubt, NaN elsewhere."""
    states, r = model.states, mixture.responsibility
    out = np.full(model.shape, np.nan)
    copies, share = trunk_copies(model)
    on_trunk = r[:, TRUNK] * share >= SURE
    out[on_trunk] = copies[on_trunk]
    sizes = r[:, 1:-1].sum(axis=0)
    # the branch states without an event: one copy mutated, or all of an allele's
    rows_of = np.repeat(np.arange(len(r)), np.diff(states.branch_start))
    event = (states.branch_kind == GAINED) | (states.branch_kind == LOST)
    single = np.bincount(rows_of, weights=event, minlength=len(r)) == 0
    slopes = np.ones(len(r))
    np.maximum.at(
        slopes, rows_of, np.where(states.branch_kind > ALL_COPIES, states.branch_kind - ALL_COPIES, 1)
    )
    rows = model.rows
    # without copies there is no slope, and such a site says nothing of either
    depth = np.where(rows.scale > 0, rows.depth, 0)
    seen = rows.alt / np.maximum(depth, 1) / np.where(rows.scale > 0, rows.scale, 1)
    for k, centre in enumerate(mixture.centres):
        if sizes[k] < 4:
            continue
        members = np.flatnonzero((r[:, k + 1] >= SURE) & single)
        one = centre.mean
        many = slopes[members][:, None] * one
        use = depth[members]
        better = (use * (seen[members] - many) ** 2).sum(axis=1) < (use * (seen[members] - one) ** 2).sum(
            axis=1
        )
        out[members] = np.where(better[:, None], many, one)
    return out


def likeliest(start: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row of each site's most probable state, and its posterior: (N,) int64 and (N,)."""
    top = np.maximum.reduceat(values, start[:-1])
    site = np.repeat(np.arange(len(top)), np.diff(start))
    rows = np.flatnonzero(values == top[site])
    best = rows[np.unique(site[rows], return_index=True)[1]]
    return best, np.exp(top - np.logaddexp.reduceat(values, start[:-1]))


def interpolated_rows(tables: np.ndarray, which: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Values at u (R, U) of rows `which` (R,) of tables over u = 0, `STEP`, …; the last beyond their ends."""
    place = np.clip(u / STEP, 0, tables.shape[1] - 1 - 1e-9)
    low = place.astype(np.int64)
    part = place - low
    which = which[:, None]
    return tables[which, low] * (1 - part) + tables[which, low + 1] * part


def _log_unlisted(model: ReadModel, copies: np.ndarray) -> np.ndarray:
    """Log probability (N, S) that a sample does not list a site with these copies; −inf where it can't be."""
    rows = model.rows
    out = np.full(copies.shape, -np.inf)
    for s in range(copies.shape[1]):
        some = (rows.unlisted[:, s] >= 0) & np.isfinite(copies[:, s])
        if some.any():
            out[some, s] = interpolated_rows(rows.tables, rows.unlisted[some, s], copies[some, s][:, None])[
                :, 0
            ]
    return out


def estimate_overdispersion(model: ReadModel, copies: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Overdispersion (S,) of each sample; samples with few rows take what all samples together say.

    present: (S,) values to fall back on.
    """
    rows = model.rows
    v = np.clip(rows.scale * copies, 0, 1)
    p = v * (1 - rows.error) + (1 - v) * rows.error
    use = (rows.table == READS) & (rows.depth > 1) & np.isfinite(p) & (v > 0.02) & (v < 0.98)
    use &= _log_unlisted(model, copies) < LISTED  # of the others only a chosen part is known
    scores = np.zeros((model.shape[1], len(CANDIDATES)))
    counts = use.sum(axis=0)
    floor = rows.floor + np.log(WRONG / UNEXPLAINED)
    for s in range(model.shape[1]):
        chosen = use[:, s]
        if chosen.any():
            scores[s] = overdispersion_log_likelihood(
                rows.alt[chosen, s], rows.depth[chosen, s], p[chosen, s], floor[chosen, s], CANDIDATES
            )
    if counts.sum() < FEWEST:
        return present
    pooled = CANDIDATES[(scores.sum(axis=0) - CANDIDATES / USUAL).argmax()]
    # samples are drawn together: the pooled score counts as `FEWEST` rows of each
    together = scores.sum(axis=0) / counts.sum() * FEWEST
    out = CANDIDATES[(scores + together - CANDIDATES / USUAL).argmax(axis=1)]
    return np.where(counts >= FEWEST, out, pooled)


def estimate_error(model: ReadModel, mixture: Mixture) -> np.ndarray:
    """Error rates (S,) as multiples of the given ones, from members of clusters that a sample lacks.

    The posterior mean under a gamma prior with the given rate as mean and the weight of `ERRORS` errors. A
    rate far above the given one looks like a clone in few cells, and stays unseen.
    """
    rows, r = model.rows, mixture.responsibility
    errors, expected = np.full(model.shape[1], ERRORS), np.full(model.shape[1], ERRORS)
    given = model.sites.error / model.error_factor
    for k, centre in enumerate(mixture.centres):
        missing = centre.p_zero > ABSENT
        members = np.flatnonzero(r[:, k + 1] >= SURE)
        if not missing.any() or not len(members):
            continue
        use = (rows.table[members] == READS) & missing
        errors += np.where(use, rows.alt[members], 0).sum(axis=0)
        expected += np.where(use, rows.depth[members] * given[members], 0).sum(axis=0)
    return errors / expected
