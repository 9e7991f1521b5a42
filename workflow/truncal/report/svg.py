"""A small writer of SVG: elements with escaped text and attributes, numbers cut to a tenth."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from truncal.report.palette import Mark

FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
INK, SOFT, RULE, PAPER = "#1d2530", "#566272", "#d7dce3", "#ffffff"


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """One element; `class_` and `data_x` become `class` and `data-x`, `None` is left out.

    Children that are not `Markup` are words and get escaped.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        key = key.rstrip("_").replace("_", "-")
        parts.append(f'{key}="{number(value) if isinstance(value, float) else escape(str(value))}"')
    head = " ".join(parts)
    inner = joined(children)
    return Markup(f"<{head}>{inner}</{name}>" if inner else f"<{head}/>")


def joined(parts: Iterable[str]) -> Markup:
    """Elements one after the other; parts that are not `Markup` are escaped."""
    return Markup("").join(parts)


def number(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value == value else "0"


def text(x: float, y: float, words: object, **attributes: object) -> Markup:
    """A text element. Ink unless a fill is given."""
    cls = attributes.pop("class_", None) or ("ink" if "fill" not in attributes else None)
    if "fill" not in attributes:
        attributes["fill"] = SOFT if cls == "soft" else INK
    return tag("text", str(words), x=float(x), y=float(y), class_=cls, **attributes)


def document(
    width: float,
    height: float,
    body: Iterable[str],
    *,
    title: str,
    description: str = "",
    class_: str = "figure",
    role: str = "img",
) -> Markup:
    """A whole figure with its accessible name; stands alone and inline in HTML alike."""
    head = tag("title", title)
    if description:
        head += tag("desc", description)
    return tag(
        "svg",
        head,
        *body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=f"{number(width)}",
        height=f"{number(height)}",
        role=role,
        class_=class_,
        font_family=FONT,
        font_size="12",
    )


def clone_mark(
    x: float, y: float, mark: Mark, label: object, radius: float = 10, *, size: float = 11
) -> Markup:
    """A clone's mark with its number inside."""
    common: dict[str, object] = {"fill": mark.fill, "stroke": PAPER, "stroke_width": 1.5, "class_": "mark"}
    if mark.shape == "circle":
        shape = tag("circle", cx=float(x), cy=float(y), r=float(radius), **common)
    elif mark.shape == "square":
        side = radius * 1.8
        shape = tag(
            "rect", x=x - side / 2, y=y - side / 2, width=float(side), height=float(side), rx=2, **common
        )
    else:
        r = radius * 1.25
        shape = tag(
            "path",
            d=f"M{number(x)} {number(y - r)}L{number(x + r)} {number(y)}L{number(x)} {number(y + r)}"
            f"L{number(x - r)} {number(y)}Z",
            **common,
        )
    middle = {"text_anchor": "middle", "font_size": number(size), "font_weight": 700, "fill": mark.ink}
    return shape + text(x, y + size * 0.36, label, **middle)


# Advance widths of a sans face in thousandths of the font size; enough to lay labels out without a font file.
_NARROW, _WIDE = frozenset("ijlI.,:;|!'()[]ft /r-"), frozenset("mwMW@%ABCDEGHKNOQRSUVXYZ")


def width_of(words: str, size: float = 12) -> float:
    """Rough width of a text; errs on the wide side."""
    return size * sum(0.38 if c in _NARROW else 0.78 if c in _WIDE else 0.64 for c in words)
