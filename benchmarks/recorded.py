"""Scores of peers as they were measured, kept with their versions, so that nobody has to run them again.

A peer given as `--peer NAME=recorded` has the scores of `recorded/SET.tsv`. To add to them, run a benchmark
with the peer's program and `--json FILE`, then `python -m benchmarks.recorded FILE SET NAME=VERSION …`.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from pathlib import Path

FOLDER = Path(__file__).with_name("recorded")


def read_recorded(dataset: str) -> dict[str, dict[str, dict[str, float]]]:
    """Scores by tool and tumour; {} where nothing is recorded of the data set."""
    path = FOLDER / f"{dataset}.tsv"
    found: dict[str, dict[str, dict[str, float]]] = {}
    if not path.exists():
        return found
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            tool, tumour, _ = row.pop("tool"), row.pop("tumour"), row.pop("version")
            values = {name: float(value) for name, value in row.items() if value != "NA"}
            found.setdefault(tool, {})[tumour] = values
    return found


def record(report: Path, dataset: str, versions: dict[str, str]) -> int:
    """Merge the rows of these tools in a report's JSON into `recorded/DATASET.tsv`; how many there were."""
    path = FOLDER / f"{dataset}.tsv"
    known: dict[tuple[str, str], dict[str, str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as handle:
            known = {(row["tool"], row["tumour"]): row for row in csv.DictReader(handle, delimiter="\t")}
    tables = json.loads(report.read_text(encoding="utf-8"))
    added = 0
    for tool, version in versions.items():
        for tumour, scores in tables.get(f"{dataset}: {tool}", {}).items():
            if tumour.startswith("mean"):
                continue
            values = {
                name: "NA" if math.isnan(value) else f"{value:.6g}"
                for name, value in scores.items()
                if isinstance(value, int | float)
            }
            known[tool, tumour] = {"tool": tool, "version": version, "tumour": tumour, **values}
            added += 1
    columns = list(dict.fromkeys(name for row in known.values() for name in row))
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        writer = csv.DictWriter(handle, columns, restval="NA", delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(known[key] for key in sorted(known))
    return added


def main() -> None:
    """`python -m benchmarks.recorded FILE SET NAME=VERSION …`."""
    report, dataset, *tools = sys.argv[1:]
    print(record(Path(report), dataset, dict(tool.rsplit("=", 1) for tool in tools)))


if __name__ == "__main__":
    main()
