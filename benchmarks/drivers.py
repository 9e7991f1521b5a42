"""The drivers benchmark: do `p_clonal`, `p_truncal` and `p_next_region` mean what they say.

Sets: `simulated` (tumours of `truncal simulate` with planted drivers over purity, depth, regions, doubling,
mirrored imbalance and subclonal copy number), `conipher` (a foreign simulator; every mutation counts as a
driver), `next-region` (each region left out in turn; what the others forecast for it) and `nsclc-egfr` (a
description: labels of driver genes in real tumours beside the authors' calls by presence), `copy-number` and
`timing` (`driver_events.py`). Baselines on the
same counts: the rule of CONIPHER (upper bound of the interval of a mutation's own CCF reaches 1 in every
region) and, where PyClone-VI is given as a peer, its cluster's CCF ≥ 0.9 in every region.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.calibration import Calls, bootstrap, measures, reliability_svg
from benchmarks.datasets import COUNT_COLUMNS, Truth, Tumour, read_rows
from benchmarks.driver_events import copy_number, timing
from benchmarks.driver_run import reconstruct
from benchmarks.driver_tumours import FITTED, SCORED, Case, Part, conipher, parts, simulated
from benchmarks.next_region import next_region, next_region_law
from benchmarks.peers import PyCloneVI
from benchmarks.report import Report

HELP = "calibration of the drivers' clonality"
SETS = (
    "simulated",
    "fitted",
    "conipher",
    "next-region",
    "next-region-law",
    "nsclc-egfr",
    "copy-number",
    "timing",
)
SHOWN = (
    "n", "ECE", "ECE_low", "ECE_high", "ECE_mid", "ECE_mid_low", "ECE_mid_high", "n_mid", "ECE_mid_chance",
    "Brier", "slope", "indeterminate", "found",
)  # fmt: skip


@dataclass
class Pooled:
    """Calls of one tool over all tumours, for one question."""

    calls: list[Calls] = field(default_factory=list)

    def row(self, seed: int = 1) -> dict[str, float]:
        """Measures of everything pooled, with intervals from a bootstrap over tumours."""
        return measures(self.calls) | bootstrap(self.calls, seed)


def run(options: argparse.Namespace, report: Report) -> None:
    """Score the chosen sets; the figures of docs/drivers.md come from here."""
    wanted = [name for name in (options.sets or SETS) if name in SETS]
    if "simulated" in wanted:
        _score("simulated", SCORED, options, report)
    if "conipher" in wanted:
        _score("conipher-sims", None, options, report)
    if "next-region" in wanted:
        next_region(options, report)
    if "next-region-law" in wanted:
        next_region_law(options, report)
    if "nsclc-egfr" in wanted:
        _nsclc_egfr(options, report)
    if "copy-number" in wanted:
        copy_number(options, report)
    if "timing" in wanted:
        timing(options, report)
    if "fitted" in options.sets:
        from truncal.phylogeny import recalibration

        # the maps are fitted on the model's own probabilities
        recalibration.P_TRUNCAL = recalibration.P_CLONAL = recalibration.NONE
        _score("fitted", FITTED, options, report)


# ------------------------------------------------------------------ scores


def _score(name: str, first: int | None, options: argparse.Namespace, report: Report) -> None:
    """Calibration of both questions by every tool, pooled over a set's tumours."""
    cases = conipher(options.data, options.tumours) if first is None else simulated(first, options.patients)
    work = options.work / name if options.work else None
    pooled: dict[str, Pooled] = {}
    for part, new in parts(cases, work, lambda case, folder: _part(name, case, folder, options)):
        for tool, said in part.said.items():
            for question, truth in part.truth.items():
                known = [index for index, p in enumerate(said[question]) if p is not None]
                calls = Calls(
                    part.name,
                    np.array([truth[index] for index in known], dtype=bool),
                    np.array([said[question][index] for index in known], dtype=float),
                    part.fit,
                    len(truth),
                )
                pooled.setdefault(f"{question}: {tool}", Pooled()).calls.append(calls)
        if new:
            report.progress(f"{name} {part.name}", measures(pooled["clonal: truncal"].calls[-1:]))
    rows = {key: value.row() for key, value in sorted(pooled.items())}
    report.table(f"drivers, {name}", rows, SHOWN, keep=2)
    if options.figures:
        options.figures.mkdir(parents=True, exist_ok=True)
        for question in ("clonal", "truncal"):
            key = f"{question}: truncal"
            if key in pooled:
                path = options.figures / f"reliability_{name}_{question}.svg"
                path.write_text(reliability_svg(pooled[key].calls, f"p_{question}, {name}"), encoding="utf-8")


def _part(name: str, case: Case, folder: Path, options: argparse.Namespace) -> Part:
    """Reconstruct one tumour, by truncal and by the rules and peers beside it."""
    found = reconstruct(case.counts, folder / "run")
    rule = conipher_rule(case.counts)
    tools: dict[str, tuple[Mapping[str, float], Mapping[str, float]]] = {
        "truncal": (found.p_clonal, found.p_truncal),
        "upper bound reaches 1": (rule, rule),
    }
    if "pyclone-vi" in options.peer:
        peer = PyCloneVI(options.peer["pyclone-vi"], "binomial")
        whole = rounded(case.counts, folder / "rounded.tsv")
        theirs, _ = peer.run(whole, folder, key=case.peer_key or f"drivers/{name}/{case.name}")
        tools["PyClone-VI ≥ 0.9"] = (theirs.p_clonal, theirs.p_truncal)
    chosen = [one for one in case.chosen if one in case.clonal]
    return Part(
        case.name,
        case.fit,
        case.strata,
        {
            "copies": [case.kind.get(one, "none") for one in chosen],
            "cluster": [found.cluster.get(one) for one in chosen],
            "size": [found.size.get(found.cluster.get(one, -1), 0) for one in chosen],
            "outlier": [found.outlier.get(one) for one in chosen],
        },
        {"clonal": [case.clonal[one] for one in chosen], "truncal": [case.truncal[one] for one in chosen]},
        {
            tool: {
                question: [values.get(one) for one in chosen]
                for question, values in zip(("clonal", "truncal"), both, strict=True)
            }
            for tool, both in tools.items()
        },
    )


