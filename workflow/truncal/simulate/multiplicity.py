"""Where each mutation lies, and on how many copies in each clone's cells, by replaying the events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from truncal.errors import UserError
from truncal.simulate.history import History


@dataclass(frozen=True)
class Placement:
    """Where to place given mutations: `haplotype` by mutation index; `partner`: (other, cis or trans)."""

    haplotype: Mapping[int, int] = field(default_factory=dict)
    partner: Mapping[int, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Copies:
    """Mutated copies of every mutation in every clone.

    mutated: (K, M) int16 mutated copies in a cell of each clone. haplotype: (M,) int8 that it arose on.
    carriers: of segments with tracked mutations, (clone index, segment) -> (tracked there, copies) bool,
    which copies carry which of them; tracked: segment -> their mutation indices in that order.
    """

    mutated: np.ndarray
    haplotype: np.ndarray
    carriers: dict[tuple[int, int], np.ndarray]
    tracked: dict[int, np.ndarray]


def place(
    parents: np.ndarray,
    history: History,
    cluster: np.ndarray,
    segment: np.ndarray,
    time: np.ndarray,
    placement: Placement,
    tracked: Sequence[int],
    rng: np.random.Generator,
) -> Copies:
    """Put every mutation on one copy of its segment at its time and follow the copies along the tree.

    cluster: (M,) clone 1..K where it arose; segment: (M,); time: (M,) on that clone's edge.
    """
    clones = len(parents)
    mutated = np.zeros((clones, len(cluster)), dtype=np.int16)
    haplotype = np.full(len(cluster), -1, dtype=np.int8)
    carriers: dict[tuple[int, int], np.ndarray] = {}
    follow = np.zeros(len(cluster), dtype=bool)
    follow[list(tracked)] = True
    following: dict[int, np.ndarray] = {}
    order = np.argsort(segment, kind="stable")
    bounds = np.searchsorted(segment[order], np.arange(len(history.normal) + 1))
    for number in range(len(history.normal)):
        members = np.sort(order[bounds[number] : bounds[number + 1]])
        if not len(members):
            continue
        watched = np.flatnonzero(follow[members])
        if len(watched):
            following[number] = members[watched]
        held: list[np.ndarray] = []
        for clone in range(clones):
            parent = parents[clone]
            if parent == 0:
                matrix = np.zeros((len(members), history.normal[number]), dtype=bool)
                labels = np.arange(history.normal[number])
            else:
                matrix, labels = held[parent - 1].copy(), history.haplotypes[parent - 1][number]
            new = np.flatnonzero(cluster[members] == clone + 1)
            new = new[np.argsort(time[members[new]], kind="stable")]
            done = 0
            for step in history.steps[clone].get(number, []):
                until = int(np.searchsorted(time[members[new]], step.time))
                _add(matrix, labels, new[done:until], members, haplotype, placement, rng)
                done = until
                matrix, labels = matrix[:, step.gather], labels[step.gather]
            _add(matrix, labels, new[done:], members, haplotype, placement, rng)
            held.append(matrix)
            mutated[clone, members] = matrix.sum(axis=1)
            if len(watched):
                carriers[clone, number] = matrix[watched]
    return Copies(mutated, haplotype, carriers, following)


def _add(
    matrix: np.ndarray,
    labels: np.ndarray,
    new: np.ndarray,
    members: np.ndarray,
    haplotype: np.ndarray,
    placement: Placement,
    rng: np.random.Generator,
) -> None:
    """Place mutations (rows `new`) on random copies, or on those that the placement asks for."""
    if not len(new) or not matrix.shape[1]:
        return
    column = rng.integers(0, matrix.shape[1], len(new))
    for index, row in enumerate(new.tolist()):
        mutation = int(members[row])
        if mutation not in placement.haplotype and mutation not in placement.partner:
            continue
        allowed = np.ones(matrix.shape[1], dtype=bool)
        if mutation in placement.haplotype:
            allowed &= labels == placement.haplotype[mutation]
        if mutation in placement.partner:
            other, phase = placement.partner[mutation]
            matrix[new[:index], column[:index]] = True  # the partner may be one of these
            carried = matrix[np.searchsorted(members, other)]
            allowed &= carried if phase == "cis" else ~carried
        options = np.flatnonzero(allowed)
        if not len(options):
            raise UserError("a driver cannot be placed: no copy has the haplotype or phase it asks for")
        column[index] = rng.choice(options)
    matrix[new, column] = True
    haplotype[members[new]] = labels[column]
