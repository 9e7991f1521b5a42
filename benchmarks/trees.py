"""The trees benchmark: tree posteriors against truth, peers beside them where given."""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import read_rows
from benchmarks.peers import measure
from benchmarks.recorded import read_recorded
from benchmarks.report import Report
from benchmarks.scores import mean_scores
from benchmarks.tree_peers import Trees, format_peer
from truncal.metrics.trees import (
    ancestor_scores,
    brier_score,
    calibration_slope,
    consistent_trees,
    log_score,
    relation_probability,
    relationship_error,
)
from truncal.phylogeny.fit import binomial_log_likelihood, fit_tree
from truncal.phylogeny.inputs import PhyloInput, read_ssm
from truncal.phylogeny.posterior import ancestor_probability

HELP = "trees, their uncertainty and fitted frequencies"
SETS = ("pairtree-trees", "held-out", "ball", "end-to-end", "timing")
SHOWN = ("rel", "log", "brier", "vaf", "vaf_best", "AD_F1", "seconds", "n")
FITTED = 20
"""At most this many of a tool's best trees are fitted for the reconstruction loss."""


@dataclass
class Case:
    """A tumour with known clusters: files in Pairtree's formats and what is known of it."""

    name: str
    group: str
    ssm: Path
    clusters: Path
    parents: np.ndarray
    phi: np.ndarray | None


def run(options: argparse.Namespace, report: Report) -> None:
    """Score every chosen tumour and print tables."""
    for name in options.sets or SETS:
        if name in CASES:
            _known_clusters(name, options, report)
        elif name == "end-to-end":
            from benchmarks.end_to_end import run_end_to_end

            run_end_to_end(options, report)
        elif name == "timing":
            _timing(options, report)


def pairtree_cases(data: Path, folder: Path) -> Iterator[Case]:
    """Simulated tumours without copy number; groups are clusters × samples."""
    source = data / "pairtree-sims"
    for row in read_rows(source / "truth" / "index.tsv"):
        name = row["tumour_id"]
        known = json.loads((source / "truth" / f"{name}.json").read_text(encoding="utf-8"))
        ssm = folder / f"{name}.ssm"
        with gzip.open(source / "inputs" / f"{name}.ssm.gz") as packed:
            ssm.write_bytes(packed.read())
        clusters = folder / f"{name}.params.json"
        clusters.write_text(
            json.dumps({"samples": known["samples"], "clusters": known["clusters"], "garbage": []})
        )
        group = f"K{row['n_clusters']} S{row['n_samples']}"
        yield Case(name, group, ssm, clusters, np.array(known["parents"]), np.array(known["phi"])[1:])


def ball_cases(data: Path, folder: Path) -> Iterator[Case]:
    """B-ALL patients with xenografts: the experts' clusters and tree."""
    source = data / "ball"
    names: dict[str, list[str]] = {}
    for row in read_rows(source / "inputs" / "samples.tsv"):
        names.setdefault(next(iter(row.values())), []).append(row.get("sample_id") or row.get("sample") or "")
    for path in sorted((source / "truth").glob("*.json")):
        known = json.loads(path.read_text(encoding="utf-8"))
        ssm = folder / f"{path.stem}.ssm"
        shutil.copyfile(source / "inputs" / ssm.name, ssm)
        count = len(read_rows(ssm)[0]["var_reads"].split(","))
        samples = known.get("samples") or names.get(path.stem) or [f"S{s}" for s in range(count)]
        clusters = folder / f"{path.stem}.params.json"
        clusters.write_text(json.dumps({"samples": samples, "clusters": known["clusters"], "garbage": []}))
        yield Case(path.stem, "ball", ssm, clusters, np.array(known["parents"]), None)


def truncal_trees(case: Case, folder: Path) -> Trees:
    """Run `truncal phylogeny` as a process and read its trees."""
    out = folder / "out"
    used = measure(
        [sys.executable, "-m", "truncal", "phylogeny", "--ssm", str(case.ssm), "--clusters",
        str(case.clusters),
         "--out", str(out), "--quiet"]
    )  # fmt: skip
    with np.load(out / "posterior.npz") as found:
        return Trees(found["parents"].astype(np.int64), found["probability"], used.cpu)


