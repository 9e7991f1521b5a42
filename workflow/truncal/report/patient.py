"""`patient.json` as the panels want it: clones, drivers and trees by id, reads and CCF as arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from truncal.report.document import parse_parents
from truncal.report.palette import Mark, mark

TRUNK, BRANCH, UNSURE = "trunk", "branch", "unsure"
TRUNK_FROM, BRANCH_TO = 0.9, 0.1
_COORDINATES = re.compile(r" (?:chr)?\w+:\d+:[A-Za-z]*>[A-Za-z]*$")


@dataclass(frozen=True)
class Tree:
    """A rooted tree: the parent of each clone, `0` being the normal root."""

    parents: dict[int, int]
    posterior: float | None = None
    tree_id: int | None = None

    @cached_property
    def children(self) -> dict[int, list[int]]:
        """Children of each node in the order of ids."""
        found: dict[int, list[int]] = {0: []}
        for child, parent in sorted(self.parents.items()):
            found.setdefault(child, [])
            found.setdefault(parent, []).append(child)
        return found

    def descent(self, start: int = 0) -> Iterator[int]:
        """Clones below a node, parents first."""
        for child in self.children.get(start, ()):
            yield child
            yield from self.descent(child)

    def path(self, clone: int) -> list[int]:
        """A clone and its ancestors up to the first clone."""
        found: list[int] = []
        while clone != 0 and clone in self.parents and clone not in found:
            found.append(clone)
            clone = self.parents[clone]
        return found


@dataclass(frozen=True)
class Clone:
    """A cluster of mutations with its mark."""

    clone_id: int
    n_mutations: int
    mark: Mark


@dataclass(frozen=True)
class Driver:
    """A driver event: its row, where it stands, and the reads of its mutation where it has one."""

    row: Mapping[str, Any]
    place: str
    clone: int | None

    @property
    def name(self) -> str:
        """Gene and change, as people say it; coordinates are left to the details."""
        gene, event = self.row.get("gene") or "", self.row.get("event") or self.row.get("hgvsp") or ""
        event = _COORDINATES.sub("", event)
        return event if event.startswith(gene) and gene else f"{gene} {event}".strip()


@dataclass
class Patient:
    """Everything a panel may need of one patient."""

    document: Mapping[str, Any]
    patient_id: str
    samples: list[str]
    clones: dict[int, Clone]
    trees: list[Tree]
    consensus: Tree
    edge_support: dict[tuple[int, int], float]
    drivers: list[Driver]
    mutations: list[str]
    cluster: np.ndarray
    alt: np.ndarray
    depth: np.ndarray
    ccf: np.ndarray
    ccf_low: np.ndarray
    ccf_high: np.ndarray
    dcf: dict[tuple[int, str], tuple[float, float, float, float | None]] = field(default_factory=dict)
    proportions: dict[tuple[int, str], tuple[float, float | None, float | None]] = field(default_factory=dict)

    def records(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table as dicts."""
        return records(self.document, table)

    def of_driver(self, driver: Driver) -> int | None:
        """Row of the driver's mutation in the arrays."""
        return self._row_of.get(str(driver.row.get("mutation_id")))

    @cached_property
    def set_aside(self) -> frozenset[int]:
        """Clones that no tree holds; the tree is that of the others and their place is a guess."""
        return frozenset(
            row["cluster_id"] for row in self.records("infeasible") if row.get("response") == "set aside"
        )

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.mutations)}

    @cached_property
    def short(self) -> list[str]:
        """Names of the samples without the patient's id before them, if all have it and more."""
        start = re.compile(re.escape(self.patient_id) + r"[-_. ]+(?=.)")
        if not all(start.match(name) for name in self.samples):
            return self.samples
        return [start.sub("", name, count=1) for name in self.samples]

    @cached_property
    def sample_rows(self) -> dict[str, Mapping[str, Any]]:
        """Rows of the samples by id."""
        return {row["sample_id"]: row for row in self.document["samples"]}

    @cached_property
    def days(self) -> list[float] | None:
        """Day of every sample, or `None` unless each has one and at least two differ."""
        days = [self.sample_rows[name].get("day") for name in self.samples]
        if any(day is None for day in days) or len(set(days)) < 2:
            return None
        return [float(day) for day in days]  # type: ignore[arg-type]

    @property
    def title(self) -> str:
        """Heading of the report."""
        return f"Patient {self.patient_id}"


