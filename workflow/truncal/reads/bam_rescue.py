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

from truncal.reads.bam_haplotypes import QUALITY_CAP, WRONG_BASE, alternative, common_prefix, leftmost
from truncal.reads.bam_kernel import Records, SiteArrays, fill_unknown
from truncal.reads.bam_records import Int, N, base_code, flag_of, layout

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 15
"""Inserted bases (net) from which reads are looked for that were not placed."""

MATE_WITHIN = 700
"""Bases to either side of the insertion in which the mate is looked for."""

_UNMAPPED = 0x4
_MAPPING_QUALITY = 13  # offset in the record
_LEAST_COMPARED = 2 / 3  # of the read's bases


def is_long(ref_length: np.ndarray, alt_length: np.ndarray) -> np.ndarray:
    """Which changes insert so much that reads may not have been placed, (n,)."""
    return alt_length - ref_length >= LONG


def is_poor(data: np.ndarray, offset: np.ndarray, mapping_quality: int) -> np.ndarray:
    """Which records have no position of their own, or one of too poor a mapping quality, (n,)."""
    return (data[offset + _MAPPING_QUALITY] < mapping_quality) | _unmapped(data, offset)


def rescue(
    data: np.ndarray, poor: Records, good: Records, sites: SiteArrays, rows: Sequence[int], quality: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Site (row of `sites`), name (hash) and confidence of each read that was not placed and fits, flat.

    poor, good: all reads within `MATE_WITHIN` of the sites `rows` that were not, or were, placed (`is_poor`).
    quality: the least base quality that counts.
    """
    candidate = np.flatnonzero(np.isin(poor.name, good.name))
    at_poor = (poor.contig[candidate] << 40) + poor.begin[candidate]
    at_good = np.maximum.accumulate((good.contig << 40) + good.begin)  # clipped ends may disturb the order
    site: list[int] = []
    names = []
    for row in rows:
        low = (sites.contig[row] << 40) + sites.start[row] - MATE_WITHIN
        near = candidate[(at_poor >= low) & (at_poor <= low + 2 * MATE_WITHIN)]
        if not len(near):
            continue
        beside = slice(*np.searchsorted(at_good, [low, low + 2 * MATE_WITHIN]).tolist())
        fits = _fitting(
            data,
            poor.offset[near],
            Records(*(part[beside] for part in good)),
            int(sites.origin[row]),
            sites.context[sites.context_at[row] : sites.context_at[row + 1]].copy(),
            int(sites.start[row] - sites.origin[row]),
            int(sites.ref_length[row]),
            sites.alt[sites.alt_at[row] : sites.alt_at[row + 1]].copy(),
            quality,
        )
        site += [row] * int(fits.sum())
        names.append(poor.name[near][fits])
    empty = np.empty(0, np.int64)
    confidence = np.full(len(site), quality + WRONG_BASE)
    return np.array(site, np.int64), np.concatenate([empty, *names]), confidence


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
    """Whether each of the reads carries the insertion, (n,)."""
    fill_unknown(data, good, 0, len(good.offset), origin, context, min_quality)
    at = leftmost(context, start, ref_length, alt)
    shared = common_prefix(context, at, ref_length, alt)
    changed = alternative(context, at, ref_length, alt)
    out = np.zeros(len(offset), np.bool_)
    for k in range(len(offset)):
        length = layout(data, offset[k])[5]
        bases = np.empty((2, length), np.int64)
        phred = np.empty((2, length), np.int64)
        # what a read with as many errors as may be would cost, and as much again for bases of poor quality
        best: Int = 2 * (1 + length // 10) * (QUALITY_CAP + WRONG_BASE)
        fits = False
        for turned in range(2):
            _bases(data, offset[k], turned, bases[turned], phred[turned])
            # from the base before the insertion to the first base that differs
            for place in range(max(at + shared - length + 1, -length), at):
                cost, wrong, compared = _laid(bases[turned], phred[turned], changed, place, best, min_quality)
                if cost < best:
                    best = cost
                    fits = bool(10 * wrong <= 10 + compared and compared >= _LEAST_COMPARED * length)
        least = best + min_quality + WRONG_BASE
        for turned in range(2):
            for place in range(-length // 3, len(context) - 2 * length // 3):
                if not fits:
                    break
                cost, _, compared = _laid(bases[turned], phred[turned], context, place, least, min_quality)
                fits = bool(cost >= least or compared < _LEAST_COMPARED * length)
        out[k] = fits
    return out


@njit(cache=True, nogil=True)
def _bases(data: np.ndarray, record: Int, turned: Int, bases: np.ndarray, phred: np.ndarray) -> None:
    """Fill in the read's bases and qualities, or those of its reverse complement."""
    _, _, _, sequence, quality, length = layout(data, record)
    for i in range(length):
        j = length - 1 - i if turned else i
        code = base_code(data, sequence, j)
        if turned:  # the bits of a complement's code are those of the base in reverse
            code = (code & 1) << 3 | (code & 2) << 1 | (code & 4) >> 1 | (code & 8) >> 3
        bases[i] = code
        phred[i] = np.int64(data[quality + j])


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
            cost += min(phred[i], max(QUALITY_CAP, min_quality)) + WRONG_BASE
            wrong += phred[i] >= min_quality
            if cost > most:
                break
    return cost, wrong, compared
