"""Loaders of the shared data: each tumour's counts as a PyClone-VI table, and its truth for scoring."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from truncal.tables import open_text

COUNT_COLUMNS = (
    "mutation_id",
    "sample_id",
    "ref_counts",
    "alt_counts",
    "major_cn",
    "minor_cn",
    "normal_cn",
    "tumour_content",
)


@dataclass
class Truth:
    """What is known of a tumour; keys are mutation ids or (mutation id, sample id)."""

    cluster: dict[str, str] = field(default_factory=dict)
    noise: set[str] = field(default_factory=set)
    truncal: dict[str, bool] = field(default_factory=dict)
    ccf: dict[tuple[str, str], float] = field(default_factory=dict)
    dcf: dict[tuple[str, str], float] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def clonal(self, at_least: float = 0.95) -> dict[str, bool]:
        """Whether each mutation's CCF is at least this in every sample."""
        out: dict[str, bool] = {}
        for (mutation, _), value in self.ccf.items():
            out[mutation] = out.get(mutation, True) and value >= at_least
        return out


@dataclass
class Tumour:
    """One tumour: `rows` are of `COUNT_COLUMNS` (and further ones), `group` is how results are averaged."""

    name: str
    dataset: str
    group: str
    rows: list[dict[str, str]]
    truth: Truth

    def write(self, path: Path) -> Path:
        """Write the counts table."""
        path.parent.mkdir(parents=True, exist_ok=True)
        names = [name for name in self.rows[0] if not name.endswith("_mean")]
        with path.open("w", encoding="utf-8", newline="\n") as handle:
            handle.write("\t".join(names) + "\n")
            handle.writelines("\t".join(row[name] for name in names) + "\n" for row in self.rows)
        return path

    @property
    def size(self) -> tuple[int, int]:
        """Mutations and samples."""
        return len({row["mutation_id"] for row in self.rows}), len({row["sample_id"] for row in self.rows})


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a TSV, plain or gzip."""
    with open_text(path) as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def conipher_sims(data: Path, copy_numbers: str = "mean", minor: str = "given") -> Iterator[Tumour]:
    """Simulated multi-region tumours with copy number; `copy_numbers` is `mean` or `rounded`.

    minor: `given`; `unknown`, as from a tool that calls only the total; `balanced`, that total halved.
    """
    folder = data / "conipher-sims"
    truths: dict[str, Truth] = {}
    for row in read_rows(folder / "truth" / "mutations.tsv.gz"):
        truth = truths.setdefault(row["tumour_id"], Truth())
        name = row["mutation_id"]
        truth.cluster[name] = row["cluster"]
        truth.truncal[name] = row["clonality"] == "clonal"
        if row["noise"] == "True":
            truth.noise.add(name)
    for row in read_rows(folder / "truth" / "mutation_region.tsv.gz"):
        truth = truths[row["tumour_id"]]
        key = row["mutation_id"], row["sample_id"]
        truth.ccf[key] = float(row["true_ccf"])
        truth.dcf[key] = float(row["true_dcf"])
    for row in read_rows(folder / "truth" / "tree_edges.tsv"):
        truths[row["tumour_id"]].parents[row["child"]] = row["parent"]
    for path in sorted((folder / "inputs").glob("*.tsv.gz")):
        name = path.name.removesuffix(".tsv.gz")
        rows = read_rows(path)
        if copy_numbers == "mean":
            for row in rows:
                row["major_cn"], row["minor_cn"] = row["major_cn_mean"], row["minor_cn_mean"]
        if minor != "given":
            for row in rows:
                total = float(row["major_cn"]) + float(row["minor_cn"])
                half = total // 2 if minor == "balanced" else 0.0
                row["major_cn"] = f"{total - half:.6g}"
                row["minor_cn"] = f"{half:.6g}" if minor == "balanced" else "NA"
        yield Tumour(name, f"conipher-sims ({copy_numbers})", "all", rows, truths[name])


def pairtree_sims(data: Path) -> Iterator[Tumour]:
    """Simulated tumours without copy number; groups are clusters × samples."""
    folder = data / "pairtree-sims"
    samples: dict[str, list[str]] = {}
    for row in read_rows(folder / "inputs" / "samples.tsv"):
        samples.setdefault(row["tumour_id"], []).append(row["sample_id"])
    for row in read_rows(folder / "truth" / "index.tsv"):
        name = row["tumour_id"]
        known = json.loads((folder / "truth" / f"{name}.json").read_text(encoding="utf-8"))
        truth = Truth()
        roots = [k for k, parent in enumerate(known["parents"], 1) if parent == 0]
        for k, members in enumerate(known["clusters"], 1):
            truth.parents[str(k)] = str(known["parents"][k - 1])
            for mutation in members:
                truth.cluster[mutation] = str(k)
                truth.truncal[mutation] = len(roots) == 1 and k == roots[0]
                for index, sample in enumerate(samples[name]):
                    truth.ccf[mutation, sample] = truth.dcf[mutation, sample] = known["phi"][k][index]
        rows = []
        for mutation in read_rows(folder / "inputs" / f"{name}.ssm.gz"):
            alts, depths = mutation["var_reads"].split(","), mutation["total_reads"].split(",")
            for sample, alt, depth in zip(samples[name], alts, depths, strict=True):
                values = (mutation["id"], sample, str(int(depth) - int(alt)), alt, "1", "1", "2", "1.0")
                rows.append(dict(zip(COUNT_COLUMNS, values, strict=True)))
        yield Tumour(name, "pairtree-sims", f"K{row['n_clusters']} S{row['n_samples']}", rows, truth)


def mixing(data: Path) -> Iterator[Tumour]:
    """Deep amplicon reads of four mixed cell lines; the clusters are the sets of carriers."""
    folder = data / "mixing"
    truth = Truth(
        cluster={
            row["mutation_id"]: row["origin_cell_lines"]
            for row in read_rows(folder / "truth" / "mutations.tsv")
        }
    )
    yield Tumour("mixing", "mixing", "all", read_rows(folder / "inputs" / "mixing.tsv"), truth)


def nsclc_egfr(data: Path) -> Iterator[Tumour]:
    """Real multi-sector lung cancer exomes with the authors' truncal calls; not-called rows are missing."""
    folder = data / "nsclc-egfr"
    truths: dict[str, Truth] = {}
    for row in read_rows(folder / "truth" / "mutations.tsv.gz"):
        patient = row.get("patient_id") or row.get("patient") or row["tumour_id"]
        truths.setdefault(patient, Truth()).truncal[row["mutation_id"]] = row["truncal_branch"] == "truncal"
    for path in sorted((folder / "inputs").glob("A*.tsv")):
        yield Tumour(path.stem, "nsclc-egfr", "all", read_rows(path), truths.get(path.stem, Truth()))


