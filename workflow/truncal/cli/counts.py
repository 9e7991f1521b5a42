"""`truncal counts`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "read a patient's variants, reads and copy number into one table of counts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--samples", type=Path, required=True, help="sample sheet (TSV)")
    parser.add_argument("--patient", required=True, help="patient of the sheet")
    parser.add_argument("--out", type=Path, required=True, help="folder for the step's files")
    parser.add_argument(
        "--reference",
        type=Path,
        default=None,
        help="reference FASTA (left-alignment, CRAM); overrides the settings",
    )


def run(args: argparse.Namespace) -> None:
    """Read, join and write."""
    import gc

    from truncal.counts.run import run_counts
    from truncal.sheet.settings import load_settings

    gc.disable()  # many small objects that live to the end: looking through them takes a tenth of the time
    result = run_counts(args.samples, args.patient, args.out, load_settings(args.settings), args.reference)
    out = ", ".join(f"{reason} {number}" for reason, number in sorted(result.excluded.items())) or "none"
    say(args, f"{result.n_mutations} mutations in {result.n_samples} samples; excluded: {out}")
