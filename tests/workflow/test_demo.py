"""The demo through the real workflow, from a folder that is not the project's."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from truncal.step_files import STEP_FILES

PATIENTS = ("DEMO1", "DEMO2", "DEMO3")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_file_of_the_contract_is_there(demo_results: Path, patient: str) -> None:
    for step, names in STEP_FILES.items():
        folder = demo_results / {"assemble": patient, "cohort": "cohort"}.get(step, f"{patient}/{step}")
        missing = [name for name in names if not (folder / name).is_file()]
        assert not missing, f"{step}: {missing}"
    assert (demo_results / patient / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("patient", PATIENTS)
def test_the_document_agrees_with_the_tables(demo_results: Path, patient: str) -> None:
    document = json.loads((demo_results / patient / "patient.json").read_text(encoding="utf-8"))
    assert document["schema_version"].split(".")[0] == "1"
    for name in ("mutations", "drivers", "trees", "clusters"):
        table = document["tables"][name]
        on_disk = rows(demo_results / patient / f"{name}.tsv")
        assert table["columns"] == list(on_disk[0])
        assert len(table["rows"]) == len(on_disk)


def test_trees_and_planted_labels_are_right(project: Path, demo_results: Path) -> None:
    truth = project / "resources/demo/truth"
    done = subprocess.run(
        [sys.executable, "-m", "truncal", "compare", "--results", demo_results, "--truth", truth, "--strict"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_left_to_do_on_a_second_run(demo: dict[str, Path], demo_results: Path, snakemake) -> None:
    done = snakemake(demo_results.parent, "--dry-run", **demo, outdir="results")
    assert "Nothing to be done" in done.stdout + done.stderr


def test_same_bytes_on_one_core(demo: dict[str, Path], demo_results: Path, snakemake, tmp_path: Path) -> None:
    done = snakemake(tmp_path, cores=1, **demo, outdir="other_name")
    assert done.returncode == 0, done.stderr[-3000:]
    compared = 0
    for path in sorted(demo_results.rglob("*")):
        relative = path.relative_to(demo_results)
        if path.is_file() and relative.parts[0] != "logs":
            assert path.read_bytes() == (tmp_path / "other_name" / relative).read_bytes(), relative
            compared += 1
    assert compared > 50
