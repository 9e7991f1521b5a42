"""Look-alikes and warnings: germline, clonal haematopoiesis, independent primaries, convergent resistance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import bdtr, bdtrc

from truncal.ccf.observations import purity_at
from truncal.drivers.detection import present
from truncal.drivers.drugs import Drugs
from truncal.drivers.events import Event
from truncal.drivers.phase import near_pairs
from truncal.drivers.trees import ROOT
from truncal.drivers.tumour import Tumour

CHIP_GENES = frozenset((
    "DNMT3A", "TET2", "ASXL1", "PPM1D", "TP53", "JAK2", "SF3B1", "SRSF2", "U2AF1", "CBL", "GNB1",
    "GNAS", "IDH1", "IDH2", "CHEK2", "ATM", "BCOR", "BCORL1", "STAG2", "RAD21", "NRAS", "KRAS",
    "RUNX1", "MYD88", "BRCC3", "ZRSR2", "PHF6",
))  # fmt: skip
"""Genes of clonal haematopoiesis (Jaiswal et al. 2014, NEJM 371:2488; Razavi et al. 2019, Nat Med 25:1928).
"""
RESISTANCE = frozenset({"on_target_resistance", "bypass", "downstream"})
GERMLINE_VAF = 0.3
"""Allele fraction in the normal sample from which an alteration is germline rather than contamination."""
GERMLINE_ODDS = 1000.0
"""Likelihood ratio from which reads without a normal sample look germline."""
REJECT = 0.01
NOT_FULL = 0.9
"""A founder whose DCF is surely below this leaves cells that descend from no clone."""
FEW_SHARED = 0.02
ENOUGH = 10


def all_flags(
    tumour: Tumour,
    events: Sequence[Event],
    polyclonal: float | None,
    drugs: Drugs,
    phases: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Rows of flags.tsv; `phases` are those of phase.tsv."""
    return [
        *one_allele_or_two(events, phases),
        *germline(tumour, events),
        *haematopoiesis(tumour, events),
        *independent_primaries(tumour, polyclonal),
        *purity_too_high(tumour),
        *convergent(tumour, events, drugs),
        *lost_t790m(events, tumour),
        *excluded_drivers(tumour),
    ]


def _flag(
    code: str, severity: str, text: str, event: Event | None = None, sample: str | None = None
) -> dict[str, Any]:
    return {
        "code": code,
        "event_id": event.id if event is not None else None,
        "sample_id": sample,
        "severity": severity,
        "text": text,
    }


def _name(event_id: str) -> str:
    return event_id.replace(":", " ")


