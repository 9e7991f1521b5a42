"""Where compiled kernels are kept: one folder for each state of the kernels' source.

Numba notices when the file of a kernel changes, but not when a kernel that it calls from another file does;
after an update, stale machine code would be run without a word. A folder named by the source of all kernels
can't be stale.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def use_kernel_cache(package: Path) -> None:
    """Point Numba's cache to the folder of these sources, unless the user chose one; before Numba is
    imported."""
    if VARIABLE in os.environ:
        return
    beside = package / "__pycache__"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "truncal"
    root = beside if os.access(beside if beside.exists() else package, os.W_OK) else home
    os.environ[VARIABLE] = str(root / f"kernels-{source_digest(package)}")


def source_digest(package: Path) -> str:
    """Digest of every source file that holds a kernel, by name and content."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        source = path.read_bytes()
        if b"@njit" in source:
            digest.update(path.relative_to(package).as_posix().encode() + b"\0" + source)
    return digest.hexdigest()[:16]
