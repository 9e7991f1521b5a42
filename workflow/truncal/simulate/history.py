"""Copy-number events along the tree, copy by copy.

Each clone's genome holds physical copies of each segment, each of one parental allele (haplotype 0 or 1). An
event is a gather index over the copies present at its time: a gain repeats one, a loss leaves one out,
whole-genome doubling repeats all. Mutations sit on one copy, so replaying the same indices over a matrix
(mutations, copies) gives every multiplicity, gain and loss of a mutated copy exactly, and joint for
neighbouring mutations (`multiplicity.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from truncal.errors import UserError
from truncal.simulate.genome import CHROMOSOMES, Genome
from truncal.simulate.parameters import CopyNumberEvent, SimulationParameters

_MOST_COPIES = 8  # random gains stop here
_GENES: tuple[tuple[str, Literal["amplification", "homdel"]], ...] = (
    *(("MET", "amplification"), ("ERBB2", "amplification"), ("EGFR", "amplification")),
    *(("KRAS", "amplification"), ("FGFR1", "amplification")),
    *(("PTEN", "homdel"), ("RB1", "homdel"), ("CDKN2A", "homdel"), ("STK11", "homdel")),
)


@dataclass(frozen=True)
class Step:
    """One event's effect on one segment: new copies = old copies[gather]; row 0 of a clone is its first."""

    time: float
    gather: np.ndarray


@dataclass(frozen=True)
class History:
    """What happened to every segment on every edge.

    steps[k][g]: steps of clone k + 1's edge on segment g, in time. haplotypes[k][g]: haplotype (0 or 1) of
    each copy in clone k + 1's cells; haplotypes[K] are the normal cells. copies: (2, K, G) copies of each
    haplotype. normal: (G,) copies in a normal cell. events: all that took place, by clone and time.
    """

    steps: list[dict[int, list[Step]]]
    haplotypes: list[list[np.ndarray]]
    copies: np.ndarray
    normal: np.ndarray
    events: tuple[CopyNumberEvent, ...]


def make_history(
    parameters: SimulationParameters,
    parents: np.ndarray,
    ancestors: np.ndarray,
    genome: Genome,
    rng: np.random.Generator,
) -> History:
    """Draw events where none are excluded (`diploid`), add the given ones, and play them along the tree."""
    for event in parameters.events:
        if not genome.known_target(event.target):
            raise UserError(f"event {event.kind}: {event.target} is no chromosome, arm, gene or `genome`")
    drawn = [] if parameters.diploid else _random_events(parameters, parents, ancestors, rng)
    events = sorted([*parameters.events, *drawn], key=lambda event: (event.clone, event.time))
    on_x = genome.chrom == CHROMOSOMES.index("X")
    normal = np.where(on_x & (parameters.sex == "male"), 1, 2)
    start = [np.arange(count) for count in normal.tolist()]
    clones = len(parents)
    steps: list[dict[int, list[Step]]] = []
    haplotypes: list[list[np.ndarray]] = []
    happened = []
    for clone in range(1, clones + 1):
        parent = parents[clone - 1]
        current = list(start if parent == 0 else haplotypes[parent - 1])
        mine: dict[int, list[Step]] = {}
        for event in events:
            if event.clone != clone:
                continue
            done = False
            for segment in genome.targets(event.target).tolist():
                gather = _gather(event, current[segment], given=event in parameters.events, rng=rng)
                if gather is not None:
                    mine.setdefault(segment, []).append(Step(event.time, gather))
                    current[segment] = current[segment][gather]
                    done = True
            if done:
                happened.append(event)
        steps.append(mine)
        haplotypes.append(current)
    haplotypes.append(start)
    copies = np.array(
        [
            [[int((held == allele).sum()) for held in clone] for clone in haplotypes[:clones]]
            for allele in (0, 1)
        ]
    )
    return History(steps, haplotypes, copies, normal, tuple(happened))


