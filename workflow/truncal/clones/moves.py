"""Moves between numbers of clusters: dissolve, merge, split; each weighs the likelihood against its cost.

A mixture with one cluster more has a higher likelihood by what `needs` says; it pays for the prior mass that
the cluster's DCF leaves unused (`Centre.occam`) and for its weight, ½ log N + `CLUSTER_COST`.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.model import READS, ReadModel
from truncal.clones.kernels import branch_log_likelihood
from truncal.clones.mixture import TRUNK, Fixed, Mixture
from truncal.clones.posterior import Centre, cluster_posterior
from truncal.clones.prior import LOG_BETWEEN, SAME, weight_cost

TRUNK_COST = 6.0
"""Log prior odds against a clone cut off the trunk's tail, where a purity or state that is off collects
mutations."""

CLEAR = 12.0
"""Log-likelihood ratio beyond which a mutation counts no further for or against a move."""

NEAR_TRUNK = 0.98
"""DCF from which a cluster may be the trunk's tail."""

EMPTY = 0.1
"""Mutations up to which a trunk is empty."""

SPLIT_FROM = 6
"""Members that a cluster needs to be tried for a split."""

LOCAL_SWEEPS = 15

STARTS = (0.0, 1.0, -1.0)
"""Where along the first axis, in standard deviations, a cluster is parted to begin with."""


def penalty(model: ReadModel) -> float:
    """Cost of one more cluster, without its DCF."""
    return weight_cost(model.shape[0])


def trunk_cost(centre: Centre) -> float:
    """Cost of a cluster that lies at the trunk's DCF, or within its own error just below, in every sample."""
    near = centre.mean + 2 * np.sqrt(centre.variance) > NEAR_TRUNK
    return TRUNK_COST if near.all() else 0.0


def shared(one: Centre, other: Centre) -> float:
    """Log Bayes factor for two clusters that may share their DCF in each sample, against independent ones.

    A clone and its ancestor have the same DCF wherever no cell stopped between them (prior `SAME` per
    sample). Both posteriors are taken as normal: the DCF is shared with density exp(−Δ²/2v) / √(2πv), v the
    sum of their variances.
    """
    v = one.variance + other.variance + 1e-8
    density = np.exp(-0.5 * (one.mean - other.mean) ** 2 / v) / np.sqrt(2 * np.pi * v) / math.exp(LOG_BETWEEN)
    between = (1 - one.p_zero - one.p_one) * (1 - other.p_zero - other.p_one)
    return float(np.log1p(SAME * between.clip(0, 1) * (density - 1)).clip(0, None).sum())


def best_shared(mixture: Mixture, k: int) -> float:
    """The most that cluster k gains from sharing with one other branch.

    Sharing with the trunk does not count: what is off in purity or states collects mutations just below it.
    """
    centre = mixture.centres[k]
    gains = [shared(centre, other) for j, other in enumerate(mixture.centres) if j != k]
    return max([0.0, *gains])


def log_evidence(model: ReadModel, mixture: Mixture, outlier_prior: float) -> float:
    """Log marginal likelihood of the whole fit, in the approximation that the moves use."""
    n = model.shape[0]
    sizes = np.append(mixture.responsibility[:, :-1].sum(axis=0) / n * (1 - outlier_prior), outlier_prior)
    total = np.logaddexp.reduce(mixture.log_likelihood + np.log(np.maximum(sizes, 1e-9)), axis=1).sum()
    for k, centre in enumerate(mixture.centres):
        total += centre.occam.sum() + best_shared(mixture, k) - penalty(model)
    return float(total)


def least_needed(model: ReadModel, mixture: Mixture) -> int | None:
    """The cluster whose members do best without it, or None where every one is needed."""
    gains = needs(mixture.responsibility)[1:]
    for k, centre in enumerate(mixture.centres):
        gains[k] += centre.occam.sum() + best_shared(mixture, k) - penalty(model) - trunk_cost(centre)
    if not len(gains) or gains.min() >= 0:
        return None
    return int(gains.argmin())


