"""Labels and their reasons in words."""

from __future__ import annotations

import pytest
from tumours import SETTINGS

from truncal.drivers.label import RegionView, label, reason

CLONALITY = SETTINGS["clonality"]


def region(name: str = "R1", **more: float | bool | None) -> RegionView:
    given = {
        "alt": 40.0, "depth": 100.0, "called": True, "ccf": 0.98, "low": 0.9, "high": 1.0, "purity": 0.7,
        "total": 2.0, "lost": 0.0, "excluded": 0.9,
    }  # fmt: skip
    return RegionView(name, **(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("p", "word"),
    [
        (0.9, "clonal"),
        (0.899, "indeterminate"),
        (0.1, "subclonal"),
        (0.101, "indeterminate"),
        (float("nan"), "indeterminate"),
    ],
)
def test_thresholds(p: float, word: str) -> None:
    assert label(p, CLONALITY) == word
    assert label(0.7, {**CLONALITY, "clonal_above": 0.6}) == "clonal"


def test_clonal_says_where_and_what_a_further_region_would_show() -> None:
    text = reason("clonal", 0.97, 0.99, 0.7, [region(), region("R2")])
    assert "all 2 sampled regions" in text and "0.70 only, a wide estimate below four regions" in text


def test_subclonal_names_the_regions() -> None:
    text = reason("subclonal", 0.01, 0.02, 0.0, [region(), region("R2", ccf=0.4, low=0.3, high=0.5)])
    assert "R2 (CCF 0.40)" in text and "R1" not in text


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"depth": 40.0, "low": 0.5}, "Power: depth is low in R1 (40 reads)"),
        ({"purity": 0.2}, "Purity is low in R1 (0.20)"),
        ({"total": 6.0, "low": 0.5}, "Copy number: with R1 (6.0 copies)"),
        ({"total": 2.4, "low": 0.5}, "Copy number is subclonal in R1 (2.4 copies)"),
        ({"called": False, "depth": 0.0, "alt": 0.0}, "Not called in R1"),
        ({"ccf": 0.94, "low": 0.9, "high": 0.97}, "Its CCF is close to 0.95: R1 0.94 [0.90-0.97]"),
    ],
)
def test_doubts(view: dict[str, float | bool], words: str) -> None:
    assert words in reason("indeterminate", 0.5, 0.5, 0.5, [region(**view)])


def test_membership_loss_silence_and_outliers() -> None:
    assert "more than one clone" in reason("indeterminate", 0.5, 0.5, 0.5, [region()], member=0.6)
    lost = reason("subclonal", 0.02, 0.98, 0.3, [region(ccf=0.3, high=0.4, lost=0.7)])
    assert "arose on the trunk" in lost and "copies were lost in R1 (70% of the cells)" in lost
    silent = reason("subclonal", 0.0, 0.0, 0.0, [region(alt=0.0, ccf=0.0, high=0.05, excluded=0.06)])
    assert "No reads in R1 (CCF above 0.06 excluded)" in silent
    shallow = reason("indeterminate", 0.5, 0.9, 0.5, [region(alt=0.0, depth=5.0, excluded=1.0)])
    assert "No reads in R1 (too few reads to exclude any CCF)" in shallow
    assert "fits no clone" in reason("indeterminate", 0.5, 0.5, 0.5, [region()], outlier=0.9)
    assert "arose on a branch" in reason("clonal", 0.95, 0.05, 0.9, [region()])