def one_allele_or_two(events: Sequence[Event], phases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Pairs of resistance mutations within a read of each other: in cis, in trans, or not to be told.

    C797S in cis with T790M resists every EGFR inhibitor; in trans, first and third generation together still
    work.
    """
    resistant = {event.id: event for event in events if event.role in RESISTANCE}
    pairs: dict[tuple[str, str], dict[str, list[str]]] = {}
    for row in phases:
        pair = (row["event_a"], row["event_b"])
        if pair[0] in resistant and pair[1] in resistant:
            said = row["sample_id"]
            if row.get("n_both") is not None:
                alone = f"{row['n_a_only']} and {row['n_b_only']} with one"
                said += f" ({row['n_both']} fragments with both, {alone})"
            pairs.setdefault(pair, {}).setdefault(row["verdict"], []).append(said)
    words = {"cis": "on the same allele (cis)", "trans": "on different alleles (trans)"}
    words |= {"mixed": "both in cis and in trans"}
    flags = []
    for (a, b), verdicts in pairs.items():
        said = [
            f"{words.get(verdict, 'not told apart by any fragment or phase')} in {', '.join(samples)}"
            for verdict, samples in verdicts.items()
        ]
        text = f"{_name(a)} and {_name(b)} are {'; '.join(said)}."
        known = [verdict for verdict in verdicts if verdict in words]
        flags.append(_flag(known[0] if len(known) == 1 else "phase", "warning", text, resistant[b]))
    return flags


def germline(tumour: Tumour, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Events that the normal sample has, or whose reads fit a germline variant in every sample and no
    somatic one.
    """
    out = []
    for event in events:
        if not event.mutations:
            continue
        main, name = event.mutations[0], _name(event.id)
        alt, depth = tumour.normal_alt[main], tumour.normal_depth[main]
        if np.isfinite(alt) and np.isfinite(depth) and depth > 0:
            if alt / depth >= GERMLINE_VAF or (alt >= 3 and _fits(alt, depth, 0.5)):
                text = f"{alt:.0f} of {depth:.0f} reads of the normal sample carry {name}: germline."
                out.append(_flag("germline", "warning", text, event))
            elif bool(present(np.array(alt), np.array(depth), np.array(0.001), 0.001)):
                text = (
                    f"{alt:.0f} of {depth:.0f} reads of the normal sample carry {name}: tumour in "
                    "normal, clonal haematopoiesis or a mosaic germline variant."
                )
                out.append(_flag("in_normal", "note", text, event))
            continue
        if looks_germline(tumour, main):
            text = (
                f"The reads of {name} fit a heterozygous germline variant in every sample, whatever "
                "the purity, and far better than a somatic one; no reads of a normal sample are given."
            )
            out.append(_flag("possible_germline", "warning", text, event))
    return out


def looks_germline(tumour: Tumour, mutation: int) -> bool:
    """Whether VAFs fit germline in every sample, and all together `GERMLINE_ODDS` better than a somatic one.

    Germline: (ρ m + 1 − ρ) / (ρ C + 2(1 − ρ)), m the major, minor, one or no copy. Somatic: ρ m / (…), m up
    to the major copies. In impure samples of many copies either fits much.
    """
    log_odds = 0.0
    for s in range(len(tumour.samples)):
        alt, depth, scale = tumour.alt[mutation, s], tumour.depth[mutation, s], tumour.scale[mutation, s]
        purity = tumour.purity(s)
        total, minor = tumour.total[mutation, s], tumour.minor[mutation, s]
        if depth <= 0 or not np.isfinite(scale) or purity is None or not np.isfinite(total):
            continue
        alleles = purity * total + (1 - purity) * tumour.normal[mutation, s]
        copies = {0.0, 1.0, minor, total - minor} if np.isfinite(minor) else {1.0, total / 2}
        germline = [(purity * m + 1 - purity) / alleles for m in copies]
        if not any(_fits(alt, depth, rate) for rate in germline):
            return False
        most = round(total - minor) if np.isfinite(minor) else round(total)
        somatic = [scale * m for m in range(1, max(most, 1) + 1)]
        log_odds += _log_likelihood(alt, depth, germline) - _log_likelihood(alt, depth, somatic)
    return log_odds > math.log(GERMLINE_ODDS)


def _log_likelihood(alt: float, depth: float, rates: list[float]) -> float:
    """Of the reads at the best of some frequencies, without the binomial coefficient."""
    p = np.clip(rates, 1e-3, 1 - 1e-3)
    return float((alt * np.log(p) + (depth - alt) * np.log1p(-p)).max())


def _fits(alt: float, depth: float, rate: float) -> bool:
    """Whether a binomial with this rate would give such reads, two-sided at 1 %."""
    rate = min(max(rate, 0.0), 1.0)
    below = float(bdtr(alt, int(depth), rate))
    above = float(bdtrc(alt - 1, int(depth), rate)) if alt > 0 else 1.0
    return 2 * min(below, above) > REJECT


def haematopoiesis(tumour: Tumour, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Mutations of clonal-haematopoiesis genes that plasma shows and no tissue."""
    plasma = np.array([sample.kind == "plasma" for sample in tumour.samples])
    if not plasma.any():
        return []
    seen = present(tumour.alt, tumour.depth, tumour.error, 0.01)
    by_mutation = {number: event for event in events for number in event.mutations}
    out = []
    for number, variant in enumerate(tumour.variants):
        event = by_mutation.get(number)
        gene = event.gene if event is not None else variant.gene
        if gene not in CHIP_GENES or not seen[number, plasma].any() or seen[number, ~plasma].any():
            continue
        where = ", ".join(tumour.sample_ids[s] for s in np.flatnonzero(plasma & seen[number]))
        tissue = "no tissue sample has it" if (~plasma).any() else "no tissue sample was given"
        text = (
            f"{gene} {tumour.mutation_ids[number]} is in plasma ({where}) and {tissue}: it may come "
            "from clonal "
            "haematopoiesis; white blood cells would tell."
        )
        out.append(_flag("possible_haematopoiesis", "warning", text, event))
    return out


def independent_primaries(tumour: Tumour, polyclonal: float | None) -> list[dict[str, Any]]:
    """Samples that share next to no mutation, and trees with several roots."""
    seen = present(tumour.alt, tumour.depth, tumour.error, 0.01)
    out = []
    for a, b in combinations(range(len(tumour.samples)), 2):
        one, other = seen[:, a], seen[:, b]
        if min(one.sum(), other.sum()) < ENOUGH:
            continue
        shared = (one & other).sum() / (one | other).sum()
        if shared < FEW_SHARED:
            names = f"{tumour.sample_ids[a]} and {tumour.sample_ids[b]}"
            counts = f"{(one & other).sum()} of {(one | other).sum()}"
            text = f"{names} share {counts} mutations: independent tumours?"
            out.append(_flag("independent_primaries", "warning", text, None, tumour.sample_ids[b]))
    if polyclonal is not None and polyclonal >= 0.5:
        text = f"Several root clones have probability {polyclonal:.2f}: there may be independent tumours."
        out.append(_flag("polyclonal", "warning", text))
    return out


def purity_too_high(tumour: Tumour) -> list[dict[str, Any]]:
    """Samples that the only founder does not fill: all cells of a cancer descend from one, so that it is the
    purity that is too high, and every CCF there too low."""
    clones = tumour.clones
    founders = [clone for clone, parent in clones.best.items() if parent == ROOT]
    if len(founders) != 1 or founders[0] not in clones.index:
        return []
    k = clones.index[founders[0]]
    out = []
    for s, sample in enumerate(tumour.samples):
        purity = tumour.purity(s)
        if purity is None or not clones.dcf_high[k, s] < NOT_FULL:
            continue
        fill = float(clones.dcf[k, s])
        copies = np.nanmedian(tumour.total[:, s]) if np.isfinite(tumour.total[:, s]).any() else 2.0
        scale = fill * purity / (purity * copies + (1 - purity) * 2)  # of one copy in each of its cells
        fits = purity_at(scale, float(copies))
        text = (
            f"No clone fills {sample.id}: the founder, clone {founders[0]}, has {fill:.0%} of its cancer "
            f"cells. All cells of a cancer descend from one, so its purity of {purity:.2f} is probably too "
            f"high (the founder would fill it at {fits:.2f}); cancer cell fractions there are then too low, "
            "and what is called subclonal for that sample alone may be clonal."
        )
        out.append(_flag("purity_too_high", "warning", text, None, sample.id))
    return out


def convergent(tumour: Tumour, events: Sequence[Event], drugs: Drugs) -> list[dict[str, Any]]:
    """Independent hits in sibling branches: resistance to the same class, or the same gene."""
    out = []
    clones = tumour.clones
    neighbours = {frozenset((a.id, b.id)) for a, b in near_pairs(events)}
    for one, other in combinations([event for event in events if event.cluster > 0], 2):
        if one.cluster == other.cluster:
            continue
        apart = (
            1 - clones.p_ancestor(one.cluster, other.cluster) - clones.p_ancestor(other.cluster, one.cluster)
        )
        if apart < 0.5:
            continue
        both = one.role in RESISTANCE and other.role in RESISTANCE
        classes = _resisted(one, drugs) & _resisted(other, drugs) if both else set()
        if classes:
            shown = ", ".join(sorted(classes)[:3])
            text = (
                f"{one.id} (clone {one.cluster}) and {other.id} (clone {other.cluster}) arose in "
                "separate branches "
                f"(probability {apart:.2f}) and both resist {shown}: convergent resistance."
            )
            out.append(_flag("convergent_resistance", "risk", text, one))
        elif one.gene == other.gene and frozenset((one.id, other.id)) not in neighbours:
            text = (
                f"{one.id} (clone {one.cluster}) and {other.id} (clone {other.cluster}) hit "
                f"{one.gene} in separate "
                f"branches (probability {apart:.2f}): parallel evolution."
            )
            out.append(_flag("parallel_hits", "note", text, one))
    return out


def lost_t790m(events: Sequence[Event], tumour: Tumour) -> list[dict[str, Any]]:
    """T790M gone at a later time point that still shows the EGFR driver: resistance outside of EGFR is
    likely.
    """
    t790m = next((event for event in events if event.gene == "EGFR" and event.event == "T790M"), None)
    drivers = [event for event in events if event.gene == "EGFR" and event.role == "sensitising_driver"]
    if t790m is None or not drivers:
        return []
    order = [sample.order for sample in tumour.samples]
    had = [one for s, one in enumerate(order) if one is not None and t790m.present[s]]
    out = []
    for s, one in enumerate(order):
        gone = t790m.assessable[s] and not t790m.present[s]
        later = one is not None and had and one > min(had)
        if later and gone and any(event.present[s] for event in drivers):
            limit = float(t790m.excluded[s])
            text = (
                f"T790M was there before and is gone in {tumour.sample_ids[s]} (CCF above {limit:.2f} "
                "excluded), which "
                "still has the EGFR driver: resistance to a third-generation inhibitor would lie "
                "outside of EGFR."
            )
            out.append(_flag("t790m_lost", "note", text, t790m, tumour.sample_ids[s]))
    return out


def _resisted(event: Event, drugs: Drugs) -> set[str]:
    found: set[str] = set()
    for hit in event.hits:
        for drug in hit.statement.drugs_resistant:
            found.update(drugs.classes(drug, hit.statement.gene))
    return found


def excluded_drivers(tumour: Tumour) -> list[dict[str, Any]]:
    """Mutations with an allele of the resistance table that an earlier step left out."""
    out: list[dict[str, Any]] = []
    for name, sample, why, detail in tumour.excluded:
        listed: Mapping[str, str] = tumour.listed_excluded
        if name in listed:
            because = detail or why.replace("_", " ")
            text = f"{listed[name]} ({name}) was left out before clustering: {because}."
            out.append(_flag("driver_excluded", "warning", text, None, sample))
    return out
