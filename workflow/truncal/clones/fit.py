"""Clusters of one patient, their number included, without restarts: deterministic.

1. agglomerate single mutations on the tensor (a subset of them first where there are very many);
2. reassign each mutation by its predictive under the others' clusters until nothing moves;
3. estimate each sample's overdispersion from the clusters, rebuild the tensor, and repeat from 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.ccf.tensor import DEFAULT_PRECISION, ReadModel
from truncal.clones.agglomerate import agglomerate
from truncal.clones.assign import cluster_sums, dcf_posterior, log_alone, log_predictive
from truncal.clones.prior import dcf_log_prior

AT_ONCE = 1000
"""Mutations that are agglomerated together; the rest join the clusters found, and what fits none goes again."""

SWEEPS = 25


@dataclass(frozen=True)
class Clustering:
    """Clusters of N mutations in S samples on a grid of G DCFs.

    label: (N,) 0-based cluster, −1 for outliers, by falling mean DCF. responsibility: (N, K) and outlier (N,)
    sum to 1 for each mutation. log_likelihood: (K, S, G) summed over members. posterior: (K, S, G) of the DCF.
    mutation_posterior: (N, S, G) of each mutation's DCF. precision: (S,) of the beta-binomial.
    """

    label: np.ndarray
    responsibility: np.ndarray
    outlier: np.ndarray
    log_likelihood: np.ndarray
    posterior: np.ndarray
    mutation_posterior: np.ndarray
    precision: np.ndarray


def cluster_mutations(
    model: ReadModel, *, concentration: float = 1.0, outlier_prior: float = 0.01, rounds: int = 2
) -> Clustering:
    """Cluster all mutations of the read model."""
    log_prior = dcf_log_prior(len(model.grid))
    precision = np.full(model.observations.shape[1], DEFAULT_PRECISION)
    for _ in range(rounds):
        tensor = model.tensor(precision)
        label = _cluster(tensor, log_prior, concentration, outlier_prior)
        sums = cluster_sums(tensor, label, label.max() + 1)
        dcf = dcf_posterior(sums, log_prior) @ model.grid
        precision = model.fit_precision(dcf[label], label >= 0)
    tensor = model.tensor(precision)
    label = _cluster(tensor, log_prior, concentration, outlier_prior)
    return _summary(tensor, label, log_prior, concentration, outlier_prior, precision, model.grid)


def _cluster(
    tensor: np.ndarray, log_prior: np.ndarray, concentration: float, outlier_prior: float
) -> np.ndarray:
    likelihood = np.exp(tensor)
    label = _agglomerated(tensor, likelihood, log_prior, concentration)
    for _ in range(SWEEPS):
        scores = _scores(tensor, likelihood, label, log_prior, concentration, outlier_prior)
        moved = scores.argmax(axis=1)
        moved[moved == scores.shape[1] - 1] = -1
        moved = _numbered(moved)
        if np.array_equal(moved, label):
            break
        label = moved
    return label


def _agglomerated(
    tensor: np.ndarray, likelihood: np.ndarray, log_prior: np.ndarray, concentration: float
) -> np.ndarray:
    """Agglomerate a spread-out subset, let the others join, and take what fits nothing for the next subset."""
    n = len(tensor)
    label = np.full(n, -1)
    alone = log_alone(likelihood, log_prior)
    left = np.arange(n)
    count = 0
    while len(left):
        chosen = left[np.linspace(0, len(left) - 1, min(AT_ONCE, len(left))).astype(np.int64)]
        found = agglomerate(tensor[chosen], np.ones(len(chosen)), log_prior, concentration)
        label[chosen] = count + found
        count += found.max() + 1
        sums = cluster_sums(tensor, label, count)
        left = np.setdiff1d(left, chosen)
        if len(left):
            gain = log_predictive(tensor[left], likelihood[left], np.full(len(left), -1), sums, log_prior)
            gain += np.log(np.bincount(label[label >= 0], minlength=count)) - np.log(concentration)
            joins = gain.max(axis=1) > alone[left]
            label[left[joins]] = gain[joins].argmax(axis=1)
            left = left[~joins]
    if n > AT_ONCE:
        sizes = np.bincount(label, minlength=count)
        label = agglomerate(cluster_sums(tensor, label, count), sizes, log_prior, concentration)[label]
    return label


def _scores(
    tensor: np.ndarray,
    likelihood: np.ndarray,
    label: np.ndarray,
    log_prior: np.ndarray,
    concentration: float,
    outlier_prior: float,
) -> np.ndarray:
    """Log weights (N, K + 1) of each mutation for each cluster and, last, for being an outlier."""
    count = label.max() + 1
    sums = cluster_sums(tensor, label, count)
    sizes = np.bincount(label[label >= 0], minlength=count).astype(float)
    others = np.repeat(sizes[None, :], len(label), axis=0)
    members = np.flatnonzero(label >= 0)
    others[members, label[members]] -= 1
    with np.errstate(divide="ignore"):
        scores = np.log(others) + log_predictive(tensor, likelihood, label, sums, log_prior)
    alone = log_alone(likelihood, log_prior)
    total = np.log(max(len(label) - 1 + concentration, 1))
    outlier = np.log(max(outlier_prior, 1e-12)) + alone
    return np.column_stack([scores - total + np.log1p(-outlier_prior), outlier])


def _numbered(label: np.ndarray) -> np.ndarray:
    """Labels without gaps, −1 kept; a cluster of one is an outlier unless there are no others."""
    sizes = np.bincount(label[label >= 0], minlength=1)
    single = np.flatnonzero(sizes == 1)
    if (sizes > 1).any():
        label = np.where(np.isin(label, single), -1, label)
    out = np.full(len(label), -1)
    kept = label >= 0
    out[kept] = np.unique(label[kept], return_inverse=True)[1].reshape(-1)
    return out


def _summary(
    tensor: np.ndarray,
    label: np.ndarray,
    log_prior: np.ndarray,
    concentration: float,
    outlier_prior: float,
    precision: np.ndarray,
    grid: np.ndarray,
) -> Clustering:
    likelihood = np.exp(tensor)
    count = label.max() + 1
    sums = cluster_sums(tensor, label, count)
    order = np.argsort(-(dcf_posterior(sums, log_prior) @ grid).mean(axis=1), kind="stable")
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    label = np.where(label >= 0, rank[label], -1)
    sums = sums[order]
    posterior = dcf_posterior(sums, log_prior)
    scores = _scores(tensor, likelihood, label, log_prior, concentration, outlier_prior)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    own = dcf_posterior(tensor, log_prior)
    members = label >= 0
    shares = weights[:, :-1] / np.maximum(weights[:, :-1].sum(axis=1, keepdims=True), 1e-300)
    mutation_posterior = np.where(members[:, None, None], np.einsum("nk,ksg->nsg", shares, posterior), own)
    return Clustering(label, weights[:, :-1], weights[:, -1], sums, posterior, mutation_posterior, precision)
