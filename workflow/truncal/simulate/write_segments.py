"""Segment files as ASCAT, Battenberg and PURPLE write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from truncal.simulate.called_segments import CalledCopyNumber
from truncal.simulate.genome import CHROMOSOMES
from truncal.simulate.tumour import Tumour, contig_prefix
from truncal.tables import write_table

SUFFIX = {
    "ascat": "segments.tsv",
    "battenberg": "subclones.tsv",
    "purple": "purple.cnv.somatic.tsv",
}


def write_segments(path: Path, tumour: Tumour, called: CalledCopyNumber, sample: int) -> None:
    """Write one sample's segments; neighbours of one state are one segment, as a caller would have it."""
    style = tumour.parameters.copy_number_style
    genome = tumour.genome
    values = np.column_stack(
        [getattr(called, name)[:, sample] for name in ("major", "minor", "major_2", "minor_2", "fraction_2")]
    )
    same = (np.nan_to_num(values[1:], nan=-1) == np.nan_to_num(values[:-1], nan=-1)).all(axis=1)
    same &= genome.chrom[1:] == genome.chrom[:-1]
    first = np.flatnonzero(np.concatenate([[True], ~same]))
    last = np.concatenate([first[1:] - 1, [len(values) - 1]])
    chrom = [f"{contig_prefix(genome.build)}{CHROMOSOMES[index]}" for index in genome.chrom[first].tolist()]
    start, end = genome.start[first], genome.end[last]
    major, minor, major_2, minor_2, fraction = values[first].T
    if style == "ascat":
        columns = {
            "sample": [tumour.parameters.sample_names[sample]] * len(first),
            "chr": chrom,
            "startpos": start,
            "endpos": end,
            "nMajor": major.astype(int),
            "nMinor": minor.astype(int),
        }
    elif style == "battenberg":
        alone = np.isnan(fraction)
        share = np.where(alone, 1.0, 1 - np.nan_to_num(fraction))
        mean = share * (major + minor) + np.nan_to_num(fraction * (major_2 + minor_2))
        columns = {
            "chr": chrom,
            "startpos": start,
            "endpos": end,
            "ntot": mean.round(3),
            "nMaj1_A": major.astype(int),
            "nMin1_A": minor.astype(int),
            "frac1_A": share.round(3),
            "nMaj2_A": _whole(major_2),
            "nMin2_A": _whole(minor_2),
            "frac2_A": fraction.round(3),
        }
    else:
        columns = {
            "chromosome": chrom,
            "start": start,
            "end": end,
            "copyNumber": (major + minor).round(3),
            "minorAlleleCopyNumber": minor.round(3),
            "majorAlleleCopyNumber": major.round(3),
        }
    write_table(path, columns)


def _whole(values: np.ndarray) -> list[int | None]:
    return [None if np.isnan(value) else int(value) for value in values.tolist()]