def records(document: Mapping[str, Any], table: str) -> list[dict[str, Any]]:
    """Rows of a table of `patient.json` as dicts."""
    found = document["tables"][table]
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def column(document: Mapping[str, Any], table: str, name: str) -> list[Any]:
    """One column of a table of `patient.json`."""
    found = document["tables"][table]
    at = found["columns"].index(name)
    return [row[at] for row in found["rows"]]


def patient_of(document: Mapping[str, Any], *, arrays: bool = True) -> Patient:
    """View of a document; without `arrays` the reads and CCF of mutations are left out (a cohort's needs)."""
    samples = [str(row["sample_id"]) for row in document["samples"]]
    trees = [
        Tree(_parents(row["parents"]), row["posterior"], row["tree_id"]) for row in records(document, "trees")
    ]
    sizes = {row["cluster_id"]: row["n_mutations"] for row in records(document, "clusters")}
    consensus = Tree({int(c): int(p) for c, p in document["tree"]["consensus"].items()})
    on_trees = set(consensus.parents).union(*(tree.parents for tree in trees))
    ids = sorted((set(sizes) | on_trees) - {0, -1})
    names = column(document, "mutations", "mutation_id") if arrays else []
    cluster = column(document, "mutations", "cluster_id") if arrays else []
    return Patient(
        document=document,
        patient_id=str(document["patient"]["patient_id"]),
        samples=samples,
        clones={i: Clone(i, int(sizes.get(i) or 0), mark(n)) for n, i in enumerate(ids)},
        trees=trees,
        consensus=consensus,
        edge_support={(r["parent"], r["child"]): r["probability"] for r in records(document, "edges")},
        drivers=[_driver(row) for row in records(document, "drivers")],
        mutations=names,
        cluster=np.array([-1 if value is None else value for value in cluster], dtype=np.int64),
        **_matrices(document, names, samples),
        dcf={
            (r["cluster_id"], r["sample_id"]): (r["dcf"], r["dcf_low"], r["dcf_high"], r["dcf_tree"])
            for r in records(document, "clusters")
        },
        proportions={
            (r["cluster_id"], r["sample_id"]): (r["proportion"] or 0.0, r["low"], r["high"])
            for r in records(document, "proportions")
        },
    )


def _parents(text: str | None) -> dict[int, int]:
    return {int(child): int(parent) for child, parent in parse_parents(text).items()}


def _driver(row: Mapping[str, Any]) -> Driver:
    """Place by p_truncal, which asks where the event arose; by the label where it is not known."""
    chance, label = row["p_truncal"], row["label"]
    if chance is None:
        place = {"clonal": TRUNK, "subclonal": BRANCH}.get(label or "", UNSURE)
    else:
        place = TRUNK if chance >= TRUNK_FROM else BRANCH if chance <= BRANCH_TO else UNSURE
    clone = row["cluster_id"]
    return Driver(row, place, clone if clone and clone > 0 else None)


def _matrices(
    document: Mapping[str, Any], names: Sequence[str], samples: Sequence[str]
) -> dict[str, np.ndarray]:
    """Arrays (mutations, samples) of the ccf table; NaN (depth 0) where it has no row."""
    shape = (len(names), len(samples))
    wanted = {
        "alt": "alt_counts",
        "depth": "depth",
        "ccf": "ccf",
        "ccf_low": "ccf_low",
        "ccf_high": "ccf_high",
    }
    out = {key: np.full(shape, np.nan) for key in wanted}
    if names:
        row_of = {name: index for index, name in enumerate(names)}
        column_of = {name: index for index, name in enumerate(samples)}
        rows = [row_of.get(name, -1) for name in column(document, "ccf", "mutation_id")]
        columns = [column_of.get(name, -1) for name in column(document, "ccf", "sample_id")]
        at = (np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))
        known = (at[0] >= 0) & (at[1] >= 0)
        for key, name in wanted.items():
            values = np.array(column(document, "ccf", name), dtype=np.float64)  # None becomes NaN
            out[key][at[0][known], at[1][known]] = values[known]
    out["depth"] = np.nan_to_num(out["depth"])
    return out
