"""Copy-number drivers: amplified and deleted genes of the resistance table, per sample and on the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from truncal.drivers import statements as st
from truncal.drivers.events import Event, name_events
from truncal.drivers.label import label
from truncal.drivers.matching import PARTIAL, Hit
from truncal.drivers.placement import Placement, log_share_likelihood, log_total_likelihood, place
from truncal.drivers.segments import (
    AMPLIFICATION,
    GAIN_HIGH,
    HOMOZYGOUS_DELETION,
    GeneState,
    SampleSegments,
    gene_state,
    load_arms,
)
from truncal.drivers.statements import Statement
from truncal.drivers.tumour import Tumour

BREAKPOINTS_APART = 1_000_000
"""Segments of two samples that start and end further apart than this may be two independent events."""

States = dict[str, list[GeneState | None]]


def gene_states(
    tumour: Tumour,
    segments: Mapping[str, SampleSegments],
    statements: Sequence[Statement],
    options: Mapping[str, Any],
) -> States:
    """State of every gene that a copy-number statement names, by sample (`None`: not covered)."""
    build = tumour.build or "GRCh38"
    arms = load_arms(build)
    ploidy = [_ploidy(tumour, segments, s) for s in range(len(tumour.samples))]
    wanted = st.by_match(statements, st.AMPLIFICATION, st.HOMOZYGOUS_DELETION, st.INACTIVATION)
    shares_known = any((own.fraction_2 > 0).any() for own in segments.values())
    out: States = {}
    for one in wanted:
        window = one.windows.get(build)
        if window is None or one.gene in out:
            continue
        out[one.gene] = [
            gene_state(segments[sample.id], window, ploidy[s], arms, options, shares_known=shares_known)
            if sample.id in segments
            else None
            for s, sample in enumerate(tumour.samples)
        ]
    return out


def _ploidy(tumour: Tumour, segments: Mapping[str, SampleSegments], s: int) -> float:
    sample = tumour.samples[s]
    if sample.ploidy is not None:
        return sample.ploidy
    own = segments.get(sample.id)
    value = own.ploidy() if own is not None else float("nan")
    return value if np.isfinite(value) else 2.0


def copy_number_events(
    tumour: Tumour, states: States, statements: Sequence[Statement], settings: Mapping[str, Any]
) -> list[Event]:
    """Amplifications, high-level gains and homozygous deletions, placed on the tree."""
    events = []
    clonal = clone_p_clonal(tumour, settings)
    gains = {one.gene: [] for one in statements}  # type: dict[str, list[Statement]]
    losses: dict[str, list[Statement]] = {}
    for one in statements:
        if one.match == st.AMPLIFICATION:
            gains[one.gene].append(one)
        elif one.match in (st.HOMOZYGOUS_DELETION, st.INACTIVATION):
            losses.setdefault(one.gene, []).append(one)
    for gene, by_sample in states.items():
        found = {state.state for state in by_sample if state is not None}
        if gains.get(gene) and found & {AMPLIFICATION, GAIN_HIGH}:
            how = "copy_number" if AMPLIFICATION in found else PARTIAL
            name = "amplification" if AMPLIFICATION in found else "high-level gain"
            events.append(
                _event(
                    tumour, gene, name, "cn_gain", [Hit(one, how) for one in gains[gene]],
                    by_sample, (AMPLIFICATION, GAIN_HIGH), clonal, settings,
                )
            )  # fmt: skip
        if losses.get(gene) and HOMOZYGOUS_DELETION in found:
            events.append(
                _event(
                    tumour, gene, "homozygous deletion", "cn_loss",
                    [Hit(one, "copy_number") for one in losses[gene]],
                    by_sample, (HOMOZYGOUS_DELETION,), clonal, settings,
                )
            )  # fmt: skip
    name_events(events)
    return events


def clone_p_clonal(tumour: Tumour, settings: Mapping[str, Any]) -> np.ndarray:
    """P(CCF ≥ threshold in every sample) of each clone (K,): the median over its mutations."""
    out = np.zeros(len(tumour.clones.ids))
    at_least = settings["clonality"]["ccf_at_least"]
    for number, clone in enumerate(tumour.clones.ids):
        own = tumour.p_clonal[(tumour.cluster == clone) & np.isfinite(tumour.p_clonal)]
        if len(own):
            out[number] = float(np.median(own))
        else:
            out[number] = float((tumour.clones.dcf[number] >= at_least).all())
    return out


def shares(by_sample: Sequence[GeneState | None], wanted: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Share of the cancer cells with one of the states (S,), NaN where not covered, and where it is exact."""
    share, exact = np.full(len(by_sample), np.nan), np.zeros(len(by_sample), dtype=bool)
    for s, state in enumerate(by_sample):
        if state is not None:
            share[s] = state.share if state.state in wanted else 0.0
            exact[s] = state.exact
    return share, exact


def _event(
    tumour: Tumour,
    gene: str,
    name: str,
    event_class: str,
    hits: list[Hit],
    by_sample: Sequence[GeneState | None],
    wanted: Sequence[str],
    clonal: np.ndarray,
    settings: Mapping[str, Any],
) -> Event:
    share, exact = shares(by_sample, wanted)
    error = settings["drivers"]["copy_number_error"]
    found = place(tumour.clones, log_likelihood(by_sample, wanted, tumour, error), clonal)
    event = Event(gene=gene, event=name, event_class=event_class, hits=hits)
    fill_placement(event, tumour, found, settings)
    event.present = np.nan_to_num(share) > 0
    event.assessable = np.isfinite(share)
    event.excluded = np.full(len(share), np.nan)
    event.ccf = share_intervals(share, exact, error)
    if found.cluster > 0:
        k = tumour.clones.index[found.cluster]
        fitted = np.stack(
            [getattr(tumour.clones, name)[k] for name in ("dcf", "dcf_low", "dcf_high")], axis=1
        )
        rough = np.isfinite(share) & ~exact
        event.ccf[rough] = fitted[rough]  # no share is known: that of the clone it is placed on
    focal = sum(state is not None and state.state in wanted and state.focal for state in by_sample)
    event.reason = _reason(event, by_sample, wanted, focal, tumour)
    if differing_breakpoints(by_sample, wanted):
        event.extra_evidence.append("breakpoints differ between samples: may be independent events")
    return event


