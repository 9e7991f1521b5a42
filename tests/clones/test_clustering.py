"""The clones step on tumours with known answers, on edge cases, and what must not change its results."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from truncal.clones.run import run_clones
from truncal.sheet.settings import load_settings

HEADER = [
    "mutation_id",
    "sample_id",
    "ref_counts",
    "alt_counts",
    "major_cn",
    "minor_cn",
    "normal_cn",
    "tumour_content",
]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        handle.write("\t".join(HEADER) + "\n")
        handle.writelines("\t".join(map(str, row)) + "\n" for row in rows)
    return path


def run(folder, rows):
    settings = load_settings(None)
    found = run_clones(write(folder / "counts.tsv", rows), folder / "out", settings, 1)
    return found, table(folder / "out" / "mutations.tsv"), table(folder / "out" / "ccf.tsv")


def table(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def tumour(profiles, each=15, depth=300, purity=0.7, seed=0, cn=(1, 1)):
    """Mutations in clones with given DCF profiles; rows of a counts table."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, profile in enumerate(profiles):
        for n in range(each):
            for s, phi in enumerate(profile):
                vaf = purity * phi / (purity * sum(cn) + (1 - purity) * 2)
                reads = int(rng.poisson(depth)) + 1
                alt = int(rng.binomial(reads, vaf * 0.998 + 0.001))
                rows.append((f"k{k}n{n}", f"s{s}", reads - alt, alt, *cn, 2, purity))
    return rows


SEPARATE = [(1.0, 1.0, 1.0), (0.6, 0.0, 0.3), (0.0, 0.7, 0.0), (0.3, 0.0, 0.0)]


def test_separable_clusters_are_found_exactly(tmp_path):
    _, mutations, ccf = run(tmp_path, tumour(SEPARATE))
    clones = {}
    for row in mutations:
        clones.setdefault(row["mutation_id"].split("n")[0], set()).add(row["cluster_id"])
    assert all(len(found) == 1 for found in clones.values())
    assert len({next(iter(found)) for found in clones.values()}) == len(SEPARATE)
    assert all((float(row["p_clonal"]) > 0.9) == row["mutation_id"].startswith("k0n") for row in mutations)
    for row in ccf:
        k, s = int(row["mutation_id"][1]), int(row["sample_id"][1])
        assert float(row["ccf"]) == pytest.approx(SEPARATE[k][s], abs=0.06)


def test_order_of_rows_names_and_alleles_change_nothing(tmp_path):
    rows = tumour(SEPARATE, cn=(2, 1))
    _, base, _ = run(tmp_path / "a", rows)
    rng = np.random.default_rng(5)
    order = rng.permutation(len(rows))
    changed = [(r[0], "x" + r[1][::-1], r[2], r[3], r[5], r[4], r[6], r[7]) for r in (rows[i] for i in order)]
    _, other, _ = run(tmp_path / "b", changed)
    cluster = {row["mutation_id"]: row["cluster_id"] for row in base}
    again = {row["mutation_id"]: row["cluster_id"] for row in other}
    assert cluster == again
    clonal = {row["mutation_id"]: row["p_clonal"] for row in other}
    assert all(row["p_clonal"] == clonal[row["mutation_id"]] for row in base)


def test_the_same_bytes_every_time(tmp_path):
    rows = tumour(SEPARATE)
    for name in ("a", "b"):
        run(tmp_path / name, rows)
    for name in ("mutations.tsv", "ccf.tsv", "clusters.tsv", "cluster_posterior.tsv", "likelihood.npz"):
        assert (tmp_path / "a/out" / name).read_bytes() == (tmp_path / "b/out" / name).read_bytes()


def test_a_lost_copy_stays_on_the_trunk(tmp_path):
    rows = tumour([(1.0, 1.0)], each=40)
    rng = np.random.default_rng(1)
    for n in range(5):  # the allele is gone from the second sample, and the mutation with it
        alt = int(rng.binomial(300, 0.35))
        rows += [(f"lost{n}", "s0", 300 - alt, alt, 1, 1, 2, 0.7), (f"lost{n}", "s1", 300, 0, 1, 0, 2, 0.7)]
    _, mutations, ccf = run(tmp_path, rows)
    cluster = {row["mutation_id"]: row["cluster_id"] for row in mutations}
    assert {cluster[f"lost{n}"] for n in range(5)} == {cluster["k0n0"]}
    lost = [row for row in ccf if row["mutation_id"].startswith("lost") and row["sample_id"] == "s1"]
    assert all(float(row["ccf"]) < 0.1 and float(row["fraction_lost"]) > 0.9 for row in lost)


EDGES = {
    "one mutation": tumour([(1.0, 1.0)], each=1),
    "one sample": tumour([(1.0,), (0.4,)]),
    "one mutation in one sample": tumour([(0.5,)], each=1),
    "purity 0.05": tumour([(1.0, 1.0), (0.5, 0.0)], purity=0.05),
    "purity 1": tumour([(1.0, 1.0), (0.5, 0.0)], purity=1.0),
    "copy number 20": tumour([(1.0, 1.0), (0.5, 0.0)], cn=(20, 1)),
    "copy number 0": [(f"m{n}", f"s{s}", 50, 2, 0, 0, 2, 0.6) for n in range(5) for s in range(2)],
    "copy number 1": tumour([(1.0, 1.0), (0.5, 0.0)], cn=(1, 0)),
    "depth 50,000": tumour([(1.0, 1.0), (0.01, 0.002)], depth=50000, each=8),
    "identical mutations": [(f"m{n}", f"s{s}", 70, 30, 1, 1, 2, 0.6) for n in range(12) for s in range(3)],
    "a sample without reads": [(*r[:2], 0, 0, *r[4:]) if r[1] == "s1" else r for r in tumour(SEPARATE[:2])],
    "no alternative reads": [(f"m{n}", f"s{s}", 90, 0, 1, 1, 2, 0.6) for n in range(6) for s in range(2)],
    "artefacts only": [
        (f"m{n}", f"s{s}", 100, int(x), 1, 1, 2, 0.6)
        for n, xs in enumerate(np.random.default_rng(2).integers(0, 100, (12, 4)))
        for s, x in enumerate(xs)
    ],
    "not called everywhere": [r for r in tumour(SEPARATE, depth=80) if r[3] > 3],
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(tmp_path, name):
    found, mutations, ccf = run(tmp_path, EDGES[name])
    assert np.isfinite(found.log_likelihood).all()
    total = found.responsibility.sum(axis=1) + found.outlier
    assert total == pytest.approx(1, abs=1e-6)
    for row in mutations:
        assert 0 <= float(row["p_clonal"]) <= 1
        assert 0 <= float(row["outlier_probability"]) <= 1
    for row in ccf:
        assert 0 <= float(row["ccf_low"]) <= float(row["ccf"]) <= float(row["ccf_high"]) <= 1
        assert 0 <= float(row["dcf_low"]) <= float(row["dcf"]) <= float(row["dcf_high"]) <= 1
        assert float(row["ccf"]) <= float(row["dcf"]) + 0.02
