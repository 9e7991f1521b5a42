"""Distribution and density of a Pearson type III variable (shifted gamma), tabulated by z and skewness.

A sum of clone frequencies is neither normal nor exponential but in between: a clone seen everywhere is nearly
normal, one without reads exponential. The Pearson III family matches three moments, holds both as exact
cases and is closed under the sum of exponentials of one scale. Mirrored for negative skewness.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

Z_MAX = 9.0
Z_STEP = 1.0 / 16.0
SKEW_MAX = 2.0
SKEW_STEP = 0.1


@lru_cache(maxsize=1)
def table() -> np.ndarray:
    """Distribution function and density (21, 289, 2): skewness 0, 0.1, …, 2 by z = −9, …, 9."""
    z = np.linspace(-Z_MAX, Z_MAX, round(2 * Z_MAX / Z_STEP) + 1)
    skews = np.linspace(0.0, SKEW_MAX, round(SKEW_MAX / SKEW_STEP) + 1)
    out = np.empty((len(skews), len(z), 2))
    for row, skew in enumerate(skews):
        begin = -Z_MAX if skew == 0 else max(-Z_MAX, -2.0 / skew)
        edges = np.linspace(begin, Z_MAX + 6.0, 6001)
        middle = 0.5 * (edges[1:] + edges[:-1])
        if skew == 0:
            log_density = -0.5 * middle**2
        else:
            shape = 4.0 / skew**2
            x = np.maximum(shape + middle * np.sqrt(shape), 1e-300)
            log_density = (shape - 1.0) * np.log(x / shape) - (x - shape)
        density = np.exp(log_density)
        total = np.concatenate([[0.0], np.cumsum(density)])
        out[row, :, 0] = np.interp(z, edges, total / total[-1])
        scale = total[-1] * (edges[1] - edges[0])
        out[row, :, 1] = np.interp(z, middle, density / scale, left=0.0)
    return out
