"""Faults as the user reads them: each place named, the same fault of many rows told once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from truncal.errors import SPELLED_OUT, Fault, fault_lines


def test_few_faults_have_a_line_each() -> None:
    faults = [Fault("is missing", "a row 2.tsv", row, "purity") for row in (2, 3, 9)]
    assert fault_lines(faults) == [f"a row 2.tsv, row {row}, column purity: is missing" for row in (2, 3, 9)]


def test_the_same_fault_of_many_rows_has_one_line() -> None:
    faults = [Fault("is missing", "a.tsv", row, "purity") for row in (2, 3, 4, 9, 12, 13)]
    faults.insert(1, Fault("is no number", "a.tsv", 2, "depth"))
    assert fault_lines(faults) == [
        "a.tsv, rows 2-4, 9, 12-13 (6 rows), column purity: is missing",
        "a.tsv, row 2, column depth: is no number",
    ]


def test_many_ranges_are_cut_short_and_counted() -> None:
    (line,) = fault_lines(Fault("is missing", "a.tsv", row, "x") for row in range(2, 102, 2))
    assert line == "a.tsv, rows 2, 4, 6, 8, 10, 12, 14, 16, … (50 rows), column x: is missing"


def test_faults_without_a_row_stay_apart() -> None:
    faults = [Fault("cannot be read", f"{name}.vcf") for name in "abcde"]
    assert fault_lines(faults) == [str(fault) for fault in faults]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 40) | st.none(), st.sampled_from(("x", None))))
)
def test_no_kind_of_fault_is_lost(places) -> None:
    faults = [Fault("is wrong", file, row, column) for file, row, column in places]
    lines = fault_lines(faults)
    assert {(line[0], "column x" in line) for line in lines} == {
        (fault.file, fault.column == "x") for fault in faults
    }
    if len(faults) <= SPELLED_OUT:
        assert sorted(lines) == sorted(map(str, faults))
