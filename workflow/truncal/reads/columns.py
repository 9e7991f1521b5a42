"""Which column of a VCF is the tumour sample of a row of the sheet, and which is the normal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from truncal.errors import Faults
from truncal.reads.header import Header
from truncal.sheet.samples import Sample

_TUMOUR = re.compile(r"(^|[_.\-\s])(tumou?rs?|tumou?r_?dna|dna_?tumou?r|primary)($|[_.\-\s])", re.IGNORECASE)
_NORMAL = re.compile(
    r"(^|[_.\-\s])(normals?|normal_?dna|dna_?normal|germline|blood|pbmcs?|control|gl|buffy)($|[_.\-\s])",
    re.IGNORECASE,
)
_SHORT_NORMAL = re.compile(r"[_.\-]N\Z")
_SHORT_TUMOUR = re.compile(r"[_.\-]T\Z")
_RNA = re.compile(r"(^|[_.\-\s])(rna|rnaseq|rna_?tumou?r)($|[_.\-\s])", re.IGNORECASE)
_TUMOUR_LINE = re.compile(
    r"genomes=tumou?r|description=\"?(dna)?\s*(tumou?r|mutant)|,\s*(tumou?r|mutant)\b", re.IGNORECASE
)
_NORMAL_LINE = re.compile(
    r"genomes=(germline|normal)|description=\"?(dna)?\s*normal|,\s*normal\b", re.IGNORECASE
)
_SAMPLE_NAME = re.compile(r"SampleName=([^,>]+)")


@dataclass(frozen=True)
class Columns:
    """tumours: index of the column of each row given; normal: that of the normal, or None."""

    tumours: list[int]
    normal: int | None


def find_columns(header: Header, rows: Sequence[Sample], sheet: Path, faults: Faults) -> Columns:
    """Column of each sheet row that names this file.

    In this order: `vcf_sample`; a column named like `sample`; a `##SAMPLE` line whose SampleName is `sample`;
    and, where the file serves one row only, its only column, the header's `tumor_sample`, or what is left
    after the columns that say they are normal or RNA. Several left is a fault, never a guess.
    """
    names = header.columns
    if not names and "DP4" in header.infos and len(rows) == 1:
        return Columns([0], None)  # LoFreq: one sample, its counts are in INFO
    if not names:
        faults.add(
            f"{header.path.name} has no sample columns (sites only), so no read counts",
            sheet,
            rows[0].row,
            "vcf",
        )
        return Columns([-1] * len(rows), None)
    roles = {name: _role(header, name) for name in names}
    found: list[int] = []
    for row in rows:
        index = _named(header, row)
        if index is None and row.vcf_sample is not None:
            faults.add(
                f"{row.vcf_sample} is no column of {header.path.name}; it has {_listed(names)}",
                sheet, row.row, "vcf_sample",
            )  # fmt: skip
        elif index is None:
            index = _by_convention(header, row, rows, roles, sheet, faults)
        found.append(-1 if index is None else index)
    return Columns(found, _normal(header, found, roles))


def _named(header: Header, row: Sample) -> int | None:
    if row.vcf_sample is not None:
        return header.columns.index(row.vcf_sample) if row.vcf_sample in header.columns else None
    if row.sample in header.columns:
        return header.columns.index(row.sample)
    for name, line in header.samples.items():
        match = _SAMPLE_NAME.search(line)
        if match and match.group(1).strip('"') == row.sample and name in header.columns:
            return header.columns.index(name)
    return None


def _by_convention(
    header: Header,
    row: Sample,
    rows: Sequence[Sample],
    roles: dict[str, str],
    sheet: Path,
    faults: Faults,
) -> int | None:
    names = header.columns
    file = header.path.name
    if len(rows) > 1:
        faults.add(
            f"{file} serves {len(rows)} samples but has no column {row.sample}; it has {_listed(names)}: "
            "name the right one in vcf_sample",
            sheet, row.row, "vcf",
        )  # fmt: skip
        return None
    if len(names) == 1 and roles[names[0]] != "normal":
        return 0
    unsaid = [name for name in names if roles[name] == ""]
    for wanted in ("tumour", ""):
        left = [name for name in names if roles[name] == wanted]
        if wanted == "tumour" and len(left) == 1 and len(names) > 2:
            left += unsaid  # TUMOR beside MET: either may be meant
        if len(left) == 1:
            return names.index(left[0])
        if left:
            faults.add(
                f"more than one column of {file} may be the tumour ({_listed(left)}): name the right one in "
                "vcf_sample",
                sheet, row.row, "vcf",
            )  # fmt: skip
            return None
    faults.add(f"{file} has no tumour column; it has {_listed(names)}", sheet, row.row, "vcf")
    return None


def _role(header: Header, name: str) -> str:
    """`tumour`, `normal`, `rna` or empty: what header and name say about a column."""
    line = header.samples.get(name, "")
    if _RNA.search(name) or "rna" in line.lower().split(","):
        return "rna"
    if name in header.values("tumor_sample"):
        return "tumour"
    if name in header.values("normal_sample"):
        return "normal"
    if _NORMAL_LINE.search(line):
        return "normal"
    if _TUMOUR_LINE.search(line):
        return "tumour"
    if _NORMAL.search(name) or _SHORT_NORMAL.search(name):
        return "normal"
    if _TUMOUR.search(name) or _SHORT_TUMOUR.search(name):
        return "tumour"
    return ""


def _normal(header: Header, tumours: list[int], roles: dict[str, str]) -> int | None:
    """The normal's column: the one that says so, or the only other one beside a column that says tumour."""
    others = [i for i, name in enumerate(header.columns) if i not in tumours and roles[name] != "rna"]
    says = [i for i in others if roles[header.columns[i]] == "normal"]
    if len(says) == 1:
        return says[0]
    if not says and len(others) == 1 and len(tumours) == 1 and tumours[0] >= 0:
        by_header = roles[header.columns[tumours[0]]] == "tumour" and roles[header.columns[others[0]]] == ""
        return others[0] if by_header else None
    return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "no sample column"
