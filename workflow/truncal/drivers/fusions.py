"""Fusions from a table or a VCF of structural variants: which sample has them, and where on the tree they
fit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from truncal.drivers import statements as st
from truncal.drivers.alleles import plain_chrom
from truncal.drivers.copynumber import clone_p_clonal, fill_placement
from truncal.drivers.events import Event, name_events
from truncal.drivers.matching import Hit
from truncal.drivers.placement import log_presence_likelihood, place
from truncal.drivers.statements import Statement
from truncal.drivers.transcripts import Transcripts
from truncal.drivers.tumour import Tumour
from truncal.errors import Fault, Faults, UserError
from truncal.tables import Table, open_text, read_table

_MATE = re.compile(r"[\[\]]([^\[\]:]+):(\d+)[\[\]]")
_SUPPORT = ("SR", "PR", "RV", "DV", "PE", "AD", "SU")
MIN_SUPPORT = 2
REACH = 20_000
"""Breakpoints this far outside a gene's coding range still count as in it (first and last introns)."""


@dataclass(frozen=True)
class Fusion:
    """Two partners in one sample; `reads` is None where the file does not say."""

    sample: str
    five: str
    three: str
    reads: float | None = None

    @property
    def name(self) -> str:
        """`EML4-ALK`."""
        return f"{self.five}-{self.three}"


def read_fusions(
    path: Path, tumour: Tumour, patient: str | None, models: Transcripts, genes: set[str]
) -> list[Fusion]:
    """Fusions of the patient's samples, from a TSV or a VCF (told by its first line).

    Raises
    ------
    UserError
        the file is neither, columns are missing, or it names a sample that the patient does not have.

    """
    faults = Faults()
    try:
        if _is_vcf(path):
            return list(_from_vcf(path, tumour, models, genes))
    except (OSError, EOFError, ValueError) as error:
        raise _unreadable(path, error) from error
    table, reads = _read_table(path, faults)
    known = set(tumour.sample_ids)
    out = []
    for number, row in enumerate(table.rows()):
        if patient is not None and row.get("patient") not in (None, patient):
            continue
        sample = row["sample"] or ""
        if sample not in known:
            if (patient is not None or "patient" not in table) and "sample" not in table.absent:
                text = f"{sample or 'NA'} is not a sample of the patient"
                faults.add(text, path, table.line(number), "sample")
            continue
        support = float(reads[number]) if np.isfinite(reads[number]) else None
        out.append(Fusion(sample, row["gene_5"] or "NA", row["gene_3"] or "NA", support))
    faults.raise_if_any()
    return out


def check_fusions(path: Path) -> None:
    """Read a table of fusions without a patient, or the first line of a VCF.

    Raises
    ------
    UserError
        it cannot be read, or a table lacks columns or has a wrong number.

    """
    faults = Faults()
    try:
        if _is_vcf(path):
            return
    except (OSError, EOFError, ValueError) as error:
        raise _unreadable(path, error) from error
    _read_table(path, faults)
    faults.raise_if_any()


def _is_vcf(path: Path) -> bool:
    with open_text(path) as handle:
        return handle.readline().startswith("##fileformat=VCF")


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(Fault(f"cannot be read as a table or VCF of fusions: {error}", path))


def _read_table(path: Path, faults: Faults) -> tuple[Table, np.ndarray]:
    """The table and its column of supporting reads."""
    table = read_table(path, ("sample", "gene_5", "gene_3"), what="table of fusions", faults=faults)
    return table, table.floats("supporting_reads", faults, low=0)


def _from_vcf(path: Path, tumour: Tumour, models: Transcripts, genes: set[str]) -> Iterator[Fusion]:
    columns: list[str] = []
    known = {name: name for name in tumour.sample_ids}
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            if line.startswith("##"):
                continue
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#"):
                columns = fields[9:]
                if columns and not set(columns) & set(known):
                    known = _only_tumour(columns, tumour.sample_ids)
                if columns and not known:
                    listed = ", ".join(columns)
                    text = (
                        f"its samples ({listed}) are none of the patient's ({', '.join(tumour.sample_ids)})"
                    )
                    raise UserError(Fault(text, path, number))
                continue
            ends = _ends(fields)
            if ends is None or fields[6] not in ("PASS", "."):
                continue
            partners = [_gene_at(chrom, pos, models, genes) for chrom, pos in ends]
            if partners[0] == partners[1] or not any(gene in genes for gene in partners):
                continue
            three = 1 if partners[1] in genes else 0
            five, target = partners[1 - three] or _place(ends[1 - three]), partners[three]
            for sample, support in _samples(fields, columns, known):
                yield Fusion(sample, five, target or "NA", support)