def needs(responsibility: np.ndarray) -> np.ndarray:
    """What the trunk and each branch add to the log-likelihood (1 + K,), their weight going to those that
    take their members.

    responsibility: (N, 1 + K + 1). With r_nj = π_j L_nj / Σ π L the log-likelihood without cluster k and with
    weights π' is Σ_n log Σ_{j≠k} r_nj π'_j / π_j more; a member that nothing else explains is worth at most
    what an outlier is.
    """
    r = responsibility[:, :-1]
    sizes = np.maximum(r.sum(axis=0), 1e-9)
    left = 1 - r
    taken = r.T @ (r / np.maximum(left, 1e-9))  # (j, k): members of k that go to j
    ratio = 1 + taken / sizes[:, None]
    np.fill_diagonal(ratio, 0.0)
    kept = r @ ratio + responsibility[:, -1:]
    return -np.log(np.clip(kept, 1e-12, None)).sum(axis=0)


def without_trunk(model: ReadModel, mixture: Mixture) -> Mixture | None:
    """The mixture with nothing on its trunk, where the few mutations there do as well elsewhere; else None.

    A trunk has no DCF to pay for, only its weight.
    """
    r = mixture.responsibility
    if r[:, TRUNK].sum() < EMPTY or needs(r)[TRUNK] >= 0.5 * math.log(model.shape[0]):
        return None
    r = r.copy()
    r[:, TRUNK] = 0.0
    r[r.sum(axis=1) < 1e-9, -1] = 1.0
    r /= r.sum(axis=1, keepdims=True)
    return Mixture(mixture.centres, r, mixture.log_likelihood, mixture.seen)


def without(mixture: Mixture, gone: int) -> Mixture:
    """The mixture without one cluster."""
    r = mixture.responsibility
    keep = [column for column in range(r.shape[1]) if column != gone + 1]
    stale = np.flatnonzero(r[:, gone + 1] > 1e-3)
    r = r[:, keep].copy()
    r[r.sum(axis=1) < 1e-9, -1] = 1.0
    centres = [centre for k, centre in enumerate(mixture.centres) if k != gone]
    seen = [centre for k, centre in enumerate(mixture.seen) if k != gone]
    likelihood = mixture.log_likelihood[:, keep] if mixture.log_likelihood is not None else None
    return Mixture(centres, r / r.sum(axis=1, keepdims=True), likelihood, seen, stale)


def two_against_one(
    model: ReadModel,
    members: np.ndarray,
    weights: np.ndarray,
    pair: tuple[Centre, Centre],
    share: float,
    one: Centre,
) -> tuple[float, np.ndarray]:
    """Gain of two clusters over one for some members, and the responsibility (n,) of the first of the two."""
    values = _columns(model, members, [*pair, one])
    first, second = values[:, 0] + math.log(share), values[:, 1] + math.log1p(-share)
    both = np.logaddexp(first, second)
    # a member that neither explains belongs to neither
    worst = np.maximum(both, values[:, 2])
    both, alone = np.maximum(both, worst - 12.0), np.maximum(values[:, 2], worst - 12.0)
    gain = float((weights * (both - alone)).sum())
    gain += (
        float(pair[0].occam.sum() + pair[1].occam.sum() - one.occam.sum()) + shared(*pair) - penalty(model)
    )
    return gain, np.exp(first - np.logaddexp(first, second))


def _columns(model: ReadModel, members: np.ndarray, centres: list[Centre]) -> np.ndarray:
    """Log-likelihood (n, C) of members under centres."""
    states = model.states
    out = np.full((model.shape[0], len(centres) + 2), -1e6)
    branch_log_likelihood(
        model.rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
        states.branch_kind, model.copy_number_error**2, members, np.arange(len(centres)),
        np.array([centre.mean for centre in centres]), np.array([centre.variance for centre in centres]),
        np.full(model.shape[0], -1), out,
    )  # fmt: skip
    return np.maximum(out[members, 1:-1], -1e6)


