"""What no tree can hold, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.phylogeny.fit import binomial_log_likelihood
from truncal.phylogeny.inputs import PhyloInput
from truncal.phylogeny.losses import Loss, free_fit

MISFIT = 8.0
"""Log-likelihood that the tree costs a clone in a sample from which on it is a conflict (4 standard
deviations)."""

EXCESS = 0.03
"""Distance of the observed DCF from the tree's below which nothing is reported, however deep the reads."""

ASIDE = "the clone is set aside: the tree is that of the other clones, and it hangs where it fits best"
KEPT = "the clone is kept and the rule softened"


@dataclass(frozen=True)
class Conflict:
    """One clone in one sample that the best tree cannot hold."""

    clone: int
    sample: int
    constraint: str
    excess: float
    evidence: str
    cost: float
    response: str


def find_conflicts(
    data: PhyloInput, parents: np.ndarray, phi: np.ndarray, aside: np.ndarray, losses: list[Loss]
) -> list[Conflict]:
    """Clones and samples in which the best tree's DCF is far from the reads'; the worst first.

    phi: (K, S) DCFs fitted on the tree. aside: (K,) clones set aside. losses: those modelled.
    """
    free = free_fit(data.alt, data.ref, data.share)
    cost = binomial_log_likelihood(free, data.alt, data.ref, data.share) - binomial_log_likelihood(
        phi, data.alt, data.ref, data.share
    )
    bad = (cost > MISFIT) & (np.abs(free - phi) > EXCESS)
    out = []
    for k, s in zip(*(part.tolist() for part in np.nonzero(bad)), strict=True):
        lost = next((loss for loss in losses if loss.clone == k and free[k, s] < phi[k, s]), None)
        if lost is not None:
            name = data.cluster_ids[lost.below]
            cause = f"loss of the mutated copies in clone {name} and below"
            response, said = f"modelled: lost in clone {name}", "the tree is that with this loss"
        else:
            cause = _cause(data, k, s, free, phi, bad, set_aside=bool(aside[k]))
            response, said = ("set aside", ASIDE) if aside[k] else ("softened", KEPT)
        evidence = (
            f"{_reads(data, k, s)}; the reads say {free[k, s]:.2f}, the best tree allows {phi[k, s]:.2f} in "
            f"{data.sample_ids[s]} (costs {cost[k, s]:.0f} log units); likely cause: {cause}; "
            f"{said}"
        )
        constraint = _constraint(data, parents, free, phi, k, s)
        excess = float(free[k, s] - phi[k, s])
        out.append(Conflict(k, s, constraint, excess, evidence, float(cost[k, s]), response))
    return sorted(out, key=lambda found: -found.cost)


def _constraint(
    data: PhyloInput, parents: np.ndarray, free: np.ndarray, phi: np.ndarray, k: int, s: int
) -> str:
    """The sum rule that a clone breaks in a sample, with the DCFs that the reads say."""
    name, parent = data.cluster_ids[k], int(parents[k])
    siblings: list[int] = [j for j in np.flatnonzero(parents == parent).tolist() if j != k]
    over = free[k, s] > phi[k, s]
    if over and (siblings or parent == 0):
        total = free[k, s] + sum(free[j, s] for j in siblings)
        limit = 1.0 if parent == 0 else free[parent - 1, s]
        holder = "all cancer cells" if parent == 0 else f"clone {data.cluster_ids[parent - 1]}"
        members = " + ".join(str(data.cluster_ids[j]) for j in sorted([k, *siblings]))
        return f"clones {members} ({total:.2f}) must fit into {holder} ({limit:.2f})"
    if over:
        above, limit = data.cluster_ids[parent - 1], free[parent - 1, s]
        return f"clone {name} ({free[k, s]:.2f}) must not exceed its parent {above} ({limit:.2f})"
    children = np.flatnonzero(parents == k + 1)
    total = sum(free[j, s] for j in children)
    members = " + ".join(str(data.cluster_ids[j]) for j in children)
    return f"clone {name} ({free[k, s]:.2f}) must hold its children {members or '(none)'} ({total:.2f})"


def _reads(data: PhyloInput, k: int, s: int) -> str:
    n = int(data.n_mutations[k])
    noun = "mutation" if n == 1 else "mutations"
    if data.purity_known:
        return f"{n} {noun}"
    alt, depth = data.alt[:, k, s].sum(), (data.alt + data.ref)[:, k, s].sum()
    return f"{n} {noun} with {alt:.0f} of {depth:.0f} reads"


def _cause(
    data: PhyloInput,
    k: int,
    s: int,
    free: np.ndarray,
    phi: np.ndarray,
    bad: np.ndarray,
    *,
    set_aside: bool,
) -> str:
    """The likely cause, from how many samples a clone misfits in, and how many clones in the sample."""
    over = free > phi
    few = max(1, free.shape[1] // 4)
    if data.n_mutations[k] < 3:
        return "an artefact or a misread copy number, as the clone rests on fewer than three mutations"
    if int((bad & over)[:, s].sum()) > 1 and int((bad & over)[k].sum()) <= few:
        return "purity set too low or ploidy misread, as several clones of this sample exceed what holds them"
    if set_aside and int(bad[k].sum()) > few:
        return "an artefact, or clones merged into one cluster, as it misfits in several samples"
    if int(bad[k].sum()) > few:
        return "two clones merged into one cluster, as it misfits in several samples"
    if over[k, s]:
        return "copy number or multiplicity misread in this sample, or its purity set too low"
    return "loss of the mutated copy in this sample"
