"""A BAM with planted small variants whose fragments are known: what the counts are measured against.

Fragments are drawn from the two haplotypes of each site, read from both ends with errors, and laid on the
reference as an aligner would: an indel near a read's end is clipped or runs on with mismatches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pysam

SPACING = 400
SITE = 200  # of the variant inside its stretch of the reference
BASES = "ACGT"
PLACED = 30
"""Score that an aligner wants (the default of bwa mem's -T): a base counts 1, opening a gap costs 6."""


@dataclass
class Planted:
    """One variant with its truth: fragments by haplotype that reach far enough to be told apart."""

    kind: str
    pos: int  # 1-based, as in a VCF
    ref: str
    alt: str
    true_ref: int = 0
    true_alt: int = 0
    fragments: dict[str, str] = field(default_factory=dict)


@dataclass
class Simulated:
    path: Path
    fasta: Path
    sites: list[Planted]
    n_reads: int

    def columns(self) -> tuple[list[str], list[int], list[str], list[str]]:
        """Sites as `count_sites` takes them."""
        return (
            ["chr1"] * len(self.sites),
            [site.pos for site in self.sites],
            [site.ref for site in self.sites],
            [site.alt for site in self.sites],
        )


def simulate(
    folder: Path,
    kinds: list[str],
    *,
    depth: int = 100,
    read_length: int = 100,
    fragment: tuple[float, float] = (210.0, 40.0),
    seed: int = 1,
    repeats: float = 0.0,
    nuisance: float = 0.1,
    gap: int = 0,
    vaf: tuple[float, float] = (0.03, 0.9),
) -> Simulated:
    """Plant one variant of each kind in turn.

    kinds: snv, mnv, ins, del, complex. repeats: share of indels put into a short tandem repeat. nuisance:
    share of reads that may not count (duplicates, poor mapping quality, secondary, failed). gap: bases
    without reads between the stretches, as between the targets of an exome. vaf: range of the share of
    fragments from the alternative haplotype.
    """
    rng = np.random.default_rng(seed)
    step = SPACING + gap
    length = step * len(kinds)
    genome = rng.choice(list(BASES), length)
    sites, haplotypes = [], []
    for k, kind in enumerate(kinds):
        stretch = genome[k * step : k * step + SPACING]
        if kind in ("ins", "del") and rng.random() < repeats:
            unit = rng.choice(list(BASES), rng.integers(1, 4))
            tandem = np.tile(unit, int(rng.integers(3, 8)))
            stretch[SITE : SITE + len(tandem)] = tandem
        text = "".join(stretch)
        ref, alt = _alleles(kind, text, rng, repeats)
        offset = SITE - (0 if kind in ("snv", "mnv") else 1)
        sites.append(Planted(kind, k * step + offset + 1, ref, alt))
        haplotypes.append((text, text[:offset] + alt + text[offset + len(ref) :]))
    folder.mkdir(parents=True, exist_ok=True)
    fasta = folder / "reference.fa"
    fasta.write_text(">chr1\n" + "".join(genome) + "\n")
    pysam.faidx(str(fasta))
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": length}]}
    )
    reads = []
    for k, (site, pair) in enumerate(zip(sites, haplotypes, strict=True)):
        n = rng.poisson(depth * SPACING / (2 * read_length))
        reads += _reads_of_site(header, site, pair, k * step, n, read_length, fragment, nuisance, vaf, rng)
    reads.sort(key=lambda read: read.reference_start)
    path = folder / "reads.bam"
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in reads:
            out.write(read)
    pysam.index(str(path))
    return Simulated(path, fasta, sites, len(reads))


def _alleles(kind: str, text: str, rng: np.random.Generator, repeats: float) -> tuple[str, str]:
    def bases(n: int) -> str:
        return "".join(rng.choice(list(BASES), n))

    def other(base: str) -> str:
        return str(rng.choice([b for b in BASES if b != base]))

    size = int(rng.integers(1, 51))
    if kind == "snv":
        return text[SITE], other(text[SITE])
    if kind == "mnv":
        n = int(rng.integers(2, 4))
        middle = bases(n - 2)
        return text[SITE : SITE + n], other(text[SITE]) + middle + other(text[SITE + n - 1])
    anchor = text[SITE - 1]
    if kind == "ins":
        inserted = text[SITE : SITE + size] if rng.random() < repeats else bases(size)
        return anchor, anchor + inserted
    if kind == "del":
        return text[SITE - 1 : SITE + size], anchor
    deleted = text[SITE : SITE + int(rng.integers(2, 26))]
    inserted = other(deleted[0]) + bases(int(rng.integers(0, 12)))
    inserted = inserted[:-1] + other(deleted[-1]) if len(inserted) > 1 else inserted
    if len(inserted) == len(deleted) or inserted[-1] == deleted[-1]:
        inserted += other(deleted[-1])
    if len(inserted) == len(deleted):
        inserted += other(deleted[-1])
    return anchor + deleted, anchor + inserted


