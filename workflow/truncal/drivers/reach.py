"""Whether a set of drug classes reaches a clone.

A clone without a sensitising driver is reached by any class that it is sensitive to. Where it has drivers,
each of them must be answered: by a class that an event of the driver's gene is sensitive to, or by a
combination that a bypass calls for. What does without the target (bypass, downstream) and resists that
class must be answered by another class of the set; a resistance of the target itself has no answer. So a
RET fusion in a clone with EGFR's driver needs an EGFR and a RET inhibitor, and has none that would do if the
clone resists every EGFR inhibitor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from truncal.drivers.drugs import Drugs
from truncal.drivers.events import Event

SENSITIVE, RESISTANT, CONFLICT, UNKNOWN = "sensitive", "resistant", "conflict", "unknown"
DRIVER, ON_TARGET = "sensitising_driver", "on_target_resistance"
AROUND_TARGET = frozenset({"bypass", "downstream"})
"""Roles whose resistance to one drug is one to every drug of that target: they do without the target."""


@dataclass(frozen=True)
class Status:
    """Status of a class for one clone, the events behind it and their evidence.

    for_it, against: events that call it sensitive or resistant, whatever the word.
    """

    word: str
    because: tuple[str, ...]
    evidence: tuple[str, ...]
    for_it: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


NOTHING = Status(UNKNOWN, (), ())


@dataclass(frozen=True)
class Reach:
    """What one clone asks for.

    status: of every class that its events name. answers: by driver gene, classes that answer it, each with
    the events that must be answered beside it. answered: by such an event, the classes that do.
    """

    status: Mapping[str, Status]
    answers: Mapping[str, Sequence[tuple[str, frozenset[str]]]] = field(default_factory=dict)
    answered: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def by(self, chosen: Set[str]) -> bool:
        """Whether a set of classes reaches the clone."""
        if not self.answers:
            return any(self.status.get(name, NOTHING).word == SENSITIVE for name in chosen)
        return all(
            any(
                name in chosen and all(self.answered.get(one, frozenset()) & chosen for one in beside)
                for name, beside in ways
            )
            for ways in self.answers.values()
        )


def driven_genes(own: Sequence[Event], drugs: Drugs) -> set[str]:
    """Genes of the events that a statement calls a driver which drugs are aimed at."""
    return {
        event.gene
        for event in own
        for hit in event.hits
        if hit.statement.role == DRIVER
        and any(drugs.is_target(drug, event.gene) for drug in hit.statement.drugs_sensitive)
    }


def reach(own: Sequence[Event], status: Mapping[str, Status], drugs: Drugs) -> Reach:
    """What a clone with these events, inherited ones included, asks for."""
    driven = driven_genes(own, drugs)
    if not driven:
        return Reach(status)
    gene = {event.id: event.gene for event in own}
    around = {event.id for event in own if _all_around(event)}
    on_axis = {
        event.id
        for event in own
        if event.gene in driven and any(hit.statement.role in (DRIVER, ON_TARGET) for hit in event.hits)
    }
    for pair in {event for named in status.values() for event in named.for_it if event not in gene}:
        parts = pair.split("+")  # two mutations on one or two alleles
        gene[pair] = gene[parts[0]]
        on_axis |= {pair} if set(parts) <= on_axis else set()
    free = {
        name: one
        for name, one in status.items()
        if one.for_it and one.word != CONFLICT and set(one.against) <= around
    }
    answers: dict[str, list[tuple[str, frozenset[str]]]] = {one: [] for one in sorted(driven)}
    for name, one in free.items():
        for answers_gene in {gene[event] for event in one.for_it if event in on_axis}:
            answers[answers_gene].append((name, frozenset(one.against)))
        for partner in driven & drugs.partners(name, {gene.get(event, "") for event in one.for_it}):
            vetoes = _of_target(partner, free, on_axis, drugs)
            if vetoes is not None:
                answers[partner].append((name, (vetoes | set(one.against)) - set(one.for_it)))
    answered = {
        event: frozenset(name for name, one in free.items() if event in one.for_it) for event in around
    }
    return Reach(status, answers, answered)


def _all_around(event: Event) -> bool:
    """Whether all that an event resists it resists by doing without the target."""
    roles = {hit.statement.role for hit in event.hits if hit.statement.drugs_resistant}
    return bool(roles) and roles <= AROUND_TARGET


def _of_target(
    gene: str, free: Mapping[str, Status], on_axis: Set[str], drugs: Drugs
) -> frozenset[str] | None:
    """Fewest events that stand against a single class aimed at a gene; None if the clone resists each."""
    found = [
        frozenset(one.against)
        for name, one in free.items()
        if drugs.single_target(name, gene) and set(one.for_it) & on_axis
    ]
    return min(found, key=len) if found else None
