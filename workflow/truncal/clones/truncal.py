"""Provisional probability that a mutation arose on the trunk, before any tree is known."""

from __future__ import annotations

import numpy as np


def provisional_p_truncal(responsibility: np.ndarray, p_trunk: np.ndarray) -> np.ndarray:
    """Probability (N,) that each mutation belongs to a cluster that descends to every cancer cell.

    responsibility: (N, K) membership, rows sum to at most 1. p_trunk: (K,) probability that the cluster's DCF
    is 1 in every sample. The phylogeny step replaces this by a sum over trees.
    """
    return responsibility @ p_trunk
