"""Clusters of one patient, their number included, without restarts: deterministic.

1. agglomerate a spread-out subset of the mutations into starting groups;
2. expectation–maximisation of the mixture of trunk, branches and outliers, dissolving and merging clusters as
   long as that gains; what fits no cluster is agglomerated again;
3. estimate each sample's overdispersion and purity from the clusters, and repeat from 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.ccf.model import ReadModel
from truncal.clones.mixture import TRUNK, Fixed, Mixture, expect, fixed_likelihoods, maximise
from truncal.clones.posterior import Centre, cluster_posterior
from truncal.clones.samples import estimate_overdispersion, expected_copies, refine_purity
from truncal.clones.start import starting_groups

AT_ONCE = 800
"""Mutations that are agglomerated together."""

SWEEPS = 30

SETTLED = 1e-3
"""Share of mutations that may still change cluster when an iteration counts as settled."""
ROUNDS = 6

AFRESH = 0.3
"""Change of the (log) variance of the reads from which clusters are looked for afresh."""


@dataclass(frozen=True)
class Options:
    """Settings of the clustering; see the config's `clones`."""

    concentration: float = 1.0
    outlier_prior: float = 0.01
    overdispersion: float = 3e-4
    purity_error: float = 0.02


@dataclass(frozen=True)
class Fit:
    """The read model with the samples' parameters, and the mixture."""

    model: ReadModel
    fixed: Fixed
    mixture: Mixture
    overdispersion: np.ndarray
    purity_factor: np.ndarray


def fit_clusters(model: ReadModel, options: Options) -> Fit:
    """Fit the mixture, each sample's overdispersion and its purity."""
    samples = model.shape[1]
    overdispersion = np.full(samples, options.overdispersion)
    factor = np.ones(samples)
    model = model.with_samples(overdispersion, factor)
    fixed = fixed_likelihoods(model)
    mixture = _from_scratch(model, fixed, options)
    for _ in range(ROUNDS):
        copies = expected_copies(model, mixture)
        before, overdispersion = overdispersion, estimate_overdispersion(model, copies, overdispersion)
        factor = refine_purity(model, copies, mixture, factor, options.purity_error)
        depth = np.maximum(np.median(model.sites.depth, axis=0), 1)
        changed = np.abs(np.log((1 + overdispersion * depth) / (1 + before * depth))).max()
        model = model.with_samples(overdispersion, factor)
        fixed = fixed_likelihoods(model)
        if changed > AFRESH:
            mixture = _from_scratch(model, fixed, options)
        else:
            mixture = _settle(model, fixed, Mixture(mixture.centres, mixture.responsibility), options)
            break
    return Fit(model, fixed, mixture, overdispersion, factor)


def _from_scratch(model: ReadModel, fixed: Fixed, options: Options) -> Mixture:
    mixture = _settle(model, fixed, _start(model, fixed, options), options)
    for _ in range(ROUNDS):
        more = _more(model, fixed, mixture, options)
        if more is None:
            break
        count = len(mixture.centres)
        mixture = _settle(model, fixed, more, options)
        if len(mixture.centres) <= count:
            break
    return mixture


def _start(model: ReadModel, fixed: Fixed, options: Options) -> Mixture:
    n = model.shape[0]
    groups = starting_groups(
        model, fixed.trunk, np.arange(n), concentration=options.concentration, most=AT_ONCE
    )
    groups = [group for group in groups if len(group[0]) > 1] or groups
    centres = _centres(model, groups)
    r = np.zeros((n, len(centres) + 2))
    r[:, TRUNK] = 0.3
    for k, (group, _) in enumerate(groups):
        r[group, k + 1] = 1.0
    r[:, -1] = 0.01
    r /= r.sum(axis=1, keepdims=True)
    return Mixture(centres, r)


def _centres(model: ReadModel, groups: list[tuple[np.ndarray, np.ndarray]]) -> list[Centre]:
    spread = np.full(model.shape[1], 1e-3)
    return [cluster_posterior(model, group, np.ones(len(group)), phi, spread) for group, phi in groups]


