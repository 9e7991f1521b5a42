"""Clusters by regions: observed, fitted and residual descendant cell fraction as SVG."""

from __future__ import annotations

from markupsafe import Markup

from truncal.report.palette import diverging, ink_on, sequential
from truncal.report.patient import Patient
from truncal.report.svg import RULE, clone_mark, document, joined, number, tag, text, width_of
from truncal.report.words import shorten

MODES = ("observed", "fitted", "residual")
_CELL = 24.0


def heatmap_svg(patient: Patient, mode: str, *, title: str) -> Markup:
    """One row a clone, one column a sample; the number in a cell is its value in per cent.

    `residual` is observed minus fitted in percentage points. Cells of a clone that the tree does not hold are
    empty in `fitted` and `residual`.
    """
    names = [shorten(name, 22) for name in patient.short]
    wide = max(34.0, min(64.0, 720.0 / max(1, len(names))))
    upright = all(width_of(name, 11) < wide - 6 for name in names)
    top = 26.0 if upright else 14 + max(width_of(name, 11) for name in names) * 0.72
    left = 104.0
    parts = []
    for index, name in enumerate(names):
        x = left + wide * (index + 0.5)
        turn = {} if upright else {"transform": f"rotate(-45 {number(x)} {number(top - 8)})"}
        anchor = "middle" if upright else "start"
        parts.append(text(x, top - 8, name, text_anchor=anchor, font_size="11", data_sample=index, **turn))
    for row, clone in enumerate(patient.clones.values()):
        y = top + _CELL * row
        head = [
            clone_mark(18, y + _CELL / 2, clone.mark, clone.clone_id, 9, size=10),
            text(36, y + _CELL / 2 + 4, f"{clone.n_mutations} mut.", font_size="11", class_="soft"),
        ]
        cells = []
        for index, sample in enumerate(patient.samples):
            value = _value(patient, clone.clone_id, sample, mode)
            cells.append(_cell(left + wide * index, y, wide, value, mode))
        row_of_cells = tag("g", *cells, text_anchor="middle", font_size=11)
        parts.append(tag("g", *head, row_of_cells, class_="clone", data_clone=clone.clone_id))
    height = top + _CELL * len(patient.clones)
    parts.append(_key(left, height + 14, mode))
    width = left + wide * len(names) + (10 if upright else max(width_of(name, 11) for name in names) * 0.72)
    words = f"Descendant cell fraction of each clone in each sample, {mode}, in per cent."
    return document(max(width, 400), height + 44, parts, title=title, description=words)


def _value(patient: Patient, clone: int, sample: str, mode: str) -> float | None:
    observed, _, _, fitted = patient.dcf.get((clone, sample), (None, None, None, None))
    if mode == "observed" or fitted is None:
        return observed if mode == "observed" else None
    if mode == "fitted":
        return fitted
    return None if observed is None else observed - fitted


def _cell(x: float, y: float, wide: float, value: float | None, mode: str) -> Markup:
    """A cell as path and text; what all cells share is said once on their group."""
    box = f"M{number(x + 1)} {number(y + 1)}h{number(wide - 2)}v{number(_CELL - 2)}h{number(2 - wide)}z"
    if value is None:
        return tag("path", d=box, fill="none", stroke=RULE, class_="rule")
    fill = diverging(value) if mode == "residual" else sequential(value)
    said = f"{100 * value:+.0f}" if mode == "residual" else f"{100 * value:.0f}"
    words = tag("text", said.replace("-", "−"), x=x + wide / 2, y=y + _CELL / 2 + 4, fill=ink_on(fill))
    return tag("path", d=box, fill=fill) + words


def _key(x: float, y: float, mode: str) -> Markup:
    ends = (-0.3, 0.3) if mode == "residual" else (0.0, 1.0)
    colour = diverging if mode == "residual" else sequential
    parts = []
    for step in range(10):
        value = ends[0] + (ends[1] - ends[0]) * step / 9
        parts.append(tag("rect", x=x + 12 * step, y=y, width=12, height=8, fill=colour(value)))
    low, high = ("−30 pp", "+30 pp") if mode == "residual" else ("0 %", "100 %")
    parts.append(text(x, y + 20, low, font_size="10", class_="soft"))
    parts.append(text(x + 120, y + 20, high, font_size="10", class_="soft", text_anchor="end"))
    return joined(parts)
