"""Copy-number drivers on the tree, and pre-existing or acquired, on simulated tumours from VCF to tables."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.datasets import read_rows
from benchmarks.report import Report

CALLERS = ("ascat", "battenberg", "purple")
DEPTHS = (100, 300, 1000)


def copy_number(options: argparse.Namespace, report: Report) -> None:
    """Seven amplified or deleted genes a tumour: found, and p_truncal against where they arose."""
    found: dict[str, list[float]] = {}
    for number in range(options.patients):
        caller = CALLERS[number % len(CALLERS)]
        arguments = [
            "--gene-events",
            "7",
            "--copy-number",
            caller,
            "--clones",
            "5",
            "--seed",
            str(100 + number),
        ]
        for truth, drivers, _ in _tumour(arguments, serial=False):
            placed = {(row["gene"], row["class"]): row for row in drivers if row["mutation_id"] == "NA"}
            for row in read_rows(truth / "drivers.tsv"):
                if row["kind"] == "small_variant":
                    continue
                kind = "cn_gain" if "amplification" in row["alteration"] else "cn_loss"
                own = placed.get((row["gene"], kind))
                key = f"{caller} {'amplification' if kind == 'cn_gain' else 'homozygous deletion'}"
                error = float("nan")
                if own is not None:
                    error = (float(own["p_truncal"]) - (row["truncal"] == "true")) ** 2
                found.setdefault(key, []).append(error)
        report.progress(f"copy number {number} {caller}", {"events": float(sum(map(len, found.values())))})
    rows = {}
    for key, errors in sorted(found.items()):
        seen = [error for error in errors if error == error]
        rows[key] = {
            "events": float(len(errors)),
            "found": len(seen) / len(errors),
            "Brier": sum(seen) / len(seen) if seen else float("nan"),
        }
    report.table("drivers, copy number on the tree (p_truncal)", rows, ("events", "found", "Brier"), keep=2)


def timing(options: argparse.Namespace, report: Report) -> None:
    """Verdicts against the true CCF before therapy, by depth."""
    found: dict[str, Counter[str]] = {}
    for number in range(options.patients):
        depth = DEPTHS[number % len(DEPTHS)]
        arguments = ["--serial", "--drivers", "12", "--regions", "3", "--clones", "5", "--complete"]
        for truth, drivers, out in _tumour(
            [*arguments, "--depth", str(depth), "--seed", str(300 + number)], serial=True
        ):
            ccf = {
                (_plain(row["mutation_id"]), row["sample_id"]): 0.0
                if row["ccf"] == "NA"
                else float(row["ccf"])
                for row in read_rows(truth / "ccf.tsv")
            }
            mutation = {row["event_id"]: _plain(row["mutation_id"]) for row in drivers}
            for row in read_rows(out / "timing.tsv"):
                name = mutation[row["event_id"]]
                if name == "NA":
                    continue
                before = ccf.get((name, row["sample_before"]), 0.0)
                key = f"depth {depth}, {'absent' if before == 0 else 'there'} before"
                found.setdefault(key, Counter())[row["verdict"]] += 1
        report.progress(
            f"timing {number}", {"verdicts": float(sum(sum(own.values()) for own in found.values()))}
        )
    rows = {key: {name: float(value) for name, value in own.items()} for key, own in sorted(found.items())}
    report.table("drivers, timing", rows, ("pre_existing", "acquired", "undeterminable"), keep=2)


def _plain(name: str) -> str:
    return name.removeprefix("chr")


def _tumour(arguments: list[str], *, serial: bool) -> Iterator[tuple[Path, list[dict[str, str]], Path]]:
    """Simulate one tumour and run every step on it: (folder of truth, rows of drivers.tsv, step's folder)."""
    from truncal.cli import main

    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "sim"
        main(["simulate", "--out", str(top), "--quiet", *arguments])
        steps = {name: top / "run" / name for name in ("counts", "clones", "phylogeny", "drivers")}
        counts = str(steps["counts"] / "counts.tsv")
        sheet = ["--samples", str(top / "samples.tsv"), "--patient", "SIM1"]
        treatments = next(iter(top.glob("treatments*.tsv")), None) if serial else None
        given = ["--treatments", str(treatments)] if treatments else []
        for step in (
            ["counts", *sheet, "--out", str(steps["counts"])],
            ["clones", "--counts", counts, "--out", str(steps["clones"])],
            ["phylogeny", "--clones", str(steps["clones"]), "--out", str(steps["phylogeny"])],
            ["drivers", "--counts", counts, "--phylogeny", str(steps["phylogeny"]), *sheet, *given,
             "--out", str(steps["drivers"])],
        ):  # fmt: skip
            if main([*step, "--quiet"]) != 0:
                return
        yield top / "truth", read_rows(steps["drivers"] / "drivers.tsv"), steps["drivers"]
