"""Tools that see events in part of the cancer cells: Battenberg, TITAN, HATCHet, FACETS, PURPLE."""

from __future__ import annotations

import re

import numpy as np

from truncal.copynumber.formats import (
    CHROM,
    END,
    SHARED_BY_ALL,
    START,
    Context,
    Copies,
    Format,
    beside_normal,
    column,
    from_total,
    settled,
)
from truncal.copynumber.genome import canonical_names
from truncal.copynumber.rawtable import RawTable
from truncal.errors import Fault, Faults, UserError

FACETS_CLONAL = 0.9
"""FACETS' cellular fraction over purity from which an event is clonal; it is an estimate of its own."""

PURPLE_CLONAL = 0.25
"""PURPLE calls a copy number polyclonal where it is further than this from a whole number."""


def battenberg(table: RawTable, context: Context) -> Copies:
    """Battenberg's first solution (columns `_A`), both populations (Nik-Zainal et al. 2012, Cell 149:994)."""
    faults = context.faults
    major, minor, fraction = (column(table, faults, name) for name in ("nmaj1_a", "nmin1_a", "frac1_a"))
    second = [column(table, faults, name) for name in ("nmaj2_a", "nmin2_a")]
    rows = np.flatnonzero(~np.isnan(major) & ~np.isnan(minor))
    share = np.where(np.isnan(second[0]) | np.isnan(second[1]), np.nan, 1 - fraction)
    # a first population of no size cannot be the first
    empty = share >= SHARED_BY_ALL
    major, minor = np.where(empty, second[0], major), np.where(empty, second[1], minor)
    share = np.where(empty | (share <= 1 - SHARED_BY_ALL), np.nan, share)
    values = [np.where(np.isnan(share), np.nan, copies)[rows] for copies in second]
    return Copies(rows, major[rows], minor[rows], (values[0], values[1], share[rows]))


def titan(table: RawTable, context: Context) -> Copies:
    """TITAN: the event is in its cluster's prevalence, other cells are normal (Ha et al. 2014)."""
    faults = context.faults
    major, minor = column(table, faults, "majorcn"), column(table, faults, "minorcn")
    corrected = column(table, faults, "corrected_majorcn"), column(table, faults, "corrected_minorcn")
    use = ~np.isnan(corrected[0]) & ~np.isnan(corrected[1])
    major, minor = np.where(use, corrected[0], major), np.where(use, corrected[1], minor)
    prevalence = column(table, faults, "cellular_prevalence")
    chrom = table.first(*CHROM) or ""
    # on the single X of a male TITAN gives a total only
    total = column(table, faults, "corrected_copy_number", "copy_number")
    single = np.isnan(major) & np.array([name in "XY" for name in canonical_names(table.columns[chrom])])
    major, minor = np.where(single, total, major), np.where(single, 0.0, minor)
    rows = np.flatnonzero(~np.isnan(major) & ~np.isnan(minor))
    major, minor, second = beside_normal(table, chrom, major, minor, prevalence)
    return Copies(rows, major[rows], minor[rows], (second[0][rows], second[1][rows], second[2][rows]))


def facets(table: RawTable, context: Context) -> Copies:
    """FACETS: `cf.em`, a share of all cells, over purity is that of the cancer cells (Shen & Seshan 2016)."""
    faults = context.faults
    rows, major, minor = from_total(column(table, faults, "tcn.em"), column(table, faults, "lcn.em"))
    cells = column(table, faults, "cf.em")[rows]
    notes: list[tuple[str, str]] = []
    if context.purity is None:
        fraction = np.full(len(rows), np.nan)
        if not np.isnan(cells).all():
            notes.append(
                (
                    "clonal_assumed",
                    "FACETS' cellular fractions were not used, because the purity is not known: every "
                    "copy-number event was taken to be in all cancer cells.",
                )
            )
    else:
        fraction = np.minimum(cells / context.purity, 1.0)
        fraction = np.where(fraction >= FACETS_CLONAL, np.nan, fraction)
    major, minor, second = beside_normal(table.only(rows.tolist()), "chrom", major, minor, fraction)
    return Copies(rows, major, minor, second, notes=notes)


