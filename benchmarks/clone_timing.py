"""Time and memory of the clones step as a whole process, PyClone-VI beside it in one run, and the plot."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from pathlib import Path

from benchmarks.peers import PyCloneVI, Used, measure
from benchmarks.report import Report
from benchmarks.tumours import simulate

SIZES = ((200, 4), (1_000, 5), (10_000, 5))
"""Mutations and samples for which PyClone-VI is run as well, up to `--peer-most` mutations."""

CURVE = ((1_000, 10), (3_000, 10), (10_000, 10), (30_000, 10), (100_000, 10))
SHOWN = ("cpu", "wall", "MB", "peer_cpu", "peer_MB", "ratio_cpu", "ratio_MB")


def timing(options: argparse.Namespace, report: Report) -> None:
    """CPU seconds, wall clock and peak memory; ratios to PyClone-VI (binomial) where it is given."""
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = simulate(folder / "first" / "counts.tsv", 50, 2)
        _truncal(first)  # compiled kernels are kept from here on
        for mutations, samples in (*SIZES, *CURVE):
            counts = simulate(folder / f"{mutations}x{samples}" / "counts.tsv", mutations, samples)
            used = _truncal(counts)
            row = {"cpu": used.cpu, "wall": used.wall, "MB": used.memory}
            if (
                "pyclone-vi" in options.peer
                and (mutations, samples) in SIZES
                and mutations <= options.peer_most
            ):
                peer = _pyclone_vi(options.peer["pyclone-vi"], counts)
                row |= {"peer_cpu": peer.cpu, "peer_MB": peer.memory}
                row |= {"ratio_cpu": peer.cpu / used.cpu, "ratio_MB": peer.memory / used.memory}
            rows[f"{mutations:,} x {samples}"] = row
            report.progress(f"timing {mutations} x {samples}", row)
    report.table("clones: time and memory", rows, SHOWN, keep=2)
    if options.figures:
        points = [(n, rows[f"{n:,} x {s}"]["cpu"]) for n, s in CURVE]
        (options.figures / "clones-time.svg").write_text(curve_svg(points), encoding="utf-8")


def _truncal(counts: Path) -> Used:
    out = counts.parent / "out"
    return measure(
        [sys.executable, "-m", "truncal", "clones", "--counts", str(counts), "--out", str(out), "--quiet"]
    )


def _pyclone_vi(command: str, counts: Path) -> Used:
    peer = PyCloneVI(command, "binomial")
    peer.cache = None  # times come from this run
    _, used = peer.run(counts, counts.parent, key="timing")
    return used


def curve_svg(points: list[tuple[int, float]]) -> str:
    """CPU seconds over the number of mutations, both logarithmic, with n log n through the first point."""
    left, top, width, height = 70, 40, 400, 260
    low_n, high_n = points[0][0], points[-1][0]
    scale = [points[0][1] * n * math.log(n) / (low_n * math.log(low_n)) for n, _ in points]
    low = 10 ** math.floor(math.log10(min(value for _, value in points)))
    high = 10 ** math.ceil(math.log10(max(*scale, *(value for _, value in points))))

    def at(n: float, value: float) -> tuple[float, float]:
        x = math.log(n / low_n) / math.log(high_n / low_n)
        y = math.log(value / low) / math.log(high / low)
        return left + x * width, top + (1 - y) * height

    def line(values: list[float], style: str) -> str:
        places = (at(n, value) for (n, _), value in zip(points, values, strict=True))
        return f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" fill="none" {style}/>'

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 30} {top + height + 60}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{left + width + 30}" height="{top + height + 60}" fill="#fff"/>',
        f'<text x="{left}" y="24" font-size="14">truncal clones, 10 samples, whole process</text>',
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="none" stroke="#888"/>',
        line(scale, 'stroke="#999" stroke-dasharray="5 4"'),
        line([value for _, value in points], 'stroke="#3b6ea5" stroke-width="2"'),
    ]
    for n, value in points:
        x, y = at(n, value)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#3b6ea5"/>')
        parts.append(f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{value:.3g}</text>')
        parts.append(f'<text x="{x:.1f}" y="{top + height + 18}" text-anchor="middle">{n:,}</text>')
    tick = low
    while tick <= high:
        _, y = at(low_n, tick)
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
        tick *= 10
    parts.append(
        f'<text x="{left + width / 2}" y="{top + height + 42}" text-anchor="middle">mutations</text>'
    )
    parts.append(
        f'<text transform="translate(20 {top + height / 2}) rotate(-90)" text-anchor="middle">'
        "CPU seconds (dashed: n log n)</text>"
    )
    parts.append("</svg>")
    return "\n".join(parts) + "\n"