def _known_clusters(name: str, options: argparse.Namespace, report: Report) -> None:
    tools: dict[str, dict[str, dict[str, float]]] = {}
    predictions: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}
    groups: dict[str, str] = {}
    recorded = read_recorded(name)
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        for case in CASES[name](options.data, folder):
            if not re.search(options.tumours, case.name) or not re.search(options.groups, case.group):
                continue
            groups[case.name] = case.group
            data = read_ssm(case.ssm, case.clusters, 0.0)
            truth = None
            if case.phi is not None:
                trees = consistent_trees(case.phi, 2_000_000)
                if trees is not None:
                    truth = relation_probability(trees, np.full(len(trees), 1 / len(trees)))
            runs = {"truncal": truncal_trees(case, folder)}
            for peer, command in options.peer.items():
                if command == "recorded":
                    if case.name in recorded.get(peer, {}):
                        tools.setdefault(peer, {})[case.name] = recorded[peer][case.name]
                    continue
                theirs = format_peer(peer, command, case.ssm, case.clusters, case.name.replace(" ", "-"))
                if theirs is not None:
                    runs[peer] = theirs
            if case.phi is None:
                runs["expert"] = Trees(case.parents[None], np.ones(1), 0.0)
            for tool, found in runs.items():
                scores, pairs = score_trees_of(case, data, found, truth)
                tools.setdefault(tool, {})[case.name] = scores
                predictions.setdefault(tool, {})[case.name] = pairs
                report.progress(f"{name} {case.name} {tool}", scores)
    for peer in tools:
        if peer != "truncal":
            _paired(name, peer, tools, groups, report)
    for tool, by_tumour in tools.items():
        rows = dict(by_tumour)
        for group in sorted(set(groups.values())):
            chosen = [by_tumour[t] for t in by_tumour if groups[t] == group]
            rows[f"mean {group}"] = mean_scores(chosen) | {"n": len(chosen)}
        rows["mean"] = mean_scores(list(by_tumour.values())) | {"n": len(by_tumour)}
        report.table(f"{name}: {tool}", rows, SHOWN, keep=2 if name == "ball" else options.verbose or 1)
        slopes = {}
        if tool not in predictions:
            continue  # recorded: scores alone
        for group in ["all", *sorted(set(groups.values()))]:
            said = [pair for t, pair in predictions[tool].items() if group in ("all", groups[t])]
            slope, low, high = slope_interval(said)
            slopes[group] = {"slope": slope, "low": low, "high": high, "n": len(said)}
        report.table(f"{name}: {tool}, calibration slope", slopes, ("slope", "low", "high", "n"), keep=2)


def _paired(
    name: str,
    peer: str,
    tools: dict[str, dict[str, dict[str, float]]],
    groups: dict[str, str],
    report: Report,
) -> None:
    """truncal beside one peer on the tumours that both have, in all and by group: means and differences."""
    both = [tumour for tumour in tools["truncal"] if tumour in tools[peer]]
    rows = {}
    for group in ["all", *sorted({groups[tumour] for tumour in both})]:
        chosen = [tumour for tumour in both if group in ("all", groups[tumour])]
        row: dict[str, float] = {"n": len(chosen)}
        for measure_name in ("rel", "log", "brier", "vaf"):
            ours, theirs = (
                np.array([tools[tool][tumour].get(measure_name, np.nan) for tumour in chosen])
                for tool in ("truncal", peer)
            )
            row[measure_name] = float(ours.mean())
            row[f"{measure_name}_peer"] = float(theirs.mean())
            row[f"{measure_name}_diff"] = float((ours - theirs).mean())
        rows[group] = row
    shown = ["n"]
    for measure_name in ("rel", "log", "brier", "vaf"):
        shown += [measure_name, f"{measure_name}_peer", f"{measure_name}_diff"]
    report.table(f"{name}: truncal beside {peer}, same tumours", rows, tuple(shown), keep=2)


def score_trees_of(
    case: Case, data: PhyloInput, found: Trees, truth: np.ndarray | None
) -> tuple[dict[str, float], tuple[np.ndarray, np.ndarray]]:
    """Every measure of one tool's trees, and its predictions of ancestry with the truth."""
    pairs = ancestor_scores(ancestor_probability(found.parents, found.probability), case.parents)
    out = {"seconds": found.seconds}
    if truth is not None:
        out["rel"] = relationship_error(relation_probability(found.parents, found.probability), truth)
    if len(case.parents) > 1:
        out["log"] = log_score(*pairs)
        out["brier"] = brier_score(*pairs)
    counts = data.alt, data.ref, data.share
    reference = case.phi
    if reference is None or (data.alt.sum(axis=0)[reference == 0] > 0).any():  # misread bases at a DCF of 0
        reference = fit_tree(case.parents, *counts)
    base = binomial_log_likelihood(reference, *counts).sum()
    unit = data.n_mutations.sum() * len(data.sample_ids) * np.log(2)
    losses = np.array(
        [
            (base - binomial_log_likelihood(fit_tree(tree, *counts), *counts).sum()) / unit
            for tree in found.parents[:FITTED]
        ]
    )
    weight = found.probability[:FITTED] / found.probability[:FITTED].sum()
    out["vaf"] = float(losses @ weight)
    out["vaf_best"] = float(losses[0])
    return out, pairs


