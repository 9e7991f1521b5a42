"""A patient's evidence as the kernels take it: clones and samples in an order of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.phylogeny.enumeration import enumerate_trees
from truncal.phylogeny.evidence import Evidence, ancestry_log_weight
from truncal.phylogeny.pearson import table
from truncal.phylogeny.prior import ABSENCE, log_absence_prior, log_prior
from truncal.phylogeny.sampler import run_chain, score_trees

ENUMERATED = 200_000
"""At most this many trees are enumerated; where the windows allow more, trees are sampled."""

HOPELESS = 300.0
"""A node this many log units less likely to lie above a clone, by the pair alone, than the best is never
tried as parent. Nearer ones are: where clones fit in no tree, the best tree may hold them in such places."""

Run = tuple[np.ndarray, np.ndarray]
"""Trees (N, K) kept of a chain and their scores (N,)."""


@dataclass(frozen=True)
class Problem:
    """Evidence and prior of a patient's trees; trees here are those of the clones in canonical order.

    order: (K,) the caller's index of each clone. classes: (2,) log prior of a tree with one root clone and
    with several. kernel: what `score_trees` takes after the trees. over: (K + 1, K) log weight of a node as
    ancestor of a clone; allowed: whether it may be its parent. visits: (K, S) order of the samples.
    """

    facts: Evidence
    order: np.ndarray
    classes: np.ndarray
    kernel: tuple
    over: np.ndarray
    allowed: np.ndarray
    visits: np.ndarray

    def run(
        self, seed: int, start: np.ndarray, burn: int, keep: int, insertion: np.ndarray | None = None
    ) -> Run:
        """A chain from a tree (−1 for clones to be inserted) that keeps trees after `burn` sweeps.

        insertion: (K,) order in which they are; by falling mean DCF if None.
        """
        if insertion is None:
            insertion = np.arange(len(self.order))
        return run_chain(
            seed, start, insertion, burn, keep, self.classes, *self.kernel[:2],
            self.over, self.allowed, self.visits, *self.kernel[2:],
        )  # fmt: skip

    def enumerate(self) -> Run | None:
        """All trees that the windows allow and their scores; None where there are too many, or none."""
        several = bool(np.isfinite(self.classes[1]))
        trees = enumerate_trees(self.facts.low, self.facts.high, 1.0, several, ENUMERATED)
        if not 0 < len(trees) < ENUMERATED:
            return None
        return trees, score_trees(trees, *self.kernel) + log_prior(trees, self.classes)

    def placed(self, tree: np.ndarray) -> np.ndarray:
        """The caller's tree (K,) in canonical order."""
        place = np.empty(len(self.order) + 2, dtype=np.int64)
        place[self.order], place[-2:] = np.arange(1, len(self.order) + 1), (0, -1)
        return place[np.where(tree < 0, -1, tree - 1 - (tree == 0))[self.order]]

    def given_back(self, trees: np.ndarray) -> np.ndarray:
        """Trees (T, K) in the caller's order."""
        out = np.empty_like(trees)
        out[:, self.order] = np.concatenate([[0], self.order + 1])[trees]
        return out


def pose(facts: Evidence, classes: np.ndarray, absence: np.ndarray = ABSENCE) -> Problem:
    """The evidence in an order that depends on itself alone, so that other labels give the same result."""
    order, columns = canonical_order(facts)
    facts = Evidence(*(part[np.ix_(order, columns)] for part in (
        facts.weights, facts.low, facts.width, facts.moments, facts.log_scale)))  # fmt: skip
    kernel = (
        absence, log_absence_prior(absence, len(order), len(columns)),
        facts.weights, facts.low, facts.width, facts.moments, table(),
    )  # fmt: skip
    over = ancestry_log_weight(facts)
    best = over[1:].max(axis=0, where=~np.eye(len(order), dtype=bool), initial=-np.inf)
    allowed = over >= best - HOPELESS - len(columns)
    allowed[0] = True
    visits = np.argsort(-facts.moments[:, :, 0], axis=1, kind="stable")
    return Problem(facts, order, classes, kernel, over, allowed, visits)


def canonical_order(facts: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Orders of the clones and of the samples by falling mean DCF, ties broken by the rest of the
    evidence."""
    mean, variance = facts.moments[..., 0], facts.moments[..., 1]
    by_clone = [
        tuple(sorted(zip(m.tolist(), v.tolist(), strict=True), reverse=True))
        for m, v in zip(mean, variance, strict=True)
    ]
    keys = [(-float(np.sort(m).sum()), key) for m, key in zip(mean, by_clone, strict=True)]
    order = np.array(sorted(range(len(mean)), key=lambda k: keys[k]), dtype=np.int64)
    by_sample = [
        tuple(zip(mean[order, s].tolist(), variance[order, s].tolist(), strict=True))
        for s in range(mean.shape[1])
    ]
    columns = np.array(sorted(range(mean.shape[1]), key=lambda s: by_sample[s], reverse=True), dtype=np.int64)
    return order, columns
