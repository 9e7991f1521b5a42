"""From the VCFs and BAMs that a patient's rows name to one union of mutations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.counts.union import SOURCES, Union, unite
from truncal.errors import Fault, Faults, UserError
from truncal.reads.columns import Columns, find_columns
from truncal.reads.header import Header
from truncal.reads.vcf import Calls, read_calls, read_header
from truncal.sheet.samples import Sample, Sheet

Warnings = list[tuple[str, str]]


def ingest(
    sheet: Sheet,
    rows: Sequence[Sample],
    settings: Mapping[str, Any],
    reference: str | Path | None,
    warnings: Warnings,
) -> tuple[Union, str | None]:
    """Read every file of the patient and count in the BAMs; also the genome build, None where unknown.

    Raises
    ------
    UserError
        files can't be read, columns are ambiguous, builds differ; the faults of all files at once.

    """
    files: dict[Path, list[int]] = {}
    for index, row in enumerate(rows):
        if row.vcf is not None:
            files.setdefault(row.vcf, []).append(index)
    opened = _headers(sheet, rows, files)
    build = _build([header for header, _ in opened], settings["build"])
    faults = Faults()
    calls: list[tuple[Calls, list[int]]] = []
    for (header, columns), indices in zip(opened, files.values(), strict=True):
        try:
            calls.append((read_calls(header, columns, scheme=settings["reads"]["scheme"]), indices))
        except UserError as error:
            faults.extend(error)
    faults.raise_if_any()
    unfiltered = [part.header.path.name for part, _ in calls if not part.filtered]
    if unfiltered and settings["reads"]["pass_only"]:
        warnings.append(
            (
                "unfiltered_vcf",
                f"No record of {', '.join(unfiltered)} has a FILTER: the caller's filters seem not to have "
                "been run, so artefacts and germline variants may be among the mutations.",
            )
        )
    union = unite(calls, [row.sample for row in rows])
    if any(row.bam for row in rows):
        count_in_bams(union, rows, settings["reads"], reference)
    return union, build


def _headers(
    sheet: Sheet, rows: Sequence[Sample], files: Mapping[Path, Sequence[int]]
) -> list[tuple[Header, Columns]]:
    faults = Faults()
    opened = []
    for path, indices in files.items():
        try:
            header = read_header(path)
        except UserError as error:
            faults.extend(error)
            continue
        opened.append((header, find_columns(header, [rows[i] for i in indices], sheet.path, faults)))
    faults.raise_if_any()
    return opened


def _build(headers: Sequence[Header], stated: str) -> str | None:
    """The build that all headers agree on.

    Raises
    ------
    UserError
        two files of the patient have different builds, or another one than the config states.

    """
    named = {header.build: header for header in headers if header.build is not None}
    if len(named) > 1:
        said = ", ".join(f"{header.path.name} {build}" for build, header in named.items())
        raise UserError(
            f"files of one patient have different genome builds: {said}; call them on the same one"
        )
    if stated != "auto":
        for build, header in named.items():
            if build != stated:
                raise UserError(Fault(f"is {build}, but the config's `build` is {stated}", header.path))
        return stated
    return next(iter(named), None)


def count_in_bams(
    union: Union, rows: Sequence[Sample], reads: Mapping[str, Any], reference: str | Path | None
) -> None:
    """Replace the counts of samples with a BAM or CRAM by those of its reads, at every site of the union."""
    from truncal.reads.bam import count_sites

    sites = [(chrom, key[1], key[2], key[3]) for chrom, key in zip(union.chrom, union.key, strict=True)]
    for s, row in enumerate(rows):
        if row.bam is None:
            continue
        alt, depth = count_sites(
            row.bam,
            sites,
            min_base_quality=reads["min_base_quality"],
            min_mapping_quality=reads["min_mapping_quality"],
            reference=reference,
        )
        union.alt[:, s] = np.asarray(alt)
        union.depth[:, s] = np.asarray(depth)
        union.listed[:, s] = True
        union.source[:, s] = SOURCES.index("bam")
