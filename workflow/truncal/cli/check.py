"""`truncal check`."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "check sample sheet and settings, and say everything that is wrong with them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--samples", type=Path, required=True, help="sample sheet (TSV)")
    parser.add_argument(
        "--files",
        action="store_true",
        help="open the files too: headers, tumour columns, builds, segments, tables that the settings name",
    )


def run(args: argparse.Namespace) -> None:
    """Check sheet and settings, and the files where asked for; all faults are reported together."""
    from truncal.errors import Faults, UserError
    from truncal.sheet.samples import read_sheet
    from truncal.sheet.settings import load_settings

    faults = Faults()
    try:
        settings = load_settings(args.settings)
    except UserError as error:
        faults.extend(error)
    try:
        sheet = read_sheet(args.samples)
    except UserError as error:
        faults.extend(error)
    faults.raise_if_any()
    if args.files:
        from truncal.counts.preflight import check_files
        from truncal.drivers.preflight import check_tables

        for check in (lambda: check_files(sheet, settings), lambda: check_tables(settings)):
            try:
                check()
            except UserError as error:
                faults.extend(error)
        faults.raise_if_any()
    if not args.quiet:
        print(
            f"{args.samples}: {len(sheet.samples)} samples of {len(sheet.patients)} patients; no fault found"
        )
        if sheet.ignored:
            print(f"columns without a meaning here: {', '.join(sheet.ignored)}")
