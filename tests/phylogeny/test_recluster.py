"""Clusters that the tree splits or merges, and those that it leaves alone."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from tests.phylogeny.drawn import TREE, write_ssm

from truncal.ccf.observations import UNEXPLAINED
from truncal.errors import Faults
from truncal.phylogeny.evidence import binomial_density, build_evidence, interval
from truncal.phylogeny.inputs import PhyloInput, pseudo_counts, read_reads, read_ssm
from truncal.phylogeny.partition import log_integral, mixture_gain, two_parts
from truncal.phylogeny.reads import Reads
from truncal.phylogeny.reconstruct import reconstruct
from truncal.phylogeny.result import Phylogeny
from truncal.phylogeny.run import summary, warnings
from truncal.phylogeny.write import write_phylogeny
from truncal.sheet.settings import load_settings
from truncal.tables import read_table

PARENTS = [0, 1, 1, 2, 3]


def clusters_of(
    folder: Path, phi: np.ndarray, sizes: list[int], groups: list[list[int]], depth: int = 200, seed: int = 1
) -> PhyloInput:
    """Clones with true DCFs phi (K, S), their mutations clustered as the clones step would hand them on.

    groups: the parts of which each cluster consists, part p being the mutations of row p of `phi`.
    """
    ssm, params = write_ssm(folder, phi, sizes, groups, depth, seed)
    data = read_ssm(ssm, params, 0.01)
    fields = [line.split("\t") for line in ssm.read_text().splitlines()[1:]]
    alt, depth_of = (np.array([row[i].split(",") for row in fields], dtype=float) for i in (2, 3))
    reads = Reads(alt, depth_of - alt, np.zeros(alt.shape), np.full(alt.shape, 0.5))
    label = np.array([int(cluster) for cluster in data.mutations["cluster_id"]])
    logs = reads.log_likelihood(data.grid)
    sums = np.stack([logs[label == name].sum(axis=0) for name in data.cluster_ids])
    facts = build_evidence(*binomial_density(data.alt, data.ref, data.share), 0.01)
    counts = pseudo_counts(facts)
    mean, low, high = interval(facts)
    return replace(
        data, evidence=facts, dcf=mean, dcf_low=low, dcf_high=high,
        alt=counts[0], ref=counts[1], share=np.ones(1), purity_known=True, log_likelihood=sums,
        reads=reads, model_error=0.01,
    )  # fmt: skip


def trees_of(data: PhyloInput) -> Phylogeny:
    return reconstruct(data, load_settings(None)["phylogeny"], 0.95, 1, 1)


def members(result: Phylogeny) -> set[frozenset[str]]:
    """The clusters as sets of mutations, whatever their names."""
    found: dict[str, set[str]] = {}
    table = result.data.mutations
    for name, cluster in zip(table["mutation_id"], table["cluster_id"], strict=True):
        found.setdefault(str(cluster), set()).add(name)
    return {frozenset(group) for group in found.values()}


def named(first: int, count: int) -> frozenset[str]:
    return frozenset(f"s{n}" for n in range(first, first + count))


@pytest.mark.parametrize("seed", range(4))
def test_a_cluster_of_two_clones_is_split(tmp_path: Path, seed: int) -> None:
    data = clusters_of(tmp_path, TREE, [20, 12, 15, 10, 12], [[0], [1], [2, 3], [4]], seed=seed)
    result = trees_of(data)
    truth = {named(1, 20), named(21, 12), named(33, 15), named(48, 10), named(58, 12)}
    assert members(result) == truth
    assert {change.kind for change in result.changes} == {"split"}
    assert {(change.before, change.after) for change in result.changes} == {(3, 5)}
    assert len(result.changes) == 10
    assert result.data.cluster_ids == [1, 2, 3, 4, 5]
    assert result.data.n_mutations.tolist() == [20, 12, 15, 12, 10]
    names = [0, *result.data.cluster_ids]
    best = {names[k + 1]: names[parent] for k, parent in enumerate(result.posterior.trees[0].tolist())}
    assert best == {1: 0, 2: 1, 3: 1, 5: 2, 4: 3}
    assert result.fitted == pytest.approx(TREE[[0, 1, 2, 4, 3]], abs=0.06)
    total = np.zeros(69)
    np.add.at(total, result.data.membership[0], result.data.membership[2])
    assert total == pytest.approx(np.ones(69), abs=2e-3)  # of each mutation as much as before
    write_phylogeny(tmp_path / "out", result)
    table = read_table(tmp_path / "out" / "changes.tsv")
    assert set(table.text("kind")) == {"split"}
    assert set(table.text("to_cluster")) == {"5"}
    assert "two clones" in str(table.text("reason")[0])
    assert dict(warnings(result))["split"].startswith("Cluster 3 is taken as two clones, 3 and 5")
    said = summary(result)
    assert (said["n_split"], said["n_merged"], said["n_reassigned"]) == (1, 0, 0)


@pytest.mark.parametrize("seed", range(4))
def test_a_trunk_in_two_clusters_is_merged(tmp_path: Path, seed: int) -> None:
    phi = np.vstack([TREE[:1], TREE])
    groups = [[0], [1], [2], [3], [4], [5]]
    data = clusters_of(tmp_path, phi, [15, 9, 12, 15, 10, 12], groups, seed=seed)
    result = trees_of(data)
    truth = {named(1, 24), named(25, 12), named(37, 15), named(52, 10), named(62, 12)}
    assert members(result) == truth
    assert {(c.kind, c.before, c.after) for c in result.changes} == {("merge", 2, 1)}
    assert len(result.changes) == 9
    assert result.data.cluster_ids == [1, 3, 4, 5, 6]
    assert result.data.n_mutations.tolist() == [24, 12, 15, 10, 12]
    assert result.posterior.trees[0].tolist() == PARENTS
    assert result.on_trunk[0] > 0.95
    write_phylogeny(tmp_path / "out", result)
    assert set(read_table(tmp_path / "out" / "changes.tsv").text("kind")) == {"merge"}
    assert "merged" in dict(warnings(result))
    assert summary(result)["n_merged"] == 1


def test_a_small_cluster_that_equals_its_parent_is_merged(tmp_path: Path) -> None:
    phi = np.vstack([TREE, TREE[2:3]])
    data = clusters_of(tmp_path, phi, [20, 12, 15, 10, 12, 3], [[0], [1], [2], [3], [4], [5]])
    result = trees_of(data)
    assert {(c.kind, c.before, c.after) for c in result.changes} == {("merge", 6, 3)}


@pytest.mark.parametrize("seed", range(20))
def test_clusters_of_one_clone_each_are_left_alone(tmp_path: Path, seed: int) -> None:
    """Random trees whose clones differ, three to five samples."""
    generator = np.random.default_rng(100 + seed)
    clones, samples = int(generator.integers(3, 7)), int(generator.integers(3, 6))
    parents = [0, *(int(generator.integers(1, k + 1)) for k in range(1, clones))]
    shares = generator.dirichlet(np.ones(clones), samples).T
    phi = shares.copy()
    for k in range(clones - 1, 0, -1):
        phi[parents[k] - 1] += phi[k]
    phi = np.minimum(phi, 1.0)
    sizes = generator.integers(6, 25, clones).tolist()
    data = clusters_of(tmp_path, phi, sizes, [[k] for k in range(clones)], seed=seed)
    result = trees_of(data)
    near = [np.abs(phi[a] - phi[b]).max() for a in range(clones) for b in range(a)]
    if min(near) > 0.05:
        assert result.changes == []
    else:  # two clones that reads can hardly tell apart may be one, but no clone is two
        assert {change.kind for change in result.changes} <= {"merge"}


def test_the_cause_of_a_cluster_of_two_clones_is_told(tmp_path: Path) -> None:
    """Where single mutations' reads are not known, the cluster stays and the table says what it may be."""
    data = clusters_of(tmp_path, TREE, [20, 4, 15, 12, 4], [[0], [1, 4], [2], [3]])
    aside = trees_of(replace(data, reads=None))
    assert aside.changes == []
    assert aside.aside.tolist() == [False, True, False, False]
    said = [found.evidence for found in aside.conflicts if found.clone == 1]
    assert said
    assert all("an artefact, or clones merged into one cluster" in text for text in said)
    assert {(change.kind, change.before) for change in trees_of(data).changes} == {("split", 2)}
    more = clusters_of(tmp_path, TREE, [20, 12, 15, 12, 12], [[0], [1, 4], [2], [3]])
    kept = trees_of(replace(more, purity_known=False))
    assert any("two clones merged into one cluster" in found.evidence for found in kept.conflicts)


