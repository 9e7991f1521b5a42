"""The clone tree as SVG: one row a clone, branch length by number of mutations, drivers beside their clone.

Its own row for every clone (parents above children) keeps labels apart at any number of clones and drivers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from truncal.report.palette import sequential
from truncal.report.patient import BRANCH, TRUNK, UNSURE, Driver, Patient, Tree
from truncal.report.places import glyph
from truncal.report.svg import INK, RULE, SOFT, clone_mark, document, joined, number, tag, text, width_of
from truncal.report.words import percent, probability, shorten

SOLID_FROM = 0.9
_PLACES = (TRUNK, BRANCH, UNSURE)
_LEFT, _TOP, _ROW, _SHORTEST = 34.0, 34.0, 38.0, 44.0
_LABEL, _LINE, _MOST = 12.0, 16.0, 8


@dataclass(frozen=True)
class Row:
    """Where a clone's branch is drawn."""

    clone: int
    parent: int
    y: float
    start: float
    end: float


def layout(patient: Patient, tree: Tree, span: float = 440.0, top: float = _TOP) -> tuple[list[Row], float]:
    """Rows of the clones, parents first and large branches first, and pixels per mutation.

    A row is as high as the labels of its clone's drivers need.
    """
    labels = {clone: len(found) for clone, found in drivers_by_clone(patient).items()}
    size = {clone: max(0, found.n_mutations) for clone, found in patient.clones.items()}
    depth: dict[int, int] = {0: 0}
    for clone in tree.descent():
        depth[clone] = depth[tree.parents[clone]] + size.get(clone, 0)
    scale = span / max(1, *depth.values())
    below = {clone: sum(1 for _ in tree.descent(clone)) for clone in tree.parents}
    ends: dict[int, float] = {0: _LEFT}
    rows: list[Row] = []
    height = {clone: max(_ROW, 22 + _LINE * min(labels.get(clone, 0), _MOST + 1)) for clone in tree.parents}

    def visit(node: int) -> None:
        for child in sorted(tree.children.get(node, ()), key=lambda c: (-below[c], c)):
            start = ends[node]
            ends[child] = start + max(_SHORTEST, size.get(child, 0) * scale)
            y = rows[-1].y + height[rows[-1].clone] if rows else top
            rows.append(Row(child, node, y, start, ends[child]))
            visit(child)

    visit(0)
    return rows, scale


def tree_svg(
    patient: Patient, tree: Tree, *, title: str, moved: frozenset[int] = frozenset(), samples: bool = True
) -> Markup:
    """Draw a tree, and in line with each clone in what share of the cells of each `samples` it is.

    Branches of the clones in `moved` are set off (another parent than in the shown tree).
    """
    names = [shorten(name, 20) for name in patient.short] if samples else []
    rows, scale = layout(patient, tree, top=max([_TOP, *(30 + 0.72 * width_of(name, 10) for name in names)]))
    if not rows:
        return document(320, 40, [text(10, 25, "No clone could be placed on a tree.")], title=title)
    single = len(tree.children[0]) == 1
    drivers = drivers_by_clone(patient)
    at = {row.clone: row for row in rows}
    at[0] = Row(0, 0, rows[0].y, _LEFT, _LEFT)
    lines: list[str] = []
    nodes = [tag("circle", cx=_LEFT, cy=rows[0].y, r=5, fill=SOFT, class_="soft-fill")]
    nodes.append(text(_LEFT - 9, rows[0].y + 4, "normal", text_anchor="end", font_size="10", class_="soft"))
    right = 0.0
    for row in rows:
        support = patient.edge_support.get((row.parent, row.clone))
        trunk = single and row.parent == 0
        lines.append(_branch(patient, row, at[row.parent], support, trunk, row.clone in moved))
        mark = patient.clones[row.clone]
        labels, width = _labels(drivers.get(row.clone, []), row.end + 18, row.y)
        if row.clone in patient.set_aside:
            labels += text(row.end - 10, row.y - 13, "set aside", font_size="10", class_="soft")
        right = max(right, row.end + 18 + width)
        nodes.append(
            tag(
                "g",
                tag("title", f"Clone {row.clone}: {mark.n_mutations} mutations"),
                clone_mark(row.end, row.y, mark.mark, row.clone),
                labels,
                class_="clone",
                data_clone=row.clone,
            )
        )
    last = min(len(drivers.get(rows[-1].clone, [])), _MOST + 1)
    height = rows[-1].y + max(58, 42 + _LINE * last)
    shift = 30.0
    if samples:
        grid, right = _sample_grid(patient, rows, right + 26)
        nodes.append(grid)
    scale_bar = _scale_bar(scale, height - 22)
    body = tag("g", *lines, *nodes, scale_bar, transform=f"translate({number(shift)} 0)")
    return document(
        max(right + shift + 10, 470),
        height,
        [body],
        title=title,
        description=_words(patient, tree),
        class_="figure tree",
    )


