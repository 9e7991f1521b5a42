"""`p_next_region`: refits without each region in turn, and the law by subsets of regions of known CCFs."""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.datasets import COUNT_COLUMNS, Truth, Tumour, conipher_sims, read_rows
from benchmarks.driver_run import reconstruct
from benchmarks.region_scores import CERTAIN, Forecasts, clonal_likelihood, region_scores
from benchmarks.report import Report

SHOWN = (
    "n", "told", "share", "log", "log_constant", "log_laplace", "slope", "slope_low", "slope_high", "ECE",
)  # fmt: skip
LEAST_REGIONS = 8
HELD_CLONAL = 0.5
"""`p_clonal` from which the other regions hold a mutation clonal."""
SUBSETS = 12
"""Subsets of regions of each size and tumour that the law is held against."""


@dataclass(frozen=True)
class Left:
    """What a region that was left out says: mutation → log likelihood of clonal and of not clonal there."""

    tumour: Tumour
    regions: Mapping[str, Mapping[str, tuple[float, float]]]


def next_region(options: argparse.Namespace, report: Report) -> None:
    """Refit without each region in turn: what the others forecast for it, against what it shows."""
    rows = {}
    for name, tumours in (("conipher-sims", _conipher(options)), ("crc-metastatic", _crc(options))):
        found: dict[str, list[Forecasts]] = {"held clonal": [], "all": []}
        for left in tumours:
            for region in sorted(left.regions):
                refit, new = _without(left.tumour, region, options.work)
                told = left.regions[region]
                for which, least in (("held clonal", HELD_CLONAL), ("all", 0.0)):
                    names = [n for n, p in refit["p_clonal"].items() if p >= least and n in told]
                    found[which].append(
                        Forecasts(
                            left.tumour.name,
                            np.array([refit["p_next_region"][one] for one in names]),
                            np.array([told[one] for one in names]).reshape(-1, 2),
                            refit["regions"],
                        )
                    )
                if new:
                    own = region_scores(found["held clonal"][-1:], draws=0)
                    report.progress(f"next region {left.tumour.name} without {region}", own)
        for which, forecasts in found.items():
            if forecasts:
                rows[f"{name}, {which}"] = region_scores(forecasts)
            if forecasts and which == "held clonal":
                for tumour in sorted({one.tumour for one in forecasts}):
                    rows[f"  {tumour}"] = region_scores([one for one in forecasts if one.tumour == tumour])
    report.table("drivers, p_next_region", rows, SHOWN, keep=2)


def _conipher(options: argparse.Namespace) -> Iterator[Left]:
    for tumour in conipher_sims(options.data):
        if tumour.size[1] < LEAST_REGIONS or not re.search(options.tumours, tumour.name):
            continue
        told: dict[str, dict[str, tuple[float, float]]] = {}
        for (name, sample), value in tumour.truth.ccf.items():
            if name not in tumour.truth.noise:
                told.setdefault(sample, {})[name] = (0.0, -CERTAIN) if value >= 0.95 else (-CERTAIN, 0.0)
        yield Left(tumour, told)


def _crc(options: argparse.Namespace) -> Iterator[Left]:
    """Real tumours, every site counted in every region. The left-out region's reads are the outcome: their
    published CCFs have standard errors above 0.3 in four of ten cells, and are 0 where there are no reads."""
    folder = options.data / "crc-metastatic"
    for path in sorted((folder / "inputs" / "pyclone").glob("*.tsv.gz")):
        name = path.name.removesuffix(".tsv.gz")
        if not re.search(options.tumours, name):
            continue
        rows = [{key: row[key] for key in COUNT_COLUMNS} for row in read_rows(path)]
        told: dict[str, dict[str, tuple[float, float]]] = {}
        for row in rows:
            told.setdefault(row["sample_id"], {})[row["mutation_id"]] = clonal_likelihood(row)
        yield Left(Tumour(name, "crc-metastatic", "all", rows, Truth()), told)


def _without(tumour: Tumour, region: str, work: Path | None) -> tuple[dict[str, Any], bool]:
    """What the other regions say of each mutation that they list; whether made now.

    The refit's probabilities are kept in `work`, so that a stopped run resumes.
    """
    path = work / "next-region" / f"{tumour.name}.{region}.json" if work else None
    if path is not None and path.exists():
        return json.loads(path.read_text(encoding="utf-8")), False
    rows = [row for row in tumour.rows if row["sample_id"] != region]
    listed = {row["mutation_id"] for row in rows if int(row["alt_counts"]) > 0}
    rows = [row for row in rows if row["mutation_id"] in listed]
    rest = Tumour(tumour.name, tumour.dataset, tumour.group, rows, tumour.truth)
    with tempfile.TemporaryDirectory() as folder:
        found = reconstruct(rest.write(Path(folder) / "counts.tsv"), Path(folder))
    refit = {
        "regions": rest.size[1],
        "p_clonal": found.p_clonal,
        "p_truncal": found.p_truncal,
        "p_next_region": found.p_next_region,
        "cluster": found.cluster,
    }
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".tmp").write_text(json.dumps(refit), encoding="utf-8")
        path.with_suffix(".tmp").replace(path)
    return refit, True


# ------------------------------------------------------------------ the law


def next_region_law(options: argparse.Namespace, report: Report) -> None:
    """How often a mutation clonal in j of k regions is clonal in one more, against the law."""
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
        rows = {}
        for (k, j), (seen, held) in sorted(_by_regions(tumours, cut).items()):
            rows[f"{j} of {k}"] = {
                "n": held,
                "in one more": seen / held,
                "law": 1 - loss_rate(k) if j == k else loss_rate(k) if j == 0 else (j + 1) / (k + 2),
                "Laplace": (j + 1) / (k + 2),
            }
        title = f"drivers, next region by published CCF, {name}"
        report.table(title, rows, ("n", "in one more", "law", "Laplace"), keep=2)


def _by_regions(
    tumours: Mapping[str, Mapping[str, Mapping[str, float]]], cut: float
) -> dict[tuple[int, int], tuple[float, float]]:
    """(k, j) → mutations clonal in j of k regions, those clonal in one more first, means over subsets."""
    rng = np.random.default_rng(1)
    found: dict[tuple[int, int], tuple[float, float]] = {}
    for ccf in tumours.values():
        samples = sorted({sample for own in ccf.values() for sample in own})
        clonal = np.array([[own.get(s, np.nan) for s in samples] for own in ccf.values()])
        clonal = clonal[~np.isnan(clonal).any(axis=1)] >= cut
        for k in range(1, len(samples)):
            subsets = list(combinations(range(len(samples)), k))
            chosen = [subsets[i] for i in rng.permutation(len(subsets))[:SUBSETS]]
            for subset in chosen:
                count = clonal[:, list(subset)].sum(axis=1)
                share = clonal[:, [s for s in range(len(samples)) if s not in subset]].mean(axis=1)
                for j in range(k + 1):
                    own = count == j
                    seen, held = found.get((k, j), (0.0, 0.0))
                    weight = 1 / len(chosen)
                    found[k, j] = seen + weight * float(share[own].sum()), held + weight * float(own.sum())
    return {key: value for key, value in found.items() if value[1] > 0}