def test_clusters_of_the_user_are_not_changed(tmp_path: Path) -> None:
    data = clusters_of(tmp_path, TREE, [20, 12, 15, 10, 12], [[0], [1], [2, 3], [4]])
    assert trees_of(replace(data, purity_known=False)).changes == []


def test_order_of_clusters_and_mutations_does_not_matter(tmp_path: Path) -> None:
    groups = [[0], [1], [2, 3], [4]]
    first = trees_of(clusters_of(tmp_path, TREE, [20, 12, 15, 10, 12], groups))
    turned = trees_of(clusters_of(tmp_path, TREE, [20, 12, 15, 10, 12], [groups[k] for k in (2, 0, 3, 1)]))
    assert members(first) == members(turned)


def test_integrals_and_mixtures_against_closed_forms() -> None:
    grid = np.linspace(0, 1, 4001)
    alt, ref = 7.0, 31.0
    with np.errstate(divide="ignore"):
        logs = np.log(grid) * alt + np.log1p(-grid) * ref
    logs[[0, -1]] = -1e9
    beta = math.lgamma(alt + 1) + math.lgamma(ref + 1) - math.lgamma(alt + ref + 2)
    assert log_integral(logs, grid) == pytest.approx(beta, abs=1e-5)
    half = np.full(10, 0.5)
    assert mixture_gain(half, half) == pytest.approx(0.0, abs=1e-12)
    sure = np.array([1.0] * 6 + [0.0] * 4)
    assert mixture_gain(sure, 1 - sure) == pytest.approx(6 * math.log(0.6) + 4 * math.log(0.4))


