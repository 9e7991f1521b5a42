"""TRACERx 100 (Jamal-Hanjani et al. 2017): published driver labels from the published CCFs.

The CCFs were smoothed by clustering before they were published, so that this keeps what works and measures
nothing: reads that say exactly these CCFs must give the published labels.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from truncal.clones.run import run_clones
from truncal.phylogeny.run import run_phylogeny
from truncal.sheet.settings import load_settings

TUMOURS = {"CRUK0003": 3, "CRUK0013": 2, "CRUK0015": 4, "CRUK0023": 5}
"""Tumour and its driver mutations."""
DEPTH, PURITY = 200, 0.8


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def published(shared: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Rows of CCFs, and of mutations with their label."""
    folder = shared / "data" / "tracerx100"
    return rows(folder / "inputs" / "ccf.tsv.gz"), rows(folder / "truth" / "mutations.tsv.gz")


@pytest.mark.parametrize("name", sorted(TUMOURS))
def test_drivers_have_their_published_label(
    name: str, published: tuple[list[dict[str, str]], list[dict[str, str]]], tmp_path: Path
) -> None:
    counts = tmp_path / "counts.tsv"
    lines = ["mutation_id sample_id ref_counts alt_counts major_cn minor_cn normal_cn tumour_content"]
    for row in published[0]:
        if row["tumour_id"] == name:
            alt = round(DEPTH * min(float(row["ccf"]), 1) * PURITY / 2)
            key = f"{row['mutation_id']} {row['sample_id']}"
            lines.append(f"{key} {DEPTH - alt} {alt} 1 1 2 {PURITY}")
    counts.write_text("\n".join(lines).replace(" ", "\t") + "\n", encoding="utf-8")
    settings = load_settings(None)
    run_clones(counts, tmp_path / "clones", settings, 1)
    run_phylogeny(tmp_path / "phylogeny", settings, 1, clones=tmp_path / "clones")
    with (tmp_path / "phylogeny" / "mutations.tsv").open(encoding="utf-8") as handle:
        found: Mapping[str, dict[str, str]] = {
            row["mutation_id"]: row for row in csv.DictReader(handle, delimiter="\t")
        }
    drivers = [row for row in published[1] if row["tumour_id"] == name and row["driver"] == "True"]
    assert len(drivers) == TUMOURS[name]
    for row in drivers:
        own = found[row["mutation_id"]]
        sure = (float(own["p_truncal"]), float(own["p_clonal"]))
        if row["clonality"] == "clonal":
            assert min(sure) > 0.9, row["mutation_id"]
        else:
            assert max(sure) < 0.1, row["mutation_id"]
