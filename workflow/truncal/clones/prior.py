"""Prior over a cluster's DCF in one sample."""

from __future__ import annotations

import numpy as np

AT_ZERO = 0.25
AT_ONE = 0.20


def dcf_log_prior(size: int) -> np.ndarray:
    """Log prior (G,) on a uniform grid over 0..1: spikes where a clone is absent or makes up the whole tumour.

    A clone is missing from many regions and the trunk is in all cells of every one; the rest is uniform.
    """
    prior = np.full(size, (1 - AT_ZERO - AT_ONE) / size)
    prior[0] += AT_ZERO
    prior[-1] += AT_ONE
    return np.log(prior)
