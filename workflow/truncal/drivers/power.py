"""What absence is worth: the CCF that each sample excludes, and the depth that would exclude less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from truncal.drivers import statements as st
from truncal.drivers.detection import depth_to_exclude, excluded_ccf
from truncal.drivers.events import Event
from truncal.drivers.segments import SampleSegments
from truncal.drivers.statements import Statement
from truncal.drivers.tumour import Tumour

CCF_LEVELS = (0.01, 0.05, 0.1)
RESISTANCE = "on_target_resistance"
KEY_LEVELS = frozenset("ABC")
ALWAYS = frozenset({("EGFR", "T790M"), ("EGFR", "C797S")})
"""Asked of every tumour, whatever its drivers."""

Depths = Mapping[tuple[str, str], tuple[int, int]]
"""(statement id, sample id) -> (alternative reads, depth) counted in BAM or CRAM files."""


def power_rows(
    tumour: Tumour,
    events: Sequence[Event],
    statements: Sequence[Statement],
    segments: Mapping[str, SampleSegments],
    counted: Depths,
    settings: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Rows of power.tsv: events without reads in a sample, then key alleles that no sample has."""
    alpha = settings["drivers"]["presence_p"]
    rows = []
    for event in events:
        if not event.mutations:
            continue
        main = event.mutations[0]
        for s, sample in enumerate(tumour.samples):
            if event.present[s]:
                continue
            depth, alt = float(tumour.depth[main, s]), float(tumour.alt[main, s])
            row = {
                "event_id": event.id,
                "gene": event.gene,
                "alteration": event.event,
                "sample_id": sample.id,
            }
            scale, error = float(tumour.scale[main, s]), float(tumour.error[main, s])
            basis = "reads" if depth > 0 else "not called, depth unknown"
            rows.append({**row, **_numbers(tumour, s, alt, depth, scale, error, alpha), "basis": basis})
    for one in key_alleles(tumour, events, statements, settings["drivers"]["key_alleles"]):
        allele = one.alleles[tumour.build or ""]
        for s, sample in enumerate(tumour.samples):
            known = counted.get((one.id, sample.id))
            alt, depth = known if known is not None else (0, int(sample.median_depth or 0))
            basis = "reads" if known is not None else "median depth of the sample, assumed here"
            scale = site_scale(tumour, segments, s, allele.chrom, allele.pos)
            numbers = _numbers(tumour, s, float(alt), float(depth), scale, float("nan"), alpha)
            rows.append(
                {
                    "event_id": None,
                    "gene": one.gene,
                    "alteration": f"{one.alteration} ({allele})",
                    "sample_id": sample.id,
                    **numbers,
                    "basis": basis,
                }
            )
    return rows


def _numbers(
    tumour: Tumour, s: int, alt: float, depth: float, scale: float, error: float, alpha: float
) -> dict[str, Any]:
    error = error if np.isfinite(error) else 0.001
    known = depth > 0
    out: dict[str, Any] = {
        "depth": int(depth) if known else None,
        "alt_counts": int(alt) if known else None,
        "ccf_excluded_95": excluded_ccf(alt, depth, scale, error, float(tumour.precision[s])),
    }
    for level in CCF_LEVELS:
        out[f"depth_for_{level * 100:g}pct"] = depth_to_exclude(level, scale, error, alpha)
    return out


def key_alleles(
    tumour: Tumour, events: Sequence[Event], statements: Sequence[Statement], which: str
) -> list[Statement]:
    """Alleles whose absence matters: on-target resistance in the genes that drive this tumour, not seen in
    it.
    """
    if which == "none" or tumour.build is None:
        return []
    met = {hit.statement.id for event in events for hit in event.hits}
    driving = {event.gene for event in events if event.role in ("sensitising_driver", RESISTANCE)}
    out = []
    for one in st.by_match(statements, st.ALLELE):
        if one.id in met or tumour.build not in one.alleles:
            continue
        asked = (one.gene, one.alteration) in ALWAYS
        if which == "all":
            asked = asked or one.role == RESISTANCE
        elif one.gene in driving:
            asked = asked or (one.role == RESISTANCE and (one.level or "") in KEY_LEVELS)
        if asked:
            out.append(one)
    return out


def site_scale(tumour: Tumour, segments: Mapping[str, SampleSegments], s: int, chrom: str, pos: int) -> float:
    """Expected VAF per mutated copy at a site without a mutation, ρ / (ρC + (1 − ρ)C₀); diploid if not
    covered.
    """
    sample = tumour.samples[s]
    purity = tumour.purity(s)
    if not purity:
        return float("nan")
    normal = 1.0 if chrom in ("X", "Y") and sample.sex == "male" else 2.0
    total = normal
    own = segments.get(sample.id)
    if own is not None:
        at = np.flatnonzero((own.chrom == chrom) & (own.start <= pos) & (own.end >= pos))
        if len(at):
            total = float(own.mean_total[at[0]])
    return purity / max(purity * total + (1 - purity) * normal, 1e-6)
