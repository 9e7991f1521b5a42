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
from truncal.clones.moves import (
    SPLIT_FROM,
    best_merge,
    least_needed,
    log_evidence,
    merged,
    scores,
    split,
    split_trunk,
    split_unlisted,
    without,
    without_trunk,
)
from truncal.clones.posterior import Centre, cluster_posterior
from truncal.clones.purity import (
    FAR,
    log_plausible,
    log_prior_of_all,
    other_purities,
    purity_spread,
    refine_purity,
)
from truncal.clones.samples import USUAL, estimate_error, estimate_overdispersion, expected_copies
from truncal.clones.start import spread_out, starting_groups
from truncal.copynumber.states import ALL_COPIES
from truncal.progress import steps

AT_ONCE = 800
"""Mutations that are agglomerated together."""

MANY = 4000
"""Mutations that are clustered together; of more, a part is, and the rest joins."""

SWEEPS = 30

OVERDISPERSED = 1.0
"""Overdispersion × depth from which a fit that starts from `WIDE` is tried as well."""

WIDE = 0.02

NO_TRUNK, SOME_TRUNK = 0.05, 50
"""Share of mutations, and number, below both of which there is no trunk to speak of."""

ALL_COPIES_WITHOUT_TRUNK = 0.5

SETTLED = 1e-3
"""Share of mutations that may still change cluster when an iteration counts as settled."""
ROUNDS = 6


TAIL = 0.75
"""DCF in every sample from which a cluster may be a part of the trunk at a purity that is off."""

AFRESH = 0.3
"""Change of the (log) variance of the reads from which clusters are looked for afresh."""

AFRESH_PURITY = 0.1
"""The same of a (log) purity."""

MORE_OUTLIERS = 0.1
"""Share of the mutations that may fit nothing at purities far from the given ones and do at those: few reads
fit an outlier about as well as a clone."""


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
    far: bool = False
    """Whether purities may be wrong altogether."""


def fit_clusters(model: ReadModel, options: Options) -> Fit:
    """Fit the mixture, each sample's overdispersion and its purity.

    Of more than `MANY` mutations an evenly spaced part (they are sorted by content) is clustered; the
    clusters then take in all, and what fits none is clustered in turn.
    """
    if model.shape[0] <= MANY:
        return _fit_all(model, options)
    part = _fit_all(model.subset(spread_out(model.shape[0], MANY)), options)
    freer = part.model.all_copies
    model = model if freer == model.all_copies else model.with_all_copies(freer)
    model = model.with_samples(part.overdispersion, part.purity_factor, part.model.error_factor)
    fixed = fixed_likelihoods(model)
    shares = part.mixture.responsibility.mean(axis=0)
    mixture = Mixture(part.mixture.centres, np.tile(shares, (model.shape[0], 1)))
    mixture = _iterate(model, fixed, mixture, options, sweeps=3)
    more = _more(model, fixed, mixture, options)
    if more is not None:
        mixture = _settle(model, fixed, more, options)
    return Fit(model, fixed, mixture, part.overdispersion, part.purity_factor)


def _fit_all(model: ReadModel, options: Options) -> Fit:
    """Fit on all mutations of the model.

    Where the reads turn out overdispersed, few clusters of wide reads and many of narrow ones are both
    self-consistent; both ends are then tried and the better supported is taken. Without a trunk, gains can't
    be ordered after it, and branch mutations on all copies of an allele are given a fair chance. A large
    cluster that is in every sample may be the trunk at other purities.
    """
    found = _fit(model, options, options.overdispersion)
    depth = np.maximum(np.median(model.sites.depth, axis=0), 1)

    def better(one: Fit, other: Fit) -> Fit:
        return max(one, other, key=lambda fit: _evidence(fit, options))

    if (found.overdispersion * depth).max() > OVERDISPERSED:
        found = better(found, _fit(model, options, WIDE))
    trunk = found.mixture.responsibility[:, TRUNK].sum()
    few = trunk < min(NO_TRUNK * model.shape[0], SOME_TRUNK)
    if few and (model.states.branch_kind > ALL_COPIES).any():
        freer = model.with_all_copies(ALL_COPIES_WITHOUT_TRUNK)
        for start in (options.overdispersion, WIDE):
            found = better(found, _fit(freer, options, start))
    tried: list[np.ndarray] = []
    for _ in range(ROUNDS if options.purity_error > 0 else 0):
        before = found
        for factor in other_purities(found.model, found.mixture, found.purity_factor, options.purity_error):
            if any(np.abs(np.log(factor / seen)).max() < FAR for seen in tried):
                continue
            tried.append(factor)
            other = _fit(model, options, options.overdispersion, factor)
            if _outliers(other) <= _outliers(found) + MORE_OUTLIERS * model.shape[0]:
                found = better(found, other)
        if found is before:
            break
    return found


