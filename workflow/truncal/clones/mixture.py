"""Clusters as a mixture: the trunk, branches at free DCFs, and an outlier component."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from truncal.ccf.model import ReadModel, flat_log_likelihood
from truncal.clones.kernels import (
    LISTED_ANYWAY,
    branch_log_likelihood,
    trunk_listed,
    trunk_states,
)
from truncal.clones.posterior import Centre, cluster_posterior

STILL = 0.002
"""Share of its members that a cluster may exchange without its DCF being estimated anew."""

TRUNK = 0
"""Column of the trunk in responsibilities; branches follow, outliers come last."""


@dataclass
class Fixed:
    """Log-likelihoods (N,) that no cluster's DCF enters: of the trunk and of being an outlier."""

    trunk: np.ndarray
    outlier: np.ndarray


@dataclass
class Mixture:
    """Branch clusters (their posteriors), and responsibilities (N, 1 + K + 1).

    log_likelihood: of the same shape, or None before the first expectation. seen: the centres for which its
    columns were computed (None: not yet). stale: mutations whose row has to be computed anew.
    """

    centres: list[Centre]
    responsibility: np.ndarray
    log_likelihood: np.ndarray | None = None
    seen: list[Centre | None] = field(default_factory=list)
    stale: np.ndarray | None = None

    @property
    def label(self) -> np.ndarray:
        """Most probable column of each mutation (N,)."""
        return self.responsibility.argmax(axis=1)

    @property
    def phi(self) -> np.ndarray:
        """DCF (K, S) of the branches."""
        return np.array([centre.mean for centre in self.centres])


def moved(old: Centre | None, new: Centre) -> bool:
    """Whether a centre moved by more than its likelihoods would notice."""
    if old is None:
        return True
    if old is new:
        return False
    spread = np.sqrt(np.minimum(old.variance, new.variance)) + 1e-4
    wider = np.abs(np.sqrt(old.variance) - np.sqrt(new.variance))
    return bool(((np.abs(old.mean - new.mean) > 0.1 * spread) | (wider > 0.1 * spread + 0.002)).any())


def fixed_likelihoods(model: ReadModel) -> Fixed:
    """The parts that stay the same while clusters move."""
    states = model.states
    values = trunk_states(
        model.rows,
        states.trunk_start,
        states.trunk_u,
        states.trunk_log_weight,
        states.doubled,
        model.copy_number_error**2,
    )
    trunk = np.logaddexp.reduceat(values, states.trunk_start[:-1])
    if (model.rows.unlisted >= 0).any():
        trunk -= trunk_listed(model.rows, states.trunk_start, states.trunk_u, states.trunk_log_weight)
    return Fixed(trunk, outlier_log_likelihood(model))


def outlier_log_likelihood(model: ReadModel) -> np.ndarray:
    """Log-likelihood (N,) of reads at an arbitrary frequency in each sample, or of none."""
    rows, sites = model.rows, model.sites
    most = np.clip(rows.scale * np.maximum(sites.major, 1.0), 1e-3, 1.0)
    flat = flat_log_likelihood(rows) - np.log(most)
    none = rows.alt * np.log(np.maximum(rows.error, 1e-9)) + (rows.depth - rows.alt) * np.log1p(-rows.error)
    value = np.logaddexp(np.log(0.8) + flat, np.log(0.2) + none)
    value = np.where(rows.table == -1, value, 0.0)
    if (rows.unlisted < 0).all():
        return value.sum(axis=1)
    # not listed at any frequency, or at none
    flat_from = np.maximum(sites.major, 1).astype(np.int64) * 20 + 1
    means = np.cumsum(np.exp(rows.tables), axis=1) / np.arange(1, rows.tables.shape[1] + 1)
    last = np.minimum(flat_from, rows.tables.shape[1]) - 1
    missed = np.log(0.2 * np.exp(rows.tables[rows.unlisted, 0]) + 0.8 * means[rows.unlisted, last])
    missed = np.where(rows.unlisted >= 0, np.minimum(missed, LISTED_ANYWAY), 0.0)
    value = np.where(rows.table >= 0, missed, value)
    return value.sum(axis=1) - np.log1p(-np.exp(missed.sum(axis=1)))


def expect(model: ReadModel, fixed: Fixed, mixture: Mixture, outlier_prior: float) -> Mixture:
    """Responsibilities under the present clusters and their sizes; only what changed is computed anew."""
    n = model.shape[0]
    sizes = mixture.responsibility[:, :-1].sum(axis=0)
    k = len(mixture.centres)
    seen: list[Centre | None] = list(mixture.seen) if mixture.log_likelihood is not None else [None] * k
    likelihood = np.full((n, k + 2), -np.inf)
    if mixture.log_likelihood is not None:
        likelihood[:] = mixture.log_likelihood
    likelihood[:, TRUNK], likelihood[:, -1] = fixed.trunk, fixed.outlier
    late = [j for j in range(k) if moved(seen[j], mixture.centres[j])]
    if late:
        likelihood[:, [j + 1 for j in late]] = -np.inf
        _compute(model, mixture, likelihood, np.arange(n), np.array(late))
        for j in late:
            seen[j] = mixture.centres[j]
    if mixture.stale is not None and len(mixture.stale) and k:
        likelihood[mixture.stale, 1:-1] = -np.inf
        _compute(model, mixture, likelihood, mixture.stale, np.arange(k))
    weights = np.append(np.maximum(sizes, 1e-3) / n * (1 - outlier_prior), outlier_prior)
    scores = likelihood + np.log(weights)
    scores -= scores.max(axis=1, keepdims=True)
    responsibility = np.exp(scores)
    responsibility /= responsibility.sum(axis=1, keepdims=True)
    return Mixture(mixture.centres, responsibility, likelihood, seen)


def _compute(
    model: ReadModel, mixture: Mixture, likelihood: np.ndarray, mutations: np.ndarray, clusters: np.ndarray
) -> None:
    """Fill the columns of `clusters` for `mutations` in likelihood (N, 1 + K + 1), in place."""
    states = model.states
    label = mixture.label
    place = np.full(mixture.responsibility.shape[1], -1)
    place[clusters + 1] = np.arange(len(clusters))
    branch_log_likelihood(
        model.rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
        states.branch_kind, model.copy_number_error**2, mutations, clusters, mixture.phi,
        np.array([centre.variance for centre in mixture.centres]), place[label], likelihood,
    )  # fmt: skip


def maximise(model: ReadModel, mixture: Mixture, before: np.ndarray | None = None) -> Mixture:
    """New posteriors of the branches' DCFs; clusters that nobody belongs to go.

    before: responsibilities (N, 1 + K + 1) from which the present centres were computed; clusters whose
    members stayed keep theirs.
    """
    weights = mixture.responsibility
    keep = [k for k in range(len(mixture.centres)) if weights[:, k + 1].sum() > 0.5]
    columns = [TRUNK, *(k + 1 for k in keep), weights.shape[1] - 1]
    centres = []
    for k in keep:
        share = weights[:, k + 1]
        old = mixture.centres[k]
        if before is not None and np.abs(before[:, k + 1] - share).sum() < STILL * share.sum():
            centres.append(old)
            continue
        members = np.flatnonzero(share > 0.01)
        window = None if before is None else (np.maximum(old.low, 0), np.minimum(old.high, 1))
        centres.append(cluster_posterior(model, members, share[members], old.mean, old.variance, window))
    likelihood = mixture.log_likelihood[:, columns] if mixture.log_likelihood is not None else None
    seen = [mixture.seen[k] for k in keep] if mixture.seen else []
    return Mixture(centres, weights[:, columns], likelihood, seen)
