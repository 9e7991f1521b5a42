"""Clusters as a mixture: the trunk, branches at free DCFs, and an outlier component."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from truncal.ccf.model import ReadModel, flat_log_likelihood
from truncal.clones.kernels import branch_log_likelihood, sum_by_site, trunk_states
from truncal.clones.posterior import Centre, cluster_posterior

TRUNK = 0
"""Column of the trunk in responsibilities; branches follow, outliers come last."""


@dataclass
class Fixed:
    """Log-likelihoods (N,) that no cluster's DCF enters: of the trunk and of being an outlier."""

    trunk: np.ndarray
    outlier: np.ndarray


@dataclass
class Mixture:
    """Branch clusters (their posteriors), and responsibilities (N, 1 + K + 1)."""

    centres: list[Centre]
    responsibility: np.ndarray
    log_likelihood: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def label(self) -> np.ndarray:
        """Most probable column of each mutation (N,)."""
        return self.responsibility.argmax(axis=1)

    @property
    def phi(self) -> np.ndarray:
        """DCF (K, S) of the branches."""
        return np.array([centre.mean for centre in self.centres])


def fixed_likelihoods(model: ReadModel) -> Fixed:
    """The parts that stay the same while clusters move."""
    states = model.states
    values = trunk_states(
        model.rows,
        states.trunk_start,
        states.trunk_u,
        states.trunk_log_weight,
        states.trunk_kind,
        model.copy_number_error**2,
    )
    return Fixed(sum_by_site(states.trunk_start, values), outlier_log_likelihood(model))


def outlier_log_likelihood(model: ReadModel) -> np.ndarray:
    """Log-likelihood (N,) of reads at an arbitrary frequency in each sample, or of none."""
    rows, sites = model.rows, model.sites
    most = np.clip(rows.scale * np.maximum(sites.major, 1.0), 1e-3, 1.0)
    flat = flat_log_likelihood(rows.alt, rows.depth) - np.log(most)
    none = rows.alt * np.log(np.maximum(rows.error, 1e-9)) + (rows.depth - rows.alt) * np.log1p(-rows.error)
    value = np.logaddexp(np.log(0.8) + flat, np.log(0.2) + none)
    value = np.where(rows.table == -1, value, 0.0)
    for n, s in zip(*np.nonzero(rows.table >= 0), strict=True):
        table = rows.tables[rows.table[n, s]]
        value[n, s] = np.log(
            0.2 * np.exp(table[0]) + 0.8 * np.exp(table[: int(20 * max(sites.major[n, s], 1)) + 1]).mean()
        )
    return value.sum(axis=1)


def expect(model: ReadModel, fixed: Fixed, mixture: Mixture, outlier_prior: float) -> Mixture:
    """Responsibilities under the present clusters and their sizes."""
    n = model.shape[0]
    sizes = mixture.responsibility[:, :-1].sum(axis=0)
    states = model.states
    k = len(mixture.centres)
    likelihood = np.empty((n, k + 2))
    likelihood[:, TRUNK], likelihood[:, -1] = fixed.trunk, fixed.outlier
    if k:
        first = np.where((mixture.label > 0) & (mixture.label <= k), mixture.label - 1, -1)
        variance = np.array([centre.variance for centre in mixture.centres])
        likelihood[:, 1:-1] = branch_log_likelihood(
            model.rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
            states.branch_kind, model.copy_number_error**2, mixture.phi, variance,
            np.maximum(fixed.trunk, fixed.outlier), first,
        )  # fmt: skip
    weights = np.append(np.maximum(sizes, 1e-3) / n * (1 - outlier_prior), outlier_prior)
    scores = likelihood + np.log(weights)
    scores -= scores.max(axis=1, keepdims=True)
    responsibility = np.exp(scores)
    responsibility /= responsibility.sum(axis=1, keepdims=True)
    return Mixture(mixture.centres, responsibility, likelihood)


def maximise(model: ReadModel, mixture: Mixture, *, afresh: bool = False) -> Mixture:
    """New posteriors of the branches' DCFs; clusters that nobody belongs to go."""
    weights = mixture.responsibility
    keep = [k for k in range(len(mixture.centres)) if weights[:, k + 1].sum() > 0.5]
    columns = [TRUNK, *(k + 1 for k in keep), weights.shape[1] - 1]
    weights = weights[:, columns]
    centres = []
    for place, k in enumerate(keep):
        share = weights[:, place + 1]
        members = np.flatnonzero(share > 0.01)
        old = mixture.centres[k]
        window = None if afresh else (np.maximum(old.low, 0), np.minimum(old.high, 1))
        centres.append(cluster_posterior(model, members, share[members], old.mean, old.variance, window))
    return Mixture(centres, weights)
