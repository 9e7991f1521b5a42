"""Progress on stderr: a bar where somebody watches, plain lines in the workflow's logs.

A command calls `watch` once; what takes long then counts its `steps`, which cost nothing where nobody looks.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOGGED = "TRUNCAL_PROGRESS"
"""Environment variable that asks for plain lines where stderr is no terminal; the workflow sets it."""

EVERY = 10.0
"""Seconds between two plain lines of one count."""

Advance = Callable[..., object]
_command: str | None = None


def watch(command: str | None) -> None:
    """Show the steps that follow under this command's name; `None` shows none."""
    global _command
    _command = command if command is not None and _read() else None


def say(args: argparse.Namespace, text: str) -> None:
    """Print one line of progress, unless `--quiet` was given or nobody would read it."""
    if not args.quiet and _read():
        print(f"truncal {args.command}: {text}", file=sys.stderr, flush=True)


@contextmanager
def steps(what: str, total: int | None = None) -> Iterator[Advance]:
    """Count the steps of something long; gives `advance(done=1)`.

    A bar on a terminal (gone when done), a line every `EVERY` seconds in a log.
    """
    if _command is None:
        yield lambda _=1: None
    elif sys.stderr.isatty():
        from tqdm import tqdm

        name = f"truncal {_command}: {what}"
        with tqdm(
            total=total, desc=name, file=sys.stderr, leave=False, delay=0.5, dynamic_ncols=True
        ) as shown:
            yield shown.update
    else:
        yield _lines(f"truncal {_command}: {what}", total)


def _lines(name: str, total: int | None) -> Advance:
    """Plain lines, not more often than every `EVERY` seconds."""
    count, last = 0, time.monotonic()

    def advance(done: int = 1) -> None:
        nonlocal count, last
        count += done
        now = time.monotonic()
        if now - last >= EVERY:
            last = now
            of = "" if total is None else f" of {total}"
            print(f"{name}, {count}{of}", file=sys.stderr, flush=True)

    return advance


def _read() -> bool:
    """Whether anybody reads stderr."""
    return sys.stderr.isatty() or bool(os.environ.get(LOGGED))
