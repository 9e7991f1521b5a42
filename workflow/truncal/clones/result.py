"""The result of the clones step as arrays in the order of the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.clones import spread
from truncal.clones.components import Summary, summarise
from truncal.clones.doubled import ancestor_probability
from truncal.clones.fit import Fit
from truncal.clones.kernels import profile, state_shares, trunk_states
from truncal.clones.linear import linear_reads
from truncal.clones.mixture import TRUNK
from truncal.clones.samples import likeliest
from truncal.clones.spread import spread_within
from truncal.clones.trunk import with_learned_odds

GRID = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, 201))
"""DCFs at which the clusters' likelihoods are handed on, denser towards 0 and 1."""


@dataclass(frozen=True)
class Clustering:
    """Clusters of N mutations in S samples.

    label: (N,) 0-based cluster, −1 for outliers, by falling mean DCF. responsibility: (N, K) and outlier (N,)
    sum to 1 for each mutation. p_trunk: (K,) probability that the cluster's DCF is 1 in every sample. dcf:
    (K, S, 3) mean and 95 % interval. log_likelihood: (K, S, G) on `grid`. summary: of each mutation.
    overdispersion, purity_factor: (S,). reads: (N, S, 4), see `linear_reads`. doubled: (S,) fraction of
    cancer cells with a doubled genome where only some have it.
    """

    label: np.ndarray
    responsibility: np.ndarray
    outlier: np.ndarray
    p_trunk: np.ndarray
    dcf: np.ndarray
    grid: np.ndarray
    log_likelihood: np.ndarray
    summary: Summary
    overdispersion: np.ndarray
    purity_factor: np.ndarray
    reads: np.ndarray
    doubled: np.ndarray


def clustering(fit: Fit, *, at_least: float = 0.95, model_error: float = 0.01) -> Clustering:
    """Number the clusters, and summarise every mutation.

    at_least: CCF from which a mutation counts as clonal. model_error: relative standard deviation of a DCF
    that purity and copy number leave, whatever the number of reads.
    """
    model, mixture = fit.model, fit.mixture
    states, r = model.states, mixture.responsibility
    _n, s = model.shape
    k = len(mixture.centres)
    phi = np.ones((k + 1, s))
    variance = np.zeros((k + 1, s))
    p_trunk = np.zeros(k + 1)
    p_trunk[0] = 1.0
    for index, centre in enumerate(mixture.centres, 1):
        phi[index] = centre.mean
        variance[index] = centre.variance + (model_error * centre.mean) ** 2
        p_trunk[index] = centre.p_one.prod()
    cn_variance = model.copy_number_error**2
    trunk_log = trunk_states(
        model.rows,
        states.trunk_start,
        states.trunk_u,
        states.trunk_log_weight,
        states.doubled,
        cn_variance,
    )
    trunk_log = with_learned_odds(states, trunk_log, r[:, TRUNK])
    ancestor = ancestor_probability(model, mixture)
    either = np.flatnonzero(ancestor > 0)
    # a branch that may be an ancestor of doubled cells is two explanations
    chosen = np.concatenate([np.arange(k), either])
    share = np.concatenate([1 - ancestor, ancestor[either]])
    added = np.zeros((len(chosen), s))
    added[k:] = states.doubled
    explanations = np.column_stack([r[:, :1], r[:, 1 + chosen] * share, r[:, -1:]])
    summary = Summary(
        *summarise(
            model.rows,
            model.ceiling,
            explanations,
            states.trunk_start,
            states.trunk_u,
            trunk_log,
            states.trunk_kind,
            states.branch_start,
            states.branch_change,
            states.branch_log_weight,
            states.branch_kind,
            cn_variance,
            phi[1 + chosen],
            variance[1 + chosen],
            added,
            spread_within(model, mixture)[chosen],
            (spread.STRAY, spread.STRAY_RATIO, spread.LEAST_ROOM),
            states.doubled,
            model.sites.major,
            at_least,
        )
    )
    above = np.zeros((k + 1, s))  # what the doubling adds to the copies of its ancestors
    above[1:] = np.where(ancestor > 0.5, 1.0, 0.0)[:, None] * states.doubled
    phi = np.maximum(phi - above, 0.0)
    column = mixture.label
    sizes = np.bincount(column, minlength=k + 2)
    kept = [index for index in range(k + 1) if sizes[index] > 0]
    kept.sort(key=lambda index: (-np.sort(phi[index]).mean(), -sizes[index], index))
    rank = np.full(k + 2, -1)
    rank[kept] = np.arange(len(kept))
    likelihood = np.array([_log_likelihood(fit, index, above[index]) for index in kept]).reshape(
        len(kept), s, len(GRID)
    )
    sd = np.sqrt(variance[kept])
    dcf = np.stack(
        [phi[kept], np.clip(phi[kept] - 1.96 * sd, 0, 1), np.clip(phi[kept] + 1.96 * sd, 0, 1)],
        axis=2,
    ).reshape(len(kept), s, 3)
    responsibility = r[:, kept]
    found = Clustering(
        rank[column],
        responsibility,
        1 - responsibility.sum(axis=1),
        p_trunk[kept],
        dcf,
        GRID,
        likelihood,
        summary,
        fit.overdispersion,
        fit.purity_factor,
        linear_reads(fit, above),
        states.doubled,
    )
    return _in_order_of_input(found, model.order)


