"""`truncal simulate` and `truncal compare` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from truncal.cli import main
from truncal.simulate.tree_comparison import compare_trees, newick
from truncal.tables import read_table, write_rows


def test_cohort_and_patients_alone_agree(tmp_path: Path) -> None:
    arguments = ["simulate", "--mutations", "40", "--format", "counts", "--quiet"]
    assert main([*arguments, "--patients", "3", "--out", str(tmp_path / "three")]) == 0
    assert main([*arguments, "--patients", "2", "--out", str(tmp_path / "two")]) == 0
    for name in ("SIM1", "SIM2"):
        tables = [(tmp_path / cohort / name / "counts.tsv").read_bytes() for cohort in ("two", "three")]
        assert tables[0] == tables[1]
    sheet = read_table(tmp_path / "three" / "samples.tsv")
    assert len(sheet) == 12
    assert not (tmp_path / "three" / "treatments.tsv").exists()


def test_a_folder_with_files_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("x")
    assert main(["simulate", "--out", str(tmp_path)]) == 2
    assert "not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_wrong_values_are_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    assert main(["simulate", "--out", str(out), "--purity", "0", "2", "--wgd", "3", "--clones", "0"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) >= 3 and all(line.startswith("truncal: ") for line in lines)
    assert not out.exists()


@pytest.fixture()
def cohort(tmp_path: Path) -> Path:
    out = tmp_path / "cohort"
    arguments = ["simulate", "--patients", "2", "--mutations", "60", "--format", "counts", "--complete"]
    assert main([*arguments, "--out", str(out), "--drivers", "3", "--quiet"]) == 0
    return out


def _perfect_results(cohort: Path, results: Path, shift: int = 10) -> None:
    """Results that know the truth, with other cluster numbers."""
    truth = cohort / "truth"
    mutations = list(read_table(truth / "mutations.tsv").rows())
    for patient in sorted({row["patient"] or "" for row in mutations}):
        folder = results / patient
        clusters = {
            row["mutation_id"]: int(row["cluster_id"] or 0) for row in mutations if row["patient"] == patient
        }
        rows = [
            {"mutation_id": name, "cluster_id": cluster + shift if cluster > 0 else -1}
            for name, cluster in clusters.items()
        ]
        write_rows(folder / "mutations.tsv", ["mutation_id", "cluster_id"], rows)
        ccf = [
            row | {"ccf_low": row["ccf"], "ccf_high": row["ccf"]}
            for row in read_table(truth / "ccf.tsv").rows()
            if row["patient"] == patient
        ]
        write_rows(folder / "ccf.tsv", ["mutation_id", "sample_id", "ccf", "ccf_low", "ccf_high"], ccf)
        pairs = [
            f"{int(row['child'] or 0) + shift}:{int(row['parent'] or 0) + shift * (row['parent'] != '0')}"
            for row in read_table(truth / "tree.tsv").rows()
            if row["patient"] == patient
        ]
        trees = [{"tree_id": 1, "posterior": 0.9, "parents": ";".join(pairs)}]
        write_rows(folder / "trees.tsv", ["tree_id", "posterior", "parents"], trees)
        drivers = [
            row | {"event_id": f"E{number}", "event": row["alteration"], "p_clonal": 0.5, "p_truncal": 0.5}
            for number, row in enumerate(read_table(truth / "drivers.tsv").rows())
            if row["patient"] == patient
        ]
        header = ["event_id", "gene", "event", "label", "p_clonal", "p_truncal", "mutation_id"]
        write_rows(folder / "drivers.tsv", header, drivers)


def test_perfect_results_are_right(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = tmp_path / "results"
    _perfect_results(cohort, results)
    scores = tmp_path / "scores.json"
    arguments = [
        "compare",
        "--results",
        str(results),
        "--truth",
        str(cohort / "truth"),
        "--json",
        str(scores),
    ]
    assert main([*arguments, "--strict"]) == 0
    text = capsys.readouterr().out
    assert "2 of 2 trees right" in text and "WRONG" not in text
    for patient in json.loads(scores.read_text()):
        assert patient["v"] == 1 and patient["ccf_error"] == 0 and patient["ancestor_f1"] == 1
        assert patient["robinson_foulds"][0] == 0


def test_strict_fails_where_something_is_wrong(
    cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    _perfect_results(cohort, results)
    path = results / "SIM1" / "trees.tsv"
    rows = list(read_table(path).rows())
    pairs = dict(pair.split(":") for pair in (rows[0]["parents"] or "").split(";"))
    leaf = max(pairs)
    pairs[leaf] = next(other for other in pairs if other != leaf and other != pairs[leaf])
    rows[0]["parents"] = ";".join(f"{child}:{parent}" for child, parent in pairs.items())
    write_rows(path, list(rows[0]), rows)
    arguments = ["compare", "--results", str(results), "--truth", str(cohort / "truth")]
    assert main(arguments) == 0
    assert main([*arguments, "--strict"]) == 1
    text = capsys.readouterr().out
    assert "1 of 2 trees right" in text and "wrong (" in text


def test_missing_results_are_named(cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results").mkdir()
    arguments = ["compare", "--results", str(tmp_path / "results"), "--truth", str(cohort / "truth")]
    assert main([*arguments, "--strict"]) == 1
    assert "no such file" in capsys.readouterr().out
    assert main(["compare", "--results", str(tmp_path / "none"), "--truth", str(tmp_path / "results")]) == 2


def test_tree_comparison_by_hand() -> None:
    """1 above 2 and 3; found once as it is, once as a chain, once with a cluster of artefacts between."""
    true = {1: 0, 2: 1, 3: 1}
    labels = np.array([1, 1, 2, 2, 3, 3])
    same = compare_trees(true, {7: 0, 8: 7, 9: 7}, labels, labels + 6)
    assert same.right and same.ancestor_f1 == 1 and same.robinson_foulds[0] == 0
    chain = compare_trees(true, {7: 0, 8: 7, 9: 8}, labels, labels + 6)
    assert not chain.right
    # true pairs: 2·2 + 2·2 = 8; found 12, of which 8 are true
    assert np.isclose(chain.ancestor_f1, 2 * 8 / (8 + 12))
    assert chain.robinson_foulds[0] > 0
    extra = compare_trees(true, {7: 0, 5: 7, 8: 5, 9: 7}, labels, labels + 6)
    assert extra.right  # cluster 5 holds none of these mutations
    labels_split = np.array([1, 1, 1, 1, 2, 2, 3, 3])
    split = compare_trees(true, {7: 0, 5: 7, 8: 5, 9: 5}, labels_split, np.array([7, 7, 5, 5, 8, 8, 9, 9]))
    assert not split.right  # the trunk in two
    merged = compare_trees(true, {7: 0, 8: 7}, labels, np.array([7, 7, 8, 8, 8, 8]))
    assert not merged.right


def test_newick_reads_in_ete3() -> None:
    from ete3 import Tree

    tree = Tree(newick({1: 0, 2: 1, 3: 1, 4: 3}), format=1)
    assert sorted(tree.get_leaf_names()) == ["0", "1", "2", "3", "4"]
