"""Biallelic loss and the flag of RB1 with TP53."""

from __future__ import annotations

import numpy as np
from tumours import SETTINGS, tumour, variant

from truncal.drivers.events import Event, small_variant_events
from truncal.drivers.run import make_matcher
from truncal.drivers.statements import load_statements
from truncal.drivers.tumour import Tumour
from truncal.drivers.twohits import biallelic_events, transformation_risk

STATEMENTS = load_statements()
MATCHER = make_matcher(STATEMENTS, "GRCh38")
RB1 = variant(None, gene="RB1", hgvsp="p.Arg320Ter", transcript="NM_000321.3")
RB1_OTHER = variant(None, gene="RB1", hgvsp="p.Gln62Ter", transcript="NM_000321.3")
R175H = variant("17:7675088:C>T")


def events_of(given: Tumour) -> tuple[list[Event], list[Event], list[dict[str, object]]]:
    events = small_variant_events(given, MATCHER, {}, SETTINGS)
    lost = biallelic_events(given, events, {}, STATEMENTS, SETTINGS)
    lineage, flags = transformation_risk(given, [*events, *lost], STATEMENTS, SETTINGS)
    return lost, lineage, flags


def test_one_hit_with_both_copies_is_not_biallelic() -> None:
    lost, lineage, flags = events_of(tumour([RB1], [[1.0, 1.0]], cluster=[1]))
    assert not lost and not lineage and not flags


def test_a_hit_and_no_minor_copy() -> None:
    lost, _, _ = events_of(tumour([RB1], [[1.0, 1.0]], cluster=[1], minor=0.0))
    assert [(event.gene, event.event) for event in lost] == [("RB1", "biallelic loss")]
    assert lost[0].p_truncal > 0.8 and lost[0].cluster == 1
    assert lost[0].drugs("resistant") == ["EGFR TKI (with TP53 loss)"]


def test_two_hits_in_one_clone_and_unknown_phase() -> None:
    lost, _, _ = events_of(tumour([RB1, RB1_OTHER], [[1.0, 1.0], [1.0, 1.0]], cluster=[1, 1]))
    assert len(lost) == 1 and "not known" in lost[0].reason
    lost, _, _ = events_of(tumour([RB1, RB1_OTHER], [[1.0, 0.0], [0.0, 1.0]], cluster=[1, 1]))
    assert not lost  # never in the same sample


def test_second_hit_below_the_first_is_where_the_event_is() -> None:
    given = tumour([RB1, RB1_OTHER], [[1.0, 1.0], [0.5, 0.0]], cluster=[1, 2], tree={1: 0, 2: 1})
    lost, _, _ = events_of(given)
    assert lost[0].cluster == 2 and lost[0].label == "subclonal"


def test_a_single_copy_to_begin_with_needs_one_hit() -> None:
    hit = variant(None, gene="RBM10", hgvsp="p.Arg230Ter", transcript="NM_005676.5")
    lost, _, _ = events_of(tumour([hit], [[1.0]], cluster=[1], normal=np.ones((1, 1)), minor=0.0, total=1.0))
    assert [event.gene for event in lost] == ["RBM10"] and lost[0].p_truncal == 1.0


def test_rb1_and_tp53_in_one_lineage() -> None:
    given = tumour([RB1, R175H], [[0.6, 0.0], [1.0, 1.0]], cluster=[2, 1], tree={1: 0, 2: 1}, minor=0.0)
    _, lineage, flags = events_of(given)
    assert [event.gene for event in lineage] == ["RB1+TP53"] and lineage[0].cluster == 2
    assert [flag["code"] for flag in flags] == ["transformation_risk"]
    assert lineage[0].role == "transformation"


def test_rb1_and_tp53_in_separate_branches() -> None:
    given = tumour(
        [RB1, R175H, variant("1:5:A>C")],
        [[0.6, 0.0], [0.0, 0.7], [1.0, 1.0]],
        cluster=[2, 3, 1],
        tree={1: 0, 2: 1, 3: 1},
        minor=0.0,
    )
    _, lineage, flags = events_of(given)
    assert not lineage and [flag["code"] for flag in flags] == ["rb1_tp53_separate"]