def purple(table: RawTable, context: Context) -> Copies:
    """PURPLE's mean copies of each allele (Priestley et al. 2019), pulled to a whole number nearby."""
    faults = context.faults
    total = column(table, faults, "copynumber", low=-np.inf)
    minor = column(table, faults, "minorallelecopynumber", "minoralleleploidy", low=-np.inf)
    rows = np.flatnonzero(~np.isnan(total))
    minor = np.clip(minor[rows], 0, None)
    major = np.clip(total[rows] - np.nan_to_num(minor), 0, None)
    return Copies(rows, settled(major, PURPLE_CLONAL), settled(minor, PURPLE_CLONAL))


def hatchet(table: RawTable, context: Context) -> Copies:
    """HATCHet: allele copies of each tumour clone and its share of the sample (Zaccaria & Raphael 2020).

    One or two different states among the clones are kept as they are, more are averaged.
    """
    faults = context.faults
    clones = [name for name in table.columns if re.fullmatch(r"cn_clone\d+", name)]
    shares = np.array([column(table, faults, name.replace("cn_", "u_")) for name in clones])
    states = np.array([_alleles(table, name, faults) for name in clones])  # (clones, rows, 2)
    purity = 1 - column(table, faults, "u_normal")
    faults.raise_if_any()
    if not (purity > 0).all():
        raise UserError(
            Fault("HATCHet finds no cancer cells in this sample (u_normal is 1): leave it out", table.file)
        )
    for i in np.flatnonzero(~(shares.sum(axis=0) > 0)).tolist():  # also where one is missing
        faults.add("the shares of the clones are missing or 0", table.file, table.lines[i], "u_clone1")
    faults.raise_if_any()
    shares = shares / shares.sum(axis=0)
    n = len(table)
    first, second, fraction = np.zeros((n, 2)), np.full((n, 2), np.nan), np.full(n, np.nan)
    for row in range(n):
        weights: dict[tuple[float, float], float] = {}
        for state, share in zip(states[:, row].tolist(), shares[:, row].tolist(), strict=True):
            if share > 1 - SHARED_BY_ALL:
                weights[tuple(state)] = weights.get(tuple(state), 0.0) + share
        ranked = sorted(weights, key=lambda state: (-weights[state], state))
        first[row] = ranked[0]
        if len(ranked) == 2:
            second[row] = ranked[1]
            fraction[row] = weights[ranked[1]] / sum(weights.values())
        elif len(ranked) > 2:
            total = sum(weights.values())
            first[row] = sum(np.array(state) * weight for state, weight in weights.items()) / total
    return Copies(
        np.arange(n),
        first[:, 0],
        first[:, 1],
        (second[:, 0], second[:, 1], fraction),
        purity=float(np.nanmedian(purity)),
    )


def _alleles(table: RawTable, name: str, faults: Faults) -> np.ndarray:
    out = np.zeros((len(table), 2))
    for i, text in enumerate(table.columns[name]):
        match = re.fullmatch(r"(\d+)\|(\d+)", text)
        if match is None:
            faults.add(f"{text} is not a pair of copy numbers such as 2|1", table.file, table.lines[i], name)
        else:
            out[i] = int(match[1]), int(match[2])
    return out


BATTENBERG = Format("Battenberg", (CHROM, START, END, ("nmaj1_a",), ("nmin1_a",), ("frac1_a",)), battenberg)
TITAN = Format("TITAN", (CHROM, START, END, ("majorcn",), ("minorcn",), ("cellular_prevalence",)), titan)
_HATCHET = (("chr",), ("start",), ("end",), ("cn_normal",), ("u_normal",), ("cn_clone1",), ("u_clone1",))
HATCHET = Format("HATCHet", _HATCHET, hatchet, zero_based=1)
HATCHET_BINS = Format("HATCHet", (*_HATCHET, ("rd",)), hatchet, zero_based=1, bins=True)
FACETS = Format(
    "FACETS",
    (("chrom",), START, END, ("tcn.em",), ("lcn.em",)),
    facets,
    sample=("id", "sid", "sample", "tumor_sample_barcode"),
)
PURPLE = Format(
    "PURPLE",
    (
        ("chromosome",),
        ("start",),
        ("end",),
        ("copynumber",),
        ("minorallelecopynumber", "minoralleleploidy"),
    ),
    purple,
)
