"""Prior over a cluster's DCF in one sample: a clone is absent, in all cells, or anything between."""

from __future__ import annotations

import math

AT_ZERO = 0.25
"""Probability that a clone is missing from a sample."""

AT_ONE = 0.05
"""Probability that a clone other than the trunk makes up a whole sample."""

LOG_ZERO, LOG_ONE, LOG_BETWEEN = math.log(AT_ZERO), math.log(AT_ONE), math.log(1 - AT_ZERO - AT_ONE)
