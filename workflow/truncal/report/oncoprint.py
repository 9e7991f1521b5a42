"""Drivers of many patients as SVG: a row a gene, a column a patient, a glyph a place."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from markupsafe import Markup

from truncal.report.members import Member
from truncal.report.patient import BRANCH, TRUNK, UNSURE
from truncal.report.places import glyph
from truncal.report.svg import document, number, tag, text, width_of
from truncal.report.words import shorten

_CELL = 18.0


def gene_rows(found: Sequence[Member], most: int = 60) -> list[tuple[str, dict[str, list[str]]]]:
    """(gene, places by patient) of the genes with a driver, those in most patients first."""
    genes: dict[str, dict[str, list[str]]] = {}
    for member in found:
        for driver in member.drivers:
            gene = str(driver.row.get("gene") or driver.name)
            genes.setdefault(gene, {}).setdefault(member.patient_id, []).append(driver.place)
    return sorted(genes.items(), key=lambda one: (-len(one[1]), one[0]))[:most]


def counts(places: Sequence[str]) -> tuple[int, int, int]:
    """Number on the trunk, on a branch, undecided."""
    return places.count(TRUNK), places.count(BRANCH), places.count(UNSURE)


def oncoprint_svg(found: Sequence[Member], *, title: str) -> str | None:
    """The oncoprint, patients ordered so that those with the frequent genes come first."""
    rows = gene_rows(found)
    if not rows:
        return None
    order = sorted(
        (member for member in found if not member.failed),
        key=lambda m: (*(m.patient_id not in places for _, places in rows), m.patient_id),
    )
    names = [shorten(member.patient_id, 16) for member in order]
    left = 20 + max(width_of(gene, 12) for gene, _ in rows)
    top = 14 + max(width_of(name, 10) for name in names) * 0.94
    counts_at = left + _CELL * len(order) + 14
    parts = [
        glyph(counts_at + 34 * i + 10, top - 12, 5, code) for i, code in enumerate((TRUNK, BRANCH, UNSURE))
    ]
    for column, (member, name) in enumerate(zip(order, names, strict=True)):
        x = left + _CELL * (column + 0.5) + 3
        turn = f"rotate(-75 {number(x)} {number(top - 6)})"
        label = text(x, top - 6, name, font_size="10", transform=turn)
        parts.append(tag("a", label, href=quote(str(member.summary["report"]))))
    for row, (gene, places) in enumerate(rows):
        y = top + _CELL * row
        parts.append(text(left - 8, y + 13, gene, text_anchor="end", font_weight=600))
        line = [tag("path", d=_grid(left, y, len(order)), class_="cell", fill="#eef0f3")]
        for column, member in enumerate(order):
            if member.patient_id in places:
                line.append(
                    _glyphs(left + _CELL * column, y, places[member.patient_id], gene, member.patient_id)
                )
        parts.append(tag("g", *line))
        every = [place for found_places in places.values() for place in found_places]
        for i, amount in enumerate(counts(every)):
            if amount:
                parts.append(
                    text(counts_at + 34 * i + 10, y + 13, amount, text_anchor="middle", font_size="11")
                )
    width, height = counts_at + 116, top + _CELL * len(rows) + 8
    words = "; ".join(
        f"{gene}: {a} on the trunk, {b} on a branch, {c} undecided"
        for gene, places in rows
        for a, b, c in [counts([p for ps in places.values() for p in ps])]
    )
    return document(width, height, parts, title=title, description=words, role="group")


def _grid(x: float, y: float, columns: int) -> str:
    size = number(_CELL - 2)
    return "".join(
        f"M{number(x + _CELL * i + 1)} {number(y + 1)}h{size}v{size}h-{size}z" for i in range(columns)
    )


def _glyphs(x: float, y: float, places: Sequence[str], gene: str, patient_id: str) -> Markup:
    """Trunk as a square, branch as a diamond, undecided as a half disc; smaller where they share a cell."""
    kinds = [code for code in (TRUNK, BRANCH, UNSURE) if code in places]
    step = _CELL / (len(kinds) + 1)
    radius = 6.0 if len(kinds) == 1 else 3.6
    words = ", ".join({TRUNK: "trunk", BRANCH: "branch", UNSURE: "undecided"}[code] for code in kinds)
    shapes = [tag("title", f"{patient_id}: {gene}, {words}")]
    for index, code in enumerate(kinds):
        shapes.append(glyph(x + step * (index + 1), y + _CELL / 2, radius, code))
    return tag("g", *shapes)
