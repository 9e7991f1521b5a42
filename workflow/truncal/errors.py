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
        place = [str(self.file)] if self.file is not None else []
        if self.row is not None:
            place.append(f"row {self.row}")
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
