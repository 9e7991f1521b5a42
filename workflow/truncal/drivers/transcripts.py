"""Coding exons of the genes truncal knows: where an allele lies in its transcript, in either build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from truncal.drivers.alleles import Allele, trimmed
from truncal.drivers.hgvs import bare, first_residue, shift_protein
from truncal.errors import Faults
from truncal.paths import resource
from truncal.tables import read_table

SPLICE_SITE = 2
"""Bases of an intron on either side that every spliceosome needs."""


@dataclass(frozen=True)
class CodingTranscript:
    """Coding parts of the exons, (first, last) by rising genomic position, 1-based."""

    gene: str
    name: str
    chrom: str
    strand: str
    coding: tuple[tuple[int, int], ...]

    @property
    def first(self) -> int:
        """Lowest coding base."""
        return self.coding[0][0]

    @property
    def last(self) -> int:
        """Highest coding base."""
        return self.coding[-1][1]

    def coding_position(self, pos: int) -> int | None:
        """The c. number of a genomic base; `None` outside the coding exons."""
        before = 0
        for first, last in self.coding if self.strand == "+" else self.coding[::-1]:
            if first <= pos <= last:
                return before + 1 + (pos - first if self.strand == "+" else last - pos)
            before += last - first + 1
        return None

    def genomic_position(self, number: int) -> int | None:
        """The genomic base of a c. number."""
        for first, last in self.coding if self.strand == "+" else self.coding[::-1]:
            length = last - first + 1
            if number <= length:
                return first + number - 1 if self.strand == "+" else last - number + 1
            number -= length
        return None

    def codon(self, pos: int) -> int | None:
        """Residue number of a genomic base."""
        number = self.coding_position(pos)
        return None if number is None else (number + 2) // 3

    def effect(self, allele: Allele) -> str | None:
        """What an allele does as far as lengths and places tell.

        `truncating` (frameshift), `inframe`, `splice`, `coding` (a substitution; the sequence is not known
        here), or `None` outside.
        """
        short = trimmed(allele)
        first, last = (short.pos, short.end) if short.ref else (short.pos - 1, short.pos)
        if last < self.first - SPLICE_SITE or first > self.last + SPLICE_SITE:
            return None
        touched = [exon for exon in self.coding if first <= exon[1] and last >= exon[0]]
        inside = any(exon[0] <= first and last <= exon[1] for exon in touched)
        if not inside:
            return "splice" if self._touches_splice_site(short, first, last) else None
        change = len(short.alt) - len(short.ref)
        if change % 3:
            return "truncating"
        return "inframe" if change else "coding"

    def _touches_splice_site(self, short: Allele, first: int, last: int) -> bool:
        for number, (start, end) in enumerate(self.coding):
            sites = []
            if number > 0:
                sites.append((start - SPLICE_SITE, start - 1))
            if number + 1 < len(self.coding):
                sites.append((end + 1, end + SPLICE_SITE))
            for low, high in sites:
                if short.ref:
                    if first <= high and last >= low:
                        return True
                elif low <= first and last <= high:  # an insertion between the two bases of the site
                    return True
        return False


class Transcripts:
    """All coding transcripts in one build, by gene, and the numbering of other transcripts of a gene."""

    def __init__(
        self, transcripts: list[CodingTranscript], aliases: Mapping[str, tuple[str, int, int]]
    ) -> None:
        self.by_gene = {one.gene: one for one in transcripts}
        self.aliases = aliases
        self._by_chrom: dict[str, list[CodingTranscript]] = {}
        for one in transcripts:
            self._by_chrom.setdefault(one.chrom, []).append(one)

    def at(self, allele: Allele) -> list[CodingTranscript]:
        """Transcripts whose coding range (splice sites included) an allele touches."""
        return [
            one
            for one in self._by_chrom.get(allele.chrom, ())
            if allele.pos <= one.last + SPLICE_SITE and allele.end >= one.first - SPLICE_SITE
        ]

    def in_table_numbering(self, gene: str, transcript: str | None, change: str) -> str | None:
        """A protein change of an alias transcript with the table's residue numbers; else `None`."""
        found = self.aliases.get(bare(transcript) or "")
        residue = first_residue(change)
        if found is None or found[0] != gene or residue is None or residue < found[1]:
            return None
        return shift_protein(change, found[2]) if found[2] else change


@lru_cache(maxsize=4)
def load_transcripts(build: str) -> Transcripts:
    """The shipped transcripts in `GRCh37` or `GRCh38`."""
    column = f"coding_{build.lower()}"
    table = read_table(
        resource("transcripts.tsv"),
        ("gene", "transcript", "chrom", "strand", column),
        what="transcript table",
    )
    out = [
        CodingTranscript(
            str(row["gene"]),
            str(row["transcript"]),
            str(row["chrom"]),
            str(row["strand"]),
            _exons(row[column]),
        )
        for row in table.rows()
    ]
    return Transcripts(out, _aliases(resource("transcript_aliases.tsv")))


def _exons(text: str | None) -> tuple[tuple[int, int], ...]:
    out = []
    for part in (text or "").split(";"):
        first, _, last = part.partition("-")
        out.append((int(first), int(last)))
    return tuple(out)


def _aliases(path: Path) -> dict[str, tuple[str, int, int]]:
    table = read_table(path, ("gene", "transcript", "from_codon", "offset"), what="transcript aliases")
    faults = Faults()
    first, offset = table.integers("from_codon", faults), table.integers("offset", faults)
    faults.raise_if_any()
    return {
        str(row["transcript"]): (str(row["gene"]), int(start), int(shift))
        for row, start, shift in zip(table.rows(), first.tolist(), offset.tolist(), strict=True)
    }
