"""Seen or not seen: when reads show an alteration, and what their absence excludes.

With `scale` the expected VAF per mutated copy, a CCF c at one copy per cell gives reads at rate
p(c) = c·scale·(1 − ε) + (1 − c·scale)·ε, binomial or, with a finite precision, beta-binomial. One mutated
copy is the hardest case to see: more copies only lower the limits given here.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import bdtr, bdtrc, betaln, gammaln

MIN_ALT = 2
"""A single read is never a detection."""
MAX_DEPTH = 1_000_000
OVERDISPERSED_BELOW = 1e6
"""Precisions above this are binomial for every depth there is."""


def read_rate(ccf: np.ndarray | float, scale: np.ndarray | float, error: np.ndarray | float) -> np.ndarray:
    """Expected share of alternative reads at one mutated copy per mutated cell."""
    vaf = np.clip(np.asarray(ccf) * np.asarray(scale), 0, 1)
    return vaf * (1 - np.asarray(error)) + (1 - vaf) * np.asarray(error)


def at_most(alt: float, depth: float, rate: float, precision: float = np.inf) -> float:
    """P(X ≤ alt) of a binomial, or of a beta-binomial with mean `rate` and α + β = `precision`."""
    if alt < 0:
        return 0.0
    if alt >= depth:
        return 1.0
    if not precision < OVERDISPERSED_BELOW or rate <= 0 or rate >= 1:
        return float(bdtr(np.floor(alt), int(depth), rate))
    k = np.arange(0, int(alt) + 1)
    a, b = rate * precision, (1 - rate) * precision
    log = (
        gammaln(depth + 1) - gammaln(k + 1) - gammaln(depth - k + 1)
        + betaln(k + a, depth - k + b) - betaln(a, b)
    )  # fmt: skip
    return float(min(1.0, np.exp(log).sum()))


def present(alt: np.ndarray, depth: np.ndarray, error: np.ndarray, alpha: float) -> np.ndarray:
    """Whether errors alone would give that many reads with probability below `alpha`; bool, same shape."""
    alt, depth = np.asarray(alt, dtype=float), np.asarray(depth, dtype=float)
    rate = np.where(np.isfinite(error), error, 0.001)
    with np.errstate(invalid="ignore"):
        by_error = bdtrc(np.maximum(alt - 1, 0), np.maximum(depth, 1).astype(int), rate)
    return (alt >= MIN_ALT) & (depth > 0) & (by_error < alpha)


def excluded_ccf(
    alt: float, depth: float, scale: float, error: float, precision: float = np.inf, level: float = 0.95
) -> float:
    """The CCF above which seeing so few reads has probability at most 1 − level; 1 where nothing is excluded.

    NaN without reads or without purity and copy number.
    """
    if not depth > 0 or not np.isfinite(scale) or scale <= 0:
        return float("nan")
    error = error if np.isfinite(error) else 0.001
    precision = precision if np.isfinite(precision) else np.inf
    if at_most(alt, depth, float(read_rate(1.0, scale, error)), precision) > 1 - level:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if at_most(alt, depth, float(read_rate(middle, scale, error)), precision) > 1 - level:
            low = middle
        else:
            high = middle
    return high


def detection_threshold(depth: np.ndarray, error: float, alpha: float) -> np.ndarray:
    """Fewest reads that count as a detection at each depth."""
    depth = np.asarray(depth, dtype=np.int64)
    threshold = np.full(depth.shape, MIN_ALT, dtype=np.int64)
    while True:
        weak = (bdtrc(threshold - 1, depth, error) >= alpha) & (threshold < depth)
        if not weak.any():
            return threshold
        threshold = threshold + weak


@lru_cache(maxsize=64)
def _teeth(error: float, alpha: float) -> np.ndarray:
    """Smallest depth at which k reads are needed for a detection, for k = MIN_ALT, MIN_ALT + 1, …"""
    starts = [np.array([MIN_ALT], dtype=np.int64)]
    first = MIN_ALT + 1
    while starts[-1][-1] < MAX_DEPTH:
        reads = np.arange(first, first + 256)
        low, high = reads - 1, np.full(len(reads), 2 * MAX_DEPTH, dtype=np.int64)
        while (high - low > 1).any():
            middle = (low + high) // 2
            weak = bdtrc(reads - 2, middle, error) >= alpha  # one read fewer is not enough any more
            low, high = np.where(weak, low, middle), np.where(weak, middle, high)
        starts.append(high)
        first += 256
    return np.concatenate(starts)


def depth_to_exclude(ccf: float, scale: float, error: float, alpha: float, level: float = 0.95) -> int | None:
    """Depth from which on a CCF is detected with probability ≥ level; `None` beyond a million reads.

    Power over depth is a saw: it rises between the depths at which one more read is needed, and falls there.
    The depth wanted lies in the last tooth that starts too low, or is the start of the next one.
    """
    if not np.isfinite(scale) or scale <= 0:
        return None
    error = error if np.isfinite(error) else 0.001
    rate = float(read_rate(ccf, scale, error))
    starts = _teeth(error, alpha)
    reads = np.arange(MIN_ALT, MIN_ALT + len(starts))
    short = np.flatnonzero(bdtr(reads - 1, starts, rate) > 1 - level)
    last = int(short[-1]) if len(short) else 0
    if last + 1 >= len(starts):
        return None
    low, high = int(starts[last]) - 1, int(starts[last + 1])
    while high - low > 1:
        middle = (low + high) // 2
        if bdtr(reads[last] - 1, middle, rate) <= 1 - level:
            high = middle
        else:
            low = middle
    return high if high <= MAX_DEPTH else None
