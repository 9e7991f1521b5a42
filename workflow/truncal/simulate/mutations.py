"""The mutations of a tumour: clone, time, segment, position and alleles, drivers among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.errors import UserError
from truncal.simulate.alleles import Allele, allele, alleles
from truncal.simulate.genome import (
    BASES,
    CHROMOSOMES,
    Genome,
    background_positions,
    reference,
    reference_codes,
)
from truncal.simulate.history import History
from truncal.simulate.multiplicity import Placement
from truncal.simulate.parameters import Driver, SimulationParameters

SOMATIC, ARTEFACT, GERMLINE = 0, 1, 2
KINDS = ("somatic", "artefact", "germline")

# Alternative bases by reference base: transitions are as frequent as both transversions together.
_TRANSITION = np.array([2, 3, 0, 1])


@dataclass(frozen=True)
class Mutations:
    """Mutations in the order they were made; arrays have shape (M,).

    kind: index into `KINDS`. cluster: clone 1..K, -1 for what is no mutation of the tumour. time: on the
    clone's edge. chrom: index into `CHROMOSOMES`. ref, alt: strings. drivers: mutation index -> the
    planted allele.
    """

    kind: np.ndarray
    cluster: np.ndarray
    time: np.ndarray
    segment: np.ndarray
    chrom: np.ndarray
    pos: np.ndarray
    ref: np.ndarray
    alt: np.ndarray
    drivers: dict[int, Allele]
    placement: Placement


def make_mutations(
    parameters: SimulationParameters,
    counts: np.ndarray,
    history: History,
    genome: Genome,
    rng: np.random.Generator,
) -> Mutations:
    """Draw each clone's mutations (`counts`, (K,)), the drivers among them, artefacts and germline.

    Artefacts replace that share of `parameters.mutations`; germline variants come on top.
    """
    clones = len(counts)
    planted = _all_drivers(parameters, history, genome, rng)
    n_artefacts = round(parameters.artefacts * parameters.mutations)
    cluster = np.repeat(np.arange(1, clones + 1), counts)
    if n_artefacts:  # taken from the largest clones first, never a clone's last ones
        cluster = _without(cluster, n_artefacts, parameters.min_mutations)
        n_artefacts = int(counts.sum()) - len(cluster)
    for driver in planted:  # a driver takes the place of one of its clone's mutations
        mine = np.flatnonzero(cluster == driver.clone)
        if len(mine):
            cluster = np.delete(cluster, mine[-1])
    cluster = np.concatenate([cluster, [driver.clone for driver in planted]]).astype(np.int64)
    n_background = len(cluster) - len(planted)
    kind = np.repeat([SOMATIC, ARTEFACT, GERMLINE], [len(cluster), n_artefacts, parameters.germline])
    cluster = np.concatenate([cluster, np.full(n_artefacts + parameters.germline, -1)])
    total = len(cluster)
    time = rng.random(total)
    segment = _random_segments(cluster, history, genome, rng)
    chrom = genome.chrom[segment]
    pos = background_positions(genome, segment, rng)
    ref, alt = _random_alleles(genome.build, chrom, pos, parameters.indels, rng)
    drivers, haplotype, partner = {}, {}, {}
    by_id = {}
    for offset, driver in enumerate(planted):
        index = n_background + offset
        found = allele(driver.resistance_id, genome.build)
        drivers[index] = found
        by_id[driver.resistance_id] = index
        time[index] = driver.time
        segment[index] = genome.at(found.chrom, found.pos)
        chrom[index], pos[index] = CHROMOSOMES.index(found.chrom), found.pos
        ref[index], alt[index] = found.ref, found.alt
        if driver.haplotype is not None:
            haplotype[index] = driver.haplotype
        if driver.partner is not None:
            if driver.partner not in by_id:
                raise UserError(
                    f"driver {driver.resistance_id}: its partner {driver.partner} comes not before it"
                )
            partner[index] = (by_id[driver.partner], driver.phase)
    placement = Placement(haplotype, partner)
    return Mutations(kind, cluster, time, segment, chrom, pos, ref, alt, drivers, placement)


def _without(cluster: np.ndarray, number: int, least: int) -> np.ndarray:
    counts = np.bincount(cluster)
    for _ in range(number):
        largest = int(counts.argmax())
        if counts[largest] <= least:
            break
        counts[largest] -= 1
    return np.repeat(np.arange(len(counts)), counts)


def _all_drivers(
    parameters: SimulationParameters, history: History, genome: Genome, rng: np.random.Generator
) -> list[Driver]:
    """The given drivers, then random ones: an EGFR driver on the trunk first, then any of the table."""
    planted = list(parameters.drivers)
    taken = {driver.resistance_id for driver in planted}
    table = alleles(genome.build)
    places = {(table[name].chrom, table[name].pos) for name in taken if name in table}
    clones = history.copies.shape[1]
    for number in range(parameters.random_drivers):
        first = number == 0 and not planted
        pool = [
            name
            for name, found in table.items()
            if name not in taken
            and found.chrom in CHROMOSOMES
            and all(chrom != found.chrom or abs(pos - found.pos) > 25 for chrom, pos in places)
            and (not first or (found.gene == "EGFR" and found.role == "sensitising_driver"))
        ]
        if not pool:
            break
        name = pool[rng.integers(0, len(pool))]
        clone = 1 if first else int(rng.integers(1, clones + 1))
        time = float(rng.random())
        if not history.copies[:, clone - 1, genome.at(table[name].chrom, table[name].pos)].sum():
            continue
        planted.append(Driver(name, clone, time))
        taken.add(name)
        places.add((table[name].chrom, table[name].pos))
    return planted


def _random_segments(
    cluster: np.ndarray, history: History, genome: Genome, rng: np.random.Generator
) -> np.ndarray:
    """Segments by length, among those of which the clone holds a copy."""
    length = (genome.end - genome.start).astype(float)
    segment = np.zeros(len(cluster), dtype=np.int64)
    for clone in np.unique(cluster).tolist():
        held = history.copies[:, clone - 1].sum(axis=0) > 0 if clone > 0 else np.ones(len(length), dtype=bool)
        weight = np.where(held, length, 0.0)
        mine = np.flatnonzero(cluster == clone)
        segment[mine] = rng.choice(len(length), size=len(mine), p=weight / weight.sum())
    return segment


def _random_alleles(
    build: str, chrom: np.ndarray, pos: np.ndarray, indels: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Reference and alternative alleles: SNVs, and a share of short insertions and deletions."""
    code = reference_codes(chrom, pos)
    shift = rng.random(len(pos)) < 0.5
    other = (code + np.where((_TRANSITION[code] - code) % 4 == 1, 3, 1)) % 4
    third = (code + 2) % 4
    transversion = np.where(rng.random(len(pos)) < 0.5, other, third)
    transversion = np.where(transversion == _TRANSITION[code], other, transversion)
    new = np.where(shift, _TRANSITION[code], transversion)
    ref = BASES[code].astype(object)
    alt = BASES[new].astype(object)
    for index in np.flatnonzero(rng.random(len(pos)) < indels).tolist():
        size = int(rng.geometric(0.4))
        name = CHROMOSOMES[chrom[index]]
        after = reference(build, name, int(pos[index]), int(pos[index]) + size)
        if rng.random() < 0.5:
            ref[index], alt[index] = after, after[0]
        else:
            # the first inserted base differs from the next reference base: already left-aligned as it stands
            inserted = "".join(BASES[rng.integers(0, 4, size)].tolist())
            ref[index], alt[index] = after[0], after[0] + inserted
    return ref, alt
