"""From the clones' evidence to the posterior over trees, clone proportions and clonality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from truncal.phylogeny import recalibration
from truncal.phylogeny.aside import attached, inner_tree, outer_fractions, settle
from truncal.phylogeny.clonality import mutation_trunk_probability, trunk_probability
from truncal.phylogeny.conflicts import find_conflicts
from truncal.phylogeny.draws import draw_fractions
from truncal.phylogeny.evidence import Evidence
from truncal.phylogeny.feedback import reassign, same_probability
from truncal.phylogeny.fit import fit_tree, proportions
from truncal.phylogeny.inputs import PhyloInput
from truncal.phylogeny.next_region import clonal_by_region, next_region_probability
from truncal.phylogeny.posterior import (
    ancestor_probability,
    consensus,
    edge_probability,
    tree_posterior,
)
from truncal.phylogeny.prior import class_prior, several_roots
from truncal.phylogeny.recluster import recluster
from truncal.phylogeny.result import Phylogeny
from truncal.phylogeny.search import likely_trees

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
    count = len(data.cluster_ids)
    several = several_roots(options["polyclonal"], count, purity_known=data.purity_known)

    def scored(facts: Evidence, start: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        classes = class_prior(len(facts.low), several)
        return likely_trees(facts, classes, exact_up_to=options["exact_up_to"], seed=seed, start=start)

    def best_tree(facts: Evidence, start: np.ndarray | None) -> np.ndarray:
        return scored(facts, start)[0][0]

    def log_evidence(facts: Evidence, start: np.ndarray) -> float:
        return float(np.logaddexp.reduce(scored(facts, start)[1]))

    data, settled, changes = recluster(data, lambda given: settle(given, best_tree), log_evidence)
    aside = settled.aside
    facts = settled.data.evidence.subset(np.flatnonzero(~aside))
    whole = tree_posterior(
        facts,
        class_prior(len(facts.low), several),
        exact_up_to=options["exact_up_to"],
        chains=options["chains"],
        samples=options["samples"],
        seed=seed,
        threads=threads,
        start=settled.best,
    )
    posterior = attached(settled.data, whole, aside)
    given, moved = reassign(data, aside)
    changes = changes + moved
    data = settled.data
    trees, probability = posterior.trees, posterior.probability
    ancestor = ancestor_probability(trees, probability)
    best = trees[0]
    fitted = _fit(data, best, aside)
    draws, weight = _draws(data, trees[:DRAWN_TREES], probability[:DRAWN_TREES], aside, seed)
    shares = np.concatenate(
        [
            np.maximum(proportions(tree, phi), 0.0)
            for tree, phi in zip(trees[:DRAWN_TREES], draws, strict=True)
        ]
    )
    on_trunk = trunk_probability(trees[:DRAWN_TREES], weight, draws, 1.0 - clonal_from)
    p_clonal = _numbers(data.mutations.get("p_clonal"), len(data.mutations["mutation_id"]))
    outlier = np.nan_to_num(_numbers(data.mutations.get("outlier_probability"), len(p_clonal)))
    p_truncal = mutation_trunk_probability(on_trunk, given.membership, outlier, p_clonal)
    by_region = clonal_by_region(data.mutations["mutation_id"], data.sample_ids, data.ccf, p_clonal)
    next_region = next_region_probability(p_clonal, by_region)
    ours = ~np.isnan(p_clonal)  # clusters that the user gives are taken as they are
    p_clonal = recalibration.recalibrated(p_clonal, outlier, recalibration.P_CLONAL)
    told = recalibration.recalibrated(p_truncal, outlier, recalibration.P_TRUNCAL)
    p_truncal = np.where(ours, told, p_truncal)
    return Phylogeny(
        given,
        posterior,
        edge_probability(trees, probability),
        ancestor,
        consensus(ancestor),
        fitted,
        np.maximum(proportions(best, fitted), 0.0),
        (shares.mean(axis=0), *np.quantile(shares, [0.025, 0.975], axis=0)),
        on_trunk,
        p_truncal,
        p_clonal,
        next_region,
        find_conflicts(given, best, fitted, aside, settled.losses),
        aside,
        settled.losses,
        same_probability(given.evidence),
        changes,
    )


def _fit(data: PhyloInput, tree: np.ndarray, aside: np.ndarray) -> np.ndarray:
    """DCFs (K, S) fitted on a tree, those of clones set aside within what the others leave."""
    inner = fit_tree(inner_tree(tree, aside), data.alt[:, ~aside], data.ref[:, ~aside], data.share)
    return outer_fractions(tree, inner, aside, data.dcf)


def _draws(
    data: PhyloInput, trees: np.ndarray, probability: np.ndarray, aside: np.ndarray, seed: int
) -> tuple[list[np.ndarray], np.ndarray]:
    """Draws of the DCFs on each tree, in number proportional to its probability, and these numbers as
    weights."""
    counts = np.maximum(np.round(DRAWS * probability / probability.sum()), 1).astype(np.int64)
    facts = data.evidence.subset(np.flatnonzero(~aside))
    found = []
    for index, (tree, count) in enumerate(zip(trees, counts, strict=True)):
        start = _fit(data, tree, aside)[~aside]
        inner = draw_fractions(inner_tree(tree, aside), facts, start, int(count), (seed + index) % 2**32)
        found.append(outer_fractions(tree, inner, aside, data.dcf))
    return found, counts.astype(float)


def _numbers(values: list[Any] | None, count: int) -> np.ndarray:
    if values is None:
        return np.full(count, np.nan)
    return np.array([np.nan if value is None else float(value) for value in values])
