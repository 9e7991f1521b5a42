"""What careless hands send: exports of spreadsheets and of R, files of another kind, of another sample."""

from __future__ import annotations

import argparse
import errno
import gzip
import json
import shutil
from pathlib import Path

import pytest

from truncal.cli import check as check_command
from truncal.errors import UserError


@pytest.fixture
def demo(project: Path, tmp_path: Path) -> Path:
    """The demo's first patient, to be spoilt."""
    shutil.copytree(project / "resources" / "demo" / "DEMO1", tmp_path / "DEMO1")
    rows = (project / "resources" / "demo" / "samples.tsv").read_text().splitlines()
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("".join(f"{row}\n" for row in rows if row.startswith(("patient", "DEMO1"))))
    return sheet


def _check(sheet: Path, settings: str | None = None) -> None:
    check_command.run(argparse.Namespace(samples=sheet, settings=settings, files=True, quiet=True))


def _refused(sheet: Path) -> str:
    with pytest.raises(UserError) as caught:
        _check(sheet)
    return str(caught.value)


def _with(sheet: Path, column: str, value: str, row: int = 1) -> Path:
    """The sheet with one cell changed."""
    lines = [line.split("\t") for line in sheet.read_text().splitlines()]
    lines[row][lines[0].index(column)] = value
    sheet.write_text("".join("\t".join(line) + "\n" for line in lines))
    return sheet


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\t\n"),
        lambda text: text.replace("\n", "\t\t\n") + "\t\t\n\n",
        lambda text: text.replace("\n", " \n").replace("DEMO1\t", "DEMO1 \t").replace(".gz\t", ".gz\u00a0\t"),
        lambda text: '"' + text.rstrip("\n").replace("\t", '"\t"').replace("\n", '"\n"') + '"\n',
    ],
)
def test_harmless_habits_of_spreadsheets_and_r(demo: Path, change) -> None:
    demo.write_bytes(change(demo.read_text()).encode())
    _check(demo)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda text: text.encode("utf-16"), "UTF-16"),
        (lambda _: b"PK\x03\x04" + bytes(range(256)), "spreadsheet"),
        (lambda text: text.encode() + b"\xe9", "not UTF-8"),
        (lambda text: text.replace("\t", ",").encode(), "separated by commas? tabs are expected"),
        (lambda text: text.replace("\t", ";").encode(), "separated by semicolons? tabs are expected"),
        (lambda text: text.replace("\t", "  ").encode(), "separated by blanks? tabs are expected"),
        (lambda text: text.replace("0.", "0,").encode(), "row 2, column purity: 0,73 is not a number"),
        (
            lambda text: (text + text.splitlines()[1]).encode(),
            "row 6, column sample: repeats sample DEMO1_R1",
        ),
    ],
)
def test_sheets_that_cannot_be_used(demo: Path, content, said: str) -> None:
    demo.write_bytes(content(demo.read_text()))
    assert said in _refused(demo)


def test_a_folder_in_place_of_a_file(demo: Path) -> None:
    assert "it is a folder" in _refused(demo.parent)
    assert "row 2, column vcf: is a folder, not a file: DEMO1" in _refused(_with(demo, "vcf", "DEMO1"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda text: b"\xef\xbb\xbf" + text, "byte order mark"),
        (lambda text: text.replace(b"\t", b" "), "#CHROM are not separated by tabs"),
        (lambda _: gzip.compress(b""), "it is empty"),
        (lambda _: gzip.compress(b"BAM\1"), "BAM file"),
        (lambda text: gzip.compress(b"chr7" + text), "does not begin with ##fileformat=VCF"),
        (lambda _: b"<html>Sign in</html>", "does not begin with ##fileformat=VCF"),
        (lambda text: text.decode().encode("utf-16"), "does not begin with ##fileformat=VCF"),
    ],
)
def test_files_that_are_no_vcf(demo: Path, content, said: str) -> None:
    text = gzip.decompress((demo.parent / "DEMO1" / "DEMO1_R1.mutect2.vcf.gz").read_bytes())
    (demo.parent / "other.vcf").write_bytes(content(text))
    assert said in _refused(_with(demo, "vcf", "other.vcf"))


@pytest.mark.parametrize("name", ["plain.vcf.gz", "packed.vcf"])
def test_the_name_of_a_vcf_says_nothing(demo: Path, name: str) -> None:
    data = gzip.decompress((demo.parent / "DEMO1" / "DEMO1_R1.mutect2.vcf.gz").read_bytes())
    (demo.parent / name).write_bytes(data if name == "plain.vcf.gz" else gzip.compress(data))
    _check(_with(demo, "vcf", name))


def test_segments_of_another_sample(demo: Path) -> None:
    """Two rows' files are exchanged; where several rows share a file on purpose, it is taken."""
    shared = _with(demo, "segments", "DEMO1/DEMO1_R2.segments.tsv")
    _check(shared)
    swapped = _with(shared, "segments", "DEMO1/DEMO1_R1.segments.tsv", row=2)
    said = _refused(swapped)
    assert "holds the segments of DEMO1_R2, not of DEMO1_R1" in said
    assert "holds the segments of DEMO1_R1, not of DEMO1_R2" in said


