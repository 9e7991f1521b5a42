"""What the phylogeny step found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from truncal.phylogeny.conflicts import Conflict
from truncal.phylogeny.feedback import Change
from truncal.phylogeny.inputs import PhyloInput
from truncal.phylogeny.losses import Loss
from truncal.phylogeny.posterior import TreePosterior


@dataclass(frozen=True)
class Phylogeny:
    """Posterior and all that is derived from it.

    edges: (K + 1, K) probability of each node (0: the root) as parent. ancestor: (K, K) probability that
    a is an ancestor
    of b. consensus: (K,) parents. fitted: (K, S) DCFs on the best tree. best_proportions: (K + 1, S) on
    the best tree.
    proportions: mean, low and high (K + 1, S) over the posterior. on_trunk: (K,). p_truncal,
    p_clonal, p_next_region: (N,). aside: (K,) clones that no tree holds, hung up where they fit best.
    losses: those modelled on a branch. same: (K, K) probability that two clusters are one. changes:
    mutations moved.
    """

    data: PhyloInput
    posterior: TreePosterior
    edges: np.ndarray
    ancestor: np.ndarray
    consensus: np.ndarray
    fitted: np.ndarray
    best_proportions: np.ndarray
    proportions: tuple[np.ndarray, np.ndarray, np.ndarray]
    on_trunk: np.ndarray
    p_truncal: np.ndarray
    p_clonal: np.ndarray
    p_next_region: np.ndarray
    conflicts: list[Conflict]
    aside: np.ndarray
    losses: list[Loss]
    same: np.ndarray
    changes: list[Change]
