"""`truncal phylogeny`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "posterior over clone trees, with proportions and clonality"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--clones", type=Path, default=None, help="folder of `truncal clones`")
    parser.add_argument(
        "--ssm", type=Path, default=None, help="Pairtree's mutations (.ssm), in place of --clones"
    )
    parser.add_argument("--clusters", type=Path, default=None, help="Pairtree's clusters (JSON), with --ssm")
    parser.add_argument("--out", type=Path, required=True, help="folder for the step's files")
    parser.add_argument(
        "--polyclonal",
        choices=("auto", "never", "always"),
        default=None,
        help="several root clones: weighed against one, excluded, or given even odds (settings: auto)",
    )


def run(args: argparse.Namespace) -> None:
    """Reconstruct and write."""
    from truncal.errors import UserError
    from truncal.sheet.settings import load_settings

    if (args.clones is None) == (args.ssm is None and args.clusters is None):
        raise UserError("give either --clones, or --ssm with --clusters")
    if args.clones is None and (args.ssm is None or args.clusters is None):
        raise UserError("--ssm and --clusters belong together")
    from truncal.phylogeny.run import run_phylogeny, summary
    from truncal.provenance import check_whole

    if args.clones is not None:
        check_whole(args.clones)
    settings = load_settings(args.settings)
    if args.polyclonal is not None:
        settings["phylogeny"]["polyclonal"] = args.polyclonal
    result = run_phylogeny(
        args.out,
        settings,
        args.seed,
        clones=args.clones,
        ssm=args.ssm,
        clusters=args.clusters,
        threads=args.threads,
    )
    found = summary(result)
    notes = ", ".join(f"{name} {value:g}" for name, value in found["diagnostics"].items())
    say(
        args,
        f"{len(result.consensus)} clones, {found['n_trees_95']} trees in the 95 % set ({found['method']})",
    )
    if notes:
        say(args, notes)
