"""What the counts step gives back, and what it says of every kind of input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from truncal.sheet.samples import Sample

Warnings = list[tuple[str, str]]


@dataclass(frozen=True)
class CountsResult:
    """What the step found, for progress messages."""

    n_mutations: int
    n_samples: int
    excluded: dict[str, int]


def general_warnings(rows: Sequence[Sample], n_absent: int, n_mutations: int) -> Warnings:
    """What holds for every kind of input."""
    found: Warnings = []
    if len(rows) == 1:
        found.append(
            (
                "single_region",
                "Only one sample: a mutation that is clonal here may be missing from the rest of the tumour, "
                "clones of equal frequency can't be told apart, and most branchings can't be decided. Read "
                "`clonal` as clonal in this sample.",
            )
        )
    if n_absent:
        share = n_absent / (n_mutations * len(rows))
        found.append(
            (
                "not_called",
                f"{n_absent} of {n_mutations * len(rows)} sites ({share:.0%}) are not listed in their "
                "sample's input and were not counted in reads; how they are treated is set by `absent`.",
            )
        )
    return found
