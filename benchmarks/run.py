"""Run the benchmarks: `python -m benchmarks.run [clones] [trees] [--data DIR] [--peer NAME=PATH ...]`."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path

from benchmarks.report import Report

AREAS = ("clones", "trees", "drivers", "scale", "reads", "ingest", "absent")
"""Modules with HELP and run(options, report)."""


def parser() -> argparse.ArgumentParser:
    """Command line."""
    top = argparse.ArgumentParser(description="Score truncal against known truth, beside peers.")
    top.add_argument("areas", nargs="*", default=[], help=f"which of {', '.join(AREAS)} (default: all)")
    shared = os.environ.get("TRUNCAL_SHARED", "../shared")
    top.add_argument("--data", type=Path, default=Path(shared) / "data", help="folder of the shared data")
    top.add_argument("--sets", nargs="*", default=[], help="data sets (default: the area's)")
    top.add_argument("--tumours", default="", help="regular expression of tumour names")
    top.add_argument("--groups", default="", help="regular expression of groups, e.g. 'K10 S3'")
    top.add_argument("--peer", action="append", default=[], metavar="NAME=PATH", help="peer to run beside it")
    top.add_argument("--peer-most", type=int, default=1_000, help="mutations up to which peers run (timing)")
    top.add_argument("--patients", type=int, default=20, help="patients of the simulated cohort (scale)")
    top.add_argument("--cores", type=int, default=2, help="cores for the workflow (scale)")
    top.add_argument("--figures", type=Path, default=None, help="folder for figures (drivers)")
    top.add_argument("--work", type=Path, help="folder of parts, to stop and resume (drivers)")
    top.add_argument("--json", type=Path, help="write every score here")
    top.add_argument("-v", "--verbose", action="count", default=0, help="-vv: one row a tumour")
    top.add_argument("--quiet", action="store_true", help="no progress on stderr")
    return top


def main() -> None:
    """Run the chosen areas; an area that is not there yet is skipped with a line."""
    options = parser().parse_args()
    options.peer = dict(item.split("=", 1) for item in options.peer)
    report = Report(options.quiet)
    for area in options.areas or AREAS:
        if area not in AREAS:
            raise SystemExit(f"no benchmark {area}; expected one of {', '.join(AREAS)}")
        importlib.import_module(f"benchmarks.{area}").run(options, report)
    if options.json:
        report.write(options.json)


if __name__ == "__main__":
    main()
