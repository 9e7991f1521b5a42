"""Driver events of small variants: mutations that meet a statement, or that lie in a driver gene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from truncal.drivers.alleles import Allele, kind, substitutions, trimmed
from truncal.drivers.detection import excluded_ccf, present
from truncal.drivers.genes import DriverGene
from truncal.drivers.hgvs import short_protein
from truncal.drivers.label import INDETERMINATE, RegionView, label, reason
from truncal.drivers.matching import ONE_HIT, WITHOUT_CLAIM, Hit, Matcher
from truncal.drivers.rules import Variant, consequence
from truncal.drivers.tumour import Tumour

GENE_ONLY = "driver_gene"
ROLES = (
    "on_target_resistance",
    "bypass",
    "downstream",
    "transformation",
    "metabolic",
    "sensitising_driver",
    "co_driver_modifier",
    GENE_ONLY,
)
ADAPTERS = frozenset({"CIViC", "OncoKB"})
"""Sources whose statements come without a role."""
ALIKE = 3.0
"""Two records of one change have allele fractions within this many standard errors in every sample."""


@dataclass
class Event:
    """One driver event; (S,) arrays are by sample. `mutations`: the records it consists of, if any."""

    gene: str
    event: str
    event_class: str
    hits: list[Hit] = field(default_factory=list)
    mutations: tuple[int, ...] = ()
    hgvsp: str | None = None
    transcript: str | None = None
    alleles: dict[str, str] = field(default_factory=dict)
    consequence: str | None = None
    cluster: int = -1
    p_clonal: float = float("nan")
    p_truncal: float = float("nan")
    p_next_region: float = float("nan")
    label: str = INDETERMINATE
    reason: str = ""
    present: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    assessable: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    excluded: np.ndarray = field(default_factory=lambda: np.zeros(0))
    ccf: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    extra_evidence: list[str] = field(default_factory=list)
    build: str | None = None
    id: str = ""

    @property
    def role(self) -> str:
        """The first of the roles that its statements give, in the order of `ROLES`; adapters only guess
        theirs, and count where no table says more."""
        told = [hit.statement for hit in self.hits if hit.statement.source not in ADAPTERS]
        given = {one.role for one in told or [hit.statement for hit in self.hits]}
        return next((role for role in ROLES if role in given), min(given) if given else GENE_ONLY)

    def drugs(self, which: str) -> list[str]:
        """Drugs of all statements, each once; those of statements met in part only are left out."""
        found: dict[str, str] = {}
        for hit in self.hits:
            if hit.how not in WITHOUT_CLAIM:
                for drug in getattr(hit.statement, f"drugs_{which}"):
                    found.setdefault(drug.lower(), drug)
        return list(found.values())

    @property
    def evidence(self) -> list[str]:
        """One phrase a statement, how it was met included."""
        own = []
        for hit in self.hits:
            how = "needs a second hit" if hit.how == ONE_HIT else hit.how.replace("_", " ")
            own.append(f"{hit.statement.evidence}, role: {hit.statement.role}, match: {how}")
        return own + self.extra_evidence

    @property
    def sources(self) -> list[str]:
        """Citations of all statements, each once."""
        found: dict[str, None] = {}
        for hit in self.hits:
            found.update(dict.fromkeys(hit.statement.sources))
        return list(found)


def small_variant_events(
    tumour: Tumour, matcher: Matcher, genes: Mapping[str, DriverGene], settings: Mapping[str, Any]
) -> list[Event]:
    """All events of the mutations; split records of one listed change are one event."""
    joined, taken = join_records(tumour, matcher)
    events = [_event(tumour, matcher, members, [Hit(one, "joined_records")]) for members, one in joined]
    for number, variant in enumerate(tumour.variants):
        if number in taken:
            continue
        hits = matcher.match(variant)
        if hits:
            events.append(_event(tumour, matcher, (number,), hits))
        elif settings["drivers"]["driver_genes"]:
            events += _gene_event(tumour, matcher, number, genes)
    for event in events:
        describe(event, tumour, settings)
    name_events(events)
    return events


def _event(tumour: Tumour, matcher: Matcher, members: tuple[int, ...], hits: list[Hit]) -> Event:
    variant = tumour.variants[members[0]]
    statement = hits[0].statement
    exact = [hit for hit in hits if hit.how not in ("class", ONE_HIT)]
    effect = consequence(variant, matcher.models)
    alleles = _written(variant.allele, matcher.build)
    if exact:
        alleles.update({build: str(one) for build, one in exact[0].statement.alleles.items()})
        name, hgvsp = exact[0].statement.alteration, exact[0].statement.hgvs_p
    else:
        name, hgvsp = _own_name(variant, hits[0], effect), variant.hgvsp
    if exact and exact[0].how == "protein":
        alleles = _written(variant.allele, matcher.build) or alleles
    return Event(
        gene=statement.gene,
        event=name,
        event_class=statement.alteration_class
        if exact
        else _class_of(variant, statement.alteration_class, effect),
        hits=hits,
        mutations=members,
        hgvsp=hgvsp or variant.hgvsp,
        transcript=(statement.transcripts[0] if statement.transcripts else None)
        if exact
        else variant.transcript,
        alleles=alleles,
        consequence=effect,
        build=matcher.build,
    )


def _gene_event(
    tumour: Tumour, matcher: Matcher, number: int, genes: Mapping[str, DriverGene]
) -> list[Event]:
    variant = tumour.variants[number]
    gene = genes.get(variant.gene or matcher.gene_at(variant.allele) or "")
    effect = consequence(variant, matcher.models)
    if gene is None or not gene.wants(effect):
        return []
    return [
        Event(
            gene=gene.gene,
            event=_own_name(variant, None, effect),
            event_class=_class_of(variant, "snv", effect),
            mutations=(number,),
            hgvsp=variant.hgvsp,
            transcript=variant.transcript,
            alleles=_written(variant.allele, matcher.build),
            consequence=effect,
            build=matcher.build,
            extra_evidence=[gene.evidence],
        )
    ]


def _written(allele: Allele | None, build: str) -> dict[str, str]:
    return {} if allele is None else {build: str(allele)}


def _own_name(variant: Variant, hit: Hit | None, effect: str | None) -> str:
    change = short_protein(variant.hgvsp)
    if change is not None:
        return change
    coding = (variant.hgvsc or "").rpartition(":")[2]
    if coding:
        return coding
    where = str(variant.allele) if variant.allele is not None else ""
    what = (
        hit.statement.alteration.removesuffix(" (class)")
        if hit and hit.how == "class"
        else (effect or "variant")
    )
    return f"{what} {where}".strip()


def _class_of(variant: Variant, fallback: str, effect: str | None) -> str:
    if variant.allele is None:
        return fallback
    shape = kind(variant.allele)
    if shape in ("snv", "mnv"):
        return "splice_snv" if effect == "splice" and shape == "snv" else shape
    return "indel"


def join_records(tumour: Tumour, matcher: Matcher) -> tuple[list[tuple[tuple[int, ...], Any]], set[int]]:
    """Records that together are one listed change: SNVs of a split MNV, the parts of a split indel.

    They must be seen in the same samples at like allele fractions and belong to the same clone.
    """
    at: dict[Allele, int] = {}
    nearby: dict[str, list[int]] = {}
    for number, variant in enumerate(tumour.variants):
        if variant.allele is None:
            continue
        short = trimmed(variant.allele)
        if len(short.ref) == len(short.alt) == 1:
            at.setdefault(short, number)
        context = matcher.where.find(variant.allele)
        if context is not None:
            nearby.setdefault(context.name, []).append(number)
    found: list[tuple[tuple[int, ...], Any]] = []
    taken: set[int] = set()
    for parts, statement in sorted(matcher.multiple, key=lambda one: -len(one[0])):
        if all(part in at for part in parts):
            members = tuple(at[part] for part in sorted(parts))
            if not taken & set(members) and alike(tumour, members):
                found.append((members, statement))
                taken |= set(members)
    for group in nearby.values():
        for pair in combinations(group, 2):
            if taken & set(pair):
                continue
            first, second = (tumour.variants[number].allele for number in pair)
            if first is None or second is None or (substitutions(first) and substitutions(second)):
                continue
            context = matcher.where.find(first)
            if context is None or not (context.agrees(first) and context.agrees(second)):
                continue
            listed = matcher.by_allele.get((context.name, context.changed(first, second)), ())
            if listed and alike(tumour, pair):
                found.append((pair, listed[0]))
                taken |= set(pair)
    return found, taken


def alike(tumour: Tumour, members: Sequence[int]) -> bool:
    """Whether records are in the same clone and agree in their allele fractions in every sample."""
    rows = list(members)
    if len(set(tumour.cluster[rows].tolist())) > 1:
        return False
    alt, depth = tumour.alt[rows], tumour.depth[rows]
    both = (depth > 0).all(axis=0)
    if not (alt > 0).all(axis=0).any():
        return False
    alt, depth = alt[:, both], depth[:, both]
    vaf = alt / depth
    pooled = alt.sum(axis=0) / depth.sum(axis=0)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled), 1e-4) * (1 / depth).sum(axis=0))
    return bool((np.ptp(vaf, axis=0) <= ALIKE * spread).all())


def describe(event: Event, tumour: Tumour, settings: Mapping[str, Any]) -> None:
    """Fill in clone, probabilities, label, reason and what each sample shows."""
    main = max(event.mutations, key=lambda number: (tumour.depth[number].sum(), -number))
    options = settings["drivers"]
    alt, depth, error = tumour.alt[main], tumour.depth[main], tumour.error[main]
    event.cluster = int(tumour.cluster[main])
    event.p_clonal = float(tumour.p_clonal[main])
    event.p_truncal = float(tumour.p_truncal[main])
    event.p_next_region = float(tumour.p_next_region[main])
    event.present = present(alt, depth, error, options["presence_p"])
    event.excluded = np.array(
        [
            excluded_ccf(alt[s], depth[s], tumour.scale[main, s], error[s], tumour.precision[s])
            for s in range(len(tumour.samples))
        ]
    )
    event.assessable = event.present | (event.excluded <= options["absence_ccf"])
    event.ccf = np.stack([tumour.ccf[name][main] for name in ("ccf", "ccf_low", "ccf_high")], axis=1)
    event.label = label(event.p_clonal, settings["clonality"])
    event.reason = reason(
        event.label,
        event.p_clonal,
        event.p_truncal,
        event.p_next_region,
        region_views(event, tumour, main),
        outlier=float(np.nan_to_num(tumour.outlier_probability[main])),
        member=float(np.nan_to_num(tumour.cluster_probability[main], nan=1.0)),
        at_least=settings["clonality"]["ccf_at_least"],
    )


def region_views(event: Event, tumour: Tumour, main: int) -> list[RegionView]:
    """What each sample says of the mutation, for the reason."""
    lost = tumour.ccf["fraction_lost"][main]
    return [
        RegionView(
            sample.id,
            float(tumour.alt[main, s]),
            float(tumour.depth[main, s]),
            bool(tumour.called[main, s]),
            float(event.ccf[s, 0]),
            float(event.ccf[s, 1]),
            float(event.ccf[s, 2]),
            tumour.purity(s),
            float(tumour.total[main, s]),
            float(lost[s]),
            float(event.excluded[s]),
        )
        for s, sample in enumerate(tumour.samples)
    ]


def name_events(events: Sequence[Event]) -> None:
    """Ids `GENE:event`, made unique by the allele or a number where two events share one."""
    seen: dict[str, int] = {}
    for event in events:
        base = f"{event.gene}:{event.event}".replace(";", ",").replace("\t", " ")
        seen[base] = seen.get(base, 0) + 1
        event.id = base if seen[base] == 1 else f"{base}#{seen[base]}"
