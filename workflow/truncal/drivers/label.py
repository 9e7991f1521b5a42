"""Clonal, subclonal or indeterminate, and the reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

CLONAL, SUBCLONAL, INDETERMINATE = "clonal", "subclonal", "indeterminate"
SURE_OF_TRUNK, NOT_TRUNK = 0.9, 0.1
WIDE_INTERVAL = 0.3
LOW_PURITY = 0.3
AMBIGUOUS_COPIES = 4.0
UNSURE_MEMBER = 0.8
ALL_LEFT = 0.995
FEW_REGIONS = 4
SHOWN = 3


@dataclass(frozen=True)
class RegionView:
    """What one sample says of an event, for the reason: reads, CCF with interval, purity, copies, loss."""

    sample: str
    alt: float
    depth: float
    called: bool
    ccf: float
    low: float
    high: float
    purity: float | None
    total: float
    lost: float
    excluded: float


def label(p_clonal: float, settings: Mapping[str, Any]) -> str:
    """The label of a probability; NaN is indeterminate."""
    if p_clonal >= settings["clonal_above"]:
        return CLONAL
    return SUBCLONAL if p_clonal <= settings["subclonal_below"] else INDETERMINATE


def reason(
    verdict: str,
    p_clonal: float,
    p_truncal: float,
    p_next_region: float,
    regions: Sequence[RegionView],
    *,
    outlier: float = 0.0,
    member: float = 1.0,
    at_least: float = 0.95,
) -> str:
    """Sentences that say why: what decided it, what is in doubt, what a loss or a further region changes."""
    parts = [_verdict(verdict, p_clonal, regions, at_least)]
    if verdict == INDETERMINATE:
        parts += _doubts(regions, outlier, member, at_least)
    parts += _origin(verdict, p_truncal, regions)
    parts += _silent(regions)
    if verdict == CLONAL or p_truncal >= SURE_OF_TRUNK:
        parts += _next_region(p_next_region, len(regions))
    if outlier > 0.5:
        parts.append("The mutation fits no clone; its label rests on its own reads.")
    return " ".join(part for part in parts if part)


def _verdict(verdict: str, p_clonal: float, regions: Sequence[RegionView], at_least: float) -> str:
    if not np.isfinite(p_clonal):
        return "No probability could be given."
    where = "the sampled region" if len(regions) == 1 else f"all {len(regions)} sampled regions"
    chance = f"{p_clonal:.2f}"
    if verdict == CLONAL:
        return f"CCF ≥ {at_least:g} in {where} with probability {chance}."
    if verdict == SUBCLONAL:
        below = [one for one in regions if one.high < at_least]
        lowest = sorted(below or list(regions), key=lambda one: one.ccf)[:SHOWN]
        named = ", ".join(f"{one.sample} (CCF {one.ccf:.2f})" for one in lowest if np.isfinite(one.ccf))
        return f"Not in every cancer cell of {named}: CCF ≥ {at_least:g} in {where} has probability {chance}."
    return f"Undecided: CCF ≥ {at_least:g} in {where} has probability {chance}."


def _doubts(regions: Sequence[RegionView], outlier: float, member: float, at_least: float) -> list[str]:
    found = []
    wide = [one for one in regions if np.isfinite(one.high) and one.high - one.low > WIDE_INTERVAL]
    shallow = [one for one in wide if one.called and one.depth < 100]
    impure = [one for one in regions if one.purity is not None and one.purity < LOW_PURITY]
    gained = [one for one in wide if np.isfinite(one.total) and one.total > AMBIGUOUS_COPIES]
    partial = [one for one in wide if np.isfinite(one.total) and abs(one.total - round(one.total)) > 0.05]
    unlisted = [one for one in regions if not one.called]
    if shallow:
        found.append(f"Power: depth is low in {_named(shallow, lambda one: f'{one.depth:.0f} reads')}.")
    if impure:
        found.append(f"Purity is low in {_named(impure, lambda one: f'{one.purity:.2f}')}.")
    if gained:
        found.append(
            f"Copy number: with {_named(gained, lambda one: f'{one.total:.1f} copies')} how many are "
            "mutated is ambiguous."
        )
    if partial:
        found.append(f"Copy number is subclonal in {_named(partial, lambda one: f'{one.total:.1f} copies')}.")
    if unlisted:
        found.append(f"Not called in {_named(unlisted)}: its reads there are unknown.")
    if member < UNSURE_MEMBER and outlier <= 0.5:
        found.append(f"It may belong to more than one clone (the likeliest has probability {member:.2f}).")
    if not found:
        near = sorted(regions, key=lambda one: one.ccf)[:SHOWN]
        found.append(
            f"Its CCF is close to {at_least:g}: "
            + ", ".join(f"{one.sample} {one.ccf:.2f} [{one.low:.2f}-{one.high:.2f}]" for one in near)
            + "."
        )
    return found


def _origin(verdict: str, p_truncal: float, regions: Sequence[RegionView]) -> list[str]:
    if not np.isfinite(p_truncal):
        return []
    lost = [one for one in regions if np.isfinite(one.lost) and one.lost > 0.2]
    if p_truncal >= SURE_OF_TRUNK and verdict != CLONAL:
        how = (
            f": copies were lost in {_named(lost, lambda one: f'{one.lost:.0%} of the cells')}"
            if lost
            else ""
        )
        return [f"It arose on the trunk (probability {p_truncal:.2f}){how}."]
    if p_truncal <= NOT_TRUNK and verdict == CLONAL:
        return [f"It arose on a branch (probability of the trunk {p_truncal:.2f}) and swept the samples."]
    if NOT_TRUNK < p_truncal < SURE_OF_TRUNK:
        return [f"Trunk or branch is open (probability of the trunk {p_truncal:.2f})."]
    return []


def _silent(regions: Sequence[RegionView]) -> list[str]:
    silent = [one for one in regions if one.called and one.alt == 0 and np.isfinite(one.excluded)]
    if not silent:
        return []
    return [f"No reads in {_named(silent, _ruled_out)}."]


def _ruled_out(region: RegionView) -> str:
    if region.excluded >= ALL_LEFT:
        return "too few reads to exclude any CCF"
    return f"CCF above {region.excluded:.2f} excluded"


def _next_region(p_next_region: float, regions: int) -> list[str]:
    if not np.isfinite(p_next_region):
        return []
    wide = ", a wide estimate below four regions" if regions < FEW_REGIONS else ""
    if p_next_region < SURE_OF_TRUNK:
        return [f"One more region would show it clonal with probability {p_next_region:.2f} only{wide}."]
    return [f"One more region would show it clonal with probability {p_next_region:.2f}{wide}."]


def _named(regions: Sequence[RegionView], what: Any = None) -> str:
    shown = [f"{one.sample} ({what(one)})" if what else one.sample for one in regions[:SHOWN]]
    if len(regions) > SHOWN:
        shown.append(f"{len(regions) - SHOWN} more")
    return ", ".join(shown)
