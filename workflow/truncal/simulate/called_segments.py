"""What a copy-number caller would report of the simulated genome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.simulate.tumour import Tumour

_SEEN = 0.02  # a population below this fraction of the cancer cells is not seen


@dataclass(frozen=True)
class CalledCopyNumber:
    """Copy number as called; arrays (G, S). major has more copies on average in that sample.

    major, minor: rounded clonal state (ascat), first population (battenberg) or mean (purple).
    major_2, minor_2, fraction_2: second population and its share of the cancer cells, or NaN.
    """

    major: np.ndarray
    minor: np.ndarray
    major_2: np.ndarray
    minor_2: np.ndarray
    fraction_2: np.ndarray


def call_copy_number(tumour: Tumour) -> CalledCopyNumber:
    """Call every segment in every sample in the style of the tumour's parameters."""
    style = tumour.parameters.copy_number_style
    noise = tumour.parameters.copy_number_noise
    rng = tumour.stream("files")
    means = tumour.mean_haplotypes
    first = np.where(means[0] >= means[1], 0, 1)
    major = np.maximum(means[0], means[1])
    minor = np.minimum(means[0], means[1])
    empty = np.full(major.shape, np.nan)
    if style == "ascat":
        return CalledCopyNumber(np.round(major), np.round(minor), empty, empty, empty)
    if style == "purple":
        major, minor = _with_error(major, noise, rng), _with_error(minor, noise, rng)
        swap = minor > major
        low, high = np.where(swap, major, minor), np.where(swap, minor, major)
        return CalledCopyNumber(high, low, empty, empty, empty)
    out = CalledCopyNumber(np.round(major), np.round(minor), empty.copy(), empty.copy(), empty.copy())
    for segment in range(major.shape[0]):
        states = tumour.history.copies[:, :, segment].T  # (K, 2)
        distinct, which = np.unique(states, axis=0, return_inverse=True)
        if len(distinct) == 1:
            continue
        for sample in range(major.shape[1]):
            share = np.bincount(which.reshape(-1), tumour.proportions[:, sample], len(distinct))
            order = np.argsort(-share, kind="stable")[:2]
            two = share[order] / share[order].sum()
            if two[1] < _SEEN:
                _set(out, segment, sample, distinct[order[0]], first[segment, sample])
                continue
            fraction = float(np.clip(two[1] + noise * rng.standard_normal(), _SEEN, 1 - _SEEN))
            # a caller matches the mean: rarer states shift the fraction of the two it reports
            _set(out, segment, sample, distinct[order[0]], first[segment, sample])
            pair = distinct[order[1]]
            allele = first[segment, sample]
            out.major_2[segment, sample], out.minor_2[segment, sample] = pair[allele], pair[1 - allele]
            out.fraction_2[segment, sample] = round(fraction, 3)
    return out


def _set(out: CalledCopyNumber, segment: int, sample: int, state: np.ndarray, allele: int) -> None:
    out.major[segment, sample], out.minor[segment, sample] = state[allele], state[1 - allele]


def _with_error(mean: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Error of the caller where the mean is not an integer: fractions are estimates."""
    fractional = np.abs(mean - np.round(mean)) > 1e-9
    wrong = np.where(fractional, mean + noise * rng.standard_normal(mean.shape), mean)
    return np.maximum(np.round(wrong, 3), 0.0)
