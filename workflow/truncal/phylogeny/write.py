"""The files of the phylogeny step; see `docs/data-model.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from truncal.phylogeny.export import newick, nhx, pairtree, timescape
from truncal.phylogeny.result import Phylogeny
from truncal.tables import atomic, write_json, write_table

LISTED_TREES = 1000
"""At most this many trees are listed in `trees.tsv`."""


REASONS = {
    "reassign": "no tree holds the clone it was in",
    "merge": "reads and tree say that both clusters are one clone",
    "split": "reads and tree say that its cluster was two clones",
}
"""Why a mutation was moved, by the kind of change."""


def write_phylogeny(directory: Path, result: Phylogeny) -> None:
    """Write every table of the step and the trees in other tools' formats."""
    data = result.data
    write_table(directory / "trees.tsv", _trees(result))
    write_table(directory / "edges.tsv", _edges(result))
    write_table(directory / "relations.tsv", _relations(result))
    write_table(directory / "proportions.tsv", _proportions(result))
    write_table(directory / "infeasible.tsv", _infeasible(result))
    write_table(directory / "changes.tsv", _changes(result))
    write_table(directory / "losses.tsv", _losses(result))
    write_table(directory / "clusters.tsv", _clusters(result))
    write_table(directory / "mutations.tsv", _mutations(result))
    write_table(directory / "ccf.tsv", data.ccf)
    names = data.cluster_ids
    with atomic(directory / "posterior.npz", "wb") as handle:
        np.savez_compressed(
            handle,
            cluster_ids=np.array(names),
            parents=result.posterior.trees.astype(np.int16),
            probability=result.posterior.probability,
        )
    support = [float(result.edges[parent, k]) for k, parent in enumerate(result.consensus)]
    with atomic(directory / "tree.nwk") as handle:
        handle.write(newick(result.consensus, names) + "\n")
    with atomic(directory / "tree.nhx") as handle:
        handle.write(nhx(result.consensus, names, support, data.n_mutations.tolist()) + "\n")
    prevalence, edges = timescape(
        result.posterior.trees[0], names, data.sample_ids, result.best_proportions.round(6)
    )
    write_table(directory / "timescape.tsv", prevalence)
    write_table(directory / "timescape_edges.tsv", edges)
    label = data.mutations["cluster_id"]
    groups: dict[int, list[str]] = {name: [] for name in names}
    for mutation, cluster in zip(data.mutations["mutation_id"], label, strict=True):
        if int(cluster) in groups:
            groups[int(cluster)].append(mutation)
    listed = slice(0, LISTED_TREES)
    write_json(
        directory / "pairtree.json",
        pairtree(
            result.posterior.trees[listed],
            result.posterior.probability[listed].round(6),
            data.sample_ids,
            list(groups.values()),
        ),
    )


def _name(result: Phylogeny, node: int) -> int:
    return 0 if node == 0 else result.data.cluster_ids[node - 1]


def _trees(result: Phylogeny) -> dict[str, list[Any]]:
    found = result.posterior
    listed = min(len(found.trees), LISTED_TREES)
    return {
        "tree_id": list(range(1, listed + 1)),
        "posterior": found.probability[:listed].round(6).tolist(),
        "log_likelihood": found.log_likelihood[:listed].round(3).tolist(),
        "parents": [
            ";".join(
                f"{name}:{_name(result, int(parent))}"
                for name, parent in zip(result.data.cluster_ids, tree, strict=True)
            )
            for tree in found.trees[:listed]
        ],
    }


