"""Marks of where a driver stands: shape and colour both tell trunk, branch and undecided apart."""

from __future__ import annotations

from markupsafe import Markup

from truncal.report.patient import BRANCH, TRUNK
from truncal.report.svg import number, tag

PLACE_COLOUR = {TRUNK: "#1a5c52", BRANCH: "#a3480f", "unsure": "#566272"}


def glyph(x: float, y: float, radius: float, place: str) -> Markup:
    """One mark of a place, told apart by its shape as well as by its colour."""
    fill, cls = PLACE_COLOUR[place], f"place-{place}"
    n = number
    if place == TRUNK:
        return tag(
            "rect", x=x - radius, y=y - radius, width=2 * radius, height=2 * radius, fill=fill, class_=cls
        )
    if place == BRANCH:
        r = radius * 1.2
        d = f"M{n(x)} {n(y - r)}L{n(x + r)} {n(y)}L{n(x)} {n(y + r)}L{n(x - r)} {n(y)}Z"
        return tag("path", d=d, fill=fill, class_=cls)
    ring = tag(
        "circle", cx=x, cy=y, r=radius, fill="none", stroke=fill, stroke_width=1.4, class_="unsure-ring"
    )
    half = f"M{n(x)} {n(y - radius)}A{n(radius)} {n(radius)} 0 0 0 {n(x)} {n(y + radius)}Z"
    return ring + tag("path", d=half, fill=fill, class_=cls)
