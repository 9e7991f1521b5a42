"""Trimming, left-alignment and the check against the reference, with a brute-force twin."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truncal.errors import UserError
from truncal.reads.alleles import are_snvs, refusal, split_keys, trim
from truncal.reads.reference import Reference, left_align, normalise

SEQUENCE = "GATTACACACACAGGTTTTTTCATCATCATGGGAACCCTTAGAGAGAGATTCCGGAACGT" * 4


@pytest.fixture(scope="module")
def fasta(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("reference") / "r.fa"
    path.write_text(f">chr1\n{SEQUENCE}\n>chrX\n{SEQUENCE[::-1]}\n")
    import pysam

    pysam.faidx(str(path))
    return path


def _haplotype(pos: int, ref: str, alt: str) -> str:
    assert SEQUENCE[pos - 1 : pos - 1 + len(ref)] == ref
    return SEQUENCE[: pos - 1] + alt + SEQUENCE[pos - 1 + len(ref) :]


@pytest.mark.parametrize(
    ("ref", "alt", "reason"),
    [
        ("A", "", "no alternative"),
        ("A", ".", "no alternative"),
        ("A", "*", "spanning deletion"),
        ("A", "<DEL>", "symbolic"),
        ("A", "A[chr2:5[", "structural"),
        ("A", "R", "not made of"),
        ("A", "a", "equals the reference"),
    ],
)
def test_what_is_no_small_variant(ref: str, alt: str, reason: str) -> None:
    assert reason in str(refusal(ref, alt))


def test_small_variants_are_not_refused() -> None:
    for ref, alt in (("A", "T"), ("N", "NA"), ("ACG", "T"), ("a", "g")):
        assert refusal(ref, alt) is None


@pytest.mark.parametrize(
    ("given_allele", "expected"),
    [
        ((10, "GAT", "GAC"), (12, "T", "C")),
        ((10, "ATG", "ATGTG"), (10, "A", "ATG")),
        ((10, "TG", "GT"), (10, "TG", "GT")),
        ((10, "CAAAT", "CAAT"), (10, "CA", "C")),
        ((5, "A", "T"), (5, "A", "T")),
    ],
)
def test_trimming(given_allele: tuple, expected: tuple) -> None:
    assert trim(*given_allele) == expected


def test_keys_are_canonical_whatever_the_naming() -> None:
    ref, alt = ["A"] * 5, ["t", "T", "G", "g", "C"]
    keys = split_keys(["chr1", "1", "chrX", "23", "chrM"], [5] * 5, ref, alt, are_snvs(ref, alt))
    assert [key[0] for key in keys] == ["1", "1", "X", "X", "MT"]
    assert keys[0] == keys[1]
    assert keys[2] == keys[3]


@given(
    start=st.integers(60, 140),
    length=st.integers(1, 6),
    insertion=st.text("ACGT", min_size=1, max_size=6),
    deletes=st.booleans(),
)
def test_left_alignment_is_the_leftmost_of_all_equal_haplotypes(
    start: int, length: int, insertion: str, deletes: bool, fasta: Path
) -> None:
    anchor = SEQUENCE[start - 1]
    if deletes:
        ref, alt = SEQUENCE[start - 1 : start + length], anchor
    else:
        ref, alt = anchor, anchor + insertion
    wanted = _haplotype(start, ref, alt)
    size = abs(len(ref) - len(alt))
    # brute force: the first anchor from which one indel of that size gives the same haplotype
    for pos in range(1, start + 1):
        base = SEQUENCE[pos - 1]
        first = (SEQUENCE[pos - 1 : pos + size], base) if deletes else (base, base + wanted[pos : pos + size])
        if _haplotype(pos, *first) == wanted:
            break
    assert left_align("1", start, ref, alt, Reference(fasta)) == ("1", pos, *first)


def test_left_alignment_agrees_with_bcftools_norm(fasta: Path, bcftools: str, tmp_path: Path) -> None:
    rng = random.Random(4)
    lines, keys = [], []
    for number in range(150):
        pos, size = rng.randint(2, 200), rng.randint(1, 8)
        ref = SEQUENCE[pos - 1 : pos + size] if rng.random() < 0.5 else SEQUENCE[pos - 1]
        alt = SEQUENCE[pos - 1] if len(ref) > 1 else ref + "".join(rng.choices("ACGT", k=size))
        lines.append(f"chr1\t{pos}\t{number}\t{ref}\t{alt}\t.\t.\t.")
        keys.append(("1", pos, ref, alt))
    vcf = tmp_path / "x.vcf"
    header = (
        f"##fileformat=VCFv4.2\n##contig=<ID=chr1,length={len(SEQUENCE)}>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\t"
    )
    header += "FILTER\tINFO\n"
    vcf.write_text(header + "\n".join(sorted(lines, key=lambda line: int(line.split("\t")[1]))) + "\n")
    done = subprocess.run(
        [bcftools, "norm", "-f", str(fasta), str(vcf)], capture_output=True, text=True, check=True
    )
    expected = {}
    for line in done.stdout.splitlines():
        if not line.startswith("#"):
            _, pos, name, ref, alt, *_ = line.split("\t")
            expected[int(name)] = ("1", int(pos), ref, alt)
    aligned, wrong = normalise(keys, Reference(fasta), vcf)
    assert wrong == []
    assert dict(enumerate(aligned)) == expected


def test_placeholder_bases_are_filled_in(fasta: Path) -> None:
    pos = SEQUENCE.index("CATCAT") + 1
    keys = [("1", pos, "N" + SEQUENCE[pos], "N"), ("1", pos, "N", "NGG"), ("1", pos, "N", "G")]
    aligned, wrong = normalise(keys, Reference(fasta), "x.vcf")
    assert wrong == []
    assert aligned[0][2:] == ("CA", "C")
    assert aligned[1] == ("1", pos, "C", "CGG")
    assert aligned[2] == ("1", pos, "C", "G")


def test_another_reference_is_refused_and_single_differences_are_named(fasta: Path) -> None:
    other = {"A": "C", "C": "G", "G": "T", "T": "A"}
    wrong_keys = [("1", pos, other[SEQUENCE[pos - 1]], SEQUENCE[pos - 1]) for pos in range(1, 20)]
    with pytest.raises(UserError, match="another build"):
        normalise(wrong_keys, Reference(fasta), "x.vcf")
    good = [("1", pos, SEQUENCE[pos - 1], other[SEQUENCE[pos - 1]]) for pos in range(1, 200)]
    assert normalise([*good, wrong_keys[0]], Reference(fasta), "x.vcf")[1] == [199]
    with pytest.raises(UserError, match="no contig in common"):
        normalise([("9", 5, "A", "C")], Reference(fasta), "x.vcf")


def test_a_missing_or_unindexed_reference(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such reference FASTA"):
        Reference(tmp_path / "none.fa")
    (tmp_path / "bad.fa").write_text("no fasta")
    with pytest.raises(UserError, match="faidx"):
        Reference(tmp_path / "bad.fa")
