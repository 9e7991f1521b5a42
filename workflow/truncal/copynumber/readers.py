"""Segment files of the copy-number tools, recognised by their columns: `read_segments`.

Each tool's columns are named where its reader is registered (`formats.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from truncal.copynumber.formats import FORMATS, Context, Format
from truncal.copynumber.rawtable import RawTable, read_raw
from truncal.copynumber.segments import Segments, make_segments
from truncal.errors import Fault, Faults, UserError


def read_segments(
    path: str | Path,
    names: Sequence[str] = (),
    *,
    purity: float | None = None,
    ploidy: float | None = None,
    build: str | None = None,
) -> Segments:
    """Read one sample's segments from the file of any supported tool.

    `names`: what the sample may be called in a file of several samples (sheet's `sample`, `vcf_sample`); a
    file of one sample is taken whatever it is called there. `purity`, `ploidy`: the sheet's, None where not
    given; some tools' values can only be turned into copies with them. `build`: GRCh37, GRCh38 or None.

    Raises
    ------
    UserError
        the file can't be read, its format is not known or holds no copy numbers (with what to give
        instead), the sample is not in it, values are no numbers, segments overlap or lie beyond the
        chromosomes of `build`: all faults together.

    """
    table = read_raw(path)
    form = recognise(table)
    if form.refusal is not None:
        raise UserError(Fault(form.refusal, path))
    sample_column = table.first(*form.sample)
    if sample_column is not None:
        table = table.only(_rows_of_sample(table, sample_column, names))
    if not len(table):
        raise UserError(Fault("has a header but no segments", path))
    faults = Faults()
    chrom = table.columns[form.chrom]
    start = table.positions(form.start, faults)
    end = table.positions(form.end, faults)
    copies = form.convert(table, Context(purity, ploidy, faults))
    faults.raise_if_any()
    return make_segments(
        [chrom[i] for i in copies.rows],
        start[copies.rows] + form.zero_based,
        end[copies.rows],
        copies.major,
        copies.minor,
        copies.second,
        rows=[table.lines[i] for i in copies.rows],
        build=build,
        tool=form.tool,
        file=Path(path),
        purity=copies.purity,
        ploidy=copies.ploidy,
        notes=copies.notes,
    )


def recognise(table: RawTable) -> Format:
    """The first format whose columns the table has.

    Raises
    ------
    UserError
        none fits; the message lists the columns found and those expected.

    """
    for form in FORMATS:
        if all(table.first(*names) is not None for names in form.needs):
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


def _rows_of_sample(table: RawTable, column: str, names: Sequence[str]) -> list[int]:
    samples = list(dict.fromkeys(table.columns[column]))
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
