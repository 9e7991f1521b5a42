"""Purities that are far off are put right by the trunk, right ones are left alone, and both are told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truncal.ccf.absent import Absent
from truncal.ccf.model import read_model
from truncal.ccf.observations import read_observations
from truncal.clones.fit import Options, fit_clusters
from truncal.clones.mixture import TRUNK
from truncal.clones.purity import log_prior, log_prior_of_all
from truncal.clones.run import run_clones
from truncal.sheet.settings import load_settings

HEADER = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content"
REAL = (0.5, 0.4, 0.6)


def counts(path, given_purity, sizes=(40, 25, 20), seed=4, depth=150):
    """Trunk, a branch in every sample and one in a single sample, at the given sizes."""
    rng = np.random.default_rng(seed)
    lines = [HEADER]
    for k, dcf in enumerate(((1, 1, 1), (0.55, 0.7, 0.45), (0, 0.4, 0))):
        for i in range(sizes[k]):
            for s, (real, said) in enumerate(zip(REAL, given_purity, strict=True)):
                alt = rng.binomial(depth, real * dcf[s] / 2)
                lines.append(f"k{k}m{i}\ts{s}\t{depth - alt}\t{alt}\t1\t1\t2\t{said}")
    path.write_text("\n".join(lines) + "\n")
    return path


def fit(path):
    found = fit_clusters(read_model(read_observations(path), absent=Absent()), Options())
    return found, found.purity_factor[np.argsort(found.model.order[1])]


@pytest.mark.parametrize("wrong", [(0.5, 0.8, 0.6), (0.5, 0.4, 0.98), (0.9, 0.7, 0.6)])
def test_a_purity_far_too_high_is_put_right(tmp_path, wrong):
    found, factor = fit(counts(tmp_path / "counts.tsv", wrong))
    assert factor * wrong == pytest.approx(REAL, rel=0.08)
    assert found.mixture.responsibility[:, TRUNK].sum() == pytest.approx(40, abs=3)


@pytest.mark.parametrize("sizes", [(40, 25, 20), (12, 60, 20)])
@pytest.mark.parametrize("wrong", [(0.25, 0.4, 0.6), (0.2, 0.25, 0.6), (0.25, 0.2, 0.3)])
def test_a_purity_far_too_low_is_put_right(tmp_path, wrong, sizes):
    """The trunk has more reads than a mutation of every cancer cell can have."""
    found, factor = fit(counts(tmp_path / "counts.tsv", wrong, sizes))
    assert factor * wrong == pytest.approx(REAL, rel=0.08)
    assert found.mixture.responsibility[:, TRUNK].sum() == pytest.approx(sizes[0], abs=3)
    assert found.mixture.responsibility[:, -1].sum() < 2


@pytest.mark.parametrize("sizes", [(40, 25, 20), (12, 60, 20)])
def test_right_purities_stay_though_a_branch_is_larger_than_the_trunk(tmp_path, sizes):
    found, factor = fit(counts(tmp_path / "counts.tsv", REAL, sizes))
    assert factor == pytest.approx(np.ones(3), abs=0.08)
    assert found.mixture.responsibility[:, TRUNK].sum() == pytest.approx(sizes[0], abs=3)


@given(st.floats(0.3, 2.4), st.floats(0.01, 0.1))
def test_the_prior_is_highest_where_purities_are_right_and_forgives_large_errors(factor, spread):
    value = float(log_prior(np.array(factor), spread))
    assert value <= float(log_prior(np.array(1.0), spread)) + 1e-9
    assert value > -15
    assert float(log_prior(np.array(1.0), spread, tail=False)) == 0.0


def test_one_wrong_purity_makes_others_of_the_patient_less_unlikely():
    spread = np.full(3, 0.03)
    right, one, two = (
        log_prior_of_all(np.array(factor), spread) for factor in ((1, 1, 1), (2, 1, 1), (2, 2, 1))
    )
    assert right > one > two
    assert right - one > one - two + 1
    assert np.exp(right) == pytest.approx(0.9 + 0.1 * np.exp(3 * float(log_prior(np.array(1.0), 0.03))))


def test_a_purity_that_was_moved_is_told(tmp_path):
    run_clones(
        counts(tmp_path / "counts.tsv", (0.5, 0.8, 0.6)), tmp_path / "out", load_settings(None), seed=1
    )
    told = {
        w["code"]: w["text"] for w in json.loads((tmp_path / "out" / "step.json").read_text())["warnings"]
    }
    assert "s1: 0.80" in told["purity"] and "s0" not in told["purity"]


@pytest.mark.parametrize("seed", range(6))
def test_a_trunk_that_chance_would_make_of_one_mutation_is_none(tmp_path, seed):
    rng = np.random.default_rng(seed)
    lines = [HEADER]
    for n in range(24):
        for s, dcf in enumerate((1.0, 0.85, 1.0)):
            alt = rng.binomial(200, dcf / 2)
            lines.append(f"m{n}\ts{s}\t{200 - alt}\t{alt}\t1\t1\t2\t1.0")
    path = tmp_path / "counts.tsv"
    path.write_text("\n".join(lines) + "\n")
    found = fit_clusters(read_model(read_observations(path), absent=Absent()), Options(purity_error=0))
    assert found.mixture.responsibility[:, TRUNK].sum() < 0.1
    assert len(found.mixture.centres) == 1


def test_rare_clones_at_great_depth_are_parted_and_stay_so(tmp_path):
    rng = np.random.default_rng(5)
    lines = [HEADER]
    for n in range(300):
        for s, vaf in enumerate((0.35, 0.004 if n < 80 else 0.0006)):
            alt = rng.binomial(1000, vaf)
            lines.append(f"m{n}\ts{s}\t{1000 - alt}\t{alt}\t1\t1\t2\t1.0")
    path = tmp_path / "counts.tsv"
    path.write_text("\n".join(lines) + "\n")
    found = fit_clusters(read_model(read_observations(path), absent=Absent()), Options())
    sizes = np.sort(found.mixture.responsibility[:, 1:-1].sum(axis=0))
    assert len(sizes) == 2 and sizes[0] == pytest.approx(80, abs=30)


def test_what_a_sample_does_not_list_is_cut_off_the_trunk(tmp_path):
    """A clone of all cells of one sample that the other, shallow, may have missed."""
    rng = np.random.default_rng(1)
    lines = [HEADER]
    for n in range(240):
        for s in range(2):
            depth, dcf = (60, 1.0) if s == 0 or n < 160 else (60, 0.0)
            alt = rng.binomial(depth, 0.12 * dcf)
            if alt >= 4:
                lines.append(f"m{n}\ts{s}\t{depth - alt}\t{alt}\t1\t1\t2\t0.24")
    path = tmp_path / "counts.tsv"
    path.write_text("\n".join(lines) + "\n")
    model = read_model(read_observations(path), absent=Absent())
    found = fit_clusters(model, Options())
    sizes = found.mixture.responsibility[:, 1:-1].sum(axis=0)
    assert len(sizes) == 1 and sizes[0] == pytest.approx(80, abs=35)
    low, high = sorted(found.mixture.centres[0].mean)
    assert low < 0.4 and high > 0.9
