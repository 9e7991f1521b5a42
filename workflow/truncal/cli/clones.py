"""`truncal clones`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "cluster the mutations of a counts table into clones"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--counts", type=Path, required=True, help="counts.tsv (PyClone-VI's columns)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the step's files")
    parser.add_argument(
        "--export",
        nargs="*",
        choices=("pyclone-vi", "conipher", "pairtree"),
        default=[],
        help="also write PyClone-VI's result or the inputs of CONIPHER or Pairtree",
    )


def run(args: argparse.Namespace) -> None:
    """Cluster and write."""
    from truncal.clones.run import run_clones
    from truncal.provenance import check_whole
    from truncal.sheet.settings import load_settings

    check_whole(args.counts.parent)
    found = run_clones(args.counts, args.out, load_settings(args.settings), args.seed, args.export)
    say(args, f"{len(found.label)} mutations in {len(found.log_likelihood)} clusters")