def best_merge(model: ReadModel, mixture: Mixture, tried: dict) -> tuple[int, int, Centre] | None:
    """The pair of clusters that is best made one, with its centre; `tried` remembers pairs that were not."""
    r = mixture.responsibility[:, 1:-1]
    k = len(mixture.centres)
    if k < 2:
        return None
    phi = mixture.phi
    spread = np.sqrt(np.array([centre.variance for centre in mixture.centres])) + 0.02
    best, found = 0.0, None
    for a in range(k):
        away = ((phi - phi[a]) ** 2 / (spread**2 + spread[a] ** 2)).mean(axis=1)
        away[a] = np.inf
        b = int(away.argmin())
        pair = (min(a, b), max(a, b))
        key = (id(mixture.centres[pair[0]]), id(mixture.centres[pair[1]]))
        if away[b] > 9 or key in tried:
            continue
        weights = r[:, a] + r[:, b]
        members = np.flatnonzero(weights > 0.01)
        sizes = r[:, pair[0]].sum(), r[:, pair[1]].sum()
        share = sizes[0] / sum(sizes)
        start = mixture.centres[a if r[:, a].sum() >= r[:, b].sum() else b]
        one = cluster_posterior(model, members, weights[members], start.mean, start.variance)
        centres = (mixture.centres[pair[0]], mixture.centres[pair[1]])
        gain, _ = two_against_one(
            model, members, weights[members], centres, min(max(share, 1e-6), 1 - 1e-6), one
        )
        tried[key] = centres  # keeps the centres alive, so that their ids stay theirs
        if gain < best:
            best, found = gain, (*pair, one)
    return found


def merged(mixture: Mixture, a: int, b: int, centre: Centre) -> Mixture:
    """The mixture with clusters a < b made one."""
    r = mixture.responsibility.copy()
    r[:, a + 1] += r[:, b + 1]
    centres = list(mixture.centres)
    centres[a] = centre
    seen: list[Centre | None] = list(mixture.seen) or [None] * len(centres)
    seen[a] = None
    return without(Mixture(centres, r, mixture.log_likelihood, seen), b)


