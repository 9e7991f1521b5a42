"""Kernels that decide, for every site and read, which allele the read carries, and count fragments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from truncal.reads.bam_haplotypes import (
    ALTERNATIVE,
    NO_CALL,
    OTHER,
    REFERENCE,
    alternative,
    carried,
    common_prefix,
    leftmost,
)
from truncal.reads.bam_records import Int, N, aligned_base, base_code, int32, layout

REACH = 20
"""Bases on either side of an indel or a substitution in which a read must be aligned to be looked at."""


class SiteArrays(NamedTuple):
    """Sites of one chunk, sorted by contig and start; all (n,) unless said otherwise.

    contig: index in the file's header. start: 0-based first changed base. ref_length: bases replaced.
    alt: codes of the alternative bases, flat, site i's are alt[alt_at[i] : alt_at[i + 1]].
    origin: 0-based position of the first base of the context. context, context_at: codes of the reference
    around the site, flat; N where not known.
    """

    contig: np.ndarray
    start: np.ndarray
    ref_length: np.ndarray
    alt: np.ndarray
    alt_at: np.ndarray
    origin: np.ndarray
    context: np.ndarray
    context_at: np.ndarray


class Records(NamedTuple):
    """`index_records` of a chunk, with `reached`: the furthest end so far on the contig, (n,)."""

    offset: np.ndarray
    contig: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    name: np.ndarray
    reached: np.ndarray


@njit(cache=True, nogil=True)
def furthest_end(contig: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Running maximum of `end` within each contig."""
    out = end.copy()
    for k in range(1, len(out)):
        if contig[k] == contig[k - 1] and out[k - 1] > out[k]:
            out[k] = out[k - 1]
    return out


