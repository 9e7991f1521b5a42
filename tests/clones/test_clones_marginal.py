"""The compiled marginal over copy-number states against plain enumeration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.ccf.absent import Absent
from truncal.ccf.model import read_model
from truncal.ccf.observations import Observations, Sites
from truncal.clones.kernels import NEED_SPREAD, branch_log_likelihood, trunk_states
from truncal.copynumber.states import ALL_COPIES, GAINED, LOST

SAMPLES = 2
site = st.tuples(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4)), min_size=SAMPLES, max_size=SAMPLES),
    st.lists(st.tuples(st.integers(1, 150), st.floats(0, 1)), min_size=SAMPLES, max_size=SAMPLES),
)


def model_of(sites, purity):
    n = len(sites)
    mutation, sample = np.repeat(np.arange(n), SAMPLES), np.tile(np.arange(SAMPLES), n)
    pairs = np.array([pair for copies, _ in sites for pair in copies], float)
    depth = np.array([d for _, reads in sites for d, _ in reads], float)
    alt = np.array([round(d * part) for _, reads in sites for d, part in reads], float)
    nothing, r = np.full(n * SAMPLES, np.nan), n * SAMPLES
    called = Sites(
        mutation, sample, pairs.max(axis=1), pairs.min(axis=1), nothing, nothing, nothing,
        np.full(r, 2.0), np.full(r, purity), np.full(r, 0.001), np.zeros(r, bool),
    )  # fmt: skip
    none = Sites(*(value[:0] for value in vars(called).values()))
    names = [f"m{i}" for i in range(n)]
    data = Observations(names, ["a", "b"], called, alt, depth, none, {})
    return read_model(data, absent=Absent(), overdispersion=0.0)


def row(rows, n, s, u):
    v = min(max(rows.scale[n, s] * u, 0.0), 1.0)
    error = rows.error[n, s]
    p = min(max(v * (1 - error) + (1 - v) * error, 1e-9), 1 - 1e-9)
    a, d = rows.alt[n, s], rows.depth[n, s]
    flat = math.lgamma(a + 1) + math.lgamma(d - a + 1) - math.lgamma(d + 2)
    return np.logaddexp(a * math.log(p) + (d - a) * math.log1p(-p), math.log(2e-3) + flat)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(site, min_size=1, max_size=3),
    st.floats(0.1, 1.0),
    st.lists(st.floats(0.0, 1.0), min_size=SAMPLES, max_size=SAMPLES),
)
def test_branch_and_trunk_equal_the_sum_over_states(sites, purity, phi):
    model = model_of(sites, purity)
    rows, states = model.rows, model.states
    phi = np.array(phi)
    n = len(sites)
    out = np.full((n, 3), -1e9)
    branch_log_likelihood(
        rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
        states.branch_kind, 0.0, np.arange(n), np.array([0]), phi[None], np.zeros((1, SAMPLES)),
        np.full(n, -1), out,
    )  # fmt: skip
    trunk = trunk_states(
        rows, states.trunk_start, states.trunk_u, states.trunk_log_weight, states.doubled, 0.0
    )
    for i in range(n):
        terms = []
        for z in range(states.branch_start[i], states.branch_start[i + 1]):
            kind, change = states.branch_kind[z], states.branch_change[z]
            total = states.branch_log_weight[z]
            event = kind in (GAINED, LOST)
            most = max(1.0, *(math.ceil(abs(c) - 0.1) for c in change)) if event else 1.0
            for s in range(SAMPLES):
                times = 1 if kind < ALL_COPIES else kind - ALL_COPIES
                u = max(phi[s] + change[s], 0.0) if event else times * phi[s]
                short = max(abs(change[s]) / most - phi[s], 0.0) if event else 0.0
                total += row(rows, i, s, u) - 0.5 * (short / NEED_SPREAD) ** 2
            terms.append(total)
        assert out[i, 1] == pytest.approx(np.logaddexp.reduce(terms), abs=1e-8)
        for z in range(states.trunk_start[i], states.trunk_start[i + 1]):
            total = states.trunk_log_weight[z]
            total += sum(row(rows, i, s, states.trunk_u[z, s]) for s in range(SAMPLES))
            assert trunk[z] == pytest.approx(total, abs=1e-8)
