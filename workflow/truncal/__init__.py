"""Clone trees and clonal or subclonal resistance drivers from multi-region tumour exomes."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from truncal.kernel_cache import use_kernel_cache

try:
    __version__ = version("truncal")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0.0.0"

use_kernel_cache(Path(__file__).resolve().parent)
