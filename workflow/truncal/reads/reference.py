"""The reference genome: left-alignment of indels and a check that alleles and reference belong together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from truncal.copynumber.genome import LENGTHS, canonical
from truncal.errors import Fault, UserError
from truncal.reads.alleles import Key, trim

_WINDOW = 200
"""Bases fetched at a time while an indel moves to the left."""

MISMATCHES_ALLOWED = 0.01
"""Share of alleles whose REF may differ from the FASTA (masked bases) before it is another genome."""


class Reference:
    """An indexed FASTA, its contigs under their canonical names."""

    def __init__(self, path: str | Path) -> None:
        import pysam

        self.path = Path(path)
        if not self.path.is_file():
            raise UserError(Fault("no such reference FASTA", path))
        try:
            self._fasta: Any = pysam.FastaFile(str(path))
        except (OSError, ValueError) as error:
            raise UserError(
                Fault("cannot be read as an indexed FASTA; index it with `samtools faidx`", path)
            ) from error
        self.names = {canonical(name): name for name in reversed(self._fasta.references)}
        self.lengths = dict(zip(self._fasta.references, self._fasta.lengths, strict=True))

    @property
    def build(self) -> str | None:
        """GRCh37 or GRCh38 where the contigs have the lengths of one of them."""
        for build, lengths in LENGTHS.items():
            if any(self.lengths[full] == lengths.get(short) for short, full in self.names.items()):
                return build
        return None

    def fetch(self, chrom: str, start: int, end: int) -> str:
        """Bases [start, end), 0-based, upper case; shorter at the contig's ends, empty for unknown ones."""
        name = self.names.get(chrom)
        if name is None or start >= self.lengths[name]:
            return ""
        return self._fasta.fetch(name, max(start, 0), min(end, self.lengths[name])).upper()


def normalise(keys: Sequence[Key], reference: Reference, file: str | Path) -> tuple[list[Key], list[int]]:
    """Left-aligned alleles (Tan et al. 2015), and the indices of those whose REF is not the reference's.

    Bases `N` of a REF (placeholders of count tables) are filled in.

    Raises
    ------
    UserError
        more than 1 % of the alleles have another REF: the reference is of another genome or build.

    """
    out: list[Key] = []
    wrong: list[int] = []
    known = 0
    for i, (chrom, pos, ref, alt) in enumerate(keys):
        there = reference.fetch(chrom, pos - 1, pos - 1 + len(ref))
        if len(there) < len(ref):
            wrong.append(i)
        elif "N" in ref:
            # the anchor base of an indel stands in both alleles
            alt = there[0] + alt[1:] if alt[0] == ref[0] == "N" else alt
            ref = "".join(base if base != "N" else other for base, other in zip(ref, there, strict=True))
        elif there != ref:
            wrong.append(i)
        known += chrom in reference.names
        out.append(
            (chrom, pos, ref, alt) if len(ref) == len(alt) else left_align(chrom, pos, ref, alt, reference)
        )
    if known == 0 and keys:
        raise UserError(
            Fault(f"has no contig in common with {Path(file).name} (e.g. {keys[0][0]})", reference.path)
        )
    if len(wrong) > MISMATCHES_ALLOWED * len(keys):
        chrom, pos, ref, _ = keys[wrong[0]]
        there = reference.fetch(chrom, pos - 1, pos - 1 + len(ref)) or "beyond the contig's end"
        raise UserError(
            Fault(
                f"REF of {len(wrong)} of {len(keys)} alleles is not that of {reference.path.name} (first: "
                f"{chrom}:{pos} {ref[:20]}, reference {there[:20]}); is the reference of another build?",
                file,
            )
        )
    return out, wrong


def left_align(chrom: str, pos: int, ref: str, alt: str, reference: Reference) -> Key:
    """Move an indel as far to the left as the sequence allows; its shortest form."""
    pos, ref, alt = trim(pos, ref, alt)
    if len(ref) > 1 and len(alt) > 1:
        return chrom, pos, ref, alt
    window, start = "", pos - 1
    while ref[-1] == alt[-1]:
        if pos <= 1:
            break
        if pos - 2 < start or not window:
            start = max(pos - 1 - _WINDOW, 0)
            window = reference.fetch(chrom, start, pos - 1)
            if not window:
                break
        before = window[pos - 2 - start]
        pos, ref, alt = pos - 1, before + ref[:-1], before + alt[:-1]
    return chrom, pos, ref, alt
