"""Segment files of the copy-number tools, recognised by their columns: `read_segments`.

`tools.py` lists the formats; purity and ploidy come from the tool's own summary beside the segments, where
there is one (`summaries.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from truncal.copynumber.formats import Context, Convert, Format
from truncal.copynumber.rawtable import RawTable, read_raw
from truncal.copynumber.segments import Segments, make_segments, merge_equal
from truncal.copynumber.summaries import read_summary
from truncal.copynumber.tools import FORMATS
from truncal.errors import Fault, Faults, UserError

PURITY_DIFFERS = 0.1
"""Difference between the sheet's purity and the tool's from which the report says so."""


def read_segments(
    path: str | Path,
    names: Sequence[str] = (),
    *,
    purity: float | None = None,
    ploidy: float | None = None,
    build: str | None = None,
    others: Sequence[str] = (),
) -> Segments:
    """Read one sample's segments from the file of any supported tool.

    `names`: what the sample may be called in a file of several samples (sheet's `sample`, `vcf_sample`); a
    file of one sample is taken whatever it is called there, unless that is one of `others`. `purity`,
    `ploidy`: the sheet's, None where not given; some tools' values can only be turned into copies with them.
    `build`: GRCh37, GRCh38 or None.

    Raises
    ------
    UserError
        the file can't be read, its format is not known or holds no copy numbers (with what to give
        instead), the sample is not in it, values are no numbers, segments overlap or lie beyond the
        chromosomes of `build`: all faults together.

    """
    path = Path(path)
    if path.name.endswith(".cnvs.txt"):
        raise UserError(Fault("is ASCAT's list of altered segments only; give its .segments.txt", path))
    faults = Faults()
    table = read_raw(path, faults=faults)
    try:
        form, convert, table = _chosen(table, names, others)
    except UserError as error:
        raise UserError([*faults.found, *error.faults]) from error
    if not len(table):
        faults.raise_if_any()
        raise UserError(Fault("has a header but no segments", path))
    summary = read_summary(path, form.tool)
    start = table.positions(form.start, faults)
    end = table.positions(form.end, faults)
    context = Context(
        summary.purity if purity is None else purity, summary.ploidy if ploidy is None else ploidy, faults
    )
    copies = convert(table, context)
    chrom = table.columns[form.chrom]
    if faults.found:
        _add_misplaced(table, form, copies.rows, start, end, build, faults)
        raise UserError(faults.found)
    if not len(copies.rows):
        raise UserError(Fault("has no segment with a copy number", path))
    segments = make_segments(
        [chrom[i] for i in copies.rows],
        start[copies.rows] + form.zero_based,
        end[copies.rows],
        copies.major,
        copies.minor,
        copies.second,
        rows=[table.lines[i] for i in copies.rows],
        build=build,
        tool=form.tool,
        file=path,
        purity=summary.purity if copies.purity is None else copies.purity,
        ploidy=summary.ploidy if copies.ploidy is None else copies.ploidy,
        notes=[*copies.notes, *summary.notes],
    )
    segments = merge_equal(segments) if form.bins else segments
    return replace(segments, notes=(*segments.notes, *_notes(segments, purity)))


def _notes(segments: Segments, purity: float | None) -> list[tuple[str, str]]:
    notes = []
    unknown = ~segments.minor_known
    if unknown.any():
        share = segments.length[unknown].sum() / segments.length.sum()
        notes.append(
            (
                "minor_copy_number_unknown",
                f"{segments.tool} gives only the total copy number of {unknown.sum()} of {len(segments)} "
                f"segments ({share:.0%} of the covered genome).",
            )
        )
    if purity is not None and segments.purity is not None and abs(purity - segments.purity) > PURITY_DIFFERS:
        notes.append(
            (
                "purity_differs",
                f"The sample sheet's purity {purity:g} is used; {segments.tool} found {segments.purity:g}, "
                "and its copy numbers belong to that one.",
            )
        )
    return notes


def recognise(table: RawTable) -> Format:
    """The first format whose columns the table has.

    Raises
    ------
    UserError
        none fits; the message lists the columns found and those expected.

    """
    for form in FORMATS:
        if form.fits(table):
            return form.named(table)
    tools = dict.fromkeys(form.tool for form in FORMATS if form.refusal is None and form.tool != "table")
    found = ", ".join(table.header[:12]) + (", …" if len(table.header) > 12 else "")
    raise UserError(
        Fault(
            f"is no known segment format; found columns {found}; expected those of {', '.join(tools)}, "
            "or a table with chrom, start, end, major_cn, minor_cn",
            table.file,
            len(table.comments) + 1,
        )
    )


def _add_misplaced(
    table: RawTable,
    form: Format,
    rows: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    build: str | None,
    faults: Faults,
) -> None:
    """Faults in the places of the segments (`rows`) whose own lines are sound."""
    faulty = {fault.row for fault in faults.found}
    sound = np.array([i for i in rows.tolist() if table.lines[i] not in faulty], dtype=np.int64)
    chrom = table.columns[form.chrom]
    copies = np.zeros(len(sound))
    try:
        make_segments(
            [chrom[i] for i in sound.tolist()],
            start[sound] + form.zero_based,
            end[sound],
            copies,
            copies,
            rows=[table.lines[i] for i in sound.tolist()],
            build=build,
            file=table.file,
        )
    except UserError as error:
        faults.extend(error)


def _chosen(table: RawTable, names: Sequence[str], others: Sequence[str]) -> tuple[Format, Convert, RawTable]:
    """The table's format with its converter, and the rows of the sample."""
    form = recognise(table)
    if form.refusal is not None or form.convert is None:
        raise UserError(Fault(form.refusal or "is not a segment file", table.file))
    column = table.first(*form.sample)
    rows = table if column is None else table.only(_rows_of_sample(table, column, names, others))
    return form, form.convert, rows


def _rows_of_sample(table: RawTable, column: str, names: Sequence[str], others: Sequence[str]) -> list[int]:
    samples = list(dict.fromkeys(table.columns[column]))
    if len(samples) == 1 and samples[0] in others and samples[0] not in names:
        text = f"holds the segments of {samples[0]}, not of {' or '.join(names)}"
        raise UserError(Fault(text, table.file, column=column))
    if len(samples) <= 1:
        return list(range(len(table)))
    for name in names:
        if name in samples:
            return [i for i, value in enumerate(table.columns[column]) if value == name]
    raise UserError(
        Fault(
            f"holds {len(samples)} samples ({', '.join(samples[:4])}{', …' if len(samples) > 4 else ''}), "
            f"none called {' or '.join(names) if names else '(no name given)'}",
            table.file,
            column=column,
        )
    )
