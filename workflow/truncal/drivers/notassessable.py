"""What this input cannot show: never "negative", with the assay that would tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from truncal.drivers import statements as st
from truncal.drivers.statements import Statement

PROTEIN = "protein or RNA of the tumour: immunohistochemistry, RNA-seq or phosphoproteomics"
ASSAYS = {
    "SCLC": "histology and immunohistochemistry of a new biopsy",
    "EMT": "RNA-seq or immunohistochemistry of epithelial and mesenchymal markers",
    "metabolic": "metabolic imaging, RNA-seq or functional assays of residual cells",
    "BCL2/BCL2L1": "BH3 profiling or immunohistochemistry of the BCL-2 family",
    "TGFB2-IL6-JAK2-STAT3": "RNA-seq or phospho-STAT3 immunohistochemistry",
    "BRAF": "RNA-seq across the splice junctions",
}
BY_MATCH = {
    st.FUSION: (
        "no fusions were given; exome reads rarely cover the introns where they break",
        "RNA-seq, a targeted RNA panel, or whole-genome sequencing with an SV caller",
    ),
    st.AMPLIFICATION: ("no copy number was given", "copy-number calls of the same exome, FISH or array"),
    st.HOMOZYGOUS_DELETION: (
        "no copy number was given",
        "copy-number calls of the same exome, FISH or array",
    ),
    st.INACTIVATION: (
        "no copy number was given: loss of the other copy is unknown",
        "copy-number calls, FISH or array",
    ),
    st.INACTIVATION_PAIR: (
        "no copy number was given",
        "copy-number calls, FISH or immunohistochemistry of RB1 and p53",
    ),
}
STRUCTURAL = (
    "structural variants inside a gene are not called from exome point mutations",
    "whole-genome sequencing, RNA-seq or a targeted panel with intronic probes",
)
GERMLINE = (
    "a germline polymorphism outside the exome's targets",
    "a germline PCR or whole-genome sequencing of normal tissue",
)
SERIAL = ("needs serial samples before and after therapy", "serial plasma or tissue sequencing")


def not_assessable_rows(
    statements: Sequence[Statement], *, copy_number: bool, fusions: bool, time_points: bool, alleles: bool
) -> list[dict[str, Any]]:
    """Rows of not_assessable.tsv for what was given: copy number, fusions, several time points, alleles."""
    rows = []
    for one in statements:
        found = _why(one, copy_number, fusions, time_points, alleles)
        if found is not None:
            rows.append(
                {
                    "id": one.id,
                    "gene": one.gene,
                    "alteration": one.alteration,
                    "class": one.alteration_class,
                    "reason": found[0],
                    "assay": found[1],
                }
            )
    return rows


def _why(
    one: Statement, copy_number: bool, fusions: bool, time_points: bool, alleles: bool
) -> tuple[str, str] | None:
    if one.match == st.NOT_IN_DNA:
        return "DNA does not show it", ASSAYS.get(one.gene, PROTEIN)
    if one.alteration_class == "sv":
        return STRUCTURAL
    if one.alteration_class == "germline":
        return GERMLINE
    if one.alteration_class == "dynamic":
        return None if time_points else SERIAL
    if one.match == st.FUSION:
        return None if fusions else BY_MATCH[st.FUSION]
    if one.match in BY_MATCH and not copy_number:
        return BY_MATCH[one.match]
    small = (st.ALLELE, st.IN_FRAME_DELETION, st.IN_FRAME_INSERTION, st.IN_FRAME_DELINS, st.EXON_SKIPPING)
    if one.match in small and not alleles:
        return "the input has neither alleles nor annotation", "the VCF of the same exome"
    return None
