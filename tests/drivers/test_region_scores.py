"""Scores of forecasts whose outcome is told by reads."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.region_scores import CERTAIN, Forecasts, clonal_likelihood, region_scores


def row(alt: int, ref: int, major: str = "1", minor: str = "1") -> dict[str, str]:
    return {
        "alt_counts": str(alt), "ref_counts": str(ref), "major_cn": major, "minor_cn": minor,
        "normal_cn": "2", "tumour_content": "0.8",
    }  # fmt: skip


def test_reads_tell_clonal_from_absent_and_no_reads_tell_nothing() -> None:
    assert clonal_likelihood(row(0, 0)) == (0.0, 0.0)
    yes, no = clonal_likelihood(row(40, 60))
    assert yes > no
    yes, no = clonal_likelihood(row(0, 100))
    assert no - yes > 3
    yes, no = clonal_likelihood(row(62, 38, "2", "0"))  # two copies of two
    assert yes > no


def test_known_outcomes_give_the_usual_score_and_unknown_ones_weigh_nothing() -> None:
    rng = np.random.default_rng(3)
    said = rng.uniform(0.02, 0.98, 4000)
    true = rng.random(4000) < said
    known = np.where(true[:, None], [0.0, -CERTAIN], [-CERTAIN, 0.0])
    usual = np.where(true, np.log(said), np.log1p(-said)).mean()
    scores = region_scores([Forecasts("A", said, known, 4)], draws=5)
    assert scores["log"] == pytest.approx(usual, abs=1e-6)
    assert scores["slope"] == pytest.approx(1, abs=0.1) and scores["told"] == 4000
    assert scores["log"] > scores["log_constant"]
    half = Forecasts("A", np.append(said, said), np.concatenate([known, np.zeros((4000, 2))]), 4)
    both = region_scores([half], draws=0)
    assert both["log"] == pytest.approx(scores["log"] / 2) and both["slope"] == pytest.approx(
        scores["slope"], abs=1e-3
    )
