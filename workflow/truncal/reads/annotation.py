"""What annotators write into INFO about gene and protein change.

VEP's CSQ, SnpEff's ANN, bcftools csq's BCSQ, Funcotator's FUNCOTATION and Vagrent's VD are read; which of
several effects is reported is settled in `effects.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truncal.reads.effects import BCSQ_CHANGE, Effect, choose, frameshift, protein_change
from truncal.reads.header import Header

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


def _impact(words: str) -> int:
    words = words.lower()
    if any(word in words for word in _HIGH):
        return 0
    # "synonymous" is also the end of "non_synonymous", so the harder class is asked first
    if any(word in words for word in _MODERATE):
        return 1
    return 2 if any(word in words for word in _LOW) else 3


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
        new = (
            tuple.__new__
        )  # there are millions of them; the class's own constructor takes three times as long
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
            found = (
                fields[symbol] or fields[gene] or None,
                fields[transcript] or None,
                fields[coding],
                fields[protein],
                _impact(fields[consequence]) if impact is None else impact,
                preference,
                _highest([fields[i] for i in populations if fields[i]]) if populations else None,
            )
            effects.append(new(Effect, found))
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
    match = BCSQ_CHANGE.match(text)
    if match and "frameshift" in consequence:
        return frameshift(int(match[1]), match[2], match[5])
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
