"""The NumPy reader of VCF text beside htslib's, on made-up and on real files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from truncal.reads import vcf
from truncal.reads.annotation import find_source
from truncal.reads.blocks import Damaged, text_blocks
from truncal.reads.columns import Columns
from truncal.reads.filters import info_fields
from truncal.reads.text import read_text
from truncal.sheet.settings import load_settings

HEADER = """##fileformat=VCFv4.2
##contig=<ID=chr1,length=248956422>
##contig=<ID=chr2,length=242193529>
##FILTER=<ID=weak,Description="w">
##INFO=<ID=POPAF,Number=A,Type=Float,Description="p">
##INFO=<ID=XPOPAF,Number=1,Type=String,Description="p">
##INFO=<ID=SOMATIC,Number=0,Type=Flag,Description="s">
##FORMAT=<ID=GT,Number=1,Type=String,Description="g">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="d">
##FORMAT=<ID=SB,Number=4,Type=Integer,Description="b">
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB
"""

number = st.integers(0, 400).map(str)
values = st.lists(number | st.just("."), min_size=1, max_size=4).map(",".join)


@st.composite
def record(draw: st.DrawFn) -> list[str]:
    fields = ["GT", *draw(st.permutations(draw(st.lists(st.sampled_from(["AD", "DP", "SB"]), unique=True))))]
    alts = draw(st.lists(st.sampled_from(["T", "G", "AC", "*", "TTT"]), min_size=1, max_size=2, unique=True))
    info = draw(
        st.lists(
            st.sampled_from(["POPAF=2.5", "XPOPAF=7", "SOMATIC", "POPAF=0.1,3"]), unique_by=lambda x: x[:5]
        )
    )
    cells = []
    for _ in range(2):
        given_ = {"GT": "0/1", "AD": draw(values), "DP": draw(number), "SB": draw(values)}
        shown = draw(st.integers(1, len(fields)))
        cells.append(":".join(given_[name] for name in fields[:shown]))
    return [
        draw(st.sampled_from(["chr1", "chr2"])), str(draw(st.integers(1, 10**8))), ".", "A", ",".join(alts),
        draw(st.sampled_from([".", "30"])), draw(st.sampled_from(["PASS", ".", "weak", "weak;PASSED"])),
        ";".join(info) or ".", ":".join(fields), *cells,
    ]  # fmt: skip


def by_htslib(header, columns, **more):
    """`read_calls` without the NumPy reader."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vcf, "read_text", lambda *_: None)
        return vcf.read_calls(header, columns, **more)


def assert_same(ours: vcf.Calls, theirs: vcf.Calls) -> None:
    for name in ("alt", "depth", "normal_alt", "normal_depth", "record", "number"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name), err_msg=name)
    for name in ("key", "chrom", "filters", "excluded", "filtered", "scheme"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert repr(ours.info) == repr(theirs.info)  # NaN differs from itself
    assert [raw and raw.text for raw in ours.annotation] == [raw and raw.text for raw in theirs.annotation]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(record(), min_size=1, max_size=6))
def test_both_readers_agree(tmp_path: Path, records: list[list[str]]) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(HEADER + "".join("\t".join(fields) + "\n" for fields in records))
    header = vcf.read_header(path)
    assert read_text(header, ["AD"], ["POPAF", "SOMATIC"]) is not None
    for columns in (Columns([0, 1], None), Columns([1], 0)):
        try:
            theirs = by_htslib(header, columns, info=["POPAF", "SOMATIC"])
        except Exception as error:
            with pytest.raises(type(error)):
                vcf.read_calls(header, columns, info=["POPAF", "SOMATIC"])
            continue
        assert_same(vcf.read_calls(header, columns, info=["POPAF", "SOMATIC"]), theirs)


def test_both_readers_agree_on_every_fixture(shared: Path) -> None:
    reads = load_settings(None)["reads"]
    folder = shared / "data" / "vcf-fixtures"
    read = 0
    for path in sorted([*folder.glob("*.vcf"), *folder.glob("*.vcf.gz")]):
        try:
            header = vcf.read_header(path)
            schemes = vcf.choose_schemes(header)
        except vcf.UserError:
            continue
        source, info = find_source(header), info_fields(header, reads)
        names = [name for name in info if name in header.infos] + ([source.info] if source else [])
        if read_text(header, schemes[0].fields, names) is None:
            continue
        read += 1
        columns = Columns(list(range(len(header.columns))), None)
        more = {"source": source, "info": info}
        assert_same(vcf.read_calls(header, columns, **more), by_htslib(header, columns, **more))
    assert read > 25


@pytest.mark.parametrize(
    "line",
    [
        "chr9\t5\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5\t0/1:5,5",  # a contig that is not declared
        "chr1\t5\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5",  # a column too few
        "chr1\tx\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5\t0/1:5,5",
        "chr1\t5\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5:7\t0/1:5,5",  # more fields than FORMAT names
        "chr1\t5\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,-5\t0/1:5,5",
        "chr1\t5\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5.0\t0/1:5,5",
        "chr1\t5\t.\tA\tT\t.\tPASS\tPOPAF=x\tGT:AD\t0/1:5,5\t0/1:5,5",
        "chr1\t5\t.\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5\t0/1:5,5\r",
        "chr1\t5\tä\tA\tT\t.\tPASS\t.\tGT:AD\t0/1:5,5\t0/1:5,5",
    ],
)
def test_what_is_unusual_is_left_to_htslib(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.vcf"
    path.write_text(f"{HEADER}{line}\n", newline="")
    assert read_text(vcf.read_header(path), ["AD"], ["POPAF"]) is None


def test_blocks_are_whole_lines_of_every_kind_of_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pysam

    from truncal.reads import blocks

    monkeypatch.setattr(blocks, "BLOCK", 1000)
    text = "".join(f"line {i} {'x' * (i % 90)}\n" for i in range(3000)).encode() + b"the last"
    plain, gz, bgz = (tmp_path / name for name in ("a.txt", "b.gz", "c.gz"))
    plain.write_bytes(text)
    gz.write_bytes(gzip.compress(text))
    pysam.tabix_compress(str(plain), str(bgz))
    for path in (plain, gz, bgz):
        found = list(text_blocks(path))
        assert all(block.endswith(b"\n") for block in found) and len(found) >= 2
        assert b"".join(found) == text + b"\n"
    for path in (gz, bgz):
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(Damaged):
            list(text_blocks(path))
