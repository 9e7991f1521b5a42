"""What no tree can hold, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.phylogeny.fit import binomial_log_likelihood, proportions
from truncal.phylogeny.inputs import PhyloInput

MISFIT = 8.0
"""Log-likelihood that the tree costs a clone in a sample from which on it is a conflict (4 standard
deviations)."""

EXCESS = 0.03
"""Distance of the observed DCF from the tree's below which nothing is reported, however deep the reads."""


@dataclass(frozen=True)
class Conflict:
    """One clone in one sample that the best tree cannot hold."""

    clone: int
    sample: int
    constraint: str
    excess: float
    evidence: str
    cost: float


def find_conflicts(data: PhyloInput, parents: np.ndarray, phi: np.ndarray) -> list[Conflict]:
    """Clones and samples in which the best tree's DCF is far from the reads'; the worst first.

    phi: (K, S) DCFs fitted on the tree.
    """
    free = fit_free(data)
    cost = binomial_log_likelihood(free, data.alt, data.ref, data.share) - binomial_log_likelihood(
        phi, data.alt, data.ref, data.share
    )
    off = free - phi
    room = proportions(parents, phi)
    out = []
    for k, s in zip(*np.nonzero((cost > MISFIT) & (np.abs(off) > EXCESS)), strict=True):
        out.append(_explain(data, parents, phi, free, room, int(k), int(s), float(cost[k, s])))
    return sorted(out, key=lambda found: -found.cost)


def fit_free(data: PhyloInput) -> np.ndarray:
    """DCFs (K, S) that fit the reads best without any tree."""
    alt, ref, share = data.alt, data.ref, data.share[:, None, None]
    low, high = np.zeros(alt.shape[1:]), np.ones(alt.shape[1:])
    for _ in range(50):
        middle = 0.5 * (low + high)
        p = np.clip(share * middle, 1e-15, 1 - 1e-15)
        rising = (alt / middle - ref * share / (1 - p)).sum(axis=0) > 0
        low, high = np.where(rising, middle, low), np.where(rising, high, middle)
    return 0.5 * (low + high)


def _explain(
    data: PhyloInput,
    parents: np.ndarray,
    phi: np.ndarray,
    free: np.ndarray,
    room: np.ndarray,
    k: int,
    s: int,
    cost: float,
) -> Conflict:
    name, sample = data.cluster_ids[k], data.sample_ids[s]
    parent = int(parents[k])
    siblings: list[int] = [j for j in np.flatnonzero(parents == parent).tolist() if j != k]
    children = np.flatnonzero(parents == k + 1)
    over = free[k, s] > phi[k, s]
    if over and (siblings or parent == 0):
        total = free[k, s] + sum(free[j, s] for j in siblings)
        limit = 1.0 if parent == 0 else free[parent - 1, s]
        holder = "all cancer cells" if parent == 0 else f"clone {data.cluster_ids[parent - 1]}"
        members = " + ".join(str(data.cluster_ids[j]) for j in sorted([k, *siblings]))
        constraint = f"clones {members} ({total:.2f}) must fit into {holder} ({limit:.2f})"
    elif over:
        limit = free[parent - 1, s]
        above = data.cluster_ids[parent - 1]
        constraint = f"clone {name} ({free[k, s]:.2f}) must not exceed its parent {above} ({limit:.2f})"
    else:
        total = sum(free[j, s] for j in children)
        members = " + ".join(str(data.cluster_ids[j]) for j in children)
        constraint = (
            f"clone {name} ({free[k, s]:.2f}) must hold its children {members or '(none)'} ({total:.2f})"
        )
    reads = _reads(data, k, s)
    few = data.n_mutations[k] < 3
    cause = _cause(data, k, free, phi, few=bool(few), over=bool(over))
    evidence = (
        f"{reads}; the reads say {free[k, s]:.2f}, the best tree allows {phi[k, s]:.2f} in {sample} "
        f"(costs {cost:.0f} log units); likely cause: {cause}"
    )
    return Conflict(k, s, constraint, float(free[k, s] - phi[k, s]), evidence, cost)


def _reads(data: PhyloInput, k: int, s: int) -> str:
    n = int(data.n_mutations[k])
    noun = "mutation" if n == 1 else "mutations"
    if data.purity_known:
        return f"{n} {noun}"
    alt, depth = data.alt[:, k, s].sum(), (data.alt + data.ref)[:, k, s].sum()
    return f"{n} {noun} with {alt:.0f} of {depth:.0f} reads"


def _cause(data: PhyloInput, k: int, free: np.ndarray, phi: np.ndarray, *, few: bool, over: bool) -> str:
    bad = int((np.abs(free[k] - phi[k]) > EXCESS).sum())
    if few:
        return "an artefact or a misread copy number, as the clone rests on fewer than three mutations"
    if not over and bad <= max(1, free.shape[1] // 4):
        return "loss of the mutated copy in this sample"
    if over and bad <= max(1, free.shape[1] // 4):
        return "copy number or multiplicity misread in this sample, or purity set too low"
    return "two clones merged into one cluster, as it misfits in several samples"