def _outliers(fit: Fit) -> float:
    return float(fit.mixture.responsibility[:, -1].sum())


def _fit(model: ReadModel, options: Options, start: float, factor: np.ndarray | None = None) -> Fit:
    """Fit that starts from an overdispersion and from the given purities, or these times factor (S,)."""
    samples = model.shape[1]
    overdispersion = np.full(samples, start)
    tail = factor is not None
    factor = np.ones(samples) if factor is None else factor
    model = model.with_samples(overdispersion, factor, np.ones(samples))
    fixed = fixed_likelihoods(model)
    mixture = _split_up(model, fixed, _from_scratch(model, fixed, options), options)
    depth = np.maximum(np.median(model.sites.depth, axis=0), 1)
    for _ in range(ROUNDS):
        copies = expected_copies(model, mixture)
        before, overdispersion = overdispersion, estimate_overdispersion(model, copies, overdispersion)
        changed = np.abs(np.log((1 + overdispersion * depth) / (1 + before * depth))).max()
        given, factor = factor, refine_purity(model, mixture, factor, options.purity_error, tail=tail)
        changed = max(changed, np.abs(np.log(factor / given)).max() * AFRESH / AFRESH_PURITY)
        model = model.with_samples(overdispersion, factor, estimate_error(model, mixture))
        fixed = fixed_likelihoods(model)
        if changed > AFRESH:
            mixture = _from_scratch(model, fixed, options)
        else:
            mixture = _settle(model, fixed, Mixture(mixture.centres, mixture.responsibility), options)
            break
    # again: a purity or overdispersion that was off looked like a cluster that wants to be split
    mixture = _split_up(model, fixed, mixture, options)
    return _without_tail(Fit(model, fixed, mixture, overdispersion, factor, tail), options)


def _without_tail(fit: Fit, options: Options) -> Fit:
    """The fit with clusters just below the trunk taken into it, where the samples' purities then fit better.

    A purity that is off parts the trunk in two, and each half holds the purity where it is: dropping the
    lower one gains only if the purity may follow.
    """
    while True:
        near = [k for k, centre in enumerate(fit.mixture.centres) if centre.mean.min() > TAIL]
        for k in near:
            r = fit.mixture.responsibility.copy()
            r[:, TRUNK] += r[:, k + 1]
            mixture = without(
                Mixture(fit.mixture.centres, r, fit.mixture.log_likelihood, fit.mixture.seen), k
            )
            other = _with_samples(fit, mixture, options)
            if _evidence(other, options) > _evidence(fit, options):
                fit = other
                break
        else:
            return fit


def _with_samples(fit: Fit, mixture: Mixture, options: Options) -> Fit:
    """Samples' parameters for another mixture, and the mixture for them."""
    copies = expected_copies(fit.model, mixture)
    overdispersion = estimate_overdispersion(fit.model, copies, fit.overdispersion)
    factor = refine_purity(fit.model, mixture, fit.purity_factor, options.purity_error, tail=fit.far)
    model = fit.model.with_samples(overdispersion, factor, estimate_error(fit.model, mixture))
    fixed = fixed_likelihoods(model)
    mixture = _iterate(model, fixed, Mixture(mixture.centres, mixture.responsibility), options)
    return Fit(model, fixed, mixture, overdispersion, factor, fit.far)


