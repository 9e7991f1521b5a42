"""patient.json: from the steps' folders, against its schema, and what a reader refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from synthetic import HOSTILE, make_document

from truncal.cli import main
from truncal.errors import UserError
from truncal.paths import schema
from truncal.report.columns import SCHEMA_VERSION, TABLES, typed
from truncal.report.document import _STEP_OF, read_document, write_document
from truncal.tables import read_table, write_rows


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema("patient.schema.json").read_text(encoding="utf-8")))


def write_steps(document: dict, folder: Path) -> dict[str, Path]:
    """The folders that would have led to a document."""
    folders = {step: folder / step for step in ("counts", "clones", "phylogeny", "drivers")}
    for name, table in document["tables"].items():
        rows = (dict(zip(table["columns"], row, strict=True)) for row in table["rows"])
        write_rows(folders[_STEP_OF.get(name, "drivers")] / f"{name}.tsv", table["columns"], rows)
    samples = [{**row, "sex": document["patient"]["sex"]} for row in document["samples"]]
    write_rows(folders["counts"] / "samples.tsv", list(samples[0]), samples)
    (folders["phylogeny"] / "tree.nwk").write_text(document["tree"]["newick"] + "\n", encoding="utf-8")
    for step, path in folders.items():
        path.mkdir(exist_ok=True, parents=True)
        summary: dict = {}
        if step == "phylogeny":
            summary = {key: value for key, value in document["tree"].items() if key != "newick"}
        if step == "counts":
            summary = {"build": document["patient"]["build"]}
        record = {
            "step": step,
            "parameters": document["parameters"][step],
            "inputs": document["inputs"] if step == "counts" else [],
            "warnings": [w for w in document["warnings"] if w["step"] == step],
            "summary": summary,
        }
        (path / "step.json").write_text(json.dumps(record), encoding="utf-8")
    return folders


def run_assemble(folders: dict[str, Path], out: Path, *more: str) -> int:
    arguments = [text for step, path in folders.items() for text in (f"--{step}", str(path))]
    return main(["assemble", *arguments, "--out", str(out), *more])


@pytest.mark.parametrize("hostile", [False, True])
def test_assemble_gives_the_document_back(
    tmp_path: Path, validator: Draft202012Validator, hostile: bool
) -> None:
    wanted = make_document(hostile=hostile, samples=5, days=True)
    folders = write_steps(wanted, tmp_path)
    out = tmp_path / "P1"
    patient = wanted["patient"]["patient_id"]
    assert run_assemble(folders, out, "--patient", patient) == 0
    got = json.loads((out / "patient.json").read_text(encoding="utf-8"))
    validator.validate(got)
    assert got["patient"] == wanted["patient"]
    assert got["samples"] == wanted["samples"]
    assert got["inputs"] == wanted["inputs"] and got["warnings"] == wanted["warnings"]
    assert got["tree"] == wanted["tree"]
    for name, table in wanted["tables"].items():
        if name == "excluded":
            outliers = [row for row in wanted["tables"]["mutations"]["rows"] if row[1] == -1]
            assert len(got["tables"][name]["rows"]) == len(table["rows"]) + len(outliers)
            assert {row[0] for row in got["tables"][name]["rows"] if row[2] == "clones"} == {
                r[0] for r in outliers
            }
        else:
            assert got["tables"][name] == table, name


def test_tables_and_json_agree(tmp_path: Path) -> None:
    folders = write_steps(make_document(), tmp_path)
    out = tmp_path / "P1"
    assert run_assemble(folders, out) == 0
    document = read_document(out / "patient.json")
    assert document["patient"]["patient_id"] == "P1"
    for name in (
        "counts",
        "excluded",
        "mutations",
        "ccf",
        "clusters",
        "trees",
        "edges",
        "proportions",
        "drivers",
    ):
        table = read_table(out / f"{name}.tsv")
        rows = list(zip(*(typed(column, table.text(column)) for column in table.columns), strict=True))
        assert [list(row) for row in rows] == document["tables"][name]["rows"], name
    assert (out / "tree.nwk").read_text(encoding="utf-8").strip() == document["tree"]["newick"]


def test_a_step_without_its_optional_tables_gives_empty_ones(
    tmp_path: Path, validator: Draft202012Validator
) -> None:
    folders = write_steps(make_document(drivers=False), tmp_path)
    for name in TABLES:
        if name not in _STEP_OF and name != "drivers":
            (folders["drivers"] / f"{name}.tsv").unlink()
    (folders["counts"] / "samples.tsv").unlink()
    assert run_assemble(folders, tmp_path / "P1") == 0
    document = read_document(tmp_path / "P1" / "patient.json")
    validator.validate(document)
    assert document["tables"]["power"] == {"columns": list(TABLES["power"]), "rows": []}
    assert [row["sample_id"] for row in document["samples"]] == ["R1", "R2", "R3", "R4"]


def test_all_missing_tables_are_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = write_steps(make_document(), tmp_path)
    for step, name in (("phylogeny", "trees.tsv"), ("counts", "counts.tsv"), ("phylogeny", "tree.nwk")):
        (folders[step] / name).unlink()
    assert run_assemble(folders, tmp_path / "P1") == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("trees.tsv", "counts.tsv", "tree.nwk"))
    assert not (tmp_path / "P1").exists()


def test_another_major_version_is_refused_naming_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = make_document()
    document["schema_version"] = "2.3"
    write_document(tmp_path / "patient.json", document)
    page = tmp_path / "report.html"
    assert main(["report", "--patient-json", str(tmp_path / "patient.json"), "--out", str(page)]) == 2
    said = capsys.readouterr().err
    assert "2.3" in said and SCHEMA_VERSION in said and not page.exists()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, "no such file"),
        ("{", "cannot be read as JSON"),
        ("[]", "no schema_version"),
        ('{"schema_version": "1.0"}', "lacks tables"),
    ],
)
def test_what_is_no_patient_is_refused(tmp_path: Path, text: str | None, wanted: str) -> None:
    path = tmp_path / "patient.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=wanted):
        read_document(path)


def test_faults_of_a_document_come_together(tmp_path: Path) -> None:
    document = make_document()
    document["tables"]["trees"]["columns"][0] = "tree"
    document["tables"]["ccf"]["rows"][0] = [1]
    del document["tables"]["clusters"]
    write_document(tmp_path / "patient.json", document)
    with pytest.raises(UserError) as caught:
        read_document(tmp_path / "patient.json")
    assert len(caught.value.faults) == 3


def test_a_minor_version_that_adds_is_read(tmp_path: Path) -> None:
    document = make_document()
    document["schema_version"] = "1.9"
    document["news"] = 1
    document["tables"]["more"] = {"columns": ["x"], "rows": [[1]]}
    write_document(tmp_path / "patient.json", document)
    assert read_document(tmp_path / "patient.json")["news"] == 1


def test_identifiers_stay_text_and_numbers_become_numbers() -> None:
    assert typed("mutation_id", ["1", "007", None]) == ["1", "007", None]
    assert typed("sample_id", ["1e5"]) == ["1e5"]
    assert typed("depth", ["1", None]) == [1, None]
    assert typed("ccf", ["0.25", "inf"]) == [0.25, None]
    assert typed("in_consensus", ["true", "false", None]) == [True, False, None]
    assert typed("unheard_of", ["1", "x"]) == ["1", "x"]
    assert typed("gene", HOSTILE) == HOSTILE
