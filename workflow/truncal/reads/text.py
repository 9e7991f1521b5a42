"""The records of a text VCF as whole columns, parsed by NumPy.

This is for the usual file: every line has its columns, contigs are declared, the FORMAT fields wanted are
integers. Whatever is not so makes `read_text` give None, and htslib reads the file, or says what is wrong
with it. What comes back is what htslib would have given (tested on the same files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from truncal.reads.blocks import Damaged, text_blocks
from truncal.reads.header import Header

TAB, NEWLINE, COLON, COMMA, DOT = 9, 10, 58, 44, 46
_FIXED = 9
_MOST_DIGITS = 9
_MOST_FORMATS = 32
_LONGEST = 200
"""Characters of a contig name, FORMAT or field from which a file is left to htslib."""

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z")
_WHOLE = re.compile(r"-?\d{1,9}\Z")
_CHARACTERS = np.array([chr(code) for code in range(128)], dtype=object)


class _Unusual(Exception):
    """The text is not what this module reads."""


@dataclass
class Records:
    """What the first pass collects, one entry a record; filtered: whether any record has a FILTER.

    alt: alternative alleles as the file has them, comma-separated, `.` where there are none.
    raw: packed values of the FORMAT fields (`arrays.pack`), or values: (R, samples, W), NaN where missing.
    """

    chrom: list[str] = field(default_factory=list)
    pos: list[int] = field(default_factory=list)
    ref: list[str] = field(default_factory=list)
    alt: list[str] = field(default_factory=list)
    filters: list[str | None] = field(default_factory=list)
    raw: dict[str, list[bytes]] = field(default_factory=dict)
    values: dict[str, np.ndarray] = field(default_factory=dict)
    info: dict[str, list[Any]] = field(default_factory=dict)
    filtered: bool = False


def read_text(header: Header, fields: Sequence[str], infos: Sequence[str]) -> Records | None:
    """Records of a file, with the FORMAT fields and INFO values asked for; None where htslib must read it."""
    usual = all(header.types.get(f"FORMAT/{name}") == "Integer" for name in fields)
    if not usual or not header.columns or not all(f"INFO/{name}" in header.types for name in infos):
        return None
    if len(set(header.columns)) < len(header.columns):
        return None
    out = Records(info={name: [] for name in infos})
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in fields}
    headed = False
    try:
        for text in text_blocks(header.path):
            start = 0
            if not headed:
                if not text.startswith(b"##"):
                    return None
                start = text.find(b"\n#CHROM\t")
                if start < 0:  # a header longer than a block
                    return None
                start = text.index(b"\n", start + 1) + 1
                headed = True
            if start < len(text):
                _block(text[start:] if start else text, header, blocks, out)
    except (_Unusual, Damaged, OSError):
        return None
    if not out.pos:
        return None
    out.values = {name: _stacked(parts) for name, parts in blocks.items()}
    return out


def _stacked(parts: Sequence[np.ndarray]) -> np.ndarray:
    width = max(part.shape[2] for part in parts)
    if all(part.shape[2] == width for part in parts):
        return np.concatenate(parts) if len(parts) > 1 else parts[0]
    out = np.full((sum(map(len, parts)), parts[0].shape[1], width), np.nan)
    row = 0
    for part in parts:
        out[row : row + len(part), :, : part.shape[2]] = part
        row += len(part)
    return out


def _block(text: bytes, header: Header, blocks: Mapping[str, list[np.ndarray]], out: Records) -> None:
    """Add the records of a block of whole lines."""
    codes = np.frombuffer(text, dtype=np.uint8)
    if not text.isascii() or b"\0" in text or b"\r" in text:
        raise _Unusual
    places = np.flatnonzero((codes == TAB) | (codes == NEWLINE) | (codes == COLON))
    kind = codes[places]
    marks = np.flatnonzero(kind != COLON)
    columns = _FIXED + len(header.columns)
    if len(marks) % columns:
        raise _Unusual
    edge = marks.reshape(-1, columns)
    kind = kind[edge]
    if (kind[:, :-1] != TAB).any() or (kind[:, -1] != NEWLINE).any():
        raise _Unusual
    end = places[edge[:, :_FIXED]]  # (R, 9): where each of the fixed columns ends
    start = np.empty_like(end)
    start[:, 1:] = end[:, :-1] + 1
    start[0, 0] = 0
    start[1:, 0] = places[edge[:-1, -1]] + 1
    length = end - start
    if (length == 0).any():
        raise _Unusual
    decoded = text.decode("ascii")
    _add_places(decoded, codes, start, end, header, out)
    _add_filters(decoded, codes, start[:, 6], end[:, 6], out)
    for name, kept in out.info.items():
        kind_of = header.types[f"INFO/{name}"]
        kept += _infos(decoded, start[:, 7].tolist(), end[:, 7].tolist(), name, kind_of)
    formats, which = _formats(decoded, codes, start[:, 8], end[:, 8])
    before, after = edge[:, _FIXED - 1 : -1], edge[:, _FIXED:]
    size = np.array([len(names) for names in formats])[which]
    if (after - before > size[:, None]).any():
        raise _Unusual  # a cell has more fields than FORMAT names
    eights = np.ndarray((len(text),), "<u8", text + b"\n" * 8, strides=(1,))
    for name, parts in blocks.items():
        at = np.array([names.index(name) if name in names else -1 for names in formats])[which]
        parts.append(_integers(eights, places, before, after, at))


def _add_places(
    text: str, codes: np.ndarray, start: np.ndarray, end: np.ndarray, header: Header, out: Records
) -> None:
    """CHROM, POS, REF and ALT."""
    length = end - start
    same = _as_before(codes, start[:, 0], length[:, 0])
    firsts = np.flatnonzero(~same)
    names = [text[a:b] for a, b in zip(start[firsts, 0].tolist(), end[firsts, 0].tolist(), strict=True)]
    if not set(names) <= header.contigs.keys():
        raise _Unusual
    runs = np.diff(np.append(firsts, len(start)))
    out.chrom += np.repeat(np.array(names, dtype=object), runs).tolist()
    if length[:, 1].max() > _MOST_DIGITS:
        raise _Unusual
    pos = np.zeros(len(start), dtype=np.int64)
    for j in range(int(length[:, 1].max())):
        here = length[:, 1] > j
        digit = codes[np.minimum(start[:, 1] + j, len(codes) - 1)] - np.uint8(48)
        if (digit[here] > 9).any():
            raise _Unusual
        pos = np.where(here, pos * 10 + digit, pos)
    if (pos == 0).any():
        raise _Unusual
    out.pos += pos.tolist()
    out.ref += _texts(text, codes, start[:, 3], end[:, 3])
    out.alt += _texts(text, codes, start[:, 4], end[:, 4])


def _as_before(codes: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Whether each text is that of the line before, (R,)."""
    same = np.zeros(len(start), dtype=bool)
    same[1:] = length[1:] == length[:-1]
    if length.max() > _LONGEST:
        raise _Unusual
    for j in range(int(length.max())):
        place = np.minimum(start + j, len(codes) - 1)
        differs = codes[place[1:]] != codes[place[:-1]]
        same[1:] &= ~differs | (length[1:] <= j)
    return same


