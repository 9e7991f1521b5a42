"""`truncal report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "make one offline page of a patient.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--patient-json", type=Path, required=True, help="patient.json of the assemble step")
    parser.add_argument("--out", type=Path, required=True, help="the page (.html)")


def run(args: argparse.Namespace) -> None:
    """Read, draw, write."""
    from truncal.report.document import read_document
    from truncal.report.page import report_html
    from truncal.tables import atomic

    page = report_html(read_document(args.patient_json))
    with atomic(args.out) as handle:
        handle.write(page)
    say(args, f"report: {args.out}")
