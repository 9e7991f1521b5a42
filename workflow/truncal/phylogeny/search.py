"""A search for the likeliest trees: many short chains, of which the better half goes on, and so on.

Where some clone fits in no tree, chains are caught far below the best tree and stay there; another start
helps sooner than more sweeps.
"""

from __future__ import annotations

import numpy as np

from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.problem import Problem, Run, pose

STARTS = 10
"""Chains that start by ordered insertion."""

BESIDE = 1
"""The same beside one that starts from a tree."""

SWEEPS = 5
"""Sweeps of a chain before the better half is chosen."""

SHUFFLED = 0.15
"""Standard deviation, as a share of their number, of the clones' places in the order of insertion of every
other chain: a clone of high DCF that fits nowhere must not always be in the tree before the others."""


def likely_trees(
    facts: Evidence, classes: np.ndarray, *, exact_up_to: int, seed: int, start: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct trees (T, K) and their log-likelihoods plus log prior (T,), the best first.

    start: (K,) tree to start from, −1 for clones that are to be inserted, or None.
    """
    problem = pose(facts, classes)
    found = problem.enumerate() if len(problem.order) <= exact_up_to else None
    trees, scores = _searched(problem, seed, start) if found is None else found
    best_first = np.argsort(-scores, kind="stable")
    return problem.given_back(trees[best_first]), scores[best_first]


def _searched(problem: Problem, seed: int, start: np.ndarray | None) -> Run:
    count = len(problem.order)
    nothing = np.full(count, -1, dtype=np.int64)
    last = [nothing] * STARTS
    if start is not None:
        last = [problem.placed(start)] + [nothing] * BESIDE
    generator = np.random.default_rng(seed)
    found: list[Run] = []
    while last:
        best = []
        for i, tree in enumerate(last):
            places = np.arange(count) + i % 2 * generator.normal(0.0, SHUFFLED * count, count)
            number = int(generator.integers(2**32))
            trees, scores = problem.run(number, tree, 0, SWEEPS, np.argsort(places, kind="stable"))
            found.append((trees, scores))
            best.append((scores.max(), trees[scores.argmax()]))
        best.sort(key=lambda one: -one[0])
        if len(best) > 1 and np.array_equal(best[0][1], best[1][1]):
            break
        last = [tree for _, tree in best[: len(best) // 2]]
    trees, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    trees, first = np.unique(trees, axis=0, return_index=True)
    return trees, scores[first]
