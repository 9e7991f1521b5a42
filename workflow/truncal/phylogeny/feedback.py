"""What the tree says back about the clusters: pairs that may be one, mutations of clones set aside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from truncal.clones.prior import SAME
from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.inputs import PhyloInput

SEEN = 0.03
"""DCF from which a sample has a clone; one that has neither says nothing about their being one."""

ODDS = 0.01
"""Prior odds that two clusters are one: the clones step has merged what its reads let it merge."""

ASIDE_ODDS = 0.1
"""Odds of a mutation being of a clone that no tree holds, against what its reads alone say."""


@dataclass(frozen=True)
class Change:
    """A mutation that was moved: its index, the clones (ids) it left and joined, its new probability.

    kind: `reassign` (its clone fits in no tree), `merge` (its cluster and the other are one) or `split` (its
    cluster was two).
    """

    kind: str
    mutation: int
    before: int
    after: int
    probability: float


def same_probability(facts: Evidence) -> np.ndarray:
    """Probability (K, K) that two clusters are one: that their DCFs agree in every sample.

    In each sample the two DCFs have normal likelihoods; one clone has one DCF, two clones share it with
    probability `SAME` and have any two else.
    """
    mean, variance = facts.moments[..., 0], facts.moments[..., 1]
    spread = variance[:, None] + variance[None]
    overlap = np.exp(-0.5 * (mean[:, None] - mean[None]) ** 2 / spread) / np.sqrt(2 * np.pi * spread)
    factor = np.log(np.maximum(overlap, 1e-300)) - np.log(SAME * overlap + 1.0 - SAME)
    seen = np.maximum(mean[:, None], mean[None]) >= SEEN
    odds = np.log(ODDS) + np.where(seen, factor, 0.0).sum(axis=2)
    same = 1.0 / (1.0 + np.exp(-np.clip(odds, -700, 700)))
    same[~seen.any(axis=2)] = ODDS / (1.0 + ODDS)
    np.fill_diagonal(same, 1.0)
    return same


def labels_of(data: PhyloInput) -> tuple[list[Any], list[Any]]:
    """Cluster and its probability of each mutation, as the clones step gives them."""
    labels = list(data.mutations["cluster_id"])
    return labels, list(data.mutations.get("cluster_probability", [None] * len(labels)))


def reassign(data: PhyloInput, aside: np.ndarray) -> tuple[PhyloInput, list[Change]]:
    """Move mutations of clones set aside to another clone that holds them well; gives what changed.

    The membership of a clone set aside (aside: (K,)) counts `ASIDE_ODDS` times; a clone keeps one mutation.
    """
    if not aside.any():
        return data, []
    rows, columns, values = data.membership
    weighed = np.where(aside[columns], values * ASIDE_ODDS, values)
    total, new_total = (
        np.zeros(len(data.mutations["mutation_id"])),
        np.zeros(len(data.mutations["mutation_id"])),
    )
    np.add.at(total, rows, values)
    np.add.at(new_total, rows, weighed)
    weighed = weighed * (total / np.maximum(new_total, 1e-300))[rows]  # what is an outlier's stays so
    place = {cluster: k for k, cluster in enumerate(data.cluster_ids)}
    labels, probability = labels_of(data)
    sizes = data.n_mutations.copy()
    changes = []
    order = np.lexsort((columns, -weighed, rows))
    best = order[np.concatenate([[True], np.diff(rows[order]) > 0])] if len(order) else order
    for at in best.tolist():
        n, after = int(rows[at]), int(columns[at])
        before = place.get(int(labels[n]), -1)
        if before < 0 or not aside[before] or after == before or sizes[before] < 2:
            continue
        labels[n] = type(labels[n])(data.cluster_ids[after])
        probability[n] = round(float(weighed[at]), 6)
        sizes[before] -= 1
        sizes[after] += 1
        names = data.cluster_ids[before], data.cluster_ids[after]
        changes.append(Change("reassign", n, *names, float(weighed[at])))
    mutations = {**data.mutations, "cluster_id": labels, "cluster_probability": probability}
    return replace(data, mutations=mutations, n_mutations=sizes, membership=(rows, columns, weighed)), changes
