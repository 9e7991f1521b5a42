"""Cis or trans: whether two drivers within a fragment's length lie on the same copy.

Only fragments that span both sites and carry the rarer allele say anything: in cis they carry the other
allele too, in trans they do not; chimeric fragments and misread bases blur both. A mixture of both
haplotypes is weighed as well. Without spanning fragments, and without phase in the VCF, the answer is
`not_assessable`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import gammaln

from truncal.drivers.alleles import Allele, make_allele, parse_allele, trimmed
from truncal.drivers.events import Event
from truncal.drivers.tumour import Tumour
from truncal.tables import open_text

CIS, TRANS, MIXED, NOT_ASSESSABLE = "cis", "trans", "mixed", "not_assessable"
CHIMERIC = 0.02
"""Share of fragments that show the wrong combination for want of a true template (template switching)."""
MISREAD = 0.001
"""Rate at which a base is read as the other allele."""
PRIOR = (0.475, 0.475, 0.05)
"""Of cis, trans and both haplotypes side by side; the last needs two mutations on either copy."""
WITHIN = 600
"""Sites further apart than this are not on one fragment."""


@dataclass(frozen=True)
class Haplotypes:
    """Fragments (or, from a phased VCF, none) that span both sites, by what they carry."""

    both: int = 0
    a_only: int = 0
    b_only: int = 0
    neither: int = 0

    @property
    def informative(self) -> int:
        """Fragments with the rarer of the two alleles."""
        return self.both + min(self.a_only, self.b_only)


def posterior(counts: Haplotypes) -> tuple[float, float, float]:
    """P(cis), P(trans), P(mixed); the prior without informative fragments.

    In cis the rarer allele alone, and in trans both together, are chance: Poisson with the mean that chimeric
    fragments and misread bases give. In a mixture every split of the informative fragments is as likely.
    """
    n, k = counts.informative, counts.both
    alone = counts.a_only + counts.b_only
    if n == 0:
        return PRIOR
    by_chance_alone = CHIMERIC * n + MISREAD * (counts.neither + max(counts.a_only, counts.b_only))
    by_chance_both = CHIMERIC * n + MISREAD * alone
    log = np.log(PRIOR) + np.array(
        [_log_poisson(n - k, by_chance_alone), _log_poisson(k, by_chance_both), -np.log(n + 1)]
    )
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    return float(weight[0]), float(weight[1]), float(weight[2])


def _log_poisson(count: int, mean: float) -> float:
    return float(count * np.log(mean) - mean - gammaln(count + 1))


def verdict(counts: Haplotypes, min_fragments: int, above: float) -> tuple[float, str]:
    """P(cis) among cis and trans (and mixed), and the word for it.

    Trans needs fragments with either allele alone, cis fragments with both; too few of either is not
    assessable.
    """
    cis, trans, mixed = posterior(counts)
    if counts.both >= min_fragments and cis >= above:
        return cis, CIS
    alone = min(counts.a_only, counts.b_only)
    if alone >= min_fragments and trans >= above:
        return cis, TRANS
    if counts.both >= min_fragments and alone >= min_fragments and mixed >= above:
        return cis, MIXED
    return cis, NOT_ASSESSABLE


def near_pairs(events: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """Pairs of mutations close enough for one fragment, by position."""
    placed = [(allele, event) for event in events if (allele := allele_of(event)) is not None]
    placed.sort(key=lambda one: (one[0], one[1].id))
    for (first, one), (second, other) in combinations(placed, 2):
        if first.chrom == second.chrom and first.end < second.pos <= first.pos + WITHIN:
            yield one, other


def allele_of(event: Event) -> Allele | None:
    """An event's genomic allele, trimmed, in the build of the input."""
    text = event.alleles.get(event.build or "") or next(iter(event.alleles.values()), None)
    allele = parse_allele(text) if text and event.mutations else None
    return trimmed(allele) if allele is not None else None


