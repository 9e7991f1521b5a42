"""The clones benchmark: clusters, CCF and clonality against truth, PyClone-VI and Pairtree's clustering
beside it where given (`--peer pyclone-vi=PATH --peer "pairtree=PYTHON PAIRTREE/bin/pairtree"`).

Beside the sets with truth: `nsclc-egfr`, a description beside published calls; `timing`, time and memory.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clone_timing import timing
from benchmarks.datasets import DATASETS, Tumour, read_rows
from benchmarks.peers import PairtreeClusters, PyCloneVI
from benchmarks.published_calls import describe
from benchmarks.recorded import read_recorded
from benchmarks.report import Report
from benchmarks.scores import Prediction, mean_scores, score
from truncal.metrics.clonality import expected_calibration_error

HELP = "clusters, cancer cell fractions and clonality"
SETS = ("conipher-mean", "conipher-rounded", "simulated", "pairtree", "mixing", "nsclc-egfr", "timing")
SHOWN = (
    "V",
    "ARI",
    "K",
    "K_true",
    "noise_P",
    "noise_R",
    "ccf_MAE",
    "ccf_MAE_mid",
    "ccf_cover",
    "ccf_cover_mid",
    "dcf_MAE",
    "dcf_cover",
    "clonal_P",
    "clonal_R",
    "clonal_ECE",
    "clonal_ECE_mid",
    "truncal_P",
    "truncal_R",
    "truncal_ECE",
    "seconds",
)


def run(options: argparse.Namespace, report: Report) -> None:
    """Score every chosen tumour and print a table per data set."""
    for name in options.sets or SETS:
        if name == "timing":
            timing(options, report)
        if name == "nsclc-egfr":
            describe(options.data, options.tumours, report)
        if name not in DATASETS:
            continue
        tumours = [
            tumour
            for tumour in DATASETS[name](options.data)
            if re.search(options.tumours, tumour.name) and re.search(options.groups, tumour.group)
        ]
        results: dict[str, dict[str, dict[str, float]]] = {}
        pooled: list[tuple[bool, float]] = []
        recorded = read_recorded(name)
        for tumour in tumours:
            of_peers = {
                tool: rows[tumour.name]
                for tool, rows in recorded.items()
                if options.peer.get(tool.split()[0]) == "recorded" and tumour.name in rows
            }
            for tool, scores in (_tools(tumour, options, pooled) | of_peers).items():
                results.setdefault(tool, {})[tumour.name] = scores
                report.progress(f"{name} {tumour.name} {tool}", scores)
        for peer, theirs in results.items():
            if peer != "truncal":
                _paired(name, peer, results["truncal"], theirs, tumours, report)
        for tool, by_tumour in results.items():
            rows = dict(by_tumour)
            for group in sorted({tumour.group for tumour in tumours}):
                own = [tumour.name for tumour in tumours if tumour.group == group]
                rows[f"mean {group}"] = mean_scores([by_tumour[name] for name in own if name in by_tumour])
            rows["mean"] = mean_scores(list(by_tumour.values()))
            report.table(f"{name}: {tool}", rows, SHOWN, keep=options.verbose or 1)
        if pooled:
            row = pooled_calibration(np.array([t for t, _ in pooled]), np.array([p for _, p in pooled]))
            report.table(f"{name}: p_clonal, all mutations pooled", {"truncal": row}, tuple(row), keep=2)


def _paired(
    name: str,
    peer: str,
    ours: dict[str, dict[str, float]],
    theirs: dict[str, dict[str, float]],
    tumours: list[Tumour],
    report: Report,
) -> None:
    """truncal beside one peer on the tumours that the peer was run on, in all and by group."""
    groups = {tumour.name: tumour.group for tumour in tumours if tumour.name in theirs}
    rows = {}
    for group in ["all", *sorted(set(groups.values()))]:
        chosen = [tumour for tumour, own in groups.items() if group in ("all", own)]
        rows[group] = {"n": float(len(chosen))} | {
            f"{measure}{end}": float(np.mean([scores[tumour].get(measure, np.nan) for tumour in chosen]))
            for measure in ("V", "ARI", "seconds")
            for end, scores in (("", ours), ("_peer", theirs))
        }
    report.table(f"{name}: truncal beside {peer}, same tumours", rows, tuple(rows["all"]), keep=2)


def pooled_calibration(truth: np.ndarray, said: np.ndarray, draws: int = 100) -> dict[str, float]:
    """Expected calibration error over all and over 0.05–0.95, and what chance alone makes of the latter.

    Chance: the same error where each outcome is drawn with its stated probability.
    """
    middle = (said > 0.05) & (said < 0.95)
    rng = np.random.default_rng(1)
    chance = [
        expected_calibration_error(rng.random(middle.sum()) < said[middle], said[middle])
        for _ in range(draws)
    ]
    return {
        "n": float(len(truth)),
        "ECE": expected_calibration_error(truth, said),
        "n_mid": float(middle.sum()),
        "ECE_mid": expected_calibration_error(truth[middle], said[middle]),
        "chance": float(np.mean(chance)),
        "said_mid": float(said[middle].mean()),
        "true_mid": float(truth[middle].mean()),
    }


def _tools(
    tumour: Tumour, options: argparse.Namespace, pooled: list[tuple[bool, float]]
) -> dict[str, dict[str, float]]:
    """Scores of every tool; truncal's truth and p_clonal of each mutation are added to `pooled`."""
    out, key = {}, f"{tumour.dataset}/{tumour.name}"
    with tempfile.TemporaryDirectory() as folder:
        counts = tumour.write(Path(folder) / "counts.tsv")
        started = time.perf_counter()
        # these tumours have no purity (a DCF below 1 everywhere is part of their truth): 1 is not an estimate
        known = {"clones.purity_error": 0.0} if tumour.dataset == "pairtree-sims" else {}
        found = truncal_prediction(counts, Path(folder) / "out", known)
        seconds = time.perf_counter() - started
        out["truncal"] = score(tumour, found) | {"seconds": seconds}
        clonal = tumour.truth.clonal()
        pooled += [(clonal[name], p) for name, p in found.p_clonal.items() if name in clonal]
        copies = {row[name] for row in tumour.rows for name in ("major_cn", "minor_cn")}
        if _runs("pyclone-vi", options) and "NA" not in copies and all(float(n).is_integer() for n in copies):
            for density in ("binomial", "beta-binomial"):
                peer = PyCloneVI(options.peer["pyclone-vi"], density)
                if peer.has(key):
                    found, used = peer.run(counts, Path(folder), key)
                    out[f"pyclone-vi {density}"] = score(tumour, found) | {"seconds": used.cpu}
        if _runs("pairtree", options) and tumour.dataset == "pairtree-sims":
            clusters = PairtreeClusters(options.peer["pairtree"])
            if clusters.has(key):
                found, used = clusters.run(tumour, Path(folder), key)
                out["pairtree clustering"] = score(tumour, found) | {"seconds": used.cpu}
    return out


