"""Power and presence against scipy's distributions and brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom

from truncal.drivers.detection import (
    at_most,
    depth_to_exclude,
    detection_threshold,
    excluded_ccf,
    present,
    read_rate,
)


@given(st.integers(0, 60), st.integers(1, 300), st.floats(1e-4, 0.9), st.sampled_from([np.inf, 50.0, 900.0]))
def test_tail_is_that_of_the_distribution(alt: int, depth: int, rate: float, precision: float) -> None:
    alt = min(alt, depth)
    if np.isinf(precision):
        expected = binom.cdf(alt, depth, rate)
    else:
        expected = betabinom.cdf(alt, depth, rate * precision, (1 - rate) * precision)
    assert at_most(alt, depth, rate, precision) == pytest.approx(expected, abs=1e-8)


@given(st.integers(0, 20), st.integers(5, 1000), st.floats(0.05, 0.6), st.sampled_from([np.inf, 200.0]))
def test_excluded_ccf_is_where_the_tail_reaches_five_per_cent(
    alt: int, depth: int, scale: float, precision: float
) -> None:
    alt = min(alt, depth)
    limit = excluded_ccf(alt, depth, scale, 0.001, precision)
    assert 0 < limit <= 1
    tail = at_most(alt, depth, float(read_rate(limit, scale, 0.001)), precision)
    if limit < 1:
        assert tail == pytest.approx(0.05, abs=1e-6)
    else:
        assert tail >= 0.05 - 1e-9
    assert excluded_ccf(alt, depth * 2, scale, 0.001, precision) <= limit + 1e-9


def test_rule_of_three() -> None:
    """No reads at depth d exclude a VAF of 3/d; depth 30 at purity 0.2 says little."""
    assert excluded_ccf(0, 3000, 0.5, 0.0) == pytest.approx(-np.log(0.05) / 3000 / 0.5, rel=0.01)
    assert excluded_ccf(0, 30, 0.1, 0.001) > 0.9
    assert np.isnan(excluded_ccf(0, 0, 0.4, 0.001))
    assert np.isnan(excluded_ccf(0, 100, np.nan, 0.001))


def test_depth_to_exclude_against_brute_force() -> None:
    for ccf, scale in ((0.1, 0.4), (0.05, 0.25), (0.3, 0.1)):
        rate = float(read_rate(ccf, scale, 0.001))
        depths = np.arange(2, 4000)
        fewest = detection_threshold(depths, 0.001, 0.01)
        missed = binom.cdf(fewest - 1, depths, rate)
        last_bad = depths[missed > 0.05].max()
        assert depth_to_exclude(ccf, scale, 0.001, 0.01) == last_bad + 1


def test_thresholds_keep_false_detections_rare() -> None:
    depths = np.array([10, 50, 200, 1000, 20000])
    fewest = detection_threshold(depths, 0.001, 0.01)
    assert (fewest >= 2).all()
    assert (binom.sf(fewest - 1, depths, 0.001) < 0.01).all()
    assert (binom.sf(fewest - 2, depths, 0.001)[fewest > 2] >= 0.01).all()


def test_present_needs_two_reads_beyond_error() -> None:
    alt = np.array([0, 1, 2, 2, 30])
    depth = np.array([100, 100, 100, 5000, 100])
    assert present(alt, depth, np.full(5, 0.001), 0.01).tolist() == [False, False, True, False, True]
