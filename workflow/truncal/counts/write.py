"""The counts step's files. Rows are put together from pieces that many share, as there may be a million."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.copynumber.segments import Segments
from truncal.counts.copies import Copies
from truncal.counts.union import SOURCES, Exclusion, Union
from truncal.tables import atomic, cell, write_rows

COUNTS = (
    "mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn",
    "tumour_content", "error_rate", "chrom", "pos", "ref", "alt", "gene", "hgvsp", "hgvsc", "transcript",
    "normal_alt", "normal_depth", "major_cn_2", "minor_cn_2", "cn_fraction_2", "segment", "source",
)  # fmt: skip
NOT_CALLED = (
    "mutation_id", "sample_id", "major_cn", "minor_cn", "normal_cn", "tumour_content",
    "major_cn_2", "minor_cn_2", "cn_fraction_2",
)  # fmt: skip
SAMPLES = (
    "sample_id", "kind", "site", "timepoint", "day", "sex", "purity", "ploidy", "wgd", "median_depth",
    "n_called", "n_not_called",
)  # fmt: skip
SEGMENTS = (
    "sample_id", "chrom", "start", "end", "major_cn", "minor_cn", "major_cn_2", "minor_cn_2", "cn_fraction_2",
)  # fmt: skip
EXCLUDED = ("mutation_id", "sample_id", "stage", "reason", "detail")
VARIANT = ("gene", "hgvsp", "hgvsc", "transcript")


def write_counts(
    path: Path,
    ids: Sequence[str],
    union: Union,
    copies: Copies,
    rows: tuple[np.ndarray, ...],
    sample_ids: Sequence[str],
    purity: Sequence[float],
    error_rate: float,
    annotation: Mapping[str, Sequence[str | None]],
) -> None:
    """Write counts.tsv; `rows` are the (mutation, sample) indices of its rows, in order."""
    mutation, sample = rows
    states, code = _states(copies, mutation, sample, purity)
    before = [f"{text}\t{cell(error_rate)}" for text in states[0]]
    columns = [annotation.get(name) or [None] * len(union) for name in VARIANT]
    variant = [
        f"{chrom}\t{key[1]}\t{key[2]}\t{key[3]}\t" + "\t".join([value or "NA" for value in values])
        for chrom, key, *values in zip(union.chrom, union.key, *columns, strict=True)
    ]
    alt = union.alt[mutation, sample].astype(np.int64)
    ref = union.depth[mutation, sample].astype(np.int64) - alt
    normal_alt = _whole(union.normal_alt[mutation, sample])
    normal_depth = _whole(union.normal_depth[mutation, sample])
    lines = [
        f"{ids[m]}\t{sample_ids[s]}\t{r}\t{a}\t{before[c]}\t{variant[m]}\t{na}\t{nd}\t{states[1][c]}\t{SOURCES[o]}\n"
        for m, s, r, a, c, na, nd, o in zip(
            mutation.tolist(),
            sample.tolist(),
            ref.tolist(),
            alt.tolist(),
            code.tolist(),
            normal_alt,
            normal_depth,
            union.source[mutation, sample].tolist(),
            strict=True,
        )
    ]
    _write_lines(path, COUNTS, lines)


def write_not_called(
    path: Path,
    ids: Sequence[str],
    copies: Copies,
    rows: tuple[np.ndarray, ...],
    sample_ids: Sequence[str],
    purity: Sequence[float],
) -> None:
    """Write not_called.tsv; `rows` are the (mutation, sample) indices of its rows, in order."""
    mutation, sample = rows
    (first, second), code = _states(copies, mutation, sample, purity)
    after = [text.rsplit("\t", 1)[0] for text in second]
    lines = [
        f"{ids[m]}\t{sample_ids[s]}\t{first[c]}\t{after[c]}\n"
        for m, s, c in zip(mutation.tolist(), sample.tolist(), code.tolist(), strict=True)
    ]
    _write_lines(path, NOT_CALLED, lines)


def write_segments(path: Path, segments: Sequence[Segments | None], sample_ids: Sequence[str]) -> None:
    """Write segments.tsv; samples without segments have no rows."""
    rows = []
    for name, part in zip(sample_ids, segments, strict=True):
        if part is None:
            continue
        columns = (
            part.chrom, part.start, part.end, part.major, part.minor, part.major_2,
            part.minor_2, part.fraction_2,
        )  # fmt: skip
        for values in zip(*(column.tolist() for column in columns), strict=True):
            rows.append(dict(zip(SEGMENTS, (name, *values), strict=True)))
    write_rows(path, SEGMENTS, rows)


def write_samples(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write samples.tsv."""
    write_rows(path, SAMPLES, rows)


def write_excluded(path: Path, excluded: Sequence[Exclusion]) -> None:
    """Write excluded.tsv."""
    lines = [
        f"{row.mutation}\t{row.sample or 'NA'}\tcounts\t{row.reason}\t{_one_line(row.detail)}\n"
        for row in excluded
    ]
    _write_lines(path, EXCLUDED, lines)


def _write_lines(path: Path, header: Sequence[str], lines: Sequence[str]) -> None:
    with atomic(path) as handle:
        handle.write("\t".join(header) + "\n")
        handle.write("".join(lines))


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "NA"


def _whole(values: np.ndarray) -> list[Any]:
    """Whole numbers as int, missing ones as `NA`."""
    missing = np.isnan(values)
    if missing.all():
        return ["NA"] * len(values)
    out: list[Any] = np.nan_to_num(values).astype(np.int64).tolist()
    for i in np.flatnonzero(missing).tolist():
        out[i] = "NA"
    return out


def _states(
    copies: Copies, mutation: np.ndarray, sample: np.ndarray, purity: Sequence[float]
) -> tuple[tuple[list[str], list[str]], np.ndarray]:
    """Texts of the distinct copy-number states and each row's code into them.

    First text: major, minor, normal copies and purity; second: the second population and the segment's name.
    """
    normal = copies.normal[mutation].astype(np.int64)
    index = copies.index[mutation, sample] + 1
    # rows without a segment differ by nothing but sample and normal copies
    key = (sample.astype(np.int64) << 44) + (index << 8) + normal
    _, first, code = np.unique(key, return_index=True, return_inverse=True)
    before, after = [], []
    for row in first.tolist():
        m, s = mutation[row], sample[row]
        before.append(
            "\t".join(map(cell, (copies.major[m, s], copies.minor[m, s], int(copies.normal[m]), purity[s])))
        )
        name = copies.text[s][copies.index[m, s]] if copies.index[m, s] >= 0 else None
        after.append(
            "\t".join(map(cell, (copies.major_2[m, s], copies.minor_2[m, s], copies.fraction_2[m, s], name)))
        )
    return (before, after), code.reshape(-1)
