"""The benchmark of sites that a region's VCF does not list: censored or unobserved, against forced counts."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.datasets import nsclc_egfr
from benchmarks.report import Report

HELP = "labels from called-only input, with not-called sites censored or unobserved"
MODELS = ("censored", "unobserved")
CALLED_FROM = {"min_alt": 3, "min_vaf": 0.0}
"""How the called-only files of the shared data were made: at least three alternative reads."""

COLUMNS = (
    "mutations", "truncal_forced", "truncal_censored", "truncal_unobserved",
    "censored_vs_forced", "unobserved_vs_forced", "censored_vs_unobserved",
    "published", "censored_against_published", "unobserved_against_published", "not_called",
)  # fmt: skip


def run(options: argparse.Namespace, report: Report) -> None:
    """Trees from forced and from called-only files; how many mutations get another label.

    Where there are no reads to force, labels are set beside the authors' (called in every sector): how many
    of the published ones a `truncal` or `branch` label contradicts.
    """
    published = {tumour.name: tumour.truth.truncal for tumour in nsclc_egfr(options.data)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, patients in {
            "crc-metastatic": _vcf_patients(options.data / "crc-metastatic/inputs", folder),
            "CRUK0001": _vcf_patients(options.data / "tracerx100/CRUK0001/inputs", folder),
            "nsclc-egfr (called-only tables)": _table_patients(options.data / "nsclc-egfr/inputs", folder),
        }.items():
            rows = {}
            for patient, sheets in patients.items():
                rows[patient] = _compare(
                    patient, sheets, folder / title.split()[0] / patient, published.get(patient)
                )
                report.progress(patient, rows[patient])
            rows["mean, all"] = {
                column: float(np.mean([row[column] for row in rows.values()]))
                for column in COLUMNS
                if all(column in row for row in rows.values())
            }
            report.table(f"truncal labels of not-called sites: {title}", rows, COLUMNS, keep=2)


def _vcf_patients(inputs: Path, folder: Path) -> dict[str, dict[str, Path]]:
    with (inputs / "sample_sheet.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    found: dict[str, dict[str, Path]] = {}
    for kind, column in (("forced", "vcf"), ("called", "vcf_called_only")):
        sheet = folder / f"{rows[0]['patient']}.{kind}.tsv"
        lines = ["patient\tsample\tvcf\tsegments\tpurity\tsex"]
        lines += [
            f"{row['patient']}\t{row['sample']}\t{(inputs / row[column]).resolve()}\t"
            f"{(inputs / row['segments']).resolve()}\t{row['purity']}\t{row.get('sex') or 'NA'}"
            for row in rows
        ]
        sheet.write_text("\n".join(lines) + "\n")
        for row in rows:
            found.setdefault(row["patient"], {})[kind] = sheet
    return found


def _table_patients(inputs: Path, folder: Path) -> dict[str, dict[str, Path]]:
    sheet = folder / "nsclc.tsv"
    lines = ["patient\tsample\tcounts"]
    with (inputs / "sectors.tsv").open() as handle:
        rows = [row for row in csv.DictReader(handle, delimiter="\t") if row["in_pyclone_input"] == "True"]
    for row in rows:
        table = (inputs / f"{row['patient_id']}.tsv").resolve()
        lines.append(f"{row['patient_id']}\t{row['sample_id']}\t{table}")
    sheet.write_text("\n".join(lines) + "\n")
    return {row["patient_id"]: {"called": sheet} for row in rows}


def _compare(
    patient: str, sheets: dict[str, Path], out: Path, published: dict[str, bool] | None
) -> dict[str, float]:
    labels = {}
    if "forced" in sheets:
        labels["forced"] = _labels(patient, sheets["forced"], out / "forced", {})
    limits = CALLED_FROM if "forced" in sheets else {}
    for model in MODELS:
        settings = {"absent": {"model": model, **limits}}
        labels[model] = _labels(patient, sheets["called"], out / model, settings)
    shared = set.intersection(*(set(label) for label in labels.values()))
    row: dict[str, float] = {"mutations": len(shared)}
    for name, label in labels.items():
        row[f"truncal_{name}"] = sum(label[mutation] == "truncal" for mutation in shared)
    for a, b in (("censored", "forced"), ("unobserved", "forced"), ("censored", "unobserved")):
        if a in labels and b in labels:
            row[f"{a}_vs_{b}"] = sum(labels[a][mutation] != labels[b][mutation] for mutation in shared)
    if published is not None:
        known = shared & published.keys()
        row["published"] = len(known)
        for model in MODELS:
            said = {name: labels[model][name] == "truncal" for name in known if labels[model][name] != "open"}
            row[f"{model}_against_published"] = sum(published[name] != value for name, value in said.items())
    with (out / "censored/counts/samples.tsv").open() as handle:
        samples = list(csv.DictReader(handle, delimiter="\t"))
    absent = sum(int(sample["n_not_called"]) for sample in samples)
    row["not_called"] = absent / (absent + sum(int(sample["n_called"]) for sample in samples))
    return row


def _labels(patient: str, sheet: Path, out: Path, settings: dict) -> dict[str, str]:
    """`truncal`, `branch` or `open` of each mutation, by p_truncal at 0.9 and 0.1."""
    common = ["--settings", json.dumps(settings), "--quiet"]
    counts = ["counts", "--samples", str(sheet), "--patient", patient, "--out", str(out / "counts")]
    clones = ["clones", "--counts", str(out / "counts/counts.tsv"), "--out", str(out / "clones")]
    trees = ["phylogeny", "--clones", str(out / "clones"), "--out", str(out / "phylogeny")]
    for command in (counts, clones, trees):
        subprocess.run([sys.executable, "-m", "truncal", *command, *common], check=True)
    with (out / "phylogeny/mutations.tsv").open() as handle:
        found = {
            row["mutation_id"]: float(row["p_truncal"]) for row in csv.DictReader(handle, delimiter="\t")
        }
    return {name: "truncal" if p >= 0.9 else "branch" if p <= 0.1 else "open" for name, p in found.items()}
