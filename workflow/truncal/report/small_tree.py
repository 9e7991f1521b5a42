"""Small trees: one at a glance on top of a patient's page, and one for each of many patients side by side."""

from __future__ import annotations

from markupsafe import Markup

from truncal.report.patient import Driver, Patient, Tree
from truncal.report.places import glyph
from truncal.report.svg import INK, RULE, clone_mark, document, joined, number, tag, text, width_of
from truncal.report.tree import SOLID_FROM, drivers_by_clone, layout
from truncal.report.words import shorten


def small_tree_svg(patient: Patient, tree: Tree, *, title: str) -> Markup:
    """Branches and the genes of the drivers, without numbers."""
    parts, width, height = _drawn(patient, tree, span=120.0, row=13.0, large=False)
    return document(width, height, parts, title=title, class_="figure small")


def glance_svg(patient: Patient, tree: Tree, *, title: str) -> Markup:
    """Branches, numbered clones and the drivers by name with the mark of their place."""
    parts, width, height = _drawn(patient, tree, span=260.0, row=24.0, large=True)
    return document(width, height, parts, title=title, class_="figure glance")


def _drawn(
    patient: Patient, tree: Tree, *, span: float, row: float, large: bool
) -> tuple[list[Markup], float, float]:
    rows, _ = layout(patient, tree, span)
    drivers = drivers_by_clone(patient)
    left, top = 10.0, 14.0 if large else 10.0
    at = {0: (left, top)}
    first = rows[0].start if rows else 0.0
    scale = span / max([1.0, *(one.end - first for one in rows)])
    lines: list[Markup] = []
    nodes: list[Markup] = []
    right = 0.0
    for index, one in enumerate(rows):
        y, end = top + row * index, left + (one.end - first) * scale
        x0, y0 = at[one.parent]
        at[one.clone] = (end, y)
        mark = patient.clones[one.clone].mark
        thick = (5.0 if large else 3.5) if one.parent == 0 else (3.0 if large else 2.0)
        weak = large and patient.edge_support.get((one.parent, one.clone), 1.0) < SOLID_FROM
        dash = "4 3" if weak else None
        line = tag(
            "path",
            d=f"M{number(x0)} {number(y)}H{number(end)}",
            stroke=mark.fill,
            stroke_width=thick,
            fill="none",
            stroke_dasharray=dash,
        )
        if y != y0:
            drop = f"M{number(x0)} {number(y0)}V{number(y)}"
            lines.insert(
                0,
                tag(
                    "path",
                    d=drop,
                    stroke=RULE,
                    stroke_width=2,
                    fill="none",
                    class_="rule",
                    stroke_dasharray=dash,
                ),
            )
        found = drivers.get(one.clone, [])
        if large:
            node = clone_mark(end, y, mark, one.clone, 8, size=9)
            labels, width = _named(found, end + 14, y)
        else:
            node = tag("circle", cx=end, cy=y, r=3.5, fill=mark.fill)
            labels, width = _genes(found, end + 7, y)
        right = max(right, end + 14 + width)
        lines.append(tag("g", line, class_="clone", data_clone=one.clone) if large else line)
        nodes.append(tag("g", node, labels, class_="clone", data_clone=one.clone) if large else node + labels)
    return lines + nodes, max(right + 8, span + 30), 2 * top + row * max(0, len(rows) - 1)


def _genes(found: list[Driver], x: float, y: float) -> tuple[Markup, float]:
    names = list(dict.fromkeys(str(one.row.get("gene") or one.name) for one in found))
    words = shorten(" ".join(names), 20)
    return (text(x, y + 3.5, words, font_size="9"), width_of(words, 9)) if words else (Markup(""), 0.0)


def _named(found: list[Driver], x: float, y: float) -> tuple[Markup, float]:
    """Names side by side, as many as a line holds."""
    parts, start = [], x
    for number_of, one in enumerate(found):
        words = shorten(one.name, 26)
        if x - start > 330:
            parts.append(text(x, y + 4, f"+ {len(found) - number_of}", font_size="11", class_="soft"))
            x += 26
            break
        place = {"x": x + 11, "y": y + 4}
        name = tag("text", words, fill=INK, class_="ink", font_weight=600, **place)
        parts.append(glyph(x + 4, y, 4, one.place) + name)
        x += 11 + 1.1 * width_of(words, 12) + 12
    return joined(parts), x - start
