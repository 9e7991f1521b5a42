"""Clones that no tree can hold are set aside, so that they do not bend the tree of the others.

A clone whose DCFs break sum rules in many samples (an artefact, a misread copy number, two clones in one
cluster) costs the tree the least if its true neighbours move out of its way. So the clone without which the
others' misfit falls most is taken out, the tree searched for anew, and so on. Clones set aside are hung up in
the end as leaves, where they fit best, in what the others leave free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from truncal.phylogeny.evidence import Evidence, ancestry_log_weight
from truncal.phylogeny.fit import proportions
from truncal.phylogeny.inputs import PhyloInput
from truncal.phylogeny.losses import Loss, find_loss, misfit, with_loss, without
from truncal.phylogeny.posterior import TreePosterior, ancestor_probability

GAIN = 30.0
"""Log units of misfit that setting a clone aside must spare the tree."""

EQUAL = 0.9
"""Clones whose gain is this share of the largest count as equally likely to be at fault."""

SHARE = 0.34
"""At most this share of the clones is set aside."""

FOUNDER = 0.95
"""A clone of at least this DCF in every sample is never set aside."""

FAINT = 0.02
"""A clone of at most this DCF in every sample is in no sample, so that nothing says where it belongs."""

CAPPED = -8.0
"""Least log weight of one sample when a place for a clone set aside is looked for."""

ALIKE = 3.0
"""Places this many log units from the best count as equal; the deepest is taken."""


Search = Callable[[Evidence, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Settled:
    """Trees and what had to be done for them.

    best: (K',) best tree of the clones not set aside. aside: (K,) clones set aside. losses: modelled losses.
    data: the input with the evidence that trees are to be searched with.
    """

    best: np.ndarray
    aside: np.ndarray
    losses: list[Loss]
    data: PhyloInput


def settle(data: PhyloInput, best_tree: Search) -> Settled:
    """Search trees, model losses and set clones aside until the tree of the others fits.

    best_tree: gives the likeliest tree (K',) of the clones of some evidence; a quick search does, from a tree
    to start with or None. Clones that the user gives without purity are all kept, and no tree is searched.
    """
    count = len(data.cluster_ids)
    mean = np.clip(data.evidence.moments[..., 0], 0.0, 1.0)
    founder = np.all(np.where(np.isnan(data.dcf), mean, data.dcf) >= FOUNDER, axis=1)
    aside = np.all(mean <= FAINT, axis=1)
    if aside.all() or not data.purity_known:
        return Settled(np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool), [], data)
    most = int(SHARE * count) + int(aside.sum())
    losses: list[Loss] = []
    clones = np.flatnonzero(~aside)
    best = best_tree(data.evidence.subset(clones), None)
    while len(clones) > 2 and aside.sum() < most:
        worst, gain = _worst(data, best, clones, founder)
        if gain < GAIN:
            break
        best = without(best, int(np.searchsorted(clones, worst)))
        aside[worst] = True
        clones = np.flatnonzero(~aside)
        best = best_tree(data.evidence.subset(clones), best)
        if worst in [loss.clone for loss in losses]:
            continue
        loss = find_loss(data, best, clones, worst, gain)
        if loss is not None:
            losses.append(loss)
            data = with_loss(data, loss)
            aside[worst] = False
            clones = np.flatnonzero(~aside)
            at = int(np.searchsorted(clones, worst))
            best = np.insert(np.where(best > at, best + 1, best), at, -1)
            best = best_tree(data.evidence.subset(clones), best)
    losses = [loss for loss in losses if not aside[loss.clone]]
    return Settled(best, aside, losses, data)


def _worst(
    data: PhyloInput, parents: np.ndarray, clones: np.ndarray, founder: np.ndarray
) -> tuple[int, float]:
    """The clone without which the tree's misfit falls most, and by how much; the smallest of near equals.

    A founder is never it, nor the only root clone: without a trunk, every sum rule is easily kept.
    """
    total = misfit(data, parents, clones).sum()
    if total < GAIN:
        return 0, 0.0
    only = np.flatnonzero(parents == 0)
    gains = np.full(len(clones), -np.inf)
    for i, k in enumerate(clones):
        if not founder[k] and not (len(only) == 1 and only[0] == i):
            gains[i] = total - misfit(data, without(parents, i), np.delete(clones, i)).sum()
    near = np.flatnonzero(gains >= EQUAL * gains.max())
    worst = min(near.tolist(), key=lambda i: (data.n_mutations[clones[i]], -gains[i]))
    return int(clones[worst]), float(gains[worst])


def attached(data: PhyloInput, found: TreePosterior, aside: np.ndarray) -> TreePosterior:
    """The posterior with the clones set aside as leaves, each under the deepest clone that may hold it."""
    clones = np.flatnonzero(~aside)
    if not aside.any():
        return found
    weight = np.zeros((len(clones), len(aside)))
    for s in range(data.dcf.shape[1]):
        weight += np.maximum(ancestry_log_weight(data.evidence.sample(s))[1:][clones], CAPPED)
    trees = np.zeros((len(found.trees), len(aside)), dtype=np.int64)
    trees[:, clones] = np.concatenate([[0], clones + 1])[found.trees]
    for t, tree in enumerate(found.trees):
        depth = ancestor_probability(tree[None], np.ones(1)).sum(axis=0)
        for k in np.flatnonzero(aside):
            fits = np.flatnonzero(weight[:, k] >= weight[:, k].max() - ALIKE)
            trees[t, k] = clones[fits[np.argmax(depth[fits])]] + 1
    return replace(found, trees=trees)


def inner_tree(parents: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """The tree of the clones not set aside, of a tree (K,) in which those set aside are leaves."""
    clones = np.flatnonzero(~aside)
    place = np.zeros(len(aside) + 1, dtype=np.int64)
    place[clones + 1] = np.arange(1, len(clones) + 1)
    return place[parents[clones]]


def outer_fractions(
    parents: np.ndarray, inner: np.ndarray, aside: np.ndarray, observed: np.ndarray
) -> np.ndarray:
    """DCFs (…, K, S) of all clones from those (…, K', S) of the inner tree.

    A clone set aside has the `observed` (K, S) DCF as far as its parent's own cells go.
    """
    out = np.zeros((*inner.shape[:-2], len(aside), inner.shape[-1]))
    out[..., ~aside, :] = inner
    for k in np.flatnonzero(aside):
        room = proportions(parents, out)[..., parents[k], :]
        out[..., k, :] = np.clip(observed[k], 0.0, np.maximum(room, 0.0))
    return out
