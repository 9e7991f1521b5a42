"""A genome doubling in some of the cancer cells: found from mean copy numbers, and what states follow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.copynumber.doubling import shared_doubling
from truncal.copynumber.histories import ABOVE, BESIDE, NOMINAL_ERROR, UNAFFECTED, WITHIN, share_beside
from truncal.copynumber.states import (
    DOUBLED_LATER,
    GAINED,
    LATE_LOST,
    LOST_BESIDE,
    UNTOUCHED,
    copy_number_states,
)

ERROR = 0.05


def alleles(rng, fractions, sites=60, altered=0.2, noise=ERROR):
    """Mean copies (sites, 2, S) of cells of which these fractions are doubled; some alleles have an event."""
    fractions = np.asarray(fractions, float)
    base = rng.choice([1.0, 2.0, 0.0], p=[0.7, 0.2, 0.1], size=(sites, 2, 1))
    change = np.where(rng.random((sites, 2, 1)) < altered, rng.uniform(-1, 1, (sites, 2, 1)), 0.0)
    mean = np.maximum(base * (1 + fractions) + change * (base > 0), 0.0)
    read = np.maximum(mean + rng.normal(0, noise, mean.shape), 0.0)
    return np.where(mean == np.round(mean), mean, read)


@pytest.mark.parametrize("fractions", [(0.0, 0.4), (0.3, 0.64, 0.2), (0.5, 1.0, 0.0), (0.85,), (0.2, 0.05)])
def test_the_doubled_fraction_is_found(fractions):
    for seed in range(5):
        x = alleles(np.random.default_rng(seed), fractions)
        np.testing.assert_allclose(shared_doubling(x, ERROR), fractions, atol=0.03)


@given(st.integers(0, 10**6), st.floats(0, 0.9), st.sampled_from([0.0, ERROR]))
@settings(max_examples=40, deadline=None)
def test_gains_and_losses_are_no_doubling(seed, altered, noise):
    rng = np.random.default_rng(seed)
    assert not shared_doubling(alleles(rng, (0.0, 0.0, 0.0), altered=altered, noise=noise), ERROR).any()


def test_clone_of_many_gains_is_no_doubling():
    """A clone in 0.4 of the cells that gained one allele of most segments leaves the other allele whole."""
    x = np.ones((80, 2, 1))
    x[:64, 0] = 1.4 + np.random.default_rng(0).normal(0, ERROR, (64, 1))
    assert not shared_doubling(x, ERROR).any()


def test_whole_copy_numbers_show_no_doubling():
    x = np.random.default_rng(0).integers(0, 4, (50, 2, 3)).astype(float)
    assert not shared_doubling(x, 0.0).any() and not shared_doubling(x, ERROR).any()


def test_order_of_sites_and_alleles_changes_nothing():
    rng = np.random.default_rng(2)
    x = alleles(rng, (0.4, 0.0))
    other = x[rng.permutation(len(x))][:, ::-1]
    np.testing.assert_allclose(shared_doubling(x, ERROR), shared_doubling(other, ERROR), atol=1e-12)


def doubled_states(site, fractions=(0.4, 0.0), sites=60):
    """States of one site (major, minor), each (S,), beside plain sites of a doubled sample."""
    x = alleles(np.random.default_rng(1), fractions, sites=sites, altered=0.0)
    major, minor = np.vstack([x.max(axis=1), site[0]]), np.vstack([x.min(axis=1), site[1]])
    return copy_number_states(major, minor, ERROR, 0.003)


def of_last(states):
    trunk = slice(states.trunk_start[-2], None)
    branch = slice(states.branch_start[-2], None)
    return (
        (states.trunk_u[trunk], np.exp(states.trunk_log_weight[trunk]), states.trunk_kind[trunk]),
        (states.branch_change[branch], np.exp(states.branch_log_weight[branch]), states.branch_kind[branch]),
    )


def test_states_of_an_undisturbed_site():
    """One copy of each allele: every mutated copy is doubled with its cell, a branch's if it came before."""
    states = doubled_states(([1.4, 1.0], [1.4, 1.0]))
    f = states.doubled
    np.testing.assert_allclose(f, [0.4, 0], atol=0.02)
    (u, weight, _), (change, branch_weight, kind) = of_last(states)
    plain = np.abs(u - (1 + f)).max(axis=1) < 0.03
    assert weight[plain].sum() > 0.95 and not (np.abs(u - 1).max(axis=1) < 0.1).any()
    later = (kind == GAINED) & (np.abs(change - f).max(axis=1) < 1e-9)
    untouched = kind == UNTOUCHED
    odds = branch_weight[later].sum() / branch_weight[untouched].sum()
    assert odds == pytest.approx(DOUBLED_LATER, rel=0.1)


