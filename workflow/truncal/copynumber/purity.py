"""Purity from the allele frequencies of the trunk, for samples without a copy-number tool's estimate.

Where both copies are there, a mutation in every cancer cell has the expected allele frequency ρ / 2. The
trunk is the group of mutations that are in all samples and whose allele frequencies are the highest in all of
them together: with normal copy number no other clone can exceed it (Roth et al. 2014, Nature Methods 11:396).
Gains and losses on the trunk bias the estimate, and a genome doubling raises it to about 2ρ / (1 + ρ): it is
a stop-gap, and the report has to say so.

Groups are the components of a normal mixture of arcsine-transformed allele frequencies (variance 1 / 4d of d
reads, Anscombe 1948) over a uniform background, learned greedily, one component after the other (Verbeek et
al. 2003, Neural Computation 15:469), their number and the overdispersion chosen by BIC.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PRECISIONS = (60.0, 150.0, 400.0, 2000.0)
"""Overdispersion of allele frequencies that is tried: of a beta-binomial, a + b."""

HIGHEST = 0.53
"""A heterozygous mutation in pure tumour has 0.5; groups above this have lost the other allele."""

SMALLEST_SHARE = 0.15
FEWEST = 5
_MOST_GROUPS = 10
_ENOUGH = 1000  # mutations that are looked at
_STARTS = 40
_ROUNDS = 60


@dataclass(frozen=True)
class PurityEstimate:
    """Purity of S samples with 95 % intervals of the reads alone, (S,); n_trunk mutations it rests on.

    NaN in a sample without reads at those mutations. notes: (code, sentence) pairs for the report.
    """

    purity: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_trunk: int
    notes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Mixture:
    share: np.ndarray  # (K,)
    centre: np.ndarray  # (K, S), transformed
    member: np.ndarray  # (K, N)
    log_likelihood: float


def estimate_purity(
    alt: np.ndarray, depth: np.ndarray, sample_ids: list[str], normal: np.ndarray | None = None
) -> PurityEstimate | None:
    """Purity of each sample from counts of one patient, all of shape (N, S); depth 0 where nothing is known.

    `normal` (N,): copies in normal cells, sites other than 2 are left out. None where fewer than `FEWEST`
    mutations form a trunk.
    """
    alt, depth = np.asarray(alt, dtype=float), np.asarray(depth, dtype=float)
    if normal is not None:
        alt, depth = alt[normal == 2], depth[normal == 2]
    # a trunk mutation shows in every sample that has reads; one alternative read is enough to be considered
    everywhere = ((alt > 0) | (depth == 0)).all(axis=1) & (depth > 0).any(axis=1)
    alt, depth = alt[everywhere], depth[everywhere]
    if len(alt) > _ENOUGH:
        some = np.linspace(0, len(alt) - 1, _ENOUGH).astype(int)
        alt, depth = alt[some], depth[some]
    if len(alt) < FEWEST:
        return None
    found, precision = _best_mixture(alt, depth)
    vaf = np.sin(found.centre) ** 2
    known = found.member @ (depth > 0) > 0
    vaf = np.where(known, vaf, np.nan)
    fit = found.share * len(alt) >= max(FEWEST, SMALLEST_SHARE * len(alt))
    fit &= np.nanmax(vaf, axis=1, initial=0) <= HIGHEST
    if not fit.any():
        return None
    trunk = np.flatnonzero(fit)[np.argmax(np.nansum(vaf[fit], axis=1))]
    weight = found.member[trunk] @ _weight(depth, precision)
    spread = 1.96 / np.sqrt(np.maximum(weight, 1e-9))
    # the pooled frequency: the transform's mean is drawn towards one half where reads are few
    reads = np.maximum(found.member[trunk] @ depth, 1e-9)
    centre = np.arcsin(np.sqrt(np.clip(found.member[trunk] @ alt / reads, 0, 1)))
    purity, low, high = (
        np.where(known[trunk], np.minimum(2 * np.sin(np.clip(value, 0, np.pi / 2)) ** 2, 1), np.nan)
        for value in (centre, centre - spread, centre + spread)
    )
    n_trunk = round(float(found.member[trunk].sum()))
    said = ", ".join(f"{name} {value:.2f}" for name, value in zip(sample_ids, purity.tolist(), strict=True))
    note = (
        f"Purity was not given and was estimated from the allele frequencies of {n_trunk} trunk mutations, "
        f"supposing normal copy number: {said}. Gains, losses and genome doubling on the trunk make it "
        "wrong, and every CCF depends on it."
    )
    return PurityEstimate(purity, low, high, n_trunk, (("purity_estimated", note),))


def _weight(depth: np.ndarray, precision: float) -> np.ndarray:
    """Inverse variance of the transformed allele frequency, (N, S); 0 without reads."""
    return np.where(depth > 0, 4 / (1 / np.maximum(depth, 1) + 1 / (precision + 1)), 0.0)


def _best_mixture(alt: np.ndarray, depth: np.ndarray) -> tuple[_Mixture, float]:
    z = np.arcsin(np.sqrt((alt + 0.375) / (depth + 0.75)))
    best: tuple[float, _Mixture, float] | None = None
    for precision in PRECISIONS:
        weight = _weight(depth, precision)
        mixture = _Mixture(np.empty(0), np.empty((0, alt.shape[1])), np.empty((0, len(alt))), -np.inf)
        criterion = np.inf
        while len(mixture.share) < _MOST_GROUPS:
            grown = _grow(z, weight, mixture)
            groups = len(grown.share)
            value = -2 * grown.log_likelihood + groups * (alt.shape[1] + 1) * np.log(len(alt))
            if value >= criterion:
                break
            mixture, criterion = grown, value
            if best is None or value < best[0]:
                best = value, mixture, precision
    assert best is not None  # noqa: S101 (one group always beats none)
    return best[1], best[2]


def _grow(z: np.ndarray, weight: np.ndarray, mixture: _Mixture) -> _Mixture:
    """Add the component that raises the likelihood most, then let all settle by expectation–maximisation."""
    background = _background(weight)
    density = _density(z, weight, mixture.centre)
    rest = max(1 - mixture.share.sum(), 1e-6)
    now = np.logaddexp.reduce(np.vstack([np.log(rest) + background, _log(mixture.share)[:, None] + density]))
    order = np.argsort((z * weight).sum(axis=1) / weight.sum(axis=1), kind="stable")
    starts = z[order[np.linspace(0, len(z) - 1, min(_STARTS, len(z))).astype(int)]]
    gain = np.logaddexp(now + np.log(0.8), _density(z, weight, starts) + np.log(0.2)).sum(axis=1)
    centre = np.vstack([mixture.centre, starts[np.argmax(gain)]])
    share = np.append(mixture.share * 0.8, 0.2)
    if len(share) == 1:
        share = np.array([0.9])
    previous = -np.inf
    for _ in range(_ROUNDS):
        joint = np.vstack(
            [
                np.log(max(1 - share.sum(), 1e-6)) + background,
                _log(share)[:, None] + _density(z, weight, centre),
            ]
        )
        total = np.logaddexp.reduce(joint)
        member = np.exp(joint - total)[1:]
        share = member.mean(axis=1)
        reads = member @ weight
        centre = np.where(reads > 0, member @ (weight * z) / np.maximum(reads, 1e-9), centre)
        if total.sum() - previous < 0.01:
            break
        previous = total.sum()
    return _Mixture(share, centre, member, float(total.sum()))


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, 1e-12))


def _density(z: np.ndarray, weight: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Log density of each mutation in each component, (K, N); samples without reads add nothing."""
    scaled = (z[None] - centre[:, None]) ** 2 * weight
    constant = np.where(weight > 0, np.log(np.maximum(weight, 1e-9) / (2 * np.pi)), 0.0).sum(axis=1)
    return 0.5 * (constant - scaled.sum(axis=2))


def _background(weight: np.ndarray) -> np.ndarray:
    return (weight > 0).sum(axis=1) * np.log(2 / np.pi)
