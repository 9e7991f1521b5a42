"""How far each sample's purity is off, learned from the trunk: all cancer cells have its mutations.

Most purities are right within a few hundredths, some are wrong by a factor of two (a fit of purity and ploidy
that took the wrong solution), so their prior has a heavy tail.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.model import READS, ReadModel, flat_log_likelihood, taken_rows
from truncal.ccf.observations import purity_at
from truncal.clones.mixture import TRUNK, Mixture
from truncal.clones.moves import EMPTY
from truncal.clones.posterior import Centre
from truncal.clones.samples import BARELY, FEWEST, SURE, interpolated_rows, trunk_copies
from truncal.clones.start import spread_out

GIVEN_TO = 0.01
"""Absolute error of a given purity, which comes with two decimals."""

UNRELIABLE, WRONG, WRONG_BY = 0.1, 0.5, 0.35
"""Share of patients whose purities are not to be trusted (one program and one assay made them all), share of
these that are wrong altogether, and the standard deviation of the logarithm of their error (log-normal with
its mode at the given purity)."""

STEP = math.log(1.005)
LEAST, MOST = math.log(0.25), math.log(4.0)
NEAR = 45
"""Purities to choose from, as multiples of the given one, in steps of 0.5 %; at once only `NEAR` steps."""

PLAIN = 1.0
"""Log prior odds, a mutation, against a share of 1 of the cancer cells that has none of the mutations."""

COUNTED = 40
"""Mutations beyond which more do not make such cells less likely."""

EVERYWHERE = 0.2
"""DCF that a cluster needs in every sample to be taken for the trunk at other purities."""

LARGE, FEWEST_MEMBERS = 0.1, 5
"""Share of the mutations, and number, that it needs."""

FAR = 0.1
"""Change of the (log) purity that is worth a fit of its own."""

ALL_CELLS = 0.97
"""DCF from which the members' reads tell how far beyond 1 a cluster wants to be."""

COARSE, ENOUGH = 4, 400
"""Steps between the purities, and mutations, that a first look at what fits nothing needs."""

MISFITS = 0.03
"""Share of the mutations that fit nothing from which they are looked at as a trunk."""

NOT_TRUNK = 0.2
"""Prior that what fits nothing, or is on the trunk, is not on the trunk."""


def purity_spread(model: ReadModel, error: float) -> np.ndarray:
    """Relative standard deviation (S,) of purities that are right: `error`, and `GIVEN_TO` of their own."""
    purity = np.maximum(model.sites.purity.max(axis=0), 0.01)
    return np.sqrt(error**2 + (GIVEN_TO / purity) ** 2)


def log_prior(factor: np.ndarray, spread: np.ndarray | float, *, tail: bool = True) -> np.ndarray:
    """Log prior density of purities as multiples of the given ones, relative to that of a right one.

    tail: whether the patient's are not to be trusted, so that some may be wrong altogether.
    """
    if not tail:
        return -0.5 * ((factor - 1) / spread) ** 2
    right = (1 - WRONG) * np.exp(-0.5 * ((factor - 1) / spread) ** 2)
    wrong = WRONG * spread / WRONG_BY * np.exp(-0.5 * ((np.log(factor) / WRONG_BY) ** 2 + WRONG_BY**2))
    return np.log(right + wrong)


def log_prior_of_all(factor: np.ndarray, spread: np.ndarray) -> float:
    """The same of all of a patient's purities (S,) together."""
    trusted = math.log1p(-UNRELIABLE) + float(log_prior(factor, spread, tail=False).sum())
    return float(np.logaddexp(trusted, math.log(UNRELIABLE) + log_prior(factor, spread).sum()))


