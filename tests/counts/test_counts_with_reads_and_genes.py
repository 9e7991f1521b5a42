"""The counts step with BAMs, a reference FASTA and gene models."""

from __future__ import annotations

import random
from pathlib import Path

import pysam
import pytest
from patient_files import call_counts, record, vcf_text, write_sheet

rng = random.Random(7)
GENOME = "".join(rng.choices("ACGT", k=3000))
# one gene on the forward strand: two exons, coding 101..160 and 201..260
CODING = "ATG" + "".join(rng.choice(["GCT", "CTG", "AAA", "GAC", "TCC"]) for _ in range(38)) + "TAA"
GENOME = GENOME[:100] + CODING[:60] + "GT" + GENOME[162:198] + "AG" + CODING[60:] + GENOME[260:]
LENGTH = len(GENOME)

GFF = """##gff-version 3
1\tensembl\tgene\t101\t260\t.\t+\t.\tID=gene:ENSG1;Name=GENE1;biotype=protein_coding
1\tensembl\tmRNA\t101\t260\t.\t+\t.\tID=transcript:ENST1;Parent=gene:ENSG1;biotype=protein_coding
1\tensembl\texon\t101\t160\t.\t+\t.\tParent=transcript:ENST1
1\tensembl\tCDS\t101\t160\t.\t+\t0\tID=CDS:P1;Parent=transcript:ENST1
1\tensembl\texon\t201\t260\t.\t+\t.\tParent=transcript:ENST1
1\tensembl\tCDS\t201\t260\t.\t+\t0\tID=CDS:P1;Parent=transcript:ENST1
"""
OTHER = {"A": "C", "C": "G", "G": "T", "T": "A"}
HEADER = f"##contig=<ID=1,length={LENGTH}>\n"


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    path = tmp_path / "genome.fa"
    path.write_text(">1\n" + "\n".join(GENOME[i : i + 60] for i in range(0, LENGTH, 60)) + "\n")
    pysam.faidx(str(path))
    (tmp_path / "genes.gff3").write_text(GFF)
    return path


def _bam(path: Path, haplotypes: list[tuple[str, int]]) -> None:
    """Reads of 100 bases over position 1000, `count` of each haplotype (a full sequence of the contig)."""
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "1", "LN": LENGTH}]}
    )
    reads = []
    for number, (sequence, count) in enumerate(haplotypes):
        for i in range(count):
            start = 920 + i % 60
            row = pysam.AlignedSegment(header)
            row.query_name = f"h{number}_{i}"
            row.query_sequence = sequence[start : start + 100]
            row.query_qualities_str = "I" * 100
            row.reference_id, row.reference_start, row.mapping_quality = 0, start, 60
            row.cigarstring = "100M"
            reads.append(row)
    reads.sort(key=lambda row: row.reference_start)
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for row in reads:
            out.write(row)
    pysam.index(str(path))


def _changed(*positions: int) -> str:
    bases = list(GENOME)
    for pos in positions:
        bases[pos - 1] = OTHER[bases[pos - 1]]
    return "".join(bases)


def _snv(pos: int, ad: str, **more: str) -> str:
    return record("1", pos, GENOME[pos - 1], OTHER[GENOME[pos - 1]], ad, **more)


def _rows(folder: Path, *names: str, **more: object) -> list[dict]:
    return [
        {"patient": "P", "sample": n, "vcf": f"{n}.vcf", "purity": 0.8, "bam": f"{n}.bam", **more}
        for n in names
    ]


def test_sites_that_another_region_calls_are_counted_in_the_reads(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [_snv(1000, "9,9")], build=None, header=HEADER))
    (tmp_path / "R2.vcf").write_text(vcf_text(["R2"], [_snv(1010, "9,9")], build=None, header=HEADER))
    _bam(tmp_path / "R1.bam", [(GENOME, 40), (_changed(1000), 20)])
    _bam(tmp_path / "R2.bam", [(GENOME, 50), (_changed(1010), 10)])
    outcome = call_counts(write_sheet(tmp_path, _rows(tmp_path, "R1", "R2")))
    assert outcome.code == 0, outcome.stderr
    rows = outcome.table("counts")
    assert [int(row["alt_counts"]) > 0 for row in rows] == [True, False, False, True]
    assert {row["source"] for row in rows} == {"bam"}
    depths = [int(row["alt_counts"]) + int(row["ref_counts"]) for row in rows]
    assert all(40 < depth <= 60 for depth in depths)
    assert outcome.table("not_called") == []


