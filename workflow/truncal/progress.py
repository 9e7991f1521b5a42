"""Progress on stderr: where somebody watches, and as plain lines in the workflow's logs."""

from __future__ import annotations

import argparse
import os
import sys

LOGGED = "TRUNCAL_PROGRESS"
"""Environment variable that asks for plain lines where stderr is no terminal; the workflow sets it."""


def say(args: argparse.Namespace, text: str) -> None:
    """Print one line of progress, unless `--quiet` was given or nobody would read it."""
    if not args.quiet and (sys.stderr.isatty() or os.environ.get(LOGGED)):
        print(f"truncal {args.command}: {text}", file=sys.stderr, flush=True)
