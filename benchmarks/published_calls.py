"""A description: truncal calls beside published ones that go by presence, and what the counts say of each
disagreement."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.stats import beta, binom

from benchmarks.datasets import Tumour, nsclc_egfr, read_rows
from benchmarks.report import Report

MODELS = ("censored", "unobserved")
SHOWN = ("mutations", "published_truncal", "by_presence", *MODELS, "censored_vs_unobserved")
REASONS = ("too_few_reads", "outlier", "may_be_missed", "lost_copy", "other")


def describe(data: Path, tumours: str, report: Report) -> None:
    """Agreement with the published label per patient, by presence alone and under both models of absence."""
    rows: dict[str, dict[str, float]] = {}
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    for tumour in nsclc_egfr(data):
        if not re.search(tumours, tumour.name):
            continue
        known = tumour.truth.truncal
        samples = {row["sample_id"] for row in tumour.rows}
        listed = Counter(row["mutation_id"] for row in tumour.rows)
        said = {}
        with tempfile.TemporaryDirectory() as folder:
            counts = tumour.write(Path(folder) / "counts.tsv")
            for model in MODELS:
                said[model] = _p_truncal(counts, Path(folder) / model, model)
            names = [name for name in known if name in listed]
            for name in names:
                ours = said["censored"][name] >= 0.5
                if ours != known[name]:
                    side = "published truncal, ours not" if known[name] else "published branch, ours truncal"
                    reasons[side][_reason(tumour, name, known[name], Path(folder) / "censored")] += 1
        rows[tumour.name] = {
            "mutations": len(names),
            "published_truncal": float(np.mean([known[name] for name in names])),
            "by_presence": _agree(names, known, {name: listed[name] == len(samples) for name in names}),
            **{
                model: _agree(names, known, {name: said[model][name] >= 0.5 for name in names})
                for model in MODELS
            },
            "censored_vs_unobserved": float(
                np.mean([(said["censored"][n] >= 0.5) == (said["unobserved"][n] >= 0.5) for n in names])
            ),
        }
        report.progress(tumour.name, rows[tumour.name])
    total = sum(row["mutations"] for row in rows.values())
    rows["mean, by mutations"] = {
        column: sum(row[column] * row["mutations"] for row in rows.values()) / total for column in SHOWN[1:]
    } | {"mutations": total}
    report.table("nsclc-egfr: agreement with published truncal labels", rows, SHOWN, keep=2)
    counted = {side: {r: float(found[r]) for r in REASONS if found[r]} for side, found in reasons.items()}
    report.table("nsclc-egfr: disagreements (absent: censored)", counted, REASONS, keep=2)


def _agree(names: list[str], known: Mapping[str, bool], said: Mapping[str, bool]) -> float:
    return float(np.mean([known[name] == said[name] for name in names]))


def _p_truncal(counts: Path, out: Path, model: str) -> dict[str, float]:
    from truncal.clones.run import run_clones
    from truncal.clones.truncal import provisional_p_truncal
    from truncal.sheet.settings import load_settings

    settings = load_settings(None)
    settings["absent"]["model"] = model
    found = run_clones(counts, out, settings, seed=1)
    chance = provisional_p_truncal(found.responsibility, found.p_trunk)
    names = [row["mutation_id"] for row in read_rows(out / "mutations.tsv")]
    return dict(zip(names, chance.tolist(), strict=True))


def _reason(tumour: Tumour, name: str, truncal: bool, out: Path) -> str:
    """Why a mutation is called otherwise, from its counts.

    Called in every sector, not ours: `too_few_reads` where one copy in every cancer cell would give more
    reads in some sector than the 95 % interval of its frequency allows; `outlier`. Missing somewhere, ours
    truncal: `may_be_missed` where in every such sector one copy in every cell would be below the caller's
    limit with a chance of 5 % or more; `lost_copy` where the sector has lost an allele there.
    """
    own = {row["sample_id"]: row for row in tumour.rows if row["mutation_id"] == name}
    result = [row for row in read_rows(out / "ccf.tsv") if row["mutation_id"] == name]
    factor = json.loads((out / "step.json").read_text(encoding="utf-8"))["summary"]["purity_factor"]
    if truncal:
        for row in own.values():
            alt, ref = int(row["alt_counts"]), int(row["ref_counts"])
            if beta.ppf(0.975, alt + 1, ref) < _frequency(row, factor):
                return "too_few_reads"
        label = next(r for r in read_rows(out / "mutations.tsv") if r["mutation_id"] == name)
        return "outlier" if label["cluster_id"] == "-1" else "other"
    missing = [row["sample_id"] for row in result if row["sample_id"] not in own]
    if any(float(row["fraction_lost"]) > 0.5 for row in result if row["fraction_lost"] != "NA"):
        return "lost_copy"
    chances = []
    for sample in missing:
        there = [row for row in tumour.rows if row["sample_id"] == sample]
        depth = np.median([int(row["alt_counts"]) + int(row["ref_counts"]) for row in there])
        limit = min(int(row["alt_counts"]) for row in there)
        frequency = float(np.median([_frequency(row, factor) for row in there]))
        chances.append(binom.cdf(limit - 1, int(depth), frequency))
    return "may_be_missed" if chances and min(chances) >= 0.05 else "other"


def _frequency(row: Mapping[str, str], factor: Mapping[str, float]) -> float:
    """Expected frequency of one copy in every cancer cell, at the purity that the clones step found."""
    purity = min(float(row["tumour_content"]) * factor[row["sample_id"]], 1.0)
    total = float(row["major_cn"]) + float(row["minor_cn"])
    return purity / (purity * total + (1 - purity) * float(row["normal_cn"]))
