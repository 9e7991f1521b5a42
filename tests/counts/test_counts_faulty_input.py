"""Faulty input of the counts step: one clear line each, exit 2, nothing written."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from patient_files import SEGMENT_HEADER, call_counts, record, run_counts, vcf_text, whole_genome, write_sheet

GOOD = [record("1", 1000 * i, "A", "T", f"{60 - i},{20 + i}") for i in range(1, 6)]
ROW = {"patient": "P", "sample": "R1", "vcf": "r1.vcf", "segments": "r1.seg", "purity": 0.8, "sex": "male"}
Change = Callable[[Path, dict], None]


def _vcf(*args, **kwargs) -> Change:
    def change(folder: Path, row: dict) -> None:
        (folder / "r1.vcf").write_text(vcf_text(*args, **kwargs))

    return change


def _segments(text: str) -> Change:
    def change(folder: Path, row: dict) -> None:
        (folder / "r1.seg").write_text(text)

    return change


def _sheet(**values) -> Change:
    def change(folder: Path, row: dict) -> None:
        row.update(values)

    return change


def _truncated(folder: Path, row: dict) -> None:
    import pysam

    pysam.tabix_compress(str(folder / "r1.vcf"), str(folder / "r1.vcf.gz"), force=True)
    whole = (folder / "r1.vcf.gz").read_bytes()
    (folder / "r1.vcf.gz").write_bytes(whole[:-40])
    row["vcf"] = "r1.vcf.gz"


def _truncated_gzip(folder: Path, row: dict) -> None:
    whole = gzip.compress((folder / "r1.vcf").read_bytes())
    (folder / "r1.vcf.gz").write_bytes(whole[: len(whole) // 2])
    row["vcf"] = "r1.vcf.gz"


def _no_vcf(folder: Path, row: dict) -> None:
    (folder / "r1.vcf").write_text("chrom\tpos\n1\t5\n")


def _empty(folder: Path, row: dict) -> None:
    (folder / "r1.vcf").write_bytes(b"")


def _cut_record(folder: Path, row: dict) -> None:
    text = vcf_text(["R1"], GOOD)
    (folder / "r1.vcf").write_text(text + "1\t9000\t.\tA\tT\n")


X_RECORD = [record("X", 5_000_000, "A", "T", "30,30")]
L858R = [*GOOD, record("7", 55259515, "T", "G", "50,30")]
GAP = (
    SEGMENT_HEADER + "R1\t1\t1\t249250621\t1\t1\nR1\t7\t1\t55000000\t1\t1\nR1\t7\t56000000\t159138663\t1\t1\n"
)
OVERLAP = SEGMENT_HEADER + "R1\t1\t1\t5000\t1\t1\nR1\t1\t4000\t9000\t2\t1\n"
PHASED = "##tumor_sample=OTHER\n"

CASES: dict[str, tuple[Change, list[str]]] = {
    "truncated bgzip": (_truncated, ["r1.vcf.gz", "cut off", "bgzip"]),
    "truncated gzip": (_truncated_gzip, ["r1.vcf.gz", "cut off"]),
    "no VCF at all": (_no_vcf, ["r1.vcf", "##fileformat=VCF"]),
    "empty file": (_empty, ["r1.vcf", "is empty"]),
    "no records": (_vcf(["R1"], []), ["r1.vcf", "has no records"]),
    "a record cut short": (_cut_record, ["r1.vcf", "record 6"]),
    "no sample column": (
        lambda folder, row: (folder / "r1.vcf").write_text(
            "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n1\t5\t.\tA\tT\t.\tPASS\t.\n"
        ),
        ["row 2", "no sample columns"],
    ),
    "only a normal column": (_vcf(["NORMAL"], GOOD), ["row 2", "no tumour column", "NORMAL"]),
    "two columns that may be it": (
        _vcf(["A", "B"], [record("1", 10, "A", "T", "9,9", "9,9")]),
        ["row 2", "A, B", "vcf_sample"],
    ),
    "vcf_sample that is not there": (_sheet(vcf_sample="X1"), ["row 2", "column vcf_sample", "X1", "R1"]),
    "unknown scheme": (
        _vcf(
            ["R1"],
            ["1\t5\t.\tA\tT\t.\tPASS\t.\tGT:QQ\t0/1:3"],
            formats='##FORMAT=<ID=QQ,Number=1,Type=Integer,Description="q">\n',
        ),
        ["no known way to read counts", "FORMAT fields found", "QQ"],
    ),
    "nothing passes": (
        _vcf(["R1"], [record("1", 10, "A", "T", "9,9", filters="weak")]),
        ["no mutation is left", "filter 1"],
    ),
    "overlapping segments": (_segments(OVERLAP), ["r1.seg", "row 3", "overlap"]),
    "segments of another build": (
        _segments(whole_genome(build="GRCh38")),
        ["r1.seg", "is not GRCh37", "GRCh38"],
    ),
    "no chromosome in common": (
        _segments(SEGMENT_HEADER + "R1\t5\t1\t5000\t1\t1\n"),
        ["r1.seg", "no chromosome in common"],
    ),
    "a gap over a driver": (
        lambda folder, row: (_vcf(["R1"], L858R)(folder, row), _segments(GAP)(folder, row)),
        ["r1.seg", "7:55259515:T:G", "EGFR L858R", "copy_number.missing"],
    ),
    "X without sex": (
        lambda folder, row: (_vcf(["R1"], X_RECORD)(folder, row), row.pop("sex")),
        ["row 2, column sex", "chromosome X"],
    ),
    "no purity": (lambda folder, row: row.update(purity=""), ["row 2", "column purity"]),
    "position beyond the chromosome": (
        _vcf(["R1"], [record("17", 82_000_000, "A", "T", "9,9")]),
        ["r1.vcf", "beyond the end"],
    ),
    "segments that do not exist": (_sheet(segments="none.seg"), ["row 2", "column segments", "none.seg"]),
}


@pytest.mark.parametrize("case", CASES)
def test_faults_are_named_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    change, words = CASES[case]
    row = dict(ROW)
    (tmp_path / "r1.vcf").write_text(vcf_text(["R1"], GOOD))
    (tmp_path / "r1.seg").write_text(whole_genome())
    change(tmp_path, row)
    outcome = call_counts(write_sheet(tmp_path, [row]))
    assert outcome.code == 2
    for word in words:
        assert word in outcome.stderr
    assert not outcome.out.exists()
    assert len(outcome.stderr.splitlines()) == 1


def test_the_command_exits_2_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "r1.vcf").write_text(vcf_text(["R1"], []))
    outcome = run_counts(write_sheet(tmp_path, [{**ROW, "segments": ""}]))
    assert outcome.code == 2
    assert outcome.stderr.startswith("truncal: ")
    assert "Traceback" not in outcome.stderr
    assert not outcome.out.exists()


def test_builds_that_differ_between_files(tmp_path: Path) -> None:
    for name, build in (("R1", "GRCh37"), ("R2", "GRCh38")):
        (tmp_path / f"{name}.vcf").write_text(vcf_text([name], GOOD, build=build))
    rows = [{"patient": "P", "sample": name, "vcf": f"{name}.vcf", "purity": 0.5} for name in ("R1", "R2")]
    outcome = call_counts(write_sheet(tmp_path, rows))
    assert outcome.code == 2
    assert "R1.vcf GRCh37" in outcome.stderr
    assert "R2.vcf GRCh38" in outcome.stderr
    stated = call_counts(write_sheet(tmp_path, rows[:1]), settings={"build": "GRCh38"})
    assert stated.code == 2
    assert "config's `build`" in stated.stderr


def test_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_bytes(b"")
    (tmp_path / "b.vcf").write_text("nonsense")
    rows = [{"patient": "P", "sample": name, "vcf": f"{name}.vcf", "purity": 0.5} for name in ("a", "b")]
    outcome = call_counts(write_sheet(tmp_path, rows))
    assert len(outcome.stderr.splitlines()) == 2


TABLE = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE + "m1\tR1\t10\t-3\t1\t1\t2\n", ["row 2", "alt_counts", "-3"]),
        (TABLE + "m1\tR1\t10\t3\t1\t1\t2\nm1\tR1\t10\t3\t1\t1\t2\n", ["row 3", "repeats mutation m1"]),
        (TABLE.replace("minor_cn\t", "") + "m1\tR1\t10\t3\t1\t2\n", ["lacks column minor_cn"]),
        (TABLE, ["has a header but no rows"]),
        (TABLE + "m1\tR9\t10\t3\t1\t1\t2\n", ["R1", "no sample_id", "R9"]),
        (TABLE + "m1\tR1\t10\t0\t1\t1\t2\n", ["no mutation is left", "no_alt_reads 1"]),
        (TABLE + "m1\tR1\tten\t0\t1\t1\t2\n", ["row 2", "ref_counts", "ten"]),
    ],
)
def test_faulty_counts_tables(text: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text(text)
    outcome = call_counts(write_sheet(tmp_path, [{"patient": "P", "sample": "R1", "counts": "t.tsv"}]))
    assert outcome.code == 2
    for word in words:
        assert word in outcome.stderr
    assert not outcome.out.exists()
