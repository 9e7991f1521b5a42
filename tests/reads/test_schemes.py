"""Counts of callers that the shared fixtures lack, from records as these callers write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from truncal.errors import Faults, UserError
from truncal.reads.columns import find_columns
from truncal.reads.schemes import SCHEMES
from truncal.reads.vcf import Calls, read_calls, read_header
from truncal.sheet.samples import Sample
from truncal.sheet.settings import config_schema


def _format(name: str, number: str = "1", kind: str = "Integer") -> str:
    return f'##FORMAT=<ID={name},Number={number},Type={kind},Description="x">\n'


GT = _format("GT", kind="String")

CASES: dict[str, tuple[str, str, str, str, list[tuple[float, float]]]] = {
    # name: header, alleles, FORMAT, sample, (alt, depth) of each allele
    "clairs": (
        GT + _format("DP") + _format("AF", kind="Float") + _format("AD") + _format("NAF", kind="Float")
        + _format("NDP") + _format("NAD") + "".join(_format(f"{base}U") for base in "ACGT"),
        "A\tT", "GT:DP:AF:AD:NAF:NDP:NAD:AU:CU:GU:TU", "0/1:52:0.25:13:0.02:40:1:39:0:0:13", [(13, 52)],
    ),
    "octopus": (
        "##source=octopus v0.7.4\n" + GT + _format("DP") + _format("HPC", ".", "Float")
        + _format("MAP_HF", ".", "Float"),
        "A\tT", "GT:DP:HPC:MAP_HF", "0|0|1:100:40,40,20:0.4,0.35,0.25", [(25, 100)],
    ),
    "freebayes": (
        GT + _format("DP") + _format("RO") + _format("AO", "A"),
        "A\tT,G", "GT:DP:RO:AO", "0/1/2:60:30:20,10", [(20, 60), (10, 60)],
    ),
    "deepsomatic": (
        GT + _format("DP") + _format("AD", "R") + _format("VAF", "A", "Float"),
        "A\tT", "GT:DP:AD:VAF", "1/1:52:40,12:0.23", [(12, 52)],
    ),
    "dragen": (
        GT + _format("AD", "R") + _format("AF", "A", "Float") + _format("DP") + _format("F1R2", "R"),
        "A\tT", "GT:AD:AF:DP:F1R2", "0|1:52,11:0.175:63:26,5", [(11, 63)],
    ),
    "vardict without AD": (
        GT + _format("DP") + _format("VD") + _format("AF", "A", "Float"),
        "A\tT", "GT:DP:VD:AF", "0/1:50:7:0.14", [(7, 50)],
    ),
    "platypus": (
        GT + _format("NR", ".") + _format("NV", "."),
        "A\tT,G", "GT:NR:NV", "1/2:40,41:9,8", [(9, 40), (8, 41)],
    ),
    "depth and per cent": (
        GT + _format("DP") + _format("FREQ", kind="String"),
        "A\tT", "GT:DP:FREQ", "0/1:80:12.5%", [(10, 80)],
    ),
    "depth and VAF": (
        GT + _format("DP") + _format("VAF", kind="Float"), "A\tT", "GT:DP:VAF", "0/1:80:0.1", [(8, 80)],
    ),
    "bcount": (
        GT + _format("BCOUNT", "4"), "A\tT,C", "GT:BCOUNT", "0/1:20,5,0,9", [(9, 29), (5, 25)],
    ),
    "AD without its reference": (
        GT + _format("AD", "R") + _format("DP"), "A\tT", "GT:AD:DP", "0/1:.,21:54", [(21, 54)],
    ),
    "mutect2 with three alleles": (
        GT + _format("AD", "R"), "GTT\tG,GT,GTTT", "GT:AD", "0/1/2/3:50,5,10,15",
        [(5, 80), (10, 80), (15, 80)],
    ),
}  # fmt: skip


def _write(path: Path, header: str, records: list[str], column: str = "T") -> Path:
    text = "##fileformat=VCFv4.2\n##contig=<ID=1,length=249250621>\n" + header
    text += f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{column}\n"
    path.write_text(text + "".join(f"{record}\n" for record in records))
    return path


def _read(path: Path, scheme: str | None = None) -> Calls:
    header = read_header(path)
    faults = Faults()
    columns = find_columns(header, [Sample("P", "S", 2, vcf=path)], Path("s.tsv"), faults)
    faults.raise_if_any()
    return read_calls(header, columns, scheme=scheme)


@pytest.mark.parametrize("name", CASES)
def test_counts_of_a_caller(name: str, tmp_path: Path) -> None:
    header, alleles, fields, sample, expected = CASES[name]
    record = f"1\t1000\t.\t{alleles}\t50\tPASS\t.\t{fields}\t{sample}"
    calls = _read(_write(tmp_path / "x.vcf", header, [record]))
    assert list(zip(calls.alt[:, 0].tolist(), calls.depth[:, 0].tolist(), strict=True)) == expected


def test_the_normal_that_clairs_writes_into_the_tumours_column(tmp_path: Path) -> None:
    header, alleles, fields, sample, _ = CASES["clairs"]
    calls = _read(
        _write(tmp_path / "x.vcf", header, [f"1\t1000\t.\t{alleles}\t50\tPASS\t.\t{fields}\t{sample}"])
    )
    assert (calls.normal_alt.tolist(), calls.normal_depth.tolist()) == ([1], [40])


def test_a_scheme_can_be_forced(tmp_path: Path) -> None:
    header = GT + _format("AD", "R") + _format("DP") + _format("AF", "A", "Float")
    record = "1\t1000\t.\tA\tT\t50\tPASS\t.\tGT:AD:DP:AF\t0/1:30,9:100:0.2"
    path = _write(tmp_path / "x.vcf", header, [record])
    assert _read(path).alt[0, 0] == 9
    assert (_read(path, "dp_af").alt[0, 0], _read(path, "dp_af").depth[0, 0]) == (20, 100)
    with pytest.raises(UserError, match="scheme varscan does not fit; FORMAT fields found: GT, AD, DP, AF"):
        _read(path, "varscan")


def test_records_of_one_file_may_be_written_in_different_ways(tmp_path: Path) -> None:
    header = GT + _format("AD", "R") + _format("DP4", "4") + _format("DP") + _format("AF", "A", "Float")
    records = [
        "1\t10\t.\tA\tT\t50\tPASS\t.\tGT:AD\t0/1:30,10",
        "1\t20\t.\tA\tT\t50\tPASS\t.\tGT:DP4\t0/1:10,10,5,4",
        "1\t30\t.\tA\tT\t50\tPASS\t.\tGT:DP:AF\t0/1:50:0.1",
        "1\t40\t.\tA\tT\t50\tPASS\t.\tGT\t0/1",
    ]
    calls = _read(_write(tmp_path / "x.vcf", header, records))
    assert calls.alt[:3, 0].tolist() == [10, 9, 5]
    assert calls.depth[:3, 0].tolist() == [40, 29, 50]
    assert np.isnan(calls.alt[3, 0])


def test_bcf_is_read_as_vcf_is(tmp_path: Path, bcftools: str) -> None:
    import subprocess

    header, alleles, fields, sample, expected = CASES["mutect2 with three alleles"]
    path = _write(
        tmp_path / "x.vcf",
        header + '##FILTER=<ID=PASS,Description="p">\n',
        [f"1\t1000\t.\t{alleles}\t50\tPASS\t.\t{fields}\t{sample}"],
    )
    subprocess.run([bcftools, "view", "-Ob", "-o", str(tmp_path / "x.bcf"), str(path)], check=True)
    calls = _read(tmp_path / "x.bcf")
    assert calls.key == _read(path).key
    assert list(zip(calls.alt[:, 0].tolist(), calls.depth[:, 0].tolist(), strict=True)) == expected


def test_germline_variants_beside_octopus_somatic_ones_are_told_apart(tmp_path: Path) -> None:
    from truncal.reads.filters import info_fields, verdicts
    from truncal.sheet.settings import load_settings

    header = CASES["octopus"][0] + '##INFO=<ID=SOMATIC,Number=0,Type=Flag,Description="s">\n'
    rest = "GT:DP:HPC:MAP_HF\t0|0|1:100:40,40,20:0.4,0.35,0.25"
    records = [f"1\t10\t.\tA\tT\t50\tPASS\tSOMATIC\t{rest}", f"1\t20\t.\tA\tT\t50\tPASS\t.\t{rest}"]
    opened = read_header(_write(tmp_path / "x.vcf", header, records))
    columns = find_columns(opened, [Sample("P", "S", 2)], Path("s.tsv"), Faults())
    reads = load_settings()["reads"]
    calls = read_calls(opened, columns, info=info_fields(opened, reads))
    assert [found and found[0] for found in verdicts(opened, calls, reads, None)] == [None, "not_somatic"]


@pytest.mark.parametrize(
    ("columns", "header", "sample", "tumour", "normal"),
    [
        ("A\tB", "##tumor_sample=B\n##normal_sample=A\n", "S", "B", "A"),
        ("A\tB", "##tumor_sample=B\n", "S", "B", "A"),
        ("NORMAL\tTUMOR", "", "S", "TUMOR", "NORMAL"),
        ("S\tother", "", "S", "S", None),
        ("x_normal\tx_tumor", "", "S", "x_tumor", "x_normal"),
        ("P_N\tP_T", "", "S", "P_T", "P_N"),
        ("whatever", "", "S", "whatever", None),
        ("A\tB", "##SAMPLE=<ID=A,Genomes=Germline>\n##SAMPLE=<ID=B,Genomes=Tumor>\n", "S", "B", "A"),
        (
            "NORMAL\tTUMOUR",
            "##SAMPLE=<ID=TUMOUR,SampleName=S>\n##SAMPLE=<ID=NORMAL,SampleName=N>\n",
            "S",
            "TUMOUR",
            "NORMAL",
        ),
        ("DNA_NORMAL\tDNA_TUMOR\tRNA_TUMOR", "", "S", "DNA_TUMOR", "DNA_NORMAL"),
    ],
)
def test_the_tumours_column_by_the_headers_conventions(
    columns: str, header: str, sample: str, tumour: str, normal: str | None, tmp_path: Path
) -> None:
    opened = read_header(_write(tmp_path / "x.vcf", header + GT, [], columns))
    faults = Faults()
    found = find_columns(opened, [Sample("P", sample, 2)], Path("s.tsv"), faults)
    assert not faults.found
    assert opened.columns[found.tumours[0]] == tumour
    assert (opened.columns[found.normal] if found.normal is not None else None) == normal


def test_every_scheme_is_documented(project: Path) -> None:
    text = (project / "docs/inputs.md").read_text(encoding="utf-8")
    allowed = config_schema()["properties"]["reads"]["properties"]["scheme"]["enum"]
    assert set(allowed) == {None, *(scheme.name for scheme in SCHEMES)}
    for scheme in SCHEMES:
        assert f"`{scheme.name}`" in text, scheme.name
        for name in scheme.fields:
            assert name.rpartition("/")[2] in text or name[1:] in ("AZ", "CZ", "GZ", "TZ"), name


def test_negative_and_impossible_counts(tmp_path: Path) -> None:
    header = GT + _format("AD", "R") + _format("DP") + _format("AF", kind="Float")
    path = _write(tmp_path / "x.vcf", header, ["1\t10\t.\tA\tT\t5\tPASS\t.\tGT:AD\t0/1:30,-4"])
    with pytest.raises(UserError, match=r"record 1 \(1:10\) has a negative read count"):
        _read(path)
    path = _write(tmp_path / "y.vcf", header, ["1\t10\t.\tA\tT\t5\tPASS\t.\tGT:DP:AF\t0/1:30:7.5"])
    assert np.isnan(_read(path, "dp_af").alt[0, 0])


def test_text_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    path = _write(tmp_path / "x.vcf", GT + _format("AD", "R"), ["1\t10\t.\tA\tT\t5\tPASS\t.\tGT:AD\t0/1:3,4"])
    path.write_bytes(path.read_bytes().replace(b"FORMAT\tT", b"FORMAT\tT\xb1"))
    with pytest.raises(UserError, match="not UTF-8"):
        _read(path)
