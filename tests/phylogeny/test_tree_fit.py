"""The tree-constrained fit against a general-purpose optimiser, and draws against exact posteriors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from tests.phylogeny.test_tree_likelihood import evidence_of, random_tumour

from truncal.phylogeny.draws import draw_fractions
from truncal.phylogeny.fit import binomial_log_likelihood, fit_tree, proportions
from truncal.phylogeny.inputs import read_ssm


def random_tree(generator: np.random.Generator, count: int) -> np.ndarray:
    return np.array([int(generator.integers(0, k + 1)) for k in range(count)])


def by_slsqp(parents: np.ndarray, alt: np.ndarray, ref: np.ndarray, share: np.ndarray) -> float:
    """Best log-likelihood of one sample by sequential quadratic programming."""
    count = len(parents)
    rooms = np.zeros((count + 1, count))
    for k, parent in enumerate(parents):
        rooms[k + 1, k] += 1
        rooms[parent, k] -= 1
    base = np.eye(count + 1)[0]

    def cost(phi: np.ndarray) -> float:
        return -float(binomial_log_likelihood(np.clip(phi, 1e-12, 1)[:, None], alt, ref, share).sum())

    def slope(phi: np.ndarray) -> np.ndarray:
        phi = np.clip(phi, 1e-12, 1)
        pairs = zip(alt[:, :, 0], ref[:, :, 0], share, strict=True)
        return -sum(a / phi - r * w / np.maximum(1 - w * phi, 1e-12) for a, r, w in pairs)

    size = np.ones(count + 1)
    for k in range(count - 1, -1, -1):  # parents come before their children
        size[parents[k]] += size[k + 1]
    found = minimize(
        cost, size[1:] / (count + 1), jac=slope, method="SLSQP", bounds=[(1e-10, 1)] * count,
        constraints={"type": "ineq", "fun": lambda x: base + rooms @ x, "jac": lambda x: rooms},
        options={"maxiter": 3000, "ftol": 1e-14},
    )  # fmt: skip
    return -float(found.fun) if (base + rooms @ found.x).min() > -1e-9 else -np.inf


@pytest.mark.parametrize("depth", [20, 300, 20_000])
def test_fit_reaches_the_optimum(depth: int) -> None:
    generator = np.random.default_rng(depth)
    for _ in range(12):
        count = int(generator.integers(2, 9))
        parents = random_tree(generator, count)
        share = np.array([0.5, 0.999])
        total = generator.poisson(depth, (2, count, 1)) + 1.0
        alt = generator.binomial(
            total.astype(int), generator.random((2, count, 1)) * share[:, None, None] * 0.7
        )
        alt = alt.astype(float)
        phi = fit_tree(parents, alt, total - alt, share)
        assert proportions(parents, phi).min() >= 0
        found = binomial_log_likelihood(phi, alt, total - alt, share).sum()
        assert found >= by_slsqp(parents, alt, total - alt, share) - 1e-3


@pytest.mark.parametrize("patient", ["SJBALL022613", "SJETV043"])
def test_fit_reaches_the_optimum_on_real_patients(shared: Path, tmp_path: Path, patient: str) -> None:
    """On the experts' tree of a B-ALL patient, sample by sample."""
    folder = shared / "data" / "ball"
    known = json.loads((folder / "truth" / f"{patient}.json").read_text())
    source = folder / "inputs" / f"{patient}.ssm"
    with source.open() as table:
        names = table.readline().split("\t")
        count = len(table.readline().split("\t")[names.index("var_reads")].split(","))
    clusters = tmp_path / "clusters.json"
    samples = [f"S{s}" for s in range(count)]
    clusters.write_text(json.dumps({"samples": samples, "clusters": known["clusters"]}))
    data = read_ssm(source, clusters, 0.0)
    parents = np.array(known["parents"])
    order = list(range(len(parents)))
    depth = {0: 0}
    while len(depth) <= len(parents):
        depth |= {k + 1: depth[p] + 1 for k, p in enumerate(parents.tolist()) if p in depth}
    order.sort(key=lambda k: depth[k + 1])  # parents before their children, as the optimiser wants them
    place = np.zeros(len(parents) + 1, dtype=np.int64)
    place[np.array(order) + 1] = np.arange(1, len(order) + 1)
    tree, alt, ref = place[parents[order]], data.alt[:, order], data.ref[:, order]
    phi = fit_tree(tree, alt, ref, data.share)
    found = binomial_log_likelihood(phi, alt, ref, data.share).sum(axis=0)
    for s in range(0, count, max(1, count // 6)):
        one = alt[:, :, s : s + 1], ref[:, :, s : s + 1]
        assert found[s] >= by_slsqp(tree, *one, data.share) - 1e-3


def test_fit_of_a_tree_that_fits_is_the_free_optimum() -> None:
    alt = np.array([[[400.0], [200.0], [0.0]]])
    ref = np.array([[[600.0], [800.0], [1000.0]]])
    phi = fit_tree(np.array([0, 1, 2]), alt, ref, np.array([0.5]))
    assert phi[:, 0] == pytest.approx([0.8, 0.4, 0.0], abs=1e-5)


def test_draws_keep_the_sum_rules_and_the_mean() -> None:
    generator = np.random.default_rng(1)
    alt, ref = random_tumour(generator, 5, 3, 500)
    facts = evidence_of(alt, ref)
    parents = np.array([0, 1, 1, 2, 2])
    start = fit_tree(parents, alt, ref, np.array([0.5]))
    drawn = draw_fractions(parents, facts, start, 400, 7)
    assert proportions(parents, drawn).min() > -1e-9
    again = draw_fractions(parents, facts, start, 400, 7)
    assert np.array_equal(drawn, again)


def test_draws_of_a_lone_clone_follow_its_likelihood() -> None:
    alt, ref = np.array([[[150.0]]]), np.array([[[350.0]]])
    facts = evidence_of(alt, ref, 0.0)
    drawn = draw_fractions(np.array([0]), facts, np.array([[0.6]]), 4000, 1)[:, 0, 0]
    assert drawn.mean() == pytest.approx(facts.moments[0, 0, 0], abs=0.004)
    assert drawn.std() == pytest.approx(np.sqrt(facts.moments[0, 0, 1]), rel=0.06)
