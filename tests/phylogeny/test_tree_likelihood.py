"""The tree kernels against exact messages on a fine grid, brute force and every tree."""

from __future__ import annotations

import numpy as np
import pytest
from tests.phylogeny.oracles import all_trees, brute_force, grid_likelihood

from truncal.phylogeny.enumeration import enumerate_trees
from truncal.phylogeny.evidence import Evidence, binomial_density, build_evidence
from truncal.phylogeny.pearson import table
from truncal.phylogeny.posterior import ancestor_probability, edge_probability, tree_posterior
from truncal.phylogeny.prior import class_prior, log_absence_prior, log_prior
from truncal.phylogeny.problem import pose
from truncal.phylogeny.sampler import score_trees

GRID = 1500


def random_tumour(
    generator: np.random.Generator, clones: int, samples: int, depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """Reads with and without the mutation (1, K, S) of a random tree."""
    parents = [0] + [int(generator.integers(1, k + 1)) for k in range(1, clones)]
    phi = generator.dirichlet(np.full(clones + 1, 0.4), samples).T[1:].copy()
    for k in range(clones - 1, 0, -1):
        phi[parents[k] - 1] += phi[k]
    total = generator.poisson(depth, phi.shape) + 1.0
    alt = generator.binomial(total.astype(int), np.clip(phi / 2, 0, 1)).astype(float)
    return alt[None], (total - alt)[None]


def evidence_of(alt: np.ndarray, ref: np.ndarray, model_error: float = 0.005) -> Evidence:
    density, peak = binomial_density(alt, ref, np.array([0.5]))
    return build_evidence(density, peak, model_error)


def on_grid(facts: Evidence, size: int = GRID) -> np.ndarray:
    """Densities (S, K, G + 1) of the evidence on an even grid."""
    grid = np.linspace(0, 1, size + 1)
    points = facts.midpoints()
    clones, samples = facts.low.shape
    out = np.zeros((samples, clones, size + 1))
    for k in range(clones):
        for s in range(samples):
            at = np.concatenate([[facts.low[k, s]], points[k, s], [facts.high[k, s]]])
            first = facts.moments[k, s, 3] if facts.low[k, s] <= 0 else 0.0
            value = np.concatenate([[first], facts.weights[k, s] / facts.width[k, s], [0.0]])
            out[s, k] = np.interp(grid, at, value, left=0.0, right=0.0)
    return out


@pytest.mark.parametrize(("depth", "odds"), [(100, 0.01), (100, 0.1), (2000, 0.1)])
def test_kernel_agrees_with_exact_messages(depth: int, odds: float) -> None:
    generator = np.random.default_rng(3)
    off = []
    for _ in range(4):
        alt, ref = random_tumour(generator, 4, 3, depth)
        facts = evidence_of(alt, ref)
        density = on_grid(facts)
        trees = np.array(all_trees(4))
        found = score_trees(
            trees,
            np.array([odds]),
            np.zeros(1),
            facts.weights,
            facts.low,
            facts.width,
            facts.moments,
            table(),
        )
        likely = np.flatnonzero(found > found.max() - 6)[:25]
        exact = np.array(
            [sum(grid_likelihood(tuple(trees[t]), density[s], odds) for s in range(3)) for t in likely]
        )
        difference = found[likely] - exact
        off.append(difference - difference.mean())
    off = np.concatenate(off)
    assert np.sqrt(np.mean(off**2)) < 0.12
    assert np.abs(off).max() < 0.6


def test_messages_agree_with_brute_force() -> None:
    generator = np.random.default_rng(5)
    density = generator.random((3, 13))
    for parents in all_trees(3):
        found = grid_likelihood(parents, density, 0.0)
        assert found == pytest.approx(brute_force(parents, density), abs=1e-9)


def test_deep_reads_are_resolved() -> None:
    """At 10,000× and 1,000 mutations a difference of 0.002 decides; at 10× and 3 mutations nothing does."""
    total = np.array([[1e7, 1e7]])
    alt = np.round(total * np.array([[0.250], [0.249]]) / 1.0)[:, :1].repeat(2, 1)
    deep = evidence_of(alt[None], (total - alt)[None], 0.0)
    trees = np.array([[0, 1], [2, 0]])
    args = np.array([0.01]), np.zeros(1)
    first, second = score_trees(trees, *args, deep.weights, deep.low, deep.width, deep.moments, table())
    assert first - second > 20
    few = np.full((1, 2, 2), 30.0)
    alt = np.array([[[8.0, 8.0], [7.0, 7.0]]])
    shallow = evidence_of(alt, few - alt, 0.0)
    first, second = score_trees(
        trees, *args, shallow.weights, shallow.low, shallow.width, shallow.moments, table()
    )
    assert abs(first - second) < 2


def test_enumeration_finds_every_tree() -> None:
    low, high = np.zeros((4, 2)), np.ones((4, 2))
    found = {tuple(tree) for tree in enumerate_trees(low, high, 1.0, True, 10_000).tolist()}
    assert found == set(all_trees(4))
    single = enumerate_trees(low, high, 1.0, False, 10_000)
    assert len(single) == 4**3
    assert ((single == 0).sum(axis=1) == 1).all()


@pytest.mark.parametrize("seed", range(4))
def test_sampler_agrees_with_enumeration(seed: int) -> None:
    """200 random tumours of 3–6 clones: edges' and ancestries' probabilities within 0.02 of all trees'."""
    generator = np.random.default_rng(seed)
    worst = 0.0
    for case in range(50):
        clones, samples = (
            int(generator.integers(3, 7 if case % 10 == 0 else 6)),
            int(generator.integers(3, 9)),
        )
        facts = evidence_of(*random_tumour(generator, clones, samples, 300))
        classes = class_prior(clones, 0.3)
        exact = tree_posterior(facts, classes, exact_up_to=8, chains=2, samples=10, seed=1)
        found = tree_posterior(facts, classes, exact_up_to=0, chains=4, samples=3000, seed=1)
        assert found.method == "sampled"
        gap = np.abs(
            edge_probability(found.trees, found.probability)
            - edge_probability(exact.trees, exact.probability)
        )
        above = np.abs(
            ancestor_probability(found.trees, found.probability)
            - ancestor_probability(exact.trees, exact.probability)
        )
        worst = max(worst, float(gap.max()), float(above.max()))
    assert worst < 0.02


@pytest.mark.parametrize("seed", range(6))
def test_chains_visit_trees_as_often_as_they_are_likely(seed: int) -> None:
    """Edges by visits alone, where clones fit in no tree and all trees break rules by far."""
    generator = np.random.default_rng(seed)
    clones, samples = 5, 8
    total = generator.poisson(200, (1, clones, samples)) + 1.0
    phi = generator.beta(0.7, 0.7, (clones, samples))
    phi[0] = 1.0
    alt = generator.binomial(total.astype(int), phi / 2).astype(float)
    problem = pose(evidence_of(alt, total - alt), class_prior(clones, 0.3))
    trees = np.array(all_trees(clones))
    score = score_trees(trees, *problem.kernel) + log_prior(trees, problem.classes)
    probability = np.exp(score - score.max())
    visited, _ = problem.run(seed, trees[score.argmax()], 20, 1500)
    gap = edge_probability(visited, np.full(len(visited), 1 / len(visited))) - edge_probability(
        trees, probability / probability.sum()
    )
    assert np.abs(gap).max() < 0.05


@pytest.mark.parametrize("depth", [20, 60])
def test_chains_visit_many_trees_as_often_as_they_are_likely(depth: int) -> None:
    """Edges by visits alone where few reads leave many trees."""
    generator = np.random.default_rng(depth)
    problem = pose(evidence_of(*random_tumour(generator, 5, 2, depth)), class_prior(5, 0.3))
    trees = np.array(all_trees(5))
    score = score_trees(trees, *problem.kernel) + log_prior(trees, problem.classes)
    probability = np.exp(score - score.max())
    visited, _ = problem.run(1, np.full(5, -1), 20, 6000)
    gap = edge_probability(visited, np.full(len(visited), 1 / len(visited))) - edge_probability(
        trees, probability / probability.sum()
    )
    assert np.abs(gap).max() < 0.04


def test_clones_that_need_to_move_together_do() -> None:
    """Two trees of one half each, between which no move of one clone leads."""
    generator = np.random.default_rng(4)
    total = generator.poisson(60, (1, 5, 8)) + 1.0
    phi = generator.beta(0.7, 0.7, (5, 8))
    phi[0] = 1.0
    alt = generator.binomial(total.astype(int), phi / 2).astype(float)
    problem = pose(evidence_of(alt, total - alt), class_prior(5, 0.3))
    visited, _ = problem.run(1, np.full(5, -1), 20, 3000)
    assert abs((visited == [0, 1, 2, 3, 2]).all(axis=1).mean() - 0.495) < 0.12
    assert abs((visited == [0, 1, 4, 2, 2]).all(axis=1).mean() - 0.487) < 0.12


def test_absence_prior_counts_the_simplex() -> None:
    """With κ → 0 the constant is the volume of the full simplex, 1 / K!."""
    value = log_absence_prior(np.array([1e-9]), 3, 1)[0]
    assert value == pytest.approx(np.log(6.0), abs=1e-6)


def test_prior_sums_to_one() -> None:
    trees = np.array(all_trees(4))
    assert np.exp(log_prior(trees, class_prior(4, 0.3))).sum() == pytest.approx(1.0)
    several = (trees == 0).sum(axis=1) > 1
    assert np.exp(log_prior(trees[several], class_prior(4, 0.3))).sum() == pytest.approx(0.3)


def test_deep_and_large_clusters_find_their_tree() -> None:
    """Thousands of mutations a clone at depth 10,000: tens of millions of reads in each sample."""
    phi = np.array([[1.0, 1.0, 1.0], [0.6, 0.2, 0.5], [0.3, 0.7, 0.4], [0.55, 0.1, 0.3]])
    depth = np.full(phi.shape, 3000 * 10_000)
    alt = np.random.default_rng(1).binomial(depth, phi / 2).astype(float)[None]
    for model_error in (0.0, 0.001):
        facts = evidence_of(alt, depth - alt, model_error)
        found = tree_posterior(facts, class_prior(4, 0.3), exact_up_to=6, chains=2, samples=60, seed=1)
        assert np.isfinite(found.log_likelihood).all()
        assert found.trees[0].tolist() == [0, 1, 1, 2]
        assert found.probability[0] > 0.99


def test_few_shallow_reads_are_not_overread() -> None:
    """Three mutations a clone at depth 10: ancestries given with confidence are right as often as said."""
    generator = np.random.default_rng(5)
    said, true = [], []
    for _ in range(60):
        parents = np.array([0] + [int(generator.integers(1, k + 1)) for k in range(1, 5)])
        phi = generator.dirichlet(np.ones(6), 3).T[1:].copy()
        for k in range(4, 0, -1):
            phi[parents[k] - 1] += phi[k]
        alt = generator.binomial(30, phi / 2).astype(float)[None]
        facts = evidence_of(alt, 30 - alt, 0.001)
        found = tree_posterior(facts, class_prior(5, 0.0), exact_up_to=6, chains=2, samples=60, seed=1)
        off = ~np.eye(5, dtype=bool)
        said.append(ancestor_probability(found.trees, found.probability)[off])
        true.append(ancestor_probability(parents[None], np.ones(1))[off])
    p, y = np.concatenate(said), np.concatenate(true)
    assert ((p - y) ** 2).mean() < 0.8 * y.mean() * (1 - y.mean())
    assert p.mean() == pytest.approx(y.mean(), abs=0.05)
    sure = p > 0.8
    assert sure.sum() > 50
    assert y[sure].mean() == pytest.approx(p[sure].mean(), abs=0.08)
