"""`truncal assemble`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "gather the steps' results of a patient into the final tables and patient.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    for step in ("counts", "clones", "phylogeny", "drivers"):
        parser.add_argument(f"--{step}", type=Path, required=True, help=f"folder of the {step} step")
    parser.add_argument("--out", type=Path, required=True, help="the patient's folder")
    parser.add_argument(
        "--patient",
        default=None,
        help="id of the patient; without it the counts step's, or the name of the folder",
    )


def run(args: argparse.Namespace) -> None:
    """Gather and write."""
    from truncal.provenance import check_whole
    from truncal.report.document import assemble

    folders = {name: getattr(args, name) for name in ("counts", "clones", "phylogeny", "drivers")}
    check_whole(*folders.values())
    assemble(folders, args.out, args.patient)
    say(args, f"results in {args.out}")