def simulated(tumours: int = 60) -> Iterator[Tumour]:
    """Tumours of `truncal simulate` as called-only tables, over purity, depth, regions and copy number."""
    from truncal.cli import main

    for number in range(tumours):
        rng = np.random.default_rng([20240, number])
        purity = ((0.2, 0.35), (0.35, 0.6), (0.6, 0.9))[rng.integers(3)]
        depth, regions = int(rng.choice((50, 100, 200, 500))), int(rng.choice((2, 3, 4, 6, 8)))
        options = {
            "--purity": [str(value) for value in purity],
            "--depth": [str(depth)],
            "--regions": [str(regions)],
            "--clones": [str(int(rng.integers(3, 9)))],
            "--mutations": [str(int(rng.integers(100, 400)))],
            "--copy-number": [str(rng.choice(("ascat", "battenberg", "purple")))],
            "--mirrored": [str(int(rng.integers(0, 3)))],
            "--wgd": ["0.35"],
            "--drivers": ["40"],
            "--seed": [str(int(rng.integers(1 << 30)))],
        }
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "sim"
            flat = [part for name, values in options.items() for part in (name, *values)]
            main(["simulate", "--out", str(out), "--format", "counts", "--quiet", *flat])
            (counts,) = out.glob("*/counts.tsv")
            truth = Truth()
            for row in read_rows(out / "truth" / "mutations.tsv"):
                if row["kind"] == "somatic":
                    truth.cluster[row["mutation_id"]] = row["cluster_id"]
                    truth.truncal[row["mutation_id"]] = row["truncal"] == "true"
            for row in read_rows(out / "truth" / "ccf.tsv"):
                if row["ccf"] != "NA":
                    key = row["mutation_id"], row["sample_id"]
                    truth.ccf[key], truth.dcf[key] = float(row["ccf"]), float(row["dcf"])
            rows = read_rows(counts)
        listed = {row["mutation_id"] for row in rows}
        truth.cluster = {name: value for name, value in truth.cluster.items() if name in listed}
        truth.truncal = {name: value for name, value in truth.truncal.items() if name in listed}
        truth.ccf = {key: value for key, value in truth.ccf.items() if key[0] in listed}
        truth.dcf = {key: value for key, value in truth.dcf.items() if key[0] in listed}
        group = "depth 50, 100" if depth <= 100 else "depth 200, 500"
        yield Tumour(f"SIM{number:02d}", "simulated", group, rows, truth)


def purities_wrong() -> Iterator[Tumour]:
    """The simulated tumours with every second purity off by a log-normal factor (0.35), copy numbers as they
    are."""
    for number, tumour in enumerate(simulated()):
        rng = np.random.default_rng([20241, number])
        factor: dict[str, float] = {}
        for row in tumour.rows:
            if row["sample_id"] not in factor:
                factor[row["sample_id"]] = float(np.exp(rng.normal(0, 0.35)) if rng.random() < 0.5 else 1.0)
            purity = min(float(row["tumour_content"]) * factor[row["sample_id"]], 1.0)
            row["tumour_content"] = f"{purity:.2f}"
        yield replace(tumour, dataset="purities-wrong")


DATASETS = {
    "conipher-mean": lambda data: conipher_sims(data, "mean"),
    "conipher-rounded": lambda data: conipher_sims(data, "rounded"),
    "conipher-mean-total": lambda data: conipher_sims(data, "mean", "unknown"),
    "conipher-mean-balanced": lambda data: conipher_sims(data, "mean", "balanced"),
    "conipher-rounded-total": lambda data: conipher_sims(data, "rounded", "unknown"),
    "conipher-rounded-balanced": lambda data: conipher_sims(data, "rounded", "balanced"),
    "simulated": lambda data: simulated(),
    "purities-wrong": lambda data: purities_wrong(),
    "pairtree": pairtree_sims,
    "mixing": mixing,
    "nsclc": nsclc_egfr,
}
