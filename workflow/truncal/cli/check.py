"""`truncal check`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

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

        for check in (lambda: check_files(sheet, settings), lambda: _check_tables(settings)):
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


def _check_tables(settings: Mapping[str, Any]) -> None:
    """Read the tables of treatments and drivers and the regions that the settings name."""
    from truncal.drivers.civic import read_civic
    from truncal.drivers.oncokb import read_oncokb
    from truncal.drivers.statements import load_statements
    from truncal.drivers.timing import read_treatments
    from truncal.errors import Faults, UserError
    from truncal.reads.filters import read_bed

    options = settings["drivers"]
    readers: list[tuple[str | None, Callable[[str], object]]] = [
        (settings["treatments"], lambda path: read_treatments(Path(path), None)),
        (settings["reads"]["blacklist"], read_bed),
        (options["civic"], read_civic),
        (options["oncokb"], lambda path: read_oncokb(path, load_statements())),
    ]
    faults = Faults()
    for path, read in readers:
        if path:
            try:
                read(path)
            except UserError as error:
                faults.extend(error)
    try:
        load_statements(options["table"], [options["extend"]] if options["extend"] else [])
    except UserError as error:
        faults.extend(error)
    faults.raise_if_any()
