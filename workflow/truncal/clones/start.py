"""Where the mixture starts from: agglomeration of a spread-out subset of the mutations."""

from __future__ import annotations

import numpy as np

from truncal.ccf.model import ReadModel
from truncal.clones.agglomerate import agglomerate
from truncal.clones.kernels import branch_log_likelihood, grid_likelihood
from truncal.clones.prior import LOG_BETWEEN, LOG_ONE, LOG_ZERO
from truncal.copynumber.states import ALL_COPIES

GRID = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, 81))
"""DCFs of the start's grid, denser towards 0 and 1, where reads tell more."""

CLEARLY_TRUNK = 8.0
"""A mutation that the trunk explains better than any branch by this (log) is left out of the start."""


FAIR = 0.1
"""Prior of mutations on all copies of their allele from which a group's start is looked for among them as
well."""


def grid_log_prior() -> np.ndarray:
    """Log prior (G,) on `GRID`: spikes at its ends, uniform between."""
    width = np.zeros(len(GRID))
    steps = np.diff(GRID)
    width[:-1] += steps / 2
    width[1:] += steps / 2
    prior = np.exp(LOG_BETWEEN) * width
    prior[0] += np.exp(LOG_ZERO)
    prior[-1] += np.exp(LOG_ONE)
    return np.log(prior)


def spread_out(count: int, most: int) -> np.ndarray:
    """Indices of at most `most` of `count`, evenly spaced."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def starting_groups(
    model: ReadModel, trunk: np.ndarray, candidates: np.ndarray, *, concentration: float, most: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Groups of mutations (index arrays) that seem to share a DCF profile, with it (S,), the largest first.

    trunk: (N,) log-likelihood of each mutation on the trunk. candidates: indices to look at.
    """
    states = model.states
    chosen = candidates[spread_out(len(candidates), most)] if len(candidates) else candidates
    if not len(chosen):
        return []
    tensor = grid_likelihood(
        model.rows, states.branch_start, states.branch_change, states.branch_log_weight, states.branch_kind,
        model.copy_number_error**2, chosen, GRID,
    )  # fmt: skip
    best = tensor.max(axis=2).sum(axis=1)
    kept = trunk[chosen] < best + CLEARLY_TRUNK
    chosen, tensor = chosen[kept], tensor[kept]
    if not len(chosen):
        return []
    label = agglomerate(tensor, np.ones(len(chosen)), grid_log_prior(), concentration)
    groups = []
    for k in range(label.max() + 1):
        together = tensor[label == k].sum(axis=0)
        groups.append((chosen[label == k], GRID[together.argmax(axis=1)]))
    if (np.exp(states.branch_log_weight) > FAIR)[states.branch_kind > ALL_COPIES].any():
        groups = [_consistent(model, members, phi) for members, phi in groups]
    return sorted(groups, key=lambda group: (-len(group[0]), group[0][0]))


def _consistent(model: ReadModel, members: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The group with the start that suits it best if its members have one copy, or all copies, in every
    sample.

    The marginals of single samples may mix the two.
    """
    states = model.states
    chances = [phi]
    for many in (False, True):
        weight = np.where((states.branch_kind > ALL_COPIES) == many, states.branch_log_weight, -50.0)
        tensor = grid_likelihood(
            model.rows, states.branch_start, states.branch_change, weight, states.branch_kind,
            model.copy_number_error**2, members, GRID,
        )  # fmt: skip
        chances.append(GRID[tensor.sum(axis=0).argmax(axis=1)])
    out = np.full((model.shape[0], len(chances) + 2), -1e6)
    branch_log_likelihood(
        model.rows, model.ceiling, states.branch_start, states.branch_change, states.branch_log_weight,
        states.branch_kind, model.copy_number_error**2, members, np.arange(len(chances)), np.array(chances),
        np.full((len(chances), len(phi)), 1e-3), np.full(model.shape[0], -1), out,
    )  # fmt: skip
    return members, chances[int(np.maximum(out[members, 1:-1], -1e6).sum(axis=0).argmax())]
