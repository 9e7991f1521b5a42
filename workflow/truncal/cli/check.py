"""`truncal check`."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "check sample sheet and settings, and say everything that is wrong with them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--samples", type=Path, required=True, help="sample sheet (TSV)")


def run(args: argparse.Namespace) -> None:
    """Check both; the faults of both are reported together."""
    from truncal.errors import Faults, UserError
    from truncal.sheet.samples import read_sheet
    from truncal.sheet.settings import load_settings

    faults = Faults()
    try:
        load_settings(args.settings)
    except UserError as error:
        faults.extend(error)
    try:
        sheet = read_sheet(args.samples)
    except UserError as error:
        faults.extend(error)
    faults.raise_if_any()
    if not args.quiet:
        print(
            f"{args.samples}: {len(sheet.samples)} samples of {len(sheet.patients)} patients; no fault found"
        )
        if sheet.ignored:
            print(f"columns without a meaning here: {', '.join(sheet.ignored)}")
