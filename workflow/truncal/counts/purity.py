"""Purity of every sample: the sheet's, the copy-number tool's, or an estimate from the trunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from truncal.copynumber.segments import Segments
from truncal.counts.result import Warnings
from truncal.counts.union import Union
from truncal.errors import Faults
from truncal.sheet.samples import Sample


@dataclass(frozen=True)
class Purities:
    """Purity of S samples, (S,); low, high: 95 % interval, NaN where not known; source: who says so."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    source: list[str]


def purities(
    sheet: Path,
    rows: Sequence[Sample],
    segments: Sequence[Segments | None],
    union: Union,
    normal: np.ndarray,
    warnings: Warnings,
) -> Purities:
    """Purity of each row; `normal` (N,) copies in normal cells.

    Raises
    ------
    UserError
        neither sheet nor segments state a purity and there are too few trunk mutations to estimate it.

    """
    value, low, high = (np.full(len(rows), np.nan) for _ in range(3))
    source = ["sheet"] * len(rows)
    for s, (row, part) in enumerate(zip(rows, segments, strict=True)):
        if row.purity is not None:
            value[s] = row.purity
        elif part is not None and part.purity is not None:
            value[s], source[s] = part.purity, part.tool
    missing = np.flatnonzero(np.isnan(value))
    if not len(missing):
        return Purities(value, low, high, source)
    from truncal.copynumber.purity import estimate_purity

    names = [row.sample for row in rows]
    found = estimate_purity(union.alt, np.where(union.listed, union.depth, 0), names, normal)
    faults = Faults()
    for s in missing.tolist():
        if found is None or np.isnan(found.purity[s]):
            faults.add(
                "is missing, the segments do not state it and there are too few mutations to estimate it; "
                "expected the purity",
                sheet, rows[s].row, "purity",
            )  # fmt: skip
            continue
        value[s], low[s], high[s] = found.purity[s], found.low[s], found.high[s]
        source[s] = "estimated"
    faults.raise_if_any()
    if found is not None:
        if len(missing) == len(rows):
            warnings += found.notes
        else:
            said = ", ".join(f"{names[s]} {value[s]:.2f}" for s in missing.tolist())
            warnings.append(
                (
                    "purity_estimated",
                    "Purity was not given for some samples and was estimated from the allele frequencies "
                    f"of {found.n_trunk} trunk mutations, supposing normal copy number: {said}. Gains, "
                    "losses and genome doubling on the trunk make it wrong, and every CCF depends on it.",
                )
            )
    return Purities(value, low, high, source)
