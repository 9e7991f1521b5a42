"""Which haplotype a read carries: its bases are laid over the reference and the alternative sequence.

A read is placed by the bases that are aligned next to the variant on its left, and by those on its right,
on both haplotypes without gaps; soft-clipped ends take part. The haplotype whose best placement has the
smaller penalty wins, if the difference is at least one base of the minimum quality. It counts only where the
read reaches, on the haplotype that it carries, from the base before the variant to the first base that tells
the two apart: reads of both haplotypes then have the same chance to be counted, and the allele frequency is
not biased by the length of the indel. A read that fits its own gap in the alignment better than either is
some other allele (exon-19 deletions of EGFR differ by a single base). The idea of deciding between haplotypes
rather than between alignments is that of Albers et al. 2011 (Dindel, Genome Research 21:961).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from truncal.reads.bam_records import Int, N, base_code, int32, layout

REFERENCE, ALTERNATIVE, OTHER, NO_CALL = 0, 1, 2, 3

FLANK = 12
"""Bases on either side of the variant that are compared."""

_MISSING = -(1 << 60)
WRONG_BASE = 5  # Phred of the three ways to be wrong, -10 log10(1/3)
QUALITY_CAP = 40


@njit(cache=True, nogil=True)
def leftmost(context: np.ndarray, start: Int, ref_length: Int, alt: np.ndarray) -> Int:
    """Start of the leftmost equal placement of a pure insertion or deletion; `alt` is rotated in place.

    context: codes of the reference; start: index of the first changed base in it.
    """
    if ref_length > 0 and len(alt) > 0:
        return start
    while start > 1:
        last = alt[-1] if ref_length == 0 else context[start + ref_length - 1]
        if context[start - 1] != last or last == N:
            break
        if ref_length == 0:
            for i in range(len(alt) - 1, 0, -1):
                alt[i] = alt[i - 1]
            alt[0] = last
        start -= 1
    return start


@njit(cache=True, nogil=True)
def common_prefix(context: np.ndarray, start: Int, ref_length: Int, alt: np.ndarray) -> Int:
    """Bases from the variant's start on that both haplotypes share."""
    shared = 0
    while True:
        i = start + shared
        j = start + ref_length + shared - len(alt)
        if i >= len(context) or j >= len(context):
            return shared
        on_alt = alt[shared] if shared < len(alt) else context[j]
        if context[i] != on_alt or on_alt == N:
            return shared
        shared += 1


@njit(cache=True, nogil=True)
def alternative(context: np.ndarray, start: Int, ref_length: Int, alt: np.ndarray) -> np.ndarray:
    """The context with the variant in it."""
    out = np.empty(len(context) - ref_length + len(alt), np.uint8)
    for i in range(len(out)):  # slices would take longer to compile than the rest of this module
        if i < start:
            out[i] = context[i]
        elif i < start + len(alt):
            out[i] = alt[i - start]
        else:
            out[i] = context[i - len(alt) + ref_length]
    return out


@njit(cache=True, nogil=True)
def anchors(data: np.ndarray, record: Int, left: Int, right: Int, far: Int) -> tuple[Int, Int, Int, Int, Int]:
    """How the read lies beside the variant.

    Returns the reference position of the read's base 0 according to the last base aligned at or before
    `left`, to the first at or after `right` and to the first at or after `far` (`_MISSING` where there is
    none), and the stretch of the read, half-open, that no skipped region (N) separates from the variant.
    """
    position, cigar, n_cigar, _, _, read_length = layout(data, record)
    from_left: Int = _MISSING
    from_right: Int = _MISSING
    from_far: Int = _MISSING
    low = 0
    high: Int = read_length
    i = 0
    for op in range(n_cigar):
        word = int32(data, cigar + 4 * op)
        kind = word & 15
        length = (word >> 4) & 0xFFFFFFF
        if kind == 0 or kind == 7 or kind == 8:
            if position <= left:
                from_left = position - i
            if from_right == _MISSING and position + length > right:
                from_right = position - i
            position += length
            i += length
            if position > far:
                from_far = position - i
                if op + 1 < n_cigar and int32(data, cigar + 4 * (op + 1)) & 15 == 3:
                    high = i
                break
        elif kind == 2:
            position += length
        elif kind == 3:
            if position > left:
                high = i
                break
            position += length
            from_left = _MISSING
            low = i
        elif kind == 1 or kind == 4:
            i += length
    return from_left, from_right, from_far, low, high


@njit(cache=True, nogil=True)
def penalty(
    data: np.ndarray,
    sequence: Int,
    quality: Int,
    low: Int,
    high: Int,
    haplotype: np.ndarray,
    offset: Int,
    inner_low: Int,
    inner_high: Int,
    min_quality: Int,
) -> tuple[Int, Int, Int]:
    """Phred penalty of the mismatches of read bases low..high laid on `haplotype` from `offset` on.

    Also the number of mismatches of good quality and of bases compared within inner_low..inner_high of the
    haplotype. Bases outside the haplotype and unknown ones cost nothing.
    """
    total: Int = 0
    wrong: Int = 0
    compared: Int = 0
    for i in range(max(low, -offset), min(high, len(haplotype) - offset)):
        expected = haplotype[offset + i]
        found = base_code(data, sequence, i)
        if expected == N or found == N:
            continue
        inside = inner_low <= offset + i < inner_high
        compared += inside
        if found != expected:
            phred = np.int64(data[quality + i])
            total += min(phred, max(QUALITY_CAP, min_quality)) + WRONG_BASE
            wrong += inside and phred >= min_quality
    return total, wrong, compared


