"""Copy-number segments of one tumour sample, and their join to mutations.

How to use it::

    segments = read_segments("P1_R1.segments.txt", ["P1_R1"], build="GRCh37")   # readers.py
    joined = join(segments, chrom, pos)      # arrays of the mutations' length; index -1 where no segment is
    joined.major, joined.minor               # only the total known: minor is NaN and major is the total
    segment_names(segments)[joined.index]    # "chrom:start-end"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from truncal.copynumber.genome import LENGTHS, beyond_end, builds_that_fit, canonical_names
from truncal.errors import Fault, Faults, UserError

_CHROMOSOME_BITS = 40  # a contig's code and a position share one int64 key
_COPIES = ("major", "minor", "major_2", "minor_2", "fraction_2")
_SHOWN = 5  # faults of one kind that are listed in full


@dataclass(frozen=True)
class Segments:
    """Segments of one sample, sorted by chromosome and start, none overlapping; arrays have shape (M,).

    chrom: `canonical` names (object). start, end: 1-based, inclusive (int64). major, minor: mean copies per
    cancer cell, or those of the first population where major_2, minor_2 and fraction_2 give a second one;
    fraction_2 is its share of the *cancer* cells. All three are NaN where there is none. Alleles keep their
    identity between the populations, major being the one with more copies on average, so minor_2 may exceed
    major_2. Where only the total is known, minor is NaN and major holds the total (see `minor_known`).
    purity, ploidy: as the copy-number tool states them, None where it does not. notes: (code, sentence)
    pairs for the report.
    """

    chrom: np.ndarray
    start: np.ndarray
    end: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    major_2: np.ndarray
    minor_2: np.ndarray
    fraction_2: np.ndarray
    tool: str = "table"
    file: Path | None = None
    purity: float | None = None
    ploidy: float | None = None
    notes: tuple[tuple[str, str], ...] = field(default=())

    def __len__(self) -> int:
        return len(self.start)

    @property
    def minor_known(self) -> np.ndarray:
        """Where the minor allele's copy number is known, (M,) bool."""
        return ~np.isnan(self.minor)

    @property
    def length(self) -> np.ndarray:
        """Bases of each segment, (M,) int64."""
        return self.end - self.start + 1

    @property
    def mean_major(self) -> np.ndarray:
        """Major copies averaged over both populations; the total where the minor is unknown, (M,)."""
        return _mean(self.major, self.major_2, self.fraction_2)

    @property
    def mean_minor(self) -> np.ndarray:
        """Minor copies averaged over both populations, NaN where unknown, (M,)."""
        return _mean(self.minor, self.minor_2, self.fraction_2)

    @property
    def total(self) -> np.ndarray:
        """Mean total copies per cancer cell, always known, (M,)."""
        return self.mean_major + np.nan_to_num(self.mean_minor)


@dataclass(frozen=True)
class Joined:
    """Copy number at each of n mutations; arrays have shape (n,).

    index: row of the segment, -1 where there is none (the rest is NaN there). imputed: taken from the nearest
    segment because no segment covers the site. Other fields as in `Segments`.
    """

    index: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    major_2: np.ndarray
    minor_2: np.ndarray
    fraction_2: np.ndarray
    imputed: np.ndarray

    @property
    def minor_known(self) -> np.ndarray:
        """Where a segment gives the minor allele's copy number, (n,) bool."""
        return ~np.isnan(self.minor)


