"""Clone proportions as SVG: one bar a region, and a fish plot where samples have days."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from truncal.report.palette import UNCLAIMED
from truncal.report.patient import Patient
from truncal.report.svg import PAPER, RULE, SOFT, document, number, tag, text, width_of
from truncal.report.words import shorten


def bars_svg(patient: Patient, *, title: str, width: float = 720.0) -> Markup:
    """Share of each clone among the cancer cells of each sample, without its descendants."""
    names = [shorten(name, 26) for name in patient.short]
    left = 16 + max([width_of(name, 12) for name in names] or [0])
    span = width - left - 12
    parts = []
    for row, (sample, name) in enumerate(zip(patient.samples, names, strict=True)):
        y = 8 + 30.0 * row
        parts.append(text(left - 8, y + 16, name, text_anchor="end", data_sample=row))
        x = left
        pieces = []
        values = [(clone, patient.proportions.get((clone, sample))) for clone in (*patient.clones, 0)]
        total = sum(value[0] for _, value in values if value) or 1.0
        for clone, value in values:
            if value is None or value[0] <= 0.0005:
                continue
            size = span * value[0] / max(1.0, total)
            pieces.append(_piece(patient, clone, sample, value, x, y, size))
            x += size
        shared = {
            "stroke": PAPER,
            "class_": "mark",
            "text_anchor": "middle",
            "font_size": 11,
            "font_weight": 600,
        }
        parts.append(tag("g", *pieces, **shared))
    height = 8 + 30.0 * len(names)
    for share in (0, 25, 50, 75, 100):
        x = left + span * share / 100
        parts.append(tag("path", d=f"M{number(x)} {number(height)}v4", stroke=RULE, class_="rule"))
        anchor = "end" if share == 100 else "middle"
        parts.append(text(x, height + 16, f"{share} %", font_size="10", class_="soft", text_anchor=anchor))
    words = "Share of each clone among the cancer cells of each sample; grey is what no clone claims."
    return document(width, height + 22, parts, title=title, description=words)


def _piece(
    patient: Patient,
    clone: int,
    sample: str,
    value: tuple[float, float | None, float | None],
    x: float,
    y: float,
    size: float,
) -> Markup:
    share, low, high = value
    span = "" if low is None or high is None else f" ({100 * low:.0f}–{100 * high:.0f} %)"
    name = f"Clone {clone}" if clone else "No clone"
    fill = patient.clones[clone].mark.fill if clone else UNCLAIMED
    inner = [
        tag("title", f"{name} in {sample}: {100 * share:.0f} %{span}"),
        tag("path", d=f"M{number(x)} {number(y)}h{number(size)}v24h{number(-size)}z", fill=fill),
    ]
    if clone and size > 24:
        words = f"{clone}" if size < 60 else f"{clone} · {100 * share:.0f} %"
        inner.append(
            tag("text", words, x=x + size / 2, y=y + 16, fill=patient.clones[clone].mark.ink, stroke="none")
        )
    return tag("g", *inner, class_="clone", data_clone=clone)


def fish_svg(patient: Patient, *, title: str, width: float = 960.0) -> Markup | None:
    """Clones over time, descendants inside their ancestors; `None` unless every sample has its day.

    Samples of one day are averaged. Between days the width of a band is interpolated and says nothing.
    """
    if patient.days is None:
        return None
    days = sorted(set(patient.days))
    tree, deep = patient.consensus, 190.0
    treatments = _treatments(patient)
    low = min([days[0], *(start for _, start, _ in treatments)])
    high = max([days[-1], *(end for _, _, end in treatments)])
    top = 14 + 20.0 * len(treatments)
    left, right = 46.0, 70.0

    def x_of(day: float) -> float:
        return left + (width - left - right) * (day - low) / max(1e-9, high - low)

    share = {clone: [_mean(patient, clone, day) for day in days] for clone in patient.clones}
    for clone in reversed(list(tree.descent())):
        parent = tree.parents[clone]
        if parent:
            share[parent] = [a + b for a, b in zip(share[parent], share[clone], strict=True)]
    xs = [x_of(day) for day in days]
    bands = _bands(patient, share, top, deep, len(days))
    parts = [
        _bar(name, x_of(start), x_of(end), 8 + 20.0 * row)
        for row, (name, start, end) in enumerate(treatments)
    ]
    for clone in tree.descent():
        if clone in bands:
            mark = patient.clones[clone].mark
            shape = tag(
                "path",
                d=_outline(xs, bands[clone]),
                fill=mark.fill,
                stroke=PAPER,
                stroke_width=0.75,
                class_="mark",
            )
            parts.append(tag("g", tag("title", f"Clone {clone}"), shape, class_="clone", data_clone=clone))
    for day, x in zip(days, xs, strict=True):
        parts.append(
            tag(
                "path",
                d=f"M{number(x)} {number(top)}V{number(top + deep + 4)}",
                stroke=SOFT,
                stroke_dasharray="2 3",
                class_="soft-line",
            )
        )
        parts.append(text(x, top + deep + 18, f"day {day:g}", text_anchor="middle", font_size="11"))
    parts.extend(_end_labels(patient, bands, xs[-1]))
    words = "Share of each clone and its descendants over time; between the days the shape is interpolated."
    return document(width, top + deep + 30, parts, title=title, description=words)


def _mean(patient: Patient, clone: int, day: float) -> float:
    chosen = [s for s, d in zip(patient.samples, patient.days or [], strict=True) if d == day]
    values = [patient.proportions.get((clone, sample), (0.0, None, None))[0] for sample in chosen]
    return sum(values) / len(values)


def _bands(
    patient: Patient,
    share: dict[int, list[float]],
    top: float,
    deep: float,
    n: int,
) -> dict[int, list[tuple[float, float]]]:
    """(upper, lower) edge of each clone at each day, children inside their parent."""
    tree = patient.consensus
    bands: dict[int, list[tuple[float, float]]] = {}

    def place(node: int, frame: list[tuple[float, float]]) -> None:
        children = tree.children.get(node, [])
        free = [
            max(0.0, (low - high) - deep * sum(share.get(child, [0.0] * n)[t] for child in children))
            for t, (high, low) in enumerate(frame)
        ]
        at = [high for high, _ in frame]
        for child in children:
            if child not in share:
                continue
            gap = [room / (len(children) + 1) for room in free]
            at = [a + g for a, g in zip(at, gap, strict=True)]
            bands[child] = [(a, a + deep * share[child][t]) for t, a in enumerate(at)]
            at = [low for _, low in bands[child]]
            place(child, bands[child])

    place(0, [(top, top + deep)] * n)
    return bands


def _outline(xs: Sequence[float], band: Sequence[tuple[float, float]]) -> str:
    """Closed outline; a band that grows from nothing starts as a point between the two days."""
    points = [(x, high, low) for x, (high, low) in zip(xs, band, strict=True)]
    first = next((i for i, (_, high, low) in enumerate(points) if low - high > 0.4), None)
    if first is None:
        return ""
    if first > 0:
        x = xs[first - 1] + 0.15 * (xs[first] - xs[first - 1])
        middle = (points[first][1] + points[first][2]) / 2
        points = [(x, middle, middle), *points[first:]]
    upper = [(x, high) for x, high, _ in points]
    lower = [(x, low) for x, _, low in reversed(points)]
    return f"M{_pair(upper[0])}{_curve(upper)}L{_pair(lower[0])}{_curve(lower)}Z"


def _curve(points: Sequence[tuple[float, float]]) -> str:
    parts = []
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (x0 + x1) / 2
        parts.append(f"C{_pair((middle, y0))} {_pair((middle, y1))} {_pair((x1, y1))}")
    return "".join(parts)


def _pair(point: tuple[float, float]) -> str:
    return f"{number(point[0])} {number(point[1])}"


def _end_labels(patient: Patient, bands: dict[int, list[tuple[float, float]]], x: float) -> list[Markup]:
    """Clone numbers right of the last day, pushed apart where they would touch."""
    wanted = sorted(
        (
            (band[-1][0] + min(9.0, (band[-1][1] - band[-1][0]) / 2), clone)
            for clone, band in bands.items()
            if band[-1][1] - band[-1][0] > 1.5
        )
    )
    parts, last = [], -99.0
    for y, clone in wanted:
        y = max(y, last + 13)
        last = y
        parts.append(tag("rect", x=x + 8, y=y - 6, width=9, height=9, fill=patient.clones[clone].mark.fill))
        parts.append(text(x + 21, y + 3, clone, font_size="11"))
    return parts


def _treatments(patient: Patient) -> list[tuple[str, float, float]]:
    found = []
    last = max(patient.days or [0.0])
    for row in patient.records("treatments"):
        if isinstance(row["start"], (int, float)):
            end = row["end"] if isinstance(row["end"], (int, float)) else last
            found.append((str(row["drug"]), float(row["start"]), max(float(end), float(row["start"]))))
    return sorted(found, key=lambda one: one[1])


def _bar(name: str, start: float, end: float, y: float) -> Markup:
    size = max(4.0, end - start)
    bar = tag("rect", x=start, y=y, width=size, height=15, rx=3, fill="#dfe5ec", class_="bar")
    inside = width_of(name, 11) < size - 8
    return bar + text(start + (6 if inside else size + 6), y + 11.5, name, font_size="11")