def _only_tumour(columns: Sequence[str], sample_ids: Sequence[str]) -> dict[str, str]:
    """A patient's only sample is the file's only column, or the one called TUMOR."""
    found = [name for name in columns if name.upper() in ("TUMOR", "TUMOUR")] or list(columns)
    return {found[0]: sample_ids[0]} if len(found) == 1 == len(sample_ids) else {}


def _ends(fields: Sequence[str]) -> tuple[tuple[str, int], tuple[str, int]] | None:
    if len(fields) < 8 or not fields[1].isdigit():
        return None
    start = (plain_chrom(fields[0]), int(fields[1]))
    mate = _MATE.search(fields[4])
    if mate:
        return start, (plain_chrom(mate[1]), int(mate[2]))
    info = dict(part.partition("=")[::2] for part in fields[7].split(";"))
    if fields[4].startswith("<") and info.get("END", "").isdigit():
        return start, (plain_chrom(info.get("CHR2", fields[0])), int(info.get("POS2") or info["END"]))
    return None


def _gene_at(chrom: str, pos: int, models: Transcripts, genes: set[str]) -> str | None:
    inside = [
        one
        for one in models.by_gene.values()
        if one.chrom == chrom and one.first - REACH <= pos <= one.last + REACH
    ]
    inside.sort(key=lambda one: (one.gene not in genes, not one.first <= pos <= one.last, one.gene))
    return inside[0].gene if inside else None


def _place(end: tuple[str, int]) -> str:
    return f"chr{end[0]}:{end[1]}"


def _samples(
    fields: Sequence[str], columns: Sequence[str], known: Mapping[str, str]
) -> Iterator[tuple[str, float | None]]:
    if not columns:
        for name in known:
            yield name, None
        return
    keys = fields[8].split(":") if len(fields) > 8 else []
    for name, text in zip(columns, fields[9:], strict=False):
        if name not in known:
            continue
        values = dict(zip(keys, text.split(":"), strict=False))
        counts = [values[key].split(",")[-1] for key in _SUPPORT if key in values]
        numbers = [float(value) for value in counts if value.replace(".", "", 1).isdigit()]
        support = sum(numbers) if numbers else None
        genotype = values.get("GT", "./.")
        if (support is not None and support >= MIN_SUPPORT) or (support is None and "1" in genotype):
            yield known[name], support


def fusion_events(
    tumour: Tumour, fusions: Sequence[Fusion], statements: Sequence[Statement], settings: Mapping[str, Any]
) -> list[Event]:
    """One event a pair of partners of which a statement names one."""
    listed: dict[str, list[Statement]] = {}
    for one in st.by_match(statements, st.FUSION):
        for gene in fusion_genes(one):
            listed.setdefault(gene, []).append(one)
    found: dict[str, dict[str, float | None]] = {}
    target: dict[str, str] = {}
    for fusion in fusions:
        gene = fusion.three if fusion.three in listed else fusion.five
        if gene in listed:
            found.setdefault(fusion.name, {})[fusion.sample] = fusion.reads
            target[fusion.name] = gene
    clonal = clone_p_clonal(tumour, settings)
    events = []
    for name, by_sample in found.items():
        seen = np.array([float(sample in by_sample) for sample in tumour.sample_ids])
        event = Event(gene=target[name], event=f"{name} fusion", event_class="fusion")
        event.hits = [Hit(one, "fusion") for one in listed[target[name]]]
        placed = place(tumour.clones, log_presence_likelihood(seen, tumour.clones), clonal)
        fill_placement(event, tumour, placed, settings)
        event.present, event.assessable = seen > 0, np.ones(len(seen), dtype=bool)
        event.excluded, event.ccf = np.full(len(seen), np.nan), np.full((len(seen), 3), np.nan)
        reads = ", ".join(
            f"{sample}{'' if support is None else f' ({support:g} reads)'}"
            for sample, support in by_sample.items()
        )
        event.reason = (
            f"Reported in {reads}, {len(by_sample)} of {len(seen)} samples. A fusion call has no cancer cell "
            f"fraction; presence alone places it (probability of the trunk {event.p_truncal:.2f})."
        )
        events.append(event)
    name_events(events)
    return events


def fusion_genes(statement: Statement) -> list[str]:
    """Genes of a fusion statement; `NTRK1/2/3` is three, and an ERBB3 ligand fusion is NRG1's."""
    if "NRG1" in statement.alteration:
        return ["NRG1"]
    stem, slash, rest = statement.gene.partition("/")
    if not slash:
        return [stem]
    root = stem.rstrip("0123456789")
    return [stem, *(part if not part.isdigit() else root + part for part in rest.split("/"))]
