"""What the phylogeny step reads: the folder of the clones step, or Pairtree's `.ssm` and clusters."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from truncal.errors import Fault, Faults, UserError
from truncal.phylogeny.dispersion import effective, overdispersion
from truncal.phylogeny.evidence import Evidence, binomial_density, build_evidence, grid_density, interval
from truncal.phylogeny.reads import Reads
from truncal.tables import Table, read_table


@dataclass
class PhyloInput:
    """Clones and their evidence.

    cluster_ids: (K,). n_mutations: (K,). alt, ref: (W, K, S) reads for expected allele frequencies
    share[w]·DCF; for
    the clones step's input they are the pseudo-counts whose beta likelihood has the evidence's mean and
    variance.
    dcf, dcf_low, dcf_high: (K, S) observed. mutations, ccf: tables of the clones step.
    membership: (mutation index, cluster index, probability). purity_known: DCFs are fractions of cancer
    cells. log_likelihood: (K, S, G) on `grid`. reads: of single mutations, None where clusters are taken as
    they are. model_error: that of the evidence. overdispersion: found in Pairtree's input, where counts are
    all there is; the evidence allows for it, alt and ref are as counted.
    """

    cluster_ids: list[int]
    sample_ids: list[str]
    n_mutations: np.ndarray
    evidence: Evidence
    alt: np.ndarray
    ref: np.ndarray
    share: np.ndarray
    dcf: np.ndarray
    dcf_low: np.ndarray
    dcf_high: np.ndarray
    mutations: dict[str, list[Any]]
    ccf: dict[str, list[Any]]
    membership: tuple[np.ndarray, np.ndarray, np.ndarray]
    purity_known: bool
    files: list[Path]
    garbage: list[str] = field(default_factory=list)
    grid: np.ndarray = field(default_factory=lambda: np.linspace(0.0, 1.0, 129))
    log_likelihood: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 129)))
    reads: Reads | None = None
    model_error: float = 0.0
    overdispersion: float = 0.0


def read_clones(directory: Path, model_error: float) -> PhyloInput:
    """Read the folder of `truncal clones`.

    Raises
    ------
    UserError
        a file is missing or faulty.

    """
    ids, samples, grid, logs = _read_likelihood(directory / "likelihood.npz")
    mutations = read_table(
        directory / "mutations.tsv", ["mutation_id", "cluster_id"], what="clones' mutations"
    )
    ccf = read_table(directory / "ccf.tsv", ["mutation_id", "sample_id"], what="clones' CCF table")
    clusters = read_table(
        directory / "clusters.tsv", ["cluster_id", "sample_id", "n_mutations"], what="clones' cluster table"
    )
    faults = Faults()
    place = {cluster: k for k, cluster in enumerate(ids)}
    at = {sample: s for s, sample in enumerate(samples)}
    sizes = np.zeros(len(ids), dtype=np.int64)
    observed = np.full((3, len(ids), len(samples)), np.nan)
    numbers = clusters.integers("cluster_id", faults)
    n = clusters.integers("n_mutations", faults, minimum=0)
    columns = [clusters.floats(name, faults) for name in ("dcf", "dcf_low", "dcf_high")]
    for row, (cluster, sample) in enumerate(zip(numbers.tolist(), clusters.text("sample_id"), strict=True)):
        if cluster not in place or sample not in at:
            faults.add(f"cluster {cluster}, sample {sample} is not in likelihood.npz", clusters.file, row + 2)
            continue
        sizes[place[cluster]] = n[row]
        for i, column in enumerate(columns):
            observed[i, place[cluster], at[sample]] = column[row]
    membership = _membership(directory / "cluster_posterior.tsv", mutations, place, faults)
    reads = read_reads(directory / "reads.npz", (len(mutations), len(samples)), faults)
    faults.raise_if_any()
    density, peak = grid_density(grid, logs)
    facts = build_evidence(density, peak, model_error)
    alt, ref = pseudo_counts(facts)
    tables = ("mutations.tsv", "ccf.tsv", "clusters.tsv", "cluster_posterior.tsv")
    files = [directory / name for name in (*tables, "likelihood.npz", "reads.npz")]
    return PhyloInput(
        ids, samples, sizes, facts, alt, ref, np.ones(1), observed[0], observed[1], observed[2],
        dict(mutations.columns), dict(ccf.columns), membership, True, [path for path in files if
        path.exists()], [], grid, logs, reads, model_error,
    )  # fmt: skip


def pseudo_counts(facts: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Counts (1, K, S) whose binomial likelihood in the DCF has about the evidence's mean and variance."""
    mean = np.clip(facts.moments[..., 0], 1e-6, 1 - 1e-6)
    total = np.maximum(mean * (1 - mean) / np.maximum(facts.moments[..., 1], 1e-12) - 3.0, 0.1)
    alt = np.clip(mean * (total + 2.0) - 1.0, 0.0, total)
    return alt[None], (total - alt)[None]


