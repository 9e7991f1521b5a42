"""The posterior over clone trees, and what it says of one clone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from truncal.errors import Faults
from truncal.tables import read_table

ROOT = 0
FILLS = 0.97
"""Fitted DCF from which a clone leaves no room for cells of its parent alone."""


@dataclass(frozen=True)
class Clones:
    """Clone ids (K,), their DCF by sample (K, S) with 95 % intervals, and trees with weights summing to 1.

    A tree maps child to parent; a root clone's parent is 0, the normal root.
    """

    ids: list[int]
    dcf: np.ndarray
    dcf_low: np.ndarray
    dcf_high: np.ndarray
    size: np.ndarray
    trees: list[tuple[float, dict[int, int]]] = field(default_factory=list)

    @cached_property
    def index(self) -> dict[int, int]:
        """Position of each clone id."""
        return {clone: number for number, clone in enumerate(self.ids)}

    @cached_property
    def best(self) -> dict[int, int]:
        """The tree with most weight; empty without trees."""
        return self.trees[0][1] if self.trees else {}

    def p_trunk(self, clone: int) -> float:
        """Posterior probability that the clone lies on the path to the most recent common ancestor.

        That is the tree's only root, and below it any only child that fills every sample: no sampled cell is
        left between the two.
        """
        return sum(weight for weight, tree in self.trees if clone in self.trunk(tree))

    def trunk(self, tree: dict[int, int]) -> list[int]:
        """Clones of the path to the most recent common ancestor, from the root down; empty with several
        roots.
        """
        children: dict[int, list[int]] = {}
        for child, parent in tree.items():
            children.setdefault(parent, []).append(child)
        path: list[int] = []
        at = children.get(ROOT, [])
        while len(at) == 1:
            if path and not self._fills(at[0]):
                break
            path.append(at[0])
            at = children.get(at[0], [])
        return path

    def _fills(self, clone: int) -> bool:
        own = self.dcf[self.index[clone]] if clone in self.index else np.zeros(1)
        return bool((own >= FILLS).all())

    def parent_support(self, clone: int) -> tuple[int | None, float]:
        """The likeliest parent of a clone and its probability; (None, NaN) where it is in no tree."""
        support: dict[int, float] = {}
        for weight, tree in self.trees:
            if clone in tree:
                support[tree[clone]] = support.get(tree[clone], 0.0) + weight
        if not support:
            return None, float("nan")
        parent = min(support, key=lambda one: (-support[one], one))
        return parent, support[parent]

    def p_ancestor(self, upper: int, lower: int) -> float:
        """Posterior probability that `upper` is an ancestor of `lower`, or the same clone."""
        if upper == lower:
            return 1.0
        return sum(weight for weight, tree in self.trees if upper in ancestors(tree, lower))


def ancestors(tree: dict[int, int], clone: int) -> list[int]:
    """Ancestors of a clone from its parent up, without the normal root."""
    out = []
    at = tree.get(clone, ROOT)
    while at != ROOT and at not in out:
        out.append(at)
        at = tree.get(at, ROOT)
    return out


def read_clones(directory: Path, sample_ids: Sequence[str]) -> Clones:
    """Read `clusters.tsv` and `trees.tsv`.

    Raises
    ------
    UserError
        a table is missing or a tree is not made of `child:parent` pairs; all faults at once.

    """
    faults = Faults()
    table = read_table(directory / "clusters.tsv", ("cluster_id", "sample_id", "dcf"), what="cluster table")
    cluster = table.integers("cluster_id", faults)
    column = "dcf_tree" if "dcf_tree" in table else "dcf"
    values = {
        "dcf": table.floats(column, faults),
        "dcf_low": table.floats("dcf_low", faults),
        "dcf_high": table.floats("dcf_high", faults),
    }
    sizes = table.floats("n_mutations", faults)
    ids = sorted(set(cluster.tolist()))
    sample = {name: number for number, name in enumerate(sample_ids)}
    index = {clone: number for number, clone in enumerate(ids)}
    out = {name: np.full((len(ids), len(sample_ids)), np.nan) for name in values}
    size = np.zeros(len(ids))
    for row, (clone, name) in enumerate(zip(cluster.tolist(), table.columns["sample_id"], strict=True)):
        size[index[clone]] = sizes[row]
        if name in sample:
            for key, column_values in values.items():
                out[key][index[clone], sample[name]] = column_values[row]
    trees = _read_trees(directory / "trees.tsv", faults)
    faults.raise_if_any()
    return Clones(ids, out["dcf"], out["dcf_low"], out["dcf_high"], size, trees)


def _read_trees(path: Path, faults: Faults) -> list[tuple[float, dict[int, int]]]:
    table = read_table(path, ("posterior", "parents"), what="tree table")
    weights = table.floats("posterior", faults, low=0, high=1, missing=None)
    out = []
    for row, (weight, text) in enumerate(
        zip(weights.tolist(), table.columns["parents"], strict=True), start=2
    ):
        try:
            pairs = [part.split(":") for part in (text or "").split(";") if part]
            tree = {int(child): int(parent) for child, parent in pairs}
        except ValueError:
            faults.add(f"{text} is not a list of child:parent pairs", path, row, "parents")
            continue
        out.append((weight, tree))
    total = sum(weight for weight, _ in out)
    return [(weight / total, tree) for weight, tree in out] if total > 0 else []