def test_a_bam_beside_a_region_without_one(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [_snv(1000, "9,9")], build=None, header=HEADER))
    (tmp_path / "R2.vcf").write_text(vcf_text(["R2"], [_snv(1010, "9,9")], build=None, header=HEADER))
    _bam(tmp_path / "R1.bam", [(GENOME, 40), (_changed(1000), 20)])
    rows = _rows(tmp_path, "R1", "R2")
    rows[1]["bam"] = ""
    outcome = call_counts(write_sheet(tmp_path, rows))
    assert {(row["sample_id"], row["source"]) for row in outcome.table("counts")} == {
        ("R1", "bam"),
        ("R2", "vcf"),
    }
    assert [(row["mutation_id"].split(":")[1], row["sample_id"]) for row in outcome.table("not_called")] == [
        ("1000", "R2")
    ]


@pytest.mark.parametrize("together", [True, False])
def test_reads_decide_whether_adjacent_snvs_are_one_change(together: bool, tmp_path: Path) -> None:
    records = [_snv(1000, "40,20"), _snv(1001, "40,20")]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], records, build=None, header=HEADER))
    changed = [(_changed(1000, 1001), 20)] if together else [(_changed(1000), 20), (_changed(1001), 20)]
    _bam(tmp_path / "R1.bam", [(GENOME, 40), *changed])
    outcome = call_counts(write_sheet(tmp_path, _rows(tmp_path, "R1")))
    assert outcome.code == 0, outcome.stderr
    assert len(outcome.table("counts")) == (1 if together else 2)
    if together:
        assert outcome.table("counts")[0]["alt"] == _changed(1000, 1001)[999:1001]
        assert int(outcome.table("counts")[0]["alt_counts"]) >= 18


def test_a_bam_without_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [_snv(1000, "9,9")], build=None, header=HEADER))
    _bam(tmp_path / "R1.bam", [(GENOME, 40)])
    (tmp_path / "R1.bam.bai").unlink()
    outcome = call_counts(write_sheet(tmp_path, _rows(tmp_path, "R1")))
    assert outcome.code == 2
    assert "R1.bam" in outcome.stderr
    assert "index" in outcome.stderr
    assert not outcome.out.exists()


def test_indels_in_repeats_are_one_mutation_whatever_the_caller_made_of_them(
    tmp_path: Path, reference: Path
) -> None:
    repeat = next(i for i in range(400, 2900) if GENOME[i] == GENOME[i + 1] == GENOME[i + 2] != GENOME[i - 1])
    base, before = GENOME[repeat], GENOME[repeat - 1]
    left = record("1", repeat, before + base, before, "60,40")
    right = record("1", repeat + 2, base * 2, base, "70,30")
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [left], build=None, header=HEADER))
    (tmp_path / "R2.vcf").write_text(vcf_text(["R2"], [right], build=None, header=HEADER))
    rows = _rows(tmp_path, "R1", "R2", bam="")
    apart = call_counts(write_sheet(tmp_path, rows))
    assert len({row["mutation_id"] for row in apart.table("counts")}) == 2
    one = call_counts(write_sheet(tmp_path, rows), settings={"reads": {"reference": str(reference)}})
    assert [(row["mutation_id"], row["alt_counts"]) for row in one.table("counts")] == [
        (f"1:{repeat}:{before}{base}:{before}", "40"),
        (f"1:{repeat}:{before}{base}:{before}", "30"),
    ]