@pytest.mark.parametrize(
    ("mark", "content", "said"),
    [
        (";", None, None),
        (",", None, None),
        ("\t", lambda text: text.encode("utf-16"), "UTF-16"),
        ("\t", lambda text: text.replace("\t1\t", "\t1,5\t").encode(), "1,5 is not a number"),
    ],
)
def test_segments_of_spreadsheets(demo: Path, mark: str, content, said: str | None) -> None:
    text = (demo.parent / "DEMO1" / "DEMO1_R1.segments.tsv").read_text()
    data = text.replace("\t", mark).encode() if content is None else content(text)
    (demo.parent / "s.csv").write_bytes(data)
    sheet = _with(demo, "segments", "s.csv")
    if said is None:
        _check(sheet)
    else:
        assert said in _refused(sheet)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sede: 3\n", ["sede: no such setting; did you mean seed?"]),
        ("drivers:\n  fusions: f.tsv\n", ["drivers.fusions: no such setting here; did you mean fusions?"]),
        (
            "min_depth: 5\nx: 1\n",
            ["min_depth: no such setting here; did you mean reads.min_depth?", "x: no such"],
        ),
        ("1: 2\nreads:\n  2: 3\n", ["s.yaml: 1: no such setting", "reads.2: no such setting"]),
        ("seed: 1,5\nreads: many\n", ["seed: '1,5' is not of type", "reads: 'many' is not of type"]),
    ],
)
def test_settings_with_slips(tmp_path: Path, text: str, said: list[str]) -> None:
    from truncal.sheet.settings import load_settings

    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(UserError) as caught:
        load_settings(tmp_path / "s.yaml")
    assert len(caught.value.faults) == len(said)
    for words in said:
        assert words in str(caught.value)


def test_tables_of_the_settings_are_checked_with_the_files(demo: Path) -> None:
    folder = demo.parent
    (folder / "t.tsv").write_text("drug\tstart\nx\tday 3\n")
    (folder / "b.bed").write_text("chr1\t5\t2\n")
    (folder / "r.tsv").write_text("gene\talteration\nEGFR\tL858R\n")
    settings = {
        "treatments": str(folder / "t.tsv"),
        "reads": {"blacklist": str(folder / "b.bed")},
        "drivers": {"extend": str(folder / "r.tsv"), "civic": str(folder / "none.tsv")},
    }
    _with(demo, "segments", "DEMO1/DEMO1_R1.bam")
    with pytest.raises(UserError) as caught:
        _check(demo, json.dumps(settings))
    named = {Path(str(fault.file)).name for fault in caught.value.faults}
    assert named == {"t.tsv", "b.bed", "r.tsv", "none.tsv", "DEMO1_R1.bam"}


def test_a_plan_names_sheet_folder_and_files_at_once(demo: Path, project: Path) -> None:
    from truncal.workflow import Plan

    _with(demo, "purity", "2")
    config = {
        "samples": str(demo),
        "outdir": str(demo),
        "treatments": str(demo.parent),
        "fusions": "none.tsv",
    }
    with pytest.raises(UserError) as caught:
        Plan.from_config(config, project)
    said = str(caught.value)
    assert len(caught.value.faults) == 4
    for words in (
        "column purity: 2 is",
        "outdir: is a file",
        "treatments: is a folder",
        "fusions: no such file",
    ):
        assert words in said


def test_reads_of_another_sample(demo: Path) -> None:
    _check(demo)
    _with(demo, "bam", "DEMO1/DEMO1_R2.bam")
    said = _refused(_with(demo, "bam", "DEMO1/DEMO1_R1.bam", row=2))
    assert "holds the reads of DEMO1_R2, not of DEMO1_R1" in said
    assert "holds the reads of DEMO1_R1, not of DEMO1_R2" in said

    from truncal.counts.run import run_counts
    from truncal.sheet.settings import load_settings

    with pytest.raises(UserError, match="holds the reads of DEMO1_R2"):
        run_counts(demo, "DEMO1", demo.parent / "out", load_settings(None))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\t50\t", "\t50.0\t"),
        lambda text: text + "\t" * 12 + "\n",
        lambda text: text.replace("\nTP53", "\n\nTP53"),
    ],
)
def test_harmless_habits_in_a_maf(tmp_path: Path, change) -> None:
    from fuzz_targets import _MAF, _run_counts

    path = tmp_path / "small.maf"
    path.write_bytes(change(_MAF).encode())
    assert _run_counts(path, vcf=path).n_mutations == 3


def test_rows_of_a_maf_that_are_none_do_not_hide_the_others(tmp_path: Path) -> None:
    from fuzz_targets import _MAF, _run_counts

    path = tmp_path / "small.maf"
    path.write_text(
        _MAF.replace("\tp.L858R", "").replace("\t7674220\t", "\there\t").replace("60\t0\t\n", "x\t0\t\n")
    )
    with pytest.raises(UserError) as caught:
        _run_counts(path, vcf=path)
    assert [(fault.row, fault.column) for fault in caught.value.faults] == [
        (3, None),
        (5, "Start_Position"),
        (5, "n_ref_count"),
    ]


def test_whole_numbers_as_other_software_writes_them(tmp_path: Path) -> None:
    from truncal.errors import Faults
    from truncal.tables import Table

    faults = Faults()
    values = Table({"n": ["50", "50.0", "5e1", "50.5", "1,050", "nan", "inf"]}).integers("n", faults)
    assert values.tolist() == [50, 50, 50, 0, 0, 0, 0]
    assert [fault.row for fault in faults.found] == [5, 6, 7, 8]


def test_results_that_cannot_be_written(demo: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    """One line and exit code 1: a file in the folder's place, a full disk."""
    from truncal import cli, tables

    (tmp_path / "out").write_text("")
    command = ["counts", "--samples", str(demo), "--patient", "DEMO1", "--quiet", "--out"]
    assert cli.main([*command, str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [f"truncal: {tmp_path / 'out'}: cannot be read or written: File exists"]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tables.os, "replace", full)
    assert cli.main([*command, str(tmp_path / "elsewhere")]) == 1
    assert capsys.readouterr().err == "truncal: counts: cannot be read or written: No space left on device\n"
    assert not list((tmp_path / "elsewhere").iterdir())
