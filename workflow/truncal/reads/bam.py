"""Force-counting: how many fragments of a BAM or CRAM carry each allele of a site.

`count_sites` takes any small variant: SNVs, MNVs, insertions, deletions and complex changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from truncal.copynumber.genome import canonical, canonical_names
from truncal.errors import Faults
from truncal.progress import steps
from truncal.reads.bam_file import UNPLACED_TOO, AlignmentFile, as_array, fetch, first_record, open_alignments

if TYPE_CHECKING:
    from truncal.reads.bam_kernel import Records, SiteArrays

_CODES = np.full(256, 15, np.uint8)
for _base, _code in zip("ACGTacgt", (1, 2, 4, 8) * 2, strict=True):
    _CODES[ord(_base)] = _code

_CHUNK_BYTES = 48_000_000  # of uncompressed reads that are held at once
_REPEAT = 80  # longest repeat beside an indel that is looked through
_SHOWN = 5


@dataclass(frozen=True)
class SiteCounts:
    """Fragments at each site, (n,) int64: with the reference, the alternative, and some other allele."""

    ref: np.ndarray
    alt: np.ndarray
    other: np.ndarray

    @property
    def depth(self) -> np.ndarray:
        """Fragments with the reference or the alternative allele, (n,)."""
        return self.ref + self.alt


@dataclass(frozen=True)
class SiteCalls:
    """One call per fragment at each site: site i has rows `start[i] : start[i + 1]` of the flat arrays.

    fragment: hash of the read name (int64). call: 0 reference, 1 alternative, 2 other. confidence: Phred.
    """

    start: np.ndarray
    fragment: np.ndarray
    call: np.ndarray
    confidence: np.ndarray


def count_sites(
    path: str | Path,
    chrom: Sequence[str],
    pos: Sequence[int] | np.ndarray,
    ref: Sequence[str],
    alt: Sequence[str],
    *,
    reference: str | Path | None = None,
    build: str | None = None,
    min_base_quality: int = 20,
    min_mapping_quality: int = 20,
) -> SiteCounts:
    """Count the fragments of each allele at n sites, given in any order as in a VCF (pos 1-based).

    Left out: secondary and supplementary alignments, duplicates, reads that failed quality control, and those
    below the mapping quality. A fragment whose mates overlap counts once, with the better of both; where they
    disagree it does not count. SNVs are counted from the aligned base, everything else by comparing the
    read, soft-clipped ends included, with both haplotypes (`bam_haplotypes.py`): a read that ends before it
    could tell them apart is not counted. Reads of long insertions that the aligner could not place count
    where their mate was placed (`bam_rescue.py`). Without `reference` (FASTA with .fai) the sequence around a
    site is what most reads have there. `build`: GRCh37 or GRCh38, to refuse a file of the other.

    Raises
    ------
    UserError
        as `open_alignments`, or sites lie on contigs that the file does not have or beyond their ends.

    """
    sites = _prepare(open_alignments(path, reference=reference, build=build), chrom, pos, ref, alt)
    counts = np.zeros((len(sites.order), 3), np.int64)
    with steps(f"sites in {Path(path).name}", len(sites.order)) as advance:
        for part, start, _, call, _ in _chunks(sites, min_base_quality, min_mapping_quality):
            site = np.repeat(np.arange(len(part)), np.diff(start))
            counts[part] = np.bincount(3 * site + call, minlength=3 * len(part)).reshape(-1, 3)
            advance(len(part))
    return SiteCounts(counts[:, 0], counts[:, 1], counts[:, 2])


def call_sites(
    path: str | Path,
    chrom: Sequence[str],
    pos: Sequence[int] | np.ndarray,
    ref: Sequence[str],
    alt: Sequence[str],
    *,
    reference: str | Path | None = None,
    build: str | None = None,
    min_base_quality: int = 20,
    min_mapping_quality: int = 20,
) -> SiteCalls:
    """As `count_sites`, but each fragment's call is told (for phasing and few sites)."""
    sites = _prepare(open_alignments(path, reference=reference, build=build), chrom, pos, ref, alt)
    found: list[list[np.ndarray]] = [[np.empty(0, np.int64)] * 3 for _ in sites.order]
    for part, start, fragment, call, confidence in _chunks(sites, min_base_quality, min_mapping_quality):
        for k, site in enumerate(part.tolist()):
            rows = slice(start[k], start[k + 1])
            found[site] = [fragment[rows], call[rows].astype(np.int64), confidence[rows].astype(np.int64)]
    start = np.concatenate([[0], np.cumsum([len(parts[0]) for parts in found], dtype=np.int64)])
    fragment, call, confidence = (
        np.concatenate([parts[field] for parts in found] or [np.empty(0, np.int64)]) for field in range(3)
    )
    return SiteCalls(start, fragment, call, confidence)


