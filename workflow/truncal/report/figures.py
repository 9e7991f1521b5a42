"""Figures for papers: the page's own drawings as SVG, PNG and PDF."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from truncal.progress import steps
from truncal.report.heatmap import heatmap_svg
from truncal.report.patient import Patient
from truncal.report.proportions import bars_svg, fish_svg
from truncal.report.tree import tree_svg
from truncal.tables import atomic

FORMATS = ("svg", "png", "pdf")
FIGURES: dict[str, Callable[[Patient], str | None]] = {
    "tree": lambda patient: tree_svg(patient, patient.consensus, title=f"Clone tree of {patient.title}"),
    "ccf": lambda patient: heatmap_svg(patient, "observed", title=f"Cell fractions of {patient.title}"),
    "proportions": lambda patient: bars_svg(patient, title=f"Clone proportions of {patient.title}"),
    "fish": lambda patient: fish_svg(patient, title=f"Clones of {patient.title} over time"),
}
"""Drawings by file name; `None` where the data do not allow one (a fish plot needs days)."""


def write_figures(
    patient: Patient, out: Path, formats: Sequence[str] = FORMATS, *, resolution: float = 300
) -> list[Path]:
    """Write every figure in these formats into a folder; `resolution` is that of the PNG in dots an inch."""
    drawn = {name: svg for name, draw in FIGURES.items() if (svg := draw(patient)) is not None}
    written = []
    with steps("figures", len(drawn) * len(formats)) as advance:
        for name, svg in drawn.items():
            for form in formats:
                path = out / f"{name}.{form}"
                with atomic(path, "wb") as handle:
                    handle.write(rendered(svg, form, resolution))
                written.append(path)
                advance()
    return written


def rendered(svg: str, form: str, resolution: float = 300) -> bytes:
    """Bytes of a drawing on white as `svg`, `png` or `pdf`."""
    head, _, rest = svg.partition(">")
    svg = f'{head}><rect width="100%" height="100%" fill="#ffffff"/>{rest}'
    if form == "svg":
        return ('<?xml version="1.0" encoding="UTF-8"?>\n' + svg + "\n").encode()
    import vl_convert

    if form == "png":
        return vl_convert.svg_to_png(
            svg, scale=72 / 96, ppi=resolution
        )  # a pixel of the drawing is 1/96 inch
    # the converter puts several fonts in an order that changes from run to run; one weight is one font
    return vl_convert.svg_to_pdf(re.sub(r'font-weight="\w+"', 'font-weight="400"', svg))
