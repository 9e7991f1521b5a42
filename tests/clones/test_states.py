"""Copy-number states: what a site's mutated copies may be, and brute force over them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.copynumber.states import (
    ALL_COPIES,
    GAINED,
    LOST,
    UNTOUCHED,
    copy_number_states,
    settled,
    whole_numbers_tested,
)


def states(major, minor, error=0.0):
    return copy_number_states(np.array([major], float), np.array([minor], float), error, 0.01)


def trunk(found):
    return {
        tuple(u.round(2)): float(np.exp(w))
        for u, w in zip(found.trunk_u, found.trunk_log_weight, strict=True)
    }


def branch(found):
    kinds = zip(found.branch_change, found.branch_kind, found.branch_log_weight, strict=True)
    return {(int(kind), tuple(change.round(2))): float(np.exp(w)) for change, kind, w in kinds}


def test_diploid_has_one_state():
    found = states([1, 1], [1, 1])
    assert trunk(found) == {(1.0, 1.0): pytest.approx(1)}
    assert branch(found) == {(UNTOUCHED, (0.0, 0.0)): pytest.approx(1)}


def test_clonal_gain_is_older_or_younger_only_on_the_trunk():
    found = states([2, 2], [1, 1])
    assert set(trunk(found)) == {(1.0, 1.0), (2.0, 2.0)}
    assert set(branch(found)) == {(UNTOUCHED, (0.0, 0.0)), (ALL_COPIES + 2, (0.0, 0.0))}


def test_loss_in_one_sample():
    found = states([1, 1], [1, 0])
    assert (1.0, 0.0) in trunk(found)
    assert (LOST, (0.0, -1.0)) in branch(found)


def test_subclonal_gain_and_loss_of_a_fraction():
    found = states([1.4, 1.0], [1.0, 1.0], 0.05)
    assert (1.4, 1.0) in trunk(found)
    assert (GAINED, (0.4, 0.0)) in branch(found)
    found = states([1.0, 1.0], [0.6, 1.0], 0.05)
    assert (0.6, 1.0) in trunk(found)
    assert (LOST, (-0.4, 0.0)) in branch(found)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=3))
def test_weights_sum_to_one_and_alleles_may_swap(pairs):
    one = np.array([[a for a, _ in pairs]], float)
    other = np.array([[b for _, b in pairs]], float)
    found, swapped = copy_number_states(one, other, 0.0, 0.01), copy_number_states(other, one, 0.0, 0.01)
    assert np.exp(found.trunk_log_weight).sum() == pytest.approx(1)
    assert np.exp(found.branch_log_weight).sum() == pytest.approx(1)
    assert trunk(found) == pytest.approx(trunk(swapped))
    assert branch(found) == pytest.approx(branch(swapped))
    assert (found.trunk_u >= 0).all()


def test_equal_sites_share_states_in_order():
    major = np.array([[2.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    minor = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    found = copy_number_states(major, minor, 0.0, 0.01)
    first, last = slice(found.trunk_start[0], found.trunk_start[1]), slice(*found.trunk_start[2:4])
    np.testing.assert_array_equal(found.trunk_u[first], found.trunk_u[last])


def test_means_are_pulled_to_integers_as_far_as_the_error_goes():
    pulled = settled(np.array([1.02, 1.3, 2.0]), 0.05)
    assert pulled == pytest.approx([1.0, 1.3, 2.0], abs=0.01)
    assert whole_numbers_tested(np.array([1.0, 2.0, 1.37])) and not whole_numbers_tested(
        np.array([1.01, 2.02, 1.37])
    )
