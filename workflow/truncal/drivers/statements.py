"""What is known of an alteration: the rows of a resistance table, the shipped one or a user's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from truncal.drivers.alleles import Allele, parse_allele
from truncal.errors import Fault, Faults, UserError
from truncal.paths import resource, schema
from truncal.tables import Table, read_table

SHIPPED = "truncal"
ALLELE, IN_FRAME_DELETION, IN_FRAME_INSERTION = "allele", "in_frame_deletion", "in_frame_insertion"
IN_FRAME_DELINS, EXON_SKIPPING, INACTIVATION = "in_frame_delins", "exon_skipping", "inactivation"
AMPLIFICATION, HOMOZYGOUS_DELETION, FUSION, PHASE = "amplification", "homozygous_deletion", "fusion", "phase"
NOT_IN_DNA, GENOME_WIDE, UNMATCHED = "not_in_dna", "genome_wide", "unmatched"
INACTIVATION_PAIR = "inactivation_pair"
PROTEIN = "protein"
REQUIRED = ("gene", "alteration", "alteration_class", "role")


@dataclass(frozen=True)
class Statement:
    """One row of a resistance table: an alteration, what it does, and how far each part was checked.

    `match` says how it is looked for; `alleles` holds its allele in each build, `windows` a class row's
    (chromosome, first, last) in each build.
    """

    id: str
    gene: str
    alteration: str
    alteration_class: str
    role: str
    match: str
    hgvs_c: str | None = None
    hgvs_p: str | None = None
    synonyms: tuple[str, ...] = ()
    transcripts: tuple[str, ...] = ()
    alleles: Mapping[str, Allele] = field(default_factory=dict)
    windows: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)
    context: str | None = None
    drugs_sensitive: tuple[str, ...] = ()
    drugs_resistant: tuple[str, ...] = ()
    level: str | None = None
    pmids: tuple[str, ...] = ()
    verification: str | None = None
    claim_source: str | None = None
    observable_from: str | None = None
    rule: str | None = None
    note: str | None = None
    source: str = SHIPPED

    @property
    def verified(self) -> bool:
        """Whether allele or locus and the table's wording were checked against an open source."""
        return self.verification == "verified"

    @property
    def status(self) -> str:
        """How far the row was checked: `verified`, `awaits review`, or whose word it is."""
        if self.verified:
            return "verified"
        return "awaits review" if self.verification in (None, "from memory") else str(self.verification)

    @property
    def evidence(self) -> str:
        """One phrase: id, level, what was checked."""
        parts = [self.id]
        if self.level:
            parts.append(f"level {self.level}")
        parts.append(f"alteration {self.status}")
        if self.claim_source:
            parts.append(f"claim: {self.claim_source}")
        if self.context:
            parts.append(f"context: {self.context}")
        return ", ".join(parts).replace(";", ",")

    @property
    def sources(self) -> tuple[str, ...]:
        """Citations, e.g. `PMID:15118073`."""
        return tuple(f"PMID:{pmid}" if pmid.isdigit() else pmid for pmid in self.pmids)


def split_list(text: str | None) -> tuple[str, ...]:
    """Cells of a `;` list, stripped, without empty ones."""
    return tuple(part.strip() for part in (text or "").split(";") if part.strip())


@lru_cache(maxsize=1)
def table_schema() -> dict[str, Any]:
    """JSON schema of one row of the resistance table."""
    return json.loads(schema("resistance.schema.json").read_text(encoding="utf-8"))


def load_statements(
    table: str | Path | None = None, extend: Sequence[str | Path] = (), *, check: bool = True
) -> list[Statement]:
    """The shipped table, or `table` in its place, and the rows of `extend` after it.

    Raises
    ------
    UserError
        a table is missing or a row is not what the schema allows; all faults of all tables at once.

    """
    faults = Faults()
    out: list[Statement] = []
    shipped = table is None
    paths = [resource("resistance.tsv") if table is None else Path(table), *map(Path, extend)]
    for number, path in enumerate(paths):
        own = shipped and number == 0
        try:
            out += read_statements(path, source=SHIPPED if own else path.name, check=check and not own)
        except UserError as error:
            faults.extend(error)
    seen: dict[str, str] = {}
    for one in out:
        if one.id in seen:
            faults.add(f"id {one.id} occurs in {seen[one.id]} and again in {one.source}")
        seen[one.id] = one.source
    faults.raise_if_any()
    return out


