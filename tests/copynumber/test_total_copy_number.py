"""Sites of which only the total copy number is known, against enumeration of every minor copy number."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.ccf.absent import Absent
from truncal.ccf.model import read_model
from truncal.ccf.observations import read_observations
from truncal.copynumber import states
from truncal.copynumber.states import ALL_COPIES, copy_number_states
from truncal.copynumber.totals import LOST_IN_ALL, LOST_IN_SOME, MOST, combinations


def unknown_states(total):
    total = np.array([total], float)
    minor = np.floor(total / 2)
    return copy_number_states(total - minor, minor, 0.0, 0.01, np.ones(total.shape, dtype=bool))


def weighed(values, log_weights, kinds):
    out: dict = {}
    for value, log_weight, kind in zip(values, log_weights, kinds, strict=True):
        key = (int(kind) if kind >= ALL_COPIES else 0, *value.round(3))
        out[key] = out.get(key, 0.0) + float(np.exp(log_weight))
    return out


def known(total):
    """Minor copy numbers and prior of a site of one sample."""
    minor, prior = combinations(np.array([total]), np.array([np.nan]), np.array([True]))
    out: dict = {}
    for copies, weight in zip(minor[:, 0].round(6).tolist(), prior.tolist(), strict=True):
        out[copies] = out.get(copies, 0.0) + weight
    return out


def test_prior_of_the_minor_copy_number():
    lost = LOST_IN_ALL + (1 - LOST_IN_ALL) * LOST_IN_SOME
    assert known(0.0) == {0.0: 1.0} and known(1.0) == {0.0: 1.0}
    assert known(2.0) == pytest.approx({1.0: 1 - lost, 0.0: lost})
    assert known(4.0) == pytest.approx({2.0: (1 - lost) * 2 / 3, 1.0: (1 - lost) / 3, 0.0: lost})
    # 1 + 1 or 2 + 0 in most cells, and in the rest a further copy of either allele
    assert set(known(2.4)) == {1.0, 0.4, 0.0} and known(2.4)[1.0] == pytest.approx(1 - lost)


def test_regions_that_lost_the_allele_together_are_likelier_than_apart():
    total, unknown = np.array([2.0, 3.0]), np.ones(2, dtype=bool)
    minor, prior = combinations(total, np.full(2, np.nan), unknown)
    of = dict(zip(map(tuple, minor.tolist()), prior.tolist(), strict=True))
    assert of[0.0, 0.0] == pytest.approx(LOST_IN_ALL + (1 - LOST_IN_ALL) * LOST_IN_SOME**2)
    assert (
        of[0.0, 1.0] == of[1.0, 0.0] == pytest.approx((1 - LOST_IN_ALL) * LOST_IN_SOME * (1 - LOST_IN_SOME))
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 12), min_size=1, max_size=5))
def test_minor_copies_are_the_fewer_and_their_prior_sums_to_one(totals):
    total = np.array(totals)
    minor, prior = combinations(total, np.full(len(total), np.nan), np.ones(len(total), dtype=bool))
    assert prior.sum() == pytest.approx(1) and len(prior) <= MOST
    assert (minor >= 0).all() and (minor <= total / 2 + 1e-9).all()


@pytest.fixture
def flat_bases(monkeypatch):
    """A base copy number's prior that does not depend on the other sites."""
    monkeypatch.setattr(states, "base_log_prior", lambda alleles: -np.arange(13) / 2)


