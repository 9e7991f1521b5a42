"""Which reads count, case by case."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest
from bam_handmade import GENOME, Read, grch, read, write_bam

from truncal.errors import UserError
from truncal.reads.bam import count_sites

POS = 300  # 1-based
REF = GENOME[POS - 1]
ALT = "A" if REF != "A" else "C"
THIRD = next(base for base in "ACGT" if base not in (REF, ALT))


def with_base(base: str, start: int = 260, length: int = 80, **changes: object) -> Read:
    bases = GENOME[start - 1 : start - 1 + length]
    at = POS - start
    return read(start, bases[:at] + base + bases[at + 1 :], **changes)


def counted(
    tmp_path: Path, reads: list[Read], ref: str = REF, alt: str = ALT, pos: int = POS, **options: object
) -> tuple[int, int, int]:
    path = write_bam(tmp_path / "reads.bam", reads)
    counts = count_sites(path, ["7"], [pos], [ref], [alt], **options)  # type: ignore[arg-type]
    return int(counts.ref[0]), int(counts.alt[0]), int(counts.other[0])


def test_alleles(tmp_path: Path) -> None:
    reads = [with_base(REF), with_base(REF), with_base(ALT), with_base(THIRD), with_base("N")]
    assert counted(tmp_path, reads) == (2, 1, 1)


@pytest.mark.parametrize("flag", [0x100, 0x200, 0x400, 0x800])
def test_reads_that_may_not_count(tmp_path: Path, flag: int) -> None:
    assert counted(tmp_path, [with_base(ALT), with_base(ALT, flag=flag)]) == (0, 1, 0)


def test_qualities(tmp_path: Path) -> None:
    at = POS - 260
    poor = [30] * at + [19] + [30] * (79 - at)
    fair = [30] * at + [20] + [30] * (79 - at)
    reads = [with_base(ALT, quality=poor), with_base(ALT, quality=fair)]
    reads += [with_base(ALT, mapq=19), with_base(ALT, mapq=20), with_base(ALT, mapq=255)]
    assert counted(tmp_path, reads) == (0, 3, 0)
    assert counted(tmp_path, reads, min_base_quality=19, min_mapping_quality=0) == (0, 5, 0)


def pair(first: str, second: str, **second_changes: object) -> list[Read]:
    return [
        with_base(first, name="p", flag=0x1 | 0x2 | 0x40 | 0x20),
        with_base(second, start=280, name="p", flag=0x1 | 0x2 | 0x80 | 0x10, **second_changes),
    ]


def test_mates_count_once_and_not_where_they_disagree(tmp_path: Path) -> None:
    assert counted(tmp_path, pair(ALT, ALT)) == (0, 1, 0)
    assert counted(tmp_path, pair(ALT, REF)) == (0, 0, 0)
    assert counted(tmp_path, pair(ALT, REF, quality=10)) == (0, 1, 0)


def test_a_deletion_over_a_substitution_is_neither(tmp_path: Path) -> None:
    bases = GENOME[259:295] + GENOME[304:350]
    assert counted(tmp_path, [read(260, bases, cigar="36M9D46M")]) == (0, 0, 0)


DELETED = GENOME[299:314]  # EGFR exon-19 deletions are 15 bases


def deletion_reads() -> tuple[str, list[Read]]:
    """Whole alternative sequence around, and reads that an aligner leaves in different forms."""
    alt = GENOME[:299] + GENOME[314:]
    reads = [
        read(250, alt[249:349], cigar="50M15D50M"),
        read(215, alt[214:304], cigar="85M5S"),  # clipped behind the junction
        read(315, alt[294:370], cigar="5S71M"),  # clipped before it
        read(203, alt[202:302], cigar="100M"),  # runs on into the deleted bases
    ]
    return alt, reads


def test_deletion_in_the_cigar_clipped_or_run_over(tmp_path: Path) -> None:
    _, reads = deletion_reads()
    reads += [read(250, GENOME[249:349]), read(290, GENOME[289:369])]
    # starts inside the deleted bases: of the reference haplotype, but past the left end that both have
    reads += [read(305, GENOME[304:384])]
    ref, alt = GENOME[298] + DELETED, GENOME[298]
    assert counted(tmp_path, reads, ref, alt, 299) == (2, 4, 0)


def test_another_deletion_is_other(tmp_path: Path) -> None:
    shorter = GENOME[:299] + GENOME[308:]
    reads = [read(250, shorter[249:349], cigar="50M9D50M")]
    assert counted(tmp_path, reads, GENOME[298] + DELETED, GENOME[298], 299) == (0, 0, 1)


def test_complex_change_is_told_from_the_plain_deletion(tmp_path: Path) -> None:
    inserted = "".join({"A": "C", "C": "A", "G": "T", "T": "G"}[base] for base in DELETED[:3])
    plain = GENOME[:299] + GENOME[314:]
    complex_ = GENOME[:299] + inserted + GENOME[314:]
    reads = [
        read(250, plain[249:349], cigar="50M15D50M"),
        read(250, complex_[249:349], cigar="50M3I15D47M"),
        read(250, complex_[249:349], cigar="53M12D47M"),
        read(250, GENOME[249:349]),
    ]
    ref = GENOME[298] + DELETED
    assert counted(tmp_path, reads, ref, GENOME[298] + inserted, 299) == (1, 2, 1)
    assert counted(tmp_path, reads, ref, GENOME[298], 299) == (1, 1, 2)


def test_insertion_placed_anywhere_in_a_repeat(tmp_path: Path) -> None:
    genome = GENOME[:299] + "CAGCAGCAGCAG" + GENOME[311:]
    if genome[298] == "G":
        genome = genome[:298] + "T" + genome[299:]
    alt = genome[:299] + "CAG" + genome[299:]
    reads = [
        read(250, alt[249:349], cigar="50M3I47M"),
        read(250, alt[249:349], cigar="56M3I41M"),
        read(250, alt[249:349], cigar="62M3I35M"),
        read(250, genome[249:349]),
        read(250, genome[249:305]),  # ends inside the repeat: cannot tell
    ]
    for offset in (299, 302, 308):  # however the caller placed it
        anchor = genome[offset - 1]
        assert counted(tmp_path, reads, anchor, anchor + alt[offset : offset + 3], offset) == (1, 3, 0)


def test_a_phased_neighbour_does_not_matter(tmp_path: Path) -> None:
    """A second variant beside the indel, on the same molecules, hides neither allele."""
    alt = GENOME[:299] + GENOME[314:]
    swap = {"A": "G", "G": "A", "C": "T", "T": "C"}
    alt = alt[:305] + swap[alt[305]] + alt[306:]
    ref = GENOME[:292] + swap[GENOME[292]] + GENOME[293:]
    reads = [read(250, alt[249:349], cigar="50M15D50M")] * 3 + [read(250, ref[249:349])] * 2
    assert counted(tmp_path, reads, GENOME[298] + DELETED, GENOME[298], 299) == (2, 3, 0)


def test_mnv_with_half_of_it_is_other(tmp_path: Path) -> None:
    swap = {"A": "G", "G": "A", "C": "T", "T": "C"}
    two = GENOME[299:301]
    both = swap[two[0]] + swap[two[1]]
    row = lambda bases: read(250, GENOME[249:299] + bases + GENOME[301:350])  # noqa: E731
    reads = [row(two), row(two), row(both), row(both[0] + two[1]), read(250, GENOME[249:300])]
    assert counted(tmp_path, reads, two, both, 300) == (2, 1, 1)


def test_a_skipped_region_is_not_the_reference(tmp_path: Path) -> None:
    spliced = read(250, GENOME[249:280] + GENOME[379:420], cigar="31M99N41M")
    assert counted(tmp_path, [spliced, with_base(REF)]) == (1, 0, 0)
    assert counted(tmp_path, [spliced], GENOME[298] + DELETED, GENOME[298], 299) == (0, 0, 0)


def test_cram_gives_the_same(tmp_path: Path) -> None:
    fasta = tmp_path / "reference.fa"
    fasta.write_text(f">chr7\n{GENOME}\n")
    pysam.faidx(str(fasta))
    _, reads = deletion_reads()
    bam = write_bam(tmp_path / "reads.bam", [*reads, read(250, GENOME[249:349])])
    cram = tmp_path / "reads.cram"
    pysam.view("-C", "-T", str(fasta), "-o", str(cram), str(bam), catch_stdout=False)
    pysam.index(str(cram))
    site = (["chr7"], [299], [GENOME[298] + DELETED], [GENOME[298]])
    counts = count_sites(cram, *site, reference=fasta)
    assert (counts.ref[0], counts.alt[0]) == (1, 4)
    with pytest.raises(UserError, match="needs its reference"):
        count_sites(cram, *site)


def test_wild_type_rna_fixture(shared: Path) -> None:
    path = shared / "data/bam-fixture/inputs/egfr_exon20_wildtype_rna.GRCh38.bam"
    counts = count_sites(
        path,
        ["chr7"] * 4,
        [55181378, 55181398, 55181399, 55181398],
        ["C", "T", "G", "T"],
        ["T", "A", "C", "G"],
        build="GRCh38",
    )
    assert counts.ref.tolist() == [456] * 4
    assert not counts.alt.any() and not counts.other.any()


def refused(path: Path, match: str, **options: object) -> None:
    site = (options.pop("chrom", ["7"]), [POS], [REF], [ALT])
    with pytest.raises(UserError, match=match) as caught:
        count_sites(path, *site, **options)  # type: ignore[arg-type]
    assert str(path) in str(caught.value)


def test_files_that_cannot_be_counted_in(tmp_path: Path) -> None:
    refused(tmp_path / "none.bam", "no such file")
    text = tmp_path / "text.bam"
    text.write_text("not a BAM\n")
    refused(text, "is not a BAM or CRAM file")
    unsorted = write_bam(tmp_path / "unsorted.bam", [with_base(REF)], order="unsorted")
    refused(unsorted, "not sorted by coordinate")
    bare = write_bam(tmp_path / "bare.bam", [with_base(REF)])
    Path(f"{bare}.bai").unlink()
    refused(bare, "has no index; run: samtools index bare.bam")
    cut = write_bam(tmp_path / "cut.bam", [with_base(REF)] * 50)
    cut.write_bytes(cut.read_bytes()[:-40])
    refused(cut, "truncated")


def test_another_build_or_other_contigs(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "hg38.bam", [with_base(REF)], length=grch("GRCh38"))
    refused(path, "is aligned to GRCh38, the mutations are on GRCh37", build="GRCh37")
    assert count_sites(path, ["7"], [POS], [REF], [ALT], build="GRCh38").ref[0] == 1
    mouse = write_bam(tmp_path / "mouse.bam", [with_base(REF)], length=145_441_459)
    refused(mouse, "is not aligned to GRCh38: its chr7 has 145441459 bases, not 159345973", build="GRCh38")
    refused(path, "lacks contigs of the mutations: 8; it has chr7", chrom=["8"])
    short = write_bam(tmp_path / "short.bam", [with_base(REF)], length=POS - 1 + 100)
    with pytest.raises(UserError, match="beyond the end of the contig"):
        count_sites(short, ["7"], [5000], [REF], [ALT])


def test_no_sites(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "reads.bam", [with_base(REF)])
    assert len(count_sites(path, [], [], [], []).ref) == 0
