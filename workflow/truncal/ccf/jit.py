"""Numba without what it imports on the side.

Numba imports SciPy, with its linear algebra for matrix products inside kernels, and PyYAML for a file of its
own. None is needed here, and their imports cost more than the whole analysis of a small tumour.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

HIDDEN = ("scipy", "scipy.linalg", "yaml")

_hidden = [name for name in HIDDEN if name not in sys.modules]
for _name in _hidden:
    sys.modules[_name] = None  # type: ignore[assignment]  # an import of it fails, which Numba allows for
try:
    import numba
    import numba.np.arraymath  # would come with the first kernel, after the guard
finally:
    for _name in _hidden:
        del sys.modules[_name]

njit: Any = partial(numba.njit, error_model="numpy", no_cfunc_wrapper=True)
"""Numba's, with NumPy's division by zero and without an entry for C, which nothing calls."""