def log_likelihood(
    by_sample: Sequence[GeneState | None], wanted: Sequence[str], tumour: Tumour, error: float
) -> np.ndarray:
    """Log-likelihood (K,) of a gene's states: shares where the caller gives them, total copies elsewhere."""
    share, exact = shares(by_sample, wanted)
    total = np.array([np.nan if one is None or one.exact else one.total for one in by_sample])
    base = np.array([np.nan if one is None else one.base for one in by_sample])
    gain = HOMOZYGOUS_DELETION not in wanted
    by_share = log_share_likelihood(np.where(exact, share, np.nan), exact, tumour.clones, error)
    return by_share + log_total_likelihood(total, base, tumour.clones, gain=gain)


def share_intervals(share: np.ndarray, exact: np.ndarray, error: float) -> np.ndarray:
    """(S, 3): share and 95 % interval; a call without a share may stand for any above or below one half."""
    low = np.where(exact, share - 1.96 * error, np.where(share >= 0.5, 0.5, 0.0))
    high = np.where(exact, share + 1.96 * error, np.where(share >= 0.5, 1.0, 0.5))
    out = np.stack([share, np.clip(low, 0, 1), np.clip(high, 0, 1)], axis=1)
    out[~np.isfinite(share)] = np.nan
    return out


def fill_placement(event: Event, tumour: Tumour, found: Placement, settings: Mapping[str, Any]) -> None:
    """Clone, probabilities and label of a placed event."""
    event.cluster, event.p_truncal, event.p_clonal = found.cluster, found.p_truncal, found.p_clonal
    event.p_next_region = _next_region(tumour, found.weight)
    event.label = label(event.p_clonal, settings["clonality"])


def _next_region(tumour: Tumour, weight: np.ndarray) -> float:
    """Chance of an event to be clonal in one more region, over the clones (K,) that may carry it: each
    clone's is the median over its mutations. NaN if the clones known so have less than half of the weight."""
    mean = total = 0.0
    for clone, share in zip(tumour.clones.ids, weight, strict=True):
        own = tumour.p_next_region[(tumour.cluster == clone) & np.isfinite(tumour.p_next_region)]
        if len(own):
            mean, total = mean + share * float(np.median(own)), total + share
    return mean / total if total > 0.5 else float("nan")


def _reason(
    event: Event, by_sample: Sequence[GeneState | None], wanted: Sequence[str], focal: int, tumour: Tumour
) -> str:
    parts = []
    for sample, state in zip(tumour.sample_ids, by_sample, strict=True):
        if state is not None and state.state in wanted:
            cells = f", {state.share:.0%} of the cancer cells" if state.exact else ""
            parts.append(f"{sample} {state.total:.1f} copies at ploidy {state.ploidy:.1f}{cells}")
    covered = int(event.assessable.sum())
    text = f"In {int(event.present.sum())} of {covered} samples with copy number: " + ", ".join(parts[:4])
    text += " and more." if len(parts) > 4 else "."
    if event.event_class == "cn_gain":
        text += " Focal." if focal else " Broad."
    where = f"clone {event.cluster}" if event.cluster > 0 else "no clone of the tree"
    text += f" Its samples fit {where} best; probability of the trunk {event.p_truncal:.2f}."
    if not any(state is not None and state.exact for state in by_sample):
        text += " The caller gives one state per segment, so shares of cells are rough."
    return text


def differing_breakpoints(by_sample: Sequence[GeneState | None], wanted: Sequence[str]) -> bool:
    """Whether both ends of the altered segment differ between two samples."""
    found = [state for state in by_sample if state is not None and state.state in wanted]
    return any(
        abs(one.start - other.start) > BREAKPOINTS_APART and abs(one.end - other.end) > BREAKPOINTS_APART
        for number, one in enumerate(found)
        for other in found[number + 1 :]
    )


def copy_number_rows(tumour: Tumour, states: States, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Rows of copy_number_drivers.tsv: every listed gene in every covered sample."""
    of_gene: dict[tuple[str, str], Event] = {(event.gene, event.event_class): event for event in events}
    rows = []
    for gene, by_sample in states.items():
        for sample, state in zip(tumour.sample_ids, by_sample, strict=True):
            if state is None:
                continue
            kind = "cn_loss" if state.state == HOMOZYGOUS_DELETION else "cn_gain"
            event = of_gene.get((gene, kind)) if state.altered else None
            rows.append(
                {
                    "event_id": event.id if event else None,
                    "gene": gene,
                    "event": event.event if event else None,
                    "sample_id": sample,
                    "total_cn": state.total,
                    "minor_cn": state.minor,
                    "ploidy": state.ploidy,
                    "ratio": state.ratio,
                    "focal": state.focal,
                    "state": state.state,
                    "low": state.low,
                    "high": state.high,
                    "share": state.share if state.altered else None,
                    "segment_start": state.start,
                    "segment_end": state.end,
                }
            )
    return rows