def slope_interval(
    predictions: list[tuple[np.ndarray, np.ndarray]], draws: int = 200
) -> tuple[float, float, float]:
    """Calibration slope over all tumours, each counting alike, with a 95 % interval by bootstrap over
    tumours."""
    predictions = [pair for pair in predictions if len(pair[0])]
    if not predictions:
        return float("nan"), float("nan"), float("nan")
    generator = np.random.default_rng(1)

    def slope(chosen: list[tuple[np.ndarray, np.ndarray]]) -> float:
        weight = np.concatenate([np.full(len(p), 1 / len(p)) for p, _ in chosen])
        return calibration_slope(
            np.concatenate([p for p, _ in chosen]), np.concatenate([y for _, y in chosen]), weight
        )

    spread = [
        slope([predictions[i] for i in generator.integers(len(predictions), size=len(predictions))])
        for _ in range(draws)
    ]
    low, high = np.quantile(spread, [0.025, 0.975])
    return slope(predictions), float(low), float(high)


def _timing(options: argparse.Namespace, report: Report) -> None:
    """CPU of the whole process on `truncal simulate --diploid` tumours, compiled kernels cached."""
    rows: dict[str, dict[str, float]] = {}
    for clones, samples in ((10, 10), (30, 10), (30, 30), (100, 30), (100, 100)):
        if not re.search(options.groups, f"K{clones} S{samples}"):
            continue
        with tempfile.TemporaryDirectory() as text:
            case = timing_case(Path(text), clones, samples)
            found = truncal_trees(case, Path(text))
            if clones == 10:  # the first run may have compiled
                found = truncal_trees(case, Path(text))
            share = float((found.parents[0] == case.parents).mean())
            rows[f"K{clones} S{samples} truncal"] = {"seconds": found.seconds, "edges_right": share}
            for peer, command in options.peer.items():
                if clones <= 30:
                    runs = format_peer(peer, command, case.ssm, case.clusters, f"timing-{clones}-{samples}")
                    if runs is not None:
                        rows[f"K{clones} S{samples} {peer}"] = {
                            "seconds": runs.seconds,
                            "edges_right": float((runs.parents[0] == case.parents).mean()),
                        }
    report.table("timing (CPU seconds)", rows, ("seconds", "edges_right"), keep=2)


def timing_case(
    folder: Path,
    clones: int,
    samples: int,
    seed: int = 7,
    *,
    per_clone: int = 20,
    depth: int = 200,
    roots: int = 1,
) -> Case:
    """A simulated diploid tumour in Pairtree's formats with its true clusters."""
    values = {
        "--clones": clones, "--regions": samples, "--mutations": per_clone * clones, "--depth": depth,
        "--roots": roots, "--seed": seed,
    }  # fmt: skip
    flat = [str(part) for pair in values.items() for part in pair]
    inner = folder / f"simulated-{clones}-{samples}-{seed}"
    base = [sys.executable, "-m", "truncal", "simulate", "--diploid", "--format", "counts", "--quiet"]
    measure([*base, *flat, "--out", str(inner)])
    tree = {int(row["child"]): int(row["parent"]) for row in read_rows(inner / "truth" / "tree.tsv")}
    parents = np.array([tree[k] for k in sorted(tree)])
    dcf: dict[int, list[float]] = {}
    for row in read_rows(inner / "truth" / "clusters.tsv"):
        dcf.setdefault(int(row["cluster_id"]), []).append(float(row["dcf"]))
    patient = next(inner.glob("*/*.ssm"))
    clusters = patient.with_name(patient.stem + ".clusters.json")
    phi = np.array([dcf[k] for k in sorted(tree)])
    return Case(f"K{clones} S{samples} seed {seed}", f"K{clones} S{samples}", patient, clusters, parents, phi)


HELD_OUT = ((5, 1), (5, 3), (10, 1), (10, 3), (10, 10), (30, 10))
"""Clones and samples of tumours that nothing was chosen on."""


def held_out_cases(data: Path, folder: Path) -> Iterator[Case]:
    """Tumours of `truncal simulate`, six of each size, every third with two root clones."""
    for clones, samples in HELD_OUT:
        for number in range(6):
            seed = 1000 * clones + 10 * samples + number
            depth = (50, 200, 1000)[number % 3]
            yield timing_case(
                folder, clones, samples, seed, per_clone=10, depth=depth, roots=2 if number % 3 == 2 else 1
            )


CASES = {"pairtree-trees": pairtree_cases, "ball": ball_cases, "held-out": held_out_cases}
