"""Scores against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, v_measure_score

from truncal.metrics.ccf import interval_coverage, mean_absolute_error
from truncal.metrics.clonality import (
    brier_score,
    calibration_slope,
    expected_calibration_error,
    precision_recall,
)
from truncal.metrics.clusters import adjusted_rand_index, v_measure

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@settings(deadline=None)
@given(pairs)
def test_partitions_as_scikit_learn_scores_them(labels):
    truth, found = np.array(labels).T
    assert v_measure(truth, found) == pytest.approx(v_measure_score(truth, found), abs=1e-9)
    assert adjusted_rand_index(truth, found) == pytest.approx(adjusted_rand_score(truth, found), abs=1e-9)


def test_ccf_and_coverage():
    truth, estimate = np.array([0.2, 0.8]), np.array([0.3, 0.8])
    assert mean_absolute_error(truth, estimate) == pytest.approx(0.05)
    assert interval_coverage(truth, estimate - 0.05, estimate + 0.05) == pytest.approx(0.5)


def test_calls_and_calibration():
    truth = np.array([True, True, False, False])
    probability = np.array([0.9, 0.4, 0.6, 0.1])
    assert precision_recall(truth, probability) == (0.5, 0.5)
    assert brier_score(truth, probability) == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4)
    assert expected_calibration_error(truth, truth.astype(float)) == 0


def test_slope_of_calibrated_probabilities_is_one():
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.02, 0.98, 20000)
    truth = rng.random(20000) < probability
    assert calibration_slope(truth, probability) == pytest.approx(1, abs=0.06)
