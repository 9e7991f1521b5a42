"""Pre-existing or acquired: verdicts, and the posterior against numerical integration."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom
from tumours import SETTINGS, tumour, variant, write_table

from truncal.drivers.drugs import load_drugs
from truncal.drivers.events import small_variant_events
from truncal.drivers.run import make_matcher
from truncal.drivers.statements import load_statements
from truncal.drivers.timing import Treatment, p_pre_existing, read_treatments, timing_rows
from truncal.drivers.tumour import Sample
from truncal.errors import UserError

MATCHER = make_matcher(load_statements(), "GRCh38")
T790M, L858R = variant("7:55181378:C>T"), variant("7:55191822:T>G")


def serial(before: float, after: float, depth: int, *, days: tuple[float | None, ...] = (0, 400)):
    samples = [Sample(f"S{i}", day=day, purity=0.8, median_depth=depth) for i, day in enumerate(days)]
    given = tumour(
        [L858R, T790M],
        [[1.0, 1.0], [before, after]],
        cluster=[1, 2],
        tree={1: 0, 2: 1},
        depth=depth,
        samples=samples,
    )
    return given, small_variant_events(given, MATCHER, {}, SETTINGS)


def rows(before: float, after: float, depth: int, treatments: list[Treatment], **more: object):
    given, events = serial(before, after, depth, **more)  # type: ignore[arg-type]
    found = timing_rows(given, events, treatments, load_drugs(), SETTINGS)
    drivers = [row for row in found if row["event_id"] == "EGFR:L858R"]
    assert all(row["verdict"] == "pre_existing" and row["ccf_limit_before"] is None for row in drivers)
    return [row for row in found if row["event_id"] == "EGFR:T790M"]


GEFITINIB = [Treatment("gefitinib", 10, 390)]


def test_seen_before_therapy() -> None:
    found = rows(0.2, 0.9, 300, GEFITINIB)
    assert [(row["event_id"], row["verdict"]) for row in found] == [("EGFR:T790M", "pre_existing")]
    assert found[0]["p_pre_existing"] > 0.99 and found[0]["sample_before"] == "S0"


def test_absent_before_at_great_depth() -> None:
    (row,) = rows(0.0, 0.9, 20_000, GEFITINIB)
    assert row["verdict"] == "acquired" and row["ccf_limit_before"] < 0.01
    assert "Not detected" in row["reason"]


def test_absent_before_at_low_depth_is_undeterminable() -> None:
    (row,) = rows(0.0, 0.9, 30, GEFITINIB)
    assert row["verdict"] == "undeterminable"
    assert 0.1 < row["p_pre_existing"] < 0.6


def test_no_order_no_row_and_no_treatment_is_said() -> None:
    assert rows(0.0, 0.9, 100, GEFITINIB, days=(None, None)) == []
    (row,) = rows(0.0, 0.9, 20_000, [])
    assert "no treatment is given" in row["reason"]


def test_the_therapy_that_the_event_resists_is_the_cut() -> None:
    """Three samples; osimertinib comes first but T790M is sensitive to it: gefitinib's start divides them."""
    treatments = [Treatment("osimertinib", 10), Treatment("gefitinib", 500)]
    found = rows(0.3, 0.3, 300, treatments, days=(0, 400))
    assert found == []  # both samples lie before gefitinib
    given, events = serial(0.3, 0.3, 300, days=(0, 600))
    sensitive, row = timing_rows(given, events, treatments, load_drugs(), SETTINGS)
    assert "gefitinib" in row["reason"] and "osimertinib" in sensitive["reason"]


@pytest.mark.parametrize(("alt", "depth"), [(0, 50), (0, 800), (2, 300), (1, 1000)])
def test_posterior_against_integration(alt: int, depth: int) -> None:
    given, _ = serial(0.0, 0.9, depth)
    given.alt[1, 0] = alt
    scale, error, least = given.scale[1, 0], 0.001, 0.01

    def rate(ccf: float) -> float:
        vaf = ccf * scale
        return vaf * (1 - error) + (1 - vaf) * error

    there, _ = quad(lambda x: binom.pmf(alt, depth, rate(np.exp(x))), np.log(least), 0)
    there /= -np.log(least)
    absent = binom.pmf(alt, depth, error)
    expected = there / (there + absent)
    got = p_pre_existing(given, 1, np.array([0]), least)
    assert got == pytest.approx(expected, rel=0.02, abs=1e-4)


def test_reading_treatments(tmp_path: Path) -> None:
    path = write_table(
        tmp_path / "t.tsv",
        "patient drug start end",
        [("P1", "osimertinib", 300, "NA"), ("P1", "gefitinib", 0, 200), ("P2", "alectinib", 5, 6)],
    )
    assert [one.drug for one in read_treatments(path, "P1")] == ["gefitinib", "osimertinib"]
    bad = write_table(tmp_path / "bad.tsv", "patient drug start", [("P1", "x", "soon"), ("P1", "y", "NA")])
    with pytest.raises(UserError) as caught:
        read_treatments(bad, "P1")
    assert len(caught.value.faults) == 2
