"""Gene and protein change of a variant, from what annotators write into INFO.

VEP's CSQ, SnpEff's ANN, bcftools csq's BCSQ, Funcotator's FUNCOTATION and Vagrent's VD are read. Of a gene's
transcripts the resistance table's comes first, then MANE Select, MANE Plus Clinical, the canonical one, VEP's
pick, a protein-coding one; of several genes the one that is hit hardest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from truncal.paths import resource
from truncal.reads.header import Header
from truncal.tables import read_table

POPULATION = re.compile(
    r"(?:gnomad(?:[a-z0-9.]*_?(?:exomes?|genomes?)?)|exac|1000g|thousandgenomes)_?(?:raw_)?af(?:_popmax)?\Z"
    r"|max_af\Z|af_popmax\Z",
    re.IGNORECASE,
)
"""Names of subfields with an allele frequency in a population."""

_HIGH = (
    "frameshift", "frame_shift", "stop_gained", "nonsense", "stop_lost", "nonstop", "start_lost",
    "splice_acceptor", "splice_donor", "splice_site", "transcript_ablation", "start_codon", "de_novo_start",
    "ess_splice",
)  # fmt: skip
_MODERATE = (
    "missense", "inframe", "in_frame", "protein_altering", "non_synonymous", "coding_sequence", "mnp",
)  # fmt: skip
_LOW = (
    "synonymous", "silent", "splice_region", "stop_retained", "start_retained", "incomplete_terminal",
)  # fmt: skip
_IMPACT = {"HIGH": 0, "MODERATE": 1, "LOW": 2, "MODIFIER": 3}

_THREE = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "U": "Sec", "*": "Ter", "X": "Ter",
}  # fmt: skip
_ONE_LETTER = re.compile(r"[A-Z*](?:(?![a-z])|(?=fs|del|ins|dup|ext))")
_SAME = re.compile(r"p\.(?:([A-Z][a-z]{2})(\d+)\1|(\d+)([A-Z][a-z]{2}))\Z")
_BCSQ_CHANGE = re.compile(r"(\d+)([A-Z*]+)(?:\.\.(\d*))?>(\d+)([A-Z*]+)(?:\.\.\d*)?\Z")


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


@dataclass(frozen=True)
class Source:
    """How the annotation of one file is read: the INFO field, and its parser for one allele.

    `parse(raw, ref, alts, number)` gives the effects on all transcripts of the `number`-th alternative
    (from 1) of a record.
    """

    info: str
    parse: Callable[[str, str, Sequence[str], int], list[Effect]]
    populations: bool = False
    """Whether the annotation may hold population frequencies."""


@dataclass(slots=True)
class Raw:
    """The annotation of one allele, parsed when it is first asked for."""

    source: Source
    text: str
    ref: str
    alts: Sequence[str]
    number: int
    chosen: Effect | None = None

    def effect(self) -> Effect:
        """The effect to report."""
        if self.chosen is None:
            self.chosen = choose(self.source.parse(self.text, self.ref, self.alts, self.number))
        return self.chosen


def find_source(header: Header) -> Source | None:
    """The annotation that a header declares; where there are several, the richest one."""
    for name, make in _MAKERS.items():
        if name in header.infos:
            said = header.descriptions.get(name, "")
            populations = any(POPULATION.search(word.strip()) for word in said.split("|"))
            return Source(name, make(said), populations)
    return None


def choose(effects: Sequence[Effect], preferred: frozenset[str] | None = None) -> Effect:
    """The effect to report: of each gene its best transcript, of these the hardest hit."""
    if not effects:
        return NOTHING
    preferred = table_transcripts() if preferred is None else preferred

    if len(effects) == 1:
        return _finished(effects[0], effects)
    genes: dict[str | None, tuple[tuple[bool, int, int], Effect]] = {}
    for effect in effects:
        rank = (_bare(effect.transcript) not in preferred, effect.preference, effect.impact)
        best = genes.get(effect.gene)
        if best is None or rank < best[0]:
            genes[effect.gene] = (rank, effect)
    ranked = [
        (effect.impact, *rank[:2], not effect.gene, place, effect)
        for place, (rank, effect) in enumerate(genes.values())
    ]
    return _finished(min(ranked)[-1], effects)


def _finished(effect: Effect, effects: Sequence[Effect]) -> Effect:
    """The chosen effect with its HGVS in one form and the highest population frequency of all."""
    frequencies = [other.population for other in effects if other.population is not None]
    return effect._replace(
        hgvsc=_plain(effect.hgvsc) if effect.hgvsc else None,
        hgvsp=protein_change(effect.hgvsp),
        population=max(frequencies, default=None),
    )


@lru_cache(maxsize=1)
def table_transcripts() -> frozenset[str]:
    """Transcripts that the shipped resistance table names, without versions."""
    table = read_table(resource("resistance.tsv"))
    found = {
        _bare(part.split()[0])
        for name in ("transcript_refseq", "transcript_ensembl", "mane_select")
        for cell in table.text(name)
        if cell
        for part in cell.split(";")
        if part.split()
    }
    return frozenset(name for name in found if name)


def protein_change(text: str | None) -> str | None:
    """HGVS protein change without its reference sequence, in three-letter code: `p.Leu858Arg`."""
    if not text:
        return None
    change = unquote(text).rpartition(":")[2].strip()
    csq = _BCSQ_CHANGE.match(change)
    if csq:
        start, before, cut, _, after = csq.groups()
        return (
            _frameshift(int(start), before, after)
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


def _frameshift(start: int, before: str, after: str) -> str:
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


def _impact(words: str) -> int:
    words = words.lower()
    if any(word in words for word in _HIGH):
        return 0
    # "synonymous" is also the end of "non_synonymous", so the harder class is asked first
    if any(word in words for word in _MODERATE):
        return 1
    return 2 if any(word in words for word in _LOW) else 3


def _plain(text: str) -> str | None:
    """HGVS without its reference sequence, percent-decoded."""
    return unquote(text).rpartition(":")[2] or None


def _csq(description: str) -> Callable[[str, str, Sequence[str], int], list[Effect]]:
    names = [name.strip() for name in description.rpartition("Format:")[2].strip(" '\"").split("|")]
    populations = [i for i, name in enumerate(names) if POPULATION.search(name)]
    # entries get an empty field at their end, which stands for the subfields that the header lacks
    place = {name: i for i, name in enumerate(names)}

    def at(*wanted: str) -> list[int]:
        return [place.get(name, -1) for name in wanted]

    allele, stated, consequence, grade = at("Allele", "ALLELE_NUM", "Consequence", "IMPACT")
    symbol, gene, transcript, biotype = at("SYMBOL", "Gene", "Feature", "BIOTYPE")
    coding, protein, canonical, pick = at("HGVSc", "HGVSp", "CANONICAL", "PICK")
    mane, plus, either = at("MANE_SELECT", "MANE_PLUS_CLINICAL", "MANE")

    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        single = len(alts) == 1
        wanted = () if single else (_vep_allele(ref, alts, number), alts[number - 1])
        text_number = str(number)
        effects = []
        for entry in raw.split(","):
            fields = entry.split("|")
            if len(fields) < len(names):
                fields += [""] * (len(names) - len(fields))
            fields.append("")
            if not single and (
                fields[stated] != text_number if fields[stated] else fields[allele] not in wanted
            ):
                continue
            if fields[mane] or fields[either].startswith(("NM_", "MANE_Select")):
                preference = 0
            elif fields[plus]:
                preference = 1
            elif fields[canonical] == "YES":
                preference = 2
            elif fields[pick] == "1":
                preference = 3
            else:
                preference = 4 if fields[biotype] == "protein_coding" else 5
            impact = _IMPACT.get(fields[grade])
            effects.append(
                Effect(
                    fields[symbol] or fields[gene] or None,
                    fields[transcript] or None,
                    fields[coding],
                    fields[protein],
                    _impact(fields[consequence]) if impact is None else impact,
                    preference,
                    _highest([fields[i] for i in populations if fields[i]]),
                )
            )
        return effects

    return parse


def _vep_allele(ref: str, alts: Sequence[str], number: int) -> str:
    """VEP's name for an allele: beside indels without its first base, `-` if nothing is left."""
    alt = alts[number - 1]
    if all(len(other) == len(ref) for other in alts):
        return alt
    if all(other[:1] == ref[:1] for other in alts):
        return alt[1:] or "-"
    return alt


