"""Whether a `patient.json` holds what the report relies on: parts by the schema, tables column by column.

The schema's validator takes seconds on large tables; their types are checked here, a column at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from truncal.errors import Faults
from truncal.paths import schema
from truncal.report.columns import FLAGS, TABLES, TEXT

_WHOLE = frozenset(("cluster_id", "cluster_a", "cluster_b", "parent", "child"))
_NEVER_MISSING = frozenset(("mutations", "clusters", "edges", "relations", "proportions"))
_SHOWN = 20
_LARGEST, _LARGEST_CLONE = 1e15, 1e9
"""Numbers beyond are none that truncal writes, nor fit the arrays of the report."""


def check_document(document: Mapping[str, Any], path: str | Path, faults: Faults) -> None:
    """Add every fault of the document's parts and of the tables that it has."""
    rest = {name: value for name, value in document.items() if name != "tables"}
    errors = sorted(_validator().iter_errors(rest), key=lambda found: list(map(str, found.path)))
    for error in errors[:_SHOWN]:
        where = ".".join(map(str, error.path)) or "(top level)"
        faults.add(f"{where}: {_short(error.message)}", path)
    if not errors and not _is_tree(rest["tree"]["consensus"]):
        faults.add("tree.consensus: has a clone that is its own ancestor", path)
    for name, table in document["tables"].items():
        if name in TABLES:
            for reason in _table_faults(name, table):
                faults.add(f"table {name} {reason}", path)


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    rules = json.loads(schema("patient.schema.json").read_text(encoding="utf-8"))
    rules["required"] = [name for name in rules["required"] if name != "tables"]
    del rules["properties"]["tables"]
    return Draft202012Validator(rules)


def _short(message: str) -> str:
    return " ".join(message.split())[:200]


def _table_faults(table_name: str, table: Any) -> list[str]:
    """What is wrong with one table: its form first, then the types of the columns."""
    if not isinstance(table, dict) or not isinstance(table.get("columns"), list):
        return ["has no columns"]
    columns, rows = table["columns"], table.get("rows")
    if not all(isinstance(name, str) for name in columns) or len(set(columns)) != len(columns):
        return ["has columns whose names are no text or occur twice"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return ["has no rows"]
    if any(len(row) != len(columns) for row in rows):
        return [f"has rows of a length other than its {len(columns)} columns"]
    known = {name for needed in TABLES.values() for name in needed}
    found = []
    for index, name in enumerate(columns):
        values = [row[index] for row in rows]
        expected = _expected(name, values, name in known)
        if expected is None and name in _WHOLE and table_name in _NEVER_MISSING and None in values:
            expected = "whole numbers, none missing"
        if expected is not None:
            found.append(f"column {name}: expected {expected}")
    return found


def _expected(name: str, values: list[Any], known: bool) -> str | None:
    """What was expected of a column whose values are not so, None where all is well."""
    types = set(map(type, values)) - {type(None)}
    if name == "parents":
        fine = types <= {str} and all(_is_parents(value) for value in values if value)
        return None if fine else "child:parent pairs joined by ;"
    if name in TEXT:
        return None if types <= {str} else "text"
    if name in FLAGS and not types <= {bool}:
        return "true or false"
    if name in FLAGS or not known:
        return None if types <= {bool, int, float, str} else "single values"
    given = [value for value in values if value is not None]
    if not types <= {int, float} or not all(abs(value) < _LARGEST for value in given):  # nor NaN
        return f"numbers below {_LARGEST:.0e}"
    if name in _WHOLE and not all(value == int(value) and abs(value) < _LARGEST_CLONE for value in given):
        return f"whole numbers below {_LARGEST_CLONE:.0e}"
    return None


def _is_parents(text: str) -> bool:
    pairs = [pair.split(":") for pair in text.split(";")]
    if not all(len(pair) == 2 and all(one.isdecimal() and len(one) < 10 for one in pair) for pair in pairs):
        return False
    return _is_tree({pair[0]: pair[1] for pair in pairs})


def _is_tree(parents: Mapping[str, str]) -> bool:
    """Whether every way up ends; parents that are no clones themselves hang on the root."""
    done: set[str] = set()
    for clone in parents:
        way = []
        while clone in parents and clone not in done:
            if clone in way:
                return False
            way.append(clone)
            clone = parents[clone]
        done.update(way)
    return True