def _read_likelihood(path: Path) -> tuple[list[int], list[str], np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as stored:
            ids = [int(cluster) for cluster in stored["cluster_ids"]]
            samples = [str(sample) for sample in stored["sample_ids"]]
            grid, logs = stored["grid"], stored["log_likelihood"]
    except (OSError, KeyError, ValueError, EOFError, MemoryError, BadZipFile, zlib.error) as error:
        raise UserError(
            Fault("is missing or not a likelihood file of `truncal clones`; run that step first", path)
        ) from error
    expected = (len(ids), len(samples), len(grid))
    if logs.shape != expected:
        raise UserError(Fault(f"log_likelihood has shape {logs.shape}, not {expected}", path))
    if len(grid) < 3 or grid[0] != 0 or grid[-1] != 1 or not (np.diff(grid) > 0).all():
        raise UserError(Fault("grid does not rise from 0 to 1", path))
    if np.isnan(logs).any() or not np.isfinite(logs).any(axis=2).all():
        raise UserError(Fault("log_likelihood holds values that are no likelihoods", path))
    if not ids:
        raise UserError(Fault("holds no cluster: no mutation was assigned to a clone", path))
    return ids, samples, grid, logs


def read_reads(path: Path, shape: tuple[int, int], faults: Faults) -> Reads | None:
    """Reads of single mutations, in the order of `mutations.tsv`; None where there is no such file."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = [stored[name].astype(float) for name in ("alt", "ref", "offset", "slope")]
    except (OSError, KeyError, ValueError, EOFError, MemoryError, BadZipFile, zlib.error):
        faults.add("is not a file of reads of `truncal clones`", path)
        return None
    if any(part.shape != shape or not np.isfinite(part).all() for part in parts) or (
        min(parts[0].min(initial=0), parts[1].min(initial=0)) < 0
    ):
        faults.add(f"does not hold reads of {shape[0]} mutations in {shape[1]} samples", path)
        return None
    return Reads(*parts)


def _membership(
    path: Path, mutations: Table, place: dict[int, int], faults: Faults
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    index = {name: n for n, name in enumerate(mutations.text("mutation_id"))}
    if not path.exists():  # hard assignments
        labels = mutations.integers("cluster_id", faults)
        member = np.array([label in place for label in labels.tolist()], dtype=bool)
        rows = np.flatnonzero(member)
        return rows, np.array([place[labels[n]] for n in rows], dtype=np.int64), np.ones(len(rows))
    table = read_table(path, ["mutation_id", "cluster_id", "probability"], what="cluster posterior")
    clusters = table.integers("cluster_id", faults)
    probability = table.floats("probability", faults, low=0, high=1, missing=None)
    found: list[tuple[int, int, float]] = []
    for row, name in enumerate(table.text("mutation_id")):
        if name not in index:
            faults.add(f"mutation {name} is not in mutations.tsv", path, row + 2, "mutation_id")
        elif clusters[row] in place:
            found.append((index[name], place[int(clusters[row])], float(probability[row])))
    rows, columns, values = (np.array([item[i] for item in found]) for i in range(3))
    return rows.astype(np.int64), columns.astype(np.int64), values.astype(float)


def read_ssm(ssm: Path, clusters: Path, model_error: float) -> PhyloInput:
    """Read Pairtree's `.ssm` and its clusters (`.params.json`).

    Raises
    ------
    UserError
        a file is missing or faulty; all faults at once.

    """
    faults = Faults()
    samples, groups, garbage = _read_clusters(clusters, faults)
    table = read_table(
        ssm, ["id", "var_reads", "total_reads", "var_read_prob"], empty_ok=False, what=".ssm table"
    )
    names = table.strings("id", faults)
    count = len(samples)
    var, total, share = (
        _lists(table, name, count, faults) for name in ("var_reads", "total_reads", "var_read_prob")
    )
    for row in np.flatnonzero((var > total).any(axis=1)):
        faults.add("more variant than total reads", ssm, int(row) + 2, "var_reads")
    for row in np.flatnonzero(((share <= 0) | (share > 1)).any(axis=1)):
        faults.add("is not above 0 and at most 1", ssm, int(row) + 2, "var_read_prob")
    place = {name: n for n, name in enumerate(names)}
    if len(place) < len(names):
        faults.add("an id occurs more than once", ssm, None, "id")
    for k, group in enumerate(groups):
        if not group:
            faults.add(f"cluster {k + 1} is empty", clusters)
        for name in group:
            if name not in place:
                faults.add(f"cluster {k + 1}: {name} is not in {ssm.name}", clusters)
    faults.raise_if_any()
    label = np.full(len(names), -1, dtype=np.int64)
    for k, group in enumerate(groups):
        for name in group:
            label[place[name]] = k
    member = label >= 0
    kinds = np.unique(share[member])
    alt, ref = (_summed(part, label, share, kinds, len(groups)) for part in (var, total - var))
    density, peak = binomial_density(alt, ref, kinds)
    omega = overdispersion(var, total, share, label, peak)
    if omega > 0:
        worth = effective(var, total, omega), effective(total - var, total, omega)
        fewer = [_summed(part, label, share, kinds, len(groups)) for part in worth]
        density, peak = binomial_density(fewer[0], fewer[1], kinds)
    facts = build_evidence(density, peak, model_error)
    rows = np.flatnonzero(member)
    ids = [int(k) + 1 for k in range(len(groups))]
    mutations, ccf = _ssm_tables(names, samples, var, total, share, label)
    return PhyloInput(
        ids, samples, np.array([len(group) for group in groups]), facts, alt, ref, kinds, *interval(facts),
        mutations, ccf, (rows, label[rows], np.ones(len(rows))), False, [ssm, clusters], garbage,
        overdispersion=omega,
    )  # fmt: skip


def _summed(
    reads: np.ndarray, label: np.ndarray, share: np.ndarray, kinds: np.ndarray, clusters: int
) -> np.ndarray:
    """Reads (W, K, S) of each cluster, by the expected allele frequency at a DCF of 1."""
    out = np.zeros((len(kinds), clusters, reads.shape[1]))
    member = np.flatnonzero(label >= 0)
    for w, kind in enumerate(kinds):
        np.add.at(out[w], label[member], np.where(share[member] == kind, reads[member], 0))
    return out


def _ssm_tables(
    names: list[str],
    samples: list[str],
    var: np.ndarray,
    total: np.ndarray,
    share: np.ndarray,
    label: np.ndarray,
) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """`mutations.tsv` and `ccf.tsv` as the clones step would write them, for diploid point estimates."""
    with np.errstate(divide="ignore", invalid="ignore"):
        dcf = np.minimum(var / total / share, 1.0)
    n, s = var.shape
    clusters = np.where(label >= 0, label + 1, -1).tolist()
    mutations: dict[str, list[Any]] = {
        "mutation_id": list(names),
        "cluster_id": clusters,
        "cluster_probability": [1.0 if c > 0 else None for c in clusters],
        "outlier_probability": [0.0 if c > 0 else 1.0 for c in clusters],
        "p_clonal": [None] * n,
    }
    ccf: dict[str, list[Any]] = {
        "mutation_id": [name for name in names for _ in range(s)],
        "sample_id": list(samples) * n,
        "alt_counts": var.astype(np.int64).ravel().tolist(),
        "depth": total.astype(np.int64).ravel().tolist(),
        "ccf": dcf.ravel().tolist(),
        "dcf": dcf.ravel().tolist(),
    }
    return mutations, ccf


def _lists(table: Table, name: str, count: int, faults: Faults) -> np.ndarray:
    out = np.ones((len(table), count))
    for row, text in enumerate(table.columns[name]):
        fields = (text or "").split(",")
        if len(fields) == 1 and name == "var_read_prob":
            fields = fields * count
        if len(fields) != count:
            faults.add(
                f"has {len(fields)} values, expected one for each of {count} samples",
                table.file,
                row + 2,
                name,
            )
            continue
        try:
            values = [float(value) for value in fields]
        except ValueError:
            faults.add(f"{text} is not a comma-joined list of numbers", table.file, row + 2, name)
            continue
        if not all(0 <= value < float("inf") for value in values):
            faults.add("has a negative or infinite value", table.file, row + 2, name)
            continue
        out[row] = values
    return out


def _read_clusters(path: Path, faults: Faults) -> tuple[list[str], list[list[str]], list[str]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(Fault(f"cannot be read as JSON: {error}", path)) from error
    found = []
    for key, inner in (("samples", str), ("clusters", list)):
        value = document.get(key) if isinstance(document, dict) else None
        if not isinstance(value, list) or not value or not all(isinstance(item, inner) for item in value):
            raise UserError(
                Fault('expected {"samples": [names], "clusters": [[mutation ids], ...]}, neither empty', path)
            )
        found.append(value)
    samples, groups = found
    garbage = document.get("garbage") or []
    for group in (*groups, garbage):
        if not isinstance(group, list) or not all(isinstance(name, str | int) for name in group):
            raise UserError(Fault("clusters and garbage must be lists of mutation ids", path))
    seen: set[str] = set()
    for k, group in enumerate(groups):
        for name in group:
            if name in seen:
                faults.add(f"cluster {k + 1}: {name} is in another cluster too", path)
            seen.add(name)
    return samples, [list(map(str, group)) for group in groups], list(map(str, garbage))
