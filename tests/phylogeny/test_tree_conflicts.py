"""Clusters that no tree holds: what is set aside, what is modelled as a loss, and the likely causes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.phylogeny.drawn import TREE, write_ssm

from truncal.phylogeny.inputs import PhyloInput, pseudo_counts, read_ssm
from truncal.phylogeny.reconstruct import reconstruct
from truncal.phylogeny.result import Phylogeny
from truncal.phylogeny.run import summary, warnings
from truncal.phylogeny.write import write_phylogeny
from truncal.sheet.settings import load_settings
from truncal.tables import read_table


def clones_of(folder: Path, phi: np.ndarray, sizes: list[int], depth: int = 300, seed: int = 1) -> PhyloInput:
    """Clones with these observed DCFs, as the clones step would hand them on (purity known)."""
    ssm, params = write_ssm(folder, phi, sizes, [[k] for k in range(len(sizes))], depth, seed)
    data = read_ssm(ssm, params, 0.01)
    alt, ref = pseudo_counts(data.evidence)
    return replace(data, alt=alt, ref=ref, share=np.ones(1), purity_known=True)


def trees_of(data: PhyloInput) -> Phylogeny:
    return reconstruct(data, load_settings(None)["phylogeny"], 0.95, 1, 1)


PARENTS = [0, 1, 1, 2, 3]


def test_an_artefact_is_set_aside_and_the_others_keep_their_tree(tmp_path: Path) -> None:
    phi = np.vstack([TREE, [0.9, 0.05, 0.95, 0.4, 0.2]])
    result = trees_of(clones_of(tmp_path, phi, [20, 20, 20, 20, 20, 15]))
    assert result.aside.tolist() == [False] * 5 + [True]
    assert result.posterior.trees[0][:5].tolist() == PARENTS
    assert not (result.posterior.trees == 6).any()  # a leaf in every tree
    assert result.best_proportions.min() >= 0
    assert result.best_proportions.sum(axis=0) == pytest.approx(np.ones(5))
    assert result.fitted[:5] == pytest.approx(TREE, abs=0.05)
    own = [found for found in result.conflicts if found.clone == 5]
    assert own
    assert {found.response for found in own} == {"set aside"}
    assert "artefact" in own[0].evidence
    assert "set aside" in own[0].evidence
    assert summary(result)["set_aside"] == [6]
    assert "set_aside" in dict(warnings(result))
    write_phylogeny(tmp_path / "out", result)
    table = read_table(tmp_path / "out" / "infeasible.tsv")
    assert "set aside" in table.text("response")
    assert set(table.columns) >= {"cluster_id", "sample_id", "constraint", "excess", "evidence"}


def test_a_loss_below_a_grandchild_is_modelled(tmp_path: Path) -> None:
    """Clone 2 has all of clone 3 and 4 below it, but its few mutations are lost in clone 4."""
    phi = np.array(
        [
            [1.0, 1.0, 1.0, 1.0, 1.0],
            [0.95, 0.80, 0.95, 0.90, 0.70],
            [0.60, 0.78, 0.60, 0.20, 0.60],
            [0.10, 0.75, 0.30, 0.00, 0.50],
        ]
    )
    shown = phi.copy()
    shown[1] -= phi[3]
    result = trees_of(clones_of(tmp_path, shown, [20, 5, 20, 20], depth=500))
    assert not result.aside.any()
    assert [(loss.clone, loss.below) for loss in result.losses] == [(1, 3)]
    assert result.losses[0].share == pytest.approx(phi[3], abs=0.05)
    assert result.posterior.trees[0].tolist() == [0, 1, 2, 3]
    assert result.fitted == pytest.approx(phi, abs=0.06)
    causes = [found for found in result.conflicts if found.clone == 1]
    assert causes
    assert {found.response for found in causes} == {"modelled: lost in clone 4"}
    assert "loss of the mutated copies in clone 4" in causes[0].evidence
    write_phylogeny(tmp_path / "out", result)
    table = read_table(tmp_path / "out" / "losses.tsv")
    assert set(table.text("lost_in")) == {"4"}
    assert "R3" not in table.text("sample_id")  # clone 4 is not in it


def test_no_loss_of_many_mutations_at_once(tmp_path: Path) -> None:
    """Twenty mutations that may lie anywhere are not lost together."""
    phi = np.array(
        [
            [1.0, 1.0, 1.0, 1.0, 1.0],
            [0.85, 0.05, 0.65, 0.90, 0.20],
            [0.60, 0.78, 0.60, 0.20, 0.60],
            [0.10, 0.75, 0.30, 0.00, 0.50],
        ]
    )
    assert trees_of(clones_of(tmp_path, phi, [20, 20, 20, 20])).losses == []


def cause_in(result: Phylogeny, clone: int) -> str:
    return next(found.evidence for found in result.conflicts if found.clone == clone)


def test_likely_causes(tmp_path: Path) -> None:
    misread = TREE.copy()
    misread[3, 3] = 0.25  # one clone above its parent in one sample
    assert "copy number or multiplicity misread" in cause_in(
        trees_of(clones_of(tmp_path, misread, [20] * 5)), 3
    )
    lost = TREE.copy()
    lost[2, 3] = 0.45  # one clone below its child in one sample
    assert "loss of the mutated copy" in cause_in(trees_of(clones_of(tmp_path, lost, [20, 20, 6, 20, 20])), 2)
    small = TREE.copy()
    small[3, 3] = 0.4
    assert "fewer than three mutations" in cause_in(
        trees_of(clones_of(tmp_path, small, [20, 20, 20, 2, 20])), 3
    )
    pure = TREE.copy()
    pure[1:, 1] = [0.4, 0.8, 0.6, 0.5]  # clones of several branches are too high in one sample
    said = " ".join(found.evidence for found in trees_of(clones_of(tmp_path, pure, [20] * 5)).conflicts)
    assert "purity set too low" in said


def test_a_clone_of_no_sample_is_no_second_root(tmp_path: Path) -> None:
    phi = np.vstack([TREE, np.full(5, 0.001)])
    result = trees_of(clones_of(tmp_path, phi, [20, 20, 20, 20, 20, 12]))
    assert result.aside.tolist() == [False] * 5 + [True]
    assert (result.posterior.trees[:, 5] > 0).all()


def test_clones_that_fit_are_left_alone(tmp_path: Path) -> None:
    for seed in range(5):
        result = trees_of(clones_of(tmp_path, TREE, [12] * 5, depth=100, seed=seed))
        assert not result.aside.any()
        assert result.losses == []


def test_mutations_of_a_clone_set_aside_go_where_they_fit_as_well(tmp_path: Path) -> None:
    phi = np.vstack([TREE, [0.9, 0.05, 0.95, 0.4, 0.2]])
    data = clones_of(tmp_path, phi, [20, 20, 20, 20, 20, 15])
    first = int(data.n_mutations[:5].sum())  # the first of clone 6
    rows, columns, values = data.membership
    unsure = values.copy()
    unsure[rows == first] = 0.6
    more = (np.append(rows, first), np.append(columns, 2), np.append(unsure, 0.4))
    result = trees_of(replace(data, membership=more))
    assert [(change.mutation, change.before, change.after) for change in result.changes] == [(first, 6, 3)]
    assert result.changes[0].probability == pytest.approx(0.4 / (0.4 + 0.06), abs=1e-6)
    assert str(result.data.mutations["cluster_id"][first]) == "3"
    assert result.data.n_mutations.tolist() == [20, 20, 21, 20, 20, 14]
    write_phylogeny(tmp_path / "out", result)
    table = read_table(tmp_path / "out" / "changes.tsv")
    assert table.text("to_cluster") == ["3"]
    assert "reassigned" in dict(warnings(result))


def test_two_clusters_of_one_clone_may_be_the_same(tmp_path: Path) -> None:
    phi = np.vstack([TREE, TREE[2]])
    result = trees_of(clones_of(tmp_path, phi, [20] * 6))
    assert result.same[2, 5] == result.same.max(where=~np.eye(6, dtype=bool), initial=0)
    assert result.same[2, 5] > 0.2
    assert result.same[1, 2] < 1e-6
    write_phylogeny(tmp_path / "out", result)
    relations = read_table(tmp_path / "out" / "relations.tsv")
    names = ("p_same", "p_ancestor", "p_descendant", "p_branched")
    total = sum(np.array(relations.text(name), dtype=float) for name in names)
    assert total == pytest.approx(np.ones(15), abs=1e-5)