def _more(model: ReadModel, fixed: Fixed, mixture: Mixture, options: Options) -> Mixture | None:
    """The mixture with further clusters from what fits none, or None where nothing is left over."""
    left = np.flatnonzero(mixture.responsibility[:, -1] > 0.2)
    nowhere = np.full(model.shape[0], -np.inf)
    groups = starting_groups(model, nowhere, left, concentration=options.concentration, most=AT_ONCE)
    groups = [group for group in groups if len(group[0]) > 1]
    if not groups:
        return None
    centres = _centres(model, groups)
    r = mixture.responsibility
    r = np.concatenate([r[:, :-1], np.zeros((len(r), len(groups))), r[:, -1:]], axis=1)
    for k, (group, _) in enumerate(groups):
        r[group] = 0.0
        r[group, mixture.responsibility.shape[1] - 1 + k] = 1.0
    return Mixture([*mixture.centres, *centres], r)


def _settle(model: ReadModel, fixed: Fixed, mixture: Mixture, options: Options) -> Mixture:
    """Iterate to a fixed point, then try to do with fewer clusters, until neither changes anything."""
    mixture = _iterate(model, fixed, mixture, options)
    while True:
        fewer = _fewer(model, fixed, mixture, options)
        if fewer is None:
            return mixture
        mixture = _iterate(model, fixed, fewer, options)


def _iterate(model: ReadModel, fixed: Fixed, mixture: Mixture, options: Options) -> Mixture:
    label, before = None, None
    for _ in range(SWEEPS):
        mixture = expect(model, fixed, mixture, options.outlier_prior)
        now = mixture.label
        if label is not None and (now != label).sum() <= SETTLED * len(label):
            break
        label, responsibility = now, mixture.responsibility
        count = len(mixture.centres)
        mixture = maximise(model, mixture, before)
        before = responsibility if len(mixture.centres) == count else None
        if before is None:
            label = None
    return mixture


def _fewer(model: ReadModel, fixed: Fixed, mixture: Mixture, options: Options) -> Mixture | None:
    """The mixture without its least needed cluster, or None where every one is needed.

    Without cluster k its members go where they fit best among the others; what that costs is compared with what the
    cluster costs itself: the integral over its DCF (log marginal against the likelihood at its mean) and its place
    in the restaurant prior.
    """
    n = model.shape[0]
    likelihood, r = mixture.log_likelihood, mixture.responsibility
    sizes = r[:, :-1].sum(axis=0)
    log_sizes = np.log(np.maximum(sizes, 1e-3))
    scores = likelihood.copy()
    scores[:, :-1] += log_sizes
    scores[:, -1] += np.log(options.outlier_prior * n)
    worst, gain = -1, 0.0
    for k, centre in enumerate(mixture.centres):
        share = r[:, k + 1]
        members = np.flatnonzero(share > 0.01)
        others = np.delete(scores[members], k + 1, axis=1)
        top = others.max(axis=1)
        without = top + np.log(np.exp(others - top[:, None]).sum(axis=1))
        plain = likelihood[members, k + 1]
        # the likelihood at the mean is replaced by the marginal over the DCF
        occam = _occam(centre)
        size = sizes[k + 1]
        # restaurant prior of a table of this size against adding its members to other tables one by one
        table = np.log(options.concentration) + _log_gamma(max(size, 1.0))
        with_it = (share[members] * plain).sum() + occam + table
        difference = (share[members] * without).sum() - with_it
        if difference > gain:
            worst, gain = k, difference
    if worst < 0:
        return None
    keep = [column for column in range(r.shape[1]) if column != worst + 1]
    stale = np.flatnonzero(r[:, worst + 1] > 1e-3)
    r = r[:, keep].copy()
    lost = r.sum(axis=1) < 1e-9
    r[lost, -1] = 1.0
    centres = [centre for k, centre in enumerate(mixture.centres) if k != worst]
    seen = [centre for k, centre in enumerate(mixture.seen) if k != worst]
    return Mixture(centres, r / r.sum(axis=1, keepdims=True), likelihood[:, keep], seen, stale)


def _occam(centre: Centre) -> float:
    """Log of the share of the prior that the posterior keeps, over samples (S,): sum of log marginal − likelihood.

    A spike keeps its prior mass; between the spikes the posterior keeps √(2π) standard deviations of the uniform.
    """
    return float(centre.occam.sum())


def _log_gamma(x: float) -> float:
    from math import lgamma

    return lgamma(x)
