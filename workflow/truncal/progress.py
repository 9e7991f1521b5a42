"""Progress on stderr, only where somebody watches."""

from __future__ import annotations

import argparse
import sys


def say(args: argparse.Namespace, text: str) -> None:
    """Print one line of progress where stderr is a terminal and `--quiet` was not given."""
    if not args.quiet and sys.stderr.isatty():
        print(f"truncal {args.command}: {text}", file=sys.stderr)
