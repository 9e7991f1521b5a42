"""What can be said of a cohort's files before anything is counted: `truncal check --files`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from truncal.counts.builds import agreed_build
from truncal.counts.ingest import open_files
from truncal.counts.segment_files import read_all_segments
from truncal.errors import Faults, UserError
from truncal.reads.vcf import choose_schemes
from truncal.sheet.samples import Sheet, names_of_others


def check_files(sheet: Sheet, settings: Mapping[str, Any]) -> None:
    """Open every file of the sheet: headers, tumour columns, schemes, builds, segments, indices of BAMs.

    Records are left to the counts step.

    Raises
    ------
    UserError
        with the faults of all patients at once.

    """
    from truncal.reads.bam_file import check_sample

    faults = Faults()
    for patient in sheet.patients:
        rows = sheet.rows(patient)
        build = None
        try:
            files = open_files(sheet, rows)
            build = agreed_build([(file.path, file.header.build) for file in files], settings["build"])
        except UserError as error:
            faults.extend(error)
            files = []
        for file in files:
            if file.calls is None:
                try:
                    choose_schemes(file.header, settings["reads"]["scheme"])
                except UserError as error:
                    faults.extend(error)
        try:
            read_all_segments(rows, build, [])
        except UserError as error:
            faults.extend(error)
        for row in rows:
            if row.bam is not None:
                try:
                    _check_bam(row.bam, settings["reads"]["reference"], build)
                    check_sample(row.bam, row.called, names_of_others(row, rows, "bam"))
                except UserError as error:
                    faults.extend(error)
    faults.raise_if_any()


def _check_bam(path: Path, reference: str | None, build: str | None) -> None:
    from truncal.reads.bam_file import open_alignments

    open_alignments(path, reference=reference, build=build)