def needed(pair: tuple[str, str], kind: str) -> tuple[int, int]:
    """First and last base that a read must have, on its haplotype, to tell which of the two it is from."""
    ref, alt = pair
    shortest = min(len(ref), len(alt))
    prefix = next((i for i in range(shortest) if ref[i] != alt[i]), shortest)
    suffix = next((i for i in range(shortest) if ref[-1 - i] != alt[-1 - i]), shortest)
    if kind in ("snv", "mnv"):
        return prefix, len(ref) - suffix - 1
    if kind == "complex":
        return prefix - 1, prefix
    return shortest - suffix - 1, prefix


def _reads_of_site(
    header: pysam.AlignmentHeader,
    site: Planted,
    pair: tuple[str, str],
    origin_of_stretch: int,
    n: int,
    read_length: int,
    fragment: tuple[float, float],
    nuisance: float,
    vaf: tuple[float, float],
    rng: np.random.Generator,
) -> list[pysam.AlignedSegment]:
    low, high = needed(pair, site.kind)
    origin = rng.random(n) < rng.uniform(*vaf)
    sizes = np.clip(rng.normal(*fragment, n), read_length, SPACING - 60).astype(int)
    spoiled = np.where(rng.random(n) < nuisance, rng.integers(1, 5, n), 0)
    codes = [np.frombuffer(haplotype.encode(), np.uint8) for haplotype in pair]
    quality = rng.choice(np.array([37, 25, 12], np.uint8), (n, 2, read_length), p=[0.92, 0.06, 0.02])
    wrong = rng.random(quality.shape) < 10 ** (quality / -10)
    errors = np.frombuffer(BASES.encode(), np.uint8)[rng.integers(0, 4, quality.shape)]
    reads = []
    for i in range(n):
        which = int(origin[i])
        begin = int(rng.integers(0, len(pair[which]) - sizes[i] + 1))
        name = f"f{origin_of_stretch}_{i}"
        informative = False
        for mate, start in enumerate((begin, begin + int(sizes[i]) - read_length)):
            true = codes[which][start : start + read_length]
            bases = np.where(wrong[i, mate], errors[i, mate], true)
            read = pysam.AlignedSegment(header)
            read.query_name = name
            read.query_sequence = bases.tobytes().decode()
            read.query_qualities_str = (quality[i, mate] + 33).tobytes().decode()
            position, cigar = _align(site, which, start, read_length, rng)
            read.reference_id = 0
            read.reference_start = origin_of_stretch + position
            read.mapping_quality = int(rng.integers(0, 20)) if spoiled[i] == 1 else 60
            read.flag = 0x1 | 0x2 | (0x40 | 0x20 if mate == 0 else 0x80 | 0x10)
            if cigar is None:  # not placed: as it came from the machine, beside its mate
                read.flag = (read.flag | 0x4) & ~0x12
                read.mapping_quality = 0
                if mate == 1:
                    _turn(read)
            else:
                read.cigartuples = cigar
            read.flag |= (0, 0, 0x400, 0x200, 0x100)[spoiled[i]]
            if start <= low and start + read_length > high:
                informative |= site.kind != "snv" or bool(quality[i, mate, low - start] >= 20)
            reads.append(read)
        if informative and not spoiled[i]:
            site.fragments[name] = "alt" if which else "ref"
            site.true_alt += which
            site.true_ref += 1 - which
    return reads


def _align(
    site: Planted, which: int, start: int, read_length: int, rng: np.random.Generator
) -> tuple[int, list[tuple[int, int]] | None]:
    """Position in the stretch and CIGAR of a read that starts at `start` of its haplotype; no CIGAR where too
    little of it is in the reference for an aligner to place it."""
    if not which or site.kind == "snv":
        return start, [(0, read_length)]
    ref, alt = (site.ref, site.alt) if site.kind == "mnv" else (site.ref[1:], site.alt[1:])
    left = SITE - start  # bases of the read before the variant
    right = read_length - left - len(alt)  # and after it
    after = SITE + len(ref)  # where the reference goes on
    if left >= read_length:
        return start, [(0, read_length)]
    if left <= -len(alt):
        return start + len(ref) - len(alt), [(0, read_length)]
    # the overhang that an aligner wants before it opens a gap, or goes through two mismatches
    opened = abs(len(alt) - len(ref))
    if max(left, right, left + right - 6 - opened) < PLACED:
        return start, None
    wanted = 5 if site.kind == "mnv" else 6 + int(rng.integers(0, 6)) + len(alt) // 3
    runs_on = rng.random() < 0.5
    if right < wanted:
        if read_length - left <= 4 and runs_on:
            return start, [(0, read_length)]
        return start, [(0, left), (4, read_length - left)]
    if left < wanted:
        if left <= 4 and not alt and runs_on:
            return after - left, [(0, read_length)]
        clip = left + len(alt)
        return after, [(4, clip), (0, read_length - clip)]
    same = min(len(ref), len(alt))
    gap = [(2, len(ref) - same)] if len(ref) > same else [(1, len(alt) - same)] if len(alt) > same else []
    return start, [(0, left + same), *gap, (0, right)]


def _turn(read: pysam.AlignedSegment) -> None:
    """Write a read in the other direction."""
    quality = read.query_qualities_str
    read.query_sequence = read.query_sequence.translate(str.maketrans("ACGT", "TGCA"))[::-1]
    read.query_qualities_str = quality[::-1]
