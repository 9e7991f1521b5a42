"""What the reads of each clone say about its DCF, as the tree kernels take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from truncal.errors import Fault, UserError

CUT = 1e-8
"""Grid points less likely than this against the clone's best are left out of its window."""

TAIL_START, TAIL_WIDTH = 15.0, 0.03
"""The softened likelihood falls off as exp(−TAIL_START − distance / TAIL_WIDTH), so that what no tree can hold
costs by how far it is off."""


@dataclass(frozen=True)
class ClusterLikelihood:
    """log p(reads of clone k in sample s | DCF) on a grid: log_likelihood (K, S, G), grid (G,)."""

    cluster_ids: tuple[int, ...]
    sample_ids: tuple[str, ...]
    grid: np.ndarray
    log_likelihood: np.ndarray


@dataclass(frozen=True)
class Evidence:
    """Likelihoods ready for the kernels.

    values: (K, S, G), each row's maximum 1, zero outside its window low..high (both (K, S), inclusive).
    log_scale: the sum of what was divided out.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    log_scale: float


def read_likelihood(path: Path) -> ClusterLikelihood:
    """Read the `likelihood.npz` of the clones step.

    Raises
    ------
    UserError
        the file is missing or is not one of ours.

    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = ClusterLikelihood(
                tuple(stored["cluster_ids"].tolist()),
                tuple(stored["sample_ids"].tolist()),
                stored["grid"],
                stored["log_likelihood"],
            )
    except (OSError, KeyError, ValueError, EOFError) as error:
        raise UserError(
            Fault("is missing or not a likelihood file of `truncal clones`; run that step first", path)
        ) from error
    expected = (len(found.cluster_ids), len(found.sample_ids), len(found.grid))
    if found.log_likelihood.shape != expected:
        raise UserError(Fault(f"log_likelihood has shape {found.log_likelihood.shape}, not {expected}", path))
    return found


def smoothed(likelihood: ClusterLikelihood, model_error: float) -> np.ndarray:
    """Likelihood (K, S, G) with a Gaussian error of the DCF (standard deviation `model_error`), maximum 1.

    Purity and copy number are estimates, so the reads' DCF is off by more than their number would say.
    """
    logs = likelihood.log_likelihood
    values = np.exp(logs - logs.max(axis=2, keepdims=True))
    if model_error > 0:
        distance = likelihood.grid[:, None] - likelihood.grid[None, :]
        kernel = np.exp(-0.5 * (distance / model_error) ** 2)
        values = values @ (kernel / kernel.sum(axis=0, keepdims=True))
        values /= values.max(axis=2, keepdims=True)
    return values


def evidence(likelihood: ClusterLikelihood, model_error: float, *, softened: bool = False) -> Evidence:
    """Likelihoods for the kernels; `softened` keeps tails so that every tree has some likelihood."""
    values = smoothed(likelihood, model_error)
    if softened:
        grid = likelihood.grid
        peak = grid[values.argmax(axis=2)]
        distance = np.abs(grid[None, None, :] - peak[:, :, None])
        values = np.maximum(values, np.exp(-TAIL_START - distance / TAIL_WIDTH))
        low = np.zeros(values.shape[:2], dtype=np.int64)
        high = np.full(values.shape[:2], len(grid) - 1, dtype=np.int64)
    else:
        inside = values >= CUT
        low = inside.argmax(axis=2)
        high = values.shape[2] - 1 - inside[:, :, ::-1].argmax(axis=2)
        index = np.arange(values.shape[2])
        values = np.where((index >= low[:, :, None]) & (index <= high[:, :, None]), values, 0.0)
    scale = float(likelihood.log_likelihood.max(axis=2).sum())
    return Evidence(values, low.astype(np.int64), high.astype(np.int64), scale)


def ancestry_log_weight(facts: Evidence) -> np.ndarray:
    """Log weight (K + 1, K) of each node (0: the normal root) as an ancestor of each clone.

    Σ_s log P(DCF of the node ≥ DCF of the clone), their DCFs taken independently from the likelihoods.
    """
    probability = facts.values / facts.values.sum(axis=2, keepdims=True)
    upto = np.cumsum(probability, axis=2)
    count = len(probability)
    out = np.zeros((count + 1, count))
    for node in range(count):
        above = np.einsum("sg,ksg->ks", probability[node], upto)
        out[node + 1] = np.log(np.maximum(above, 1e-12)).sum(axis=1)
    return out
