"""What the clones step writes for other tools, its flags and warnings, and what it reads."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from truncal.clones.run import run_clones
from truncal.errors import UserError
from truncal.sheet.settings import load_settings

COLUMNS = (
    "mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn",
    "tumour_content",
)  # fmt: skip
PROFILES = [(1.0, 1.0), (0.6, 0.0), (0.0, 0.5)]


def rows_of(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def tumour(each=12, depth=300, purity=0.8, seed=3, segment=None):
    rng = np.random.default_rng(seed)
    rows = []
    for k, profile in enumerate(PROFILES):
        for n in range(each):
            for s, phi in enumerate(profile):
                alt = int(rng.binomial(depth, purity * phi / 2 * 0.998 + 0.001))
                name = f"chr{k + 1}:{1000 + n}:A:T"
                row = dict(zip(COLUMNS, (name, f"R{s + 1}", depth - alt, alt, 1, 1, 2, purity), strict=True))
                row["segment"] = segment(k, n) if segment else f"chr{k + 1}:{n // 2}-{n // 2 + 1}"
                rows.append(row)
    return rows


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(rows[0])
    with path.open("w") as handle:
        handle.write("\t".join(names) + "\n")
        handle.writelines("\t".join(str(row[name]) for name in names) + "\n" for row in rows)
    return path


def run(folder, rows, formats=()):
    counts = write(folder / "P1" / "counts" / "counts.tsv", rows)
    out = folder / "out"
    return run_clones(counts, out, load_settings(None), 1, formats), out


def test_pyclone_vi_table(tmp_path):
    rows = tumour()
    found, out = run(tmp_path, rows, ["pyclone-vi"])
    table = rows_of(out / "pyclone-vi.tsv")
    assert list(table[0])[:6] == [
        "mutation_id", "sample_id", "cluster_id", "cellular_prevalence", "cellular_prevalence_std",
        "cluster_assignment_prob",
    ]  # fmt: skip
    assert {(row["mutation_id"], row["sample_id"]) for row in table} == {
        (row["mutation_id"], row["sample_id"]) for row in rows
    }
    trunk = [row for row in table if row["mutation_id"].startswith("chr1:")]
    assert all(float(row["cellular_prevalence"]) > 0.95 for row in trunk)
    assert all(0 <= float(row["cluster_assignment_prob"]) <= 1 for row in table)
    labels = {row["mutation_id"]: int(row["cluster_id"]) for row in table}
    assert len(set(labels.values()) - {-1}) == len(found.log_likelihood) == len(PROFILES)


def test_conipher_input(tmp_path):
    rows = tumour()
    _, out = run(tmp_path, rows, ["conipher"])
    table = rows_of(out / "conipher.tsv")
    needed = (
        "CASE_ID", "SAMPLE", "CHR", "POS", "REF", "ALT", "REF_COUNT", "VAR_COUNT", "DEPTH", "CLUSTER",
        "CCF_PHYLO", "CCF_OBS", "MUT_COPY", "COPY_NUMBER_A", "COPY_NUMBER_B", "ACF", "PLOIDY",
    )  # fmt: skip
    assert [name for name in needed if name not in table[0]] == []
    assert len(table) == len(rows)
    given = {(row["mutation_id"], row["sample_id"]): row for row in rows}
    for row in table:
        own = given[row["MUTATION_ID"], row["SAMPLE"]]
        assert int(row["VAR_COUNT"]) == own["alt_counts"] and int(row["REF_COUNT"]) == own["ref_counts"]
        assert int(row["DEPTH"]) == own["alt_counts"] + own["ref_counts"]
        assert float(row["ACF"]) == pytest.approx(0.8) and row["CASE_ID"] == "P1"
        assert row["CHR"] in "123"
        assert (row["POS"], row["REF"], row["ALT"]) == (own["mutation_id"].split(":")[1], "A", "T")


def test_pairtree_input(tmp_path):
    rows = tumour()
    found, out = run(tmp_path, rows, ["pairtree"])
    table = rows_of(out / "pairtree.ssm")
    params = json.loads((out / "pairtree.params.json").read_text())
    assert params["samples"] == ["R1", "R2"]
    assert sorted(name for members in params["clusters"] for name in members) + params["garbage"] == sorted(
        row["id"] for row in table
    )
    assert len(params["clusters"]) == len(found.log_likelihood)
    for row in table:
        lengths = {len(row[name].split(",")) for name in ("var_reads", "total_reads", "var_read_prob")}
        assert lengths == {2}
        assert all(float(p) == pytest.approx(0.4, abs=0.02) for p in row["var_read_prob"].split(","))


def test_small_clusters_and_outliers_are_flagged_not_dropped(tmp_path):
    rows = tumour()
    lonely = [dict(rows[0], mutation_id="chr9:1:A:T", sample_id=s, alt_counts=a, ref_counts=300 - a)
              for s, a in (("R1", 34), ("R2", 33))]  # fmt: skip
    _, out = run(tmp_path, rows + lonely)
    table = {row["mutation_id"]: row for row in rows_of(out / "mutations.tsv")}
    assert len(table) == 37
    assert table["chr9:1:A:T"]["flags"].split(";")[0] in ("outlier", "small_cluster")
    assert table["chr1:1000:A:T"]["flags"] == "NA"


def test_a_cluster_on_one_segment_is_flagged_with_the_segment(tmp_path):
    _, out = run(tmp_path, tumour(segment=lambda k, n: "chr2:1-99" if k == 1 else f"chr{k + 1}:{n}-{n + 1}"))
    flags = {row["mutation_id"]: row["flags"] for row in rows_of(out / "mutations.tsv")}
    assert all("one_segment" in flag for name, flag in flags.items() if name.startswith("chr2:"))
    assert not any("one_segment" in flag for name, flag in flags.items() if not name.startswith("chr2:"))
    step = json.loads((out / "step.json").read_text())
    (warning,) = [warning for warning in step["warnings"] if warning["code"] == "one_segment"]
    assert "chr2:1-99" in warning["text"]


def test_reads_in_the_normal_are_flagged(tmp_path):
    rows = [dict(row, normal_alt=0, normal_depth=60) for row in tumour()]
    for row in rows[:2]:
        row["normal_alt"] = 25
    _, out = run(tmp_path, rows)
    flags = {row["mutation_id"]: row["flags"] for row in rows_of(out / "mutations.tsv")}
    assert [name for name, flag in flags.items() if "germline_like" in flag] == [rows[0]["mutation_id"]]


def test_samples_without_a_shared_trunk_are_told(tmp_path):
    rows = []
    for s, other in (("R1", "R2"), ("R2", "R1")):
        for n in range(15):
            for sample, alt in ((s, 120 + n), (other, 0)):
                values = (f"{s}m{n}", sample, 300 - alt, alt, 1, 1, 2, 0.8)
                rows.append(dict(zip(COLUMNS, values, strict=True)))
    _, out = run(tmp_path, rows)
    step = json.loads((out / "step.json").read_text())
    assert any(w["code"] == "no_shared_trunk" and "R1" in w["text"] for w in step["warnings"])


def test_a_missing_minor_copy_number_is_summed_out(tmp_path):
    rows = tumour()
    known, _ = run(tmp_path / "known", rows)
    total, _ = run(tmp_path / "total", [dict(row, major_cn=2, minor_cn="NA") for row in rows])
    np.testing.assert_array_equal(known.label, total.label)
    assert (total.summary.p_clonal[:12] > 0.5).all() and (total.summary.p_clonal[12:] < 0.05).all()


def test_only_seven_columns_are_needed(tmp_path):
    rows = [{name: row[name] for name in COLUMNS[:7]} for row in tumour(purity=1.0)]
    found, _ = run(tmp_path, rows)
    assert len(found.log_likelihood) == len(PROFILES)


def test_a_result_table_is_not_a_counts_table(tmp_path):
    _, out = run(tmp_path, tumour(), ["pyclone-vi"])
    with pytest.raises(UserError) as faults:
        run_clones(out / "pyclone-vi.tsv", tmp_path / "again", load_settings(None), 1)
    assert any("ref_counts" in str(fault) for fault in faults.value.faults)
    assert not (tmp_path / "again").exists()


def test_threads_change_nothing(tmp_path):
    counts = write(tmp_path / "counts.tsv", tumour())
    for threads in ("1", "4"):
        env = os.environ | {f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "NUMBA")}
        command = [sys.executable, "-m", "truncal", "clones", "--counts", str(counts), "--quiet"]
        command += ["--out", str(tmp_path / threads), "--threads", threads]
        subprocess.run(command, env=env, check=True, timeout=300)
    for name in ("mutations.tsv", "ccf.tsv", "clusters.tsv", "cluster_posterior.tsv", "likelihood.npz"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "4" / name).read_bytes()