def make_segments(
    chrom: Sequence[str],
    start: np.ndarray,
    end: np.ndarray,
    major: np.ndarray,
    minor: np.ndarray,
    second: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    *,
    rows: Sequence[int] | None = None,
    build: str | None = None,
    tool: str = "table",
    file: Path | None = None,
    purity: float | None = None,
    ploidy: float | None = None,
    notes: Sequence[tuple[str, str]] = (),
) -> Segments:
    """Check, orient and sort segments given in any order (all arrays of shape (M,)).

    `second` is (major_2, minor_2, fraction_2), NaN where there is no second population. `rows` are the
    1-based lines of the file, for the messages. A start of 0 becomes 1; segments that share one base are
    taken as half-open, the later one starting a base further. `build`: GRCh37, GRCh38 or None.

    Raises
    ------
    UserError
        segments overlap, end before they start, or lie beyond the end of a chromosome of `build`: all
        faults together.

    """
    faults = Faults()
    names = canonical_names(chrom)
    start, end = np.asarray(start, dtype=np.int64), np.asarray(end, dtype=np.int64)
    rows = list(range(2, len(names) + 2)) if rows is None else list(rows)
    for i in np.flatnonzero(start > end)[:_SHOWN].tolist():
        faults.add(f"segment {names[i]}:{start[i]}-{end[i]} ends before it starts", file, rows[i])
    for i in np.flatnonzero(start < 0)[:_SHOWN].tolist():
        faults.add(f"segment {names[i]}:{start[i]}-{end[i]} starts before the chromosome", file, rows[i])
    if build is not None:
        _check_build(names, end, build, file, faults)

    rank = {name: code for code, name in enumerate(sorted(set(names), key=_chromosome_order))}
    code = np.array([rank[name] for name in names], dtype=np.int64)
    order = np.lexsort((end, start, code))
    code, start, end = code[order], start[order], end[order]
    touches = np.flatnonzero((code[1:] == code[:-1]) & (start[1:] == end[:-1]) & (end[1:] > start[1:])) + 1
    start = np.maximum(start, 1)
    start[touches] += 1
    _check_overlaps([names[i] for i in order], code, start, end, [rows[i] for i in order], file, faults)
    faults.raise_if_any()

    nan = np.full(len(names), np.nan)
    given = (major, minor, *(second or (nan,) * 3))
    copies = _oriented(*(np.asarray(values, dtype=float)[order] for values in given))
    return Segments(
        chrom=np.array([names[i] for i in order], dtype=object),
        start=start,
        end=end,
        **dict(zip(_COPIES, copies, strict=True)),
        tool=tool,
        file=file,
        purity=purity,
        ploidy=ploidy,
        notes=tuple(notes),
    )


def join(
    segments: Segments,
    chrom: Sequence[str],
    pos: np.ndarray,
    fill: Literal["none", "nearest"] = "none",
) -> Joined:
    """Copy number at each mutation; `chrom` (n,) in any naming, `pos` (n,) 1-based.

    One binary search over all mutations. `fill="nearest"` gives a site between segments that of the nearest
    segment on its chromosome (the left one where both are as near).

    Raises
    ------
    UserError
        not one chromosome of the mutations has a segment.

    """
    names = canonical_names(chrom)
    pos = np.asarray(pos, dtype=np.int64)
    rank: dict[str, int] = {}
    for name in segments.chrom.tolist():
        rank.setdefault(name, len(rank))
    if names and not rank.keys() & set(names):
        raise UserError(
            Fault(
                f"has no chromosome in common with the mutations: segments on {_listed(rank)}, "
                f"mutations on {_listed(dict.fromkeys(chrom))}",
                segments.file,
            )
        )
    index = np.full(len(names), -1, dtype=np.int64)
    imputed = np.zeros(len(names), dtype=bool)
    if len(segments) and names:
        code = np.array([rank.get(name, -1) for name in names], dtype=np.int64)
        segment_code = np.array([rank[name] for name in segments.chrom.tolist()], dtype=np.int64)
        key = (code << _CHROMOSOME_BITS) + pos
        left = np.searchsorted((segment_code << _CHROMOSOME_BITS) + segments.start, key, side="right") - 1
        on_left = (code >= 0) & (left >= 0) & (segment_code[left] == code)
        covered = on_left & (pos <= segments.end[left])
        index[covered] = left[covered]
        if fill == "nearest":
            right = np.minimum(left + 1, len(segments) - 1)
            on_right = (code >= 0) & (right > left) & (segment_code[right] == code)
            far = np.iinfo(np.int64).max
            to_left = np.where(on_left, pos - segments.end[left], far)
            to_right = np.where(on_right, segments.start[right] - pos, far)
            imputed = ~covered & (on_left | on_right)
            index[imputed] = np.where(to_left <= to_right, left, right)[imputed]

    def taken(values: np.ndarray) -> np.ndarray:
        out = np.full(len(names), np.nan)
        found = index >= 0
        out[found] = values[index[found]]
        return out

    return Joined(
        index,
        taken(segments.major),
        taken(segments.minor),
        taken(segments.major_2),
        taken(segments.minor_2),
        taken(segments.fraction_2),
        imputed,
    )


