"""Small BAMs written read by read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam

from truncal.copynumber.genome import LENGTHS

GENOME = "".join(np.random.default_rng(11).choice(list("ACGT"), 600))
Read = dict[str, object]


def read(start: int, bases: str, **changes: object) -> Read:
    """A read at 1-based `start`, fully aligned, quality 30, mapping quality 60, unless changed."""
    return {"start": start, "bases": bases, "cigar": f"{len(bases)}M", "quality": 30, **changes}


def write_bam(
    path: Path, reads: list[Read], *, contig: str = "chr7", length: int = 600, order: str = "coordinate"
) -> Path:
    """Write and index the reads."""
    header = pysam.AlignmentHeader.from_dict(
        {"HD": {"VN": "1.6", "SO": order}, "SQ": [{"SN": contig, "LN": length}]}
    )
    rows = []
    for number, given in enumerate(reads):
        bases = str(given["bases"])
        row = pysam.AlignedSegment(header)
        row.query_name = str(given.get("name", f"r{number}"))
        row.query_sequence = bases
        quality = given["quality"]
        values = quality if isinstance(quality, list) else [quality] * len(bases)
        row.query_qualities_str = "".join(chr(int(q) + 33) for q in values)
        row.reference_id = 0
        row.reference_start = int(given["start"]) - 1  # type: ignore[call-overload]
        row.cigarstring = str(given["cigar"])
        row.mapping_quality = int(given.get("mapq", 60))  # type: ignore[call-overload]
        row.flag = int(given.get("flag", 0))  # type: ignore[call-overload]
        rows.append(row)
    if order == "coordinate":
        rows.sort(key=lambda row: row.reference_start)
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for row in rows:
            out.write(row)
    if order == "coordinate":
        pysam.index(str(path))
    return path


def grch(build: str) -> int:
    """Length of chromosome 7 in a build."""
    return LENGTHS[build]["7"]
