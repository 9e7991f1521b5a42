"""A user's own OncoKB export as statements. Nothing of OncoKB is part of truncal; its terms bind whoever
uses it.

Read is the table of biomarkers and drugs: `Level`, `Gene`, `Alterations` and `Drugs (for therapeutic
implications only)` or `Drugs`, `Cancer Types` where it is there. Protein changes are looked up on the
transcript that the resistance table uses for the gene; genes it does not know are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from truncal.drivers import statements as st
from truncal.drivers.statements import Statement
from truncal.errors import Fault, UserError
from truncal.tables import read_table

_CHANGE = re.compile(r"[A-Z]\d+(?:[A-Z*]|(?:_[A-Z]\d+)?(?:delins|del|ins|dup)[A-Z]*)\Z")
_CLASS_WORDS = {
    ("EGFR", "exon 19 in-frame deletions"): "exon 19 in-frame deletion (class)",
    ("EGFR", "exon 19 deletion"): "exon 19 in-frame deletion (class)",
    ("EGFR", "exon 20 in-frame insertions"): "exon 20 insertion (class)",
    ("EGFR", "exon 20 insertions"): "exon 20 insertion (class)",
    ("ERBB2", "exon 20 in-frame insertions"): "exon 20 insertion (class)",
    ("MET", "exon 14 skipping mutations"): "exon 14 skipping (class)",
    ("MET", "exon 14 in-frame deletions"): "exon 14 skipping (class)",
}
_LEVELS = {"1": "A", "2": "A", "3A": "B", "3B": "C", "4": "D", "R1": "A", "R2": "C"}
"""OncoKB's levels by what stands behind them: guidelines, trials, small series, biology."""
_DRUG_COLUMNS = ("Drugs (for therapeutic implications only)", "Drugs", "Drug")
_ALTERATION_COLUMNS = ("Alterations", "Alteration")


def read_oncokb(path: str | Path, known: Sequence[Statement]) -> list[Statement]:
    """Statements of an export; `known` are the table's, for alleles, windows and transcripts.

    Raises
    ------
    UserError
        the file is missing or lacks a column.

    """
    table = read_table(path, ("Level", "Gene"), what="OncoKB export")
    drugs = next((name for name in _DRUG_COLUMNS if name in table), None)
    alterations = next((name for name in _ALTERATION_COLUMNS if name in table), None)
    if drugs is None or alterations is None:
        text = f"lacks drugs or alterations; expected {_DRUG_COLUMNS[0]} and {_ALTERATION_COLUMNS[0]}"
        raise UserError(Fault(text, path, 1))
    by_name: dict[tuple[str, str], list[Statement]] = {}
    for one in known:
        by_name.setdefault((one.gene, one.alteration), []).append(one)
    of_gene: dict[str, Statement] = {}
    for one in known:
        if one.transcripts:
            of_gene.setdefault(one.gene, one)
    out = []
    for number, row in enumerate(table.rows(), start=2):
        gene, level = row["Gene"] or "", row["Level"] or ""
        given = tuple(part.strip() for part in (row[drugs] or "").split(",") if part.strip())
        for index, change in enumerate(re.split(r"[,;]\s*", row[alterations] or "")):
            shapes = _shapes(gene, change.strip(), by_name, of_gene)
            for turn, shape in enumerate(shapes):
                name = f"OncoKB:{number}.{index + 1}" + (f".{turn + 1}" if turn else "")
                out.append(_statement(shape, name, level, given, row))
    return out


def _shapes(
    gene: str,
    change: str,
    by_name: Mapping[tuple[str, str], Sequence[Statement]],
    of_gene: Mapping[str, Statement],
) -> list[Statement]:
    """Statements of the table that are looked for in the same way; several DNA changes may give one
    residue.
    """
    same = by_name.get((gene, change)) or by_name.get((gene, _CLASS_WORDS.get((gene, change.lower()), "")))
    if same:
        return list(same)
    kinds = {"amplification": st.AMPLIFICATION, "fusion": st.FUSION, "fusions": st.FUSION}
    kind = kinds.get(change.lower())
    if kind is not None:
        found = [one for (name, _), listed in by_name.items() if name == gene for one in listed]
        return [one for one in found if one.match == kind][:1]
    model = of_gene.get(gene)
    if model is None or not _CHANGE.match(change):
        return []
    return [
        Statement(
            "",
            gene,
            change,
            "snv",
            "co_driver_modifier",
            st.PROTEIN,
            hgvs_p=f"p.{change}",
            transcripts=model.transcripts,
        )
    ]


def _statement(
    shape: Statement, name: str, level: str, drugs: tuple[str, ...], row: Mapping[str, str | None]
) -> Statement:
    plain = level.upper().removeprefix("LEVEL").strip("_ ")
    resistant = plain.startswith("R")
    role = shape.role
    if not resistant and role == "co_driver_modifier":
        role = "sensitising_driver"
    return replace(
        shape,
        id=name,
        role="on_target_resistance" if resistant else role,
        drugs_sensitive=() if resistant else drugs,
        drugs_resistant=drugs if resistant else (),
        level=_LEVELS.get(plain, "E"),
        pmids=(),
        verification="as the user's OncoKB export gives it",
        claim_source=f"OncoKB level {plain} (user's export)",
        context=row.get("Cancer Types") or row.get("Cancer Type"),
        note=None,
        source="OncoKB",
    )
