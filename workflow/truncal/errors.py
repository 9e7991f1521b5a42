"""Faults in what the user gave: collected, reported together, exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fault:
    """One thing wrong in an input: where it is and what is expected there."""

    message: str
    file: str | Path | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        return self.at("" if self.row is None else f"row {self.row}")

    def at(self, rows: str) -> str:
        """The fault as one line, with this said of the rows."""
        place = [str(self.file)] if self.file is not None else []
        if rows:
            place.append(rows)
        if self.column is not None:
            place.append(f"column {self.column}")
        return _one_line(f"{', '.join(place)}: {self.message}" if place else self.message)


def _one_line(text: str) -> str:
    """Text with line breaks, terminal escapes and invisible characters of the input spelled out."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class UserError(Exception):
    """One or more faults of the user's input; the CLI prints each on its own line and exits 2."""

    def __init__(self, faults: Fault | Iterable[Fault] | str) -> None:
        if isinstance(faults, str):
            faults = Fault(faults)
        self.faults: list[Fault] = [faults] if isinstance(faults, Fault) else list(faults)
        super().__init__("\n".join(map(str, self.faults)))


SPELLED_OUT = 3
"""Rows up to which the same fault of a column has a line for each."""

RANGES = 8
"""Ranges of rows that one line names."""


def fault_lines(faults: Iterable[Fault]) -> list[str]:
    """A line for each fault; one for all rows of a column that have the same, where those are many."""
    alike: dict[tuple[str, str | None, str], list[Fault]] = {}
    for fault in faults:
        alike.setdefault((str(fault.file), fault.column, fault.message), []).append(fault)
    lines: list[str] = []
    for same in alike.values():
        rows = [fault.row for fault in same if fault.row is not None]
        if len(rows) <= SPELLED_OUT or len(rows) < len(same):
            lines += map(str, same)
            continue
        lines.append(same[0].at(f"rows {_ranges(rows)}"))
    return lines


def _ranges(rows: list[int]) -> str:
    """Rows as ranges, the first ones if they are many, and how many rows they are in all."""
    numbers = sorted(set(rows))
    ranges: list[list[int]] = []
    for row in numbers:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    shown = [str(low) if low == high else f"{low}-{high}" for low, high in ranges[:RANGES]]
    more = ", …" if len(ranges) > RANGES else ""
    return f"{', '.join(shown)}{more} ({len(numbers)} rows)"


class Faults:
    """Collector: add faults while reading on, then raise them all at once."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(
        self,
        message: str,
        file: str | Path | None = None,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        """Note one fault; `row` is the 1-based line of the file, its header being row 1."""
        self.found.append(Fault(message, file, row, column))

    def extend(self, error: UserError) -> None:
        """Take over the faults of an error raised further down."""
        self.found.extend(error.faults)

    def raise_if_any(self) -> None:
        """Raise `UserError` with everything found so far, if anything was."""
        if self.found:
            raise UserError(self.found)
