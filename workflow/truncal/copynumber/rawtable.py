"""Tables as copy-number tools write them: tab, comma, semicolon or blanks, quotes, `@` lines, odd headers."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from truncal.errors import Fault, Faults, UserError
from truncal.tables import open_text, unreadable

MISSING = frozenset({"", "NA", "NaN", "nan", "na", "NULL", "None", ".", "N/A"})
_CAVEMAN = ["segment", "chr", "start", "end", "normal_total", "normal_minor", "tumour_total", "tumour_minor"]
_SHOWN = 5  # faults of one kind that are listed in full


@dataclass(frozen=True)
class RawTable:
    """Columns of text under lower-case names, with the line each row stands on.

    columns: name → values; lines: (rows,) 1-based line numbers; header: names as in the file;
    comments: lines before the header (`@`, `##` or `# ` lines), in order.
    """

    file: Path
    header: list[str]
    columns: dict[str, list[str]]
    lines: list[int]
    comments: list[str]

    def __len__(self) -> int:
        return len(self.lines)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def first(self, *names: str) -> str | None:
        """The first of these columns that the table has."""
        return next((name for name in names if name in self.columns), None)

    def only(self, rows: list[int]) -> RawTable:
        """The same table with only these rows."""
        columns = {name: [values[i] for i in rows] for name, values in self.columns.items()}
        return RawTable(self.file, self.header, columns, [self.lines[i] for i in rows], self.comments)

    def numbers(
        self, name: str, faults: Faults, *, required: bool = False, low: float = -math.inf
    ) -> np.ndarray:
        """A column as float64, NaN where missing; faults for other text, or missing though required."""
        out = np.full(len(self), math.nan)
        for i, value in enumerate(self.columns[name]):
            if value in MISSING:
                if required:
                    faults.add("is missing; expected a number", self.file, self.lines[i], name)
                continue
            try:
                number = float(value)
            except ValueError:
                faults.add(f"{value} is not a number", self.file, self.lines[i], name)
                continue
            if not (math.isfinite(number) and number >= low):
                faults.add(f"{value} is not a number ≥ {low:g}", self.file, self.lines[i], name)
                continue
            out[i] = number
        return out

    def positions(self, name: str, faults: Faults) -> np.ndarray:
        """A column of positions as int64 (`1e6` is read too); bad cells become faults and 0."""
        values = self.numbers(name, faults, required=True, low=0)
        for i in np.flatnonzero(values != np.floor(np.nan_to_num(values))).tolist():
            if not math.isnan(values[i]):
                faults.add(f"{self.columns[name][i]} is not a position", self.file, self.lines[i], name)
        return np.nan_to_num(values).astype(np.int64)


def read_raw(path: str | Path, what: str = "segment file", faults: Faults | None = None) -> RawTable:
    """Read a table of any of these dialects.

    With `faults`, rows of the wrong length are added there instead of being raised, and left out.

    Raises
    ------
    UserError
        the file is missing, no text or without a header, or rows have the wrong number of fields (one more
        than the header is R's row names).

    """
    path = Path(path)
    try:
        with open_text(path) as handle:
            text = handle.read().removeprefix("\ufeff").splitlines()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise UserError(Fault(f"cannot read the {what}: {unreadable(error)}", path)) from error
    comments: list[str] = []
    start = 0
    while start < len(text) and (_is_comment(text[start]) or not text[start].strip()):
        comments.append(text[start])
        start += 1
    if start == len(text):
        raise UserError(Fault(f"the {what} is empty; expected a header line", path))
    delimiter = next((mark for mark in "\t,;" if mark in text[start]), None)
    try:
        rows = [_fields(line, delimiter) for line in text[start:]]
    except csv.Error as error:
        raise UserError(Fault(f"cannot read the {what}: {error}", path)) from error
    if _is_caveman(rows[0]):
        rows.insert(0, _CAVEMAN)
        start -= 1
    header = [name.strip().lstrip("#").strip() for name in rows[0]]
    body = [
        (start + 1 + i, row) for i, row in enumerate(rows) if i > 0 and any(field.strip() for field in row)
    ]
    width = len(header)
    while header and not header[-1]:  # unnamed columns at the end hold remarks
        header.pop()
    row_names = 1 if len(header) == width and body and all(len(row) == width + 1 for _, row in body) else 0
    lower = [name.lower() for name in header]
    columns: dict[str, list[str]] = {name: [] for name in lower}
    if len(columns) < len(lower):
        twice = sorted({name for name in lower if lower.count(name) > 1})
        raise UserError(Fault(f"column {', '.join(twice)} occurs more than once", path, start + 1))
    stores = list(columns.values())
    lines, bad = [], []
    for line, fields in body:
        row = [field.strip() for field in fields[row_names:]]
        while len(row) > width and not row[-1]:
            row.pop()
        if not len(header) <= len(row) <= width:
            bad.append(Fault(f"has {len(row)} fields, the header {width}", path, line))
            continue
        lines.append(line)
        for store, value in zip(stores, row[: len(header)], strict=True):
            store.append(value)
    if bad:
        more = [Fault(f"{len(bad) - _SHOWN} more rows have too few or too many fields", path)]
        said = bad[:_SHOWN] + (more if len(bad) > _SHOWN else [])
        if faults is None:
            raise UserError(said)
        faults.found += said
    return RawTable(path, header, columns, lines, comments)


def _is_caveman(fields: list[str]) -> bool:
    """ascatNgs' `.copynumber.caveman.csv` has no header: number, contig and six whole numbers."""
    return len(fields) == len(_CAVEMAN) and all(
        field.strip().isdigit() for i, field in enumerate(fields) if i != 1
    )


def _is_comment(line: str) -> bool:
    return line.startswith(("@", "##", "# "))


def _fields(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return [field.strip('"') for field in line.split()]
    return next(csv.reader([line], delimiter=delimiter), [])
