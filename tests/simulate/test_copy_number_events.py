"""Copy-number events with known outcome, and an independent replay of the copies."""

from __future__ import annotations

import numpy as np
import pytest

from truncal.errors import UserError
from truncal.simulate.called_segments import call_copy_number
from truncal.simulate.parameters import CopyNumberEvent, Driver, SimulationParameters
from truncal.simulate.tumour import Tumour, simulate_tumour

T790M, C797S = "RD0024", "RD0025"


def _plain(**changes) -> SimulationParameters:
    """Two clones, the second in half of the cells of both regions; nothing random in copy number."""
    values = {
        "clones": 2,
        "regions": 2,
        "mutations": 40,
        "parents": (0, 1),
        "proportions": ((0.5, 0.5), (0.5, 0.5)),
        "purities": (0.8, 0.6),
        "wgd": 0.0,
        "trunk_events": 0.0,
        "branch_events": 0.0,
        "mirrored": 0,
    }
    return SimulationParameters(**(values | changes))


def _driver(tumour: Tumour, number: int = 0) -> int:
    return list(tumour.mutations.drivers)[number]


@pytest.mark.parametrize(
    ("event", "copies", "mutated"),
    [
        (CopyNumberEvent(1, "gain", "7", haplotype=0, time=0.8), 3, 2),  # mutated copy gained
        (CopyNumberEvent(1, "gain", "7p", haplotype=1, time=0.8), 3, 1),  # the other allele gained
        (CopyNumberEvent(1, "gain", "7", haplotype=0, time=0.1), 3, 1),  # gained before the mutation
        (CopyNumberEvent(1, "loss", "7", haplotype=1, time=0.8), 1, 1),  # LOH
        (CopyNumberEvent(1, "cnloh", "7p", haplotype=1, time=0.8), 2, 2),
        (CopyNumberEvent(1, "wgd", "genome", time=0.8), 4, 2),
        (CopyNumberEvent(1, "amplification", "EGFR", haplotype=0, time=0.8, copies=9), 11, 10),
    ],
)
def test_one_event(event: CopyNumberEvent, copies: int, mutated: int) -> None:
    tumour = simulate_tumour(_plain(events=(event,), drivers=(Driver(T790M, 1, time=0.5, haplotype=0),)), 3)
    index = _driver(tumour)
    assert tumour.history.copies[:, :, tumour.mutations.segment[index]].sum(axis=0).tolist() == [copies] * 2
    assert tumour.copies.mutated[:, index].tolist() == [mutated] * 2
    expected = tumour.purity * mutated / (tumour.purity * copies + 2 * (1 - tumour.purity))
    assert np.allclose(tumour.vaf[index], expected)


def test_partial_loss_of_the_mutated_copy() -> None:
    event = CopyNumberEvent(2, "loss", "7p", haplotype=0)
    tumour = simulate_tumour(_plain(events=(event,), drivers=(Driver(T790M, 1, haplotype=0),)), 3)
    index = _driver(tumour)
    assert tumour.dcf[index].tolist() == [1, 1]
    assert np.allclose(tumour.ccf[index], 0.5)
    assert tumour.truncal[index] and not tumour.clonal[index]


def test_full_loss_in_one_region() -> None:
    event = CopyNumberEvent(2, "loss", "7p", haplotype=0)
    proportions = ((1.0, 0.0), (0.0, 1.0))
    tumour = simulate_tumour(
        _plain(events=(event,), proportions=proportions, drivers=(Driver(T790M, 1, haplotype=0),)), 3
    )
    index = _driver(tumour)
    assert tumour.ccf[index].tolist() == [1, 0]
    assert tumour.vaf[index, 1] == 0
    assert not tumour.clonal[index]


def test_mirrored_imbalance() -> None:
    events = (
        CopyNumberEvent(2, "gain", "8q", haplotype=0),
        CopyNumberEvent(3, "gain", "8q", haplotype=1),
    )
    tumour = simulate_tumour(
        _plain(clones=3, parents=(0, 1, 1), proportions=((0, 0), (1, 0), (0, 1)), events=events), 3
    )
    segment = tumour.genome.targets("8q")[0]
    means = tumour.mean_haplotypes[:, segment]
    assert means.tolist() == [[2, 1], [1, 2]]  # the major allele of one is the minor of the other
    called = call_copy_number(tumour)
    assert called.major[segment].tolist() == [2, 2] and called.minor[segment].tolist() == [1, 1]