def merge_equal(segments: Segments) -> Segments:
    """Join neighbours without a gap between them that have the same copy numbers (bins become segments)."""
    if len(segments) < 2:
        return segments
    copies = np.column_stack([getattr(segments, name) for name in _COPIES])
    known = np.nan_to_num(copies, nan=-1.0)
    same = (segments.chrom[1:] == segments.chrom[:-1]) & (segments.start[1:] == segments.end[:-1] + 1)
    same &= (known[1:] == known[:-1]).all(axis=1)
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    last = np.concatenate([first[1:], [len(segments)]]) - 1
    return replace(
        segments,
        chrom=segments.chrom[first],
        start=segments.start[first],
        end=segments.end[last],
        **{name: getattr(segments, name)[first] for name in _COPIES},
    )


def segment_names(segments: Segments) -> np.ndarray:
    """`chrom:start-end` of each segment, (M,) object."""
    return np.array(
        [
            f"{name}:{start}-{end}"
            for name, start, end in zip(
                segments.chrom.tolist(), segments.start.tolist(), segments.end.tolist(), strict=True
            )
        ],
        dtype=object,
    )


def _mean(first: np.ndarray, second: np.ndarray, fraction: np.ndarray) -> np.ndarray:
    share = np.nan_to_num(fraction)
    return (1 - share) * first + share * np.where(share > 0, second, 0.0)


def _oriented(
    major: np.ndarray, minor: np.ndarray, major_2: np.ndarray, minor_2: np.ndarray, fraction: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Name as major the allele with more copies on average, in both populations together.

    A second population like the first is none.
    """
    none = ~((fraction > 0) & ((major != major_2) | (minor != minor_2)))
    major_2, minor_2, fraction = (np.where(none, np.nan, values) for values in (major_2, minor_2, fraction))
    swap = _mean(minor, minor_2, fraction) > _mean(major, major_2, fraction)  # false for an unknown minor
    return (
        np.where(swap, minor, major),
        np.where(swap, major, minor),
        np.where(swap, minor_2, major_2),
        np.where(swap, major_2, minor_2),
        fraction,
    )


def _check_build(names: list[str], end: np.ndarray, build: str, file: Path | None, faults: Faults) -> None:
    beyond = beyond_end(names, end.tolist(), build)
    if not beyond:
        return
    name, position, length = beyond[0]
    others = [other for other in sorted(builds_that_fit(names, end.tolist())) if other != build]
    hint = f"; the segments fit {others[0]}" if others else ""
    faults.add(
        f"is not {build}: a segment of chromosome {name} ends at {position}, beyond its end {length}"
        f"{f' (and on {len(beyond) - 1} more chromosomes)' if len(beyond) > 1 else ''}{hint}",
        file,
    )


def _check_overlaps(
    names: list[str],
    code: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    rows: list[int],
    file: Path | None,
    faults: Faults,
) -> None:
    found = np.flatnonzero((code[1:] == code[:-1]) & (start[1:] <= end[:-1]))
    for i in found[:_SHOWN].tolist():
        faults.add(
            f"segment {names[i + 1]}:{start[i + 1]}-{end[i + 1]} overlaps {start[i]}-{end[i]} "
            f"(row {rows[i]}); segments of a sample may not overlap",
            file,
            rows[i + 1],
        )
    if len(found) > _SHOWN:
        faults.add(f"{len(found) - _SHOWN} more segments overlap", file)


def _chromosome_order(name: str) -> tuple[int, int, str]:
    known = list(LENGTHS["GRCh37"])
    return (0, known.index(name), "") if name in known else (1, 0, name)


def _listed(names: Sequence[str] | dict[str, object] | dict[str, int], limit: int = 4) -> str:
    shown = list(names)[:limit]
    return ", ".join(shown) + (", …" if len(names) > limit else "")
