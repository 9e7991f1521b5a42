"""The segment files that a patient's rows name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from truncal.copynumber.readers import read_segments
from truncal.copynumber.segments import Segments
from truncal.counts.result import Warnings
from truncal.errors import Faults, UserError
from truncal.sheet.samples import Sample, names_of_others


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
        others = names_of_others(row, rows, "segments")
        try:
            part = read_segments(
                row.segments, row.called, purity=row.purity, ploidy=row.ploidy, build=build, others=others
            )
        except UserError as error:
            faults.extend(error)
            continue
        found.append(part)
        warnings += [(code, f"{row.sample}: {text}") for code, text in part.notes]
    faults.raise_if_any()
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


def warn_total_only(shares: Mapping[str, float], warnings: Warnings) -> None:
    """Say in which samples the minor copy number is unknown, and of what share (0..1) of their sites."""
    said = [f"{name} ({share:.0%} of its sites)" for name, share in shares.items() if share > 0]
    if said:
        warnings.append(
            (
                "total_copy_number",
                f"Only the total copy number is known in {', '.join(said)}. The minor copy number was "
                "marginalised: every value that the total leaves was weighed (2 as 1 + 1 or 2 + 0), so CCFs "
                "and clonality there are less certain, and a loss of heterozygosity without a loss of copies "
                "shows only in the reads.",
            )
        )
