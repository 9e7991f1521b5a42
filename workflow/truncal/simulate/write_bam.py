"""Small BAMs: the fragments of the driver windows as aligned read pairs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from truncal.copynumber.genome import LENGTHS
from truncal.simulate.fragments import ALT, REF, UNSEEN, Fragments, Haplotype
from truncal.simulate.genome import BASES, CHROMOSOMES
from truncal.simulate.tumour import Tumour, contig_prefix

_QUALITY, _LOW_QUALITY = 37, 12
_MATCH, _INSERTION, _DELETION, _CLIP = 0, 1, 2, 4


def write_bam(path: Path, tumour: Tumour, sample: int, rng: np.random.Generator) -> None:
    """Write one sample's fragments, sorted and indexed; the file appears under its name when it is whole."""
    import pysam

    build = tumour.genome.build
    name = tumour.parameters.sample_names[sample]
    prefix = contig_prefix(build)
    header = {
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": f"{prefix}{chrom}", "LN": LENGTHS[build][chrom]} for chrom in CHROMOSOMES],
        "RG": [{"ID": name, "SM": name, "PL": "ILLUMINA"}],
    }
    reads = []
    for number, window in enumerate(tumour.fragments):
        reads += _reads(window, number, sample, tumour.parameters, rng)
    reads.sort(key=lambda read: (read["chrom"], read["pos"], read["name"], read["flag"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".bam.") as folder:
        packed = Path(folder) / "reads.bam"
        with pysam.AlignmentFile(str(packed), "wb", header=header) as handle:
            for read in reads:
                record = pysam.AlignedSegment(handle.header)
                record.query_name = read["name"]
                record.flag = read["flag"]
                record.reference_id = record.next_reference_id = read["chrom"]
                record.reference_start = read["pos"]
                record.next_reference_start = read["mate"]
                record.template_length = read["length"]
                record.mapping_quality = 60
                record.cigartuples = read["cigar"]
                record.query_sequence = read["sequence"]
                record.query_qualities = read["quality"]
                record.set_tag("RG", name)
                handle.write(record)
        pysam.index("-c", str(packed))  # CSI: a BAI of a whole genome is larger than the reads
        os.replace(packed, path)  # noqa: PTH105
        os.replace(f"{packed}.csi", f"{path}.csi")  # noqa: PTH105


def _reads(window: Fragments, number: int, sample: int, parameters, rng: np.random.Generator) -> list[dict]:
    """Both reads of every fragment of a window."""
    chrom = CHROMOSOMES.index(window.chrom)
    length = parameters.read_length
    which, start, insert = window.haplotype[sample], window.start[sample], window.insert[sample]
    shown = window.shown[sample]
    out = []
    for index in range(len(which)):
        haplotype = window.haplotypes[which[index]]
        bases = list(haplotype.sequence[start[index] : start[index] + insert[index]])
        quality = np.full(len(bases), _QUALITY, dtype=np.int64)
        _misread(bases, quality, haplotype, int(start[index]), parameters.error_rate, rng)
        _show(bases, window, haplotype, int(which[index]), int(start[index]), shown[index], rng)
        place = haplotype.place[start[index] : start[index] + insert[index]]
        ends = [slice(0, length), slice(len(bases) - length, len(bases))]
        aligned = [_align(place[part]) for part in ends]
        first_is_forward = bool((number + index) % 2)
        flags = (99, 147) if first_is_forward else (163, 83)
        low, high = aligned[0][0], aligned[1][2]
        for end, (part, (left, cigar, _)) in enumerate(zip(ends, aligned, strict=True)):
            out.append(
                {
                    "name": f"w{number}:{index}",
                    "flag": flags[end],
                    "chrom": chrom,
                    "pos": left - 1,
                    "mate": aligned[1 - end][0] - 1,
                    "length": (high - low + 1) * (1 if end == 0 else -1),
                    "cigar": cigar,
                    "sequence": "".join(bases[part]),
                    "quality": quality[part].tolist(),
                }
            )
    return out


def _misread(
    bases: list[str],
    quality: np.ndarray,
    haplotype: Haplotype,
    start: int,
    error_rate: float,
    rng: np.random.Generator,
) -> None:
    """Errors outside the drivers' bases, in place; half of them have a low quality."""
    for at in np.flatnonzero(rng.random(len(bases)) < error_rate).tolist():
        if any(first <= start + at <= last for first, last in haplotype.sites):
            continue
        code = "ACGT".index(bases[at])
        bases[at] = str(BASES[(code + rng.integers(1, 4)) % 4])
        if rng.random() < 0.5:
            quality[at] = _LOW_QUALITY


def _show(
    bases: list[str],
    window: Fragments,
    haplotype: Haplotype,
    which: int,
    start: int,
    shown: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Give the fragment the allele that it was drawn to show where that is not its haplotype's, in place."""
    for site, state in enumerate(shown.tolist()):
        if state == UNSEEN or state == (ALT if window.carried[which, site] else REF):
            continue
        found = window.alleles[site]
        at = haplotype.sites[site][0] - start
        others = [base for base in "ACGT" if base not in (found.ref, found.alt)]
        bases[at] = {REF: found.ref, ALT: found.alt}.get(state) or others[rng.integers(0, len(others))]


def _align(place: np.ndarray) -> tuple[int, list[tuple[int, int]], int]:
    """First reference position (1-based), CIGAR and last position of a read from its bases' places.

    Inserted bases at an end of the read are soft-clipped, as aligners do.
    """
    real = np.flatnonzero(place >= 0)
    first, last = int(real[0]), int(real[-1])
    cigar: list[tuple[int, int]] = []

    def add(operation: int, count: int) -> None:
        if count and cigar and cigar[-1][0] == operation:
            cigar[-1] = (operation, cigar[-1][1] + count)
        elif count:
            cigar.append((operation, count))

    add(_CLIP, first)
    at = None
    for value in place[first : last + 1].tolist():
        if value < 0:
            add(_INSERTION, 1)
            continue
        if at is not None:
            add(_DELETION, value - at - 1)
        add(_MATCH, 1)
        at = value
    add(_CLIP, len(place) - last - 1)
    return int(place[first]), cigar, int(place[last])
