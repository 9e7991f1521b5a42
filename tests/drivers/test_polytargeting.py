"""Sets of drug classes against plain enumeration, vetoes, inheritance and phase."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tumours import SETTINGS, clones, tumour, variant

from truncal.drivers.drugs import load_drugs, plain_drug, qualifier
from truncal.drivers.events import Event, small_variant_events
from truncal.drivers.matching import Hit
from truncal.drivers.polytargeting import polytargeting
from truncal.drivers.run import make_matcher
from truncal.drivers.statements import Statement, load_statements
from truncal.drivers.trees import Clones

STATEMENTS = load_statements()
MATCHER = make_matcher(STATEMENTS, "GRCh38")
OPTIONS = SETTINGS["drivers"]
L858R, T790M, C797S, G12D = "7:55191822:T>G", "7:55181378:C>T", "7:55181398:T>A", "12:25245350:C>T"


def sets_of(
    alleles: list[str],
    cluster: list[int],
    tree: dict[int, int],
    phases: list[dict[str, object]] | None = None,
):
    known = tumour([variant(one) for one in alleles], [[1.0]] * len(alleles), cluster=cluster, tree=tree)
    events = small_variant_events(known, MATCHER, {}, SETTINGS)
    rows, coverage = polytargeting(known, events, phases or [], STATEMENTS, load_drugs(), OPTIONS)
    status = {(row["cluster_id"], row["drug_class"]): row["status"] for row in coverage}
    return {row["drug_classes"]: row for row in rows}, status


def test_a_driver_on_the_trunk_is_inherited() -> None:
    rows, status = sets_of([L858R], [1], {1: 0, 2: 1, 3: 2})
    assert {"EGFR TKI, 1st generation", "EGFR TKI, 2nd generation", "EGFR TKI, 3rd generation"} == set(rows)
    assert all(row["coverage"] == 1 and row["n_clones_covered"] == 3 for row in rows.values())
    assert status[3, "EGFR TKI, 3rd generation"] == "sensitive"


def test_resistance_on_a_branch_vetoes_there_only() -> None:
    rows, status = sets_of([L858R, T790M], [1, 2], {1: 0, 2: 1})
    assert status[1, "EGFR TKI, 1st generation"] == "sensitive"
    assert status[2, "EGFR TKI, 1st generation"] == "resistant"
    assert set(rows) == {"EGFR TKI, 3rd generation"}


def test_clones_that_nothing_reaches_are_named() -> None:
    rows, _ = sets_of([L858R, G12D], [1, 2], {1: 0, 2: 1})
    for row in rows.values():
        assert row["clones_uncovered"] == "2" and row["coverage"] == 0
        assert "clone 2 resistant" in row["vetoes"]


def test_cis_and_trans_of_t790m_and_c797s() -> None:
    alleles, cluster, tree = [L858R, T790M, C797S], [1, 1, 1], {1: 0}
    both = {"event_a": "EGFR:T790M", "event_b": "EGFR:C797S"}
    rows, status = sets_of(alleles, cluster, tree, [{**both, "verdict": "trans"}])
    assert set(rows) == {"EGFR TKI, 1st + 3rd generation"}  # those without an approval do not count
    _, status = sets_of(alleles, cluster, tree, [{**both, "verdict": "cis"}])
    assert {
        word for (_, name), word in status.items() if name.startswith("EGFR TKI, ") and name[10] in "123"
    } == {"resistant"}
    rows, _ = sets_of(alleles, cluster, tree, [{**both, "verdict": "not_assessable"}])
    assert "EGFR TKI, 1st + 3rd generation" not in rows


def test_c797s_without_t790m_leaves_the_first_generation() -> None:
    rows, status = sets_of([L858R, C797S], [1, 1], {1: 0})
    assert status[1, "EGFR TKI, 1st generation"] == "sensitive"
    assert status[1, "EGFR TKI, 3rd generation"] == "resistant"
    assert "EGFR TKI, 1st generation" in rows


def test_a_combination_covers_only_clones_with_the_driver_of_its_first_partner() -> None:
    v600e, both = "7:140753336:A>T", "EGFR TKI + BRAF/MEK inhibitor"
    _, status = sets_of([L858R, v600e], [1, 2], {1: 0, 2: 1})
    assert status[2, both] == "sensitive" and status[1, both] == "unknown"
    rows, status = sets_of([v600e], [1], {1: 0})
    assert not any(name == both for _, name in status)
    assert "BRAF + MEK inhibitor" in rows


def test_a_driver_and_its_bypass_must_both_be_answered() -> None:
    """PIK3CA E545K resists EGFR inhibitors, and an AKT inhibitor alone leaves EGFR at work."""
    e545k, egfr, akt = "3:179218303:G>A", "EGFR TKI, 3rd generation", "AKT inhibitor"
    rows, status = sets_of([L858R, e545k], [1, 2], {1: 0, 2: 1})
    assert status[2, egfr] == "resistant" and status[2, akt] == "sensitive"
    assert f"{akt};{egfr}" in rows and rows[f"{akt};{egfr}"]["coverage"] == 1
    # nothing answers EGFR in a clone that resists every inhibitor: then the other class is of no use
    both = {"event_a": "EGFR:T790M", "event_b": "EGFR:C797S", "verdict": "cis"}
    rows, status = sets_of([L858R, T790M, C797S, e545k], [1, 1, 1, 2], {1: 0, 2: 1}, [both])
    assert status[2, akt] == "sensitive" and rows == {}


def test_qualified_claims_neither_cover_nor_veto() -> None:
    assert (plain_drug("mobocertinib(withdrawn)"), qualifier("mobocertinib(withdrawn)")) == (
        "mobocertinib",
        "withdrawn",
    )
    _, status = sets_of([L858R, "17:7675088:C>T"], [1, 2], {1: 0, 2: 1})  # TP53 R175H: EGFR TKI (shorter PFS)
    assert status[2, "EGFR TKI, 3rd generation"] == "sensitive"


def test_a_drug_means_the_class_of_its_statement_s_gene() -> None:
    drugs = load_drugs()
    assert drugs.classes("crizotinib", "ALK") == ["ALK TKI, 1st generation"]
    assert drugs.classes("Crizotinib", "MET") == ["MET TKI, type I"]
    assert len(drugs.classes("crizotinib", "KRAS")) == 3
    assert drugs.classes("water", "KRAS") == []


def test_conflicting_statements_stay_side_by_side() -> None:
    known = tumour([variant(L858R)], [[1.0]], cluster=[1])
    event = small_variant_events(known, MATCHER, {}, SETTINGS)[0]
    against = Statement(
        "X1", "EGFR", "L858R", "snv", "bypass", "allele", drugs_resistant=("osimertinib",), level="C"
    )
    event.hits = [*event.hits, Hit(against, "allele")]
    assert "osimertinib" in event.drugs("sensitive") and "osimertinib" in event.drugs("resistant")
    rows, coverage = polytargeting(known, [event], [], STATEMENTS, load_drugs(), OPTIONS)
    status = {row["drug_class"]: row["status"] for row in coverage}
    assert status["EGFR TKI, 3rd generation"] == "conflict"
    assert "EGFR TKI, 3rd generation" not in {row["drug_classes"] for row in rows}


DRUG = {"A": "gefitinib", "B": "lorlatinib", "C": "sotorasib", "D": "capivasertib"}
GENE = {"A": "EGFR", "B": "ALK", "C": "KRAS", "D": "AKT1"}


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from("ABCD"), st.booleans()), min_size=1, max_size=7),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.lists(st.integers(0, 3), min_size=4, max_size=4),
    st.floats(0.02, 0.98),
)
@settings(max_examples=60, deadline=None)
def test_smallest_covers_against_enumeration(
    claims: list[tuple[int, str, bool]], one: list[int], two: list[int], weight: float
) -> None:
    """Random trees of five clones: clone k + 2 hangs below one of the k + 1 before it."""
    trees = [{1: 0} | {k + 2: 1 + parents[k] % (k + 1) for k in range(4)} for parents in (one, two)]
    known = tumour([variant("1:1:A>C")], [[1.0]], cluster=[1], tree=trees[0], dcf=[[1.0]] * 5)
    base = clones(trees[0], [[1.0]] * 5)
    weighed = sorted([(weight, trees[0]), (1 - weight, trees[1])], key=lambda pair: -pair[0])
    known.clones = Clones(base.ids, base.dcf, base.dcf_low, base.dcf_high, base.size, weighed)
    events = []
    for number, (clone, letter, sensitive) in enumerate(claims):
        drug = (DRUG[letter],)
        claim = Statement(
            f"S{number}", GENE[letter], "x", "snv", "bypass", "allele", level="A",
            drugs_sensitive=drug if sensitive else (), drugs_resistant=() if sensitive else drug,
        )  # fmt: skip
        events.append(
            Event(GENE[letter], f"e{number}", "snv", [Hit(claim, "allele")], cluster=clone, id=f"e{number}")
        )
    options = {**OPTIONS, "max_drug_classes": 4}
    rows, _ = polytargeting(known, events, [], STATEMENTS, load_drugs(), options)

    def line(tree: dict[int, int], clone: int) -> set[int]:
        above = set()
        while clone:
            above.add(clone)
            clone = tree[clone]
        return above

    def reached(tree: dict[int, int], clone: int, letter: str) -> bool:
        own = [sensitive for at, name, sensitive in claims if name == letter and at in line(tree, clone)]
        return bool(own) and all(own)

    covers = {}
    for size in range(1, 5):
        for chosen in combinations("ABCD", size):
            covers[chosen] = sum(
                share
                for share, tree in weighed
                if all(any(reached(tree, clone, letter) for letter in chosen) for clone in range(1, 6))
            )
    enough = [chosen for chosen, share in covers.items() if share >= OPTIONS["coverage_posterior"]]
    names = {letter: load_drugs().classes(DRUG[letter], GENE[letter])[0] for letter in "ABCD"}
    if enough:
        least = min(map(len, enough))
        expected = {
            ";".join(sorted(names[letter] for letter in chosen)) for chosen in enough if len(chosen) == least
        }
        assert {row["drug_classes"] for row in rows} == expected
        for row in rows:
            assert row["coverage"] >= OPTIONS["coverage_posterior"] - 1e-9
    else:
        assert all(row["coverage"] < OPTIONS["coverage_posterior"] for row in rows)


@pytest.mark.parametrize("verdict", ["cis", "trans"])
def test_statements_of_phase_exist(verdict: str) -> None:
    assert any(one.match == "phase" and one.alteration.endswith(f"in {verdict}") for one in STATEMENTS)


def test_resistance_that_fits_no_clone_is_said() -> None:
    rows, _ = sets_of([L858R, T790M], [1, -1], {1: 0})
    assert rows
    assert all("EGFR:T790M resists and fits no clone" in row["vetoes"] for row in rows.values())
