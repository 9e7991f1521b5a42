"""TSV tables: one header line, UTF-8, `NA` for missing; read with all faults at once, written atomically.

The standard library's csv is used rather than pandas: each step is its own process and the import alone
would cost more than most of the steps.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from truncal.errors import Fault, Faults, UserError

MISSING = "NA"
_LARGEST = 2**53  # integers beyond it are no longer exact as float64
_MISSING_WORDS = frozenset({"", "NA"})


class Table:
    """Columns of text by name, all of one length, with the file they came from.

    Values are kept as the text of the file (`None` where missing), so identifiers come back verbatim;
    `integers` and `floats` convert a column and name every bad cell. `lines` are the rows' lines in the file
    where these are not simply 2, 3, ...; `absent` are columns that are filled with None, since the table
    should have them: that is a fault of its own, and their cells are none.
    """

    def __init__(
        self,
        columns: dict[str, list[str | None]],
        file: str | Path | None = None,
        lines: Sequence[int] | None = None,
        absent: Iterable[str] = (),
    ) -> None:
        self.columns = columns
        self.file = file
        self.lines = lines
        self.absent = frozenset(absent)

    def line(self, index: int) -> int:
        """Line of a row (from 0) in the file, the header being line 1."""
        return index + 2 if self.lines is None else self.lines[index]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def rows(self) -> Iterator[dict[str, str | None]]:
        """Each row as a dict."""
        names = list(self.columns)
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))

    def text(self, name: str, default: str | None = None) -> list[str | None]:
        """A column as text, or the default in every row where the table lacks it."""
        return self.columns[name] if name in self.columns else [default] * len(self)

    def strings(self, name: str, faults: Faults) -> list[str]:
        """A column as text in which nothing may be missing."""
        values = self.columns[name]
        for index, value in enumerate(values):
            if value is None and name not in self.absent:
                faults.add("is missing; expected a value", self.file, self.line(index), name)
        return [value or "" for value in values]

    def integers(self, name: str, faults: Faults, *, minimum: int | None = None) -> np.ndarray:
        """A column as int64 in which nothing may be missing; bad cells become faults and 0."""
        out = np.zeros(len(self), dtype=np.int64)
        if name in self.absent:
            return out
        expected = "an integer" if minimum is None else f"an integer ≥ {minimum}"
        for index, value in enumerate(self.columns[name]):
            try:
                number = _integer(value)
            except (TypeError, ValueError):
                faults.add(f"{value or 'NA'!s} is not {expected}", self.file, self.line(index), name)
                continue
            if (minimum is not None and number < minimum) or abs(number) > _LARGEST:
                faults.add(f"{value} is not {expected}", self.file, self.line(index), name)
                continue
            out[index] = number
        return out

    def floats(
        self,
        name: str,
        faults: Faults,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        missing: float | None = math.nan,
    ) -> np.ndarray:
        """A column as float64; missing cells take `missing`, or are faults where it is None.

        A table without the column gives `missing` in every row.
        """
        out = np.full(len(self), math.nan if missing is None else missing)
        if name not in self.columns or name in self.absent:
            return out
        for index, value in enumerate(self.columns[name]):
            if value is None:
                if missing is None:
                    faults.add("is missing; expected a number", self.file, self.line(index), name)
                continue
            try:
                number = float(value)
            except ValueError:
                faults.add(f"{value} is not a number", self.file, self.line(index), name)
                continue
            if not low <= number <= high or math.isinf(number):  # the first is also false for NaN
                faults.add(f"{value} is not {_range(low, high)}", self.file, self.line(index), name)
                continue
            out[index] = number
        return out


def _integer(value: Any) -> int:
    """A whole number, also as other software writes it (`50.0`)."""
    try:
        return int(value)
    except ValueError:
        number = float(value)
        if not number.is_integer():
            raise
        return int(number)


def _range(low: float, high: float) -> str:
    if math.isinf(high):
        return f"a number ≥ {low:g}"
    return f"between {low:g} and {high:g}"


def read_table(
    path: str | Path,
    required: Sequence[str] = (),
    *,
    empty_ok: bool = True,
    what: str = "table",
    faults: Faults | None = None,
) -> Table:
    """Read a TSV (plain or gzip).

    With `faults`, those of single lines and columns are added there instead of being raised, so that the
    caller can report those of the cells beside them; faulty lines are then left out of the table, and
    required columns that are missing are `absent`.

    Raises
    ------
    UserError
        the file is missing or no text, a required column is missing, a row has the wrong number of
        fields, or there is no row and `empty_ok` is false: all such faults together.

    """
    own = Faults()
    path = Path(path)
    try:
        with open_text(path) as handle:
            lines = list(csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, EOFError, csv.Error, UnicodeDecodeError) as error:
        raise UserError(Fault(f"cannot read the {what}: {unreadable(error)}", path)) from error
    if not lines or not any(field.strip() for field in lines[0]):
        raise UserError(Fault(f"the {what} is empty; expected a header line with {_listed(required)}", path))
    header = [name.removeprefix("\ufeff").strip() for name in lines[0]]
    if all(map(_is_quoted, header)):  # as R writes tables
        header = [name[1:-1] for name in header]
        lines = [[value[1:-1] if _is_quoted(value) else value for value in fields] for fields in lines]
    while len(header) > 1 and not header[-1]:  # a spreadsheet's empty columns
        header.pop()
    check_header(header, own, path, 1)
    absent = [name for name in required if name not in header]
    if absent:
        own.add(f"lacks {_listed(absent)}; found {', '.join(header)}{_separator(header)}", path, 1)
    columns: dict[str, list[str | None]] = {name: [] for name in header}
    # of a column that is there twice, the first counts
    stores = [columns[name] if name not in header[:at] else [] for at, name in enumerate(header)]
    while len(lines) > 1 and not _has_text(lines[-1]):
        lines.pop()
    numbers = []
    for number, fields in enumerate(lines[1:], start=2):
        if not _has_text(fields):
            own.add("is an empty line", path, number)
            continue
        if len(fields) > len(header) and not _has_text(fields[len(header) :]):
            fields = fields[: len(header)]
        if len(fields) != len(header):
            own.add(f"has {len(fields)} fields, the header {len(header)} (tab-separated)", path, number)
            continue
        numbers.append(number)
        for store, value in zip(stores, fields, strict=True):
            store.append(None if value in _MISSING_WORDS else value)
    if not empty_ok and not own.found and not numbers:
        own.add(f"the {what} has a header but no rows", path)
    if faults is None:
        own.raise_if_any()
        return Table(columns, path)
    faults.found += own.found
    columns |= {name: [None] * len(numbers) for name in absent}
    return Table(columns, path, numbers, absent)


def unreadable(error: Exception) -> str:
    """Why a file could not be read as text, in a few words."""
    if isinstance(error, UnicodeDecodeError):
        start = error.object[:4]
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return "it is not UTF-8 text but UTF-16; save it as UTF-8"
        if start == b"PK\x03\x04":
            return "it is not UTF-8 text but a spreadsheet or zip file; save it as tab-separated text"
        return "it is not UTF-8 text"
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    return str(error)


def _separator(header: Sequence[str]) -> str:
    if len(header) != 1:
        return ""
    marks = {",": "commas", ";": "semicolons", " ": "blanks"}
    found = next((word for mark, word in marks.items() if mark in header[0]), None)
    return f" (separated by {found}? tabs are expected)" if found else ""


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] == text[-1] == '"'


def _has_text(fields: Sequence[str]) -> bool:
    return bool(fields) and (bool(fields[0].strip()) or any(field.strip() for field in fields))


def check_header(header: Sequence[str], faults: Faults, path: str | Path, line: int) -> None:
    """Add a fault for every column that a table names more than once."""
    for name in sorted(name for name, number in Counter(header).items() if number > 1):
        faults.add(f"column {name} occurs more than once", path, line)


def _listed(names: Sequence[str]) -> str:
    return f"column{'s' if len(names) != 1 else ''} {', '.join(names)}"


@contextmanager
def open_text(path: str | Path) -> Iterator[IO[str]]:
    """Open a plain or gzipped text file for reading."""
    with Path(path).open("rb") as raw:
        magic = raw.read(2)
        raw.seek(0)
        binary: Any = gzip.GzipFile(fileobj=raw) if magic == b"\x1f\x8b" else raw
        try:
            yield io.TextIOWrapper(binary, encoding="utf-8", newline="")
        except zlib.error as error:  # not an OSError, unlike the other faults of a damaged file
            raise OSError("the compressed file is damaged") from error


def cell(value: object, digits: int = 6) -> str:
    """Text of one cell: `NA` for missing, floats with at most `digits` significant digits."""
    if value is None:
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return MISSING if math.isnan(value) else f"{float(value):.{digits}g}"
    return str(value)


def write_table(path: str | Path, columns: Mapping[str, Sequence[Any] | np.ndarray]) -> None:
    """Write columns of one length as TSV, atomically."""
    values = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values()]
    with atomic(path) as handle:
        handle.write("\t".join(columns) + "\n")
        for row in zip(*values, strict=True):
            handle.write("\t".join(map(cell, row)) + "\n")


def write_rows(path: str | Path, header: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write dict rows as TSV with the header's columns, atomically; absent keys are `NA`."""
    with atomic(path) as handle:
        handle.write("\t".join(header) + "\n")
        for row in rows:
            handle.write("\t".join(cell(row.get(name)) for name in header) + "\n")


def write_json(path: str | Path, document: object) -> None:
    """Write JSON with sorted keys left as given, atomically; NaN is refused."""
    with atomic(path) as handle:
        json.dump(document, handle, ensure_ascii=False, indent=1, allow_nan=False)
        handle.write("\n")


@contextmanager
def atomic(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a temporary file beside `path` that takes its place when the block ends without error."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        encoding = None if "b" in mode else "utf-8"
        with os.fdopen(descriptor, mode, encoding=encoding, newline=None if "b" in mode else "\n") as handle:
            yield handle
        os.chmod(name, 0o666 & ~_umask())  # noqa: PTH101 (mkstemp gives 0600)
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    value = os.umask(0)
    os.umask(value)
    return value
