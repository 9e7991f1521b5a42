"""The steps of one patient of a sample sheet, up to the drivers."""

from __future__ import annotations

import csv
from pathlib import Path

from truncal.cli import main


def drivers_of(sheet: Path, patient: str, folder: Path) -> Path:
    """Folder of the drivers step, made from the sheet's files."""
    counts, clones, tree, out = (folder / name for name in ("counts", "clones", "phylogeny", "drivers"))
    steps = (
        ["counts", "--samples", sheet, "--patient", patient, "--out", counts],
        ["clones", "--counts", counts / "counts.tsv", "--out", clones],
        ["phylogeny", "--clones", clones, "--out", tree],
        ["drivers", "--counts", counts / "counts.tsv", "--phylogeny", tree, "--out", out],
    )
    for step in steps:
        assert main([*map(str, step), "--quiet"]) == 0
    return out


def rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table as text."""
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
