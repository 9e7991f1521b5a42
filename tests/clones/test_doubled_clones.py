"""Clones of a tumour in which some cells doubled their genome, from simulated cells."""

from __future__ import annotations

import numpy as np
import pytest

from truncal.ccf.absent import Absent
from truncal.ccf.model import read_model
from truncal.ccf.observations import read_observations
from truncal.clones import spread
from truncal.clones.doubled import log_odds
from truncal.clones.fit import Options, fit_clusters
from truncal.clones.result import clustering

SHARES = {  # of cells, in two samples: the doubled clone is a child of `above`, `beside` a child of the trunk
    "trunk": (0.15, 0.1),
    "above": (0.2, 0.35),
    "doubled": (0.35, 0.0),
    "beside": (0.3, 0.55),
}
CARRIERS = {
    "trunk": ("trunk", "above", "doubled", "beside"),
    "above": ("above", "doubled"),
    "doubled": ("doubled",),
    "beside": ("beside",),
}
NUMBERS = {"trunk": 60, "above": 25, "doubled": 12, "beside": 25}
HEADER = "mutation_id\tsample_id\tref_counts\talt_counts\tmajor_cn\tminor_cn\tnormal_cn\ttumour_content"
PURITY, DEPTH = 0.8, 400


def simulated(path, seed=0):
    """Write counts, cell by cell; true DCF and CCF (N, 2) and clones of the mutations.

    Every cell has the mutated and the other allele; doubled cells have two of each. Of each clone's mutations
    a quarter lost the mutated copy in the cells of `beside`.
    """
    rng = np.random.default_rng(seed)
    lines, dcf, ccf, clones = [HEADER], [], [], []
    for clone, number in NUMBERS.items():
        for n in range(number):
            struck = clone == "trunk" and n % 4 == 0
            mutated = {
                cell: (0 if struck and cell == "beside" else 1) * (2 if cell == "doubled" else 1)
                for cell in CARRIERS[clone]
            }
            present, copies = [], []
            for s in range(2):
                u = sum(SHARES[cell][s] * k for cell, k in mutated.items())
                own = sum(
                    SHARES[cell][s]
                    * (2 if cell == "doubled" else 1)
                    * (0 if struck and cell == "beside" else 1)
                    for cell in SHARES
                )
                other = sum(SHARES[cell][s] * (2 if cell == "doubled" else 1) for cell in SHARES)
                vaf = PURITY * u / (PURITY * (own + other) + 2 * (1 - PURITY))
                alt = rng.binomial(DEPTH, vaf * 0.998 + 0.001)
                noisy = [x if x == round(x) else x + rng.normal(0, 0.05) for x in (own, other)]
                major, minor = max(noisy), max(min(noisy), 0)
                lines.append(f"{clone}{n}\ts{s}\t{DEPTH - alt}\t{alt}\t{major:.3f}\t{minor:.3f}\t2\t{PURITY}")
                copies.append(u)
                present.append(sum(SHARES[cell][s] for cell, k in mutated.items() if k))
            dcf.append([sum(SHARES[cell][s] for cell in CARRIERS[clone]) for s in range(2)])
            ccf.append(present)
            clones.append(clone)
    path.write_text("\n".join(lines) + "\n")
    return np.array(dcf), np.array(ccf), np.array(clones)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("doubled") / "counts.tsv"
    truth = simulated(path)
    fit = fit_clusters(read_model(read_observations(path), absent=Absent()), Options())
    return truth, fit, clustering(fit)


def test_doubling_and_clones_are_found(found):
    (dcf, _, clones), fit, result = found
    order = np.argsort(fit.model.order[1])
    np.testing.assert_allclose(fit.model.states.doubled[order], [0.35, 0], atol=0.02)
    for clone in NUMBERS:
        members = clones == clone
        labels = np.bincount(result.label[members])
        assert labels.max() > 0.9 * members.sum()
        # an ancestor of the doubled cells has its DCF, not its copies
        np.testing.assert_allclose(result.dcf[labels.argmax(), :, 0], dcf[members][0], atol=0.05)


def test_cancer_cell_fractions_count_cells(found):
    """A lost copy that doubled cells still have twice: u is about one, the CCF 1 less those who lost it."""
    (_, ccf, clones), _, result = found
    struck = ccf.min(axis=1) < 0.9
    struck &= clones == "trunk"
    assert np.abs(result.summary.ccf[struck, :, 0] - ccf[struck]).mean() < 0.07
    inside = (result.summary.ccf[..., 1] <= ccf + 0.005) & (ccf - 0.005 <= result.summary.ccf[..., 2])
    assert inside.mean() > 0.93 and inside[struck].mean() > 0.85
    assert (result.summary.p_clonal[struck] < 0.5).mean() > 0.9


def test_reads_and_likelihoods_are_handed_on_in_cells(found):
    """The clone above the doubled cells: its likelihood peaks at its DCF and its reads are linear in it."""
    (dcf, _, clones), _, result = found
    members = np.flatnonzero(clones == "above")
    label = np.bincount(result.label[members]).argmax()
    peak = result.grid[result.log_likelihood[label].argmax(axis=1)]
    np.testing.assert_allclose(peak, dcf[members[0]], atol=0.05)
    members = members[result.label[members] == label]
    alt, ref, offset, slope = np.moveaxis(result.reads[members], 2, 0)
    expected = offset + slope * dcf[members[0]]
    assert np.abs((alt / (alt + ref)).mean(axis=0) - expected.mean(axis=0)).max() < 0.02


@pytest.mark.parametrize(
    ("psi", "doubled", "ancestor"),
    [
        ((0.9, 0.35), (0.35, 0.0), True),  # neither within 0.35 nor beside it
        ((0.3, 0.55), (0.35, 0.0), False),  # less than the doubled cells
        ((0.35, 0.0), (0.35, 0.0), False),  # the doubled clone itself
        ((0.4, 0.2, 0.3), (0.2, 0.1, 0.15), True),  # twice the doubled cells everywhere
        ((0.9, 0.5), (0.7, 0.4), False),  # fits nowhere
    ],
)
def test_ancestors_by_the_sum_rule(psi, doubled, ancestor):
    odds = log_odds(np.array(psi), np.full(len(psi), 1e-4), np.array(doubled))
    assert (odds > 0) == ancestor


def test_strays_widen_intervals_alone(found, monkeypatch):
    _, fit, result = found
    monkeypatch.setattr(spread, "STRAY", 1e-9)
    narrow = clustering(fit).summary
    wide = result.summary
    np.testing.assert_array_equal(narrow.ccf[..., 0], wide.ccf[..., 0])
    np.testing.assert_array_equal(narrow.p_clonal, wide.p_clonal)
    width = (wide.ccf[..., 2] - wide.ccf[..., 1]) - (narrow.ccf[..., 2] - narrow.ccf[..., 1])
    # where a second explanation sits at the 2.5 % quantile, an end may also move inwards
    assert width.min() > -0.05 and np.median(width[width != 0]) > 0.005
