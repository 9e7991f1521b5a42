"""Priors of clusters: of a DCF in one sample (absent, in all cells or between), and of their number."""

from __future__ import annotations

import math

AT_ZERO = 0.25
"""Probability that a clone is missing from a sample."""

AT_ONE = 0.05
"""Probability that a clone other than the trunk makes up a whole sample."""

LOG_ZERO, LOG_ONE, LOG_BETWEEN = math.log(AT_ZERO), math.log(AT_ONE), math.log(1 - AT_ZERO - AT_ONE)

SAME = 0.4
"""Prior that a clone and its nearest relative have the same DCF in a sample."""

CLUSTER_COST = 1.0
"""Log prior odds against one more cluster, beyond its weight."""


def weight_cost(mutations: int) -> float:
    """Log units that one more cluster costs among so many mutations, without its DCF."""
    return 0.5 * math.log(max(mutations, 1)) + CLUSTER_COST
