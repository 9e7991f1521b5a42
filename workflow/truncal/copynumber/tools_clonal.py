"""Tools with one whole number of copies a segment: ASCAT, PCGR, Sequenza, PureCN, CNVkit; plain tables."""

from __future__ import annotations

import numpy as np

from truncal.copynumber.formats import CHROM, END, START, Context, Convert, Copies, Format, column, from_total
from truncal.copynumber.rawtable import RawTable


def major_minor(table: RawTable, context: Context) -> Copies:
    """ASCAT's nMajor and nMinor (Van Loo et al. 2010, PNAS 107:16910)."""
    major = column(table, context.faults, "nmajor")
    minor = column(table, context.faults, "nminor")
    rows = np.flatnonzero(~np.isnan(major) & ~np.isnan(minor))
    return Copies(rows, major[rows], minor[rows])


def total_minor(total: str, minor: str | None) -> Convert:
    """Converter for a total and, where the tool gives it, a minor copy number."""

    def convert(table: RawTable, context: Context) -> Copies:
        totals = column(table, context.faults, total)
        unknown = np.full(len(table), np.nan)
        minors = column(table, context.faults, minor) if minor is not None else unknown
        return Copies(*from_total(totals, minors))

    return convert


def purecn_loh(table: RawTable, context: Context) -> Copies:
    """PureCN's `_loh.csv`: total C and minor M, which is unreliable where flagged (Riester et al. 2016)."""
    total = column(table, context.faults, "c")
    minor = column(table, context.faults, "m")
    if "m.flagged" in table:
        flagged = [value.upper() == "TRUE" for value in table.columns["m.flagged"]]
        minor = np.where(flagged, np.nan, minor)
    return Copies(*from_total(np.rint(total), np.rint(minor)))


def cnvkit(table: RawTable, context: Context) -> Copies:
    """`cnvkit.py call`: cn, and cn1 and cn2 where heterozygous SNPs were given (Talevich et al. 2016)."""
    total = column(table, context.faults, "cn")
    minor = np.minimum(column(table, context.faults, "cn1"), column(table, context.faults, "cn2"))
    return Copies(*from_total(total, minor))


def plain(table: RawTable, context: Context) -> Copies:
    """Two of major_cn, minor_cn and total_cn, or total_cn alone; optionally the `_2` columns."""
    faults = context.faults
    major = column(table, faults, "major_cn", "major", "majorcn")
    minor = column(table, faults, "minor_cn", "minor", "minorcn")
    total = column(table, faults, "total_cn", "total", "copynumber", "copy_number")
    minor = np.where(np.isnan(minor), total - major, minor)
    major = np.where(np.isnan(major), total - minor, major)
    only_total = np.isnan(major) & ~np.isnan(total)
    # as truncal writes it: the major copy number holds the total where the minor is NA
    only_total |= ~np.isnan(major) & np.isnan(minor) & np.isnan(total)
    major = np.where(np.isnan(major), total, major)
    rows = np.flatnonzero(~np.isnan(major) & (only_total | ~np.isnan(minor)))
    for i in rows[minor[rows] < 0].tolist():
        faults.add("the major copy number exceeds the total", table.file, table.lines[i])
    second = None
    if all(name in table for name in ("major_cn_2", "minor_cn_2", "cn_fraction_2")):
        values = [column(table, faults, name) for name in ("major_cn_2", "minor_cn_2", "cn_fraction_2")]
        for i in np.flatnonzero(values[2] > 1).tolist():
            faults.add("is not between 0 and 1", table.file, table.lines[i], "cn_fraction_2")
        for i in np.flatnonzero(np.isnan(values).sum(axis=0) % 3).tolist():
            faults.add(
                "expected all of major_cn_2, minor_cn_2 and cn_fraction_2, or none",
                table.file,
                table.lines[i],
            )
        second = (values[0][rows], values[1][rows], values[2][rows])
    return Copies(rows, major[rows], minor[rows], second)


CAVEMAN = Format(
    "ASCAT (caveman)",
    (("chr",), ("start",), ("end",), ("tumour_total",), ("tumour_minor",), ("normal_total",)),
    total_minor("tumour_total", "tumour_minor"),
)
PCGR = Format("PCGR", (("chromosome",), ("start",), ("end",), ("nmajor",), ("nminor",)), major_minor)
ASCAT = Format("ASCAT", (CHROM, START, END, ("nmajor",), ("nminor",)), major_minor)
SEQUENZA = Format(
    "Sequenza",
    (("chromosome",), ("start.pos",), ("end.pos",), ("cnt",), ("a",), ("b",)),
    total_minor("cnt", "b"),
)
PURECN_LOH = Format(
    "PureCN",
    (("chr",), ("start",), ("end",), ("c",), ("m",), ("seg.mean",)),
    purecn_loh,
    sample=("sampleid",),
)
PURECN_SEGMENTS = Format(
    "PureCN",
    (("chrom",), ("loc.start",), ("loc.end",), ("c",), ("seg.mean",)),
    total_minor("c", None),
    sample=("id",),
)
CNVKIT = Format("CNVkit", (("chromosome",), ("start",), ("end",), ("log2",), ("cn",)), cnvkit, zero_based=1)
TABLE = Format(
    "table",
    (CHROM, START, END, ("major_cn", "major", "majorcn", "total_cn", "total", "copynumber", "copy_number")),
    plain,
    sample=("sample_id", "sample", "tumor_sample_barcode"),
)
