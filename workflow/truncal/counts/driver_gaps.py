"""Known driver alleles that no segment covers: a gap there is to be mended, not a mutation to leave out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from truncal.copynumber.genome import canonical
from truncal.copynumber.segments import Segments
from truncal.counts.union import Union
from truncal.errors import Faults
from truncal.paths import resource
from truncal.reads.alleles import Key, trim
from truncal.tables import read_table

_ALLELE = re.compile(r"(?:chr)?(\w+):(\d+):([ACGT]+)>([ACGT]+)\Z")


@lru_cache(maxsize=2)
def driver_alleles(build: str | None) -> dict[Key, str]:
    """Alleles of the shipped resistance table → gene and alteration; of both builds where none is known."""
    table = read_table(resource("resistance.tsv"), ("gene", "alteration", "grch37", "grch38"))
    found: dict[Key, str] = {}
    for row in table.rows():
        for column in ("grch37", "grch38"):
            if build is not None and column != build.lower():
                continue
            for text in (row[column] or "").split(";"):
                match = _ALLELE.match(text.strip())
                if match:
                    chrom, pos, ref, alt = match.groups()
                    found[(canonical(chrom), *trim(int(pos), ref, alt))] = (
                        f"{row['gene']} {row['alteration']}"
                    )
    return found


def refuse_gaps(
    union: Union,
    total: np.ndarray,
    segments: Sequence[Segments | None],
    sample_ids: Sequence[str],
    build: str | None,
) -> None:
    """Raise where a driver allele has no copy number in a sample that has segments; `total` is (N, S).

    Raises
    ------
    UserError
        with one fault for each such pair.

    """
    bare = np.isnan(total)
    if not bare.any():
        return
    known = driver_alleles(build)
    faults = Faults()
    for i in np.flatnonzero(bare.any(axis=1)).tolist():
        name = known.get(union.key[i])
        if name is None or not union.alt[i].any():
            continue
        for s in np.flatnonzero(bare[i]).tolist():
            part = segments[s]
            if part is not None:
                faults.add(
                    f"no segment of sample {sample_ids[s]} covers {union.name(i)} ({name}), a known driver: "
                    "give segments without a gap there, or set copy_number.missing to nearest or normal",
                    part.file,
                )
    faults.raise_if_any()
