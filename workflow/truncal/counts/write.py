"""The counts step's files. Rows are put together from pieces that many share, as there may be a million."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.copynumber.segments import Segments
from truncal.counts.copies import Copies
from truncal.counts.union import SOURCES, Exclusion, Union
from truncal.tables import atomic, cell, write_rows

COUNTS = (
    "mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn",
    "tumour_content", "error_rate", "chrom", "pos", "ref", "alt", "gene", "hgvsp", "hgvsc", "transcript",
    "normal_alt", "normal_depth", "major_cn_2", "minor_cn_2", "cn_fraction_2", "segment", "source",
)  # fmt: skip
NOT_CALLED = (
    "mutation_id", "sample_id", "major_cn", "minor_cn", "normal_cn", "tumour_content",
    "major_cn_2", "minor_cn_2", "cn_fraction_2",
)  # fmt: skip
SAMPLES = (
    "sample_id", "kind", "site", "timepoint", "day", "sex", "purity", "ploidy", "wgd", "median_depth",
    "n_called", "n_not_called", "purity_low", "purity_high", "purity_source",
)  # fmt: skip
SEGMENTS = (
    "sample_id", "chrom", "start", "end", "major_cn", "minor_cn", "major_cn_2", "minor_cn_2", "cn_fraction_2",
)  # fmt: skip
EXCLUDED = ("mutation_id", "sample_id", "stage", "reason", "detail")
VARIANT = ("gene", "hgvsp", "hgvsc", "transcript")

Pieces = tuple[np.ndarray, np.ndarray]
"""Distinct texts of one part of the rows, as bytes, and which of them each row has."""

ROWS_AT_ONCE = 1 << 14
"""Rows put together at a time: what is in the processor's cache is written faster."""


def write_counts(
    path: Path,
    ids: Sequence[str],
    union: Union,
    copies: Copies,
    rows: tuple[np.ndarray, ...],
    sample_ids: Sequence[str],
    purity: Sequence[float],
    error_rate: float,
    annotation: Mapping[str, Sequence[str | None]],
) -> None:
    """Write counts.tsv; `rows` are the (mutation, sample) indices of its rows, in order."""
    mutation, sample = rows
    (before, after), code = _states(copies, mutation, sample, purity)
    columns = [annotation.get(name) or [None] * len(union) for name in VARIANT]
    if any(any(column) for column in columns):
        genes = ["\t".join([value or "NA" for value in values]) for values in zip(*columns, strict=True)]
    else:
        genes = ["\t".join(["NA"] * len(VARIANT))] * len(union)
    # what is the same in every row goes into a text that is looked up anyway: fewer pieces are faster
    unknown = bool(np.isnan(union.normal_depth[mutation, sample]).all())
    normal = "NA\tNA\t" if unknown else ""
    source = union.source[mutation, sample]
    origin = f"{SOURCES[source[0]]}\n" if len(source) and (source == source[0]).all() else ""
    one = len(set(after)) == 1 and bool(origin) and unknown
    tail = f"{normal}{after[0]}\t{origin}" if one else normal
    variant = [
        f"{chrom}\t{pos}\t{ref}\t{alt}\t{gene}\t{tail}"
        for chrom, (_, pos, ref, alt), gene in zip(union.chrom, union.key, genes, strict=True)
    ]
    alt = union.alt[mutation, sample].astype(np.int64)
    ref = union.depth[mutation, sample].astype(np.int64) - alt
    pieces = [
        _text([f"{name}\t" for name in ids], mutation),
        _text([f"{name}\t" for name in sample_ids], sample),
        _whole(ref),
        _whole(alt),
        _text([f"{text}\t{cell(error_rate)}\t" for text in before], code),
        _text(variant, mutation),
    ]
    if not unknown:
        pieces += [_whole(values[mutation, sample]) for values in (union.normal_alt, union.normal_depth)]
    if not one:
        pieces.append(_text([f"{text}\t{origin}" for text in after], code))
    if not origin:
        pieces.append(_text([f"{name}\n" for name in SOURCES], source))
    _write_pieces(path, COUNTS, pieces)


def write_not_called(
    path: Path,
    ids: Sequence[str],
    copies: Copies,
    rows: tuple[np.ndarray, ...],
    sample_ids: Sequence[str],
    purity: Sequence[float],
) -> None:
    """Write not_called.tsv; `rows` are the (mutation, sample) indices of its rows, in order."""
    mutation, sample = rows
    if not len(mutation):
        _write_lines(path, NOT_CALLED, [])
        return
    (first, second), code = _states(copies, mutation, sample, purity)
    pieces = (
        _text([f"{name}\t" for name in ids], mutation),
        _text([f"{name}\t" for name in sample_ids], sample),
        _text([f"{text}\t" for text in first], code),
        # without the segment's name
        _text([text.rpartition("\t")[0] + "\n" for text in second], code),
    )
    _write_pieces(path, NOT_CALLED, pieces)


