"""What intervals and probabilities rest on: merged clones, learned losses, limits of calling, error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from truncal.ccf.absent import STEP, Absent, listing_limits
from truncal.ccf.model import read_model
from truncal.ccf.observations import read_observations
from truncal.clones.fit import Options, fit_clusters
from truncal.clones.kernels import log_listed, trunk_listed
from truncal.clones.result import clustering
from truncal.clones.spread import _log_likelihood, spread_within
from truncal.clones.trunk import state_kinds, with_learned_odds
from truncal.copynumber.states import copy_number_states

HEADER = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content"


def model_of(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *("\t".join(map(str, row)) for row in rows)]) + "\n")
    return read_model(read_observations(path), absent=Absent())


def reads(rng, phi, depth=200, purity=0.8, error=0.001):
    vaf = purity * phi / 2
    return int(rng.binomial(depth, vaf * (1 - 2 * error) + error))


def tumour(dcf, depth=200, seed=0, trunk=20, error=0.001):
    """Rows of a trunk and of one branch mutation for each row of `dcf`."""
    rng = np.random.default_rng(seed)
    rows = []
    for n, phi in enumerate([*([[1.0] * len(dcf[0])] * trunk), *dcf]):
        for s, one in enumerate(phi):
            alt = reads(rng, one, depth, error=error)
            rows.append((f"m{n}", f"s{s}", depth - alt, alt, 1, 1, 2, 0.8))
    return rows


def test_restricted_likelihood_is_the_integral_over_the_mean():
    rng = np.random.default_rng(1)
    seen, variance = rng.normal(0.4, 0.1, (6, 1)), rng.uniform(0.002, 0.02, (6, 1))
    at = np.linspace(-1, 2, 20001)
    density = np.exp(-0.5 * ((seen - at) ** 2 / variance + np.log(variance)).sum(axis=0))
    integral = math.log(density.sum() * (at[1] - at[0])) - 0.5 * math.log(2 * math.pi)
    got = _log_likelihood(seen, variance, np.ones((6, 1)))
    assert got[0] == pytest.approx(integral, abs=1e-6)


def test_merged_clones_widen_intervals_and_one_clone_does_not(tmp_path):
    apart = [[0.38, 0.40]] * 12 + [[0.46, 0.33]] * 12
    alike = [[0.42, 0.365]] * 24
    spread = {}
    for name, dcf in (("apart", apart), ("alike", alike)):
        fit = fit_clusters(model_of(tmp_path / f"{name}.tsv", tumour(dcf)), Options())
        assert len(fit.mixture.centres) == 1  # too close to part
        spread[name] = float(np.sqrt(spread_within(fit.model, fit.mixture)).mean())
        found = clustering(fit)
        truth = np.array([[1.0, 1.0]] * 20 + dcf)
        inside = (found.summary.ccf[..., 1] <= truth + 0.005) & (truth - 0.005 <= found.summary.ccf[..., 2])
        assert inside.mean() > 0.9
    assert spread["alike"] < spread["apart"]


@pytest.mark.parametrize(("struck", "less"), [(0.0, True), (1.0, False)])
def test_losses_are_learned_from_the_trunk(struck, less):
    """Sites that lost one of two alleles in some cells: whether the lost one carries the mutation."""
    n = 60
    states = copy_number_states(np.ones((n, 1)), np.tile([[0.6]], (n, 1)), 0.05, 0.003)
    lost = state_kinds(states) == 2
    clear = np.arange(n) % 2 == 0  # of these the reads tell, the others are silent
    site = np.repeat(np.arange(n), np.diff(states.trunk_start))
    values = states.trunk_log_weight + np.where(clear[site] & (lost != (struck > 0)), -30.0, 0.0)
    learned = with_learned_odds(states, values, np.ones(n))
    silent = ~clear[site] & lost
    share = np.exp(learned[silent]).sum() / np.exp(learned[~clear[site]]).sum()
    prior = (
        np.exp(states.trunk_log_weight[silent]).sum() / np.exp(states.trunk_log_weight[~clear[site]]).sum()
    )
    assert share < 0.5 * prior if less else share > prior + 0.5 * (1 - prior)


def test_trunk_priors_still_sum_to_one():
    rng = np.random.default_rng(4)
    major, minor = rng.integers(1, 4, (30, 2)).astype(float), rng.integers(0, 2, (30, 2)).astype(float)
    states = copy_number_states(np.maximum(major, minor), minor, 0.0, 0.003)
    flat = with_learned_odds(states, states.trunk_log_weight.copy(), np.ones(30))
    np.testing.assert_allclose(np.logaddexp.reduceat(flat, states.trunk_start[:-1]), 0, atol=1e-9)


def test_limits_are_those_configured_unless_listed_sites_have_less():
    absent = Absent(min_alt=4, min_vaf=0.04)
    depth = np.full(200, 100.0)
    assert listing_limits(np.full(200, 30.0), depth, absent) == (4.0, 0.04)
    assert listing_limits(np.arange(200) % 20 + 2.0, depth, absent) == (2.0, 0.02)
    alt = np.full(200, 30.0)
    alt[0] = 1  # one rescued site in two hundred says nothing of the limit
    assert listing_limits(alt, depth, absent) == (4.0, 0.04)
    assert listing_limits(np.zeros(0), np.zeros(0), absent) == (4.0, 0.04)
    # a site that is listed without reads was not listed for them, and one of few sites proves nothing
    few = np.array([0.0, 2.0, *np.full(60, 30.0)])
    assert listing_limits(few, np.full(62, 200.0), absent) == (4.0, 0.04)


def called_only(depth, seed=3, n=120):
    """A trunk, and a branch of which samples list only sites with four reads."""
    rng = np.random.default_rng(seed)
    rows = []
    for k, phi in enumerate(((1.0, 1.0, 1.0), (0.35, 0.25, 0.0))):
        for i in range(n):
            for s, one in enumerate(phi):
                alt = reads(rng, one, depth, purity=0.5)
                if alt >= 4 and alt >= 0.04 * depth:
                    rows.append((f"k{k}m{i}", f"s{s}", depth - alt, alt, 1, 1, 2, 0.5))
    return rows


def test_the_chance_of_being_listed_is_one_minus_the_product(tmp_path):
    model = model_of(tmp_path / "counts.tsv", called_only(40))
    rows = model.rows
    assert (rows.unlisted >= 0).all() and (rows.table >= -1).all()
    rng = np.random.default_rng(0)
    for n in range(0, model.shape[0], 17):
        phi = rng.integers(0, 20, model.shape[1]) * STEP
        missed = 1.0
        for s in range(model.shape[1]):
            missed *= min(np.exp(rows.tables[rows.unlisted[n, s], round(phi[s] / STEP)]), 1 - 2e-3)
        assert log_listed(rows, n, phi) == pytest.approx(math.log(1 - missed), abs=1e-9)
    states = model.states
    trunk = trunk_listed(rows, states.trunk_start, states.trunk_u, states.trunk_log_weight)
    assert trunk[0] == pytest.approx(log_listed(rows, 0, np.ones(model.shape[1])), abs=1e-9)


def test_forced_counts_are_not_conditioned_on(tmp_path):
    model = model_of(tmp_path / "counts.tsv", tumour([[0.4, 0.0]] * 5))
    assert (model.rows.unlisted == -1).all()
    assert log_listed(model.rows, 0, np.zeros(2)) == 0.0


def test_what_is_listed_does_not_bias_a_shallow_clone(tmp_path):
    fit = fit_clusters(model_of(tmp_path / "counts.tsv", called_only(40)), Options())
    phi = fit.mixture.phi[:, np.argsort(fit.model.order[1])]
    near = phi[np.abs(phi - [0.35, 0.25, 0.0]).sum(axis=1).argmin()]
    # among listed rows alone four reads of forty are a DCF of 0.4 at least
    assert near == pytest.approx([0.35, 0.25, 0.0], abs=0.09)


def test_error_rates_follow_clusters_that_a_sample_lacks(tmp_path):
    for error, low, high in ((0.0, 0.0, 0.3), (0.001, 0.5, 1.7)):
        rows = tumour([[0.5, 0.0]] * 30 + [[0.0, 0.6]] * 30, depth=1000, error=error)
        fit = fit_clusters(model_of(tmp_path / f"{error}.tsv", rows), Options())
        assert (fit.model.error_factor >= low).all() and (fit.model.error_factor <= high).all()


def test_a_purity_that_is_off_does_not_part_the_trunk(tmp_path):
    rng = np.random.default_rng(6)
    rows = []
    for n in range(80):
        for s, (given, real) in enumerate(((0.48, 0.5), (0.5, 0.465), (0.45, 0.45), (0.52, 0.49))):
            alt = reads(rng, 1.0, 500, purity=real)
            rows.append((f"m{n}", f"s{s}", 500 - alt, alt, 1, 1, 2, given))
    fit = fit_clusters(model_of(tmp_path / "counts.tsv", rows), Options())
    assert not fit.mixture.centres
    factor = fit.purity_factor[np.argsort(fit.model.order[1])]
    assert factor == pytest.approx([0.5 / 0.48, 0.465 / 0.5, 1.0, 0.49 / 0.52], abs=0.03)
