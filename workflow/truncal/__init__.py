"""Clone trees and clonal or subclonal resistance drivers from multi-region tumour exomes."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("truncal")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0.0.0"