def refine_purity(
    model: ReadModel, mixture: Mixture, factor: np.ndarray, error: float, *, tail: bool = False
) -> np.ndarray:
    """Purity of each sample as a multiple (S,) of the given one, from the trunk's mutations.

    A mutation counts by its probability of being on the trunk: of two clones that overlap, the sure members
    of the upper one are those with the most reads, and would let the purity drift up. factor: (S,) the
    present multiples. error: standard deviation of the given purity relative to it; 0 leaves it. tail:
    whether it may be wrong altogether; the few members of a trunk that is not one would make it so.
    """
    if error <= 0:
        return factor
    rows, sites = model.rows, model.sites
    spread = purity_spread(model, error)
    copies, share = trunk_copies(model)
    belongs = np.where(share >= SURE, mixture.responsibility[:, TRUNK], 0.0)
    on_trunk = belongs > BARELY
    out = factor.copy()
    for s in range(model.shape[1]):
        use = on_trunk & (rows.table[:, s] == READS) & (rows.depth[:, s] > 0) & np.isfinite(copies[:, s])
        if belongs[use].sum() < FEWEST:
            continue
        factors = _factors(factor[s])
        purity = np.minimum(sites.purity[use, s][:, None] * factors, 1.0)
        p = _frequency(model, use, s, purity, copies[use, s][:, None])
        alt, depth = rows.alt[use, s][:, None], rows.depth[use, s][:, None]
        # reads count as much as their overdispersion lets them
        weight = belongs[use][:, None] / (1 + (depth - 1) * model.overdispersion[s])
        score = (weight * (alt * np.log(p) + (depth - alt) * np.log1p(-p))).sum(axis=0)
        missing = on_trunk & (rows.unlisted[:, s] >= 0) & (rows.table[:, s] >= 0) & np.isfinite(copies[:, s])
        if missing.any():  # what is listed alone would seem purer
            given = sites.purity[missing, s][:, None]
            purity = np.minimum(given * factors, 1.0)
            total = (sites.major[missing, s] + sites.minor[missing, s])[:, None]
            normal = sites.normal[missing, s][:, None]
            scale = purity / (purity * total + (1 - purity) * normal)
            u = copies[missing, s][:, None] * scale / rows.scale[missing, s][:, None]
            unlisted = interpolated_rows(rows.tables, rows.unlisted[missing, s], u)
            score += (belongs[missing][:, None] * unlisted).sum(axis=0)
        score += log_prior(factors, spread[s], tail=tail)
        out[s] = factors[score.argmax()]
    return out


def _frequency(
    model: ReadModel, sites: np.ndarray, s: int, purity: np.ndarray, copies: np.ndarray
) -> np.ndarray:
    """Expected frequency (n, …) of reads of some sites (indices or mask) in sample s at these copies."""
    total = (model.sites.major[sites, s] + model.sites.minor[sites, s])[:, None]
    v = purity * copies / (purity * total + (1 - purity) * model.sites.normal[sites, s][:, None])
    error = model.rows.error[sites, s][:, None]
    return np.clip(v * (1 - 2 * error) + error, 1e-9, 1 - 1e-9)


def _factors(present: float) -> np.ndarray:
    at = round(math.log(present) / STEP)
    steps = np.arange(max(at - NEAR, math.ceil(LEAST / STEP)), min(at + NEAR, math.floor(MOST / STEP)) + 1)
    return np.exp(steps * STEP)


def log_plausible(model: ReadModel, mixture: Mixture) -> float:
    """Log prior odds against cancer cells without any of the mutations, where clusters leave room for them.

    A trunk of more than `EMPTY` mutations leaves none.
    """
    if mixture.responsibility[:, TRUNK].sum() > EMPTY:
        return 0.0
    covered = np.sum([centre.mean for centre in mixture.centres], axis=0) if mixture.centres else np.zeros(1)
    plain = float(np.clip(1 - covered, 0, 1).max())
    return -PLAIN * min(model.shape[0], COUNTED) * plain


