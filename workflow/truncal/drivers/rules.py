"""Classes of alterations: in-frame deletions and insertions in a window, skipped exons, inactivating hits.

A rule looks at the genomic allele where there is one (every equivalent way to write it counts) and at the
transcript-qualified protein change where there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from truncal.drivers import statements as st
from truncal.drivers.alleles import Allele, Contexts, substitutions, trimmed
from truncal.drivers.hgvs import bare, effect, prefix, short_protein
from truncal.drivers.statements import Statement
from truncal.drivers.transcripts import Transcripts

CLASSES = (st.IN_FRAME_DELETION, st.IN_FRAME_INSERTION, st.IN_FRAME_DELINS, st.EXON_SKIPPING)
ACCEPTOR_REACH, DONOR_REACH = 30, 6
"""Intron bases before and after an exon in which an indel is taken to skip it."""
_PROTEIN = re.compile(r"([A-Z])(\d+)(?:_([A-Z])(\d+))?(delins|del|ins|dup)([A-Z]*)\Z")


@dataclass(frozen=True)
class Variant:
    """What is known of one record: its allele and its annotation, either of which may be missing."""

    allele: Allele | None
    gene: str | None = None
    hgvsp: str | None = None
    hgvsc: str | None = None
    transcript: str | None = None


def class_hit(
    variant: Variant, statement: Statement, build: str, where: Contexts, models: Transcripts
) -> bool:
    """Whether the variant is of the class that the statement describes."""
    window = statement.windows.get(build)
    if window is None or statement.match not in CLASSES:
        return False
    allele = variant.allele
    if statement.match == st.EXON_SKIPPING:
        model = models.by_gene.get(statement.gene)
        return allele is not None and skips_exon(allele, window, model.strand if model else "+")
    if allele is None:
        return _protein_in_window(variant, statement, window, models)
    return _length_in_window(allele, statement.match, window, where)


def _length_in_window(allele: Allele, match: str, window: tuple[str, int, int], where: Contexts) -> bool:
    chrom, low, high = window
    if allele.chrom != chrom:
        return False
    short = trimmed(allele)
    change = len(short.alt) - len(short.ref)
    if change == 0 or change % 3:
        return False
    if match == st.IN_FRAME_DELETION and change > 0:
        return False
    if match == st.IN_FRAME_INSERTION and change < 0:
        return False
    context = where.find(allele)
    if context is not None and context.agrees(allele):
        first, last = context.span(allele)
    else:
        first, last = (short.pos, short.end) if short.ref else (short.pos - 1, short.pos)
    if match == st.IN_FRAME_DELETION and (short.pos < low or short.end > high):
        return False  # it reaches out of the exon
    return first <= high and last >= low


def skips_exon(allele: Allele, exon: tuple[str, int, int], strand: str) -> bool:
    """Splice-site substitutions, changes of the last exonic base, indels near the sites, loss of the exon."""
    chrom, low, high = exon
    if allele.chrom != chrom:
        return False
    short = trimmed(allele)
    acceptor, donor = ((low - 2, low - 1), (high + 1, high + 2))
    reach = ((low - ACCEPTOR_REACH, low - 1), (high + 1, high + DONOR_REACH))
    last_base = high
    if strand == "-":
        acceptor, donor, last_base = donor, acceptor, low
        reach = ((high + 1, high + ACCEPTOR_REACH), (low - DONOR_REACH, low - 1))
    if len(short.ref) == len(short.alt):
        sites = {*range(acceptor[0], acceptor[1] + 1), *range(donor[0], donor[1] + 1), last_base}
        return any(one.pos in sites for one in substitutions(short))
    first, last = (short.pos, short.end) if short.ref else (short.pos - 1, short.pos)
    for start, end in reach:
        if short.ref and first <= end and last >= start:
            return True
        if not short.ref and first >= start - 1 and last <= end + 1:
            return True
    return False


def _protein_in_window(
    variant: Variant, statement: Statement, window: tuple[str, int, int], models: Transcripts
) -> bool:
    change = table_protein(variant, statement, models)
    found = _PROTEIN.match(change or "")
    model = models.by_gene.get(statement.gene)
    if found is None or model is None:
        return False
    first = int(found[2])
    last = int(found[4] or first)
    removed = 0 if found[5] in ("ins", "dup") else last - first + 1
    added = last - first + 1 if found[5] == "dup" else len(found[6])
    codons = [code for code in (model.codon(window[1]), model.codon(window[2])) if code is not None]
    if len(codons) < 2 or first > max(codons) or last < min(codons) or added == removed:
        return False
    if statement.match == st.IN_FRAME_DELETION:
        return added < removed
    return added > removed if statement.match == st.IN_FRAME_INSERTION else True


def consequence(variant: Variant, models: Transcripts) -> str | None:
    """`truncating`, `splice`, `missense`, `inframe`, `synonymous`, `coding` (not annotated), or `None`.

    The annotation speaks first; without one, lengths and places in the shipped transcripts do.
    """
    told = effect(variant.hgvsp, variant.hgvsc)
    if told is not None or short_protein(variant.hgvsp) is not None:
        return told
    if variant.allele is None:
        return None
    for model in models.at(variant.allele):
        if variant.gene is None or model.gene == variant.gene:
            found = model.effect(variant.allele)
            if found is not None:
                return found
    return None


def transcripts_of(variant: Variant) -> list[str]:
    """Accessions, without version, that the record's protein change is stated on."""
    names = [bare(variant.transcript), prefix(variant.hgvsc), prefix(variant.hgvsp)]
    return list(dict.fromkeys(name for name in names if name))


def table_protein(variant: Variant, statement: Statement, models: Transcripts) -> str | None:
    """The protein change in the statement's residue numbers; `None` where its transcript is another."""
    change = short_protein(variant.hgvsp)
    if change is None:
        return None
    own = {bare(name) for name in statement.transcripts}
    for name in transcripts_of(variant):
        if name in own:
            return change
        shifted = models.in_table_numbering(statement.gene, name, change)
        if shifted is not None:
            return shifted
    return None