@dataclass(frozen=True)
class _Sites:
    """Sites ready to be counted, in the order they were given; `order` sorts them along the file."""

    file: AlignmentFile
    order: np.ndarray
    contig: np.ndarray
    position: np.ndarray  # 0-based, of the record
    start: np.ndarray  # 0-based, of the first changed base
    ref_length: np.ndarray
    ref: list[str]
    alt: list[str]  # without the bases shared with ref
    names: list[str]  # of the contigs in the file


def _prepare(
    file: AlignmentFile,
    chrom: Sequence[str],
    pos: Sequence[int] | np.ndarray,
    ref: Sequence[str],
    alt: Sequence[str],
) -> _Sites:
    names = canonical_names(chrom)
    position = np.asarray(pos, dtype=np.int64) - 1
    faults = Faults()
    lost = [name for name in dict.fromkeys(names) if name not in file.contigs]
    if lost:
        there = [name for _, name, _ in file.contigs.values()]
        faults.add(
            f"lacks contigs of the mutations: {_listed(lost)}; it has {_listed(there)}",
            file.path,
        )
    contig = np.array([file.contigs.get(name, (-1, "", 0))[0] for name in names], dtype=np.int64)
    length = np.array([file.contigs.get(name, (-1, "", 0))[2] for name in names], dtype=np.int64)
    for i in np.flatnonzero((contig >= 0) & (position >= length))[:_SHOWN].tolist():
        faults.add(
            f"is of another build than the mutations: {chrom[i]}:{position[i] + 1} is beyond the end of the "
            f"contig ({length[i]})",
            file.path,
        )
    faults.raise_if_any()
    start = np.empty(len(names), np.int64)
    ref_length = np.empty(len(names), np.int64)
    changed = []
    for i, (r, a) in enumerate(zip(ref, alt, strict=True)):
        prefix, r, a = _without_shared(r.upper(), a.upper())
        start[i] = position[i] + prefix
        ref_length[i] = len(r)
        changed.append(a)
    return _Sites(
        file,
        np.lexsort((start, contig)),
        contig,
        position,
        start,
        ref_length,
        [r.upper() for r in ref],
        changed,
        [file.contigs[name][1] for name in names],
    )


def _without_shared(ref: str, alt: str) -> tuple[int, str, str]:
    """Bases shared at the front, and both alleles without the shared bases of either end."""
    if len(ref) == len(alt) == 1:
        return 0, ref, alt
    end = 0
    while end < min(len(ref), len(alt)) and ref[-1 - end] == alt[-1 - end]:
        end += 1
    ref, alt = ref[: len(ref) - end], alt[: len(alt) - end]
    start = 0
    while start < min(len(ref), len(alt)) and ref[start] == alt[start]:
        start += 1
    return start, ref[start:], alt[start:]


