"""From the clones' evidence to the posterior over trees, clone proportions and clonality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from truncal.phylogeny.clonality import mutation_trunk_probability, trunk_probability
from truncal.phylogeny.conflicts import find_conflicts
from truncal.phylogeny.draws import draw_fractions
from truncal.phylogeny.fit import fit_tree, proportions
from truncal.phylogeny.inputs import PhyloInput
from truncal.phylogeny.next_region import next_region_probability
from truncal.phylogeny.posterior import (
    ancestor_probability,
    consensus,
    edge_probability,
    tree_posterior,
)
from truncal.phylogeny.prior import class_prior, several_roots
from truncal.phylogeny.result import Phylogeny

DRAWN_TREES = 40
"""Clone proportions are drawn on at most this many of the best trees."""

DRAWS = 1000
"""Draws in all, shared out by the trees' probability."""


def reconstruct(
    data: PhyloInput, options: Mapping[str, Any], clonal_from: float, seed: int, threads: int
) -> Phylogeny:
    """Posterior over trees and what follows; options: section `phylogeny` of the settings.

    clonal_from: CCF from which a clone counts as filling a sample.
    """
    several = several_roots(options["polyclonal"], len(data.cluster_ids), purity_known=data.purity_known)
    posterior = tree_posterior(
        data.evidence,
        class_prior(len(data.cluster_ids), several),
        exact_up_to=options["exact_up_to"],
        chains=options["chains"],
        samples=options["samples"],
        seed=seed,
        threads=threads,
    )
    trees, probability = posterior.trees, posterior.probability
    ancestor = ancestor_probability(trees, probability)
    best = trees[0]
    fitted = fit_tree(best, data.alt, data.ref, data.share)
    draws, weight = _draws(data, trees[:DRAWN_TREES], probability[:DRAWN_TREES], seed)
    shares = np.concatenate(
        [
            np.maximum(proportions(tree, phi), 0.0)
            for tree, phi in zip(trees[:DRAWN_TREES], draws, strict=True)
        ]
    )
    on_trunk = trunk_probability(trees[:DRAWN_TREES], weight, draws, 1.0 - clonal_from)
    p_clonal = _numbers(data.mutations.get("p_clonal"), len(data.mutations["mutation_id"]))
    outlier = np.nan_to_num(_numbers(data.mutations.get("outlier_probability"), len(p_clonal)))
    p_truncal = mutation_trunk_probability(on_trunk, data.membership, outlier, p_clonal)
    pooled = np.concatenate(draws)
    clonal = (pooled >= clonal_from).mean(axis=0)
    return Phylogeny(
        data,
        posterior,
        edge_probability(trees, probability),
        ancestor,
        consensus(ancestor),
        fitted,
        np.maximum(proportions(best, fitted), 0.0),
        (shares.mean(axis=0), *np.quantile(shares, [0.025, 0.975], axis=0)),
        on_trunk,
        p_truncal,
        next_region_probability(p_clonal, clonal),
        find_conflicts(data, best, fitted),
    )


def _draws(
    data: PhyloInput, trees: np.ndarray, probability: np.ndarray, seed: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Draws of the DCFs on each tree, in number proportional to its probability, and these numbers as
    weights."""
    counts = np.maximum(np.round(DRAWS * probability / probability.sum()), 1).astype(np.int64)
    found = []
    for index, (tree, count) in enumerate(zip(trees, counts, strict=True)):
        start = fit_tree(tree, data.alt, data.ref, data.share)
        found.append(draw_fractions(tree, data.evidence, start, int(count), (seed + index) % 2**32))
    return found, counts.astype(float)


def _numbers(values: list[Any] | None, count: int) -> np.ndarray:
    if values is None:
        return np.full(count, np.nan)
    return np.array([np.nan if value is None else float(value) for value in values])