@njit(cache=True, nogil=True)
def own_gap(
    data: np.ndarray,
    record: Int,
    context: np.ndarray,
    origin: Int,
    first: Int,
    last: Int,
    left: Int,
    right: Int,
    min_quality: Int,
) -> tuple[bool, Int, bool, Int]:
    """What the read's own alignment says of bases first..last.

    Returns whether it has a gap that touches left..right of the reference, the net length of these gaps
    (insertions positive), whether bases were inserted, and the penalty of the mismatches at aligned bases.
    No gap is told where one of the bases is clipped: the alignment then tells only part.
    """
    position, cigar, n_cigar, sequence, quality, _ = layout(data, record)
    touches = False
    inserted = False
    net: Int = 0
    cost: Int = 0
    i: Int = 0
    for op in range(n_cigar):
        word = int32(data, cigar + 4 * op)
        kind = word & 15
        length = (word >> 4) & 0xFFFFFFF
        if kind == 0 or kind == 7 or kind == 8:
            for k in range(max(0, first - i), min(length, last - i)):
                at = position + k - origin
                if 0 <= at < len(context) and context[at] != N:
                    found = base_code(data, sequence, i + k)
                    if found != N and found != context[at]:
                        phred = np.int64(data[quality + i + k])
                        cost += min(phred, max(QUALITY_CAP, min_quality)) + WRONG_BASE
            position += length
            i += length
        elif kind == 2:
            if first <= i <= last and position <= right and position + length >= left:
                touches = True
                net -= length
            position += length
        elif kind == 3:
            position += length
        elif kind == 1:
            if first < i + length and i < last and left <= position <= right:
                touches = True
                inserted = True
                net += length
            i += length
        elif kind == 4:
            if first < i + length and i < last:
                return False, 0, False, 0
            i += length
    return touches, net, inserted, cost


@njit(cache=True, nogil=True)
def carried(
    data: np.ndarray,
    record: Int,
    origin: Int,
    context: np.ndarray,
    changed: np.ndarray,
    start: Int,
    ref_length: Int,
    alt_length: Int,
    shared: Int,
    min_quality: Int,
) -> tuple[Int, Int]:
    """(call, confidence in Phred) of one read.

    origin: reference position of context[0]; changed: `alternative` of the context; start: index of the
    first changed base; shared: `common_prefix`.
    """
    _, _, _, sequence, quality, length = layout(data, record)
    same_length = ref_length == alt_length
    if same_length:
        shared = 0  # a substitution has one placement only
    right = start + ref_length
    from_left, from_right, from_far, low, high = anchors(
        data, record, origin + start - 1, origin + right, origin + right + shared
    )
    longest = max(ref_length, alt_length) + shared
    first: Int = length
    last: Int = 0
    if from_left != _MISSING:
        i = origin + start - 1 - from_left
        first = i - FLANK
        last = i + 1 + longest + FLANK
    if from_right != _MISSING:
        i = origin + right - from_right
        first = min(first, i - longest - FLANK)
        last = max(last, i + shared + FLANK)
    if from_far != _MISSING and from_far != from_right:
        i = origin + right + shared - from_far
        first = min(first, i - longest - FLANK)
        last = max(last, i + FLANK)
    first = max(first, low)
    last = min(last, high)
    if first >= last:
        return NO_CALL, 0

    best = np.full(2, np.int64(1) << 60)
    place = np.zeros(2, np.int64)
    wrong = np.zeros(2, np.int64)
    compared = np.zeros(2, np.int64)
    for side in range(3):
        anchor = from_left if side == 0 else from_right if side == 1 else from_far
        if anchor == _MISSING or (side == 2 and anchor == from_right):
            continue
        for which in range(2):
            offset = anchor - origin
            if which == 0:
                if side == 1 and anchor == from_left:
                    continue
            elif side > 0:
                offset += alt_length - ref_length
                if same_length and anchor == from_left:
                    continue
            cost, errors, bases = penalty(
                data,
                sequence,
                quality,
                first,
                last,
                context if which == 0 else changed,
                offset,
                start - FLANK,
                start + (ref_length if which == 0 else alt_length) + shared + FLANK,
                min_quality,
            )
            if cost < best[which]:
                best[which] = cost
                place[which] = offset
                wrong[which] = errors
                compared[which] = bases

    winner = ALTERNATIVE if best[1] < best[0] else REFERENCE
    # from the base before an indel to the first base that differs; every base of a substitution
    needed_low = start if same_length else start - 1
    needed_high = start + ref_length - 1 if same_length else start + shared
    if place[winner] + max(low, 0) > needed_low or place[winner] + high <= needed_high:
        return NO_CALL, 0
    confidence = abs(best[0] - best[1])
    if not same_length and best[winner] >= min_quality + WRONG_BASE:
        touches, net, inserted, cost = own_gap(
            data,
            record,
            context,
            origin,
            first,
            last,
            origin + start,
            origin + right + shared,
            min_quality,
        )
        # bases inserted in the same number are the alternative's, with an error in them
        another = touches and (not inserted or net != alt_length - ref_length)
        if another and best[winner] - cost >= min_quality + WRONG_BASE:
            return OTHER, confidence
    if 10 * wrong[winner] > 10 + compared[winner]:
        return OTHER, confidence
    if confidence < min_quality + WRONG_BASE:
        return (OTHER, confidence) if same_length and best[winner] > 0 else (NO_CALL, confidence)
    return winner, confidence