def other_purities(model: ReadModel, mixture: Mixture, factor: np.ndarray, error: float) -> list[np.ndarray]:
    """Purities, as multiples (S,) of the given ones, at which a cluster larger than the trunk would be it.

    Such a cluster is in every sample. If none is, the trunk's own where they are far off. At last those at
    which mutations that fit nothing would be on the trunk, with the present ones or instead: where a purity
    is too low, the trunk's have more reads than a mutation of every cancer cell can have. factor: (S,) the
    present multiples.
    """
    sizes = mixture.responsibility[:, :-1].sum(axis=0)
    least = max(FEWEST_MEMBERS, LARGE * model.shape[0], sizes[TRUNK])
    found = []
    for k in np.argsort(-sizes[1:], kind="stable").tolist():
        centre = mixture.centres[k]
        if sizes[k + 1] > least and centre.mean.min() >= EVERYWHERE:
            found.append(_as_trunk(model, mixture.responsibility[:, k + 1], centre, factor))
    if not found and sizes[TRUNK] == sizes.max():
        free = refine_purity(model, mixture, factor, error, tail=True)
        if np.abs(np.log(free / factor)).max() > FAR:
            found.append(free)
    found = found[:2]
    misfits = mixture.responsibility[:, -1] > 0.5
    if misfits.sum() >= max(FEWEST_MEMBERS, MISFITS * model.shape[0]):
        for trunk in (misfits | (mixture.responsibility[:, TRUNK] > 0.5), misfits):
            wanted = _with_misfits(model, trunk, error)
            if all(np.abs(np.log(wanted / other)).max() > FAR for other in (factor, *found)):
                found.append(wanted)
    return found


def _with_misfits(model: ReadModel, trunk: np.ndarray, error: float) -> np.ndarray:
    """Multiples (S,) at which the reads of these mutations (N,) are likeliest for a trunk's, by sample."""
    rows, states = model.rows, model.states
    spread = purity_spread(model, error)
    factors = np.exp(np.arange(math.ceil(LEAST / STEP), math.floor(MOST / STEP) + 1, COARSE) * STEP)
    flat = flat_log_likelihood(rows)
    out = np.ones(model.shape[1])
    for s in range(model.shape[1]):
        use = np.flatnonzero(trunk & (rows.table[:, s] == READS) & (rows.depth[:, s] > 0))
        use = use[spread_out(len(use), ENOUGH)]
        # one row for each site and state of the trunk
        own, start = taken_rows(states.trunk_start, use)
        sites = np.repeat(use, np.diff(start))
        purity = np.minimum(model.sites.purity[sites, s][:, None] * factors, 1.0)
        p = _frequency(model, sites, s, purity, states.trunk_u[own, s][:, None])
        alt, depth = rows.alt[sites, s][:, None], rows.depth[sites, s][:, None]
        value = alt * np.log(p) + (depth - alt) * np.log1p(-p) - flat[sites, s][:, None]
        value /= 1 + (depth - 1) * model.overdispersion[s]
        value += states.trunk_log_weight[own][:, None]
        score = log_prior(factors, spread[s])
        if len(use):
            value = np.logaddexp.reduceat(value, start[:-1], axis=0)
            score += np.logaddexp(value + math.log1p(-NOT_TRUNK), math.log(NOT_TRUNK)).sum(axis=0)
        out[s] = factors[score.argmax()]
    return out


def _as_trunk(model: ReadModel, belongs: np.ndarray, centre: Centre, factor: np.ndarray) -> np.ndarray:
    """Multiples (S,) at which the cluster's DCF would be 1: ρ'/(ρ'C + 2(1−ρ')) = φρ/(ρC + 2(1−ρ))."""
    rows, sites = model.rows, model.sites
    members = np.flatnonzero(belongs > SURE)
    out = factor.copy()
    if not len(members):
        return out
    for s in range(model.shape[1]):
        use = members[(rows.table[members, s] == READS) & (rows.depth[members, s] > 0)]
        if not len(use):
            continue
        dcf = centre.mean[s]
        if dcf > ALL_CELLS:
            seen = rows.alt[use, s] / rows.depth[use, s] / np.maximum(rows.scale[use, s], 1e-9)
            dcf = max(float(np.median(seen)), dcf)
        total = float(np.median((sites.major + sites.minor)[use, s]))
        given = float(sites.purity[use, s].max())
        purity = min(given * factor[s], 1.0)
        share = dcf * purity / (purity * total + 2 * (1 - purity))
        wanted = purity_at(share, total)
        out[s] = math.exp(min(max(math.log(wanted / given), LEAST), MOST))
    return out
