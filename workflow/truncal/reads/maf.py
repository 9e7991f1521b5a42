"""MAF tables with read depths (GDC's columns, cBioPortal's, and those of MesKit)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from truncal.copynumber.genome import canonical
from truncal.errors import Fault, Faults, UserError
from truncal.reads.alleles import Key, refusal, trim
from truncal.reads.annotation import Raw, Source
from truncal.reads.effects import Effect
from truncal.reads.vcf import Calls
from truncal.sheet.samples import Sample
from truncal.tables import MISSING, Table, check_header, open_text, unreadable

NAMES = {
    "chrom": ("Chromosome",),
    "pos": ("Start_Position", "Start_position"),
    "ref": ("Reference_Allele",),
    "alt": ("Tumor_Seq_Allele2",),
    "alt_1": ("Tumor_Seq_Allele1",),
    "sample": ("Tumor_Sample_Barcode",),
    "t_alt": ("t_alt_count", "Alt_allele_depth", "i_t_alt_count"),
    "t_ref": ("t_ref_count", "Ref_allele_depth", "i_t_ref_count"),
    "t_depth": ("t_depth",),
    "n_alt": ("n_alt_count",),
    "n_ref": ("n_ref_count",),
    "n_depth": ("n_depth",),
    "filter": ("FILTER",),
    "build": ("NCBI_Build",),
    "gene": ("Hugo_Symbol",),
    "hgvsp": ("HGVSp", "HGVSp_Short", "Protein_Change"),
    "hgvsc": ("HGVSc", "cDNA_Change"),
    "transcript": ("Transcript_ID", "Feature", "Annotation_Transcript"),
    "population": ("gnomAD_AF", "gnomADe_AF", "MAX_AF"),
}
"""Columns by what they hold; the first that the file has is taken."""

MOST_READS = 1e9

REQUIRED = ("chrom", "pos", "ref", "alt", "sample")


def is_maf(path: Path) -> bool:
    """Whether a file's first line that is no comment is a MAF header."""
    try:
        with open_text(path) as handle:
            for line in handle:
                if line.startswith("##fileformat=VCF"):
                    return False
                if not line.lstrip("\ufeff").startswith("#"):
                    return "Tumor_Sample_Barcode" in line and "Reference_Allele" in line
    except (OSError, EOFError, UnicodeDecodeError, ValueError):
        return False
    return False


def read_maf(path: Path, rows: Sequence[Sample], sheet: Path) -> tuple[Calls, str | None]:
    """Mutations and counts of the sheet's rows, and the genome build that the file states.

    Indels without an anchor base (`-`) get one, `N` until a reference FASTA names it.

    Raises
    ------
    UserError
        the table lacks columns or depths, values are no counts, or a sample of the sheet is not in it.

    """
    faults = Faults()
    table = _read(path, faults)
    column = {what: next((name for name in names if name in table), None) for what, names in NAMES.items()}
    lacking = [NAMES[what][0] for what in REQUIRED if column[what] is None]
    for name in lacking:
        faults.add(f"lacks column {name}; a MAF was expected", path, 1)
    if column["t_alt"] is None or (column["t_ref"] is None and column["t_depth"] is None):
        faults.add("lacks read depths: expected t_alt_count with t_ref_count or t_depth", path, 1)
    if lacking:
        raise UserError(faults.found)

    barcodes = table.text(str(column["sample"]))
    present = dict.fromkeys(barcodes)
    place: dict[str | None, int] = {}
    for index, row in enumerate(rows):
        name = row.vcf_sample or row.sample
        if present and name not in present:
            shown = ", ".join(str(found) for found in list(present)[:6])
            faults.add(
                f"{name} is no Tumor_Sample_Barcode of {path.name}; it has {shown}",
                sheet, row.row, "vcf_sample" if row.vcf_sample else "sample",
            )  # fmt: skip
        place[name] = index
    pos = table.integers(str(column["pos"]), faults, minimum=1)
    alt = _counts(table, column["t_alt"], faults)
    depth = _counts(table, column["t_depth"], faults)
    ref = _counts(table, column["t_ref"], faults)
    depth = np.where(np.isnan(ref), depth, ref + alt)
    normal_alt = _counts(table, column["n_alt"], faults)
    normal_depth = _counts(table, column["n_depth"], faults)
    normal_ref = _counts(table, column["n_ref"], faults)
    normal_depth = np.where(np.isnan(normal_ref), normal_depth, normal_ref + normal_alt)
    faults.raise_if_any()

    rank: dict[Key, int] = {}
    kept: list[int] = []
    cells: list[tuple[int, int, int]] = []
    excluded: list[tuple[str, str, str]] = []
    alleles = [
        table.text(str(column[name])) if column[name] else None for name in ("chrom", "ref", "alt", "alt_1")
    ]
    for i, barcode in enumerate(barcodes):
        if barcode not in place:
            continue
        chrom, ref_text, alt_text, other = (values[i] if values else None for values in alleles)
        found = anchored(int(pos[i]), ref_text or MISSING, alt_text or MISSING, other)
        reason = refusal(found[1], found[2])
        if reason is not None:
            excluded.append((f"{chrom}:{pos[i]}:{ref_text}:{alt_text}", "not_a_mutation", reason))
            continue
        key = (canonical(chrom or MISSING), *trim(found[0], found[1].upper(), found[2].upper()))
        place_of = rank.setdefault(key, len(rank))
        if place_of == len(kept):
            kept.append(i)
        cells.append((place_of, place[barcode], i))
    counts = [np.full((len(kept), len(rows)), np.nan) for _ in range(2)]
    for m, s, i in cells:
        counts[0][m, s] = alt[i]
        counts[1][m, s] = max(depth[i], alt[i])
    filters = table.text(str(column["filter"])) if column["filter"] else None
    calls = Calls(
        path.name,
        list(rank),
        [alleles[0][i] or MISSING for i in kept] if alleles[0] else [],
        [None if filters is None or filters[i] in (None, ".", "PASS") else filters[i] for i in kept],
        counts[0],
        counts[1],
        normal_alt[kept],
        normal_depth[kept],
        _annotations(table, column, kept),
        np.arange(len(kept)),
        np.ones(len(kept), dtype=np.int64),
        "maf",
        {"gnomAD_AF": [table.columns[column["population"]][i] for i in kept]} if column["population"] else {},
        excluded,
        filters is not None,
    )
    return calls, _build(table, column["build"])