def _chunks(
    sites: _Sites, min_base_quality: int, min_mapping_quality: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """(sites, fragment_at, fragment, call, confidence) of one chunk of sites after the other."""
    from truncal.reads.bam_haplotypes import ALTERNATIVE
    from truncal.reads.bam_kernel import REACH, classify, resolve_mates
    from truncal.reads.bam_records import index_records
    from truncal.reads.bam_rescue import MATE_WITHIN, is_long, is_poor, rescue

    fasta = _Fasta(sites.file.reference)
    size, done = 64, 0
    while done < len(sites.order):
        part = sites.order[done : done + size]
        single = (sites.ref_length[part] == 1) & np.array([len(sites.alt[i]) == 1 for i in part], dtype=bool)
        low = sites.start[part] - np.where(single, 0, 1 + REACH)
        high = sites.start[part] + np.where(single, 1, sites.ref_length[part] + REACH)
        names = [sites.names[i] for i in part]
        regions = list(zip(names, low.tolist(), high.tolist(), strict=True))
        arrays = _site_arrays(sites, part, fasta)
        long = np.flatnonzero(is_long(arrays.ref_length, np.diff(arrays.alt_at))).tolist()
        if long:  # their reads may have no position but their mate's
            regions += [(names[k], regions[k][1] - MATE_WITHIN, regions[k][2] + MATE_WITHIN) for k in long]
            raw = fetch(sites.file, regions, 0, UNPLACED_TOO)
        else:
            raw = fetch(sites.file, regions, min_mapping_quality)
        data = as_array(raw)
        columns = index_records(data, first_record(raw))
        poor = is_poor(data, columns[0], min_mapping_quality) if long else np.zeros(len(columns[0]), bool)
        good = _records(columns, ~poor)
        call_at, read, call, confidence = classify(data, good, arrays, min_base_quality)
        site = np.repeat(np.arange(len(part)), np.diff(call_at))
        name = good.name[read]
        if long:
            more = rescue(data, _records(columns, poor), good, arrays, long, min_base_quality)
            site, name = np.concatenate([site, more[0]]), np.concatenate([name, more[1]])
            call = np.append(call, np.full(len(more[0]), ALTERNATIVE, call.dtype))
            confidence = np.append(confidence, more[2].astype(confidence.dtype))
        yield part, *resolve_mates(len(part), site, name, call, confidence)
        done += len(part)
        # as many sites at once as fill the memory that was set aside, judged by the last chunk
        size = int(min(4 * size, max(1, size * _CHUNK_BYTES // max(len(raw), 1))))


def _records(columns: tuple[np.ndarray, ...], chosen: np.ndarray) -> Records:
    """Some of the records (offset, contig, begin, end and name of each)."""
    from truncal.reads.bam_kernel import Records, furthest_end

    offset, contig, begin, end, name = (column[chosen] for column in columns)
    return Records(offset, contig, begin, end, name, furthest_end(contig, end))


def _site_arrays(sites: _Sites, part: np.ndarray, fasta: _Fasta) -> SiteArrays:
    from truncal.reads.bam_haplotypes import FLANK
    from truncal.reads.bam_kernel import SiteArrays

    origins, contexts, alts = [], [], []
    for i in part.tolist():
        ref = _codes(sites.ref[i])
        alt = _codes(sites.alt[i])
        start, position = int(sites.start[i]), int(sites.position[i])
        if sites.ref_length[i] == 1 and len(alt) == 1:
            origin = start
            context = ref[start - position : start - position + 1]
        else:
            around = FLANK + 2 * max(int(sites.ref_length[i]), len(alt)) + _REPEAT
            origin = max(0, start - around)
            context = fasta.codes(sites.names[i], origin, start + int(sites.ref_length[i]) + around)
            context[position - origin : position - origin + len(ref)] = ref
        origins.append(origin)
        contexts.append(context)
        alts.append(alt)
    return SiteArrays(
        sites.contig[part],
        sites.start[part],
        sites.ref_length[part],
        np.concatenate(alts),
        _edges(alts),
        np.array(origins, dtype=np.int64),
        np.concatenate(contexts),
        _edges(contexts),
    )


class _Fasta:
    """Base codes of the reference, all unknown where there is no FASTA."""

    def __init__(self, path: Path | None) -> None:
        self.handle = None
        if path is not None:
            import pysam

            self.handle = pysam.FastaFile(str(path))
            self.names = {canonical(name): name for name in self.handle.references}

    def codes(self, contig: str, start: int, end: int) -> np.ndarray:
        """Codes of start..end (0-based half-open); beyond the contig's end they are unknown."""
        out = np.full(end - start, _CODES[ord("N")])
        name = None if self.handle is None else self.names.get(canonical(contig))
        if self.handle is not None and name is not None:
            found = _codes(self.handle.fetch(name, start, min(end, self.handle.get_reference_length(name))))
            out[: len(found)] = found
        return out


def _codes(bases: str) -> np.ndarray:
    return _CODES[np.frombuffer(bases.encode("ascii"), np.uint8)]


def _edges(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
