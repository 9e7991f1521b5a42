"""Purity from the trunk's allele frequencies, on tumours of normal copy number with known purity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.copynumber.purity import estimate_purity


def tumour(
    purity: np.ndarray, seed: int, n_trunk: int = 80, n_branch: int = 120, depth: int = 120
) -> tuple[np.ndarray, np.ndarray]:
    """Trunk, two branches of changing size and private mutations: alt and depth, (N, S)."""
    rng = np.random.default_rng(seed)
    samples = len(purity)
    first = rng.uniform(0.05, 0.75, samples)
    phi = [np.ones((n_trunk, samples)), np.tile(first, (n_branch // 2, 1))]
    phi.append(np.tile((1 - first) * rng.uniform(0.2, 0.9, samples), (n_branch // 2, 1)))
    private = np.zeros((30, samples))
    private[np.arange(30), rng.integers(0, samples, 30)] = rng.uniform(0.1, 1.0, 30)
    phi.append(private)
    vaf = np.concatenate(phi) * purity / 2
    reads = rng.poisson(depth, vaf.shape)
    return rng.binomial(reads, vaf * 0.998 + 0.001), reads


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(0.25, 0.95), min_size=2, max_size=5))
def test_purity_of_normal_copy_number_is_found(seed: int, values: list[float]) -> None:
    purity = np.array(values)
    found = estimate_purity(*tumour(purity, seed), [f"R{i}" for i in range(len(values))])
    assert found is not None
    np.testing.assert_allclose(found.purity, purity, atol=0.05)


def test_intervals_cover_and_mutations_are_few() -> None:
    purity = np.array([0.6, 0.4])
    covered = []
    for seed in range(60):
        found = estimate_purity(*tumour(purity, seed, 25, 30), ["A", "B"])
        assert found is not None
        covered += ((found.low <= purity) & (purity <= found.high)).tolist()
    assert np.mean(covered) > 0.85


def test_it_is_said_and_deterministic() -> None:
    counts = tumour(np.array([0.6, 0.4]), 1)
    found, again = (estimate_purity(*counts, ["A", "B"]) for _ in range(2))
    assert found is not None and again is not None
    np.testing.assert_array_equal(found.purity, again.purity)
    ((code, text),) = found.notes
    assert code == "purity_estimated" and "A 0.6" in text and "supposing normal copy number" in text


def test_no_trunk_no_estimate() -> None:
    assert estimate_purity(np.zeros((40, 2)), np.full((40, 2), 100), ["A", "B"]) is None
    assert estimate_purity(np.ones((3, 1)), np.full((3, 1), 10), ["A"]) is None


def test_a_sample_without_reads_and_sex_chromosomes() -> None:
    alt, depth = tumour(np.array([0.7, 0.5, 0.6]), 4)
    depth[:, 1] = alt[:, 1] = 0
    found = estimate_purity(alt, depth, ["A", "B", "C"])
    assert found is not None and found.purity[0] == pytest.approx(0.7, abs=0.05) and np.isnan(found.purity[1])
    # hemizygous sites show twice the frequency and must not be taken for the trunk
    alt, depth = tumour(np.array([0.4, 0.3]), 5)
    doubled = np.minimum(alt * 2, depth)
    found = estimate_purity(
        np.concatenate([alt, doubled]),
        np.concatenate([depth, depth]),
        ["A", "B"],
        np.repeat([2, 1], len(alt)),
    )
    assert found is not None
    np.testing.assert_allclose(found.purity, [0.4, 0.3], atol=0.05)
