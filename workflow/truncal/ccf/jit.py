"""Numba without SciPy's BLAS.

Numba imports SciPy's linear algebra with its first compiled function, to have matrix products inside kernels.
None here needs them, and the import costs more than the whole analysis of a small tumour.
"""

from __future__ import annotations

import sys

NAME = "scipy.linalg"

if "numba.np.arraymath" not in sys.modules and NAME not in sys.modules:
    sys.modules[NAME] = None  # type: ignore[assignment]  # an import of it fails, which numba allows for
    try:
        import numba
        import numba.np.arraymath  # would come with the first kernel, after the guard
    finally:
        del sys.modules[NAME]
else:
    import numba

njit = numba.njit