def test_a_reference_of_another_genome_is_refused(tmp_path: Path, reference: Path) -> None:
    wrong = [record("1", pos, OTHER[GENOME[pos - 1]], GENOME[pos - 1], "9,9") for pos in (10, 20, 30)]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], wrong, build=None, header=HEADER))
    sheet = write_sheet(tmp_path, _rows(tmp_path, "R1", bam=""))
    outcome = call_counts(sheet, settings={"reads": {"reference": str(reference)}})
    assert outcome.code == 2
    assert "another build" in outcome.stderr


@pytest.mark.parametrize("prefix", ["", "chr"])
def test_unannotated_mutations_get_consequences_from_gene_models(
    prefix: str, tmp_path: Path, reference: Path, bcftools: str
) -> None:
    (tmp_path / "genes.gff3").write_text(GFF.replace("\n1\t", f"\n{prefix}1\t"))
    codon = 104  # the second codon's first base
    stop = next(i for i in range(codon, 160, 3) if GENOME[i - 1 : i + 2] == "AAA")  # AAA>TAA
    records = sorted(
        [
            record("1", stop, "A", "T", "60,40"),
            record("1", codon, GENOME[codon - 1 : codon + 1], GENOME[codon - 1], "60,40"),
            record("1", 2500, GENOME[2499], OTHER[GENOME[2499]], "60,40"),
        ],
        key=lambda text: int(text.split("\t")[1]),
    )
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], records, build=None, header=HEADER))
    sheet = write_sheet(tmp_path, _rows(tmp_path, "R1", bam=""))
    reads = {"reference": str(reference), "gff3": str(tmp_path / "genes.gff3")}
    outcome = call_counts(sheet, settings={"reads": reads})
    assert outcome.code == 0, outcome.stderr
    found = {
        int(row["pos"]): (row["gene"], row["transcript"], row["hgvsp"]) for row in outcome.table("counts")
    }
    assert found[stop] == ("GENE1", "ENST1", f"p.Lys{(stop - 101) // 3 + 1}Ter")
    shift = found.pop(min(found))
    assert shift[:2] == ("GENE1", "ENST1")
    assert shift[2].endswith("fs")
    assert found[2500] == ("NA", "NA", "NA")
    assert "not_annotated" not in outcome.warnings


def test_gene_models_without_a_reference_are_a_fault(tmp_path: Path, reference: Path) -> None:
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], [_snv(1000, "9,9")], build=None, header=HEADER))
    sheet = write_sheet(tmp_path, _rows(tmp_path, "R1", bam=""))
    outcome = call_counts(sheet, settings={"reads": {"gff3": str(tmp_path / "genes.gff3")}})
    assert outcome.code == 2
    assert "reads.reference" in outcome.stderr
    missing = {"reference": str(reference), "gff3": str(tmp_path / "none.gff3")}
    assert "no such GFF3" in call_counts(sheet, settings={"reads": missing}).stderr


def test_a_joined_change_gets_its_own_protein_change(tmp_path: Path, reference: Path, bcftools: str) -> None:
    """Two SNVs of one codon change another residue together than either alone."""
    header = HEADER + '##INFO=<ID=GENE,Number=1,Type=String,Description="gene">\n'
    start = next(i for i in range(104, 158, 3) if GENOME[i - 1 : i + 2] == "AAA")
    formats = (
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n##FORMAT=<ID=AD,Number=R,Type=Integer,Description="a">\n'
        '##FORMAT=<ID=PS,Number=1,Type=Integer,Description="p">\n'
    )
    records = [
        f"1\t{pos}\t.\tA\t{alt}\t.\tPASS\tGENE=GENE1\tGT:AD:PS\t0|1:60,40:{start}"
        for pos, alt in ((start, "G"), (start + 1, "C"))
    ]
    (tmp_path / "R1.vcf").write_text(vcf_text(["R1"], records, build=None, header=header, formats=formats))
    sheet = write_sheet(tmp_path, _rows(tmp_path, "R1", bam=""))
    reads = {"reference": str(reference), "gff3": str(tmp_path / "genes.gff3")}
    rows = call_counts(sheet, settings={"reads": reads}).table("counts")
    assert [(row["ref"], row["alt"], row["hgvsp"]) for row in rows] == [
        ("AA", "GC", f"p.Lys{(start - 101) // 3 + 1}Ala")
    ]
