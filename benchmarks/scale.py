"""Scale: a simulated cohort through the whole workflow, and the clones step by the number of mutations."""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.peers import PyCloneVI, measure
from benchmarks.report import Report

HELP = "a simulated cohort through the workflow; the clones step by size"
SETS = ("cohort", "sizes")
SIZES = (100, 1_000, 10_000, 100_000)
SAMPLES = 10
_BIN = Path(sys.executable).parent
_PROJECT = Path(__file__).resolve().parents[1]


def run(options: argparse.Namespace, report: Report) -> None:
    """Run the chosen sets."""
    with tempfile.TemporaryDirectory(prefix="truncal-scale-") as folder:
        if "cohort" in (options.sets or SETS):
            _cohort(Path(folder), options, report)
        if "sizes" in (options.sets or SETS):
            _sizes(Path(folder), options, report)


def simulate(out: Path, *arguments: object) -> float:
    """Seconds that `truncal simulate` takes."""
    return measure([str(_BIN / "truncal"), "simulate", "--out", str(out), *map(str, arguments)]).wall


def _cohort(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """`--patients` patients × 5 samples × 300 mutations as VCFs and as count tables, `--cores` cores."""
    from truncal.simulate.compare import compare_cohort

    rows: dict[str, dict[str, float]] = {}
    for style in ("vcf", "counts"):
        cohort, results = folder / f"cohort-{style}", folder / f"results-{style}"
        made = simulate(
            cohort, "--patients", options.patients, "--regions", 5, "--mutations", 300, "--format", style
        )
        used = measure(
            [
                str(_BIN / "snakemake"), "--snakefile", str(_PROJECT / "Snakefile"), "--quiet", "all",
                "--cores", str(options.cores),
                "--config", f"samples={cohort}/samples.tsv", f"outdir={results}",
            ],
            cwd=folder,
        )  # fmt: skip
        scores = [one for one in compare_cohort(results, cohort / "truth") if one.problem is None]
        drivers = [driver for one in scores for driver in one.drivers if driver.detectable]
        rows[style] = {
            "patients": options.patients,
            "simulate_s": made,
            "wall_s": used.wall,
            "s_a_patient": used.wall / options.patients,
            "done": len(scores),
            "V": float(np.mean([one.v for one in scores])) if scores else math.nan,
            "ccf_MAE": float(np.mean([one.ccf_error for one in scores])) if scores else math.nan,
            "tree_right": float(np.mean([one.tree_right for one in scores])) if scores else math.nan,
            "anc_F1": float(np.mean([one.ancestor_f1 for one in scores])) if scores else math.nan,
            "labels_right": float(np.mean([driver.right for driver in drivers])) if drivers else math.nan,
        }
        report.progress(f"scale cohort {style}", rows[style])
        if style == "counts" and "pyclone-vi" in options.peer:
            rows["PyClone-VI alone"] = _peer(cohort, options.peer["pyclone-vi"], folder)
    report.table(
        f"Simulated cohort, 5 samples × 300 mutations a patient, {options.cores} cores",
        rows,
        list(next(iter(rows.values()))),
        keep=2,
    )


def _peer(cohort: Path, command: str, folder: Path) -> dict[str, float]:
    """PyClone-VI on the first three patients' tables."""
    tables = sorted(cohort.glob("*/counts.tsv"))[:3]
    started = time.perf_counter()
    for table in tables:
        PyCloneVI(command, "beta-binomial").run(table, folder, table.parent.name)
    return {"patients": len(tables), "s_a_patient": (time.perf_counter() - started) / len(tables)}


def _sizes(folder: Path, options: argparse.Namespace, report: Report) -> None:
    """The clones step as a whole process on 100 to 100,000 mutations × 10 samples, 12 clones."""
    rows: dict[str, dict[str, float]] = {}
    for size in SIZES:
        cohort = folder / f"size-{size}"
        made = simulate(
            cohort,
            "--mutations",
            size,
            "--regions",
            SAMPLES,
            "--clones",
            12,
            "--format",
            "counts",
            "--complete",
        )
        table = next(cohort.glob("*/counts.tsv"))
        used = measure(
            [str(_BIN / "truncal"), "clones", "--counts", str(table), "--out", str(cohort / "clones")]
        )
        rows[f"{size}"] = {
            "simulate_s": made,
            "wall_s": used.wall,
            "cpu_s": used.cpu,
            "memory_MB": used.memory,
        }
        if "pyclone-vi" in options.peer and size <= 1_000:
            _, peer = PyCloneVI(options.peer["pyclone-vi"], "beta-binomial").run(
                table, cohort, f"size-{size}"
            )
            rows[f"{size}"]["pyclone_s"] = peer.cpu
        report.progress(f"scale sizes {size}", rows[f"{size}"])
        shutil.rmtree(cohort)
    report.table(
        f"The clones step, mutations × {SAMPLES} samples",
        rows,
        ["simulate_s", "wall_s", "cpu_s", "memory_MB", "pyclone_s"],
        keep=2,
    )