def _texts(text: str, codes: np.ndarray, start: np.ndarray, end: np.ndarray) -> list[str]:
    """Texts between places; those of one character share it."""
    out = _CHARACTERS[codes[start]]
    longer = np.flatnonzero(end - start > 1)
    found = [text[a:b] for a, b in zip(start[longer].tolist(), end[longer].tolist(), strict=True)]
    out[longer] = found
    return out.tolist()


def _add_filters(text: str, codes: np.ndarray, start: np.ndarray, end: np.ndarray, out: Records) -> None:
    length = end - start
    none = (length == 1) & (codes[start] == DOT)
    passed = length == 4
    for j, letter in enumerate(b"PASS"):
        passed &= codes[np.minimum(start + j, len(codes) - 1)] == letter
    found: list[str | None] = [None] * len(start)
    for i in np.flatnonzero(~(none | passed)).tolist():
        found[i] = text[start[i] : end[i]]
    out.filters += found
    out.filtered = out.filtered or not none.all()


def _infos(text: str, starts: Sequence[int], ends: Sequence[int], name: str, kind: str) -> list[Any]:
    """Values of one INFO key as htslib gives them, None where a record lacks it."""
    key = f"{name}="
    found: list[Any] = []
    for start, end in zip(starts, ends, strict=True):
        at = text.find(key, start, end) if kind != "Flag" else text.find(name, start, end)
        while at > start and text[at - 1] != ";":  # the end of a longer key, or within a value
            at = text.find(key if kind != "Flag" else name, at + 1, end)
        if at < 0:
            found.append(None)
            continue
        stop = text.find(";", at, end)
        found.append(_value(text[at : stop if stop >= 0 else end], key, kind))
    return found


