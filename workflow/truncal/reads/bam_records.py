"""BAM records as bytes: kernels that find their way in a flat buffer (SAM specification v1, section 4.2)."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit

Int: TypeAlias = int | np.integer

# 4-bit base codes of the specification: =ACMGRSVTWYHKDBN; N (15) is also what is not known.
A, C, G, T, N = 1, 2, 4, 8, 15

# offsets inside a record, from its block_size field on
_REF_ID, _POS, _NAME_LENGTH, _N_CIGAR, _FLAG, _SEQ_LENGTH, _NAME = 4, 8, 12, 16, 18, 20, 36


@njit(cache=True, nogil=True)
def int32(data: np.ndarray, at: Int) -> Int:
    """Little-endian signed 32-bit integer at `at`."""
    value = (
        np.int64(data[at])
        | (np.int64(data[at + 1]) << 8)
        | (np.int64(data[at + 2]) << 16)
        | (np.int64(data[at + 3]) << 24)
    )
    return value - (np.int64(1) << 32) if value >= (np.int64(1) << 31) else value


@njit(cache=True, nogil=True)
def flag_of(data: np.ndarray, record: Int) -> Int:
    """Flags of a record."""
    return np.int64(data[record + _FLAG]) | (np.int64(data[record + _FLAG + 1]) << 8)


@njit(cache=True, nogil=True)
def layout(data: np.ndarray, record: Int) -> tuple[Int, Int, Int, Int, Int, Int]:
    """(start, cigar offset, cigar operations, sequence offset, quality offset, read length) of a record.

    start: 0-based position of the first aligned base.
    """
    n_cigar = np.int64(data[record + _N_CIGAR]) | (np.int64(data[record + _N_CIGAR + 1]) << 8)
    length = int32(data, record + _SEQ_LENGTH)
    cigar = record + _NAME + np.int64(data[record + _NAME_LENGTH])
    sequence = cigar + 4 * n_cigar
    return int32(data, record + _POS), cigar, n_cigar, sequence, sequence + (length + 1) // 2, length


@njit(cache=True, nogil=True)
def base_code(data: np.ndarray, sequence: Int, i: Int) -> Int:
    """4-bit code of base i of the read."""
    byte = data[sequence + (i >> 1)]
    return np.int64(byte & 15) if i & 1 else np.int64(byte >> 4)


@njit(cache=True, nogil=True)
def index_records(data: np.ndarray, first: Int) -> tuple[np.ndarray, ...]:
    """Where each record is and what it covers, from offset `first` on.

    Returns offset, contig, begin, end (0-based, half-open, soft-clipped ends included) and name (a 64-bit
    FNV-1a hash of the read name), each (n,) int64.
    """
    n = 0
    at = first
    while at < len(data):
        at += int32(data, at) + 4
        n += 1
    offset = np.empty(n, np.int64)
    contig = np.empty(n, np.int64)
    begin = np.empty(n, np.int64)
    end = np.empty(n, np.int64)
    name = np.empty(n, np.int64)
    at = first
    for k in range(n):
        offset[k] = at
        contig[k] = int32(data, at + _REF_ID)
        start, cigar, n_cigar, _, _, _ = layout(data, at)
        position = start
        lead: Int = 0
        tail: Int = 0
        for op in range(n_cigar):
            word = int32(data, cigar + 4 * op)
            kind = word & 15
            length = (word >> 4) & 0xFFFFFFF
            if kind == 0 or kind == 2 or kind == 3 or kind == 7 or kind == 8:
                position += length
            elif kind == 4:
                if position == start and tail == 0 and lead == 0:
                    lead = length
                else:
                    tail = length
        begin[k] = start - lead
        end[k] = position + tail
        value = np.uint64(14695981039346656037)
        for i in range(np.int64(data[at + _NAME_LENGTH]) - 1):
            value = (value ^ np.uint64(data[at + _NAME + i])) * np.uint64(1099511628211)
        name[k] = np.int64(value)
        at += int32(data, at) + 4
    return offset, contig, begin, end, name


@njit(cache=True, nogil=True)
def aligned_base(data: np.ndarray, record: Int, target: Int) -> Int:
    """Index in the read of the base aligned at reference position `target`, or -1 where there is none."""
    position, cigar, n_cigar, _, _, _ = layout(data, record)
    i = 0
    for op in range(n_cigar):
        word = int32(data, cigar + 4 * op)
        kind = word & 15
        length = (word >> 4) & 0xFFFFFFF
        if kind == 0 or kind == 7 or kind == 8:
            if target < position + length:
                return i + target - position if target >= position else -1
            position += length
            i += length
        elif kind == 2 or kind == 3:
            position += length
        elif kind == 1 or kind == 4:
            i += length
    return -1
