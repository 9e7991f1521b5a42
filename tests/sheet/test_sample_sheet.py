"""The sample sheet: what it accepts, and that all its faults come at once with row and column."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from truncal.errors import Faults, UserError
from truncal.sheet.columns import check_column
from truncal.sheet.samples import read_sheet, sheet_schema
from truncal.tables import Table


def _sheet(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "samples.tsv"
    path.write_text("\n".join([header.replace(" ", "\t"), *(row.replace(" ", "\t") for row in rows)]) + "\n")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.vcf", "b.vcf", "t.tsv", "u.tsv"):
        (tmp_path / name).write_text("x\n")
    return tmp_path


def test_values_and_paths_of_a_good_sheet(folder: Path) -> None:
    path = _sheet(
        folder,
        "patient sample vcf purity sex day kind timepoint note",
        "P1 R1 a.vcf 0.5 XX -3.5 plasma 2 whatever",
        "P1 R2 b.vcf NA NA NA NA NA x",
        "P2 R1 a.vcf 1 male 0 tissue 0 x",
    )
    sheet = read_sheet(path)
    first, second, third = sheet.samples
    assert sheet.patients == ["P1", "P2"]
    assert sheet.ignored == ["note"]
    assert (first.sample, first.purity, first.sex, first.day, first.kind, first.timepoint) == (
        "R1",
        0.5,
        "female",
        -3.5,
        "plasma",
        2,
    )
    assert first.vcf == folder / "a.vcf"
    assert (second.purity, second.sex, second.kind, second.row) == (None, None, "tissue", 3)
    assert third.sex == "male"
    assert sheet.files("P1") == [str(folder / "a.vcf"), str(folder / "b.vcf")]
    assert [row.sample for row in sheet.rows("P2")] == ["R1"]
    assert first.as_dict()["vcf"] == str(folder / "a.vcf")
    assert "row" not in first.as_dict()


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("patient vcf", ["P a.vcf"], ["row 1: lacks column sample"]),
        (
            "patient sample vcf purtiy",
            ["P R a.vcf 1"],
            ["column purtiy: unknown column purtiy; did you mean purity?"],
        ),
        (
            "patient sample vcf purity",
            ["P R a.vcf 1.4"],
            ["row 2, column purity: 1.4 is not a number above 0"],
        ),
        ("patient sample vcf purity", ["P R a.vcf 0"], ["row 2, column purity"]),
        ("patient sample vcf purity", ["P R a.vcf nan"], ["row 2, column purity"]),
        ("patient sample vcf ploidy", ["P R a.vcf inf"], ["row 2, column ploidy"]),
        ("patient sample vcf day", ["P R a.vcf monday"], ["row 2, column day: monday is not a number"]),
        (
            "patient sample vcf timepoint",
            ["P R a.vcf 1.5"],
            ["row 2, column timepoint: 1.5 is not an integer; expected: Ordinal of the time point"],
        ),
        ("patient sample vcf kind", ["P R a.vcf blood"], ["column kind: blood is not one of tissue, plasma"]),
        ("patient sample vcf sex", ["P R a.vcf X"], ["row 2, column sex"]),
        ("patient sample vcf", ["P R c.vcf"], ["row 2, column vcf: no such file: c.vcf"]),
        ("patient sample vcf", ["P NA a.vcf"], ["row 2, column sample: is missing"]),
        ("patient sample vcf counts", ["P R a.vcf t.tsv"], ["row 2, column vcf: has both vcf and counts"]),
        ("patient sample vcf counts", ["P R NA NA"], ["row 2, column vcf: has neither vcf nor counts"]),
        (
            "patient sample vcf",
            ["P R a.vcf", "P Q a.vcf", "P R b.vcf"],
            ["row 4, column sample: repeats sample R of patient P (row 2)"],
        ),
        (
            "patient sample vcf sex",
            ["P R a.vcf XY", "P Q a.vcf female"],
            ["row 3, column sex: female, but row 2 says male"],
        ),
        (
            "patient sample counts",
            ["P R t.tsv", "P Q u.tsv"],
            ["row 3, column counts: patient P must have the same counts table"],
        ),
        (
            "patient sample vcf counts",
            ["P R a.vcf NA", "P Q NA t.tsv"],
            ["row 3, column counts: patient P must have the same counts table"],
        ),
        (
            "patient sample vcf vcf_sample",
            ["P R a.vcf T", "P Q a.vcf T"],
            ["row 3, column vcf_sample: T of a.vcf is already the sample of row 2"],
        ),
        ("patient sample vcf", ["cohort R a.vcf"], ["row 2, column patient"]),
        ("patient sample vcf", ["../x R a.vcf"], ["row 2, column patient"]),
        ("patient sample vcf", ["P R"], ["row 2: has 2 fields, the header 3"]),
        ("patient sample vcf", [], ["has a header but no rows"]),
        (
            "patient sample vcf purity kind",
            ["P R c.vcf 2 blood", "P R a.vcf x tissue"],
            [
                "row 2, column vcf",
                "row 2, column purity",
                "row 2, column kind",
                "row 3, column purity",
                "row 3, column sample",
            ],
        ),
    ],
)
def test_faults(folder: Path, header: str, rows: list[str], expected: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        read_sheet(_sheet(folder, header, *rows))
    text = str(refused.value)
    assert len(refused.value.faults) == len(expected), text
    for words in expected:
        assert words in text


def test_a_missing_or_binary_sheet_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_sheet(tmp_path / "none.tsv")
    (tmp_path / "b.tsv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UserError, match="not UTF-8"):
        read_sheet(tmp_path / "b.tsv")


def test_unknown_patient_lists_those_there_are(folder: Path) -> None:
    sheet = read_sheet(_sheet(folder, "patient sample vcf", "P1 R a.vcf", "P2 R a.vcf"))
    with pytest.raises(UserError, match="has no patient P3; found P1, P2"):
        sheet.rows("P3")


CELLS = st.one_of(
    st.sampled_from(
        ["0", "1", "1.0", "-1", "0.5", "1e-3", "12", "13", "tissue", "male", "XX", "x y", "a/b", "cohort"]
    ),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
    st.integers(-20, 20).map(str),
    st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), min_size=1, max_size=6),
)


@given(name=st.sampled_from(sorted(sheet_schema()["properties"])), text=CELLS)
def test_columns_are_judged_as_jsonschema_judges_values(name: str, text: str) -> None:
    rule = sheet_schema()["properties"][name]
    value: object = text
    if rule.get("type") in ("number", "integer"):
        try:
            value = int(text) if rule["type"] == "integer" else float(text)
        except ValueError:
            value = text
    faults = Faults()
    check_column(Table({name: [text]}, "s.tsv"), name, rule, faults)
    assert bool(faults.found) == (not Draft202012Validator(rule).is_valid(value))


def test_a_sheet_of_5000_samples_is_read_fast_and_without_heavy_imports(folder: Path) -> None:
    rows = [f"P{i} R{j} a.vcf 0.5" for i in range(1000) for j in range(5)]
    path = _sheet(folder, "patient sample vcf purity", *rows)
    start = time.process_time()
    assert len(read_sheet(path).samples) == 5000
    assert time.process_time() - start < 1.0
    code = (
        "import sys; from truncal.sheet.samples import read_sheet; "
        "print([m for m in ('pysam', 'cyvcf2', 'scipy', 'numba', 'jsonschema') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
