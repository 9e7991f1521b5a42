"""The segment files that a patient's rows name."""

from __future__ import annotations

from collections.abc import Sequence

from truncal.copynumber.readers import read_segments
from truncal.copynumber.segments import Segments
from truncal.counts.result import Warnings
from truncal.errors import Faults, UserError
from truncal.sheet.samples import Sample


def read_all_segments(rows: Sequence[Sample], build: str | None, warnings: Warnings) -> list[Segments | None]:
    """Segments of each sample, None where the sheet names none; what is to be said goes to `warnings`.

    Raises
    ------
    UserError
        segment files are faulty; the faults of all of them at once.

    """
    faults = Faults()
    found: list[Segments | None] = []
    for row in rows:
        if row.segments is None:
            found.append(None)
            continue
        called = [row.sample, *([row.vcf_sample] if row.vcf_sample else [])]
        try:
            part = read_segments(row.segments, called, purity=row.purity, ploidy=row.ploidy, build=build)
        except UserError as error:
            faults.extend(error)
            continue
        found.append(part)
        warnings += [(code, f"{row.sample}: {text}") for code, text in part.notes]
    faults.raise_if_any()
    totals = [
        row.sample
        for row, part in zip(rows, found, strict=True)
        if part is not None and not part.minor_known.all()
    ]
    if totals:
        warnings.append(
            (
                "total_copy_number",
                f"{', '.join(totals)}: segments give the total copy number only, for some or all of the "
                "genome. One allele was taken to be unaltered there (2 as 1 + 1, 3 as 2 + 1), so losses of "
                "heterozygosity without loss of copies are invisible.",
            )
        )
    return found


def warn_without_segments(
    rows: Sequence[Sample], segments: Sequence[Segments | None], warnings: Warnings
) -> None:
    """Say which samples are taken to be diploid because nothing else is known of them."""
    without = [row.sample for row, part in zip(rows, segments, strict=True) if part is None]
    if without:
        warnings.append(
            (
                "no_segments",
                f"No copy-number segments for {', '.join(without)}: every site was taken to have the "
                "normal copy number. CCFs in gained or lost regions are wrong by up to a factor of two, and "
                "losses are invisible.",
            )
        )
