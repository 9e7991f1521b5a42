"""The compiled likelihoods against plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.ccf.likelihood import (
    BINOMIAL_BELOW,
    censored_log_likelihood,
    interpolated,
    log_beta_binomial,
    log_gamma,
    log_rising,
    row_log_likelihood,
)


def plain(alt: int, depth: int, p: float, overdispersion: float) -> float:
    if overdispersion < BINOMIAL_BELOW:
        return alt * math.log(p) + (depth - alt) * math.log1p(-p)
    size = 1 / overdispersion - 1
    a, b = p * size, (1 - p) * size
    return (
        math.lgamma(alt + a) - math.lgamma(a) + math.lgamma(depth - alt + b) - math.lgamma(b)
        - math.lgamma(depth + size) + math.lgamma(size)
    )  # fmt: skip


def exact(alt: int, depth: int, p: float, overdispersion: float) -> float:
    """By the product formula: no difference of large numbers."""
    size = 1 / overdispersion - 1
    a, b = p * size, (1 - p) * size
    return (
        math.fsum(math.log(a + i) for i in range(alt))
        + math.fsum(math.log(b + i) for i in range(depth - alt))
        - math.fsum(math.log(size + i) for i in range(depth))
    )


settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")

reads = st.integers(0, 400).flatmap(lambda depth: st.tuples(st.integers(0, depth), st.just(depth)))


@given(st.floats(1e-6, 1e6))
def test_log_gamma(x):
    assert log_gamma(x) == pytest.approx(math.lgamma(x), rel=1e-12, abs=1e-10)


@given(st.floats(1e-3, 1e9), st.integers(0, 300))
def test_log_rising_is_a_product(x, count):
    assert log_rising(x, float(count)) == pytest.approx(
        math.fsum(math.log(x + i) for i in range(count)), rel=1e-12, abs=1e-10
    )


@settings(max_examples=200)
@given(reads, st.floats(1e-6, 1 - 1e-6), st.floats(1e-8, 0.3))
def test_beta_binomial_equals_its_product(counts, p, overdispersion):
    alt, depth = counts
    assert log_beta_binomial(alt, depth, p, overdispersion) == pytest.approx(
        exact(alt, depth, p, overdispersion), rel=1e-10, abs=1e-9
    )


@given(reads, st.floats(1e-6, 1 - 1e-6))
def test_binomial_limit(counts, p):
    alt, depth = counts
    assert log_beta_binomial(alt, depth, p, 0.0) == pytest.approx(plain(alt, depth, p, 0.0), abs=1e-10)


@given(st.integers(1, 60), st.floats(0.01, 0.99), st.floats(1e-4, 0.2))
def test_beta_binomial_sums_to_one(depth, p, overdispersion):
    total = sum(
        math.comb(depth, alt) * math.exp(log_beta_binomial(alt, depth, p, overdispersion))
        for alt in range(depth + 1)
    )
    assert total == pytest.approx(1, abs=1e-9)


@given(reads, st.floats(0.01, 0.5), st.floats(0, 0.05), st.floats(0, 4), st.floats(0, 0.1))
def test_row_mixes_with_its_floor(counts, scale, error, u, overdispersion):
    alt, depth = counts
    floor = -20.0
    whole = 0.0
    if overdispersion >= BINOMIAL_BELOW:
        whole = log_rising(1 / overdispersion - 1, float(depth))
    v = min(scale * u, 1)
    p = min(max(v * (1 - error) + (1 - v) * error, 1e-9), 1 - 1e-9)
    twin = plain if overdispersion < BINOMIAL_BELOW else exact
    expected = np.logaddexp(twin(alt, depth, p, overdispersion), floor)
    found = row_log_likelihood(alt, depth, scale, error, overdispersion, whole, floor, u, 0.0)
    assert found == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_not_called_is_the_sum_over_fewer_reads():
    depths, limits = np.array([[30, 50]]), np.array([[4, 4]])
    u = np.array([0.0, 0.5, 1.0])
    found = censored_log_likelihood(depths, limits, np.array([0.3]), np.array([0.001]), np.array([0.01]), u)[
        0
    ]
    for value, copies in zip(found, u, strict=True):
        v = 0.3 * copies
        p = v * 0.999 + (1 - v) * 0.001
        total = np.mean([
            sum(math.comb(depth, a) * math.exp(plain(a, depth, p, 0.01)) for a in range(4))
            for depth in (30, 50)
        ])  # fmt: skip
        assert value == pytest.approx(math.log(total), abs=1e-10)
    assert found[0] > found[1] > found[2]


def test_tables_are_read_between_their_points():
    table = np.array([0.0, -1.0, -4.0])
    assert interpolated(table, 0.5, 0.25) == pytest.approx(-0.5)
    assert interpolated(table, 0.5, 0.5) == pytest.approx(-1.0)
    assert interpolated(table, 0.5, 9.0) == -4.0
