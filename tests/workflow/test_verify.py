"""`truncal verify`: what agrees, what was changed, and what can't be known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from truncal.cli import main
from truncal.provenance import environment

STEPS = ("counts", "clones", "phylogeny", "drivers", "assemble", "report", "figures")


def verify(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[int, dict[tuple[str, str], list[str]]]:
    """Exit code, and state and detail by patient and step."""
    code = main(["verify", *map(str, arguments)])
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    return code, {(line[0], line[1]): line[2:] for line in lines if len(line) == 4}


@pytest.fixture
def results(demo_results: Path, tmp_path: Path) -> Path:
    """A copy of two patients of the demo, to be changed."""
    for name in ("DEMO1", "DEMO3"):
        shutil.copytree(demo_results / name, tmp_path / "results" / name)
    return tmp_path / "results"


def test_the_demo_agrees_with_its_inputs(project: Path, demo_results: Path, capsys) -> None:
    sheet = project / "resources/demo/samples.tsv"
    code, found = verify(capsys, demo_results, "--samples", sheet)
    assert code == 0, found
    wanted = {(patient, step) for patient in ("DEMO1", "DEMO2", "DEMO3") for step in STEPS}
    assert set(found) == wanted | {("cohort", "cohort")}
    assert {state for state, _ in found.values()} == {"same"}


def test_without_a_sheet_it_says_what_it_could_not_check(results: Path, capsys) -> None:
    code, found = verify(capsys, results, "--patients", "DEMO1")
    assert code == 0
    states = {step: found["DEMO1", step][0] for step in STEPS}
    assert states == {**dict.fromkeys(STEPS, "same"), "counts": "not checked", "drivers": "not checked"}
    assert "--samples" in found["DEMO1", "counts"][1]


def test_a_changed_cell_is_found_and_later_steps_name_their_input(results: Path, capsys) -> None:
    table = results / "DEMO1/clones/mutations.tsv"
    table.write_text(table.read_text().replace("\t0.9", "\t0.8", 1))
    code, found = verify(capsys, results, "--patients", "DEMO1")
    assert code == 1
    assert found["DEMO1", "clones"] == ["differs", "differs: mutations.tsv"]
    assert found["DEMO1", "phylogeny"][1].startswith("input changed since: mutations.tsv")
    assert "mutations.tsv: is not what its step wrote" in found["DEMO1", "assemble"][1]
    assert found["DEMO1", "report"][0] == "same"


def test_another_seed_setting_or_input_in_the_record_is_found(project: Path, results: Path, capsys) -> None:
    for step, change in {
        "counts": lambda record: record["inputs"][0].update(sha256="0" * 64),
        "clones": lambda record: record["parameters"]["clones"].update(model_error=0.05),
        "phylogeny": lambda record: record["summary"].update(n_trees=10**6),
    }.items():
        path = results / "DEMO3" / step / "step.json"
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    sheet = project / "resources/demo/samples.tsv"
    code, found = verify(capsys, results / "DEMO3", "--samples", sheet)
    assert code == 1
    assert found["DEMO3", "counts"][1].startswith("input changed since: DEMO3.vcf.gz")
    assert "differs: " in found["DEMO3", "clones"][1]
    assert found["DEMO3", "phylogeny"] == ["differs", "differs: step.json"]
    assert found["DEMO3", "assemble"] == ["differs", "differs: patient.json"]


def test_other_versions_that_give_the_same_are_named_not_blamed(results: Path, capsys) -> None:
    path = results / "DEMO1/clones/step.json"
    path.write_text(path.read_text().replace(f'"numpy": "{environment()["numpy"]}"', '"numpy": "2.0.0"'))
    _, found = verify(capsys, results / "DEMO1")
    assert found["DEMO1", "clones"] == ["same", f"made with numpy 2.0.0 (here {environment()['numpy']})"]


def test_missing_and_strange_files_are_named(results: Path, capsys) -> None:
    folder = results / "DEMO1/phylogeny"
    (folder / "edges.tsv").unlink()
    (folder / "notes.txt").write_text("mine")
    (folder / ".trees.tsv.k2j3").write_text("left by a killed run")
    code, found = verify(capsys, results / "DEMO1")
    assert code == 1
    assert found["DEMO1", "phylogeny"][1] == "lacks edges.tsv; not made by this step: notes.txt"


def test_broken_records_are_a_verdict_not_a_crash(results: Path, capsys) -> None:
    (results / "DEMO1/clones/step.json").write_text("{")
    (results / "DEMO1/phylogeny/step.json").unlink()
    (results / "DEMO1/counts/counts.tsv").write_text("")
    code, found = verify(capsys, results / "DEMO1")
    assert code == 1
    assert found["DEMO1", "clones"][1] == "step.json is damaged"
    assert found["DEMO1", "phylogeny"][1] == "lacks step.json"
    assert found["DEMO1", "assemble"][1].startswith("cannot be recomputed: ")


def test_a_folder_without_results_is_a_users_mistake(tmp_path: Path, capsys) -> None:
    assert main(["verify", str(tmp_path)]) == 2
    assert "holds no results" in capsys.readouterr().err
