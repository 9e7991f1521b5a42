"""Each mutation's reads in its likeliest copy-number state, as a binomial likelihood linear in the DCF.

The tree may ask whether a cluster is two. That needs the reads of single mutations, but neither their states
nor their copy numbers: with the state that the cluster makes likeliest, the expected allele frequency is
offset + slope · DCF, and overdispersed reads count as so many fewer independent ones.
"""

from __future__ import annotations

import numpy as np

from truncal.ccf.model import READS
from truncal.clones.fit import Fit
from truncal.clones.kernels import TABLE_STEP, state_shares, trunk_states
from truncal.clones.mixture import TRUNK
from truncal.clones.samples import likeliest
from truncal.copynumber.states import ALL_COPIES

TOLD = 2.0
"""Log units below the best at which a site that is not listed is matched by reads without the mutation."""


def linear_reads(fit: Fit, above: np.ndarray) -> np.ndarray:
    """(N, S, 4): alternative and other reads, offset and slope, in the model's order.

    above: (1 + K, S) copies that a later doubling of the genome adds to those of the clusters' members.

    log p(reads | DCF) ≈ alt · log p + ref · log(1 − p), p = offset + slope · DCF. A site that is not listed
    has no alternative reads and so many others that its likelihood falls about as its own does. All is 0 for
    outliers and where nothing is known.
    """
    model, rows = fit.model, fit.model.rows
    states, label = model.states, fit.mixture.label
    n, s = model.shape
    u0, u1 = np.zeros((n, s)), np.zeros((n, s))  # mutated copies: u0 + u1 · DCF
    known = np.zeros(n, dtype=bool)
    trunk = trunk_states(
        rows, states.trunk_start, states.trunk_u, states.trunk_log_weight, states.doubled, 0.0
    )
    for column in np.unique(label).tolist():
        members = np.flatnonzero(label == column)
        if column == TRUNK:
            u1[members] = states.trunk_u[likeliest(states.trunk_start, trunk)[0][members]]
        elif column <= len(fit.mixture.centres):
            centre = fit.mixture.centres[column - 1]
            shares = state_shares(
                rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
                states.branch_kind, model.copy_number_error**2, centre.mean, centre.variance, members,
            )  # fmt: skip
            sizes = states.branch_start[members + 1] - states.branch_start[members]
            begin = np.concatenate([[0], np.cumsum(sizes)])
            within = likeliest(begin, shares)[0] - begin[:-1]
            best = states.branch_start[members] + within
            kind = states.branch_kind[best]
            u0[members] = states.branch_change[best]
            u1[members] = np.where(kind > ALL_COPIES, kind - ALL_COPIES, 1)[:, None]
            u0[members[kind > ALL_COPIES]] = 0.0
            u0[members] += above[column]
        else:
            continue
        known[members] = True
    spread = 1 + np.maximum(rows.depth - 1, 0) * rows.overdispersion
    error = rows.error
    out = np.stack(
        [
            rows.alt / spread,
            (rows.depth - rows.alt) / spread,
            error + (1 - 2 * error) * rows.scale * u0,
            (1 - 2 * error) * rows.scale * u1,
        ],
        axis=2,
    )
    out[rows.table != READS] = 0.0
    missing = np.nonzero(rows.table >= 0)
    out[missing] = _unlisted(rows.tables, rows.table[missing], u0[missing], u1[missing])
    out[~known] = 0.0
    return out


def _unlisted(tables: np.ndarray, which: np.ndarray, u0: np.ndarray, u1: np.ndarray) -> np.ndarray:
    """Reads (R, 4) without the mutation, as many as lower the likelihood as not being listed does."""
    out = np.zeros((len(which), 4))
    if not len(which):
        return out
    phi = np.linspace(0.05, 0.95, 19)
    place = np.clip((u0[:, None] + u1[:, None] * phi) / TABLE_STEP, 0.0, tables.shape[1] - 1.001)
    left = place.astype(np.int64)
    row = which[:, None]
    value = tables[row, left] + (place - left) * (tables[row, left + 1] - tables[row, left])
    lost = np.maximum(tables[which, 0][:, None] - value, 0.0)
    at = np.where((lost >= TOLD).any(axis=1), (lost >= TOLD).argmax(axis=1), len(phi) - 1)
    out[:, 1] = lost[np.arange(len(which)), at] / -np.log1p(-phi[at])
    out[:, 3] = 1.0
    return out
