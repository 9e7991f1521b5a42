"""A line that is no row must not hide the faults of the others: every table that users hand in."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from truncal.errors import UserError

sys.path.insert(0, str(Path(__file__).resolve().parent))

COUNTS = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\n"


def _places(read: Callable[[Path], object], path: Path, content: str) -> list[tuple[int | None, str | None]]:
    """Row and column of every fault, in the order of the file."""
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read(path)
    assert all(str(fault).count("\n") == 0 for fault in caught.value.faults)
    return sorted(
        ((fault.row, fault.column) for fault in caught.value.faults),
        key=lambda one: (one[0] or 0, one[1] or ""),
    )


def _read(target: str) -> Callable[[Path], object]:
    from fuzz_targets import TARGETS

    return TARGETS[target].read


def test_sheet(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").touch()
    text = (
        "patient\tsample\tvcf\tpurity\n"
        "P1\tR1\ta.vcf\t0,5\n"
        "\n"
        "P1\tR2\ta.vcf\n"
        "P1\tR1\tnone.vcf\t0.5\n"
        "\t\t \t\n"
        "P1\tR4\ta.vcf\t1.5\n"
        "\t\t\t\n"
    )
    assert _places(_read("sheet"), tmp_path / "s.tsv", text) == [
        (2, "purity"),
        (3, None),
        (4, None),
        (5, "sample"),
        (5, "vcf"),
        (6, None),
        (7, "purity"),
    ]


def test_sheet_that_lacks_a_column(tmp_path: Path) -> None:
    """What is missing is named once, not in every row; the other columns are checked all the same."""
    (tmp_path / "a.vcf").touch()
    read = _read("sheet")
    text = "Patient\tsample\tvcf\tpurity\nP1\tR1\ta.vcf\t2\nP1\tR1\tb.vcf\tNA\n"
    assert _places(read, tmp_path / "s.tsv", text) == [(1, None), (1, "Patient"), (2, "purity"), (3, "vcf")]
    text = "patient\tsample\tVCF\tpurity\nP1\tR1\ta.vcf\t2\n"
    assert _places(read, tmp_path / "s.tsv", text) == [(1, "VCF"), (2, "purity")]
    text = "patient\tsample\tsex\nP1\tR1\tF\nP2\tR1\tXX\n"
    assert _places(read, tmp_path / "s.tsv", text) == [(1, None), (2, "sex")]
    text = "patient\tsample\tvcf\nP 1\tR1\ta.vcf\nP 2\tR1\ta.vcf\n"
    assert _places(read, tmp_path / "s.tsv", text) == [(2, "patient"), (3, "patient")]


def test_empty_lines_at_the_end_are_no_fault(tmp_path: Path) -> None:
    """Spreadsheets leave lines of tabs behind."""
    (tmp_path / "a.vcf").touch()
    (tmp_path / "s.tsv").write_text("patient\tsample\tvcf\r\nP1\tR1\ta.vcf\r\n\t\t\r\n\t\t\r\n\r\n")
    from truncal.sheet.samples import read_sheet

    assert len(read_sheet(tmp_path / "s.tsv").samples) == 1


def test_counts(tmp_path: Path) -> None:
    text = (
        COUNTS
        + "m1\tP1_R1\tx\t3\t1\t1\t2\n\nm1\tP1_R1\t4\t3\t1\t1\t2\nm2\tP1_R1\t3\nm3\tP1_R1\t1\t-1\t1\t1\t2\n"
    )
    assert _places(_read("counts"), tmp_path / "c.tsv", text) == [
        (2, "ref_counts"),
        (3, None),
        (4, None),
        (5, None),
        (6, "alt_counts"),
    ]
    text = text.replace("sample_id", "sample").replace("\n\n", "\n")
    assert _places(_read("counts"), tmp_path / "c.tsv", text)[:2] == [(1, None), (2, "ref_counts")]


@pytest.mark.parametrize(
    ("target", "text", "places"),
    [
        (
            "treatments",
            "patient\tdrug\tstart\tend\nP1\ta\tday 3\t5\n\nP1\tb\nP1\tc\tNA\t1\n",
            [(2, "start"), (3, None), (4, None), (5, "start")],
        ),
        ("treatments", "patient\tdrug\tbegin\tend\nP1\ta\t3\t5 d\n", [(1, None), (2, "end")]),
        (
            "fusions",
            "patient\tsample\tgene_5\tgene_3\tsupporting_reads\n"
            "P1\tR9\tEML4\tALK\t1\n\nP1\tP1_R1\tEML4\nP1\tP1_R1\tEML4\tALK\t-1\n",
            [(2, "sample"), (3, None), (4, None), (5, "supporting_reads")],
        ),
        (
            "fusions",
            "sample_id\tgene_5\tgene_3\tsupporting_reads\nP1_R1\tEML4\tALK\tmany\n",
            [(1, None), (2, "supporting_reads")],
        ),
        (
            "segments",
            "chr\tstartpos\tendpos\tnMajor\tnMinor\n"
            "1\t1\t9\tx\t1\n1\t20\t30\n1\t50\t40\t1\t1\n1\t60\tend\t1\t1\n2\t1\t9\t1\t1\n2\t5\t12\t1\t1\n",
            [(2, "nmajor"), (3, None), (4, None), (5, "endpos"), (7, None)],
        ),
        ("segments", "chr\tstartpos\tend_pos\n1\t1\n1\t1\t9\n", [(1, None), (2, None)]),
        (
            "resistance",
            "gene\talteration\talteration_class\thgvs_p\trole\tgrch38\n"
            "EGFR\tT790M\tsnv\tp.Thr790Met\tdriver\tNA\n\nEGFR\tT790M\tsnv\tp.Thr790Met\t"
            "on_target_resistance\tchr7\n",
            [(2, "role"), (3, None), (4, "grch38")],
        ),
    ],
)
def test_other_tables(
    tmp_path: Path, target: str, text: str, places: list[tuple[int | None, str | None]]
) -> None:
    assert _places(_read(target), tmp_path / "t.tsv", text) == places
