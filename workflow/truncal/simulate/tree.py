"""Clone tree and clone proportions.

Clones are numbered 1..K in the order in which they arise, so a parent has a smaller number than its children;
0 is the normal root. Arrays over clones have K rows, row k − 1 being clone k.
"""

from __future__ import annotations

import numpy as np


def random_parents(clones: int, roots: int, linear: float, rng: np.random.Generator) -> np.ndarray:
    """Parents (K,) of a random tree: a clone descends from the last one with chance `linear`, else from any.

    The first `roots` clones hang on the normal root. A sole root gets at least two children where there are
    three clones or more, so that it is the most recent common ancestor by its shape.
    """
    parents = np.zeros(clones, dtype=np.int64)
    for index in range(roots, clones):
        follow = rng.random() < linear
        parents[index] = index if follow else rng.integers(1, index + 1)
    if roots == 1 and clones >= 3 and (parents == 1).sum() < 2:
        parents[rng.integers(2, clones)] = 1
    return parents


def ancestor_matrix(parents: np.ndarray) -> np.ndarray:
    """B of φ = B·u: (K, K) bool, [a, d] true where clone a is d or an ancestor of d."""
    clones = len(parents)
    matrix = np.eye(clones, dtype=bool)
    for index in range(clones):  # parents come first, so their columns are complete
        if parents[index] > 0:
            matrix[:, index] |= matrix[:, parents[index] - 1]
    return matrix


def random_proportions(
    clones: int,
    regions: int,
    alpha: float,
    spread: float,
    rng: np.random.Generator,
    first: np.ndarray | None = None,
) -> np.ndarray:
    """Clone proportions (K, S), each column summing to 1: Dirichlet over the clones that live in the region.

    Every clone has a home region and lives in each other one with chance `spread`; `spread` 1 is a plain
    symmetric Dirichlet(alpha), small values give regions of their own clones. Of serial samples, `first` (K,)
    is the earliest that each clone can be in.
    """
    lives = rng.random((clones, regions)) < spread
    lives[np.arange(clones), rng.integers(0, regions, clones)] = True
    if first is not None:
        lives &= np.arange(regions) >= first[:, None]
        lives[np.arange(clones), first] = True
    for region in np.flatnonzero(~lives.any(axis=0)):
        lives[rng.integers(0, clones) if first is None else 0, region] = True
    weights = np.where(lives, rng.gamma(alpha, size=(clones, regions)), 0.0)
    empty = weights.sum(axis=0) <= 0  # gamma draws of a small alpha may all underflow
    weights[:, empty] = lives[:, empty]
    return weights / weights.sum(axis=0)


def first_samples(parents: np.ndarray, regions: int, rng: np.random.Generator) -> np.ndarray:
    """Earliest sample (K,) of each clone of a serial tumour: none comes before its parent."""
    first = np.zeros(len(parents), dtype=np.int64)
    for index, parent in enumerate(parents.tolist()):
        if parent:
            first[index] = rng.integers(first[parent - 1], regions)
    return first


def mutation_counts(
    mutations: int,
    parents: np.ndarray,
    trunk_share: float,
    least: int,
    shares: tuple[float, ...] | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Mutations on each clone's edge, (K,), summing to `mutations` and each at least `least` where possible.

    Root clones take `trunk_share` together; the others share the rest by Dirichlet(2).
    """
    clones = len(parents)
    if shares is None:
        root = parents == 0
        weight = np.where(root, 1.0, rng.gamma(2.0, size=clones))
        weight[root] *= (trunk_share if not root.all() else 1.0) / weight[root].sum()
        if not root.all():
            weight[~root] *= (1 - trunk_share) / weight[~root].sum()
    else:
        weight = np.asarray(shares, dtype=float) / sum(shares)
    least = min(least, mutations // clones)
    extra = rng.multinomial(mutations - least * clones, weight)
    return extra + least
