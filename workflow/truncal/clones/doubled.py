"""Which clones are ancestors of the cells whose genome doubled.

A branch mutation that arose before the doubling of a fraction f of the cells has u = φ + f copies on an
untouched allele, one that arose elsewhere u = φ. The reads of a clone give ψ = u, so they leave both open: it
is an ancestor with φ = ψ − f, or not, with φ = ψ. The sum rule of the clone and the doubled one decides, in
all samples together: an ancestor has φ ≥ f, so ψ ≥ 2f; any other clone lies beside the doubled cells, ψ + f
≤ 1, or within them, ψ ≤ f. Clones in one line share their DCF in a sample with prior `SAME` (see `moves`),
which makes ψ = 2f, or ψ = f, telling. A cluster that breaks every rule is no clone, and stays as it is.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.model import ReadModel
from truncal.clones.kernels import state_shares
from truncal.clones.mixture import Mixture
from truncal.clones.posterior import Centre
from truncal.clones.prior import LOG_BETWEEN, SAME
from truncal.copynumber.states import GAINED

ANCESTOR = 0.2
"""Prior that a clone is an ancestor of the doubled cells."""

BROKEN = -8.0
"""Log penalty from which the sum rule is broken."""

SLACK = 0.02
"""Standard deviation, beyond the clone's own, within which the sum rule holds."""


def ancestor_probability(model: ReadModel, mixture: Mixture) -> np.ndarray:
    """Probability (K,) that a branch is an ancestor of the doubled cells while its members' copies are taken
    for DCFs; 0 where no doubling is known, and where the members' states count the doubling already."""
    doubled = model.states.doubled
    out = np.zeros(len(mixture.centres))
    if not doubled.any():
        return out
    for k, centre in enumerate(mixture.centres):
        if not _counted(model, mixture.responsibility[:, k + 1], centre):
            out[k] = 1 / (1 + math.exp(min(-log_odds(centre.mean, centre.variance, doubled), 600.0)))
    return out


def log_odds(psi: np.ndarray, variance: np.ndarray, doubled: np.ndarray) -> float:
    """Log posterior odds that a clone with ψ (S,), and variance (S,), is an ancestor of the doubled cells."""

    def rule(excess: np.ndarray) -> float:
        return float(-0.5 * (np.maximum(excess, 0) ** 2 / (variance + SLACK**2)).sum())

    def same(distance: np.ndarray) -> float:
        v = variance + (SLACK / 2) ** 2
        density = np.exp(-0.5 * distance**2 / v) / np.sqrt(2 * math.pi * v) / math.exp(LOG_BETWEEN)
        told = np.log1p(SAME * (density - 1)).clip(0)
        return float(told[doubled > 0].sum())

    ancestor = rule(2 * doubled - psi)
    if ancestor < BROKEN:
        return -math.inf
    ancestor += same(psi - 2 * doubled)
    within = rule(psi - doubled) + same(psi - doubled)
    beside = rule(psi + doubled - 1)
    other = float(np.logaddexp(within, beside)) - math.log(2)
    return ancestor - other + math.log(ANCESTOR / (1 - ANCESTOR))


def _counted(model: ReadModel, weight: np.ndarray, centre: Centre) -> bool:
    """Whether most members of a cluster are on a copy that the doubling added to, rather than untouched."""
    states = model.states
    members = np.flatnonzero(weight > 0.5)
    if not len(members):
        return False
    shares = state_shares(
        model.rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
        states.branch_kind, model.copy_number_error**2, centre.mean, centre.variance, members,
    )  # fmt: skip
    rows = np.concatenate([np.arange(states.branch_start[n], states.branch_start[n + 1]) for n in members])
    added = (states.branch_kind[rows] == GAINED) & (
        np.abs(states.branch_change[rows] - states.doubled).max(axis=1) < 1e-3
    )
    return bool(shares[added].sum() > 0.5 * len(members))
