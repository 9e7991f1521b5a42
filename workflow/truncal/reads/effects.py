"""The effect of a mutation that is reported: which transcript and gene, and its HGVS in one form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from truncal.paths import resource
from truncal.tables import read_table

_THREE = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "U": "Sec", "*": "Ter", "X": "Ter",
}  # fmt: skip
_ONE_LETTER = re.compile(r"[A-Z*](?:(?![a-z])|(?=fs|del|ins|dup|ext))")
_SAME = re.compile(r"p\.(?:([A-Z][a-z]{2})(\d+)\1|(\d+)([A-Z][a-z]{2}))\Z")
BCSQ_CHANGE = re.compile(r"(\d+)([A-Z*]+)(?:\.\.(\d*))?>(\d+)([A-Z*]+)(?:\.\.\d*)?\Z")


class Effect(NamedTuple):
    """What an annotator says of one allele on one transcript; its own HGVS until `choose` has chosen."""

    gene: str | None
    transcript: str | None
    hgvsc: str | None
    hgvsp: str | None
    impact: int
    preference: int
    """0 MANE Select, 1 MANE Plus Clinical, 2 canonical, 3 pick, 4 protein-coding, 5 other."""
    population: float | None = None
    """Highest frequency of the allele in a population, where the annotation has any."""


NOTHING = Effect(None, None, None, None, 3, 5)


def choose(effects: Sequence[Effect]) -> Effect:
    """The effect to report: of each gene its best transcript, of these the hardest hit.

    Of a gene's transcripts one that the resistance table names comes first, then MANE Select, MANE Plus
    Clinical, the canonical one, VEP's pick, a protein-coding one.
    """
    if not effects:
        return NOTHING
    table = table_transcripts()
    genes: dict[str | None, tuple[tuple[bool, int, int], Effect]] = {}
    for effect in effects:
        gene, transcript, _, _, impact, preference, _ = effect
        other = gene not in table or _bare(transcript) not in table[gene]
        rank = (other, preference, impact)
        if gene not in genes or rank < genes[gene][0]:
            genes[gene] = (rank, effect)
    if len(genes) == 1:
        return _finished(next(iter(genes.values()))[1], effects)
    ranked = [
        (effect.impact, *rank[:2], not effect.gene, place, effect)
        for place, (rank, effect) in enumerate(genes.values())
    ]
    return _finished(min(ranked)[-1], effects)


def _finished(effect: Effect, effects: Sequence[Effect]) -> Effect:
    """The chosen effect with its HGVS in one form and the highest population frequency of all."""
    frequencies = [other[6] for other in effects if other[6] is not None]
    return effect._replace(
        hgvsc=_plain(effect.hgvsc) if effect.hgvsc else None,
        hgvsp=protein_change(effect.hgvsp),
        population=max(frequencies, default=None),
    )


@lru_cache(maxsize=1)
def table_transcripts() -> dict[str | None, frozenset[str]]:
    """Transcripts of each gene that the shipped resistance table names, without versions."""
    found: dict[str | None, set[str]] = {}
    for row in read_table(resource("resistance.tsv")).rows():
        for column in ("transcript_refseq", "transcript_ensembl", "mane_select"):
            for part in (row[column] or "").split(";"):
                if part.split():
                    found.setdefault(row["gene"], set()).add(part.split()[0].partition(".")[0])
    return {gene: frozenset(names) for gene, names in found.items()}


def protein_change(text: str | None) -> str | None:
    """HGVS protein change without its reference sequence, in three-letter code: `p.Leu858Arg`."""
    if not text:
        return None
    change = unquote(text).rpartition(":")[2].strip()
    csq = BCSQ_CHANGE.match(change)
    if csq:
        start, before, cut, _, after = csq.groups()
        return (
            frameshift(int(start), before, after)
            if cut is not None
            else _from_sequences(int(start), before, after)
        )
    change = change.replace("(", "").replace(")", "")
    if not change:
        return None
    if not change.startswith("p."):
        change = f"p.{change}"
    change = "p." + _ONE_LETTER.sub(lambda found: _three(found[0]), change[2:])
    same = _SAME.match(change)
    return f"p.{same[1] or same[4]}{same[2] or same[3]}=" if same else change


def frameshift(start: int, before: str, after: str) -> str:
    """First residue that a shift of the frame changes; bcftools csq cuts the sequences off after a few."""
    same = 0
    while same < min(len(before), len(after)) - 1 and before[same] == after[same]:
        same += 1
    return f"p.{_three(before[same])}{start + same}fs"


def _from_sequences(start: int, before: str, after: str) -> str:
    """Substitution or replacement of residues `before` by `after`; what bcftools csq says, as HGVS."""
    if len(before) == len(after) == 1:
        return f"p.{_three(before)}{start}{'=' if before == after else _three(after)}"
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1] and before[-1] != "*":
        before, after = before[:-1], after[:-1]
    while before and after and before[0] == after[0] and len(before) + len(after) > 2 and len(before) > 1:
        before, after, start = before[1:], after[1:], start + 1
    if len(before) == len(after) == 1:
        return f"p.{_three(before)}{start}{'=' if before == after else _three(after)}"
    last = f"_{_three(before[-1])}{start + len(before) - 1}" if len(before) > 1 else ""
    return f"p.{_three(before[0])}{start}{last}delins{''.join(map(_three, after))}"


def _three(letter: str) -> str:
    return _THREE.get(letter, letter)


def _bare(transcript: str | None) -> str | None:
    return transcript.partition(".")[0] if transcript else None


def _plain(text: str) -> str | None:
    """HGVS without its reference sequence, percent-decoded."""
    return unquote(text).rpartition(":")[2] or None
