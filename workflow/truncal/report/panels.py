"""Tables of the page that are more than their TSV: power by sample, drug classes by clone, altered genes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from truncal.report.patient import Patient
from truncal.report.words import HEADERS, listed, spaced

_EVENTS = frozenset({"event_id", "event_a", "event_b"})
_STRONG = frozenset({"amplification", "high_level_gain", "homozygous_deletion"})
_SIGNS = {"sensitive": "+", "resistant": "−", "conflict": "±", "unknown": "?"}


def shown_table(patient: Patient, name: str, skip: tuple[str, ...] = ()) -> dict[str, Any]:
    """A table for the page: (heading, is a number) of each column kept, and its cells likewise.

    Ids of events are shown as the driver's name.
    """
    table = patient.document["tables"][name]
    columns = table["columns"]
    kept = [index for index, column in enumerate(columns) if column not in skip]
    numeric = {
        index: any(_is_number(row[index]) for row in table["rows"])
        and all(_is_number(row[index]) or row[index] is None for row in table["rows"])
        for index in kept
    }
    names = event_names(patient)

    def cell(row: list[Any], index: int) -> Any:
        return names.get(row[index], row[index]) if columns[index] in _EVENTS else row[index]

    return {
        "columns": [
            (HEADERS.get(columns[index]) or spaced(columns[index]), numeric[index]) for index in kept
        ],
        "rows": [[(cell(row, index), numeric[index]) for index in kept] for row in table["rows"]],
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def event_names(patient: Patient) -> dict[Any, str]:
    """Names of the drivers by the id of their event."""
    return {driver.row["event_id"]: driver.name for driver in patient.drivers}


def power_matrix(patient: Patient, first: int = 12) -> dict[str, Any]:
    """One row an alteration, one cell a sample: the cell fraction its depth rules out; weakest first."""
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    needed: dict[str, Mapping[str, Any]] = {}
    for row in patient.records("power"):
        name = f"{row['gene'] or ''} {row['alteration'] or ''}".strip()
        cells.setdefault(name, {})[row["sample_id"]] = row
        before = needed.get(name)
        if before is None or (row["depth_for_5pct"] or 0) > (before["depth_for_5pct"] or 0):
            needed[name] = row
    found = set(event_names(patient).values())
    worst = {
        name: max([row["ccf_excluded_95"] or 0.0 for row in by_sample.values()], default=0.0)
        for name, by_sample in cells.items()
    }
    rows = [
        {
            "name": name,
            "found": name in found,
            "cells": [cells[name].get(sample) for sample in patient.samples],
            "needed": needed[name],
        }
        for name in sorted(cells, key=lambda name: (name not in found, -worst[name], name))
    ]
    return {"rows": rows[:first], "more": rows[first:]}


def drug_sets(patient: Patient) -> list[dict[str, Any]]:
    """The smallest sets of drug classes, with what speaks against each."""
    return [
        {
            **row,
            "classes": listed(row["drug_classes"]),
            "uncovered": [int(one) for one in listed(_text(row["clones_uncovered"])) if _is_clone(one)],
            "against": listed(row["vetoes"]),
            "grounds": listed(row["evidence"]),
        }
        for row in patient.records("polytargeting")
    ]


def _is_clone(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


def _text(value: Any) -> str | None:
    return None if value is None else str(value).replace(",", ";")


def coverage_matrix(patient: Patient) -> dict[str, Any]:
    """One row a clone, one column a drug class that says something of any clone."""
    rows = [row for row in patient.records("coverage") if row["cluster_id"] in patient.clones]
    telling = {row["drug_class"] for row in rows if row["status"] != "unknown"}
    classes = list(dict.fromkeys(row["drug_class"] for row in rows if row["drug_class"] in telling))
    at = {(row["cluster_id"], row["drug_class"]): row for row in rows}
    names = event_names(patient)
    return {
        "classes": classes,
        "rows": [
            (clone, [_covered(at.get((clone, name)), names) for name in classes])
            for clone in patient.clones
            if any((clone, name) in at for name in classes)
        ],
    }


def _covered(row: Mapping[str, Any] | None, names: Mapping[Any, str]) -> dict[str, Any]:
    status = "unknown" if row is None else row["status"] or "unknown"
    because = ", ".join(names.get(one, one) for one in listed(None if row is None else row["because"]))
    return {"status": status, "sign": _SIGNS.get(status, "?"), "because": because}


def copy_number_view(patient: Patient) -> dict[str, Any]:
    """(gene, its row in each sample) of altered genes, and the genes that are neutral everywhere."""
    rows = patient.records("copy_number_drivers")
    altered = [row for row in rows if row["state"] not in (None, "neutral")]
    genes = list(dict.fromkeys(str(row["gene"]) for row in altered))
    at = {(str(row["gene"]), row["sample_id"]): row for row in rows}
    neutral = sorted({str(row["gene"]) for row in rows} - set(genes))
    table = [(gene, [_with_strength(at.get((gene, sample))) for sample in patient.samples]) for gene in genes]
    table.sort(key=lambda one: not any(cell and cell["strong"] for cell in one[1]))
    return {"altered": table, "neutral": neutral}


def _with_strength(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The row, marked where its state is one of those that make a driver."""
    return None if row is None else {**row, "strong": row["state"] in _STRONG}
