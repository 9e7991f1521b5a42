"""Single mutations as SVG: a strip a region, one pair of regions; dots are path data to stay small."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from truncal.report.palette import OUTLIER
from truncal.report.patient import Patient
from truncal.report.svg import RULE, document, number, tag, text
from truncal.report.words import shorten

_GOLDEN = 0.6180339887498949


def colour_of(patient: Patient, clone: int) -> str:
    """Fill of a clone, grey for outliers."""
    return patient.clones[clone].mark.fill if clone in patient.clones else OUTLIER


MOST_DOTS = 2500
MEASURES = {"vaf": "allele frequency in the reads", "ccf": "cancer cell fraction"}


def values(patient: Patient, measure: str) -> np.ndarray:
    """Array (mutations, samples) of `vaf`, the reads as they are, or `ccf`, what the model makes of them."""
    if measure == "ccf":
        return patient.ccf
    with np.errstate(divide="ignore", invalid="ignore"):
        return patient.alt / patient.depth


def strips_svg(patient: Patient, measure: str, *, title: str) -> Markup:
    """One column a sample, one dot a mutation at its VAF or CCF, clones side by side within the column.

    Of more than `MOST_DOTS` dots every nth of each clone is drawn; `thinning` says how many that leaves out.
    """
    groups = [*(c for c in patient.clones if (patient.cluster == c).any())]
    if (patient.cluster < 0).any():
        groups.append(-1)
    wide = max(26.0, min(150.0, 640.0 / max(1, len(patient.samples))))
    left, top, deep = 44.0, 10.0, 170.0
    step, shown = thinning(patient), values(patient, measure)
    parts = _axis(left, top, deep, wide * len(patient.samples), measure)
    lane = (wide - 8) / max(1, len(groups))
    for column, sample in enumerate(patient.short):
        parts.append(_name(left + wide * (column + 0.5), top + deep + 16, sample, wide, column))
    for index, clone in enumerate(groups):
        rows = np.flatnonzero(patient.cluster == clone)[::step]
        row, of_sample = np.nonzero(patient.depth[rows] > 0)
        jitter = 0.15 + 0.7 * ((row * _GOLDEN) % 1)
        x = left + wide * of_sample + 4 + lane * (index + jitter)
        y = top + deep * (1 - np.clip(shown[rows[row], of_sample], 0, 1))
        parts.append(dots(x, y, colour_of(patient, clone), clone))
    words = f"Each mutation in each sample by clone: {MEASURES[measure]}."
    return document(
        left + wide * len(patient.samples) + 8, top + deep + 26, parts, title=title, description=words
    )


def thinning(patient: Patient) -> int:
    """Every how many-th mutation the strips show."""
    return max(1, -(-patient.depth.size // MOST_DOTS))


def pair_svg(patient: Patient, one: int, other: int, measure: str, *, title: str) -> Markup:
    """VAF or CCF in one sample against another."""
    left, top, deep = 44.0, 10.0, 300.0
    parts, shown = _axis(left, top, deep, deep, measure), values(patient, measure)
    for share in (0.0, 0.5, 1.0):
        x = left + deep * share
        parts.append(tag("path", d=f"M{number(x)} {number(top)}v{number(deep)}", stroke=RULE, class_="rule"))
        parts.append(
            text(x, top + deep + 15, f"{share:g}", text_anchor="middle", font_size="10", class_="soft")
        )
    seen = (patient.depth[:, one] > 0) & (patient.depth[:, other] > 0)
    for clone in (*patient.clones, -1):
        rows = np.flatnonzero(seen & (patient.cluster == clone))
        x = left + deep * np.clip(shown[rows, one], 0, 1)
        y = top + deep * (1 - np.clip(shown[rows, other], 0, 1))
        parts.append(dots(x, y, colour_of(patient, clone), clone, 5))
    parts.append(
        text(left + deep / 2, top + deep + 30, shorten(patient.short[one], 40), text_anchor="middle")
    )
    turn = f"rotate(-90 12 {number(top + deep / 2)})"
    parts.append(
        text(12, top + deep / 2, shorten(patient.short[other], 40), text_anchor="middle", transform=turn)
    )
    names = f"{patient.samples[one]} against {patient.samples[other]}"
    words = f"Mutations read in both, {names}: {MEASURES[measure]}."
    return document(left + deep + 12, top + deep + 38, parts, title=title, description=words)


def dots(x: np.ndarray, y: np.ndarray, fill: str, clone: int, size: float = 4) -> Markup:
    """All dots of a clone as one path: zero-length lines with round caps."""
    if not len(x):
        return Markup("")
    path = "".join(f"M{a:.0f} {b:.0f}h0" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    line = tag(
        "path",
        d=path,
        stroke=fill,
        stroke_width=float(size),
        stroke_linecap="round",
        stroke_opacity="0.75",
        fill="none",
    )
    return tag("g", line, class_="clone", data_clone=clone)


def far_pair(patient: Patient) -> tuple[int, int] | None:
    """The two samples whose clone fractions differ most: the pair worth looking at first."""
    if len(patient.samples) < 2:
        return None
    table = np.array(
        [[patient.dcf.get((c, s), (0.0,))[0] or 0.0 for s in patient.samples] for c in patient.clones]
    )
    if not table.size:
        return 0, 1
    apart = np.abs(table[:, :, None] - table[:, None, :]).sum(axis=0)
    one, other = divmod(int(np.triu(apart, 1).argmax()), len(patient.samples))
    return (one, other) if one != other else (0, 1)


def _axis(left: float, top: float, deep: float, wide: float, measure: str) -> list[Markup]:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = top + deep * (1 - share)
        parts.append(tag("path", d=f"M{number(left)} {number(y)}h{number(wide)}", stroke=RULE, class_="rule"))
        parts.append(text(left - 6, y + 3.5, f"{share:g}", text_anchor="end", font_size="10", class_="soft"))
    parts.append(text(2, top + 4, measure.upper(), font_size="10", class_="soft axis"))
    return parts


def _name(x: float, y: float, name: str, wide: float, column: int) -> Markup:
    return text(
        x, y, shorten(name, max(3, int(wide / 6.5))), text_anchor="middle", font_size="11", data_sample=column
    )
