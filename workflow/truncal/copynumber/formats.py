"""What each copy-number tool calls its columns, and how its values become copies of each allele."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from truncal.copynumber.rawtable import RawTable
from truncal.errors import Faults


@dataclass(frozen=True)
class Context:
    """What a converter may need beside the table: the sheet's purity and ploidy, and where faults go."""

    purity: float | None
    ploidy: float | None
    faults: Faults


@dataclass(frozen=True)
class Copies:
    """Copy numbers of the table's rows that are segments (`rows`); fields as in `Segments`."""

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
    """One tool's file: `needs` lists alternatives for each column (lower case) by which it is recognised.

    The first three are chromosome, start and end. `sample` are names of the column that tells samples apart.
    """

    tool: str
    needs: tuple[tuple[str, ...], ...]
    convert: Convert
    sample: tuple[str, ...] = ("sample",)
    zero_based: int = 0
    refusal: str | None = None
    chrom: str = ""
    start: str = ""
    end: str = ""

    def named(self, table: RawTable) -> Format:
        """The format with the names that this table uses."""
        chrom, start, end = (table.first(*names) or "" for names in self.needs[:3])
        return replace(self, chrom=chrom, start=start, end=end)


CHROM = ("chrom", "chr", "chromosome", "contig", "seqnames")
START = ("start", "startpos", "start_position", "start.pos", "loc.start")
END = ("end", "endpos", "end_position", "end.pos", "loc.end")


def major_minor(major: tuple[str, ...], minor: tuple[str, ...]) -> Convert:
    """Converter for two columns of integers; rows without a major copy number are no segments."""

    def convert(table: RawTable, context: Context) -> Copies:
        one = table.numbers(table.first(*major) or "", context.faults, low=0)
        other = table.numbers(table.first(*minor) or "", context.faults, low=0)
        rows = np.flatnonzero(~np.isnan(one) & ~np.isnan(other))
        return Copies(rows, one[rows], other[rows])

    return convert


def generic(table: RawTable, context: Context) -> Copies:
    """truncal's own table: major_cn, minor_cn (NA: unknown, needs total_cn), optionally the `_2` columns."""
    faults = context.faults
    major_name = table.first("major_cn", "major", "majorcn")
    minor_name = table.first("minor_cn", "minor", "minorcn")
    total_name = table.first("total_cn", "total", "copynumber", "copy_number")
    nan = np.full(len(table), np.nan)
    major = table.numbers(major_name, faults, low=0) if major_name else nan
    minor = table.numbers(minor_name, faults, low=0) if minor_name else nan
    total = table.numbers(total_name, faults, low=0) if total_name else nan
    minor = np.where(np.isnan(minor), total - major, minor)
    major = np.where(np.isnan(major), total - minor, major)
    only_total = np.isnan(major) & ~np.isnan(total)
    major = np.where(only_total, total, major)
    rows = np.flatnonzero(~np.isnan(major) & (only_total | ~np.isnan(minor)))
    second = None
    names = [table.first(name) for name in ("major_cn_2", "minor_cn_2", "cn_fraction_2")]
    if all(names):
        values = [table.numbers(name or "", faults, low=0) for name in names]
        for i in np.flatnonzero(values[2] > 1).tolist():
            faults.add("is not between 0 and 1", table.file, table.lines[i], "cn_fraction_2")
        second = (values[0][rows], values[1][rows], values[2][rows])
    return Copies(rows, major[rows], minor[rows], second)


GENERIC_SAMPLE = ("sample_id", "sample", "tumor_sample_barcode")

FORMATS: tuple[Format, ...] = (
    Format("ASCAT", (CHROM, START, END, ("nmajor",), ("nminor",)), major_minor(("nmajor",), ("nminor",))),
    Format(
        "table",
        (CHROM, START, END, ("major_cn", "major", "majorcn", "total_cn", "total", "copynumber")),
        generic,
        GENERIC_SAMPLE,
    ),
)
