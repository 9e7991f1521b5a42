"""How far the members of one cluster may differ in DCF: what merged clones leave.

Clones that the reads can't tell apart end up in one cluster, and its centre is then nobody's DCF. The
members' DCFs are given a distribution of their own around the centre, δ ~ N(0, τ²) with τ² = t φ (1 − φ), and
t is summed out, sample by sample: a cluster is a merger with prior `MERGED`, and two clones of a merger share
their DCF in a sample with prior `SAME`. Few or shallow members leave τ open as far as their noise goes; many
deep ones exclude it.
"""

from __future__ import annotations

import math

import numpy as np

from truncal.ccf.model import READS, ReadModel
from truncal.clones.kernels import state_shares
from truncal.clones.mixture import Mixture
from truncal.clones.prior import SAME
from truncal.clones.start import spread_out
from truncal.copynumber.states import UNTOUCHED

MERGED = 0.8
"""Prior that a cluster holds more than one clone."""

RATIOS = np.geomspace(5e-4, 0.25, 10)
"""τ² over φ (1 − φ), which is the most that numbers in 0..1 can have."""

STRAY = 0.2
"""Prior, in each sample, that a member belongs to another clone than most of its cluster."""

STRAY_RATIO, LEAST_ROOM = 0.04, 0.02
"""τ² of such a member over φ (1 − φ), or over this where that is less."""

SURE = 0.9
"""Posterior of the untouched copy from which a member's reads say what its DCF is."""

MOST = 3000
"""Members that are looked at."""


def spread_within(model: ReadModel, mixture: Mixture) -> np.ndarray:
    """Posterior mean of τ² of each branch in each sample, (K, S).

    From members on a copy that nothing happened to, their reads taken as normal (Σ over members of log N(φ̂ −
    μ; σ² + τ²), μ summed out).
    """
    rows, states = model.rows, model.states
    k, s = len(mixture.centres), model.shape[1]
    out = np.zeros((k, s))
    sizes = np.diff(states.branch_start)
    for index, centre in enumerate(mixture.centres):
        weight = mixture.responsibility[:, index + 1]
        members = np.flatnonzero(weight > 0.1)
        members = members[spread_out(len(members), MOST)] if len(members) else members
        shares = state_shares(
            rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
            states.branch_kind, model.copy_number_error**2, centre.mean, centre.variance, members,
        )  # fmt: skip
        of = np.repeat(np.arange(len(members)), sizes[members])
        kinds = states.branch_kind[
            np.concatenate(
                [
                    np.arange(0),
                    *(
                        np.arange(states.branch_start[n], states.branch_start[n + 1])
                        for n in members.tolist()
                    ),
                ]
            )
        ]
        sure = np.bincount(of, weights=shares * (kinds == UNTOUCHED), minlength=len(members)) > SURE
        scale, error = rows.scale[members], rows.error[members]
        depth = rows.depth[members]
        use = (rows.table[members] == READS) & (depth > 0) & (scale > 0)
        scale = np.where(use, scale, 1.0)
        depth = np.maximum(depth, 1)
        seen = (rows.alt[members] / depth - error) / (1 - 2 * error) / scale
        # the noise that the centre would have, so that it does not depend on the reads it is of
        v = np.clip(scale * centre.mean, 0, 1)
        p = np.clip(v * (1 - 2 * error) + error, 1 / (depth + 2), 1 - 1 / (depth + 2))
        noise = p * (1 - p) / depth * (1 + (depth - 1) * rows.overdispersion[members]) / scale**2
        # a misread copy number is not a clone
        far = np.abs(seen - centre.mean) > 4 * np.sqrt(noise) + 0.3
        share = np.where(use & ~far & sure[:, None], weight[members][:, None], 0.0)
        room = np.maximum(centre.mean * (1 - centre.mean), 1e-6)
        ratios = np.concatenate([[0.0], RATIOS])
        log_likelihood = np.array([_log_likelihood(seen, noise + ratio * room, share) for ratio in ratios])
        relative = np.exp(np.clip(log_likelihood - log_likelihood[0], -600, 600))
        wide = (1 - SAME) / len(RATIOS) * relative[1:]
        either = SAME + wide.sum(axis=0)
        log_merged = math.log(MERGED) + np.log(either).sum()
        merged = 1 / (1 + math.exp(min(math.log(1 - MERGED) - log_merged, 600)))
        between = 1 - centre.p_zero - centre.p_one
        out[index] = merged * (wide * RATIOS[:, None]).sum(axis=0) / either * room * between.clip(0, 1)
    return out


def _log_likelihood(seen: np.ndarray, variance: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Restricted log-likelihood (S,) of values (n, S) around a mean that is summed out."""
    precision = share / variance
    total = np.maximum(precision.sum(axis=0), 1e-9)
    mean = (precision * seen).sum(axis=0) / total
    value = -0.5 * (share * np.log(variance) + precision * (seen - mean) ** 2).sum(axis=0)
    return np.where(share.sum(axis=0) > 0, value - 0.5 * np.log(total), 0.0)
