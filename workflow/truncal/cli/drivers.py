"""`truncal drivers`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "find resistance drivers and say which are clonal, with what else the input can show"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--counts", type=Path, required=True, help="counts.tsv; its folder's other files are read too"
    )
    parser.add_argument("--phylogeny", type=Path, required=True, help="folder of the phylogeny step")
    parser.add_argument("--out", type=Path, required=True, help="folder for the step's files")
    parser.add_argument(
        "--samples", type=Path, default=None, help="sample sheet: where BAM and VCF files are"
    )
    parser.add_argument("--patient", default=None, help="patient of the sheet and of the tables below")
    parser.add_argument(
        "--segments", type=Path, default=None, help="segments.tsv; default: beside the counts"
    )
    parser.add_argument(
        "--bams",
        nargs="+",
        default=[],
        metavar="SAMPLE=FILE",
        help="BAM or CRAM of each sample (cis/trans, depth)",
    )
    parser.add_argument("--reference", type=Path, default=None, help="FASTA of the genome, needed for CRAM")
    parser.add_argument(
        "--treatments", type=Path, default=None, help="table of treatments: patient, drug, start, end"
    )
    parser.add_argument(
        "--fusions", type=Path, default=None, help="table of fusions, or a VCF of structural variants"
    )


def run(args: argparse.Namespace) -> None:
    """Find, label and write."""
    from truncal.drivers.inputs import gather_inputs
    from truncal.drivers.run import run_drivers
    from truncal.provenance import check_whole
    from truncal.sheet.settings import load_settings

    check_whole(args.counts.parent, args.phylogeny)
    settings = load_settings(args.settings)
    inputs = gather_inputs(
        args.counts,
        settings,
        sheet=args.samples,
        patient=args.patient,
        segments=args.segments,
        bams=args.bams,
        treatments=args.treatments,
        fusions=args.fusions,
        reference=args.reference,
    )
    events = run_drivers(args.counts, args.phylogeny, args.out, settings, inputs)
    labels = [event.label for event in events]
    shown = ", ".join(f"{labels.count(name)} {name}" for name in ("clonal", "subclonal", "indeterminate"))
    say(args, f"{len(events)} driver events: {shown}")
