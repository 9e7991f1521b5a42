"""Copy-number drivers: the rules of state and focality, shares, and their place on the tree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tumours import SETTINGS, clones, tumour, variant, write_table

from truncal.drivers.copynumber import copy_number_events, copy_number_rows, gene_states
from truncal.drivers.placement import log_share_likelihood, log_total_likelihood, place
from truncal.drivers.segments import arm_median, gene_state, load_arms, read_segments_table
from truncal.drivers.statements import load_statements

OPTIONS = SETTINGS["drivers"]
STATEMENTS = load_statements()
ARMS = load_arms("GRCh38")
MET = ("7", 116672196, 116798377)
HEADER = "sample_id chrom start end major_cn minor_cn major_cn_2 minor_cn_2 cn_fraction_2"


def segments(tmp_path: Path, *rows: tuple[object, ...]):
    return read_segments_table(write_table(tmp_path / "segments.tsv", HEADER, rows))


def met(tmp_path: Path, *rows: tuple[object, ...], ploidy: float = 2.0):
    background = ("R1", "7", 1, 110_000_000, 1, 1, "NA", "NA", "NA")
    rest = ("R1", "7", 125_000_001, 159_000_000, 1, 1, "NA", "NA", "NA")
    table = segments(tmp_path, background, *rows, rest)
    return gene_state(table["R1"], MET, ploidy, ARMS, OPTIONS)


def near(major: object, minor: object, *second: object) -> tuple[object, ...]:
    return ("R1", "7", 110_000_001, 125_000_000, major, minor, *(second or ("NA", "NA", "NA")))


@pytest.mark.parametrize(
    ("major", "minor", "ploidy", "state"),
    [
        (1, 1, 2.0, "neutral"),
        (2, 1, 2.0, "gain"),
        (3, 1, 2.0, "gain_high"),
        (5, 1, 2.0, "amplification"),
        (5, 1, 4.0, "gain"),
        (10, 2, 4.0, "amplification"),
        (2, 0, 2.0, "loss_of_heterozygosity"),
        (1, 0, 2.0, "loss_of_heterozygosity"),
        (0, 0, 2.0, "homozygous_deletion"),
    ],
)
def test_states(tmp_path: Path, major: int, minor: int, ploidy: float, state: str) -> None:
    found = met(tmp_path, near(major, minor), ploidy=ploidy)
    assert found is not None
    assert found.state == state
    assert found.share == 1 and not found.exact


def test_a_broad_gain_is_no_amplification_unless_it_stands_out(tmp_path: Path) -> None:
    table = segments(tmp_path, ("R1", "7", 1, 159_000_000, 5, 1, "NA", "NA", "NA"))
    found = gene_state(table["R1"], MET, 2.0, ARMS, OPTIONS)
    assert found is not None and found.state == "gain" and not found.focal
    table = segments(
        tmp_path,
        ("R1", "7", 60_000_000, 99_000_000, 2, 1, "NA", "NA", "NA"),
        ("R1", "7", 99_000_001, 159_000_000, 5, 1, "NA", "NA", "NA"),
    )
    found = gene_state(table["R1"], MET, 2.0, ARMS, OPTIONS)
    assert found is not None and found.state == "gain"  # the arm's median is the gain itself
    table = segments(
        tmp_path,
        ("R1", "7", 60_600_000, 114_000_000, 2, 1, "NA", "NA", "NA"),
        ("R1", "7", 114_000_001, 140_000_000, 5, 1, "NA", "NA", "NA"),
        ("R1", "7", 140_000_001, 159_000_000, 2, 1, "NA", "NA", "NA"),
    )
    found = gene_state(table["R1"], MET, 2.0, ARMS, OPTIONS)
    assert found is not None and found.state == "amplification" and found.focal


def test_a_gene_cut_by_a_breakpoint_has_its_fewest_copies(tmp_path: Path) -> None:
    table = segments(
        tmp_path,
        ("R1", "7", 110_000_001, 116_700_000, 1, 1, "NA", "NA", "NA"),
        ("R1", "7", 116_700_001, 125_000_000, 8, 1, "NA", "NA", "NA"),
    )
    found = gene_state(table["R1"], MET, 2.0, ARMS, OPTIONS)
    assert found is not None and found.state == "neutral" and found.total == 2


def test_two_populations_give_the_share(tmp_path: Path) -> None:
    found = met(tmp_path, near(1, 1, 9, 1, 0.3))
    assert found is not None
    assert (found.state, found.share, found.exact) == ("amplification", 0.3, True)
    assert (found.low, found.high) == (2, 10)
    lost = met(tmp_path, near(1, 0, 0, 0, 0.4))
    assert lost is not None
    assert (lost.state, lost.share) == ("homozygous_deletion", 0.4)


def test_uncovered_genes_say_nothing(tmp_path: Path) -> None:
    assert met(tmp_path) is None


def test_arm_median_by_length(tmp_path: Path) -> None:
    table = segments(
        tmp_path,
        ("R1", "7", 61_000_000, 70_000_000, 8, 1, "NA", "NA", "NA"),
        ("R1", "7", 70_000_001, 159_000_000, 1, 1, "NA", "NA", "NA"),
    )
    assert arm_median(table["R1"], ARMS, "7", 116_700_000) == 2
    assert np.isnan(arm_median(table["R1"], ARMS, "8", 1_000_000))


def test_faults_of_the_segment_table_come_together(tmp_path: Path) -> None:
    from truncal.errors import UserError

    with pytest.raises(UserError) as caught:
        segments(
            tmp_path, ("R1", "7", "x", 10, 1, 1, "NA", "NA", "NA"), ("R1", "7", 1, 10, -1, 1, "NA", "NA", 3)
        )
    assert len(caught.value.faults) == 3


def test_placement_prefers_the_clone_with_the_same_shares() -> None:
    tree = clones({1: 0, 2: 1, 3: 1}, [[1.0, 1.0], [0.6, 0.0], [0.0, 0.8]])
    clonal = np.array([0.9, 0.0, 0.0])

    def put(share: list[float], exact: list[bool]):
        return place(tree, log_share_likelihood(np.array(share), np.array(exact), tree, 0.1), clonal)

    trunk = put([1.0, 1.0], [False, False])
    assert (
        trunk.cluster == 1
        and trunk.p_truncal > 0.8
        and trunk.p_clonal == pytest.approx(0.9 * trunk.p_truncal)
    )
    branch = put([0.55, 0.0], [True, False])
    assert branch.cluster == 2 and branch.p_truncal < 0.01 and branch.p_clonal < 0.01
    assert put([0.0, 1.0], [False, False]).cluster == 3
    odd = put([0.3, 0.3], [True, True])  # no clone is like that
    assert odd.cluster == -1
    assert put([np.nan, np.nan], [False, False]).p_truncal == pytest.approx(0.99 / 3)


def test_events_on_the_tree(tmp_path: Path) -> None:
    """MET amplified in one branch, RB1 deleted on the trunk, ERBB2 gained high in one sample."""
    given = tumour(
        [variant("1:100:A>C"), variant("1:200:A>C"), variant("1:300:A>C")],
        [[1.0, 1.0], [0.7, 0.0], [0.0, 0.8]],
        cluster=[1, 2, 3],
        tree={1: 0, 2: 1, 3: 1},
    )
    rows: list[tuple[object, ...]] = []
    for sample in ("R1", "R2"):
        amplified = near(9, 1)[1:] if sample == "R1" else near(1, 1)[1:]
        rows.append((sample, *amplified))
        rows.append((sample, "7", 125_000_001, 159_000_000, 1, 1, "NA", "NA", "NA"))
        rows.append((sample, "13", 48_000_000, 49_000_000, 0, 0, "NA", "NA", "NA"))
        rows.append((sample, "17", 39_000_000, 41_000_000, 4 if sample == "R2" else 1, 1, "NA", "NA", "NA"))
        rows.append((sample, "1", 1, 240_000_000, 1, 1, "NA", "NA", "NA"))
    table = segments(tmp_path, *rows)
    states = gene_states(given, table, STATEMENTS, OPTIONS)
    events = {event.id: event for event in copy_number_events(given, states, STATEMENTS, SETTINGS)}
    assert set(events) == {"MET:amplification", "RB1:homozygous deletion", "ERBB2:high-level gain"}
    met_event = events["MET:amplification"]
    assert (met_event.cluster, met_event.label) == (2, "subclonal")
    assert met_event.drugs("resistant")
    assert met_event.present.tolist() == [True, False] and met_event.assessable.tolist() == [True, True]
    lost = events["RB1:homozygous deletion"]
    assert lost.cluster == 1 and lost.p_truncal > 0.8
    gained = events["ERBB2:high-level gain"]
    assert gained.cluster == 3 and not gained.drugs("resistant")  # below an amplification: no claim
    out = copy_number_rows(given, states, list(events.values()))
    assert {(row["gene"], row["sample_id"]) for row in out if row["event_id"] == "MET:amplification"} == {
        ("MET", "R1")
    }
    assert len([row for row in out if row["gene"] == "MET"]) == 2


def test_few_cells_with_many_copies_are_told_from_many_with_few() -> None:
    """The same copies per cell in all samples: 12, 5, 7 and 9 copies follow a branch's shares, not the
    trunk's.
    """
    tree = clones({1: 0, 2: 1}, [[1.0] * 4, [0.9, 0.27, 0.45, 0.63]])
    base = np.full(4, 2.0)
    on_branch = log_total_likelihood(np.array([12.0, 5.0, 7.0, 9.0]), base, tree, gain=True)
    assert on_branch[1] - on_branch[0] > 5
    on_trunk = log_total_likelihood(np.array([11.0, 11.0, 12.0, 11.0]), base, tree, gain=True)
    assert on_trunk[0] - on_trunk[1] > 5


def test_a_rounded_deletion_leaves_open_what_rounding_hides() -> None:
    """No copies in rounded states: 80 % of the cells would be reported the same as all of them, half would
    not.
    """
    tree = clones({1: 0, 2: 1, 3: 2}, [[1.0] * 3, [0.85] * 3, [0.4] * 3])
    log = log_total_likelihood(np.zeros(3), np.full(3, 2.0), tree, gain=False)
    assert abs(log[0] - log[1]) < 1 and log[0] - log[2] > 5
    measured = log_total_likelihood(np.full(3, 0.31), np.full(3, 2.0), tree, gain=False)
    assert measured[1] - measured[0] > 3
    assert (log_total_likelihood(np.full(3, np.nan), np.full(3, 2.0), tree, gain=False) == 0).all()
