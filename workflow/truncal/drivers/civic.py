"""CIViC's evidence table as statements (Griffith et al. 2017, Nat Genet 49:170; content is in the public
domain).

Predictive items are taken; items of one variant, level, significance and direction become one statement.
What can be looked for: a variant with bases, a protein change on its representative transcript,
amplification, fusions of the gene, and the classes that the shipped table has windows for. Anything else is
left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from truncal.drivers import statements as st
from truncal.drivers.alleles import BUILDS, Allele, make_allele
from truncal.drivers.drugs import load_drugs
from truncal.drivers.statements import Statement
from truncal.drivers.transcripts import load_transcripts
from truncal.tables import read_table

REQUIRED = (
    "gene", "variant", "drugs", "evidence_type", "evidence_direction", "evidence_level",
    "clinical_significance", "evidence_id", "chromosome", "start", "reference_bases", "variant_bases",
)  # fmt: skip
SENSITIVE, RESISTANT = "Sensitivity/Response", "Resistance"
_PROTEIN = re.compile(r"(?:^|\s)([A-Z]\d+(?:[A-Z*]|(?:_[A-Z]\d+)?(?:delins|del|ins|dup)[A-Z]*))\Z")
_CLASSES = {
    ("EGFR", "EXON 19 DELETION"): "RD0285",
    ("EGFR", "EXON 20 INSERTION"): "RD0286",
    ("ERBB2", "EXON 20 INSERTION"): "RD0300",
    ("MET", "EXON 14 SKIPPING MUTATION"): "RD0295",
}
_LOSSES = frozenset({"LOSS", "DELETION", "LOSS-OF-FUNCTION", "BIALLELIC INACTIVATION"})


def read_civic(path: str | Path, build: str = "GRCh37") -> list[Statement]:
    """Statements of a CIViC evidence TSV (plain or gzip), with coordinates in `build` where it names none.

    Raises
    ------
    UserError
        the file is missing or lacks columns.

    """
    table = read_table(path, REQUIRED, what="CIViC evidence table")
    groups: dict[tuple[str, ...], list[Mapping[str, str | None]]] = {}
    for row in table.rows():
        if row["evidence_type"] != "Predictive" or row["clinical_significance"] not in (SENSITIVE, RESISTANT):
            continue
        if row.get("evidence_status") not in (None, "accepted"):
            continue
        names = ("gene", "variant", "evidence_level", "clinical_significance", "evidence_direction")
        key = tuple(str(row[name] or "") for name in (*names, "start", "variant_bases"))
        groups.setdefault(key, []).append(row)
    shipped = {one.id: one for one in st.load_statements()}
    found = (_statement(rows, build, shipped) for rows in groups.values())
    return [one for one in found if one is not None]


def _statement(
    rows: Sequence[Mapping[str, str | None]], build: str, shipped: Mapping[str, Statement]
) -> Statement | None:
    row = rows[0]
    gene, variant = str(row["gene"]), str(row["variant"] or "").strip()
    match, windows, alteration_class = _how(gene, variant, shipped)
    alleles = _alleles(row, build)
    protein = _PROTEIN.search(variant)
    if alleles:
        match, alteration_class = st.ALLELE, "snv"
    elif match is None and protein and row.get("representative_transcript"):
        match, alteration_class = st.PROTEIN, "snv"
    if match is None:
        return None
    supports = row["evidence_direction"] == "Supports"
    sensitive = row["clinical_significance"] == SENSITIVE
    drugs = tuple(dict.fromkeys(drug for one in rows for drug in _drugs(one)))
    diseases = list(dict.fromkeys(str(one.get("disease")) for one in rows if one.get("disease")))
    context = ", ".join(diseases[:3]) + (" and others" if len(diseases) > 3 else "")
    if not supports:
        said = "sensitivity to" if sensitive else "resistance to"
        context = f"does not support {said} {', '.join(drugs)}, in {context}"
    ids = [str(one["evidence_id"]) for one in rows]
    transcript = row.get("representative_transcript")
    return Statement(
        id=f"CIViC:EID{ids[0]}",
        gene=gene,
        alteration=protein[1] if protein and alleles else variant,
        alteration_class=alteration_class,
        role=_role(gene, drugs, sensitive),
        match=match,
        hgvs_p=f"p.{protein[1]}" if protein else None,
        transcripts=(transcript,) if transcript else (),
        alleles=alleles,
        windows=windows,
        context=context or None,
        drugs_sensitive=drugs if supports and sensitive else (),
        drugs_resistant=drugs if supports and not sensitive else (),
        level=str(row["evidence_level"]),
        pmids=tuple(dict.fromkeys(_citation(one) for one in rows if one.get("citation_id"))),
        verification="as CIViC gives it",
        claim_source=f"CIViC EID{', EID'.join(ids)}",
        source="CIViC",
    )


def _how(
    gene: str, variant: str, shipped: Mapping[str, Statement]
) -> tuple[str | None, Mapping[str, tuple[str, int, int]], str]:
    upper = variant.upper()
    known = shipped.get(_CLASSES.get((gene, upper), ""))
    if known is not None:
        return known.match, known.windows, known.alteration_class
    if upper == "AMPLIFICATION":
        return st.AMPLIFICATION, _gene_window(gene), "cn_gain"
    if upper in _LOSSES:
        return st.INACTIVATION, _gene_window(gene), "biallelic_loss"
    name = re.escape(gene)
    if re.fullmatch(rf"([A-Z0-9]+-{name}|{name} FUSIONS?|FUSIONS?|REARRANGEMENT)", upper):
        return st.FUSION, {}, "fusion"
    return None, {}, "snv"


def _gene_window(gene: str) -> dict[str, tuple[str, int, int]]:
    out = {}
    for build in BUILDS:
        model = load_transcripts(build).by_gene.get(gene)
        if model is not None:
            out[build] = (model.chrom, model.first, model.last)
    return out


def _alleles(row: Mapping[str, str | None], default: str) -> dict[str, Allele]:
    build = row.get("reference_build") or default
    ref, alt = row["reference_bases"] or "-", row["variant_bases"] or "-"
    if build not in BUILDS or ref == alt == "-":
        return {}
    allele = make_allele(row["chromosome"], row["start"], ref, alt)
    if allele is None:
        return {}
    out = {build: allele}
    other = BUILDS[1 - BUILDS.index(build)]
    lifted = _lift(allele, str(row["gene"]), build, other)
    if lifted is not None:
        out[other] = lifted
    return out


def _lift(allele: Allele, gene: str, build: str, other: str) -> Allele | None:
    """The same coding bases in the other build; `None` outside the shipped coding exons."""
    here, there = load_transcripts(build).by_gene.get(gene), load_transcripts(other).by_gene.get(gene)
    if here is None or there is None or here.strand != there.strand:
        return None
    first, last = here.coding_position(allele.pos), here.coding_position(max(allele.end, allele.pos))
    if first is None or last is None or abs(first - last) != max(len(allele.ref), 1) - 1:
        return None
    moved = [there.genomic_position(number) for number in (first, last)]
    if moved[0] is None or moved[1] is None:
        return None
    return Allele(there.chrom, min(moved[0], moved[1]), allele.ref, allele.alt)


def _drugs(row: Mapping[str, str | None]) -> list[str]:
    names = [name.strip() for name in str(row["drugs"] or "").split(",") if name.strip()]
    if row.get("drug_interaction_type") == "Combination" and len(names) > 1:
        return ["+".join(names)]
    return names


def _role(gene: str, drugs: Sequence[str], sensitive: bool) -> str:
    if sensitive:
        return "sensitising_driver"
    aimed = any(load_drugs().is_target(drug, gene) for drug in drugs)
    return "on_target_resistance" if aimed else "bypass"


def _citation(row: Mapping[str, str | None]) -> str:
    number = str(row["citation_id"])
    return number if row.get("source_type") in (None, "PubMed") else f"{row['source_type']}:{number}"