@njit(cache=True, nogil=True)
def classify(
    data: np.ndarray, records: Records, sites: SiteArrays, min_quality: Int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Calls of every read at every site: call_at (n + 1,), and flat read, call and confidence.

    Reads that say nothing about a site are left out.
    """
    n = len(sites.start)
    call_at = np.zeros(n + 1, np.int64)
    size = max(1024, 2 * len(records.offset))
    read = np.empty(size, np.int64)
    call = np.empty(size, np.int8)
    confidence = np.empty(size, np.int32)
    used = 0
    first = 0
    for site in range(n):
        contig = sites.contig[site]
        start = sites.start[site]
        ref_length = sites.ref_length[site]
        alt = _part(sites.alt, sites.alt_at[site], sites.alt_at[site + 1])
        single = ref_length == 1 and len(alt) == 1
        low = start if single else start - 1 - REACH
        high = start + 1 if single else start + ref_length + REACH
        # `first` only moves on over reads that end before this site, and the sites are sorted
        while first < len(records.offset) and (
            records.contig[first] < contig
            or (records.contig[first] == contig and records.reached[first] <= start - 1 - REACH)
        ):
            first += 1
        last = first
        while last < len(records.offset) and records.contig[last] == contig:
            if layout(data, records.offset[last])[0] >= high:
                break
            last += 1

        origin = sites.origin[site]
        context = _part(sites.context, sites.context_at[site], sites.context_at[site + 1])
        shared: Int = 0
        changed = context
        at = start - origin
        if not single:
            fill_unknown(data, records, first, last, origin, context, min_quality)
            at = leftmost(context, at, ref_length, alt)
            shared = common_prefix(context, at, ref_length, alt)
            changed = alternative(context, at, ref_length, alt)
        ref_code = context[at] if single else np.uint8(N)

        for k in range(first, last):
            if records.end[k] <= low:
                continue
            if single:
                found, phred = substituted(data, records.offset[k], start, ref_code, alt[0], min_quality)
            else:
                found, phred = carried(
                    data,
                    records.offset[k],
                    origin,
                    context,
                    changed,
                    at,
                    ref_length,
                    len(alt),
                    shared,
                    min_quality,
                )
            if found == NO_CALL:
                continue
            if used == len(read):
                read = _doubled(read)
                call = _doubled(call)
                confidence = _doubled(confidence)
            read[used] = k
            call[used] = found
            confidence[used] = phred
            used += 1
        call_at[site + 1] = used
    return call_at, read[:used], call[:used], confidence[:used]


@njit(cache=True, nogil=True)
def _doubled(values: np.ndarray) -> np.ndarray:
    out = np.empty(2 * len(values), values.dtype)
    for i in range(len(values)):
        out[i] = values[i]
    return out


@njit(cache=True, nogil=True)
def _part(values: np.ndarray, low: Int, high: Int) -> np.ndarray:
    out = np.empty(high - low, values.dtype)
    for i in range(high - low):
        out[i] = values[low + i]
    return out


@njit(cache=True, nogil=True)
def substituted(
    data: np.ndarray, record: Int, position: Int, ref_code: Int, alt_code: Int, min_quality: Int
) -> tuple[Int, Int]:
    """(call, base quality) of one read at a single-base site: what is aligned there."""
    i = aligned_base(data, record, position)
    if i < 0:
        return NO_CALL, 0
    _, _, _, sequence, quality, _ = layout(data, record)
    phred = np.int64(data[quality + i])
    if phred < min_quality:
        return NO_CALL, 0
    found = base_code(data, sequence, i)
    if found == alt_code:
        return ALTERNATIVE, phred
    if found == ref_code:
        return REFERENCE, phred
    return (NO_CALL, 0) if found == N else (OTHER, phred)


@njit(cache=True, nogil=True)
def fill_unknown(
    data: np.ndarray,
    records: Records,
    first: Int,
    last: Int,
    origin: Int,
    context: np.ndarray,
    min_quality: Int,
) -> None:
    """Where the context is not known, take what most of the reads have that are aligned there."""
    missing = False
    for i in range(len(context)):
        missing |= context[i] == N
    if not missing:
        return
    votes = np.zeros((len(context), 9), np.int32)
    for k in range(first, last):
        position, cigar, n_cigar, sequence, quality, _ = layout(data, records.offset[k])
        i = 0
        for op in range(n_cigar):
            word = int32(data, cigar + 4 * op)
            kind = word & 15
            length = (word >> 4) & 0xFFFFFFF
            if kind == 0 or kind == 7 or kind == 8:
                for j in range(max(0, origin - position), min(length, origin + len(context) - position)):
                    code = base_code(data, sequence, i + j)
                    if code <= 8 and data[quality + i + j] >= min_quality:
                        votes[position + j - origin, code] += 1
                position += length
                i += length
            elif kind == 2 or kind == 3:
                position += length
            elif kind == 1 or kind == 4:
                i += length
    for i in range(len(context)):
        if context[i] == N:
            most = 0
            for code in (1, 2, 4, 8):
                if votes[i, code] > most:
                    most = votes[i, code]
                    context[i] = code


def resolve_mates(
    n: int, site: np.ndarray, names: np.ndarray, call: np.ndarray, confidence: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One call for each fragment at n sites: fragment_at (n + 1,), and flat name, call and confidence.

    Mates that agree count once, with the better confidence; a fragment whose mates disagree is left out.
    """
    order = np.lexsort((names, site))
    site, names, call, confidence = site[order], names[order], call[order], confidence[order]
    if len(site) == 0:
        return np.zeros(n + 1, np.int64), names, call, confidence
    new = np.concatenate([[True], (site[1:] != site[:-1]) | (names[1:] != names[:-1])])
    first = np.flatnonzero(new)
    agreed = np.minimum.reduceat(call, first) == np.maximum.reduceat(call, first)
    best = np.maximum.reduceat(confidence, first)[agreed]
    first = first[agreed]
    fragment_at = np.searchsorted(site[first], np.arange(n + 1))
    return fragment_at, names[first], call[first], best