def _sample_grid(patient: Patient, rows: list[Row], x: float) -> tuple[Markup, float]:
    """Squares in line with the clones, darker the larger the share of a sample's cells below the clone."""
    wide = max(13.0, min(24.0, 400 / len(patient.samples)))
    parts = []
    names = [shorten(name, 20) for name in patient.short]
    for index, name in enumerate(names):
        at = x + wide * (index + 0.5) + 3
        turn = f"rotate(-45 {number(at)} {number(rows[0].y - 17)})"
        parts.append(text(at, rows[0].y - 17, name, font_size="10", transform=turn, class_="soft"))
    for row in rows:
        cells = []
        for index, sample in enumerate(patient.samples):
            value = patient.dcf.get((row.clone, sample), (None,))[0]
            if value is None:
                continue
            words = f"Clone {row.clone} in {sample}: {100 * value:.0f} % of the cells"
            edge = number(x + wide * index + 1)
            box = f"M{edge} {number(row.y - 9)}h{number(wide - 2)}v18h{number(2 - wide)}z"
            cells.append(tag("path", tag("title", words), d=box, fill=sequential(value)))
        parts.append(tag("g", *cells, class_="clone", data_clone=row.clone))
    return joined(parts), x + wide * len(names) + 0.72 * max(width_of(name, 10) for name in names)


def drivers_by_clone(patient: Patient) -> Mapping[int, list[Driver]]:
    """Drivers of each clone: trunk, branch, undecided."""
    found: dict[int, list[Driver]] = {}
    for driver in sorted(patient.drivers, key=lambda one: _PLACES.index(one.place)):
        if driver.clone is not None:
            found.setdefault(driver.clone, []).append(driver)
    return found


def _branch(
    patient: Patient, row: Row, parent: Row, support: float | None, trunk: bool, moved: bool
) -> Markup:
    colour = patient.clones[row.clone].mark.fill
    drop = f"M{number(row.start)} {number(parent.y)}V{number(row.y)}" if row.y != parent.y else ""
    weak = support is not None and support < SOLID_FROM
    dash = "5 4" if weak else None
    said = "" if support is None else percent(support)
    words = f"Clone {row.clone} below {row.parent or 'the normal root'}"
    parts = [
        tag("title", f"{words}: {said or 'no support given'}"),
        tag("path", d=drop, fill="none", stroke=RULE, stroke_width=2, class_="rule", stroke_dasharray=dash)
        if drop
        else "",
        tag(
            "path",
            d=f"M{number(row.start)} {number(row.y)}H{number(row.end)}",
            stroke=colour,
            stroke_width=6 if trunk else 3.5,
            stroke_dasharray=dash,
            fill="none",
        ),
    ]
    if moved:
        parts.append(
            tag(
                "path",
                d=f"M{number(row.start)} {number(row.y - 6)}H{number(row.end - 12)}",
                stroke="#a3480f",
                stroke_width=1.5,
                class_="moved",
                fill="none",
            )
        )
    if said:
        parts.append(text(row.start + 4, row.y + 17, said, font_size="10", class_="soft"))
    if trunk:
        parts.append(text(row.start + 4, row.y - 10, "TRUNK", font_size="10", font_weight=700, class_="soft"))
    return tag("g", *parts, class_="clone branch", data_clone=row.clone)


def _labels(drivers: list[Driver], x: float, y: float) -> tuple[Markup, float]:
    """Driver labels below each other, the first in line with the node; gives their width too."""
    parts, width = [], 0.0
    for line, driver in enumerate(drivers[:_MOST]):
        at = y + _LINE * line
        words = shorten(driver.name, 34)
        chance = driver.row.get("p_truncal")
        said = "" if chance is None else probability(chance)
        label = tag(
            "text",
            words,
            tag("tspan", said, dx=5, font_weight=400, font_size=11, fill=SOFT, class_="soft") if said else "",
            x=x + 14,
            y=at + 4,
            fill=INK,
            class_="ink",
            font_weight=600,
        )
        title = tag("title", _driver_words(driver))
        mark = glyph(x + 5, at, 4.5, driver.place)
        parts.append(tag("g", title, mark, label, class_="driver", data_event=driver.row.get("event_id")))
        width = max(width, 14 + 1.1 * width_of(words, _LABEL) + (44 if said else 0))
    if len(drivers) > _MOST:
        parts.append(text(x + 14, y + _LINE * _MOST + 4, f"and {len(drivers) - _MOST} more", class_="soft"))
    return joined(parts), width


def _driver_words(driver: Driver) -> str:
    chance = driver.row.get("p_truncal")
    said = "" if chance is None else f", P(on the trunk) {probability(chance)}"
    return f"{driver.name}{said}"


def _scale_bar(scale: float, y: float) -> Markup:
    step = next((n for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if n * scale >= 40), 10000)
    end = _LEFT + step * scale
    ends = "".join(f"M{number(x)} {number(y - 3)}v6" for x in (_LEFT, end))
    line = f"M{number(_LEFT)} {number(y)}H{number(end)}{ends}"
    unit = "mutation" if step == 1 else "mutations"
    words = f"{step} {unit}; under a branch its posterior support, dashed below 90 %"
    return tag("path", d=line, stroke=SOFT, fill="none", class_="soft-line") + text(
        end + 8, y + 4, words, font_size="10", class_="soft"
    )


def _words(patient: Patient, tree: Tree) -> str:
    """The tree in a sentence for those who cannot see it."""
    pairs = (
        f"clone {child} ({patient.clones[child].n_mutations} mutations) "
        f"below {tree.parents[child] or 'the normal root'}"
        for child in tree.descent()
    )
    return "; ".join(pairs) + "."


def differences(tree: Tree, shown: Tree) -> list[tuple[int, int | None, int | None]]:
    """Clones with another parent: (clone, parent in the shown tree, parent in this one)."""
    clones = sorted(set(tree.parents) | set(shown.parents))
    pairs = ((clone, shown.parents.get(clone), tree.parents.get(clone)) for clone in clones)
    return [(clone, before, after) for clone, before, after in pairs if before != after]
