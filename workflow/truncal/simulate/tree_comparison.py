"""Compare a found clone tree with the true one through the mutations that both hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TreeComparison:
    """right: every true clone has a cluster of its own, no further cluster holds two mutations, and the
    clusters hang together as the clones do.

    ancestor_f1: F1 of "a arose before b on one lineage" over ordered mutation pairs. robinson_foulds:
    distance of the clone trees and its maximum, over the clones that were found.
    """

    right: bool
    ancestor_f1: float
    robinson_foulds: tuple[int, int]


def compare_trees(
    true_parents: Mapping[int, int],
    found_parents: Mapping[int, int],
    true_label: np.ndarray,
    found_label: np.ndarray,
) -> TreeComparison:
    """Compare trees (child → parent, 0 the normal root) over mutations with both labels, (N,) each."""
    mapping = _matched_clusters(true_label, found_label)
    found_clones = sorted(set(np.unique(true_label).tolist()))
    seen = _contracted(true_parents, set(found_clones))
    got = _contracted(found_parents, set(mapping.values()) & set(found_parents))
    inverse = {cluster: clone for clone, cluster in mapping.items()}
    renamed = {inverse[child]: inverse.get(parent, 0) for child, parent in got.items()}
    complete = len(mapping) == len(found_clones) and set(renamed) == set(found_clones)
    # one stray mutation may have a cluster of its own; two make a clone that is not there
    spare = [cluster for cluster in set(found_label.tolist()) - set(mapping.values()) if cluster > 0]
    complete &= all((found_label == cluster).sum() < 2 for cluster in spare)
    return TreeComparison(
        complete and renamed == seen,
        _ancestor_f1(true_parents, found_parents, true_label, found_label),
        _robinson_foulds(seen, renamed),
    )


def _matched_clusters(true_label: np.ndarray, found_label: np.ndarray) -> dict[int, int]:
    """True clone → the cluster with the largest overlap (Jaccard), one to one, largest first."""
    pairs = []
    for clone in np.unique(true_label).tolist():
        for cluster in np.unique(found_label[(true_label == clone) & (found_label > 0)]).tolist():
            both = int(((true_label == clone) & (found_label == cluster)).sum())
            either = int(((true_label == clone) | (found_label == cluster)).sum())
            pairs.append((-both / either, clone, cluster))
    out: dict[int, int] = {}
    for _, clone, cluster in sorted(pairs):
        if clone not in out and cluster not in out.values():
            out[clone] = cluster
    return out


def _contracted(parents: Mapping[int, int], kept: set[int]) -> dict[int, int]:
    """The tree over `kept` only: children of a clone that is left out hang on its nearest kept ancestor."""
    out = {}
    for child in sorted(kept):
        parent = parents.get(child, 0)
        while parent and parent not in kept:
            parent = parents.get(parent, 0)
        out[child] = parent
    return out


def ancestor_pairs(parents: Mapping[int, int]) -> set[tuple[int, int]]:
    """All (ancestor, descendant) pairs of a tree, the normal root left out."""
    out = set()
    for child in parents:
        parent = parents[child]
        while parent:
            out.add((parent, child))
            parent = parents.get(parent, 0)
    return out


def _ancestor_f1(
    true_parents: Mapping[int, int],
    found_parents: Mapping[int, int],
    true_label: np.ndarray,
    found_label: np.ndarray,
) -> float:
    """F1 over ordered mutation pairs, counted cluster by cluster."""
    pairs: dict[tuple[int, int], int] = {}
    for clone, cluster in zip(true_label.tolist(), found_label.tolist(), strict=True):
        pairs[clone, cluster] = pairs.get((clone, cluster), 0) + 1
    true, found = ancestor_pairs(true_parents), ancestor_pairs(found_parents)
    hit = in_truth = in_found = 0
    for (clone_a, cluster_a), count_a in pairs.items():
        for (clone_b, cluster_b), count_b in pairs.items():
            count = count_a * count_b
            is_true, is_found = (clone_a, clone_b) in true, (cluster_a, cluster_b) in found
            hit += count * (is_true and is_found)
            in_truth += count * is_true
            in_found += count * is_found
    if in_truth + in_found == 0:
        return 1.0
    return 2 * hit / (in_truth + in_found)


def _robinson_foulds(true: Mapping[int, int], found: Mapping[int, int]) -> tuple[int, int]:
    """Distance and its maximum; every clone is a leaf under its own node, so that inner clones count."""
    clones = set(true) & set(found)
    if len(clones) < 2:
        return 0, 0
    from ete3 import Tree

    trees = [Tree(newick(_contracted(parents, clones)), format=1) for parents in (true, found)]
    distance, largest, *_ = trees[0].robinson_foulds(trees[1])
    return int(distance), int(largest)


def newick(parents: Mapping[int, int], root: int = 0) -> str:
    """Newick in which clone k is the leaf `k` beside its children's subtrees."""

    def subtree(clone: int) -> str:
        children = [subtree(child) for child in sorted(parents) if parents[child] == clone]
        own = [str(clone)]
        return f"({','.join(own + children)})" if children else own[0]

    return subtree(root) + ";"
