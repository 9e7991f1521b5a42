"""Which sets of drug classes would reach every clone, given what each clone inherits.

For research only: what the statements of the resistance table imply, with their evidence beside it, never a
recommendation. A clone has the events of its own and of its ancestors. A class is `sensitive` for a clone
where an event says so and none says resistant, `resistant` where an event resists it (a veto, inherited like
everything else), `conflict` where one and the same event is called both, `unknown` otherwise. Sets are exact
minimum covers, weighed over the posterior of trees; `reach.py` says what reaches a clone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from truncal.drivers import statements as st
from truncal.drivers.drugs import Drugs, qualifier
from truncal.drivers.events import Event
from truncal.drivers.matching import WITHOUT_CLAIM, Hit
from truncal.drivers.phase import CIS, TRANS
from truncal.drivers.reach import (
    AROUND_TARGET,
    CONFLICT,
    NOTHING,
    RESISTANT,
    SENSITIVE,
    Reach,
    Status,
    driven_genes,
    reach,
)
from truncal.drivers.statements import Statement
from truncal.drivers.trees import ancestors
from truncal.drivers.tumour import Tumour

CONDITION = "T790M"
RISK_ONLY = "transformation"
"""A risk of changing histology is flagged; it neither covers nor vetoes."""
MOST_CLASSES = 26
"""Classes considered for sets; those that reach most clones first."""


@dataclass
class Effect:
    """What one event says of one class: events' statements for and against, and conditional ones."""

    sensitive: list[str] = field(default_factory=list)
    resistant: list[str] = field(default_factory=list)
    without_t790m: list[str] = field(default_factory=list)


Profile = dict[str, Effect]


def profile(event: Event, drugs: Drugs, cover_levels: str = "ABC") -> Profile:
    """Classes that an event's statements name, with the statements' evidence.

    Statements met in part only make no claim. A drug qualified as weak, partial, preclinical,
    investigational, withdrawn or shorter-lasting neither covers nor vetoes; `no T790M` holds in clones
    without it.
    """
    out: Profile = {}
    for hit in event.hits:
        if hit.how in WITHOUT_CLAIM:
            continue
        one = hit.statement
        if one.role == RISK_ONLY:
            continue
        for side in (SENSITIVE, RESISTANT):
            if side == SENSITIVE and (one.level or "E") not in cover_levels:
                continue
            for drug in getattr(one, f"drugs_{side}"):
                condition = qualifier(drug)
                if condition is not None and CONDITION not in condition:
                    continue
                phrase = f"{event.id}: {one.id}" + (f" level {one.level}" if one.level else "")
                phrase += "" if one.verified else f" ({one.status})"
                names = drugs.classes(drug, one.gene)
                if side == RESISTANT and one.role in AROUND_TARGET and condition is None:
                    names = sorted({other for name in names for other in drugs.same_target(name)})
                for name in names:
                    effect = out.setdefault(name, Effect())
                    kept = effect.without_t790m if condition else getattr(effect, side)
                    if phrase not in kept:
                        kept.append(phrase)
    return out


def pair_profiles(
    events: Sequence[Event],
    phases: Sequence[Mapping[str, Any]],
    statements: Sequence[Statement],
    drugs: Drugs,
    cover_levels: str = "ABC",
) -> list[tuple[frozenset[str], Profile]]:
    """Profiles of T790M with C797S in cis or trans, for the pairs that were phased: event ids and profile.

    Several samples may differ: cis anywhere is what counts, as those cells resist.
    """
    words: dict[frozenset[str], set[str]] = {}
    for row in phases:
        words.setdefault(frozenset((row["event_a"], row["event_b"])), set()).add(row["verdict"])
    out = []
    by_id = {event.id: event for event in events}
    for pair, found in words.items():
        names = {by_id[name].event for name in pair if name in by_id}
        if names != {"T790M", "C797S"}:
            continue
        word = CIS if CIS in found or "mixed" in found else TRANS if TRANS in found else None
        for one in st.by_match(statements, st.PHASE):
            if word is not None and one.alteration.endswith(f"in {word}"):
                event = Event(one.gene, one.alteration, "phase", id="+".join(sorted(pair)))

                event.hits = [Hit(one, "phase")]
                out.append((pair, profile(event, drugs, cover_levels)))
    return out


def clone_status(
    own: Sequence[Event],
    profiles: Mapping[str, Profile],
    pairs: Sequence[tuple[frozenset[str], Profile]],
    drugs: Drugs,
) -> dict[str, Status]:
    """Status of every class that the events of one clone (inherited ones included) name.

    A combination that a bypass calls for (an EGFR inhibitor and a MEK inhibitor for NF1 loss) covers a clone
    only if that clone also has the driver that its first partner is aimed at.
    """
    has_t790m = any(event.event == "T790M" for event in own)
    driven = driven_genes(own, drugs)
    ids = {event.id for event in own}
    parts: list[tuple[str, Profile]] = [(event.id, profiles[event.id]) for event in own]
    parts += [("+".join(sorted(pair)), given) for pair, given in pairs if pair <= ids]
    out = {}
    for name in sorted({name for _, given in parts for name in given}):
        for_it, against, both = [], [], []
        evidence: list[str] = []
        for event_id, given in parts:
            effect = given.get(name)
            if effect is None:
                continue
            sensitive = effect.sensitive + ([] if has_t790m else effect.without_t790m)
            backbone = drugs.backbone(name)
            if backbone and not backbone & driven:
                sensitive = []
            if sensitive and effect.resistant:
                both.append(event_id)
            elif effect.resistant:
                against.append(event_id)
            elif sensitive:
                for_it.append(event_id)
            evidence += sensitive + effect.resistant
        word, because = (RESISTANT, against) if against else (CONFLICT, both) if both else (SENSITIVE, for_it)
        if because:
            out[name] = Status(word, tuple(because), tuple(evidence), tuple(for_it), (*against, *both))
    return out


