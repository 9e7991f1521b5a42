"""Shell syntax and markup in every name that a sheet or a config may hold, through the real workflow."""

from __future__ import annotations

from pathlib import Path

from test_faults import sheet, table

SAMPLES = (
    "<script>alert(1)</script>$(touch pwned1)",
    "</script><img src=x onerror=alert(2)>'\"`touch pwned2`;&|",
)
SITE = "<b onmouseover=alert(3)>$(touch pwned3)"
FOLDER = "in;dir $(touch pwned4)'\"&"
OUT = "out;dir $(touch pwned5)'\"&"


def test_names_are_only_names(snakemake, tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    table(tmp_path / FOLDER / "t.tsv", SAMPLES)
    lines = [f"P1\t{sample}\t{FOLDER}/t.tsv\t0.8\t{SITE}" for sample in SAMPLES]
    sheet(tmp_path / "s.tsv", *lines, header="patient\tsample\tcounts\tpurity\tsite")
    done = snakemake(tmp_path, samples="s.tsv", outdir=OUT)
    assert done.returncode == 0, done.stderr[-3000:]
    assert not list(tmp_path.rglob("pwned*"))
    for name in ("P1/report.html", "cohort/report.html"):
        page = (tmp_path / OUT / name).read_text(encoding="utf-8")
        for markup in ("<script>alert", "<img src=x", "<b onmouseover"):
            assert markup not in page


def test_a_config_that_names_no_files(snakemake, tmp_path: Path) -> None:
    table(tmp_path / "t.tsv")
    sheet(tmp_path / "s.tsv", "P1\tR1\tt.tsv\t0.8")
    done = snakemake(
        tmp_path, samples="s.tsv", outdir="a{b}", fusions="$(touch pwned)", treatments="A" * 5000
    )
    assert done.returncode == 2, done.stderr[-3000:]
    for word in ("outdir", "fusions: no such file", "treatments: no such file"):
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("pwned*"))
