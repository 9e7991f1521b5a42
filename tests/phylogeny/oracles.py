"""Slow, plain versions of what the phylogeny kernels compute."""

from __future__ import annotations

import itertools

import numpy as np


def all_trees(count: int) -> list[tuple[int, ...]]:
    """Every rooted forest over `count` clones as parent vectors, 0 the normal root: (K + 1)^(K − 1) of
    them."""
    out = []
    for parents in itertools.product(range(count + 1), repeat=count):
        if all(_reaches_root(parents, k) for k in range(count)):
            out.append(parents)
    return out


def _reaches_root(parents: tuple[int, ...], k: int) -> bool:
    for _ in range(len(parents) + 1):
        if parents[k] == 0:
            return True
        k = parents[k] - 1
    return False


def grid_likelihood(parents: tuple[int, ...], density: np.ndarray, odds: float) -> float:
    """Log marginal likelihood of a tree in one sample by exact messages on a grid.

    density: (K, G + 1) likelihood at DCFs 0, 1/G, …, 1. Each proportion is a multiple of 1/G, all
    equally weighed, with a further weight of `odds`·G for 0 (a point mass of that odds).
    """
    units = density.shape[1] - 1

    def below(node: int) -> np.ndarray:
        total = np.zeros(units + 1)
        total[0] = 1.0
        for k, parent in enumerate(parents):
            if parent == node:
                sums = below(k + 1)
                message = density[k] * (np.cumsum(sums) + odds * units * sums)
                total = np.convolve(total, message)[: units + 1]
        return total

    total = below(0)
    return float(np.log(total.sum() + odds * units * total[-1]))


def brute_force(parents: tuple[int, ...], density: np.ndarray) -> float:
    """Log Σ over every composition of the grid into proportions, of the clones' likelihoods (no point
    masses).

    density: (K, G + 1) likelihood at DCFs 0, 1/G, …, 1.
    """
    count, points = density.shape
    units = points - 1
    under = [[j for j in range(count) if _is_under(parents, j, k)] for k in range(count)]
    total = 0.0
    for shares in _compositions(units, count + 1):
        value = 1.0
        for k in range(count):
            value *= density[k][sum(shares[j + 1] for j in under[k])]
        total += value
    return float(np.log(total))


def _is_under(parents: tuple[int, ...], j: int, k: int) -> bool:
    while j >= 0:
        if j == k:
            return True
        j = parents[j] - 1
    return False


def _compositions(units: int, parts: int):  # type: ignore[no-untyped-def]
    if parts == 1:
        yield (units,)
        return
    for first in range(units + 1):
        for rest in _compositions(units - first, parts - 1):
            yield (first, *rest)