def test_states_of_a_loss_beside_the_doubled_cells():
    """A copy lost in half of the cells, none of them doubled: 1 + 1 in half of the rest."""
    loss = np.array([0.3, 0.5])
    states = doubled_states(([1.4, 1.0], [1.4 - loss[0], 1.0 - loss[1]]))
    f = states.doubled
    (u, weight, kind), _ = of_last(states)
    lost = np.abs(u - (1 + f - loss)).max(axis=1) < 0.05
    assert lost.any()
    # f = 0 in the second sample excludes a loss within the doubled cells
    assert weight[lost & (kind == LOST_BESIDE)].sum() > 5 * weight[lost & (kind == LATE_LOST)].sum()
    assert np.exp(states.trunk_log_weight).sum() == pytest.approx(len(states.trunk_start) - 1)


def plain_share_beside(lost, doubled, exact):
    """Twin of `share_beside`, by integration over the fractions of cells that lost the copy."""

    def density(x, low, high):
        def normal(at):
            return np.exp(-0.5 * ((x - at) / NOMINAL_ERROR) ** 2) / (NOMINAL_ERROR * math.sqrt(2 * math.pi))

        if high - low < NOMINAL_ERROR:
            return float(normal(low)) + 1e-6
        at = low + (np.arange(20000) + 0.5) / 20000 * (high - low)
        return UNAFFECTED * (float(normal(low)) + 1e-6) + (1 - UNAFFECTED) * float(normal(at).mean())

    weights = [BESIDE, WITHIN, ABOVE]
    for x, f, tested in zip(lost, doubled, exact, strict=True):
        if tested:
            here = 1 - UNAFFECTED if x > 1e-6 else UNAFFECTED
            terms = [here, 1e-4 if x > 1e-6 else 1.0, here]
        else:
            terms = [density(x, 0, 1 - f), density(x, 0, f), density(x, 2 * f, 1 + f)]
        weights = [weight * term for weight, term in zip(weights, terms, strict=True)]
    return weights[0] / sum(weights)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0.05, 0.95), st.booleans()), min_size=1, max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_where_a_loss_struck_agrees_with_integration(samples):
    lost = np.array([x for x, _, _ in samples])
    exact = np.array([tested for _, _, tested in samples])
    doubled = np.array([0.0 if tested else f for _, f, tested in samples])
    got = share_beside(lost, doubled, exact)
    assert got == pytest.approx(plain_share_beside(lost, doubled, exact), abs=1e-5)


@pytest.mark.parametrize(
    ("lost", "doubled", "least", "most"),
    [
        ([0.5, 0.4], [0.4, 0.0], 0.9, 1.0),  # cells were lost where none is doubled
        ([0.3, 0.0], [0.6, 0.0], 0.0, BESIDE),  # only where some are
        ([0.9, 0.2], [0.4, 0.0], 0.0, 0.3),  # more than all the others
    ],
)
def test_where_losses_struck(lost, doubled, least, most):
    got = share_beside(np.array(lost), np.array(doubled), np.array([False, False]))
    assert least <= got <= most
