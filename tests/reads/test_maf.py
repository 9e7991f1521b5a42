"""MAF tables: counts, alleles without anchor base, samples."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from truncal.errors import UserError
from truncal.reads.columns import Columns
from truncal.reads.maf import anchored, is_maf, read_maf
from truncal.reads.vcf import read_calls, read_header
from truncal.sheet.samples import Sample

HEADER = [
    "Hugo_Symbol", "Chromosome", "Start_Position", "End_Position", "NCBI_Build", "Reference_Allele",
    "Tumor_Seq_Allele1", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode", "t_ref_count", "t_alt_count",
    "n_ref_count", "n_alt_count", "FILTER", "HGVSp_Short",
]  # fmt: skip


def _maf(path: Path, *rows: str, header: list[str] = HEADER) -> Path:
    lines = ["#version 2.4", "\t".join(header), *("\t".join(row.split()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_counts_of_several_samples_and_alleles_without_anchor(tmp_path: Path) -> None:
    path = _maf(
        tmp_path / "x.maf",
        "EGFR chr7 55259515 55259515 GRCh37 T T G A 60 40 90 1 PASS p.L858R",
        "EGFR chr7 55259515 55259515 GRCh37 T T G B 70 30 90 0 PASS p.L858R",
        "EGFR chr7 55242467 55242481 GRCh37 AATTAAGAGAAGCAA A - A 50 5 80 0 PASS p.E746_A750del",
        "TP53 chr17 7578442 7578443 GRCh37 - - CC B 30 9 80 0 weak p.X",
        "TP53 chr17 7578500 7578500 GRCh37 A A T C 30 9 80 0 PASS p.X",
    )
    assert is_maf(path)
    rows = [Sample("P", "A", 2, vcf=path), Sample("P", "second", 3, vcf=path, vcf_sample="B")]
    calls, build = read_maf(path, rows, tmp_path / "s.tsv")
    assert build == "GRCh37"
    assert calls.key == [
        ("7", 55259515, "T", "G"),
        ("7", 55242466, "NAATTAAGAGAAGCAA", "N"),
        ("17", 7578442, "N", "NCC"),
    ]
    assert calls.alt[0].tolist() == [40, 30]
    assert calls.depth[0].tolist() == [100, 100]
    assert calls.filters == [None, None, "weak"]
    assert (calls.normal_alt[0], calls.normal_depth[0]) == (1, 91)
    raw = calls.annotation[1]
    assert raw is not None
    assert raw.effect()[:4] == ("EGFR", None, None, "p.Glu746_Ala750del")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((10, "A", "T"), (10, "A", "T")),
        ((10, "AC", "-"), (9, "NAC", "N")),
        ((10, "-", "AC"), (10, "N", "NAC")),
        ((10, "AC", "GT"), (10, "AC", "GT")),
        ((10, "A", "A", "G"), (10, "A", "G")),
    ],
)
def test_anchoring(given: tuple, expected: tuple) -> None:
    assert anchored(*given) == expected


def test_faults_of_a_maf(tmp_path: Path) -> None:
    row = Sample("P", "A", 2)
    few = _maf(tmp_path / "a.maf", "EGFR 7 A", header=["Hugo_Symbol", "Chromosome", "Tumor_Sample_Barcode"])
    with pytest.raises(UserError) as refused:
        read_maf(few, [row], tmp_path / "s.tsv")
    assert "lacks column Start_Position" in str(refused.value)
    assert "lacks read depths" in str(refused.value)
    good = "EGFR chr7 55259515 55259515 GRCh37 T T G B 60 40 90 1 PASS p.L858R"
    with pytest.raises(UserError, match=r"A is no Tumor_Sample_Barcode of b\.maf; it has B"):
        read_maf(_maf(tmp_path / "b.maf", good), [row], tmp_path / "s.tsv")
    with pytest.raises(UserError, match=r"row 3, column t_alt_count: -40 is not"):
        read_maf(
            _maf(tmp_path / "c.maf", good.replace(" 40 ", " -40 ").replace(" B ", " A ")),
            [row],
            tmp_path / "s.tsv",
        )


@pytest.mark.parametrize("patient", ["V402", "V824", "V953"])
def test_real_mafs_give_what_their_vcfs_give(patient: str, shared: Path) -> None:
    folder = shared / "data/crc-metastatic/inputs"
    with (folder / "sample_sheet.tsv").open() as handle:
        names = [row["sample"] for row in csv.DictReader(handle, delimiter="\t") if row["patient"] == patient]
    maf = folder / f"maf/{patient}.maf.gz"
    with gzip.open(maf, "rt") as handle:
        barcodes = {row["Tumor_Sample_Barcode"] for row in csv.DictReader(handle, delimiter="\t")}
    rows = [Sample(patient, name, i + 2, vcf=maf) for i, name in enumerate(names)]
    assert set(names) == barcodes
    calls, _ = read_maf(maf, rows, Path("s.tsv"))
    header = read_header(folder / f"vcf/{patient}.multisample.vcf.gz")
    from_vcf = read_calls(header, Columns([header.columns.index(name) for name in names], None))
    found = {key: (calls.alt[i].tolist(), calls.depth[i].tolist()) for i, key in enumerate(calls.key)}
    expected = {
        key: (from_vcf.alt[i].tolist(), from_vcf.depth[i].tolist()) for i, key in enumerate(from_vcf.key)
    }
    assert found == expected
