"""What must hold of a BCF's FORMAT values before htslib hands them out.

htslib checks that a record's values lie within the record, but ends the process where a number's values are
stored as text or without a type, and reads past the record's end where it has fewer sample columns than the
header. One pass over the records finds both; it goes through all records of a block side by side, as a
Python loop over every value would cost more than reading the file.

The layout is that of the VCF 4.3 specification, section 6.3.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from truncal.errors import Fault, Faults, UserError
from truncal.reads.precheck import LONGEST_LINE, SHOWN, damage, open_maybe_gzip

_BLOCK = 1 << 23
_CHAR = 7
_SIZE = np.zeros(16, dtype=np.int64)
_SIZE[[1, 2, 3, 5, _CHAR]] = 1, 2, 4, 4, 1
_NUMBERS = np.isin(np.arange(16), (1, 2, 3, 5))


def check_values(vcf: Any, path: Path, columns: int) -> None:
    """Check the FORMAT values of a BCF that is open in a cyvcf2 reader; a text VCF is left alone.

    Raises
    ------
    UserError
        the compression is damaged; records have other sample columns than the header, values of a type that
        the header does not allow, or values beyond the record's end.

    """
    names: dict[int, str] = {}
    texts: set[int] = set()
    for line in vcf.header_iter():
        if line.type == "FORMAT":
            try:
                key, name, kind = int(line["IDX"]), line["ID"], line["Type"]
            except (KeyError, ValueError):  # no key: then no record can have the field
                continue
            names[key] = name
            if kind not in ("Integer", "Float") and name != "GT":  # genotypes are stored as numbers
                texts.add(key)
    stat = path.stat()
    _check(path, columns, tuple(sorted(names.items())), frozenset(texts), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _check(
    path: Path,
    columns: int,
    names: tuple[tuple[int, str], ...],
    texts: frozenset[int],
    _changed: int,
    _size: int,
) -> None:
    faults = Faults()
    try:
        with open_maybe_gzip(path) as handle:
            if handle.read(3) != b"BCF":
                return
            handle.read(2)
            length = int.from_bytes(handle.read(4), "little")
            while length > 0 and (skipped := len(handle.read(min(length, _BLOCK)))):
                length -= skipped
            _scan(handle, path, columns, dict(names), texts, faults)
    except (OSError, EOFError, zlib.error) as error:  # htslib might hand out what comes before the damage
        raise UserError([*faults.found, Fault(damage(error), path)]) from error
    faults.raise_if_any()


def _scan(
    handle: IO[bytes],
    path: Path,
    columns: int,
    names: Mapping[int, str],
    texts: frozenset[int],
    faults: Faults,
) -> None:
    number, rest, wanted = 0, b"", _BLOCK
    while data := handle.read(wanted):
        data = rest + data
        starts: list[int] = []
        at, end, broken = 0, len(data), ""
        while at + 32 <= end:
            shared, individual = struct.unpack_from("<II", data, at)
            length = 8 + shared + individual
            if shared < 24 or length > LONGEST_LINE:
                broken = f"is longer than {LONGEST_LINE >> 20} MB" if shared >= 24 else "is too short"
                break
            if at + length > end:
                break
            starts.append(at)
            at += length
        for record, reason in _faulty(data, np.array(starts, dtype=np.int64), columns, names, texts):
            faults.add(f"record {number + record + 1} {reason}", path)
        if broken:
            faults.add(f"record {number + len(starts) + 1} {broken}", path)
        if broken or len(faults.found) >= SHOWN:
            return
        number += len(starts)
        rest = data[at:]
        wanted = _BLOCK
        if len(rest) >= 8:
            wanted = max(_BLOCK, 8 + sum(struct.unpack_from("<II", rest)) - len(rest))


def _faulty(
    data: bytes, starts: np.ndarray, columns: int, names: Mapping[int, str], texts: frozenset[int]
) -> list[tuple[int, str]]:
    """Records (from 0) whose FORMAT values htslib must not see, with the reason; the first `SHOWN`."""
    buffer = np.frombuffer(data + b"\0" * 16, dtype=np.uint8)  # a value may begin at a record's last byte
    shared, individual, packed = (_unsigned(buffer, starts + offset, 4) for offset in (0, 4, 28))
    fields = packed >> 24
    reasons: dict[int, str] = {}
    for i in np.flatnonzero((packed & 0xFFFFFF) != columns)[:SHOWN].tolist():
        reasons[i] = f"has {packed[i] & 0xFFFFFF} sample columns, the header {columns}"
    at = starts + 8 + shared
    ends = at + individual
    open_ = np.flatnonzero((packed & 0xFFFFFF) == columns)
    for step in range(int(fields.max(initial=0))):
        open_ = open_[fields[open_] > step]
        if not len(open_):
            break
        key, after, sound = _integer(buffer, at[open_])
        kind, count = buffer[after] & 15, (buffer[after] >> 4).astype(np.int64)
        after += 1
        long = np.flatnonzero(count == 15)
        if len(long):
            count[long], after[long], fine = _integer(buffer, after[long])
            sound[long] &= fine & (count[long] >= 0)
        after += count * _SIZE[kind] * columns
        sound &= after <= ends[open_]
        allowed = _NUMBERS[kind]
        for name in np.unique(key[~allowed]).tolist():
            if name in texts:
                allowed |= (key == name) & (kind == _CHAR)
        for i in np.flatnonzero(~(sound & allowed))[:SHOWN].tolist():
            field = f"FORMAT/{names[int(key[i])]}" if int(key[i]) in names else f"FORMAT field {step + 1}"
            what = "values of another type than the header says" if sound[i] else "values beyond its end"
            reasons.setdefault(int(open_[i]), f"is damaged: {field} has {what}")
        at[open_] = after
        open_ = open_[sound & allowed]
    return sorted(reasons.items())[:SHOWN]


def _integer(buffer: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A typed integer at each place: its value, the place behind it, and whether there is one."""
    at = np.minimum(at, len(buffer) - 16)
    width = _SIZE[buffer[at] & 15]
    sound = np.isin(buffer[at], (0x11, 0x12, 0x13))
    value = _unsigned(buffer, at + 1, 4)
    value = np.where(width == 1, value & 0xFF, np.where(width == 2, value & 0xFFFF, value))
    negative = value >> (8 * np.maximum(width, 1) - 1) == 1
    value = np.where(negative, -1, value)  # no key and no length is
    return value, at + 1 + width, sound


def _unsigned(buffer: np.ndarray, at: np.ndarray, width: int) -> np.ndarray:
    value = np.zeros(len(at), dtype=np.int64)
    for byte in range(width):
        value |= buffer[at + byte].astype(np.int64) << (8 * byte)
    return value
