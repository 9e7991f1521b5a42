"""Pre-existing, acquired or undeterminable, from the reads before therapy.

Before therapy an alteration was absent (its reads are errors) or there at some CCF, log-uniform from the
level that counts as pre-existing to 1. Reads decide between the two; where they can't, the verdict says so.
`acquired` is at most "not detected before therapy, CCF below the limit at 95 %".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import betaln, gammaln

from truncal.drivers.detection import OVERDISPERSED_BELOW, excluded_ccf, read_rate
from truncal.drivers.drugs import Drugs
from truncal.drivers.events import Event
from truncal.drivers.tumour import Tumour
from truncal.errors import Faults
from truncal.tables import read_table

PRE_EXISTING, ACQUIRED, UNDETERMINABLE = "pre_existing", "acquired", "undeterminable"
GRID = 200


@dataclass(frozen=True)
class Treatment:
    """A drug given from `start` (day or time point) to `end`."""

    drug: str
    start: float
    end: float | None = None


def read_treatments(path: Path, patient: str | None) -> list[Treatment]:
    """Treatments of the patient, by start.

    Raises
    ------
    UserError
        columns are missing or a start is no number; all faults at once.

    """
    faults = Faults()
    table = read_table(path, ("drug", "start"), what="table of treatments", faults=faults)
    start, end = table.floats("start", faults, missing=None), table.floats("end", faults)
    faults.raise_if_any()
    out = []
    for number, row in enumerate(table.rows()):
        if patient is not None and row.get("patient") not in (None, patient):
            continue
        last = float(end[number]) if np.isfinite(end[number]) else None
        out.append(Treatment(row["drug"] or "", float(start[number]), last))
    return sorted(out, key=lambda one: one.start)


def timing_rows(
    tumour: Tumour,
    events: Sequence[Event],
    treatments: Sequence[Treatment],
    drugs: Drugs,
    settings: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Rows of timing.tsv: one an event, with samples before and after the therapy it resists (or the first
    one given)."""
    order = np.array([np.nan if one.order is None else one.order for one in tumour.samples])
    if len(set(order[np.isfinite(order)].tolist())) < 2:
        return []
    rows = []
    for event in events:
        therapy = relevant_therapy(event, treatments, drugs)
        cut, words = _cut(order, therapy)
        before = np.flatnonzero(order <= cut)
        after = np.flatnonzero(order > cut)
        if not len(before) or not len(after):
            continue
        rows.append(_row(tumour, event, before, after, words, settings))
    return rows


def relevant_therapy(event: Event, treatments: Sequence[Treatment], drugs: Drugs) -> Treatment | None:
    """The first treatment that the event resists, else the first of all."""
    resisted = {name.lower() for name in event.drugs("resistant")}
    classes = {one for name in event.drugs("resistant") for one in drugs.classes(name, event.gene)}
    for one in treatments:
        if one.drug.lower() in resisted or classes & set(drugs.classes(one.drug, event.gene)):
            return one
    return treatments[0] if treatments else None


def _cut(order: np.ndarray, therapy: Treatment | None) -> tuple[float, str]:
    if therapy is not None:
        return therapy.start, f"before {therapy.drug} (from {therapy.start:g})"
    return float(np.nanmin(order)), "at the first time point (no treatment is given)"


