"""Which mutations and which (mutation, sample) pairs go into counts.tsv, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from truncal.counts.copies import Copies
from truncal.counts.union import Union

NO_COPIES_BELOW = 0.05
"""Total copies per cancer cell below which a site is lost: less than the error of the callers' means."""


def usable_pairs(
    union: Union, copies: Copies, sample_ids: Sequence[str], min_depth: int
) -> tuple[np.ndarray, np.ndarray]:
    """(N, S) pairs with counts to use, and pairs that the sample's input does not list.

    A pair is in neither where it has no copy number, no copies left, no normal copy or too few reads; each
    of those becomes a row of `union.excluded`.
    """
    reasons = np.zeros(union.alt.shape, dtype=np.int8)
    shallow = union.listed & (union.depth < max(min_depth, 1))
    reasons[shallow] = np.where(union.depth[shallow] == 0, 1, 2)
    total = copies.total
    reasons[total <= NO_COPIES_BELOW] = 4  # false for NaN
    reasons[np.isnan(total)] = 3
    reasons[copies.normal == 0] = 5
    names = ("", "zero_depth", "low_depth", "no_copy_number", "zero_copies", "no_copy_number")
    details = (
        "",
        "no reads at the site",
        f"fewer than {min_depth} reads",
        "no segment covers the site",
        "no copy of the site is left in the cancer cells",
        "normal cells have no copy of it, or it is mitochondrial",
    )
    _note(union, sample_ids, reasons, names, details)
    return union.listed & (reasons == 0), ~union.listed & (reasons == 0)


def _note(
    union: Union, sample_ids: Sequence[str], reasons: np.ndarray, names: Sequence[str], details: Sequence[str]
) -> None:
    everywhere = (reasons == reasons[:, :1]).all(axis=1) & (reasons[:, 0] > 0)
    for i in np.flatnonzero(everywhere).tolist():
        code = reasons[i, 0]
        union.exclude(i, None, names[code], details[code])
    some = (reasons > 0) & ~everywhere[:, None]
    for i, s in zip(*(part.tolist() for part in np.nonzero(some)), strict=True):
        code = reasons[i, s]
        union.exclude(i, sample_ids[s], names[code], details[code])


def without_alt_reads(union: Union, usable: np.ndarray, min_alt: int) -> np.ndarray:
    """(N,) mutations that no usable pair supports with `min_alt` reads; they become rows of `excluded`.

    Mutations without any usable pair are not among them: their pairs have reasons of their own.
    """
    most = np.where(usable, union.alt, -1).max(axis=1, initial=-1)
    out = usable.any(axis=1) & (most < max(min_alt, 1))
    for i in np.flatnonzero(out).tolist():
        union.exclude(i, None, "no_alt_reads", f"at most {int(most[i])} alternative reads in any sample")
    return out