def anchored(pos: int, ref: str, alt: str, other: str | None = None) -> tuple[int, str, str]:
    """MAF alleles as in a VCF: an empty allele gets the base before it, `N` as long as that is not known."""
    if alt == ref and other:
        alt = other
    ref, alt = ("" if text in ("-", "--", "0") else text for text in (ref, alt))
    if ref and alt:
        return pos, ref, alt
    # an insertion stands between Start and the base after it; a deletion starts at Start
    return (pos if not ref else pos - 1), f"N{ref}", f"N{alt}"


def _read(path: Path, faults: Faults) -> Table:
    """The table below the comments; rows of the wrong length become faults and are left out."""
    import csv

    try:
        with open_text(path) as handle:
            lines = [
                (number, fields)
                for number, fields in enumerate(
                    csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE), start=1
                )
                if any(field.strip() for field in fields) and not fields[0].lstrip("\ufeff").startswith("#")
            ]
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise UserError(Fault(f"cannot read the MAF: {unreadable(error)}", path)) from error
    if not lines:
        raise UserError(Fault("is empty; expected a MAF", path))
    first, header = lines[0][0], [name.removeprefix("\ufeff") for name in lines[0][1]]
    check_header(header, faults, path, first)
    if len(lines) < 2:
        faults.add("has a header but no rows", path)
    faults.raise_if_any()
    columns: dict[str, list[str | None]] = {name: [] for name in header}
    stores, numbers = list(columns.values()), []
    for number, fields in lines[1:]:
        if len(fields) != len(header):
            faults.add(f"has {len(fields)} fields, the header {len(header)} (tab-separated)", path, number)
            continue
        numbers.append(number)
        for store, value in zip(stores, fields, strict=True):
            store.append(None if value in ("", "NA", ".") else value)
    return Table(columns, path, numbers)


def _counts(table: Table, name: str | None, faults: Faults) -> np.ndarray:
    return table.floats(name, faults, low=0, high=MOST_READS) if name else np.full(len(table), np.nan)


def _build(table: Table, name: str | None) -> str | None:
    said = set(table.text(name)) if name else set()
    words = {
        "37": "GRCh37",
        "hg19": "GRCh37",
        "38": "GRCh38",
        "hg38": "GRCh38",
        "GRCh37": "GRCh37",
        "GRCh38": "GRCh38",
    }
    builds = {words.get(value) for value in said if value}
    return builds.pop() if len(builds) == 1 else None


def _annotations(table: Table, column: dict[str, str | None], kept: Sequence[int]) -> list[Raw | None]:
    names = ("gene", "transcript", "hgvsc", "hgvsp")
    texts = [table.text(str(column[name])) if column[name] else None for name in names]

    def parse(raw: str, ref: str, alts: Sequence[str], number: int) -> list[Effect]:
        gene, transcript, coding, protein = (values[int(raw)] if values else None for values in texts)
        return [Effect(gene, transcript, coding, protein, 1, 4)]

    source = Source("MAF", parse)
    return [Raw(source, str(i), "", ("",), 1) for i in kept]
