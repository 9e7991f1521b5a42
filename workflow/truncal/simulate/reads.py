"""Read counts: depth, alternative reads, and what a caller with a limit would list."""

from __future__ import annotations

import numpy as np

from truncal.simulate.parameters import SimulationParameters


def draw_depth(
    parameters: SimulationParameters, relative: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Depth (M, S) int64: Poisson around the mean depth × copy number × the site's own capture.

    relative: (M, S) expected depth relative to the sample's mean (more copies give more reads). The site's
    capture is log-normal with standard deviation `depth_spread`, shared by all samples.
    """
    capture = np.exp(parameters.depth_spread * rng.standard_normal((relative.shape[0], 1)))
    capture *= np.exp(-(parameters.depth_spread**2) / 2)
    return rng.poisson(parameters.depth * relative * capture)


def draw_alt(
    depth: np.ndarray, vaf: np.ndarray, overdispersion: float, rng: np.random.Generator
) -> np.ndarray:
    """Alternative reads, beta-binomial: mean depth·vaf, intra-class correlation `overdispersion`.

    vaf: expected share of alternative reads, errors included; same shape as depth.
    """
    share = overdispersed(vaf, overdispersion, rng)
    return rng.binomial(depth, share)


def overdispersed(share: np.ndarray, overdispersion: float, rng: np.random.Generator) -> np.ndarray:
    """Beta draws around `share` with intra-class correlation `overdispersion` (0: the shares themselves)."""
    if overdispersion <= 0:
        return share
    precision = 1 / overdispersion - 1
    inner = np.clip(share, 1e-9, 1 - 1e-9)
    drawn = rng.beta(inner * precision, (1 - inner) * precision)
    return np.where((share <= 0) | (share >= 1), share, drawn)


def with_errors(vaf: np.ndarray, error_rate: float) -> np.ndarray:
    """Share of reads that show the alternative base when a base is misread with chance ε, as any other."""
    return vaf * (1 - error_rate) + (1 - vaf) * error_rate / 3


def call(
    parameters: SimulationParameters, alt: np.ndarray, depth: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(M, S) bool, which sites a sample's caller lists: enough reads and frequency, and no mishap."""
    missed = rng.random(alt.shape) < parameters.dropout
    if parameters.complete:
        return np.ones(alt.shape, dtype=bool)
    return (alt >= parameters.min_alt) & (alt >= parameters.min_vaf * depth) & ~missed & (depth > 0)