def _edges(result: Phylogeny) -> dict[str, list[Any]]:
    rows = [
        (
            _name(result, parent),
            result.data.cluster_ids[k],
            round(float(p), 6),
            int(result.consensus[k]) == parent,
        )
        for (parent, k), p in np.ndenumerate(result.edges)
        if p >= 0.0005 or int(result.consensus[k]) == parent
    ]
    rows.sort(key=lambda row: (row[1], -row[2], row[0]))
    names = ("parent", "child", "probability", "in_consensus")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _relations(result: Phylogeny) -> dict[str, list[Any]]:
    ids = result.data.cluster_ids
    pairs = [(a, b) for a in range(len(ids)) for b in range(len(ids)) if ids[a] < ids[b]]
    same = [float(result.same[a, b]) for a, b in pairs]
    up = [(1 - p) * float(result.ancestor[a, b]) for p, (a, b) in zip(same, pairs, strict=True)]
    down = [(1 - p) * float(result.ancestor[b, a]) for p, (a, b) in zip(same, pairs, strict=True)]
    return {
        "cluster_a": [ids[a] for a, _ in pairs],
        "cluster_b": [ids[b] for _, b in pairs],
        "p_same": [round(p, 6) for p in same],
        "p_ancestor": [round(p, 6) for p in up],
        "p_descendant": [round(p, 6) for p in down],
        "p_branched": [round(max(0.0, 1 - p - q - r), 6) for p, q, r in zip(same, up, down, strict=True)],
    }


def _proportions(result: Phylogeny) -> dict[str, Any]:
    mean, low, high = result.proportions
    clones = [0, *result.data.cluster_ids]
    samples = result.data.sample_ids
    return {
        "cluster_id": np.repeat(clones, len(samples)),
        "sample_id": samples * len(clones),
        "proportion": mean.ravel().round(4),
        "low": low.ravel().round(4),
        "high": high.ravel().round(4),
    }


def _infeasible(result: Phylogeny) -> dict[str, list[Any]]:
    data = result.data
    return {
        "cluster_id": [data.cluster_ids[found.clone] for found in result.conflicts],
        "sample_id": [data.sample_ids[found.sample] for found in result.conflicts],
        "constraint": [found.constraint for found in result.conflicts],
        "excess": [round(found.excess, 4) for found in result.conflicts],
        "evidence": [found.evidence for found in result.conflicts],
        "response": [found.response for found in result.conflicts],
    }


def _changes(result: Phylogeny) -> dict[str, list[Any]]:
    data = result.data
    names = data.mutations["mutation_id"]
    return {
        "mutation_id": [names[change.mutation] for change in result.changes],
        "from_cluster": [change.before for change in result.changes],
        "to_cluster": [change.after for change in result.changes],
        "probability": [round(change.probability, 4) for change in result.changes],
        "reason": [REASONS[change.kind] for change in result.changes],
        "kind": [change.kind for change in result.changes],
    }


def _losses(result: Phylogeny) -> dict[str, list[Any]]:
    data = result.data
    rows = [
        (loss, s) for loss in result.losses for s in range(len(data.sample_ids)) if loss.share[s] >= 0.005
    ]
    return {
        "cluster_id": [data.cluster_ids[loss.clone] for loss, _ in rows],
        "lost_in": [data.cluster_ids[loss.below] for loss, _ in rows],
        "sample_id": [data.sample_ids[s] for _, s in rows],
        "fraction_of_cells": [round(float(loss.share[s]), 4) for loss, s in rows],
        "log_likelihood_gain": [round(loss.gain, 2) for loss, _ in rows],
    }


def _clusters(result: Phylogeny) -> dict[str, Any]:
    data = result.data
    samples = data.sample_ids
    return {
        "cluster_id": np.repeat(data.cluster_ids, len(samples)),
        "sample_id": samples * len(data.cluster_ids),
        "n_mutations": np.repeat(data.n_mutations, len(samples)),
        "dcf": data.dcf.ravel().round(4),
        "dcf_low": data.dcf_low.ravel().round(4),
        "dcf_high": data.dcf_high.ravel().round(4),
        "dcf_tree": result.fitted.ravel().round(4),
    }


def _mutations(result: Phylogeny) -> dict[str, list[Any]]:
    given = dict(result.data.mutations)
    first = ["mutation_id", "cluster_id", "cluster_probability", "outlier_probability"]
    out: dict[str, list[Any]] = {}
    n = len(given["mutation_id"])
    for name in first:
        out[name] = given.pop(name, [None] * n)
    given.pop("p_clonal", None)
    out["p_truncal"] = result.p_truncal.round(6).tolist()
    out["p_clonal"] = result.p_clonal.round(6).tolist()
    out["p_next_region"] = result.p_next_region.round(6).tolist()
    return {**out, **given}
