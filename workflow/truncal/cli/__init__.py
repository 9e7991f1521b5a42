"""The `truncal` command: a thin shell over pure functions, one module a subcommand.

A subcommand's module has `HELP`, `add_arguments(parser)` and `run(args)`; it imports what it needs inside
`run`, so that `--help` and the other subcommands do not pay for it.
"""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import importlib
import sys
from collections.abc import Sequence

from truncal import __version__, progress
from truncal.errors import Fault, UserError, fault_lines

COMMANDS = (
    "check",
    "counts",
    "clones",
    "phylogeny",
    "drivers",
    "assemble",
    "report",
    "cohort-report",
    "figures",
    "reconstruct",
    "simulate",
    "compare",
    "verify",
    "compile",
)

DEFAULT_SEED = 20240

COLLECT_EVERY = 500_000
"""New objects between two garbage collections: what imports leave behind lives to the end, and looking
through it time and again takes a tenth of the time of a small tumour."""

_ENVIRONMENT = frozenset(
    (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.EEXIST,
        errno.ENOTDIR,
        errno.EISDIR,
    )
)
"""Errors of the system that are no fault of the program: a full or write-protected disk, rights, a file where
a folder is expected or the other way round."""


def parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The command line with these subcommands; each one's module is imported."""
    top = argparse.ArgumentParser(
        prog="truncal",
        description="Clone trees and clonal or subclonal resistance drivers from multi-region tumour exomes.",
    )
    top.add_argument("--version", action="version", version=f"truncal {__version__}")
    subparsers = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in commands:
        module = importlib.import_module(f"truncal.cli.{name.replace('-', '_')}")
        sub = subparsers.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        )
        module.add_arguments(sub)
        sub.add_argument(
            "--settings", default=None, help="settings of the config: a YAML or JSON file, or JSON itself"
        )
        sub.add_argument("--seed", type=int, default=DEFAULT_SEED, help="seed of everything random")
        sub.add_argument("--threads", type=int, default=1, help="threads; results do not depend on it")
        sub.add_argument("--quiet", action="store_true", help="no progress on stderr")
        sub.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; 0 when done, 2 with the user's faults on stderr, 1 otherwise: with one line where a disk
    is full or a place not to be used, else with a traceback.

    A command's `run` may return an exit code of its own.
    """
    gc.set_threshold(COLLECT_EVERY)
    atexit.register(gc.freeze)  # nor does the interpreter look through it all before it ends
    given = list(sys.argv[1:] if argv is None else argv)
    known = given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS
    args = parser(known).parse_args(given)
    progress.watch(None if args.quiet else args.command)
    try:
        return int(args.run(args) or 0)
    except UserError as error:
        for line in fault_lines(error.faults):
            print(f"truncal: {line}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in _ENVIRONMENT:
            raise
        fault = Fault(f"cannot be read or written: {error.strerror}", error.filename or args.command)
        print(f"truncal: {fault}", file=sys.stderr)
        return 1
