"""The files of the clones step; see `docs/data-model.md`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from truncal.ccf.observations import Observations
from truncal.clones.result import Clustering
from truncal.step_files import STEP_FILES
from truncal.tables import MISSING, atomic, write_table

LISTED_FROM = 0.001
"""Least membership that `cluster_posterior.tsv` lists."""


def write_clones(
    directory: Path, data: Observations, found: Clustering, flags: list[str | None]
) -> list[Path]:
    """Write the step's tables, `likelihood.npz` and `reads.npz`; gives their paths."""
    paths = [directory / name for name in STEP_FILES["clones"] if name != "step.json"]
    write_table(paths[0], _mutations(data, found, flags))
    _write_ccf(paths[1], data, found)
    write_table(paths[2], _clusters(data, found))
    write_table(paths[3], _membership(data, found))
    with atomic(paths[4], "wb") as handle:
        np.savez(
            handle,
            cluster_ids=np.arange(1, len(found.log_likelihood) + 1),
            sample_ids=np.array(data.sample_ids, dtype=np.str_),
            grid=found.grid,
            log_likelihood=found.log_likelihood,
        )
    with atomic(paths[5], "wb") as handle:
        alt, ref, offset, slope = np.moveaxis(found.reads.astype(np.float32), 2, 0)
        np.savez_compressed(handle, alt=alt, ref=ref, offset=offset, slope=slope)
    return paths


def _membership(data: Observations, found: Clustering) -> dict[str, list | np.ndarray]:
    mutation, cluster = np.nonzero(found.responsibility >= LISTED_FROM)
    return {
        "mutation_id": np.array(data.mutation_ids, dtype=object)[mutation],
        "cluster_id": cluster + 1,
        "probability": found.responsibility[mutation, cluster].round(6),
    }


def _mutations(
    data: Observations, found: Clustering, flags: list[str | None]
) -> dict[str, list | np.ndarray]:
    member = np.flatnonzero(found.label >= 0)
    own = np.zeros(data.shape[0])
    own[member] = found.responsibility[member, found.label[member]]
    return {
        "mutation_id": data.mutation_ids,
        "cluster_id": np.where(found.label >= 0, found.label + 1, -1),
        "cluster_probability": own.round(6),
        "outlier_probability": found.outlier.clip(0, 1).round(6),
        "p_clonal": found.summary.p_clonal.clip(0, 1).round(6),
        "flags": flags,
        **data.variant,
    }


def _write_ccf(path: Path, data: Observations, found: Clustering) -> None:
    # a row a mutation and sample: formatted here, since it is most of what the step writes
    n, s = data.shape
    alt, depth = np.zeros((n, s), dtype=np.int64), np.zeros((n, s), dtype=np.int64)
    rows = data.called
    alt[rows.mutation, rows.sample], depth[rows.mutation, rows.sample] = data.alt, data.depth
    summary = found.summary
    ccf, dcf = summary.ccf[..., 0], summary.dcf[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        multiplicity = np.where(ccf > 0.005, summary.copies / ccf, np.nan)
        lost = np.where(dcf > 0.005, np.clip(1 - ccf / dcf, 0, 1), np.nan)
    values = {
        "ccf": ccf,
        "ccf_low": np.minimum(summary.ccf[..., 1], ccf),
        "ccf_high": np.maximum(summary.ccf[..., 2], ccf),
        "dcf": dcf,
        "dcf_low": np.minimum(summary.dcf[..., 1], dcf),
        "dcf_high": np.maximum(summary.dcf[..., 2], dcf),
        "multiplicity": multiplicity,
        "fraction_lost": lost,
        "p_retained": summary.retained.clip(0, 1),
        "p_clonal": summary.clonal_here.clip(0, 1),
    }
    names = ["mutation_id", "sample_id", "alt_counts", "depth", *values]
    columns = [_decimals(value.ravel()) for value in values.values()]
    mutations = (name for name in data.mutation_ids for _ in range(s))
    samples = data.sample_ids * n
    with atomic(path) as handle:
        handle.write("\t".join(names) + "\n")
        lines = zip(mutations, samples, alt.ravel().tolist(), depth.ravel().tolist(), *columns, strict=True)
        handle.writelines("\t".join(map(str, line)) + "\n" for line in lines)


def _decimals(values: np.ndarray) -> list[str]:
    """Values as text with at most four decimals; equal ones are formatted once."""
    kept = values.round(4) + 0.0
    unique, inverse = np.unique(kept, return_inverse=True)
    texts = np.array(
        [MISSING if value != value else f"{value:.6g}" for value in unique.tolist()], dtype=object
    )
    return texts[inverse.reshape(-1)].tolist()


def _clusters(data: Observations, found: Clustering) -> dict[str, list | np.ndarray]:
    k, s = found.dcf.shape[:2]
    sizes = np.bincount(found.label[found.label >= 0], minlength=k)
    return {
        "cluster_id": np.repeat(np.arange(1, k + 1), s),
        "sample_id": np.tile(np.array(data.sample_ids, dtype=object), k),
        "n_mutations": np.repeat(sizes, s),
        "dcf": found.dcf[..., 0].ravel().round(4),
        "dcf_low": found.dcf[..., 1].ravel().round(4),
        "dcf_high": found.dcf[..., 2].ravel().round(4),
    }
