"""Which files beside counts and phylogeny the drivers step reads, from options, sample sheet and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from truncal.drivers.run import DriverInputs
from truncal.errors import Faults
from truncal.sheet.samples import read_sheet


def gather_inputs(
    counts: Path,
    settings: Mapping[str, Any],
    *,
    sheet: Path | None = None,
    patient: str | None = None,
    segments: Path | None = None,
    bams: Sequence[str] = (),
    treatments: Path | None = None,
    fusions: Path | None = None,
    reference: Path | None = None,
) -> DriverInputs:
    """Options come before the sample sheet, the sheet before the settings.

    Raises
    ------
    UserError
        a file is missing, a `SAMPLE=FILE` pair is none, or only one of sheet and patient is given.

    """
    faults = Faults()
    if (sheet is None) != (patient is None) and sheet is not None:
        faults.add("needs --patient beside --samples")
    found_bams: dict[str, Path] = {}
    found_vcfs: dict[str, Path] = {}
    if sheet is not None and patient is not None:
        for row in read_sheet(sheet).rows(patient):
            if row.bam is not None:
                found_bams[row.sample] = row.bam
            if row.vcf is not None:
                found_vcfs[row.sample] = row.vcf
    for pair in bams:
        sample, equals, name = pair.partition("=")
        if not equals or not sample or not name:
            faults.add(f"--bams {pair}: expected SAMPLE=FILE")
        else:
            found_bams[sample] = Path(name)
    beside = counts.parent / "segments.tsv"
    if segments is None and beside.exists():
        segments = beside
    treatments = treatments or _setting(settings, "treatments")
    fusions = fusions or _setting(settings, "fusions")
    reference = reference or _setting(settings.get("reads", {}), "reference")
    for path in (segments, treatments, fusions, reference, *found_bams.values()):
        if path is not None and not path.exists():
            faults.add("no such file", path)
    faults.raise_if_any()
    return DriverInputs(segments, found_bams, found_vcfs, treatments, fusions, patient, reference)


def _setting(settings: Mapping[str, Any], name: str) -> Path | None:
    value = settings.get(name)
    return Path(value) if value else None