def _gather(
    event: CopyNumberEvent, held: np.ndarray, given: bool, rng: np.random.Generator
) -> np.ndarray | None:
    """Copies after the event as an index over those before it; None where it cannot happen."""
    all_copies = np.arange(len(held))
    mine = np.flatnonzero(held == event.haplotype)
    if event.kind == "homdel":
        return np.array([], dtype=np.int64) if len(held) else None
    if event.kind == "wgd":
        return np.concatenate([all_copies, all_copies])
    if not len(mine):
        return None
    picked = int(rng.choice(mine))
    if event.kind in ("gain", "amplification"):
        more = event.copies if event.kind == "amplification" else 1
        if not given and len(held) + more > _MOST_COPIES + 4 * (event.kind == "amplification"):
            return None
        return np.concatenate([all_copies, np.full(more, picked)])
    kept = np.delete(all_copies, picked)
    if event.kind == "loss":
        return kept if len(kept) else None
    other = np.flatnonzero(held != event.haplotype)
    if not len(other):
        return None
    return np.concatenate([kept, [int(rng.choice(other))]])


def _random_events(
    parameters: SimulationParameters, parents: np.ndarray, ancestors: np.ndarray, rng: np.random.Generator
) -> list[CopyNumberEvent]:
    """Whole-genome doubling, events on the trunk and the branches, and mirrored gains or losses."""
    clones = len(parents)
    events = []
    roots = np.flatnonzero(parents == 0) + 1
    for root in roots.tolist():
        if rng.random() < parameters.wgd:
            # one in six doublings is subclonal
            clone = int(rng.integers(1, clones + 1)) if rng.random() < 1 / 6 else root
            events.append(CopyNumberEvent(clone, "wgd", "genome", 0, float(rng.uniform(0.3, 0.9))))
    for clone in range(1, clones + 1):
        rate = parameters.trunk_events if parents[clone - 1] == 0 else parameters.branch_events
        for _ in range(rng.poisson(rate)):
            kind = rng.choice(["gain", "loss", "cnloh", "amplification"], p=[0.45, 0.35, 0.15, 0.05])
            events.append(
                CopyNumberEvent(
                    clone,
                    str(kind),  # type: ignore[arg-type]
                    _random_target(rng),
                    int(rng.integers(0, 2)),
                    float(rng.random()),
                    copies=int(rng.integers(3, 7)) if kind == "amplification" else 1,
                )
            )
    separate = [
        (a, b) for a in range(clones) for b in range(a) if not ancestors[a, b] and not ancestors[b, a]
    ]
    for _ in range(parameters.mirrored if separate else 0):
        first, second = separate[rng.integers(0, len(separate))]
        kind = "gain" if rng.random() < 0.5 else "loss"
        target = _random_target(rng)
        for haplotype, clone in enumerate((first, second)):
            time = float(rng.random())
            events.append(CopyNumberEvent(clone + 1, kind, target, haplotype, time))  # type: ignore[arg-type]
    return events


def random_gene_events(number: int, clones: int, rng: np.random.Generator) -> tuple[CopyNumberEvent, ...]:
    """Focal amplifications and homozygous deletions of `number` different genes on random clones."""
    genes = rng.permutation(len(_GENES))[:number]
    events = []
    for gene, kind in (_GENES[index] for index in genes.tolist()):
        clone, copies = int(rng.integers(1, clones + 1)), int(rng.integers(8, 16))
        haplotype, time = int(rng.integers(0, 2)), float(rng.random())
        events.append(CopyNumberEvent(clone, kind, gene, haplotype, time, copies))
    return tuple(events)


def _random_target(rng: np.random.Generator) -> str:
    """An arm, or one time in five a whole chromosome; acrocentric chromosomes have only the long arm."""
    name = CHROMOSOMES[rng.integers(0, len(CHROMOSOMES))]
    if name in ("13", "14", "15", "21", "22"):
        return f"{name}q"
    return name if rng.random() < 0.2 else name + ("p" if rng.random() < 0.5 else "q")
