"""Faulty input through the workflow: clear words, exit 2 or the other patients done, nothing half-written."""

from __future__ import annotations

from pathlib import Path

import pytest

TABLE = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content\n"


def table(path: Path, samples: tuple[str, ...] = ("R1", "R2"), mutations: int = 12) -> Path:
    """A small counts table: half of the mutations on the trunk, half private to the first sample."""
    lines = [TABLE]
    for number in range(mutations):
        for index, sample in enumerate(samples):
            trunk = number % 2 == 0
            alt = 40 + number % 5 if trunk else (20 + number % 5 if index == 0 else 0)
            lines.append(f"m{number}\t{sample}\t{100 - alt}\t{alt}\t1\t1\t2\t0.8\n")
    path.write_text("".join(lines))
    return path


def sheet(path: Path, *lines: str, header: str = "patient\tsample\tcounts\tpurity") -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["P\tR1\tnone.tsv\t0.8"], ["row 2", "counts", "no such file: none.tsv"]),
        (["P\tR1\tt.tsv\t1.4"], ["row 2", "purity", "1.4"]),
        (["P\tR1\tt.tsv\t0.8", "P\tR1\tt.tsv\t0.8"], ["row 3", "repeats sample R1"]),
        (["P\tR1\t\t0.8"], ["row 2", "neither vcf nor counts"]),
        (["../P\tR1\tt.tsv\t0.8"], ["row 2", "patient"]),
        (["P;rm -rf x\tR1\tt.tsv\t0.8"], ["row 2", "patient"]),
        (["cohort\tR1\tt.tsv\t0.8"], ["row 2", "patient"]),
    ],
)
def test_a_faulty_sheet_exits_2_and_writes_nothing(
    snakemake, tmp_path: Path, lines: list[str], words: list[str]
) -> None:
    table(tmp_path / "t.tsv")
    done = snakemake(tmp_path, samples=sheet(tmp_path / "s.tsv", *lines), outdir="out")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert not (tmp_path / "out").exists()


def test_all_faults_of_config_are_reported_at_once(snakemake, tmp_path: Path) -> None:
    table(tmp_path / "t.tsv")
    good = sheet(tmp_path / "s.tsv", "P\tR1\tt.tsv\t0.8")
    (tmp_path / "more.yaml").write_text("seed: -1\nabsent: {min_alt: 0}\nnonsense: 1\n")
    done = snakemake(tmp_path, "--configfile", str(tmp_path / "more.yaml"), samples=good, outdir="out")
    assert done.returncode == 2
    for word in ("seed", "absent.min_alt", "nonsense"):
        assert word in done.stderr


def test_one_faulty_patient_does_not_stop_the_others(snakemake, tmp_path: Path) -> None:
    table(tmp_path / "good.tsv")
    bad = table(tmp_path / "bad.tsv")
    bad.write_text(bad.read_text().replace("\t100\t", "\t-5\t").replace("m1\tR1\t80", "m1\tR1\t-80"))
    patients = ("good", "bad")
    lines = [f"{patient}\t{sample}\t{patient}.tsv\t0.8" for patient in patients for sample in ("R1", "R2")]
    done = snakemake(tmp_path, samples=sheet(tmp_path / "s.tsv", *lines), outdir="out")
    assert done.returncode == 1
    assert "ref_counts" in done.stderr  # the fault itself is shown, not only that a job failed
    assert (tmp_path / "out/good/report.html").exists()
    assert not (tmp_path / "out/bad/patient.json").exists()
    page = (tmp_path / "out/cohort/report.html").read_text()
    assert "bad" in page and "ref_counts" in page
    table(tmp_path / "bad.tsv")
    again = snakemake(tmp_path, samples=tmp_path / "s.tsv", outdir="out")
    assert again.returncode == 0, again.stderr[-3000:]
    assert (tmp_path / "out/bad/report.html").exists()
    assert "ref_counts" not in (tmp_path / "out/cohort/report.html").read_text()


def test_a_single_region_runs_and_says_what_it_cannot_tell(snakemake, tmp_path: Path) -> None:
    table(tmp_path / "t.tsv", samples=("R1",))
    done = snakemake(tmp_path, samples=sheet(tmp_path / "s.tsv", "P\tR1\tt.tsv\t0.8"), outdir="out")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "single_region" in (tmp_path / "out/P/patient.json").read_text()


def test_faulty_tables_of_the_settings_stop_a_run_before_it_starts(snakemake, tmp_path: Path) -> None:
    table(tmp_path / "t.tsv")
    good = sheet(tmp_path / "s.tsv", "P\tR1\tt.tsv\t0.8")
    (tmp_path / "drugs.tsv").write_text("drug\tstart\nosimertinib\tsoon\n")
    (tmp_path / "fusions.tsv").write_text("sample\tgene_5\nR1\tEML4\n")
    (tmp_path / "more.yaml").write_text("drivers: {table: none.tsv}\n")
    done = snakemake(
        tmp_path,
        "--configfile",
        str(tmp_path / "more.yaml"),
        samples=good,
        outdir="out",
        treatments="drugs.tsv",
        fusions="fusions.tsv",
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("truncal: ")]
    assert len(said) == 3, said
    for words in ("drugs.tsv, row 2, column start", "fusions.tsv", "drivers.table: no such file: none.tsv"):
        assert any(words in line for line in said), said
    assert not (tmp_path / "out").exists()