def test_likelihood_of_single_reads_against_quadrature() -> None:
    parts = (np.array([[12.0]]), np.array([[88.0]]), np.array([[0.01]]), np.array([[0.4]]))
    found = Reads(*parts).log_likelihood(np.array([0.0, 0.3, 1.0]))[0, 0]
    flat = quad(lambda p: p**12 * (1 - p) ** 88, 0, 1, epsabs=0, epsrel=1e-10)[0]
    for value, dcf in zip(found, (0.0, 0.3, 1.0), strict=True):
        p = 0.01 + 0.4 * dcf
        assert value == pytest.approx(math.log(p**12 * (1 - p) ** 88 + UNEXPLAINED * flat), rel=1e-9)


def test_two_parts_of_one_clone_gain_nothing() -> None:
    generator = np.random.default_rng(5)
    depth = generator.poisson(200, (40, 4)).astype(float)
    alt = generator.binomial(depth.astype(int), [[0.3, 0.1, 0.2, 0.4]]).astype(float)
    alike = Reads(alt, depth - alt, np.zeros(alt.shape), np.full(alt.shape, 0.5))
    parts = two_parts(alike, np.linspace(0, 1, 201), 100)
    assert parts is None or parts.gain < 0


def reads_file(folder: Path, **parts: np.ndarray) -> tuple[Reads | None, list[str]]:
    np.savez(folder / "reads.npz", **parts)
    faults = Faults()
    return read_reads(folder / "reads.npz", (3, 2), faults), [fault.message for fault in faults.found]


def test_files_of_reads_that_do_not_fit_are_named(tmp_path: Path) -> None:
    names = ("alt", "ref", "offset", "slope")
    whole = {name: np.ones((3, 2)) for name in names}
    found, faults = reads_file(tmp_path, **whole)
    assert found is not None
    assert not faults
    for wrong in (np.ones((2, 2)), np.full((3, 2), np.nan), -np.ones((3, 2))):
        found, faults = reads_file(tmp_path, **{**whole, "alt": wrong})
        assert found is None
        assert "3 mutations in 2 samples" in faults[0]
    found, faults = reads_file(tmp_path, alt=np.ones((3, 2)))
    assert found is None
    assert "not a file of reads" in faults[0]
    (tmp_path / "reads.npz").write_bytes(b"no archive")
    assert read_reads(tmp_path / "reads.npz", (3, 2), Faults()) is None
    assert read_reads(tmp_path / "none.npz", (3, 2), Faults()) is None
