"""Colours and marks of clones and labels: one for each, the same in every panel, page and figure.

Ten colours, each pair at least as far apart under normal sight, protanopia, deuteranopia and tritanopia
(Machado et al. 2009, full severity) as the closest pair of Okabe and Ito's palette, times three outlines: 30
clones are told apart, and the clone's number is always written beside its mark.
"""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = (
    "#4212c0", "#f56955", "#abc220", "#31a5f5", "#820b00",
    "#396aa8", "#f3a0af", "#709902", "#5a3162", "#9f5054",
)  # fmt: skip
# Stand-ins of the three darkest on a dark page: contrast of about 3 there, 4.5 under white figures.
ON_DARK = {"#4212c0": "#840ffd", "#820b00": "#c71d11", "#5a3162": "#807187"}
SHAPES = ("circle", "square", "diamond")
UNCLAIMED = "#c9ced6"
OUTLIER = "#8a929e"


@dataclass(frozen=True)
class Mark:
    """Fill, outline and the colour of a text on the fill."""

    fill: str
    shape: str
    ink: str


def mark(position: int) -> Mark:
    """Mark of the clone at a position (0-based) in the order of ids; repeats after 30."""
    fill = COLOURS[position % len(COLOURS)]
    return Mark(fill, SHAPES[position // len(COLOURS) % len(SHAPES)], ink_on(fill))


def ink_on(fill: str) -> str:
    """Black or white, whichever has the higher contrast on a fill."""
    light = luminance(fill)
    return "#ffffff" if 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 else "#000000"


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = []
    for start in (1, 3, 5):
        value = int(colour[start : start + 2], 16) / 255
        parts.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def blend(low: str, high: str, share: float) -> str:
    """Colour between two, linear in sRGB."""
    share = min(1.0, max(0.0, share))
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def sequential(value: float) -> str:
    """Fill for a fraction 0..1: from near white to deep blue, lightness falling throughout."""
    stops = ("#f4f7fb", "#bcd4ea", "#5b9bcb", "#1f5f9e", "#0b2f5b")
    at = min(1.0, max(0.0, value)) * (len(stops) - 1)
    index = min(int(at), len(stops) - 2)
    return blend(stops[index], stops[index + 1], at - index)


def diverging(value: float, limit: float = 0.3) -> str:
    """Fill for a residual: blue below, near white at, orange above zero, full at ± `limit`."""
    share = max(-1.0, min(1.0, value / limit))
    return blend("#f4f5f7", "#c2571a" if share > 0 else "#2f6db5", abs(share))