def _row(
    tumour: Tumour,
    event: Event,
    before: np.ndarray,
    after: np.ndarray,
    words: str,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    options = settings["drivers"]
    row: dict[str, Any] = {"event_id": event.id}
    seen_after = [int(s) for s in after if event.present[s]]
    row["sample_after"] = tumour.sample_ids[seen_after[0] if seen_after else int(after[0])]
    if not event.mutations:
        return {**row, **_without_reads(tumour, event, before, seen_after, words)}
    main = event.mutations[0]
    limits = np.array(
        [
            excluded_ccf(
                tumour.alt[main, s], tumour.depth[main, s], tumour.scale[main, s],
                tumour.error[main, s], tumour.precision[s],
            )
            for s in before
        ]
    )  # fmt: skip
    known = np.isfinite(limits)
    deepest = int(before[np.nanargmin(limits)]) if known.any() else int(before[0])
    limit = float(np.nanmin(limits)) if known.any() else float("nan")
    p_pre = p_pre_existing(tumour, main, before, options["pre_existing_ccf"])
    row |= {"sample_before": tumour.sample_ids[deepest], "ccf_limit_before": limit, "p_pre_existing": p_pre}
    row["p_acquired"] = 1 - p_pre if seen_after else 0.0
    shown = [int(s) for s in before if event.present[s]]
    if shown:
        row["ccf_limit_before"] = None  # nothing is excluded of what is there
    above = options["timing_above"]
    if p_pre >= above:
        names = ", ".join(tumour.sample_ids[s] for s in shown) or tumour.sample_ids[deepest]
        reads = ", ".join(
            f"{tumour.alt[main, s]:.0f} of {tumour.depth[main, s]:.0f}" for s in shown or [deepest]
        )
        return {**row, "verdict": PRE_EXISTING, "reason": f"Seen {words} in {names} ({reads} reads)."}
    if shown:
        names = ", ".join(tumour.sample_ids[s] for s in shown)
        text = f"Some reads {words} in {names}, which errors may explain."
        return {**row, "verdict": UNDETERMINABLE, "reason": text}
    if not seen_after:
        return {**row, "verdict": UNDETERMINABLE, "reason": f"Not seen {words}, and not seen after."}
    if known.any() and 1 - p_pre >= above:
        text = f"Not detected {words}: CCF below {limit:.2f} at 95 % in {row['sample_before']}; seen after."
        return {**row, "verdict": ACQUIRED, "reason": text}
    what = f"CCF up to {limit:.2f} can't be excluded" if known.any() else "no reads are known"
    return {
        **row,
        "verdict": UNDETERMINABLE,
        "reason": f"Not seen {words}, but {what}; deeper reads would tell.",
    }


def _without_reads(
    tumour: Tumour, event: Event, before: np.ndarray, seen_after: Sequence[int], words: str
) -> dict[str, Any]:
    """Copy number and fusions: their callers' limits are not known, so that absence decides nothing."""
    shown = [tumour.sample_ids[s] for s in before if event.present[s]]
    first = shown[0] if shown else tumour.sample_ids[int(before[0])]
    row: dict[str, Any] = {"sample_before": first, "ccf_limit_before": None}
    if shown:
        return row | {
            "p_pre_existing": 1.0,
            "p_acquired": 0.0,
            "verdict": PRE_EXISTING,
            "reason": f"Reported {words} in {', '.join(shown)}.",
        }
    seen = "; seen after" if seen_after else ""
    return row | {
        "p_pre_existing": None,
        "p_acquired": None,
        "verdict": UNDETERMINABLE,
        "reason": f"Not reported {words}{seen}, but the limit of detection of its caller is not known.",
    }


def p_pre_existing(tumour: Tumour, mutation: int, before: np.ndarray, least: float) -> float:
    """P(there before therapy | reads before), with even odds to begin with; 0.5 without reads.

    The samples before therapy may differ in CCF: the deepest evidence counts, each at its own CCF.
    """
    log_absent, log_there = 0.0, 0.0
    grid = least ** (1 - (np.arange(GRID) + 0.5) / GRID)  # log-uniform
    for s in before:
        alt, depth = tumour.alt[mutation, s], tumour.depth[mutation, s]
        scale, error = tumour.scale[mutation, s], tumour.error[mutation, s]
        if not depth > 0 or not np.isfinite(scale):
            continue
        error = error if np.isfinite(error) else 0.001
        precision = float(tumour.precision[s]) if np.isfinite(tumour.precision[s]) else np.inf
        rates = read_rate(np.concatenate([[0.0], grid]), scale, error)
        log = _log_reads(alt, depth, rates, precision)
        log_absent += log[0]
        there = np.logaddexp.reduce(log[1:]) - np.log(GRID)
        log_there += float(there)
    return float(1 / (1 + np.exp(np.clip(log_absent - log_there, -700, 700))))


def _log_reads(alt: float, depth: float, rate: np.ndarray, precision: float) -> np.ndarray:
    choose = gammaln(depth + 1) - gammaln(alt + 1) - gammaln(depth - alt + 1)
    if not precision < OVERDISPERSED_BELOW:
        rate = np.clip(rate, 1e-12, 1 - 1e-12)
        return choose + alt * np.log(rate) + (depth - alt) * np.log1p(-rate)
    a, b = rate * precision, (1 - rate) * precision
    return choose + betaln(alt + a, depth - alt + b) - betaln(a, b)
