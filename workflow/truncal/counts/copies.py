"""Copy number of every mutation in every sample, and what the segments say of a sample as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from truncal.copynumber.genome import AUTOSOMES
from truncal.copynumber.segments import Segments, join, segment_names
from truncal.sheet.samples import Sample

FIELDS = ("major", "minor", "major_2", "minor_2", "fraction_2")

WGD_SHARE = 0.5
"""A genome is called doubled where the major copy number is ≥ 2 in at least this share of the autosomes."""


@dataclass
class Copies:
    """Copy number of N mutations in S samples; arrays are (N, S), NaN where no segment covers the site.

    Fields as in `Segments`: a minor copy number of NaN beside a major one says that only the total is known,
    which the major one then holds. normal: (N,) copies in normal cells. text: per sample the name of each
    of its segments; index: (N, S) row of the segment, -1 where there is none or the normal state is assumed.
    """

    major: np.ndarray
    minor: np.ndarray
    major_2: np.ndarray
    minor_2: np.ndarray
    fraction_2: np.ndarray
    normal: np.ndarray
    index: np.ndarray
    text: list[np.ndarray]
    assumed: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Mean total copies per cancer cell, (N, S)."""
        share = np.nan_to_num(self.fraction_2)
        second = np.nan_to_num(self.major_2) + np.nan_to_num(self.minor_2)
        return (1 - share) * (self.major + np.nan_to_num(self.minor)) + share * second

    @property
    def total_only(self) -> np.ndarray:
        """Where the minor copy number is not known, (N, S)."""
        second = ~np.isnan(self.major_2) & np.isnan(self.minor_2)
        return ~np.isnan(self.major) & (np.isnan(self.minor) | second)


def join_copies(
    segments: Sequence[Segments | None],
    chrom: Sequence[str],
    pos: np.ndarray,
    normal: np.ndarray,
    missing: str,
) -> Copies:
    """Join the segments of each sample (None: the normal state is assumed) to the mutations.

    `missing`: `exclude` leaves a site outside all segments NaN, `normal` gives it the normal state,
    `nearest` the state of the nearest segment of its chromosome.

    Raises
    ------
    UserError
        a sample's segments and the mutations have no chromosome in common.

    """
    shape = (len(chrom), len(segments))
    values = {name: np.full(shape, np.nan) for name in FIELDS}
    index = np.full(shape, -1, dtype=np.int64)
    assumed = np.zeros(shape, dtype=bool)
    text: list[np.ndarray] = []
    normal_major, normal_minor = np.ceil(normal / 2), np.floor(normal / 2)
    for s, part in enumerate(segments):
        if part is None:
            text.append(np.array([], dtype=object))
            without = np.ones(len(chrom), dtype=bool)
        else:
            joined = join(part, chrom, pos, fill="nearest" if missing == "nearest" else "none")
            for name in FIELDS:
                values[name][:, s] = getattr(joined, name)
            index[:, s] = joined.index
            assumed[:, s] = joined.imputed
            text.append(segment_names(part))
            without = (joined.index < 0) if missing == "normal" else np.zeros(len(chrom), dtype=bool)
        values["major"][without, s] = normal_major[without]
        values["minor"][without, s] = normal_minor[without]
        assumed[without, s] = True
    return Copies(**values, normal=normal, index=index, text=text, assumed=assumed)


def ploidy(segments: Segments) -> float | None:
    """Mean total copy number of the autosomes, weighted by length; None without autosomal segments."""
    on = np.isin(segments.chrom.astype(str), AUTOSOMES)
    if not on.any():
        return None
    return float(np.average(segments.total[on], weights=segments.length[on]))


def stated_ploidy(row: Sample, segments: Segments | None) -> float | None:
    """Ploidy of a sample: the sheet's, the copy-number tool's, or what follows from the segments."""
    if row.ploidy is not None:
        return row.ploidy
    if segments is None:
        return None
    return segments.ploidy if segments.ploidy is not None else ploidy(segments)


def genome_doubled(segments: Segments) -> bool | None:
    """Whether at least half of the autosomal genome that segments cover has a major copy number ≥ 2.

    None where the major copy number is not known on most of it (Bielski et al. 2018, Nature Genetics
    50:1189).
    """
    on = np.isin(segments.chrom.astype(str), AUTOSOMES)
    known = on & segments.minor_known
    length = segments.length
    if not on.any() or length[known].sum() < 0.5 * length[on].sum():
        return None
    doubled = known & (np.rint(segments.mean_major) >= 2)
    return bool(length[doubled].sum() >= WGD_SHARE * length[known].sum())