def read_statements(path: str | Path, *, source: str, check: bool = True) -> list[Statement]:
    """Statements of one table; ids are made up (`FILE:ROW`) where the column is missing."""
    faults = Faults()
    table = read_table(path, REQUIRED, what="resistance table", faults=faults)
    if check:
        _check_rows(table, faults)
    stated = {fault.row for fault in faults.found}  # what the schema said better
    out = []
    for index, row in enumerate(table.rows()):
        number = table.line(index)
        try:
            out.append(_statement(row, source, f"{Path(path).name}:{number}"))
        except ValueError as error:
            if number not in stated:
                faults.add(str(error), path, number)
    faults.raise_if_any()
    return out


def _check_rows(table: Table, faults: Faults) -> None:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(table_schema())
    for index, row in enumerate(table.rows()):
        given = {name: value for name, value in row.items() if value is not None or name in table.absent}
        for error in validator.iter_errors(given):
            column = str(error.path[0]) if error.path else None
            if column not in table.absent:
                faults.add(error.message, table.file, table.line(index), column)


def _statement(row: Mapping[str, str | None], source: str, fallback: str) -> Statement:
    def one(name: str) -> str | None:
        value = row.get(name)
        return value.strip() if value and value.strip() else None

    alleles, windows = {}, {}
    for build in ("GRCh37", "GRCh38"):
        text = one(build.lower())
        if text is None:
            continue
        allele, window = parse_allele(text), parse_window(text)
        if allele is not None:
            alleles[build] = allele
        elif window is not None:
            windows[build] = window
        elif one("match") != PHASE:
            raise ValueError(f"{text} is neither chrN:POS:REF>ALT nor chrN:FIRST-LAST")
    match = one("match") or _default_match(one("alteration_class"), alleles, one("hgvs_p"))
    return Statement(
        id=one("id") or fallback,
        gene=str(one("gene")),
        alteration=str(one("alteration")),
        alteration_class=str(one("alteration_class")),
        role=str(one("role")),
        match=match,
        hgvs_c=one("hgvs_c"),
        hgvs_p=one("hgvs_p"),
        synonyms=split_list(one("synonyms")),
        transcripts=tuple(
            name for name in (one("transcript_refseq"), one("transcript_ensembl")) if name is not None
        ),
        alleles=alleles,
        windows=windows,
        context=one("context"),
        drugs_sensitive=split_list(one("drugs_sensitive")),
        drugs_resistant=split_list(one("drugs_resistant")),
        level=one("evidence_level"),
        pmids=split_list(one("pmids")),
        verification=one("verification") or (None if source == SHIPPED else f"as {source} gives it"),
        claim_source=one("clinical_claim_source"),
        observable_from=one("observable_from"),
        rule=one("rule"),
        note=one("note"),
        source=one("source") or source,
    )


def parse_window(text: str) -> tuple[str, int, int] | None:
    """(chromosome, first, last) of `chr7:55242415-55242513`, or `None`."""
    chrom, _, rest = text.partition(":")
    first, dash, last = rest.partition("-")
    if not dash or not first.isdigit() or not last.isdigit() or int(first) > int(last):
        return None
    return chrom.removeprefix("chr"), int(first), int(last)


def _default_match(alteration_class: str | None, alleles: Mapping[str, Allele], hgvs_p: str | None) -> str:
    by_class = {
        "cn_gain": AMPLIFICATION,
        "cn_loss": HOMOZYGOUS_DELETION,
        "biallelic_loss": INACTIVATION,
        "fusion": FUSION,
        "phase": PHASE,
        "non_genomic": NOT_IN_DNA,
    }
    if alleles:
        return ALLELE
    return by_class.get(alteration_class or "", PROTEIN if hgvs_p else UNMATCHED)


def by_match(statements: Iterable[Statement], *kinds: str) -> list[Statement]:
    """Those that are looked for in one of these ways."""
    return [one for one in statements if one.match in kinds]


def missing_table(path: str | Path) -> UserError:
    """The error for a table that a setting names and that is not there."""
    return UserError(Fault("no such file", path))
