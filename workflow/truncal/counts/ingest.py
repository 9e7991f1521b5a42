"""From the VCFs, MAFs and BAMs that a patient's rows name to one union of mutations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truncal.copynumber.genome import beyond_end
from truncal.counts.builds import agreed_build
from truncal.counts.mnvs import join_mnvs
from truncal.counts.union import SOURCES, Union, unite
from truncal.errors import Fault, Faults, UserError
from truncal.progress import steps
from truncal.reads.annotation import find_source
from truncal.reads.columns import Columns, find_columns
from truncal.reads.filters import Regions, Verdict, info_fields, read_bed, verdicts
from truncal.reads.header import Header
from truncal.reads.maf import is_maf, read_maf
from truncal.reads.reference import Reference, normalise
from truncal.reads.vcf import Calls, read_calls, read_header
from truncal.sheet.samples import Sample, Sheet, names_of_others

Warnings = list[tuple[str, str]]

_MOST = 0.5  # a BAM with reads at this share of the sites is one of the whole exome, not of some targets


@dataclass
class Opened:
    """One input file: header and columns of a VCF (None for a MAF), its calls, and the rows it serves."""

    path: Path
    header: Header
    columns: Columns
    calls: Calls | None
    rows: list[int]


def ingest(
    sheet: Sheet,
    rows: Sequence[Sample],
    settings: Mapping[str, Any],
    reference: Reference | None,
    warnings: Warnings,
) -> tuple[Union, str | None]:
    """Read every file of the patient and count in the BAMs; also the genome build, None where unknown.

    Raises
    ------
    UserError
        files can't be read, columns are ambiguous, builds differ; the faults of all files at once.

    """
    reads = settings["reads"]
    files = open_files(sheet, rows)
    stated = [(file.path, file.header.build) for file in files]
    if reference is not None:
        stated.append((reference.path, reference.build))
    build = agreed_build(stated, settings["build"])
    blacklist = read_bed(reads["blacklist"]) if reads["blacklist"] is not None else None
    faults = Faults()
    said: list[list[Verdict]] = []
    with steps("files", len(files)) as advance:
        for file in files:
            try:
                said.append(_read(file, reads, reference, blacklist, build))
            except UserError as error:
                faults.extend(error)
            advance()
    faults.raise_if_any()
    _warn_unfiltered(files, reads, warnings)
    read = [(file, file.calls) for file in files if file.calls is not None]
    union = unite(
        [(calls, found, file.rows) for (file, calls), found in zip(read, said, strict=True)],
        [row.sample for row in rows],
    ).passing()
    fasta = reference.path if reference is not None else None
    if reads["join_mnvs"]:
        opened = [(file.header, file.columns, calls) for file, calls in read if file.header.formats]
        union = join_mnvs(union, opened, rows, reads, fasta)
    if any(row.bam for row in rows):
        count_in_bams(union, rows, reads, fasta, build)
    return union, build


def open_files(sheet: Sheet, rows: Sequence[Sample]) -> list[Opened]:
    """Read the headers of the VCFs of a patient and find the columns of its rows; read its MAFs.

    Raises
    ------
    UserError
        files are no VCF or MAF, or columns are missing or ambiguous; all faults at once.

    """
    faults = Faults()
    by_path: dict[Path, list[int]] = {}
    for index, row in enumerate(rows):
        if row.vcf is not None:
            by_path.setdefault(row.vcf, []).append(index)
    opened = []
    for path, indices in by_path.items():
        chosen = [rows[i] for i in indices]
        try:
            if is_maf(path):
                calls, build = read_maf(path, chosen, sheet.path)
                header = Header(path, [], {}, {}, {"reference": [build]} if build else {}, {})
                opened.append(Opened(path, header, Columns([], None), calls, indices))
            else:
                header = read_header(path)
                columns = find_columns(header, chosen, sheet.path, faults)
                opened.append(Opened(path, header, columns, None, indices))
        except UserError as error:
            faults.extend(error)
    faults.raise_if_any()
    return opened


def _read(
    file: Opened,
    reads: Mapping[str, Any],
    reference: Reference | None,
    blacklist: Regions | None,
    build: str | None,
) -> list[Verdict]:
    """Read, left-align and judge one file's alleles."""
    calls = file.calls
    if calls is None:
        calls = file.calls = read_calls(
            file.header,
            file.columns,
            scheme=reads["scheme"],
            source=find_source(file.header),
            info=info_fields(file.header, reads),
        )
    if build is not None:
        furthest: dict[str, int] = {}
        for chrom, pos, _, _ in calls.key:
            if pos > furthest.get(chrom, 0):
                furthest[chrom] = pos
        beyond = beyond_end(furthest, furthest.values(), build)
        if beyond:
            name, position, length = beyond[0]
            raise UserError(
                Fault(
                    f"is not {build}: position {position} lies beyond the end {length} of chromosome {name}",
                    file.path,
                )
            )
    found = verdicts(file.header, calls, reads, blacklist)
    if reference is not None:
        original = calls.key
        calls.key, wrong = normalise(original, reference, file.path)
        for i in wrong:
            found[i] = found[i] or ("not_a_mutation", "REF differs from the reference FASTA")
    return found


def _warn_unfiltered(files: Sequence[Opened], reads: Mapping[str, Any], warnings: Warnings) -> None:
    names = [file.path.name for file in files if file.calls is not None and not file.calls.filtered]
    if names and reads["pass_only"]:
        warnings.append(
            (
                "unfiltered_vcf",
                f"No record of {', '.join(names)} has a FILTER: the caller's filters seem not to have "
                "been run, so artefacts and germline variants may be among the mutations.",
            )
        )


def count_in_bams(
    union: Union, rows: Sequence[Sample], reads: Mapping[str, Any], reference: Path | None, build: str | None
) -> None:
    """Replace the counts of samples with a BAM or CRAM by those of its reads, at every site that it covers.

    A file may hold only some targets (a panel, slices around drivers): where it has no read, the VCF's word
    stands. An uncovered site that the VCF does not list has no reads in a file that covers most sites, and is
    merely not called with a file that does not.
    """
    from truncal.reads.bam import count_sites
    from truncal.reads.bam_file import check_sample

    faults = Faults()
    for s, row in enumerate(rows):
        if row.bam is None:
            continue
        try:
            counts = count_sites(
                row.bam,
                union.chrom,
                union.pos,
                [key[2] for key in union.key],
                [key[3] for key in union.key],
                reference=reference,
                build=build,
                min_base_quality=reads["min_base_quality"],
                min_mapping_quality=reads["min_mapping_quality"],
            )
            check_sample(row.bam, row.called, names_of_others(row, rows, "bam"))
        except UserError as error:
            faults.extend(error)
            continue
        covered = counts.ref + counts.alt + counts.other > 0
        if covered.mean() >= _MOST:
            covered |= ~union.listed[:, s]
        union.alt[covered, s] = counts.alt[covered]
        union.depth[covered, s] = counts.depth[covered]
        union.listed[covered, s] = True
        union.source[covered, s] = SOURCES.index("bam")
    faults.raise_if_any()
