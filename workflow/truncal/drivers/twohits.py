"""Both copies of a suppressor gone: homozygous deletion, a hit with the other copy lost, or two hits.

Transformation to small-cell carcinoma needs RB1 and TP53 both inactivated in one lineage; histology itself
can't be seen in DNA, so what is given is a flag of risk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from truncal.drivers import statements as st
from truncal.drivers.copynumber import States, clone_p_clonal, shares
from truncal.drivers.events import Event, name_events
from truncal.drivers.label import label
from truncal.drivers.matching import Hit
from truncal.drivers.placement import log_share_likelihood, place
from truncal.drivers.segments import HOMOZYGOUS_DELETION, LOH
from truncal.drivers.statements import Statement
from truncal.drivers.tumour import Tumour

BIALLELIC = "biallelic"
INACTIVATING = frozenset({"truncating", "splice"})
NO_MINOR_COPY = 0.5


@dataclass(frozen=True)
class OtherCopy:
    """Loss of the other copy by sample (S,): seen or not, and the probability that it is truncal and
    clonal.
    """

    lost: np.ndarray
    known: np.ndarray
    p_truncal: float
    p_clonal: float


def biallelic_events(
    tumour: Tumour,
    events: Sequence[Event],
    states: States,
    statements: Sequence[Statement],
    settings: Mapping[str, Any],
) -> list[Event]:
    """One event a suppressor gene that is inactivated on both copies in at least one sample."""
    out = []
    clonal = clone_p_clonal(tumour, settings)
    by_gene: dict[str, list[Statement]] = {}
    for one in st.by_match(statements, st.INACTIVATION):
        by_gene.setdefault(one.gene, []).append(one)
    for gene, listed in by_gene.items():
        own = [event for event in events if event.gene == gene]
        deleted = next((event for event in own if event.event_class == "cn_loss"), None)
        hits = [event for event in own if event.mutations and inactivates(event)]
        event = _two_hits(tumour, gene, hits, deleted, states, clonal, settings)
        if event is not None:
            event.hits = [Hit(one, BIALLELIC) for one in listed]
            out.append(event)
    name_events(out)
    return out


def inactivates(event: Event) -> bool:
    """A truncating or splice mutation, or a listed hotspot of the suppressor."""
    return event.consequence in INACTIVATING or any(hit.statement.match == st.ALLELE for hit in event.hits)


def _two_hits(
    tumour: Tumour,
    gene: str,
    hits: Sequence[Event],
    deleted: Event | None,
    states: States,
    clonal: np.ndarray,
    settings: Mapping[str, Any],
) -> Event | None:
    n = len(tumour.samples)
    gone = deleted.present.copy() if deleted is not None else np.zeros(n, dtype=bool)
    other = other_copy(tumour, gene, hits, states, clonal, settings)
    by_loss = np.zeros(n, dtype=bool)
    for hit in hits:
        by_loss |= hit.present & other.lost
    by_two = np.zeros(n, dtype=bool)
    for number, one in enumerate(hits):
        for second in hits[number + 1 :]:
            by_two |= one.present & second.present
    present = gone | by_loss | by_two
    if not present.any():
        return None
    event = Event(gene=gene, event="biallelic loss", event_class="biallelic_loss")
    event.present = present
    known = other.known | np.any([hit.assessable for hit in hits], axis=0) if hits else other.known
    event.assessable = present | known
    event.excluded = np.full(n, np.nan)
    event.ccf = np.full((n, 3), np.nan)
    ways, p_truncal, p_clonal, cluster = _ways(hits, deleted, gone, by_loss, by_two, other, tumour)
    event.p_truncal, event.p_clonal, event.cluster = p_truncal, p_clonal, cluster
    event.label = label(p_clonal, settings["clonality"])
    if by_two.any() and not (gone.any() or by_loss.any()):
        ways.append("whether the two hits lie on different copies is not known")
    where = f"{int(present.sum())} of {int(event.assessable.sum())} samples"
    if not present.all():
        where += f" ({', '.join(tumour.sample_ids[s] for s in np.flatnonzero(present))})"
    event.reason = f"In {where}: {'; '.join(ways)}."
    event.reason += f" In every cancer cell sampled with probability {p_clonal:.2f}."
    event.extra_evidence = ["; ".join(ways).replace(";", ",")]
    return event


def _ways(
    hits: Sequence[Event],
    deleted: Event | None,
    gone: np.ndarray,
    by_loss: np.ndarray,
    by_two: np.ndarray,
    other: OtherCopy,
    tumour: Tumour,
) -> tuple[list[str], float, float, int]:
    """Words, and truncal and clonal probability and clone of the likeliest way."""
    found: list[tuple[float, float, int, str]] = []
    if deleted is not None and gone.any():
        found.append((deleted.p_truncal, deleted.p_clonal, deleted.cluster, "homozygous deletion"))
    if by_loss.any():
        for hit in hits:
            if (hit.present & other.lost).any():
                truncal = _both(hit.p_truncal, other.p_truncal, same=False)
                clonal = _both(hit.p_clonal, other.p_clonal, same=False)
                found.append((truncal, clonal, hit.cluster, f"{hit.event} with the other copy lost"))
    if by_two.any():
        for number, one in enumerate(hits):
            for second in hits[number + 1 :]:
                if not (one.present & second.present).any():
                    continue
                same = one.cluster == second.cluster
                lower = _lower(tumour, one.cluster, second.cluster)
                truncal = _both(one.p_truncal, second.p_truncal, same=same)
                clonal = _both(one.p_clonal, second.p_clonal, same=same)
                found.append((truncal, clonal, lower, f"two hits, {one.event} and {second.event}"))
    best = max(found, key=lambda one: np.nan_to_num(one[1]))
    return list(dict.fromkeys(one[3] for one in found)), best[0], best[1], best[2]


def _both(one: float, other: float, *, same: bool) -> float:
    """Probability of both: the smaller for mutations of one clone, else the product."""
    return min(one, other) if same else one * other


def _lower(tumour: Tumour, one: int, other: int) -> int:
    """The descendant of two clones: there both hits are."""
    return other if tumour.clones.p_ancestor(one, other) >= 0.5 else one


def other_copy(
    tumour: Tumour,
    gene: str,
    hits: Sequence[Event],
    states: States,
    clonal: np.ndarray,
    settings: Mapping[str, Any],
) -> OtherCopy:
    """Where no wild-type copy is left beside a hit: from the segments, or from the copy number at the
    mutation.

    A single copy to begin with (X and Y of a male) counts as lost from the start.
    """
    n = len(tumour.samples)
    lost, known = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    share, exact = np.full(n, np.nan), np.zeros(n, dtype=bool)
    if gene in states:
        share, exact = shares(states[gene], (LOH, HOMOZYGOUS_DELETION))
        known, lost = np.isfinite(share), np.nan_to_num(share) > 0.5
    elif hits:
        rows = [hit.mutations[0] for hit in hits]
        with np.errstate(invalid="ignore"):
            minor = np.nanmin(tumour.minor[rows], axis=0, initial=np.inf)
        known = np.isfinite(minor)
        lost = known & (minor < NO_MINOR_COPY)
        share = np.where(known, lost.astype(float), np.nan)
    if hits and (tumour.normal[[hit.mutations[0] for hit in hits]] == 1).any():
        return OtherCopy(np.ones(n, dtype=bool), np.ones(n, dtype=bool), 1.0, 1.0)
    error = settings["drivers"]["copy_number_error"]
    if not lost.any():
        return OtherCopy(lost, known, 0.0, 0.0)
    found = place(tumour.clones, log_share_likelihood(share, exact, tumour.clones, error), clonal)
    return OtherCopy(lost, known, found.p_truncal, found.p_clonal)


def transformation_risk(
    tumour: Tumour, events: Sequence[Event], statements: Sequence[Statement], settings: Mapping[str, Any]
) -> tuple[list[Event], list[dict[str, Any]]]:
    """The event and the flag of RB1 and TP53 lost in one lineage, if they are with a probability of one
    half.
    """
    pair = {event.gene: event for event in events if event.event_class == "biallelic_loss"}
    if not {"RB1", "TP53"} <= set(pair):
        return [], []
    one, other = pair["RB1"], pair["TP53"]
    clones = tumour.clones
    if one.cluster > 0 and other.cluster > 0 and clones.trees:
        together = clones.p_ancestor(one.cluster, other.cluster)
        if one.cluster != other.cluster:
            together += clones.p_ancestor(other.cluster, one.cluster)
    else:
        together = float((one.present & other.present).any())
    if together < 0.5:
        text = (
            "RB1 and TP53 are both inactivated, but in separate branches "
            f"(probability of one lineage {together:.2f})."
        )
        return [], [{"code": "rb1_tp53_separate", "event_id": one.id, "severity": "note", "text": text}]
    event = Event(gene="RB1+TP53", event="concurrent biallelic loss", event_class="biallelic_loss")
    event.hits = [Hit(row, BIALLELIC) for row in st.by_match(statements, st.INACTIVATION_PAIR)]
    event.cluster = _lower(tumour, one.cluster, other.cluster)
    event.p_truncal = _both(one.p_truncal, other.p_truncal, same=one.cluster == other.cluster)
    event.p_clonal = _both(one.p_clonal, other.p_clonal, same=one.cluster == other.cluster)
    event.label = label(event.p_clonal, settings["clonality"])
    event.present, event.assessable = one.present & other.present, one.assessable & other.assessable
    event.excluded = np.full(len(tumour.samples), np.nan)
    event.ccf = np.full((len(tumour.samples), 3), np.nan)
    event.reason = f"Both in one lineage with probability {together:.2f}; a flag of risk, not a diagnosis."
    name_events([event])
    text = (
        f"RB1 and TP53 are both inactivated in one lineage (probability {together:.2f}): risk of "
        "transformation "
        "to small-cell carcinoma. Histology can't be seen in DNA."
    )
    return [event], [{"code": "transformation_risk", "event_id": event.id, "severity": "risk", "text": text}]
