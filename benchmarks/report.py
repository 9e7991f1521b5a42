"""Tables on stdout, and the same as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class Report:
    """Collects the tables of a run."""

    def __init__(self, quiet: bool = False) -> None:
        self.tables: dict[str, dict[str, dict[str, float]]] = {}
        self.quiet = quiet

    def progress(self, what: str, scores: Mapping[str, float]) -> None:
        """One line on stderr."""
        if not self.quiet:
            shown = " ".join(f"{name}={_text(value)}" for name, value in list(scores.items())[:4])
            print(f"{what}: {shown}", file=sys.stderr, flush=True)

    def table(
        self, title: str, rows: Mapping[str, Mapping[str, float]], columns: Sequence[str], keep: int = 1
    ) -> None:
        """Print rows × columns; `keep` 1 prints only means where there are more than two rows."""
        self.tables[title] = {name: dict(row) for name, row in rows.items()}
        columns = [column for column in columns if any(column in row for row in rows.values())]
        shown = {
            name: row for name, row in rows.items() if keep > 1 or len(rows) <= 2 or name.startswith("mean")
        }
        width = max([len(name) for name in shown] + [1])
        print(f"\n## {title}")
        print(" " * width, *(f"{column:>{max(len(column), 6)}}" for column in columns))
        for name, row in shown.items():
            cells = (f"{_text(row.get(column, math.nan)):>{max(len(column), 6)}}" for column in columns)
            print(f"{name:{width}}", *cells)
        sys.stdout.flush()

    def write(self, path: Path) -> None:
        """Everything as JSON."""
        path.write_text(json.dumps(self.tables, indent=1) + "\n", encoding="utf-8")


def _text(value: float) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"