def polytargeting(
    tumour: Tumour,
    events: Sequence[Event],
    phases: Sequence[Mapping[str, Any]],
    statements: Sequence[Statement],
    drugs: Drugs,
    options: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of polytargeting.tsv and coverage.tsv."""
    levels = options["cover_levels"]
    profiles = {event.id: profile(event, drugs, levels) for event in events}
    pairs = pair_profiles(events, phases, statements, drugs, levels)
    by_clone: dict[int, list[Event]] = {}
    for event in events:
        if event.cluster > 0:
            by_clone.setdefault(event.cluster, []).append(event)
    weighed = []
    for weight, tree in tumour.clones.trees:
        status = {}
        for clone in sorted(tree):
            line = [clone, *ancestors(tree, clone)]
            own = [event for one in line for event in by_clone.get(one, ())]
            status[clone] = reach(own, clone_status(own, profiles, pairs, drugs), drugs)
        weighed.append((weight, status))
    if not weighed:
        return [], []
    rows = _sets(weighed, options)
    unplaced = [
        f"{event.id} resists and fits no clone of the tree"
        for event in events
        if event.cluster <= 0 and any(effect.resistant for effect in profiles[event.id].values())
    ]
    for row in rows:
        row["vetoes"] = ";".join([*filter(None, [row["vetoes"]]), *unplaced]) or None
    return rows, _coverage(weighed)


Weighed = Sequence[tuple[float, Mapping[int, Reach]]]
"""Trees with their posterior probability, and what each of their clones asks for."""


def _coverage(weighed: Weighed) -> list[dict[str, Any]]:
    """Every clone and class on the likeliest tree, with the posterior share of trees that agree."""
    best = weighed[0][1]
    classes = sorted({name for one in best.values() for name in one.status})
    rows = []
    for clone, asked in best.items():
        for name in classes:
            own = asked.status.get(name, NOTHING)
            agree = sum(
                weight
                for weight, other in weighed
                if clone in other and other[clone].status.get(name, NOTHING).word == own.word
            )
            rows.append(
                {
                    "cluster_id": clone,
                    "drug_class": name,
                    "status": own.word,
                    "because": ";".join(own.because) or None,
                    "evidence": ";".join(own.evidence) or None,
                    "probability": agree,
                }
            )
    return rows


def _sets(weighed: Weighed, options: Mapping[str, Any]) -> list[dict[str, Any]]:
    useful_for: dict[str, float] = {}
    for weight, clones in weighed:
        for asked in clones.values():
            for name, one in asked.status.items():
                if one.word == SENSITIVE:
                    useful_for[name] = useful_for.get(name, 0.0) + weight
    useful = sorted(useful_for, key=lambda name: (-useful_for[name], name))[:MOST_CLASSES]
    if not useful:
        return []
    scored = []  # (clones reached on average, trees in which all are) of every set
    for size in range(1, min(options["max_drug_classes"], len(useful)) + 1):
        for chosen in combinations(sorted(useful), size):
            mean = whole = 0.0
            for weight, clones in weighed:
                reached = sum(asked.by(set(chosen)) for asked in clones.values())
                mean += weight * reached
                whole += weight * (reached == len(clones))
            scored.append((round(mean, 9), -size, whole, chosen))
        enough = [one for one in scored if one[2] >= options["coverage_posterior"]]
        if enough:
            enough.sort(key=lambda one: (-one[2], one[3]))
            return [_set_row(number, one[2], one[3], weighed) for number, one in enumerate(enough, start=1)]
    top = max(one[:2] for one in scored)
    if top[0] == 0:
        return []
    best = sorted((one for one in scored if one[:2] == top), key=lambda one: (-one[2], one[3]))
    return [_set_row(number, one[2], one[3], weighed) for number, one in enumerate(best, start=1)]


def _set_row(number: int, coverage: float, chosen: Sequence[str], weighed: Weighed) -> dict[str, Any]:
    best = weighed[0][1]
    missing: list[str] = []
    vetoes: dict[str, None] = {}
    evidence: dict[str, None] = {}
    for clone, asked in best.items():
        words = {name: asked.status.get(name, NOTHING) for name in chosen}
        if not asked.by(set(chosen)):
            missing.append(str(clone))
        for name, one in words.items():
            if one.word in (RESISTANT, CONFLICT):
                vetoes[f"clone {clone} {one.word} to {name} ({', '.join(one.because)})"] = None
            evidence.update(dict.fromkeys(one.evidence))
    return {
        "set_id": number,
        "drug_classes": ";".join(chosen),
        "coverage": coverage,
        "n_clones_covered": len(best) - len(missing),
        "clones_uncovered": ";".join(missing) or None,
        "vetoes": ";".join(vetoes) or None,
        "evidence": ";".join(evidence) or None,
    }
