"""Losses on a branch: below some clone the copies that carry a cluster's mutations are gone.

Then the reads of the cluster show its DCF less that of the clone that lost them, in every sample alike, and
may fall short of its own children's. The clones step models losses mutation by mutation where the copy
numbers tell of them; this is for clusters that lost them where they don't.

Reads cannot tell a loss in a child from that child being a sibling: both leave DCF minus the child's. Only a
loss further down, in a clone whose parent kept the copies, is more than that, and only such are looked for.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.fit import binomial_log_likelihood, fit_tree, proportions
from truncal.phylogeny.inputs import PhyloInput, pseudo_counts

EXPLAINED = 0.8
"""Share of a clone's misfit that one loss must explain."""

FEW = 5
"""A cluster of more mutations is lost at once only where they lie close together."""

TOGETHER = 0.8
"""Share of a cluster's mutations on one chromosome from which they count as lying together."""


def may_be_lost(data: PhyloInput, k: int) -> bool:
    """Whether one event can take the copies of all mutations of clone k: few, or on one chromosome."""
    labels, chromosomes = data.mutations["cluster_id"], data.mutations.get("chrom")
    if data.n_mutations[k] <= FEW:
        return True
    if chromosomes is None:
        return False
    name = str(data.cluster_ids[k])
    own = [c for c, label in zip(chromosomes, labels, strict=True) if str(label) == name]
    places = Counter(own)
    places.pop(None, None)
    return bool(places) and places.most_common(1)[0][1] >= TOGETHER * len(own)


@dataclass(frozen=True)
class Loss:
    """Clone `clone` lost its mutated copies in clone `below` and what descends from it.

    share: (S,) of the cancer cells that lost them; gain: log-likelihood that this explains.
    """

    clone: int
    below: int
    share: np.ndarray
    gain: float


def free_fit(alt: np.ndarray, ref: np.ndarray, share: np.ndarray) -> np.ndarray:
    """DCFs (K, S) that fit reads (W, K, S) best without any tree."""
    share = share[:, None, None]
    low, high = np.zeros(alt.shape[1:]), np.ones(alt.shape[1:])
    for _ in range(50):
        middle = 0.5 * (low + high)
        p = np.clip(share * middle, 1e-15, 1 - 1e-15)
        rising = (alt / middle - ref * share / (1 - p)).sum(axis=0) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return 0.5 * (low + high)


def misfit(data: PhyloInput, parents: np.ndarray, clones: np.ndarray) -> np.ndarray:
    """Log-likelihood (K', S) that a tree of some clones costs each of them against the free fit."""
    alt, ref = data.alt[:, clones], data.ref[:, clones]
    best = binomial_log_likelihood(free_fit(alt, ref, data.share), alt, ref, data.share)
    fitted = fit_tree(parents, alt, ref, data.share)
    return best - binomial_log_likelihood(fitted, alt, ref, data.share)


def find_loss(
    data: PhyloInput, parents: np.ndarray, clones: np.ndarray, k: int, spared: float
) -> Loss | None:
    """The loss below a descendant with which clone k fits into the tree of the others, if one does.

    parents: (K',) tree of `clones`, which clone k is not among. spared: misfit that goes without it. The
    clone is tried above every node m; its DCF may then be anything between that of m and what m's parent has
    left with it, and its reads show that less the DCF of the clone that lost the copies, a descendant of m.
    """
    if not may_be_lost(data, k):
        return None
    phi = fit_tree(parents, data.alt[:, clones], data.ref[:, clones], data.share)
    room = np.maximum(proportions(parents, phi), 0.0)
    alt, ref = (part[:, k : k + 1] for part in (data.alt, data.ref))
    free = free_fit(alt, ref, data.share)
    top = binomial_log_likelihood(free, alt, ref, data.share).sum()
    best, found = -np.inf, -1
    for m, parent in enumerate(parents.tolist()):
        high = phi[m] + room[parent]
        for j in range(len(parents)):
            if not _descends(parents, j, m):
                continue
            shown = np.clip(free, phi[m] - phi[j], np.maximum(high - phi[j], 1e-9))
            gain = spared - float(top - binomial_log_likelihood(shown, alt, ref, data.share).sum())
            if gain > best:
                best, found = gain, j
    if found < 0 or best < EXPLAINED * spared:
        return None
    return Loss(k, int(clones[found]), phi[found], best)


def without(parents: np.ndarray, k: int) -> np.ndarray:
    """The tree (K − 1,) without clone k, whose children go to its parent."""
    moved = np.where(parents == k + 1, parents[k], parents)
    return np.delete(moved - (moved > k + 1), k)


def _descends(parents: np.ndarray, j: int, m: int) -> bool:
    """Whether clone j is a proper descendant of clone m."""
    while parents[j] > 0:
        j = int(parents[j]) - 1
        if j == m:
            return True
    return False


def with_loss(data: PhyloInput, loss: Loss) -> PhyloInput:
    """The input with the clone's evidence moved up by the share of the cells that lost its copies."""
    facts, k = data.evidence, loss.clone
    low, moments = facts.low.copy(), facts.moments.copy()
    low[k] += loss.share
    moments[k, :, 0] += loss.share
    moments[k, :, 3] = np.where(low[k] > 0, 0.0, moments[k, :, 3])
    moved = Evidence(facts.weights, low, facts.width, moments, facts.log_scale)
    alt, ref = data.alt.copy(), data.ref.copy()
    new_alt, new_ref = pseudo_counts(moved.subset(np.array([k])))
    alt[:, k], ref[:, k] = new_alt[:, 0], new_ref[:, 0]
    return replace(data, evidence=moved, alt=alt, ref=ref)
