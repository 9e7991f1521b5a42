"""The chance that one more region shows a mutation clonal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truncal.phylogeny.next_region import (
    BRANCH_ODDS,
    clonal_by_region,
    loss_rate,
    next_region_probability,
)


def test_loss_follows_a_trunk_or_a_branch_that_fills_regions_at_random() -> None:
    rates = [loss_rate(regions) for regions in (1, 2, 4, 8)]
    assert rates == sorted(rates, reverse=True)
    chance = np.linspace(0, 1, 20_001)  # of the branch to fill a region
    for regions, rate in zip((1, 2, 4, 8), rates, strict=True):
        fills = BRANCH_ODDS * np.trapezoid(chance**regions, chance)
        fails = BRANCH_ODDS * np.trapezoid(chance**regions * (1 - chance), chance)
        assert rate == pytest.approx(fails / (1 + fills), abs=1e-6)


@given(st.floats(0, 1), st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_numbers_of_filled_regions_summed_one_by_one(everywhere: float, here: list[float]) -> None:
    k = len(here)
    # that the j surest regions are filled; all of them by themselves, and all together
    at_least = [1.0, *sorted((max(value, everywhere) for value in here), reverse=True), everywhere]
    rule = [loss_rate(k), *((j + 1) / (k + 2) for j in range(1, k + 1))]
    expected = sum((at_least[j] - at_least[j + 1]) * rule[j] for j in range(k + 1))
    expected += everywhere * (1 - loss_rate(k))
    found = next_region_probability(np.array([everywhere]), np.array([here]))[0]
    assert found == pytest.approx(expected, abs=1e-9) and 0 <= found <= 1


def test_a_trunk_mutation_lost_in_one_region_is_likely_in_the_next() -> None:
    lost, branch = next_region_probability(
        np.array([0.0, 0.0]), np.array([[1, 1, 1, 1, 1, 1, 0.0], [1, 0, 0, 0, 0, 0, 0.0]])
    )
    assert lost == pytest.approx(7 / 9) and branch == pytest.approx(2 / 9)
    assert np.isnan(next_region_probability(np.array([np.nan]), np.full((1, 3), np.nan))[0])


def test_table_of_clonal_samples_may_lack_rows_or_the_column() -> None:
    ccf = {"mutation_id": ["a", "a", "b"], "sample_id": ["x", "y", "x"], "p_clonal": ["0.9", None, 1.0]}
    found = clonal_by_region(["a", "b"], ["x", "y"], ccf, np.array([0.5, 0.7]))
    assert found.tolist() == [[0.9, 0.5], [1.0, 0.7]]
    assert clonal_by_region(["a"], ["x"], {"mutation_id": ["a"]}, np.array([0.5])).tolist() == [[0.5]]