def rounded(counts: Path, out: Path) -> Path:
    """The same table with whole copy numbers, which is all that PyClone-VI takes."""
    rows = read_rows(counts)
    for row in rows:
        row["major_cn"] = str(max(1, round(float(row["major_cn"]))))
        row["minor_cn"] = str(round(float(row["minor_cn"])))
    names = [name for name in COUNT_COLUMNS if name in rows[0]]
    lines = ["\t".join(names), *("\t".join(row[name] for name in names) for row in rows)]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return out


def conipher_rule(counts: Path) -> dict[str, float]:
    """1 where the upper 95 % bound of the mutation's own CCF reaches 1 in every region, else 0.

    CCF = VAF / purity × (purity × C + (1 − purity) × C₀) / m, m the number of mutated copies that brings it
    nearest to 1; the bound is that of the VAF (Wilson). A region without the mutation has CCF 0.
    """
    upper: dict[str, float] = {}
    seen: dict[str, int] = {}
    samples = set()
    for row in read_rows(counts):
        alt = int(row["alt_counts"])
        depth = alt + int(row["ref_counts"])
        samples.add(row["sample_id"])
        if depth == 0:
            continue
        purity = float(row["tumour_content"])
        total = float(row["major_cn"]) + float(row["minor_cn"])
        scale = (purity * total + (1 - purity) * float(row["normal_cn"])) / purity
        vaf, z = alt / depth, 1.96
        centre = (vaf + z * z / (2 * depth)) / (1 + z * z / depth)
        half = z / (1 + z * z / depth) * np.sqrt(vaf * (1 - vaf) / depth + z * z / (4 * depth**2))
        copies = max(1.0, round(vaf * scale))
        bound = (centre + half) * scale / copies
        name = row["mutation_id"]
        upper[name] = min(upper.get(name, np.inf), bound)
        seen[name] = seen.get(name, 0) + 1
    return {name: float(value >= 1 and seen[name] == len(samples)) for name, value in upper.items()}


# ------------------------------------------------------------------ real tumours

GENES = ("EGFR", "TP53", "KRAS", "MET", "BRAF", "ERBB2", "PIK3CA", "NF1", "RB1", "STK11", "KEAP1", "SMARCA4")


def _nsclc_egfr(options: argparse.Namespace, report: Report) -> None:
    """Labels by gene. Published is presence in every sector, so that the two answer different questions."""
    folder = options.data / "nsclc-egfr"
    alleles = {
        (row["patient_id"], row["mutation_id"]): row
        for row in read_rows(folder / "inputs" / "variants_GRCh38.tsv.gz")
    }
    published = {
        (row["patient_id"], row["mutation_id"]): row["truncal_branch"]
        for row in read_rows(folder / "truth" / "mutations.tsv.gz")
    }
    found: dict[str, dict[str, float]] = {}
    for path in sorted((folder / "inputs").glob("A*.tsv")):
        patient = path.stem
        if not re.search(options.tumours, patient):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            rows = _labels(path, patient, alleles, Path(scratch))
        for row in rows:
            known = published.get((patient, row["mutation_id"]))
            for gene in (row["gene"], "all others" if row["gene"] not in GENES else ""):
                if gene in (*GENES, "all others"):
                    own = found.setdefault(gene, {})
                    for name in ("events", row["label"], f"published_{known}"):
                        own[name] = own.get(name, 0) + 1
                    own["p_truncal"] = own.get("p_truncal", 0.0) + float(row["p_truncal"])
        report.progress(f"nsclc-egfr {patient}", {"events": float(len(rows))})
    for own in found.values():
        own["p_truncal"] /= own["events"]
    order = {gene: found[gene] for gene in (*GENES, "all others") if gene in found}
    shown = (
        "events",
        "clonal",
        "subclonal",
        "indeterminate",
        "p_truncal",
        "published_truncal",
        "published_branch",
    )
    report.table("drivers, nsclc-egfr", order, shown, keep=2)


def _labels(
    path: Path, patient: str, alleles: Mapping[tuple[str, str], Mapping[str, str]], scratch: Path
) -> list[dict[str, str]]:
    from truncal.clones.run import run_clones
    from truncal.drivers.run import run_drivers
    from truncal.phylogeny.run import run_phylogeny
    from truncal.sheet.settings import complete_settings

    settings = complete_settings({"build": "GRCh38"})
    counts = scratch / "counts" / "counts.tsv"
    rows = read_rows(path)
    extra = {
        "chrom": "chrom",
        "pos": "start",
        "ref": "ref",
        "alt": "alt",
        "gene": "gene",
        "hgvsp": "aa_change",
    }
    for row in rows:
        known = alleles.get((patient, row["mutation_id"]), {})
        row.update({name: known.get(theirs) or "NA" for name, theirs in extra.items()})
    Tumour(patient, "nsclc-egfr", "all", rows, Truth()).write(counts)
    run_clones(counts, scratch / "clones", settings, 1)
    run_phylogeny(scratch / "phylogeny", settings, 1, clones=scratch / "clones")
    run_drivers(counts, scratch / "phylogeny", scratch / "drivers", settings)
    return [row for row in read_rows(scratch / "drivers" / "drivers.tsv") if row["mutation_id"] != "NA"]