def _evidence(fit: Fit, options: Options) -> float:
    """Log marginal likelihood, with the priors of overdispersions and purities and of bare cancer cells."""
    value = log_evidence(fit.model, fit.mixture, options.outlier_prior)
    value -= float(fit.overdispersion.sum()) / USUAL
    if options.purity_error > 0:
        spread = purity_spread(fit.model, options.purity_error)
        value += log_prior_of_all(fit.purity_factor, spread)
        value += log_plausible(fit.model, fit.mixture)
    return value


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
    return [
        cluster_posterior(model, group, np.ones(len(group)), phi, 1e-4 * phi * (1 - phi) + 1e-6)
        for group, phi in groups
    ]


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
    """Iterate to a fixed point and do with fewer clusters, until neither changes anything."""
    mixture = _iterate(model, fixed, mixture, options)
    tried: dict = {}
    while True:
        gone = least_needed(model, mixture)
        if gone is not None:
            mixture = _iterate(model, fixed, without(mixture, gone), options)
            continue
        pair = best_merge(model, mixture, tried)
        if pair is not None:
            mixture = _iterate(model, fixed, merged(mixture, *pair), options)
            continue
        trunkless = without_trunk(model, mixture)
        if trunkless is None:
            return mixture
        mixture = _iterate(model, fixed, trunkless, options)


def _split_up(model: ReadModel, fixed: Fixed, mixture: Mixture, options: Options) -> Mixture:
    """The mixture with clusters split as long as that gains."""
    for _ in range(ROUNDS):
        divided = _divide(model, fixed, mixture)
        if divided is None:
            break
        mixture = _settle(model, fixed, divided, options)
    return mixture


def _divide(model: ReadModel, fixed: Fixed, mixture: Mixture) -> Mixture | None:
    """The mixture with every cluster split that two explain better, or None where none is."""
    r = mixture.responsibility.copy()
    copies = expected_copies(model, mixture)
    centres = list(mixture.centres)
    added: list[np.ndarray] = []
    known = np.isfinite(copies).any(axis=1)

    def part(column: int, members: np.ndarray, share: np.ndarray) -> None:
        """A column of its own for this share of the members."""
        moved = np.zeros(len(r))
        moved[members] = r[members, column] * share
        r[:, column] -= moved
        added.append(moved)

    for k, centre in enumerate(mixture.centres):
        members = np.flatnonzero((r[:, k + 1] > 0.5) & known)
        if len(members) < SPLIT_FROM:
            continue
        z = scores(model, members, copies[members])
        found = split(model, members, r[members, k + 1], z, centre)
        if found is not None:
            pair, share = found
            centres[k] = pair[0]
            centres.append(pair[1])
            part(k + 1, members, 1 - share)
    branch = None
    members = np.flatnonzero((r[:, TRUNK] > 0.5) & known)
    if len(members) >= SPLIT_FROM:
        z = scores(model, members, copies[members])
        branch = split_trunk(model, fixed, members, r[members, TRUNK], z)
    if branch is None:
        members = np.flatnonzero(r[:, TRUNK] > 0.5)
        branch = split_unlisted(model, fixed, members, r[members, TRUNK])
    if branch is not None:
        centres.append(branch[0])
        part(TRUNK, members, branch[1])
    if not added:
        return None
    return Mixture(centres, np.column_stack([r[:, :-1], *added, r[:, -1:]]))


def _iterate(
    model: ReadModel, fixed: Fixed, mixture: Mixture, options: Options, sweeps: int = SWEEPS
) -> Mixture:
    label, before = None, None
    with steps(f"sweeps over {len(mixture.centres)} clusters", sweeps) as advance:
        for _ in range(sweeps):
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
            advance()
    return mixture
