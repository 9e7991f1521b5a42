"""What must hold of every simulated tumour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truncal.errors import UserError
from truncal.simulate.genome import CHROMOSOMES
from truncal.simulate.mutations import SOMATIC
from truncal.simulate.parameters import Driver, SimulationParameters
from truncal.simulate.tumour import Tumour, patient_seed, simulate_tumour

parameters = st.builds(
    SimulationParameters,
    clones=st.integers(1, 9),
    regions=st.integers(1, 5),
    mutations=st.integers(20, 80),
    depth=st.floats(5, 400),
    alpha=st.floats(0.1, 3),
    spread=st.floats(0, 1),
    purity=st.floats(0.1, 0.9).map(lambda low: (low, min(low + 0.2, 1.0))),
    diploid=st.booleans(),
    wgd=st.sampled_from([0.0, 1.0]),
    trunk_events=st.floats(0, 10),
    branch_events=st.floats(0, 4),
    sex=st.sampled_from(["female", "male"]),
    build=st.sampled_from(["GRCh37", "GRCh38"]),
    random_drivers=st.integers(0, 5),
    germline=st.integers(0, 3),
    artefacts=st.floats(0, 0.2),
    reads=st.booleans(),
    serial=st.booleans(),
    random_gene_events=st.integers(0, 4),
).map(lambda p: replace(p, random_gene_events=0) if p.diploid else p)


@given(parameters, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_invariants(p: SimulationParameters, seed: int) -> None:
    tumour = simulate_tumour(p, seed)
    _tree_and_sum_rule(tumour)
    _copy_number_adds_up(tumour)
    _mutations_fit_copies(tumour)
    _frequencies(tumour)
    _reads(tumour)


def _tree_and_sum_rule(tumour: Tumour) -> None:
    assert np.allclose(tumour.proportions.sum(axis=0), 1)
    assert (tumour.proportions >= 0).all()
    for clone in range(len(tumour.parents) + 1):
        children = np.flatnonzero(tumour.parents == clone)
        above = tumour.phi[clone - 1] if clone else np.ones(tumour.phi.shape[1])
        assert (tumour.phi[children].sum(axis=0) <= above + 1e-9).all()
        if clone:
            own = above - tumour.phi[children].sum(axis=0)
            assert np.allclose(own, tumour.proportions[clone - 1])


def _copy_number_adds_up(tumour: Tumour) -> None:
    """Each clone's copies are its parent's after its own events, followed with plain lists."""
    history = tumour.history
    for clone, parent in enumerate(tumour.parents.tolist()):
        for segment in range(len(history.normal)):
            before = (
                np.arange(history.normal[segment]) if parent == 0 else history.haplotypes[parent - 1][segment]
            )
            held = list(before)
            for step in history.steps[clone].get(segment, []):
                held = [held[index] for index in step.gather.tolist()]
            assert sorted(held) == sorted(history.haplotypes[clone][segment].tolist())
            assert [held.count(0), held.count(1)] == history.copies[:, clone, segment].tolist()
    if tumour.parameters.diploid:
        assert (history.copies.sum(axis=0) == history.normal).all()


def _mutations_fit_copies(tumour: Tumour) -> None:
    m = tumour.mutations
    total = tumour.history.copies.sum(axis=0)[:, m.segment]  # (K, M)
    assert (tumour.copies.mutated <= total).all()
    for index in np.flatnonzero(m.kind == SOMATIC).tolist():
        inside = tumour.ancestors[m.cluster[index] - 1]
        assert not tumour.copies.mutated[~inside, index].any()
    assert not tumour.copies.mutated[:, m.kind != SOMATIC].any()
    assert (m.pos >= 1).all()
    assert (tumour.genome.start[m.segment] <= m.pos).all()
    assert (m.pos <= tumour.genome.end[m.segment]).all()
    assert len(set(tumour.mutation_ids())) == len(m.pos)


def _frequencies(tumour: Tumour) -> None:
    somatic = tumour.mutations.kind == SOMATIC
    ccf, dcf = tumour.ccf[somatic], tumour.dcf[somatic]
    assert (ccf <= dcf + 1e-9).all()
    assert (ccf >= 0).all() and (dcf <= 1).all()
    present = ccf > 0
    assert (tumour.multiplicity[somatic][present] >= 1 - 1e-9).all()
    # the VAF identity of the read model
    segment = tumour.mutations.segment[somatic]
    total = tumour.mean_haplotypes.sum(axis=0)[segment]
    normal = tumour.history.normal[segment][:, None]
    copies = tumour.purity * total + (1 - tumour.purity) * normal
    u = np.nan_to_num(tumour.multiplicity[somatic]) * ccf
    assert np.allclose(tumour.vaf[somatic] * copies, tumour.purity * u)
    assert (tumour.vaf >= 0).all() and (tumour.vaf <= 1 + 1e-12).all()


def _reads(tumour: Tumour) -> None:
    assert (tumour.alt >= 0).all() and (tumour.alt <= tumour.depth).all()
    assert (tumour.normal_alt <= tumour.normal_depth).all()
    seen = tumour.called
    if not tumour.parameters.complete:
        assert (tumour.alt[seen] >= tumour.parameters.min_alt).all()


@given(parameters, st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_same_seed_same_tumour(p: SimulationParameters, seed: int) -> None:
    first, second = simulate_tumour(p, seed), simulate_tumour(p, seed)
    for name in ("proportions", "purity", "ccf", "vaf", "depth", "alt", "called", "normal_alt"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)
    assert first.mutation_ids() == second.mutation_ids()
    assert first.history.events == second.history.events


def test_serial_clones_come_after_their_parents() -> None:
    for seed in range(10):
        tumour = simulate_tumour(SimulationParameters(serial=True, clones=7, regions=4, spread=0.3), seed)
        seen = tumour.phi > 0
        assert seen.any(axis=1).all()
        first = seen.argmax(axis=1)
        for clone, parent in enumerate(tumour.parents.tolist()):
            assert not parent or first[parent - 1] <= first[clone]
        assert [region.day for region in tumour.parameters.samples or ()] == [0, 300, 600, 900]
        assert tumour.parameters.treatments[0] == ("gefitinib", 14, 293)


def test_gene_events_are_focal() -> None:
    tumour = simulate_tumour(SimulationParameters(random_gene_events=9), 4)
    assert len([gene for gene in tumour.genome.gene if gene]) == 9
    for event in tumour.history.events:
        if event.target in tumour.genome.gene:
            segment = tumour.genome.gene.index(event.target)
            copies = tumour.history.copies[:, event.clone - 1, segment].sum()
            assert copies == 0 if event.kind == "homdel" else copies >= 8


def test_topics_have_their_own_streams() -> None:
    base = SimulationParameters(random_drivers=2)
    deep = simulate_tumour(replace(base, depth=1000.0, overdispersion=0.01), 5)
    shallow = simulate_tumour(base, 5)
    assert np.array_equal(deep.ccf, shallow.ccf, equal_nan=True)
    assert deep.mutation_ids() == shallow.mutation_ids()
    assert not np.array_equal(deep.depth, shallow.depth)


def test_patients_do_not_depend_on_their_number() -> None:
    seeds = [patient_seed(7, number) for number in range(50)]
    assert len(set(seeds)) == 50
    assert patient_seed(7, 3) == seeds[3]
    assert patient_seed(8, 3) != seeds[3]


def test_builds_share_the_tumour_but_not_the_coordinates() -> None:
    drivers = (Driver("RD0001", 1), Driver("RD0024", 3), Driver("RD0223", 2))
    both = [
        simulate_tumour(SimulationParameters(build=build, drivers=drivers), 11)
        for build in ("GRCh37", "GRCh38")
    ]
    assert np.array_equal(both[0].phi, both[1].phi)
    assert np.array_equal(both[0].parents, both[1].parents)
    found = [
        {
            a.alteration: (CHROMOSOMES[t.mutations.chrom[i]], int(t.mutations.pos[i]))
            for i, a in t.mutations.drivers.items()
        }
        for t in both
    ]
    # NM_005228: codons 858 and 790; NM_006218: codon 545
    assert found[0] == {"L858R": ("7", 55259515), "T790M": ("7", 55249071), "E545K": ("3", 178936091)}
    assert found[1] == {"L858R": ("7", 55191822), "T790M": ("7", 55181378), "E545K": ("3", 179218303)}
    assert both[0].mutation_ids()[0][:3] != "chr"
    assert both[1].mutation_ids()[0][:3] == "chr"


def test_all_faults_at_once() -> None:
    wrong = SimulationParameters(
        clones=3, mutations=2, purity=(0.0, 1.4), parents=(0, 3, 1), drivers=(Driver("RD0001", 9),), wgd=2.0
    )
    with pytest.raises(UserError) as caught:
        simulate_tumour(wrong, 1)
    text = str(caught.value)
    for word in ("purity", "parents", "RD0001", "wgd", "mutations"):
        assert word in text


def test_unknown_driver_and_event_are_named() -> None:
    from truncal.simulate.parameters import CopyNumberEvent

    with pytest.raises(UserError, match="RD9999"):
        simulate_tumour(SimulationParameters(drivers=(Driver("RD9999", 1),)), 1)
    with pytest.raises(UserError, match="NOGENE"):
        simulate_tumour(SimulationParameters(events=(CopyNumberEvent(1, "gain", "NOGENE"),)), 1)
