"""The files of the clones step; see `docs/data-model.md`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from truncal.ccf.observations import Observations
from truncal.ccf.tensor import ReadModel
from truncal.clones.fit import Clustering
from truncal.tables import atomic, write_table

INTERVAL = (0.025, 0.975)


def write_clones(directory: Path, model: ReadModel, clustering: Clustering) -> list[Path]:
    """Write `mutations.tsv`, `ccf.tsv`, `clusters.tsv` and `likelihood.npz`; gives their paths."""
    data = model.observations
    paths = [
        directory / name
        for name in ("mutations.tsv", "ccf.tsv", "clusters.tsv", "cluster_posterior.tsv", "likelihood.npz")
    ]
    write_table(paths[0], _mutations(data, model, clustering))
    write_table(paths[1], _ccf(model, clustering))
    write_table(paths[2], _clusters(model, clustering))
    write_table(paths[3], _membership(data, clustering))
    with atomic(paths[4], "wb") as handle:
        np.savez(
            handle,
            cluster_ids=np.arange(1, len(clustering.log_likelihood) + 1),
            sample_ids=np.array(data.sample_ids, dtype=np.str_),
            grid=model.grid,
            log_likelihood=clustering.log_likelihood,
        )
    return paths


def quantiles(distribution: np.ndarray, grid: np.ndarray, probabilities: tuple[float, ...]) -> np.ndarray:
    """Quantiles (P, …) of distributions (…, G) on the grid; the first point whose cumulated mass reaches p."""
    cumulative = np.cumsum(distribution, axis=-1)
    cumulative /= cumulative[..., -1:]
    return np.stack([grid[(cumulative < p - 1e-12).sum(axis=-1)] for p in probabilities])


def _membership(data: Observations, clustering: Clustering) -> dict[str, list | np.ndarray]:
    mutation, cluster = np.nonzero(clustering.responsibility >= 0.001)
    return {
        "mutation_id": np.array(data.mutation_ids, dtype=object)[mutation],
        "cluster_id": cluster + 1,
        "probability": clustering.responsibility[mutation, cluster].round(6),
    }


def _mutations(data: Observations, model: ReadModel, clustering: Clustering) -> dict[str, list | np.ndarray]:
    n = data.shape[0]
    member = clustering.label >= 0
    spread = model.summarise(clustering.mutation_posterior, clustering.precision)[3]
    p_clonal = spread[:, :, model.grid >= 0.95].sum(axis=2).prod(axis=1)
    own = np.zeros(n)
    own[member] = clustering.responsibility[np.flatnonzero(member), clustering.label[member]]
    return {
        "mutation_id": data.mutation_ids,
        "cluster_id": np.where(member, clustering.label + 1, -1),
        "cluster_probability": own.round(6),
        "outlier_probability": clustering.outlier.round(6),
        "p_clonal": p_clonal.round(6),
        "flags": [None] * n,
        **data.variant,
    }


def _ccf(model: ReadModel, clustering: Clustering) -> dict[str, list | np.ndarray]:
    data = model.observations
    n, s = data.shape
    alt, depth = np.zeros((n, s), dtype=np.int64), np.zeros((n, s), dtype=np.int64)
    rows = data.called
    alt[rows.mutation, rows.sample], depth[rows.mutation, rows.sample] = data.alt, data.depth
    posterior = clustering.mutation_posterior
    dcf = posterior @ model.grid
    dcf_low, dcf_high = quantiles(posterior, model.grid, INTERVAL)
    ccf, copies, retained, spread = model.summarise(posterior, clustering.precision)
    ccf_low, ccf_high = quantiles(spread + 1e-300, model.grid, INTERVAL)
    with np.errstate(divide="ignore", invalid="ignore"):
        multiplicity = np.where(ccf > 0.005, copies / ccf, np.nan)
        lost = np.where(dcf > 0.005, np.clip(1 - ccf / dcf, 0, 1), np.nan)
    return {
        "mutation_id": np.repeat(np.array(data.mutation_ids, dtype=object), s),
        "sample_id": np.tile(np.array(data.sample_ids, dtype=object), n),
        "alt_counts": alt.ravel(),
        "depth": depth.ravel(),
        "ccf": ccf.ravel().round(4),
        "ccf_low": np.minimum(ccf_low, ccf).ravel().round(4),
        "ccf_high": np.maximum(ccf_high, ccf).ravel().round(4),
        "dcf": dcf.ravel().round(4),
        "dcf_low": np.minimum(dcf_low, dcf).ravel().round(4),
        "dcf_high": np.maximum(dcf_high, dcf).ravel().round(4),
        "multiplicity": multiplicity.ravel().round(3),
        "fraction_lost": lost.ravel().round(4),
        "p_retained": retained.ravel().round(4),
    }


def _clusters(model: ReadModel, clustering: Clustering) -> dict[str, list | np.ndarray]:
    k, s = clustering.posterior.shape[:2]
    dcf = clustering.posterior @ model.grid
    low, high = quantiles(clustering.posterior, model.grid, INTERVAL)
    sizes = np.bincount(clustering.label[clustering.label >= 0], minlength=k)
    return {
        "cluster_id": np.repeat(np.arange(1, k + 1), s),
        "sample_id": np.tile(np.array(model.observations.sample_ids, dtype=object), k),
        "n_mutations": np.repeat(sizes, s),
        "dcf": dcf.ravel().round(4),
        "dcf_low": np.minimum(low, dcf).ravel().round(4),
        "dcf_high": np.maximum(high, dcf).ravel().round(4),
    }