def _value(said: str, key: str, kind: str) -> Any:
    if kind == "Flag":
        if said + "=" != key:
            raise _Unusual
        return True
    value = said[len(key) :]
    if kind == "String":
        if value in ("", "."):
            raise _Unusual
        return value
    parts = value.split(",")
    if kind == "Float" and all(_NUMBER.match(part) for part in parts):
        numbers: list[Any] = [float(np.float32(part)) for part in parts]
    elif kind == "Integer" and all(_WHOLE.match(part) for part in parts):
        numbers = [int(part) for part in parts]
    else:
        raise _Unusual
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def _formats(
    text: str, codes: np.ndarray, start: np.ndarray, end: np.ndarray
) -> tuple[list[list[str]], np.ndarray]:
    """Names in each distinct FORMAT, and which of them each record has, (R,)."""
    length = end - start
    which = np.full(len(start), -1)
    formats: list[list[str]] = []
    left = np.arange(len(start))
    while len(left):
        a, b = int(start[left[0]]), int(end[left[0]])
        names = text[a:b].split(":")
        if len(formats) == _MOST_FORMATS or b - a > _LONGEST or len(set(names)) < len(names):
            raise _Unusual
        equal = length[left] == b - a
        for j in range(b - a):
            equal &= codes[np.minimum(start[left] + j, len(codes) - 1)] == codes[a + j]
        which[left[equal]] = len(formats)
        formats.append(names)
        left = left[~equal]
    return formats, which


def _integers(
    eights: np.ndarray, places: np.ndarray, before: np.ndarray, after: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Values (R, S, W) of the field that is number `at` (R,) of each cell (−1: not in FORMAT).

    eights: for each character, it and the seven behind it, little-endian. before, after: (R, S) indices into
    `places` of the marks that end the column before and the cell itself.
    """
    shape = before.shape
    first = before + np.maximum(at, 0)[:, None]
    present = ((at >= 0)[:, None] & (first < after)).ravel()
    first = first.ravel()[present]
    start = places[first] + 1
    length = places[first + 1] - start
    if not len(start):
        return np.full((*shape, 1), np.nan)
    longest = int(length.max())
    if longest > _LONGEST or int(length.min()) == 0:
        raise _Unusual
    number = np.zeros(len(start), dtype=np.int64)
    digits = np.zeros(len(start), dtype=np.int8)
    column = np.zeros(len(start), dtype=np.int64)
    missing = np.zeros(len(start), dtype=bool)
    width = 1
    found = np.full((width, len(start)), np.nan)
    window = np.zeros(0, np.uint64)
    for j in range(longest + 1):
        if j % 8 == 0:
            window = eights[np.minimum(start + j, len(eights) - 1)]
        code = (window >> np.uint64(8 * (j % 8))).astype(np.uint8)
        inside = length > j
        value = code - np.uint8(48)
        digit = inside & (value < 10)
        number = np.where(digit, number * 10 + value, number)
        digits += digit
        comma = inside & (code == COMMA)
        dot = inside & (code == DOT)
        if (inside & ~(digit | comma | dot)).any():
            raise _Unusual
        missing |= dot
        ended = np.flatnonzero(comma | (length == j))
        if len(ended):
            if (missing[ended] != (digits[ended] == 0)).any() or (digits[ended] > _MOST_DIGITS).any():
                raise _Unusual
            highest = int(column[ended].max()) + 1
            if highest > width:
                found = np.vstack([found, np.full((highest - width, len(start)), np.nan)])
                width = highest
            found[column[ended], ended] = np.where(missing[ended], np.nan, number[ended])
            number[ended], digits[ended], missing[ended] = 0, 0, False
            column[ended] += 1
    out = np.full((shape[0] * shape[1], width), np.nan)
    out[present] = found.T
    return out.reshape(*shape, width)