def _highest(texts: Sequence[str]) -> float | None:
    best: float | None = None
    for text in texts:
        for part in text.replace("&", ",").split(","):
            try:
                value = float(part)
            except ValueError:
                continue
            if 0 <= value <= 1 and (best is None or value > best):
                best = value
    return best


def _ann(description: str) -> Callable[[str, str, Sequence[str], int], list[Effect]]:
    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        effects = []
        for entry in raw.split(","):
            fields = [field.strip() for field in entry.split("|")]
            if len(fields) < 11 or (len(alts) > 1 and fields[0].partition("-")[0] != alts[number - 1]):
                continue
            effects.append(
                Effect(
                    fields[3] or None,
                    fields[6] if fields[5] == "transcript" else None,
                    fields[9],
                    fields[10],
                    _IMPACT.get(fields[2], 3),
                    4 if fields[7] in ("protein_coding", "Coding") else 5,
                )
            )
        return effects

    return parse


def bcsq_parser(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
    """Effects that bcftools csq names; they state no coding change of HGVS' kind."""
    alt = alts[number - 1]
    effects = []
    for entry in raw.split(","):
        fields = entry.split("|")
        if entry.startswith("@") or len(fields) < 4:  # the consequence stands at another record
            continue
        dna = fields[6] if len(fields) > 6 else ""
        if dna and len(alts) > 1 and not any(part.endswith(f">{alt}") for part in dna.split("+")):
            continue
        effects.append(
            Effect(
                fields[1] or None,
                fields[2] or None,
                None,
                _bcsq_protein(fields[5], fields[0]) if len(fields) > 5 else None,
                _impact(fields[0]),
                4 if fields[3] == "protein_coding" else 5,
            )
        )
    return effects


def _bcsq_protein(text: str, consequence: str) -> str | None:
    """What bcftools csq writes for a shifted frame are both sequences to their end."""
    match = _BCSQ_CHANGE.match(text)
    if match and "frameshift" in consequence:
        return _frameshift(int(match[1]), match[2], match[5])
    return protein_change(text)


def _funcotation(description: str) -> Callable[[str, str, Sequence[str], int], list[Effect]]:
    names = description.rpartition("Funcotation fields are:")[2].strip(" '\"").split("|")
    place: dict[str, int] = {}
    populations = []
    for i, name in enumerate(names):
        place.setdefault(name.strip().rpartition("_")[2] if name.startswith("Gencode") else name.strip(), i)
        if POPULATION.search(name.strip()):
            populations.append(i)

    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        # one entry an allele, several of them where several transcripts were asked for
        parts = raw.split(",[") if raw.startswith("[") else raw.split(",")
        if len(parts) < number:
            return []
        effects = []
        for entry in parts[number - 1].strip("[]").split("#"):
            fields = [_unescaped(field) for field in entry.strip("[]").split("|")]

            def get(name: str, fields: list[str] = fields) -> str:
                i = place.get(name, -1)
                return fields[i] if 0 <= i < len(fields) else ""

            effects.append(
                Effect(
                    get("hugoSymbol") if get("hugoSymbol") not in ("", "Unknown") else None,
                    get("annotationTranscript") if get("annotationTranscript") != "no_transcript" else None,
                    get("cDnaChange"),
                    get("proteinChange"),
                    _impact(get("variantClassification")),
                    3,
                    _highest([fields[i] for i in populations if i < len(fields)]),
                )
            )
        return effects

    return parse


def _unescaped(text: str) -> str:
    return re.sub(r"_%([0-9A-Fa-f]{2})_", lambda found: chr(int(found[1], 16)), text)


def _vagrent(description: str) -> Callable[[str, str, Sequence[str], int], list[Effect]]:
    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        fields = raw.split("|")
        if len(fields) < 6:
            return []
        coding, protein = (None if text in ("-", "", "r.?", "p.?") else text for text in fields[3:5])
        return [
            Effect(
                fields[0] or None, fields[1] or None, coding, protein_change(protein), _impact(fields[5]), 4
            )
        ]

    return parse


def _gene(description: str) -> Callable[[str, str, Sequence[str], int], list[Effect]]:
    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        return [Effect(raw or None, None, None, None, 3, 5)]

    return parse


_MAKERS: dict[str, Callable[[str], Callable[[str, str, Sequence[str], int], list[Effect]]]] = {
    "CSQ": _csq,
    "vep": _csq,
    "ANN": _ann,
    "FUNCOTATION": _funcotation,
    "BCSQ": lambda description: bcsq_parser,
    "VD": _vagrent,
    "GENE": _gene,
    "Gene": _gene,
}