def phase_rows(
    tumour: Tumour,
    events: Sequence[Event],
    bams: Mapping[str, Path],
    vcfs: Mapping[str, Path],
    settings: Mapping[str, Any],
    reference: Path | None = None,
) -> list[dict[str, Any]]:
    """Rows of phase.tsv: one a pair and sample in which both are present."""
    pairs = [(a, b) for a, b in near_pairs(events) if (a.present & b.present).any()]
    if not pairs:
        return []
    options = settings["drivers"]
    rows = []
    phased = {name: phased_alleles(path) for name, path in vcfs.items() if name in tumour.sample_ids}
    for s, sample in enumerate(tumour.sample_ids):
        here = [(a, b) for a, b in pairs if a.present[s] and b.present[s]]
        found = _from_reads(here, tumour, bams.get(sample), settings, reference) if here else []
        for number, (a, b) in enumerate(here):
            row: dict[str, Any] = {"event_a": a.id, "event_b": b.id, "sample_id": sample}
            counts = found[number] if found else None
            if counts is not None:
                p_cis, word = verdict(counts, options["phase_min_fragments"], options["phase_cis_above"])
                row |= {
                    "n_both": counts.both,
                    "n_a_only": counts.a_only,
                    "n_b_only": counts.b_only,
                    "n_neither": counts.neither,
                    "p_cis": p_cis if counts.informative else None,
                    "verdict": word,
                    "basis": "fragments" if word != NOT_ASSESSABLE else "too few fragments span both",
                }
            if counts is None or row["verdict"] == NOT_ASSESSABLE:
                told = _from_vcf(phased.get(sample, {}), a, b)
                if told is not None:
                    row |= {"p_cis": float(told == CIS), "verdict": told, "basis": "phased VCF"}
                elif counts is None:
                    row |= {"verdict": NOT_ASSESSABLE, "basis": "no reads and no phase in the VCF"}
            rows.append(row)
    return rows


def _from_reads(
    pairs: Sequence[tuple[Event, Event]],
    tumour: Tumour,
    bam: Path | None,
    settings: Mapping[str, Any],
    reference: Path | None,
) -> list[Haplotypes]:
    if bam is None:
        return []
    from truncal.reads.bam import call_sites

    events = list(dict.fromkeys(event.id for pair in pairs for event in pair))
    by_id = {event.id: event for pair in pairs for event in pair}
    alleles = [parse_allele(by_id[name].alleles[tumour.build or ""]) for name in events]
    sites = [one for one in alleles if one is not None]
    calls = call_sites(
        bam,
        [one.chrom for one in sites],
        [one.pos for one in sites],
        [one.ref for one in sites],
        [one.alt for one in sites],
        reference=reference,
        build=tumour.build,
        min_base_quality=settings["reads"]["min_base_quality"],
        min_mapping_quality=settings["reads"]["min_mapping_quality"],
    )
    at = {}
    for number, name in enumerate(events):
        rows = slice(calls.start[number], calls.start[number + 1])
        at[name] = dict(zip(calls.fragment[rows].tolist(), calls.call[rows].tolist(), strict=True))
    return [_haplotypes(at[a.id], at[b.id]) for a, b in pairs]


def _haplotypes(one: Mapping[int, int], other: Mapping[int, int]) -> Haplotypes:
    """Fragments by the two calls, 0 reference and 1 alternative; any other base says nothing."""
    number = {(1, 1): 0, (1, 0): 0, (0, 1): 0, (0, 0): 0}
    for fragment in one.keys() & other.keys():
        key = (one[fragment], other[fragment])
        if key in number:
            number[key] += 1
    return Haplotypes(number[1, 1], number[1, 0], number[0, 1], number[0, 0])


def phased_alleles(path: Path) -> dict[Allele, dict[str, int]]:
    """Haplotype by phase set of every alternative allele that a VCF phases, over all its samples.

    Read are `GT` with `|` and its `PS`, and GATK's `PGT` and `PID`. Haplotypes compare within a phase set
    only; homozygous calls are on both and left out.
    """
    out: dict[Allele, dict[str, int]] = {}
    with open_text(path) as handle:
        for line in handle:
            if line.startswith("#"):
                continue
            fields = line.rstrip("\n").split("\t")
            if len(fields) < 10:
                continue
            keys = fields[8].split(":")
            for number, text in enumerate(fields[9:]):
                values = dict(zip(keys, text.split(":"), strict=False))
                genotype, phase_set = values.get("PGT"), values.get("PID")
                if not genotype or "|" not in genotype:
                    genotype, phase_set = values.get("GT"), values.get("PS")
                if not genotype or "|" not in genotype or phase_set in (None, ".", ""):
                    continue
                sides = genotype.split("|")
                for index, alt in enumerate(fields[4].split(","), start=1):
                    sides_of = [side for side, code in enumerate(sides) if code == str(index)]
                    allele = make_allele(fields[0], fields[1], fields[3], alt)
                    if len(sides_of) == 1 and allele is not None:
                        out.setdefault(trimmed(allele), {})[f"{number}:{phase_set}"] = sides_of[0]
    return out


def _from_vcf(phased: Mapping[Allele, Mapping[str, int]], a: Event, b: Event) -> str | None:
    one, other = allele_of(a), allele_of(b)
    if one is None or other is None or one not in phased or other not in phased:
        return None
    first, second = phased[one], phased[other]
    found = {first[name] == second[name] for name in first.keys() & second.keys()}
    if len(found) != 1:
        return None
    return CIS if found.pop() else TRANS
