"""Look-alikes: germline, haematopoiesis, independent primaries, convergent resistance, excluded drivers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tumours import SETTINGS, tumour, variant

from truncal.drivers.drugs import load_drugs
from truncal.drivers.events import small_variant_events
from truncal.drivers.flags import all_flags, looks_germline, purity_too_high
from truncal.drivers.run import find_small_variants, make_matcher
from truncal.drivers.statements import load_statements
from truncal.drivers.tumour import Sample, Tumour

STATEMENTS = load_statements()
MATCHER = make_matcher(STATEMENTS, "GRCh38")
T790M, L858R, G12D = variant("7:55181378:C>T"), variant("7:55191822:T>G"), variant("12:25245350:C>T")


def codes(given: Tumour, polyclonal: float | None = 0.0) -> list[str]:
    events = small_variant_events(given, MATCHER, {}, SETTINGS)
    return [flag["code"] for flag in all_flags(given, events, polyclonal, load_drugs())]


def test_germline_by_the_normal_sample() -> None:
    given = tumour([T790M], [[1.0]], cluster=[1], normal_alt=np.array([48.0]), normal_depth=np.array([100.0]))
    assert codes(given) == ["germline"]
    few = tumour([T790M], [[1.0]], cluster=[1], normal_alt=np.array([4.0]), normal_depth=np.array([100.0]))
    assert codes(few) == ["in_normal"]
    none = tumour([T790M], [[1.0]], cluster=[1], normal_alt=np.array([0.0]), normal_depth=np.array([100.0]))
    assert codes(none) == []


def germline_like(purities: list[float], vaf: list[float]) -> Tumour:
    samples = [Sample(f"R{i}", purity=purity, median_depth=1000) for i, purity in enumerate(purities)]
    given = tumour([T790M], [[1.0] * len(vaf)], cluster=[1], depth=1000, samples=samples)
    purity = np.array(purities)
    given.scale = (purity / 2)[None, :]
    given.alt = np.round(1000 * np.array(vaf))[None, :]
    return given


def test_germline_by_a_vaf_of_one_half_whatever_the_purity() -> None:
    assert looks_germline(germline_like([0.8, 0.3, 0.5], [0.5, 0.49, 0.51]), 0)
    assert codes(germline_like([0.8, 0.3, 0.5], [0.5, 0.49, 0.51])) == ["possible_germline"]
    assert not looks_germline(germline_like([0.8, 0.3, 0.5], [0.4, 0.15, 0.25]), 0)  # clonal, heterozygous
    assert not looks_germline(germline_like([1.0], [0.5]), 0)  # can't be told from a clonal one
    assert not looks_germline(germline_like([0.8, 0.3], [0.5, 0.1]), 0)


def test_haematopoiesis_in_plasma_only() -> None:
    samples = [Sample("R1", purity=0.7), Sample("P1", kind="plasma", purity=0.1)]
    dnmt3a = variant("2:25234373:C>T", gene="DNMT3A", hgvsp="p.Arg882His")
    given = tumour(
        [dnmt3a, L858R], [[0.0, 0.9], [1.0, 1.0]], cluster=[1, 1], samples=samples, dcf=[[1.0, 1.0]]
    )
    assert codes(given) == ["possible_haematopoiesis"]
    in_tissue = tumour([dnmt3a, L858R], [[0.9, 0.9], [1.0, 1.0]], cluster=[1, 1], samples=samples)
    assert codes(in_tissue) == []


def test_independent_primaries() -> None:
    n = 30
    apart = [[1.0, 0.0]] * n + [[0.0, 1.0]] * n
    records = [variant(f"1:{1000 + i}:A>C") for i in range(2 * n)]
    given = tumour(records, apart, cluster=[1] * n + [2] * n, tree={1: 0, 2: 0})
    assert codes(given, 0.99) == ["independent_primaries", "polyclonal"]
    shared = [[1.0, 1.0]] * n + [[0.0, 1.0]] * n
    assert codes(tumour(records, shared, cluster=[1] * n + [2] * n, tree={1: 0, 2: 1})) == []


def test_convergent_resistance_in_sibling_branches() -> None:
    ccf, cluster = [[1.0, 1.0], [0.6, 0.0], [0.0, 0.7]], [1, 2, 3]
    siblings = tumour([L858R, T790M, G12D], ccf, cluster=cluster, tree={1: 0, 2: 1, 3: 1})
    assert codes(siblings) == ["convergent_resistance"]
    nested = tumour(
        [L858R, T790M, G12D], [[1, 1], [0.9, 0.9], [0.4, 0.0]], cluster=cluster, tree={1: 0, 2: 1, 3: 2}
    )
    assert codes(nested) == []


def test_drivers_that_an_earlier_step_left_out() -> None:
    given = tumour([L858R], [[1.0]], cluster=[1])
    given.excluded = [
        ("7:55181378:C:T", "R1", "no_copy_number", "no segment"),
        ("chr7_55181378_C_T", "NA", "filter", ""),
        ("1:5:A:C", "R1", "filter", ""),
    ]
    events, _ = find_small_variants(given, STATEMENTS, SETTINGS)
    flags = all_flags(given, events, None, load_drugs())
    assert [flag["code"] for flag in flags] == ["driver_excluded", "driver_excluded"]
    assert "EGFR T790M" in flags[0]["text"] and "no segment" in flags[0]["text"]


def test_t790m_lost_while_the_driver_stays() -> None:
    samples = [Sample("A", day=0, purity=0.8), Sample("B", day=300, purity=0.8)]
    cluster, tree = [1, 2], {1: 0, 2: 1}
    gone = tumour([L858R, T790M], [[1.0, 1.0], [0.6, 0.0]], cluster=cluster, tree=tree, samples=samples)
    assert codes(gone) == ["t790m_lost"]
    stays = tumour([L858R, T790M], [[1.0, 1.0], [0.6, 0.3]], cluster=cluster, tree=tree, samples=samples)
    assert codes(stays) == []
    came = tumour([L858R, T790M], [[1.0, 1.0], [0.0, 0.6]], cluster=cluster, tree=tree, samples=samples)
    assert codes(came) == []


def test_resistance_on_one_allele_is_said_with_its_fragments() -> None:
    c797s = variant("7:55181398:T>A")
    given = tumour([T790M, c797s], [[0.9, 0.9], [0.6, 0.6]], cluster=[2, 3])
    events = small_variant_events(given, MATCHER, {}, SETTINGS)
    pair = {"event_a": "EGFR:T790M", "event_b": "EGFR:C797S"}
    counts = {"n_both": 25, "n_a_only": 15, "n_b_only": 0}
    rows = [
        {**pair, "sample_id": "R1", "verdict": "cis", **counts},
        {**pair, "sample_id": "R2", "verdict": "not_assessable"},
    ]
    flags = [flag for flag in all_flags(given, events, 0.0, load_drugs(), rows) if "C797S" in flag["text"]]
    assert flags[0]["code"] == "cis"
    for words in (
        "on the same allele",
        "R1 (25 fragments with both, 15 and 0 with one)",
        "not told apart",
        "R2",
    ):
        assert words in flags[0]["text"]
    untold = all_flags(given, events, 0.0, load_drugs(), rows[1:])
    assert next(flag["code"] for flag in untold if "C797S" in flag["text"]) == "phase"


def test_a_founder_that_fills_half_a_sample_tells_of_the_purity() -> None:
    given = tumour([variant("7:55191822:T>G")] * 1, [[1.0, 0.5]], cluster=[1], dcf=[[1.0, 0.5]])
    assert [row["sample_id"] for row in purity_too_high(given)] == [given.sample_ids[1]]
    (row,) = purity_too_high(given)
    purity = given.samples[1].purity
    assert purity is not None
    # one copy of two, in half of the cells: the reads of half the purity
    assert f"at {purity / 2:.2f}" in row["text"] and "50%" in row["text"]
    two = tumour([variant("7:55191822:T>G")], [[0.5]], cluster=[1], tree={1: 0, 2: 0}, dcf=[[0.5], [0.5]])
    assert purity_too_high(two) == []


def test_germline_is_judged_at_the_purity_that_the_clones_fit() -> None:
    """Clonal at the purity found, which is twice the given one."""
    given = germline_like([0.8, 0.6], [0.4, 0.3])
    given.samples = [replace(sample, purity=sample.purity / 2) for sample in given.samples]
    given.purity_factor = np.array([2.0, 2.0])
    assert not looks_germline(given, 0)
    assert given.purity(0) == 0.8


def test_copy_numbers_that_fit_anything_do_not_make_a_mutation_germline() -> None:
    """A sample of low purity and six copies, in which one mutated copy too many would explain the reads."""
    given = germline_like([0.31, 0.24, 0.46, 0.25], [0.25, 0.25, 0.28, 0.386])
    given.total, given.minor = np.array([[2.0, 6.0, 4.0, 6.0]]), np.array([[1.0, 3.0, 2.0, 3.0]])
    given.depth = np.array([[32.0, 89.0, 113.0, 88.0]])
    given.alt = np.array([[8.0, 22.0, 32.0, 34.0]])
    purity = np.array([0.31, 0.24, 0.46, 0.25])
    given.scale = (purity / (purity * given.total[0] + 2 * (1 - purity)))[None, :]
    assert not looks_germline(given, 0)
