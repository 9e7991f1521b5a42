"""One column of a table against its JSON schema: compiled once, not once a row.

A validator object per row costs more than reading the sheet; the few keywords that the sheet's schema uses
are checked here column by column instead, and `tests/sheet` checks that the answers are jsonschema's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from truncal.errors import Faults
from truncal.tables import Table


def check_column(
    table: Table, name: str, rule: Mapping[str, Any], faults: Faults, *, required: bool = False
) -> list[Any]:
    """Values of a column converted to the schema's type; missing ones take the default.

    Bad cells become faults and None. Equal cells are converted once.
    """
    convert = _converter(rule)
    default = rule.get("default")
    seen: dict[str, tuple[Any, str | None]] = {}
    out = []
    for index, text in enumerate(table.columns[name]):
        if text is None:
            if required:
                faults.add("is missing; expected a value", table.file, table.line(index), name)
            out.append(default)
            continue
        if text not in seen:
            seen[text] = convert(text)
        value, expected = seen[text]
        if expected is not None:
            faults.add(f"{text} is not {expected}", table.file, table.line(index), name)
        out.append(value)
    return out


def _converter(rule: Mapping[str, Any]) -> Callable[[str], tuple[Any, str | None]]:
    if "enum" in rule:
        allowed = frozenset(rule["enum"])
        expected = f"one of {', '.join(rule['enum'])}"
        return lambda text: (text, None) if text in allowed else (None, expected)
    if rule["type"] in ("number", "integer"):
        return _number(rule)
    if "pattern" in rule:
        matches = re.compile(rule["pattern"]).search
        expected = f"allowed: {rule['description']}"
        return lambda text: (text, None) if matches(text) else (None, expected)
    return lambda text: (text, None)


def _number(rule: Mapping[str, Any]) -> Callable[[str], tuple[Any, str | None]]:
    kind: Callable[[str], Any] = int if rule["type"] == "integer" else float
    low, above, high = rule.get("minimum"), rule.get("exclusiveMinimum"), rule.get("maximum")
    expected = f"{_range(rule)}; expected: {rule['description']}" if "description" in rule else _range(rule)

    def convert(text: str) -> tuple[Any, str | None]:
        try:
            value = kind(text)
        except ValueError:
            return None, expected
        fine = (
            value == value
            and abs(value) != float("inf")
            and (low is None or value >= low)
            and (above is None or value > above)
            and (high is None or value <= high)
        )
        return (value, None) if fine else (None, expected)

    return convert


def _range(rule: Mapping[str, Any]) -> str:
    noun = "an integer" if rule["type"] == "integer" else "a number"
    low, above, high = rule.get("minimum"), rule.get("exclusiveMinimum"), rule.get("maximum")
    bounds = []
    if above is not None:
        bounds.append(f"above {above:g}")
    if low is not None:
        bounds.append(f"at least {low:g}")
    if high is not None:
        bounds.append(f"at most {high:g}")
    return " ".join([noun, " and ".join(bounds)]).strip()
