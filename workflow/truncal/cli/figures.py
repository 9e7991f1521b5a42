"""`truncal figures`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "draw tree, cell fractions, proportions and fish plot of a patient for a paper"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--patient-json", type=Path, required=True, help="patient.json of the assemble step")
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures")
    parser.add_argument(
        "--formats",
        nargs="+",
        choices=("svg", "png", "pdf"),
        default=["svg", "png", "pdf"],
        help="file formats",
    )
    parser.add_argument("--resolution", type=float, default=300, help="dots an inch of the PNG")


def run(args: argparse.Namespace) -> None:
    """Read, draw, write."""
    from truncal.report.document import read_document
    from truncal.report.figures import write_figures
    from truncal.report.patient import patient_of

    patient = patient_of(read_document(args.patient_json))
    written = write_figures(patient, args.out, args.formats, resolution=args.resolution)
    say(args, f"{len(written)} files in {args.out}")
