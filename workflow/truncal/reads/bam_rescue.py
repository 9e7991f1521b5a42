"""Reads of long insertions that the aligner could not place.

A read that lies mostly in inserted bases has too little of the reference to be aligned: it comes without a
position, or with a poor mapping quality. Its mate tells where it belongs. Such a read counts for the
insertion where it fits the alternative haplotype nearly without error, there reaches from the base before the
insertion to the first inserted base that tells the two apart (as every other read must), and fits the
reference nowhere near as well. Without them the allele frequency of an insertion of half a read's length is
too low by a tenth and more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from truncal.reads.bam_haplotypes import alternative, common_prefix, leftmost
from truncal.reads.bam_kernel import Records, SiteArrays, fill_unknown
from truncal.reads.bam_records import Int, N, base_code, flag_of, index_records, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 15
"""Inserted bases (net) from which reads are looked for that were not placed."""

MATE_WITHIN = 700
"""Bases to either side of the insertion in which the mate is looked for."""

_WRONG_BASE, _QUALITY_CAP = 5, 40  # as in `bam_haplotypes`
_UNMAPPED = 0x4
_MAPPING_QUALITY = 13  # offset in the record
_LEAST_COMPARED = 2 / 3  # of the read's bases


def is_long(ref_length: np.ndarray, alt_length: np.ndarray) -> np.ndarray:
    """Which changes insert so much that reads may not have been placed, (n,)."""
    return alt_length - ref_length >= LONG


def rescue(
    data: np.ndarray, first: int, sites: SiteArrays, rows: Sequence[int], quality: int, mapping_quality: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site (row of `sites`), name (hash) and confidence of each read that was not placed and fits, flat.

    data: all reads within `MATE_WITHIN` of the sites `rows`, whatever their mapping quality, as an
    uncompressed BAM with its first record at `first`. quality, mapping_quality: the least that count.
    """
    offset, contig, begin, end, name = index_records(data, first)
    poor = (data[offset + _MAPPING_QUALITY] < mapping_quality) | _unmapped(data, offset)
    candidate = np.flatnonzero(poor & np.isin(name, name[~poor]))
    placed = np.flatnonzero(~poor)
    key = (contig << 40) + begin
    site, names, confidence = [], [], []
    for row in rows:
        around = MATE_WITHIN
        low = (sites.contig[row] << 40) + sites.start[row] - around
        near = candidate[(key[candidate] >= low) & (key[candidate] <= low + 2 * around)]
        if not len(near):
            continue
        beside = placed[(key[placed] >= low) & (key[placed] <= low + 2 * around)]
        good = Records(offset[beside], contig[beside], begin[beside], end[beside], name[beside], end[beside])
        found = _fitting(
            data,
            offset[near],
            good,
            int(sites.origin[row]),
            sites.context[sites.context_at[row] : sites.context_at[row + 1]].copy(),
            int(sites.start[row] - sites.origin[row]),
            int(sites.ref_length[row]),
            sites.alt[sites.alt_at[row] : sites.alt_at[row + 1]].copy(),
            quality,
        )
        fits = found > 0
        site += [row] * int(fits.sum())
        names.append(name[near][fits])
        confidence.append(found[fits])
    empty = np.empty(0, np.int64)
    return np.array(site, np.int64), np.concatenate([empty, *names]), np.concatenate([empty, *confidence])


@njit(cache=True, nogil=True)
def _unmapped(data: np.ndarray, offset: np.ndarray) -> np.ndarray:
    out = np.zeros(len(offset), np.bool_)
    for k in range(len(offset)):
        out[k] = flag_of(data, offset[k]) & _UNMAPPED != 0
    return out


@njit(cache=True, nogil=True)
def _fitting(
    data: np.ndarray,
    offset: np.ndarray,
    good: Records,
    origin: Int,
    context: np.ndarray,
    start: Int,
    ref_length: Int,
    alt: np.ndarray,
    min_quality: Int,
) -> np.ndarray:
    """Confidence (Phred) that each of the reads carries the insertion, 0 where it does not fit, (n,)."""
    fill_unknown(data, good, 0, len(good.offset), origin, context, min_quality)
    at = leftmost(context, start, ref_length, alt)
    shared = common_prefix(context, at, ref_length, alt)
    changed = alternative(context, at, ref_length, alt)
    out = np.zeros(len(offset), np.int64)
    for k in range(len(offset)):
        _, _, _, sequence, quality, length = layout(data, offset[k])
        bases = np.empty(length, np.int64)
        phred = np.empty(length, np.int64)
        best: Int = np.int64(1) << 60
        fits: bool | np.bool_ = False
        reference: Int = np.int64(1) << 60
        for turned in range(2):
            for i in range(length):
                j = length - 1 - i if turned else i
                code = base_code(data, sequence, j)
                if turned:  # the bits of a complement's code are those of the base in reverse
                    code = (code & 1) << 3 | (code & 2) << 1 | (code & 4) >> 1 | (code & 8) >> 3
                bases[i] = code
                phred[i] = np.int64(data[quality + j])
            # from the base before the insertion to the first base that differs
            for place in range(max(at + shared - length + 1, -length), at):
                cost, wrong, compared = _laid(bases, phred, changed, place, best, min_quality)
                if cost < best:
                    best = cost
                    fits = 10 * wrong <= 10 + compared and compared >= _LEAST_COMPARED * length
            for place in range(-length // 3, len(context) - 2 * length // 3):
                cost, _, compared = _laid(bases, phred, context, place, reference, min_quality)
                if cost < reference and compared >= _LEAST_COMPARED * length:
                    reference = cost
        if fits and reference - best >= min_quality + _WRONG_BASE:
            out[k] = min(reference - best, np.int64(1) << 20)
    return out


@njit(cache=True, nogil=True)
def _laid(
    bases: np.ndarray, phred: np.ndarray, haplotype: np.ndarray, place: Int, most: Int, min_quality: Int
) -> tuple[Int, Int, Int]:
    """Penalty, good mismatches and compared bases of a read from `place` on; given up beyond `most`."""
    cost: Int = 0
    wrong: Int = 0
    compared: Int = 0
    for i in range(max(0, -place), min(len(bases), len(haplotype) - place)):
        expected = haplotype[place + i]
        if expected == N or bases[i] == N:
            continue
        compared += 1
        if bases[i] != expected:
            cost += min(phred[i], max(_QUALITY_CAP, min_quality)) + _WRONG_BASE
            wrong += phred[i] >= min_quality
            if cost > most:
                break
    return cost, wrong, compared