@pytest.mark.parametrize("total", [[2], [3], [4], [2, 3], [4, 4, 2], [1, 2, 5], [6, 3, 2]])
def test_states_are_the_union_over_the_minor_copy_numbers(total, flat_bases):
    """Every assignment of a minor copy number to each distinct total, enumerated in plain Python."""
    found = unknown_states(total)
    distinct = sorted(set(total))
    trunk: dict = {}
    branch: dict = {}
    lost = 0.0
    for pick in itertools.product(*(range(value // 2 + 1) for value in distinct)):
        of = dict(zip(distinct, pick, strict=True))
        prior = 0.9
        for value, copies in of.items():
            if value > 1:
                rest = sum(0.5**place for place in range(value // 2))
                prior *= 0.05 if copies == 0 else 0.95 * 0.5 ** (value // 2 - copies) / rest
        prior += 0.1 * (sum(pick) == 0)
        lost += prior
        minor = np.array([[of[value] for value in total]], float)
        one = copy_number_states(np.array([total], float) - minor, minor, 0.0, 0.01)
        for store, part in (
            (trunk, weighed(one.trunk_u, one.trunk_log_weight, one.trunk_kind * 0)),
            (branch, weighed(one.branch_change, one.branch_log_weight, one.branch_kind)),
        ):
            for key, weight in part.items():
                store[key] = store.get(key, 0.0) + prior * weight
    assert lost == pytest.approx(1)
    for ours, brute in (
        (weighed(found.trunk_u, found.trunk_log_weight, found.trunk_kind * 0), trunk),
        (weighed(found.branch_change, found.branch_log_weight, found.branch_kind), branch),
    ):
        kept = {key: weight for key, weight in brute.items() if weight >= states.NEGLIGIBLE}
        total_kept = sum(kept.values())
        assert ours == pytest.approx({key: weight / total_kept for key, weight in kept.items()})


def test_a_known_sample_speaks_for_the_others_of_its_total():
    minor, prior = combinations(np.array([2.0, 2.0]), np.array([0.0, np.nan]), np.array([False, True]))
    assert minor[0].tolist() == [0.0, 0.0] and prior[0] > 0.6
    minor, prior = combinations(np.array([2.0, 3.0]), np.array([0.0, np.nan]), np.array([False, True]))
    assert minor.tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_states_of_a_site_stay_within_the_kernels_room():
    total = np.array([[4.4, 6.3, 5.6, 3.3, 7.45, 2.6]])
    found = copy_number_states(total, np.zeros_like(total), 0.05, 0.01, np.ones(total.shape, dtype=bool))
    assert len(found.trunk_u) <= states.MOST_TRUNK and len(found.branch_change) <= states.MOST_BRANCH
    assert np.exp(found.trunk_log_weight).sum() == pytest.approx(1)


def test_known_sites_are_as_without_unknown_ones(flat_bases):
    major, minor = np.array([[2.0, 1.0], [3.0, 2.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])
    plain = copy_number_states(major, minor, 0.0, 0.01)
    mixed = copy_number_states(major, minor, 0.0, 0.01, np.array([[False, False], [True, False]]))
    stop = plain.trunk_start[1]
    assert mixed.trunk_start[1] == stop
    assert weighed(mixed.trunk_u[:stop], mixed.trunk_log_weight[:stop], mixed.trunk_kind[:stop] * 0) == (
        pytest.approx(
            weighed(plain.trunk_u[:stop], plain.trunk_log_weight[:stop], plain.trunk_kind[:stop] * 0)
        )
    )


def test_a_table_may_leave_the_minor_copy_number_out(tmp_path: Path):
    header = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content"
    rows = ["m\tA\t60\t40\t3\tNA\t2\t0.8", "n\tA\t60\t40\t2\t1\t2\t0.8", "n\tB\t60\t40\t2\tNA\t2\t0.8"]
    (tmp_path / "counts.tsv").write_text("\n".join([header, *rows]) + "\n")
    data = read_observations(tmp_path / "counts.tsv")
    assert data.called.total_only.tolist() == [True, False, True]
    assert data.called.total.tolist() == [3, 3, 2] and data.called.scale[0] == data.called.scale[1]
    assert data.not_called.total_only.tolist() == [True]  # as the commonest state of sample B
    model = read_model(data, absent=Absent())
    sizes = np.diff(model.states.trunk_start)
    assert model.sites.total_only.sum() == 3 and sizes.max() > 2
