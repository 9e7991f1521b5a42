"""Alleles compared whatever way a caller wrote them.

Two records mean the same change when they give the same sequence. Around the indels of the resistance table
the reference sequence ships with truncal (`resources/contexts.tsv`), and there alleles are compared by the
sequence they give: left-aligned, right-aligned or padded makes no difference. Elsewhere alleles are compared
after trimming shared bases.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

from truncal.errors import Faults
from truncal.paths import resource
from truncal.tables import read_table

BUILDS = ("GRCh37", "GRCh38")
_BASES = re.compile(r"[ACGTN]+\Z")
_TEXT = re.compile(r"(?:chr)?([0-9A-Za-z.]+):(\d+):([ACGTNacgtn]+)>([ACGTNacgtn]+)\Z")


@dataclass(frozen=True, order=True)
class Allele:
    """A change of `ref` (bases from 1-based `pos`) to `alt`; either may be empty once trimmed."""

    chrom: str
    pos: int
    ref: str
    alt: str

    def __str__(self) -> str:
        return f"chr{self.chrom}:{self.pos}:{self.ref}>{self.alt}"

    @property
    def end(self) -> int:
        """Last reference base touched; `pos - 1` for a pure insertion before `pos`."""
        return self.pos + len(self.ref) - 1


def plain_chrom(name: str) -> str:
    """Chromosome without the `chr` prefix; MT for the mitochondrion."""
    plain = name[3:] if name.lower().startswith("chr") else name
    return "MT" if plain in ("M", "MT") else plain


def make_allele(chrom: str | None, pos: object, ref: str | None, alt: str | None) -> Allele | None:
    """An allele from table cells, or `None` where a cell is missing or no sequence (`<DEL>`, `*`).

    As ANNOVAR and MAF have it, `-` for the alternative deletes `ref` from `pos` on, and `-` for the reference
    inserts `alt` after `pos`.
    """
    if chrom is None or pos is None or ref is None or alt is None:
        return None
    ref, alt = ref.upper(), alt.upper()
    try:
        position = int(str(pos))
    except ValueError:
        return None
    name = plain_chrom(chrom)
    if alt == "-" and _BASES.match(ref):
        return Allele(name, position, ref, "")
    if ref == "-" and _BASES.match(alt):
        return Allele(name, position + 1, "", alt)
    if not _BASES.match(ref) or not _BASES.match(alt) or ref == alt:
        return None
    return Allele(name, position, ref, alt)


def parse_allele(text: str) -> Allele | None:
    """An allele written `chr7:55259515:T>G`, or `None`."""
    found = _TEXT.match(text.strip())
    return make_allele(found[1], found[2], found[3], found[4]) if found else None


def trimmed(allele: Allele) -> Allele:
    """Without the bases that both sides share: from the right first, so that indels end up to the left."""
    ref, alt, pos = allele.ref, allele.alt, allele.pos
    while ref and alt and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    start = 0
    while start < min(len(ref), len(alt)) and ref[start] == alt[start]:
        start += 1
    return Allele(allele.chrom, pos + start, ref[start:], alt[start:])


def substitutions(allele: Allele) -> list[Allele]:
    """The single-base changes of a substitution of any length; empty for indels."""
    if len(allele.ref) != len(allele.alt):
        return []
    return [
        Allele(allele.chrom, allele.pos + index, one, other)
        for index, (one, other) in enumerate(zip(allele.ref, allele.alt, strict=True))
        if one != other
    ]


def kind(allele: Allele) -> str:
    """`snv`, `mnv`, `deletion`, `insertion` or `delins`."""
    short = trimmed(allele)
    if len(short.ref) == len(short.alt):
        return "snv" if len(short.ref) == 1 else "mnv"
    if not short.alt:
        return "deletion"
    return "insertion" if not short.ref else "delins"


@dataclass(frozen=True)
class Context:
    """Reference sequence of one stretch; `start` is its first base (1-based) in the build at hand."""

    name: str
    chrom: str
    start: int
    sequence: str

    @property
    def end(self) -> int:
        """Last base."""
        return self.start + len(self.sequence) - 1

    def covers(self, allele: Allele) -> bool:
        """Whether every reference base of the allele lies inside, with one to spare on each side."""
        return self.chrom == allele.chrom and allele.pos > self.start and allele.end < self.end

    def agrees(self, allele: Allele) -> bool:
        """Whether the allele's reference bases are those of the genome (N agrees with anything)."""
        start = allele.pos - self.start
        own = self.sequence[start : start + len(allele.ref)]
        return all(a == b or "N" in (a, b) for a, b in zip(own, allele.ref, strict=True))

    def changed(self, *alleles: Allele) -> str | None:
        """The sequence with these alleles in it, or `None` where two of them overlap."""
        out, at = [], 0
        for allele in sorted(map(trimmed, alleles)):
            start = allele.pos - self.start
            if start < at:
                return None
            out += [self.sequence[at:start], allele.alt]
            at = start + len(allele.ref)
        return "".join([*out, self.sequence[at:]])

    def span(self, allele: Allele) -> tuple[int, int]:
        """First and last reference base that some equivalent way to write the allele touches.

        A pure insertion touches the bases on both sides of it.
        """
        short = trimmed(allele)
        if short.ref and short.alt:
            return short.pos, short.end
        bases, pure = short.ref or short.alt, not short.ref
        left = self._slack(short.pos - self.start - 1, bases, -1)
        right = self._slack(short.end + 1 - self.start, bases, 1)
        return short.pos - left - pure, short.end + right + pure

    def _slack(self, index: int, bases: str, step: int) -> int:
        """By how many places an inserted or deleted unit can move in one direction."""
        moved = 0
        while 0 <= index < len(self.sequence):
            edge = bases[-1 - moved % len(bases)] if step < 0 else bases[moved % len(bases)]
            if self.sequence[index] != edge:
                break
            moved, index = moved + 1, index + step
        return moved


class Contexts:
    """The shipped stretches of reference sequence in one build."""

    def __init__(self, contexts: list[Context]) -> None:
        self._by_chrom: dict[str, list[Context]] = {}
        for context in sorted(contexts, key=lambda one: one.start):
            self._by_chrom.setdefault(context.chrom, []).append(context)
        self._starts = {chrom: [one.start for one in group] for chrom, group in self._by_chrom.items()}

    def __iter__(self) -> Iterator[Context]:
        return (one for group in self._by_chrom.values() for one in group)

    def find(self, allele: Allele) -> Context | None:
        """The stretch that covers the allele, if any."""
        starts = self._starts.get(allele.chrom)
        if not starts:
            return None
        index = bisect_right(starts, allele.pos) - 1
        if index < 0:
            return None
        context = self._by_chrom[allele.chrom][index]
        return context if context.covers(allele) else None

    def key(self, allele: Allele) -> Hashable:
        """What two records have in common exactly when they mean the same change."""
        short = trimmed(allele)
        context = self.find(short)
        if context is not None and context.agrees(short):
            return (context.name, context.changed(short))
        return short


def load_contexts(build: str, path: str | Path | None = None) -> Contexts:
    """The shipped contexts in `GRCh37` or `GRCh38`."""
    path = resource("contexts.tsv") if path is None else Path(path)
    column = f"start_{build.lower()}"
    table = read_table(path, ("name", "chrom", column, "sequence"), what="table of reference contexts")
    faults = Faults()
    starts = table.integers(column, faults, minimum=1)
    faults.raise_if_any()
    return Contexts(
        [
            Context(str(row["name"]), str(row["chrom"]), int(start), str(row["sequence"]))
            for row, start in zip(table.rows(), starts.tolist(), strict=True)
        ]
    )
