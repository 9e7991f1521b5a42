"""`p_next_region`: refits without each region in turn, and the law by subsets of regions of known CCFs."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.calibration import Calls, bootstrap, measures
from benchmarks.datasets import COUNT_COLUMNS, Truth, Tumour, conipher_sims, read_rows
from benchmarks.driver_run import reconstruct
from benchmarks.report import Report

SHOWN = ("n", "share", "log", "log_constant", "log_laplace", "slope", "ECE", "ECE_low", "ECE_high", "Brier")
LEAST_REGIONS = 8
SUBSETS = 12
"""Subsets of regions of each size and tumour that the law is held against."""


def next_region(options: argparse.Namespace, report: Report) -> None:
    """Refit without each region in turn: what the others forecast for it, against what it shows."""
    rows = {}
    for name, tumours in (("conipher-sims", _conipher(options)), ("crc-metastatic", _crc(options))):
        forecasts = []
        for tumour, known in tumours:
            for region in sorted(known):
                calls, new = _without(tumour, region, known[region], options.work)
                forecasts.append(calls)
                if new:
                    report.progress(f"next region {tumour.name} without {region}", measures([calls]))
        if forecasts:
            regions = np.concatenate([np.full(len(one.said), one.asked) for one in forecasts])
            rows[name] = measures(forecasts) | bootstrap(forecasts, 1) | _log_scores(forecasts, regions)
    report.table("drivers, p_next_region", rows, SHOWN, keep=2)


Known = Mapping[str, Mapping[str, bool]]
"""Region → mutation → whether it is clonal there."""


def _conipher(options: argparse.Namespace) -> Iterator[tuple[Tumour, Known]]:
    for tumour in conipher_sims(options.data):
        if tumour.size[1] < LEAST_REGIONS or not re.search(options.tumours, tumour.name):
            continue
        known: dict[str, dict[str, bool]] = {}
        for (name, sample), value in tumour.truth.ccf.items():
            if name not in tumour.truth.noise:
                known.setdefault(sample, {})[name] = value >= 0.95
        yield tumour, known


def _crc(options: argparse.Namespace) -> Iterator[tuple[Tumour, Known]]:
    """Real tumours, every site counted in every region: clonal where the published CCF reaches 0.95 within
    1.96 standard errors."""
    folder = options.data / "crc-metastatic"
    truth: dict[str, dict[str, dict[str, bool]]] = {}
    for row in read_rows(folder / "truth" / "ccf.tsv.gz"):
        if row["ambiguous_site"] == "False" and "NA" not in (row["ccf"], row["ccf_std"]):
            own = truth.setdefault(row["tumour_id"], {}).setdefault(row["sample_id"], {})
            own[row["mutation_id"]] = float(row["ccf"]) + 1.96 * float(row["ccf_std"]) >= 0.95
    for path in sorted((folder / "inputs" / "pyclone").glob("*.tsv.gz")):
        name = path.name.removesuffix(".tsv.gz")
        if re.search(options.tumours, name):
            rows = [{key: row[key] for key in COUNT_COLUMNS} for row in read_rows(path)]
            yield Tumour(name, "crc-metastatic", "all", rows, Truth()), truth[name]


def _without(tumour: Tumour, region: str, known: Mapping[str, bool], work: Path | None) -> tuple[Calls, bool]:
    """Forecasts for a region by the others, of the mutations that they hold clonal; whether made now.

    The refit's probabilities are kept in `work`, so that a stopped run resumes.
    """
    path = work / "next-region" / f"{tumour.name}.{region}.json" if work else None
    new = path is None or not path.exists()
    if path is not None and not new:
        refit = json.loads(path.read_text(encoding="utf-8"))
    else:
        refit = _refit(tumour, region)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_suffix(".tmp").write_text(json.dumps(refit), encoding="utf-8")
            path.with_suffix(".tmp").replace(path)
    looks = [name for name, p in refit["p_clonal"].items() if p >= 0.5]
    calls = Calls.of(tumour.name, looks, known, refit["p_next_region"], True)
    return Calls(calls.tumour, calls.truth, calls.said, True, refit["regions"]), new


def _refit(tumour: Tumour, region: str) -> dict[str, Any]:
    """What the other regions say of each mutation that they list."""
    rows = [row for row in tumour.rows if row["sample_id"] != region]
    listed = {row["mutation_id"] for row in rows if int(row["alt_counts"]) > 0}
    rows = [row for row in rows if row["mutation_id"] in listed]
    rest = Tumour(tumour.name, tumour.dataset, tumour.group, rows, tumour.truth)
    with tempfile.TemporaryDirectory() as folder:
        found = reconstruct(rest.write(Path(folder) / "counts.tsv"), Path(folder))
    return {
        "regions": rest.size[1],
        "p_clonal": found.p_clonal,
        "p_truncal": found.p_truncal,
        "p_next_region": found.p_next_region,
        "cluster": found.cluster,
    }


def _log_scores(calls: Sequence[Calls], regions: np.ndarray) -> dict[str, float]:
    """Mean log score, beside that of the share itself and of Laplace's rule, 1 − 1 / (k + 2)."""
    truth = np.concatenate([one.truth for one in calls]).astype(float)
    said = np.concatenate([one.said for one in calls])
    share = truth.mean()

    def score(p: np.ndarray | float) -> float:
        p = np.clip(p, 1e-3, 1 - 1e-3)
        return float(np.mean(truth * np.log(p) + (1 - truth) * np.log(1 - p)))

    return {
        "log": score(said),
        "log_constant": score(share),
        "log_laplace": score(1 - 1 / (regions + 2)),
        "share": float(share),
    }