def test_random_tumours_mirror_and_double() -> None:
    tumours = [simulate_tumour(SimulationParameters(mutations=20, wgd=1.0), seed) for seed in range(12)]
    assert any(event.kind == "wgd" for event in tumours[0].history.events)
    mirrored = 0
    for tumour in tumours:
        events = tumour.history.events
        mirrored += any(
            a.target == b.target and a.kind == b.kind and a.haplotype != b.haplotype and a.clone != b.clone
            for a in events
            for b in events
        )
    assert mirrored >= 8
    assert np.mean([tumour.wgd.mean() for tumour in tumours]) > 0.7


def test_cis_and_trans_are_kept() -> None:
    for phase, both in (("cis", True), ("trans", False)):
        drivers = (Driver(T790M, 1, 0.3), Driver(C797S, 2, 0.5, partner=T790M, phase=phase))
        tumour = simulate_tumour(
            _plain(drivers=drivers, events=(CopyNumberEvent(1, "gain", "7", 0, 0.6),)), 4
        )
        segment = int(tumour.mutations.segment[_driver(tumour)])
        carriers = tumour.copies.carriers[1, segment]
        assert carriers[:, carriers[1]].all(axis=0).tolist() == [both]


def test_impossible_phase_is_refused() -> None:
    drivers = (Driver(T790M, 2, 0.3), Driver(C797S, 1, 0.5, partner=T790M, phase="cis"))
    with pytest.raises(UserError, match="cannot be placed"):
        simulate_tumour(_plain(drivers=drivers), 4)


def test_carriers_follow_the_events_one_by_one() -> None:
    """A plain replay: lists of copies, each with the set of drivers on it."""
    for seed in range(15):
        p = SimulationParameters(clones=7, mutations=60, random_drivers=8, wgd=0.5, branch_events=6.0)
        tumour = simulate_tumour(p, seed)
        m = tumour.mutations
        for segment, members in tumour.copies.tracked.items():
            cells: list[list[set[int]]] = []
            for clone, parent in enumerate(tumour.parents.tolist()):
                start = (
                    cells[parent - 1] if parent else [set() for _ in range(tumour.history.normal[segment])]
                )
                copies = [set(drivers) for drivers in start]
                steps = tumour.history.steps[clone].get(segment, [])
                final = tumour.copies.carriers[clone, segment]
                born = [i for i in members.tolist() if m.cluster[i] == clone + 1]
                for step in steps:
                    copies = [set(copies[index]) for index in step.gather.tolist()]
                # drivers born before this clone must be exactly where the plain replay has them
                rows = {int(index): row for row, index in enumerate(members.tolist())}
                for index, row in rows.items():
                    if index in born or not tumour.ancestors[m.cluster[index] - 1, clone]:
                        continue
                    assert final[row].tolist() == [index in drivers for drivers in copies]
                for index in born:
                    later = sum(step.time > m.time[index] for step in steps)
                    assert final[rows[index]].sum() >= (later == 0)
                    for column in np.flatnonzero(final[rows[index]]).tolist():
                        copies[column].add(index)
                cells.append(copies)


def test_battenberg_populations_give_the_mean() -> None:
    p = _plain(
        events=(CopyNumberEvent(2, "gain", "5", 1),), copy_number_style="battenberg", copy_number_noise=0.0
    )
    tumour = simulate_tumour(p, 2)
    called = call_copy_number(tumour)
    share = np.nan_to_num(called.fraction_2)
    means = np.sort(tumour.mean_haplotypes, axis=0)
    assert np.allclose((1 - share) * called.major + share * np.nan_to_num(called.major_2), means[1])
    assert np.allclose((1 - share) * called.minor + share * np.nan_to_num(called.minor_2), means[0])


def test_purple_means_err_only_where_fractional() -> None:
    p = _plain(
        events=(CopyNumberEvent(2, "gain", "5", 1),), copy_number_style="purple", copy_number_noise=0.05
    )
    tumour = simulate_tumour(p, 2)
    called = call_copy_number(tumour)
    fifth = np.isin(np.arange(len(tumour.genome.chrom)), tumour.genome.targets("5"))
    assert (called.major[~fifth] == 1).all()
    assert (called.major[fifth] != 1.5).any() and (np.abs(called.major[fifth] - 1.5) < 0.3).all()
    assert (called.major >= called.minor).all()
