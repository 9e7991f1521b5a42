"""An order of mutations and samples that depends on their data alone, so that the input's order changes
nothing."""

from __future__ import annotations

import numpy as np


def canonical_order(arrays: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Indices that sort mutations (N,) and samples (S,) by the content of arrays (N, S).

    Samples go by sums that no order of mutations changes, mutations by their values in the sorted samples.
    What ties is interchangeable.
    """
    keys = []
    for values in arrays:
        ordered = np.sort(values, axis=0)
        keys += [ordered.sum(axis=0), (ordered**2).sum(axis=0)]
    samples = np.lexsort(keys[::-1])
    columns = [values[:, s] for values in arrays for s in samples]
    return np.lexsort(columns[::-1]), samples