def _runs(peer: str, options: argparse.Namespace) -> bool:
    return options.peer.get(peer, "recorded") != "recorded"


def truncal_prediction(counts: Path, out: Path, settings: Mapping[str, Any] | None = None) -> Prediction:
    """Run the clones step and read its files back; `settings` are changes by dotted name."""
    from truncal.clones.run import run_clones
    from truncal.clones.truncal import provisional_p_truncal
    from truncal.sheet.settings import load_settings

    chosen = load_settings(None)
    for name, value in (settings or {}).items():
        section, key = name.split(".")
        chosen[section] = chosen[section] | {key: value}
    result = run_clones(counts, out, chosen, seed=1)
    found = Prediction()
    p_truncal = provisional_p_truncal(result.responsibility, result.p_trunk)
    for index, row in enumerate(read_rows(out / "mutations.tsv")):
        name = row["mutation_id"]
        found.cluster[name] = row["cluster_id"]
        found.p_clonal[name] = float(row["p_clonal"])
        found.outlier[name] = float(row["outlier_probability"])
        found.p_truncal[name] = float(p_truncal[index])
    for row in read_rows(out / "ccf.tsv"):
        key = row["mutation_id"], row["sample_id"]
        found.ccf[key] = float(row["ccf"]), float(row["ccf_low"]), float(row["ccf_high"])
        found.dcf[key] = float(row["dcf"]), float(row["dcf_low"]), float(row["dcf_high"])
    return found
