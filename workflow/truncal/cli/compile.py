"""`truncal compile`."""

from __future__ import annotations

import argparse

HELP = "compile the numeric kernels once, so that the first real run need not"

TUMOURS = (
    ("--clones", "3", "--regions", "2", "--mutations", "40", "--bams"),
    ("--clones", "12", "--regions", "5", "--mutations", "240", "--copy-number", "battenberg"),
)
"""A small tumour (every tree enumerated) and a larger one (trees sampled), so that every kernel is met."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(args: argparse.Namespace) -> None:
    """Take simulated tumours through all steps in a temporary folder; what is compiled stays cached."""
    import tempfile
    from pathlib import Path

    from truncal.cli import main

    with tempfile.TemporaryDirectory() as name:
        for number, options in enumerate(TUMOURS):
            folder = Path(name, str(number))
            sheet = folder / "samples.tsv"
            counts, clones, phylogeny, drivers = (
                str(folder / step) for step in ("counts", "clones", "phylogeny", "drivers")
            )
            table = f"{counts}/counts.tsv"
            of = ["--samples", str(sheet), "--patient", "SIM1"]
            for command in (
                ["simulate", "--out", str(folder), *options],
                ["counts", *of, "--out", counts],
                ["clones", "--counts", table, "--out", clones],
                ["phylogeny", "--clones", clones, "--out", phylogeny],
                ["drivers", "--counts", table, "--phylogeny", phylogeny, *of, "--out", drivers],
            ):
                if main([*command, "--quiet"]) != 0:
                    raise RuntimeError(f"truncal {command[0]} failed on a simulated tumour")
