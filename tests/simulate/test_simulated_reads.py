"""Depth, read counts and calls follow what they are drawn from."""

from __future__ import annotations

import numpy as np

from truncal.simulate.parameters import SimulationParameters
from truncal.simulate.reads import draw_alt, overdispersed, with_errors
from truncal.simulate.tumour import simulate_tumour


def test_beta_binomial_moments() -> None:
    rng = np.random.default_rng(1)
    depth = np.full(200_000, 300)
    for rho in (0.0, 0.01):
        alt = draw_alt(depth, np.full(len(depth), 0.2), rho, rng)
        assert abs(alt.mean() - 60) < 0.2
        expected = 300 * 0.2 * 0.8 * (1 + 299 * rho)
        assert abs(alt.var() / expected - 1) < 0.03


def test_extreme_shares_stay() -> None:
    rng = np.random.default_rng(1)
    assert overdispersed(np.array([0.0, 1.0]), 0.1, rng).tolist() == [0.0, 1.0]


def test_errors() -> None:
    assert with_errors(np.array(0.0), 0.003) == 0.001
    assert np.isclose(with_errors(np.array(1.0), 0.003), 0.997)


def test_depth_follows_copy_number() -> None:
    p = SimulationParameters(
        mutations=4000, depth=300, wgd=0.0, trunk_events=25.0, purity=(0.9, 0.9), regions=1
    )
    tumour = simulate_tumour(p, 3)
    total = tumour.mean_haplotypes.sum(axis=0)[tumour.mutations.segment, 0]
    low, high = tumour.depth[total <= 1.5, 0], tumour.depth[total >= 2.5, 0]
    assert len(low) > 50 and len(high) > 50
    assert low.mean() < 0.75 * high.mean()
    assert abs(tumour.depth.mean() / 300 - 1) < 0.05


def test_alternative_reads_match_vaf() -> None:
    p = SimulationParameters(mutations=3000, depth=500, artefacts=0.1, germline=50, random_drivers=3)
    tumour = simulate_tumour(p, 9)
    expected = with_errors(tumour.vaf, p.error_rate)
    spread = np.sqrt(expected * (1 - expected) * (1 / tumour.depth + p.overdispersion))
    z = (tumour.alt / tumour.depth - expected) / spread
    assert abs(z.mean()) < 0.05
    assert 0.9 < z.std() < 1.1
    germline = tumour.mutations.kind == 2
    assert abs((tumour.normal_alt / tumour.normal_depth)[germline].mean() - 0.5) < 0.02
    assert (tumour.normal_alt / tumour.normal_depth)[~germline].max() < 0.03


def test_complete_lists_every_site() -> None:
    assert simulate_tumour(SimulationParameters(complete=True), 1).called.all()
    assert not simulate_tumour(SimulationParameters(), 1).called.all()