def _in_order_of_input(found: Clustering, order: tuple[np.ndarray, np.ndarray]) -> Clustering:
    """Undo the model's order of mutations and samples."""
    n, s = (np.argsort(part) for part in order)
    summary = found.summary
    return Clustering(
        found.label[n],
        found.responsibility[n],
        found.outlier[n],
        found.p_trunk,
        found.dcf[:, s],
        found.grid,
        found.log_likelihood[:, s],
        Summary(
            summary.ccf[n][:, s],
            summary.dcf[n][:, s],
            summary.copies[n][:, s],
            summary.retained[n][:, s],
            summary.p_clonal[n],
            summary.clonal_here[n][:, s],
        ),
        found.overdispersion[s],
        found.purity_factor[s],
        found.reads[n][:, s],
        found.doubled[s],
    )


def _log_likelihood(fit: Fit, column: int, above: np.ndarray) -> np.ndarray:
    """Log p(reads of the cluster's members | DCF), (S, G); above: (S,) copies that a doubling adds."""
    model, r = fit.model, fit.mixture.responsibility
    states = model.states
    cn_variance = model.copy_number_error**2
    members = np.flatnonzero(r[:, column] > 0.05)
    weights = r[members, column]
    if column == TRUNK:
        return _trunk_log_likelihood(fit, members, weights)
    centre = fit.mixture.centres[column - 1]
    shares = state_shares(
        model.rows,
        model.ceiling,
        states.branch_start,
        states.branch_change,
        states.branch_log_weight,
        states.branch_kind,
        cn_variance,
        centre.mean,
        centre.variance,
        members,
    )
    return np.array(
        [
            profile(
                model.rows,
                states.branch_start,
                states.branch_change,
                states.branch_kind,
                cn_variance,
                members,
                weights,
                shares,
                centre.mean,
                s,
                GRID + above[s],
            )
            for s in range(model.shape[1])
        ]
    )


def _trunk_log_likelihood(fit: Fit, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The trunk's: its mutated copies are scaled by the DCF."""
    model = fit.model
    states = model.states
    values = trunk_states(
        model.rows, states.trunk_start, states.trunk_u, states.trunk_log_weight, states.doubled, 0.0
    )
    best = likeliest(states.trunk_start, values)[0][members]
    shift = states.trunk_u[best]
    out = np.zeros((model.shape[1], len(GRID)))
    rows = model.rows
    for s in range(model.shape[1]):
        v = np.clip(rows.scale[members, s][:, None] * shift[:, s][:, None] * GRID, 0, 1)
        error = rows.error[members, s][:, None]
        p = np.clip(v * (1 - 2 * error) + error, 1e-9, 1 - 1e-9)
        alt, depth = rows.alt[members, s][:, None], rows.depth[members, s][:, None]
        weight = weights[:, None] / (1 + np.maximum(depth - 1, 0) * model.overdispersion[s])
        weight = np.where(rows.table[members, s][:, None] == -1, weight, 0.0)
        out[s] = (weight * (alt * np.log(p) + (depth - alt) * np.log1p(-p))).sum(axis=0)
    return out
