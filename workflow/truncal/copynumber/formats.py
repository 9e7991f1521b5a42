"""What a reader of one tool's segment file is made of; the tools themselves are in `tools_*.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truncal.copynumber.rawtable import RawTable
from truncal.errors import Faults

CHROM = ("chrom", "chr", "chromosome", "contig", "seqnames")
START = (
    "start",
    "startpos",
    "start_position",
    "start.pos",
    "loc.start",
    "start_position(bp)",
    "start_position.bp.",
)
END = ("end", "endpos", "end_position", "end.pos", "loc.end", "end_position(bp)", "end_position.bp.")

SHARED_BY_ALL = 0.99
"""Share of the cancer cells from which an event counts as being in all of them."""


@dataclass(frozen=True)
class Context:
    """What a converter may need beside the table: purity and ploidy where known, and where faults go."""

    purity: float | None
    ploidy: float | None
    faults: Faults


@dataclass(frozen=True)
class Copies:
    """Copy numbers of the table's rows that are segments (`rows`); other fields as in `Segments`."""

    rows: np.ndarray
    major: np.ndarray
    minor: np.ndarray
    second: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    purity: float | None = None
    ploidy: float | None = None
    notes: Sequence[tuple[str, str]] = ()


Convert = Callable[[RawTable, Context], Copies]


@dataclass(frozen=True)
class Format:
    """One tool's file, recognised by the columns it `needs` (alternatives for each, lower case).

    The first three are chromosome, start and end. `without`: columns that mark another tool's file. `sample`:
    names of the column that tells samples apart. `bins`: rows are bins, of which equal neighbours are one
    segment. `refusal`: why the file cannot be used, and what to give
    instead.
    """

    tool: str
    needs: tuple[tuple[str, ...], ...]
    convert: Convert | None = None
    without: tuple[str, ...] = ()
    sample: tuple[str, ...] = ("sample",)
    zero_based: int = 0
    bins: bool = False
    refusal: str | None = None
    chrom: str = ""
    start: str = ""
    end: str = ""

    def fits(self, table: RawTable) -> bool:
        """Whether the table has the columns of this format."""
        has = all(table.first(*names) is not None for names in self.needs)
        return has and not any(name in table for name in self.without)

    def named(self, table: RawTable) -> Format:
        """The format with the names that this table uses."""
        if self.refusal is not None:
            return self
        chrom, start, end = (table.first(*names) or "" for names in self.needs[:3])
        return replace(self, chrom=chrom, start=start, end=end)


def column(table: RawTable, faults: Faults, *names: str, low: float = 0.0) -> np.ndarray:
    """The first of these columns as numbers, NaN where missing or where the table has none of them."""
    name = table.first(*names)
    return np.full(len(table), np.nan) if name is None else table.numbers(name, faults, low=low)


def from_total(total: np.ndarray, minor: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows, major, minor) from the total and the minor copy number.

    Rows without a total are no segments; where the minor is NaN the major is the total.
    """
    rows = np.flatnonzero(~np.isnan(total))
    total, minor = total[rows], minor[rows]
    return rows, total - np.nan_to_num(minor), minor


def beside_normal(
    table: RawTable, chrom: str, major: np.ndarray, minor: np.ndarray, fraction: np.ndarray
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Events in a share of the cancer cells, the others being normal: (major, minor, second population).

    All inputs (n,); `fraction` NaN or at least `SHARED_BY_ALL` means all cells. Where the minor is not known
    the total is averaged instead. Sex chromosomes are left as they are: their normal state is not known here.
    """
    from truncal.copynumber.genome import canonical_names

    autosomal = np.array([name.isdigit() for name in canonical_names(table.columns[chrom])], dtype=bool)
    partial = autosomal & (np.nan_to_num(fraction, nan=1.0) < SHARED_BY_ALL)
    split = partial & ~np.isnan(minor)
    averaged = partial & np.isnan(minor)
    first_major = np.where(split, 1.0, np.where(averaged, (1 - fraction) * 2 + fraction * major, major))
    second = tuple(np.where(split, values, np.nan) for values in (major, minor, fraction))
    return first_major, np.where(split, 1.0, minor), second  # type: ignore[return-value]


def settled(copies: np.ndarray, within: float) -> np.ndarray:
    """Mean copy numbers with those `within` this distance of an integer set to it."""
    nearest = np.rint(copies)
    return np.where(np.abs(copies - nearest) <= within, nearest, copies)