# ------------------------------------------------------------------ the law


def next_region_law(options: argparse.Namespace, report: Report) -> None:
    """How often a mutation clonal in k regions is not in one more, by k, against the law."""
    from truncal.phylogeny.next_region import loss_rate

    sets = (
        ("conipher-sims", "truth/mutation_region.tsv.gz", "true_ccf", 0.95),
        ("tracerx100", "inputs/ccf.tsv.gz", "ccf", 0.9),
    )
    for name, file, column, cut in sets:
        tumours: dict[str, dict[str, dict[str, float]]] = {}
        for row in read_rows(options.data / name / file):
            if row[column] not in ("NA", ""):
                own = tumours.setdefault(row["tumour_id"], {}).setdefault(row["mutation_id"], {})
                own[row["sample_id"]] = float(row[column])
        lost, held = _by_regions(tumours, cut)
        rows = {
            f"k = {k}": {
                "n": held[k],
                "not in one more": lost[k] / held[k],
                "law": loss_rate(k),
                "Laplace": 1 / (k + 2),
            }
            for k in sorted(held)
        }
        title = f"drivers, next region by published CCF, {name}"
        report.table(title, rows, ("n", "not in one more", "law", "Laplace"), keep=2)


def _by_regions(
    tumours: Mapping[str, Mapping[str, Mapping[str, float]]], cut: float
) -> tuple[dict[int, float], dict[int, float]]:
    """Mutations clonal in k regions, and those of them not clonal in one more, means over subsets."""
    rng = np.random.default_rng(1)
    lost: dict[int, float] = {}
    held: dict[int, float] = {}
    for ccf in tumours.values():
        samples = sorted({sample for own in ccf.values() for sample in own})
        clonal = np.array([[own.get(s, np.nan) for s in samples] for own in ccf.values()])
        clonal = clonal[~np.isnan(clonal).any(axis=1)] >= cut
        for k in range(1, len(samples)):
            subsets = list(combinations(range(len(samples)), k))
            chosen = [subsets[i] for i in rng.permutation(len(subsets))[:SUBSETS]]
            for subset in chosen:
                further = clonal[clonal[:, list(subset)].all(axis=1)][
                    :, [s for s in range(len(samples)) if s not in subset]
                ]
                weight = 1 / (len(chosen) * further.shape[1])
                lost[k] = lost.get(k, 0.0) + weight * float((~further).sum())
                held[k] = held.get(k, 0.0) + weight * float(further.size)
    return lost, {k: n for k, n in held.items() if n > 0}
