"""The reads of single mutations as likelihoods of the DCF, for questions that clusters cannot answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from truncal.ccf.observations import UNEXPLAINED

LEAST = 1e-4
"""Expected allele frequencies are kept this far from 0 and 1: no read is impossible."""


@dataclass(frozen=True)
class Reads:
    """log p(reads | DCF) = alt·log p + ref·log(1 − p), p = offset + slope·DCF; all (N, S)."""

    alt: np.ndarray
    ref: np.ndarray
    offset: np.ndarray
    slope: np.ndarray

    def of(self, mutations: np.ndarray) -> Reads:
        """The same of some mutations (indices)."""
        parts = (self.alt, self.ref, self.offset, self.slope)
        return Reads(*(part[mutations] for part in parts))

    def log_likelihood(self, grid: np.ndarray) -> np.ndarray:
        """(N, S, G) at DCFs (G,); each row may also be explained by nothing, its frequency being anything."""
        alt, ref, offset, slope = (part[:, :, None] for part in (self.alt, self.ref, self.offset, self.slope))
        p = np.clip(offset + slope * grid, LEAST, 1.0 - LEAST)
        return np.logaddexp(
            alt * np.log(p) + ref * np.log1p(-p), (math.log(UNEXPLAINED) + self._flat())[:, :, None]
        )

    def _flat(self) -> np.ndarray:
        """log ∫ pᵃ (1 − p)ᵇ dp (N, S), the likelihood of reads at any frequency."""
        gamma = np.vectorize(math.lgamma, otypes=[float])
        return gamma(self.alt + 1.0) + gamma(self.ref + 1.0) - gamma(self.alt + self.ref + 2.0)

    def residuals(self) -> np.ndarray:
        """(N, S) distance of each row's DCF from the mean of all, in standard deviations; 0 where nothing."""
        depth = self.alt + self.ref
        slope = np.maximum(self.slope, 1e-6)
        dcf = np.clip(((self.alt + 0.5) / (depth + 1.0) - self.offset) / slope, 0.0, 1.0)
        p = np.clip(self.offset + slope * dcf, 0.5 / (depth + 1.0), 1.0 - 0.5 / (depth + 1.0))
        weight = np.where((depth > 0) & (self.slope > 0), depth * slope**2 / (p * (1.0 - p)), 0.0)
        centre = (weight * dcf).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-12)
        return (dcf - centre) * np.sqrt(weight)