def write_segments(path: Path, segments: Sequence[Segments | None], sample_ids: Sequence[str]) -> None:
    """Write segments.tsv; samples without segments have no rows."""
    rows = []
    for name, part in zip(sample_ids, segments, strict=True):
        if part is None:
            continue
        columns = (
            part.chrom, part.start, part.end, part.major, part.minor, part.major_2,
            part.minor_2, part.fraction_2,
        )  # fmt: skip
        for values in zip(*(column.tolist() for column in columns), strict=True):
            rows.append(dict(zip(SEGMENTS, (name, *values), strict=True)))
    write_rows(path, SEGMENTS, rows)


def write_samples(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write samples.tsv."""
    write_rows(path, SAMPLES, rows)


def write_excluded(path: Path, excluded: Sequence[Exclusion]) -> None:
    """Write excluded.tsv."""
    lines = [
        f"{row.mutation}\t{row.sample or 'NA'}\tcounts\t{row.reason}\t{_one_line(row.detail)}\n"
        for row in excluded
    ]
    _write_lines(path, EXCLUDED, lines)


def _write_lines(path: Path, header: Sequence[str], lines: Sequence[str]) -> None:
    with atomic(path, "wb") as handle:
        handle.write(("\t".join(header) + "\n").encode())
        handle.write("".join(lines).encode())


def _write_pieces(path: Path, header: Sequence[str], pieces: Sequence[Pieces]) -> None:
    """Write rows given as columns of text pieces; sharing the texts is faster than formatting each row."""
    rows = len(pieces[0][1])
    with atomic(path, "wb") as handle:
        handle.write(("\t".join(header) + "\n").encode())
        for start in range(0, rows, ROWS_AT_ONCE):
            stop = min(start + ROWS_AT_ONCE, rows)
            table = np.empty((stop - start, len(pieces)), dtype=object)
            for i, (texts, code) in enumerate(pieces):
                table[:, i] = texts[code[start:stop]]
            handle.write(b"".join(table.ravel().tolist()))


def _text(values: Sequence[str], code: np.ndarray) -> Pieces:
    out = np.empty(len(values), dtype=object)
    if len(values):
        encoded = "\0".join(values).encode().split(b"\0")  # several times faster than one by one
        out[:] = encoded if len(encoded) == len(values) else [value.encode() for value in values]
    return out, code


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "NA"


def _whole(values: np.ndarray) -> Pieces:
    """Text of whole numbers ≥ 0, missing ones `NA`, each with a tab behind it."""
    numbers = np.nan_to_num(values, nan=-1).astype(np.int64)
    highest = int(numbers.max(initial=0))
    if highest > 100_000:  # a table of all numbers would be longer than worth while
        distinct, code = np.unique(numbers, return_inverse=True)
        return _text(["NA\t" if number < 0 else f"{number}\t" for number in distinct.tolist()], code)
    return _text([*(f"{number}\t" for number in range(highest + 1)), "NA\t"], numbers)


def _states(
    copies: Copies, mutation: np.ndarray, sample: np.ndarray, purity: Sequence[float]
) -> tuple[tuple[list[str], list[str]], np.ndarray]:
    """Texts of the distinct copy-number states and each row's code into them.

    First text: major, minor, normal copies and purity; second: the second population and the segment's name.
    """
    normal = copies.normal[mutation].astype(np.int64)
    index = copies.index[mutation, sample] + 1
    # rows without a segment differ by nothing but sample and normal copies
    width, most = int(normal.max(initial=0)) + 1, int(index.max(initial=0)) + 1
    key = (sample * most + index) * width + normal
    first = np.full(int(key.max(initial=0)) + 1, -1, dtype=np.int64)
    first[key[::-1]] = np.arange(len(key))[::-1]
    used = np.flatnonzero(first >= 0)
    code = np.zeros(len(first), dtype=np.int64)
    code[used] = np.arange(len(used))
    first, code = first[used], code[key]
    before, after = [], []
    for row in first.tolist():
        m, s = mutation[row], sample[row]
        before.append(
            "\t".join(map(cell, (copies.major[m, s], copies.minor[m, s], int(copies.normal[m]), purity[s])))
        )
        name = copies.text[s][copies.index[m, s]] if copies.index[m, s] >= 0 else None
        after.append(
            "\t".join(map(cell, (copies.major_2[m, s], copies.minor_2[m, s], copies.fraction_2[m, s], name)))
        )
    return (before, after), code