def scores(model: ReadModel, members: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Standardised residuals (n, S) of the members' reads at expected copies (n, S); 0 where unknown."""
    rows = model.rows
    v = np.clip(rows.scale[members] * copies, 0, 1)
    error = rows.error[members]
    p = np.clip(v * (1 - 2 * error) + error, 1e-6, 1 - 1e-6)
    depth = rows.depth[members]
    spread = (
        np.sqrt(depth * p * (1 - p) * (1 + np.maximum(depth - 1, 0) * rows.overdispersion[members])) + 1e-9
    )
    z = (rows.alt[members] - depth * p) / spread
    usable = (rows.table[members] == READS) & (depth > 0) & np.isfinite(z)
    return np.clip(np.where(usable, z, 0.0), -6, 6)


def split(
    model: ReadModel, members: np.ndarray, weights: np.ndarray, z: np.ndarray, one: Centre
) -> tuple[list[Centre], np.ndarray] | None:
    """Two centres that explain the members better than one and the first one's share (n,) of each, or None.

    The members are parted along the first principal axis of their residuals z (n, S) and the parts are fitted
    by expectation–maximisation among themselves.
    """
    n, samples = z.shape
    centred = z - np.average(z, axis=0, weights=weights)
    values, vectors = np.linalg.eigh(centred.T @ (centred * weights[:, None]) / weights.sum())
    # more spread along one axis than noise has (Marchenko–Pastur)
    if values[-1] < (1 + math.sqrt(samples / n)) ** 2:
        return None
    side = centred @ vectors[:, -1]
    if side[np.abs(side).argmax()] < 0:
        side = -side
    deviation = math.sqrt(max(values[-1], 1e-9))
    best, found = 0.0, None
    for threshold in STARTS:
        gain, pair, share = _parted(model, members, weights, side - threshold * deviation, one)
        if pair is not None and gain > best:
            best, found = gain, (pair, share)
    return found


def _parted(
    model: ReadModel, members: np.ndarray, weights: np.ndarray, side: np.ndarray, one: Centre
) -> tuple[float, list[Centre] | None, np.ndarray]:
    """Gain and centres of two clusters that start from the members with positive and with negative `side`,
    and the first one's share (n,) of each member."""
    share = 1 / (1 + np.exp(-np.clip(2 * side, -30, 30)))
    gain, pair = -math.inf, None
    for _ in range(LOCAL_SWEEPS):
        a, b = weights * share, weights * (1 - share)
        if min(a.sum(), b.sum()) < 1.5:
            return -math.inf, None, share
        pair = [
            cluster_posterior(model, members[part > 0.01], part[part > 0.01], one.mean, one.variance)
            for part in (a, b)
        ]
        before = gain
        gain, share = two_against_one(
            model, members, weights, (pair[0], pair[1]), a.sum() / (a + b).sum(), one
        )
        if abs(gain - before) < 0.2:
            break
    return gain, pair, share


def split_trunk(
    model: ReadModel, fixed: Fixed, members: np.ndarray, weights: np.ndarray, z: np.ndarray
) -> tuple[Centre, np.ndarray] | None:
    """A branch that explains some of the trunk's members better than the trunk and its share (n,), or None.

    Members start in it if they lie on the lower side of the first principal axis of the residuals z (n, S).
    """
    n, samples = z.shape
    values, vectors = np.linalg.eigh(z.T @ (z * weights[:, None]) / weights.sum())
    if values[-1] < (1 + math.sqrt(samples / n)) ** 2:
        return None
    axis = vectors[:, -1] * (1 if vectors[:, -1].sum() > 0 else -1)
    share = 1 / (1 + np.exp(np.clip(z @ axis + 0.5, -30, 30)))
    return _cut_off(model, fixed, members, weights, share, np.full(samples, 0.9), TRUNK_COST)


def split_unlisted(
    model: ReadModel, fixed: Fixed, members: np.ndarray, weights: np.ndarray
) -> tuple[Centre, np.ndarray] | None:
    """A branch absent from samples that do not list some of the trunk's members, and its share (n,), or None.

    Of the sets of samples that list a member and gain as a branch, the one that takes most is cut off.
    """
    unlisted = model.rows.unlisted[members] >= 0
    unlisted &= model.rows.table[members] != READS
    patterns, which = np.unique(unlisted, axis=0, return_inverse=True)
    which = which.reshape(-1)
    best: tuple[float, tuple[Centre, np.ndarray] | None] = (0.0, None)
    for index, pattern in enumerate(patterns):
        inside = which == index
        if not pattern.any() or inside.sum() < SPLIT_FROM:
            continue
        found = _cut_off(
            model, fixed, members, weights, np.where(inside, 0.9, 0.01), np.where(pattern, 0.01, 0.95), 0.0
        )
        if found is not None and weights @ found[1] > best[0]:
            best = (float(weights @ found[1]), found)
    return best[1]


def _cut_off(
    model: ReadModel,
    fixed: Fixed,
    members: np.ndarray,
    weights: np.ndarray,
    share: np.ndarray,
    phi: np.ndarray,
    cost: float,
) -> tuple[Centre, np.ndarray] | None:
    """A branch with a share (n,) of the trunk's members, by expectation–maximisation, where it gains."""
    trunk = fixed.trunk[members]
    centre, gain = None, -math.inf
    variance = np.full(len(phi), 1e-3)
    for _ in range(LOCAL_SWEEPS):
        part = weights * share
        if part.sum() < 1.5:
            return None
        inside = part > 0.01
        centre = cluster_posterior(model, members[inside], part[inside], phi, variance)
        phi, variance = centre.mean, centre.variance
        size = part.sum() / weights.sum()
        branch = _columns(model, members, [centre])[:, 0] + math.log(size)
        both = np.logaddexp(branch, trunk + math.log1p(-min(size, 1 - 1e-6)))
        before = gain
        gain = float((weights * (both - trunk)).sum() + centre.occam.sum()) - cost - penalty(model)
        share = np.exp(branch - both)
        if abs(gain - before) < 0.1:
            break
    return (centre, share) if centre is not None and gain > 0 else None
