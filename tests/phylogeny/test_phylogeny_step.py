"""The step end to end: files, invariances, faults, clonality and scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.phylogeny.test_tree_likelihood import evidence_of, random_tumour

from truncal.cli import main
from truncal.errors import UserError
from truncal.metrics.trees import (
    ancestor_scores,
    brier_score,
    calibration_slope,
    consistent_trees,
    log_score,
    relation_probability,
    relationship_error,
)
from truncal.phylogeny.clonality import mutation_trunk_probability, trunk_probability
from truncal.phylogeny.evidence import Evidence, build_evidence, grid_density
from truncal.phylogeny.export import newick, nhx, timescape
from truncal.phylogeny.inputs import read_clones, read_ssm
from truncal.phylogeny.posterior import ancestor_probability, consensus, tree_posterior
from truncal.phylogeny.prior import class_prior
from truncal.phylogeny.recalibration import NONE, P_CLONAL, P_TRUNCAL, recalibrated
from truncal.tables import read_table

FILES = (
    "trees.tsv", "edges.tsv", "relations.tsv", "proportions.tsv", "infeasible.tsv", "losses.tsv",
    "changes.tsv", "clusters.tsv", "mutations.tsv",
    "ccf.tsv", "tree.nwk", "tree.nhx", "timescape.tsv", "pairtree.json", "posterior.npz", "step.json",
)  # fmt: skip


def write_ssm(
    folder: Path, phi: np.ndarray, depth: int = 200, per_clone: int = 12, seed: int = 1
) -> tuple[Path, Path]:
    generator = np.random.default_rng(seed)
    lines, clusters = ["id\tname\tvar_reads\ttotal_reads\tvar_read_prob"], []
    for row in phi:
        members = []
        for _ in range(per_clone):
            total = generator.poisson(depth, len(row)) + 1
            alt = generator.binomial(total, row / 2)
            name = f"s{len(lines)}"
            members.append(name)
            texts = (",".join(map(str, values)) for values in (alt, total, [0.5] * len(row)))
            lines.append("\t".join([name, name, *texts]))
        clusters.append(members)
    ssm, params = folder / "t.ssm", folder / "t.json"
    ssm.write_text("\n".join(lines) + "\n")
    params.write_text(json.dumps({"samples": [f"R{s}" for s in range(phi.shape[1])], "clusters": clusters}))
    return ssm, params


PHI = np.array([[1.0, 1.0, 1.0, 1.0], [0.6, 0.2, 0.0, 0.5], [0.3, 0.7, 0.0, 0.1], [0.25, 0.0, 0.0, 0.3]])


def test_step_writes_every_file_and_finds_the_tree(tmp_path: Path) -> None:
    ssm, clusters = write_ssm(tmp_path, PHI)
    arguments = ["phylogeny", "--ssm", str(ssm), "--clusters", str(clusters), "--quiet", "--out"]
    assert main([*arguments, str(tmp_path / "a")]) == 0
    assert main([*arguments, str(tmp_path / "b"), "--threads", "2"]) == 0
    for name in FILES:
        first, second = (tmp_path / folder / name for folder in ("a", "b"))
        assert first.exists(), name
        if name != "posterior.npz":
            assert first.read_text() == second.read_text(), name
    document = json.loads((tmp_path / "a" / "step.json").read_text())
    assert document["summary"]["method"] == "exact"
    assert document["summary"]["consensus"] == {"1": "0", "2": "1", "3": "1", "4": "2"}
    relations = read_table(tmp_path / "a" / "relations.tsv")
    sums = sum(
        np.array(relations.text(name), dtype=float)
        for name in ("p_same", "p_ancestor", "p_descendant", "p_branched")
    )
    assert len(relations) == 6
    assert sums == pytest.approx(np.ones(6), abs=1e-5)
    shares = read_table(tmp_path / "a" / "proportions.tsv")
    for sample in ("R0", "R1", "R2", "R3"):
        total = sum(
            float(p or 0)
            for s, p in zip(shares.text("sample_id"), shares.text("proportion"), strict=True)
            if s == sample
        )
        assert total == pytest.approx(1.0, abs=0.01)
    mutations = read_table(tmp_path / "a" / "mutations.tsv")
    p = np.array(mutations.text("p_truncal"), dtype=float)
    assert p[:12].min() > 0.9
    assert p[12:].max() < 0.05


def test_user_faults_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ssm, clusters = write_ssm(tmp_path, PHI)
    ssm.write_text(ssm.read_text().replace("s3\ts3\t", "s3\ts3\tx,"))
    clusters.write_text(clusters.read_text().replace('"s1"', '"nowhere"'))
    code = main(
        ["phylogeny", "--ssm", str(ssm), "--clusters", str(clusters), "--out", str(tmp_path / "o"), "--quiet"]
    )
    said = capsys.readouterr().err
    assert code == 2
    assert "nowhere" in said
    assert "row 4" in said
    assert not (tmp_path / "o").exists()
    with pytest.raises(UserError, match="truncal clones"):
        read_clones(tmp_path, 0.01)


def test_conflict_is_explained(tmp_path: Path) -> None:
    """Two clones of 0.7 each cannot both lie in a tumour unless nested, and each exceeds the other
    somewhere."""
    phi = np.array([[1.0, 1.0, 1.0], [0.8, 0.3, 0.7], [0.3, 0.8, 0.7]])
    ssm, clusters = write_ssm(tmp_path, phi, depth=500)
    assert (
        main(
            [
                "phylogeny",
                "--ssm",
                str(ssm),
                "--clusters",
                str(clusters),
                "--out",
                str(tmp_path / "o"),
                "--quiet",
            ]
        )
        == 0
    )
    found = read_table(tmp_path / "o" / "infeasible.tsv")
    assert len(found) > 0
    text = " ".join(str(value) for value in found.text("evidence"))
    assert "likely cause" in text
    assert "reads" in text


def relabelled(facts: Evidence, order: np.ndarray, columns: np.ndarray) -> Evidence:
    at = np.ix_(order, columns)
    return Evidence(facts.weights[at], facts.low[at], facts.width[at], facts.moments[at], facts.log_scale[at])


@pytest.mark.parametrize("clones", [5, 9])
def test_relabelling_only_relabels(clones: int) -> None:
    generator = np.random.default_rng(4)
    facts = evidence_of(*random_tumour(generator, clones, 5, 200))
    order, columns = generator.permutation(clones), generator.permutation(5)
    options = {"exact_up_to": 6, "chains": 2, "samples": 60, "seed": 3}
    first = tree_posterior(facts, class_prior(clones, 0.3), **options)
    second = tree_posterior(relabelled(facts, order, columns), class_prior(clones, 0.3), **options)
    up = ancestor_probability(first.trees, first.probability)
    again = ancestor_probability(second.trees, second.probability)
    assert again == pytest.approx(up[np.ix_(order, order)], abs=1e-6)


def test_evidence_from_a_grid_matches_the_binomial() -> None:
    alt, ref = np.array([[[30.0, 0.0]]]), np.array([[[70.0, 100.0]]])
    direct = evidence_of(alt, ref, 0.0)
    grid = np.linspace(0, 1, 101)
    p = np.maximum(grid / 2, 1e-12)
    logs = np.stack([30 * np.log(p) + 70 * np.log(1 - p), 100 * np.log(1 - p)])[None]
    density, peak = grid_density(grid, logs)
    found = build_evidence(density, peak, 0.0)
    assert found.moments[..., 0] == pytest.approx(direct.moments[..., 0], abs=0.003)
    assert found.moments[..., 1] == pytest.approx(direct.moments[..., 1], rel=0.05)


def test_trunk_probability() -> None:
    trees, weight = np.array([[0, 1, 1]]), np.ones(1)
    draws = [np.array([[[1.0, 1.0], [0.99, 0.98], [0.0, 0.01]], [[1.0, 1.0], [0.9, 0.99], [0.0, 0.0]]])]
    assert trunk_probability(trees, weight, draws, 0.05).tolist() == [1.0, 0.5, 0.0]
    membership = np.array([0, 0, 1]), np.array([0, 1, 1]), np.array([0.5, 0.5, 1.0])
    found = mutation_trunk_probability(
        np.array([1.0, 0.5, 0.0]), membership, np.array([0.0, 0.2, 1.0]), np.array([0.0, 1.0, 0.4])
    )
    assert found == pytest.approx([0.75, 0.6, 0.4])


def test_recalibration_keeps_order_and_what_is_not_known() -> None:
    p = np.array([0.0, 0.03, 0.5, 0.97, 1.0, np.nan])
    sure, none = np.zeros(6), np.ones(6)
    assert recalibrated(p, sure, NONE)[1:4] == pytest.approx(p[1:4])
    assert recalibrated(p, none, NONE)[1:4] == pytest.approx(p[1:4])
    for values in (P_TRUNCAL, P_CLONAL):
        assert (np.diff(recalibrated(p, none, values)[:5]) > 0).all()
        found = recalibrated(p, sure, values)
        assert (np.diff(found[:5]) > 0).all() and 0 < found[0] < 0.01 and 0.98 < found[4] < 1
        assert np.isnan(found[5])


def test_exports() -> None:
    parents, names = np.array([0, 1, 1]), [1, 2, 5]
    assert newick(parents, names) == "((2,5)1)0;"
    from ete3 import Tree

    tree = Tree(nhx(parents, names, [1.0, 0.9, 0.8], [10, 5, 3]), format=1)
    assert {leaf.name for leaf in tree} == {"2", "5"}
    prevalence, edges = timescape(parents, names, ["A"], np.array([[0.0], [0.5], [0.3], [0.2]]))
    assert sum(prevalence["clonal_prev"]) == pytest.approx(1.0)
    assert edges["source"] == [0, 1, 1]


def test_consensus_leaves_the_unresolved_unresolved() -> None:
    trees = np.array([[0, 1, 2], [0, 3, 1]])
    up = ancestor_probability(trees, np.array([0.5, 0.5]))
    assert consensus(up).tolist() == [0, 1, 1]


def test_scores() -> None:
    trees = consistent_trees(np.array([[1.0], [0.6], [0.3]]))
    assert trees is not None
    assert {tuple(t) for t in trees.tolist()} == {(0, 1, 1), (0, 1, 2)}
    truth = relation_probability(trees, np.full(2, 0.5))
    assert relationship_error(truth, truth) == 0
    one = relation_probability(trees[:1], np.ones(1))
    assert 0 < relationship_error(one, truth) < 1
    predicted, known = ancestor_scores(ancestor_probability(trees[:1], np.ones(1)), trees[0])
    assert brier_score(predicted, known) == 0
    assert log_score(predicted, known) < 0.01
    generator = np.random.default_rng(0)
    p = generator.random(20_000)
    y = generator.random(20_000) < p
    assert calibration_slope(p, y, np.ones(len(p))) == pytest.approx(1.0, abs=0.05)


def test_ssm_share_may_differ(tmp_path: Path) -> None:
    ssm, clusters = write_ssm(tmp_path, PHI)
    data = read_ssm(ssm, clusters, 0.001)
    assert data.dcf == pytest.approx(PHI, abs=0.06)


@pytest.mark.parametrize(("depth", "share"), [(30, 0.45), (2000, 0.5), (2000, 0.505), (50_000, 0.4995)])
def test_a_gridded_trunk_is_as_sharp_beyond_1_as_its_reads(depth: int, share: float) -> None:
    """The clones step's grid is dense at 1, so that neighbours there differ by rounding alone."""
    grid = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, 201))
    alt, ref = np.full((1, 1, 1), depth * share), np.full((1, 1, 1), depth * (1 - share))
    p = np.clip(grid / 2, 1e-12, 1)
    density, peak = grid_density(grid, (alt[0] * np.log(p) + ref[0] * np.log1p(-p))[:, None])
    direct = evidence_of(alt, ref, 0.0)
    found = build_evidence(density, peak, 0.0)
    spread = np.sqrt(direct.moments[0, 0, 1])
    assert found.moments[0, 0, 0] == pytest.approx(direct.moments[0, 0, 0], abs=0.1 * spread)
    assert found.moments[0, 0, 1] == pytest.approx(direct.moments[0, 0, 1], rel=0.1)


def test_no_second_root_beside_a_trunk() -> None:
    """A clone of DCF 1 in all samples keeps the trunk, whatever else fits badly."""
    grid = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, 201))
    alt = np.array([[20_000.0] * 4, [19_000, 700, 600, 19_000], [600, 18_000, 500, 12_000]])
    p = np.clip(grid / 2, 1e-12, 1)
    logs = alt[..., None] * np.log(p) + (40_000 - alt[..., None]) * np.log1p(-p)
    density, peak = grid_density(grid, logs)
    facts = build_evidence(density, peak, 0.015)
    found = tree_posterior(facts, class_prior(3, 0.05), exact_up_to=6, chains=2, samples=60, seed=1)
    one = (found.trees == 0).sum(axis=1) == 1
    assert found.probability[one & (found.trees[:, 0] == 0)].sum() > 0.999
