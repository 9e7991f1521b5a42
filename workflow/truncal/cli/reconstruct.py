"""`truncal reconstruct`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "the whole line in one process: counts to clones, phylogeny, drivers, patient.json and report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--counts", type=Path, required=True, help="counts.tsv (PyClone-VI's columns)")
    parser.add_argument("--out", type=Path, required=True, help="the patient's folder")
    parser.add_argument("--patient", default=None, help="id of the patient; default: the folder's name")


def run(args: argparse.Namespace) -> None:
    """Run the steps, each into its own folder, as the workflow does."""
    from truncal.clones.run import run_clones
    from truncal.counts.table import run_table, sheet_of_table
    from truncal.drivers.run import run_drivers
    from truncal.phylogeny.run import run_phylogeny
    from truncal.report.document import assemble, read_document
    from truncal.report.page import report_html
    from truncal.sheet.settings import load_settings
    from truncal.tables import atomic

    settings = load_settings(args.settings)
    folders = {step: args.out / step for step in ("counts", "clones", "phylogeny", "drivers")}
    patient = args.patient or args.out.resolve().name
    counts = folders["counts"] / "counts.tsv"
    say(args, "counts")
    sheet = sheet_of_table(args.counts, patient)
    run_table(args.counts, sheet, sheet.samples, folders["counts"], settings)
    say(args, "clones")
    run_clones(counts, folders["clones"], settings, args.seed)
    say(args, "phylogeny")
    run_phylogeny(folders["phylogeny"], settings, args.seed, clones=folders["clones"], threads=args.threads)
    say(args, "drivers")
    run_drivers(counts, folders["phylogeny"], folders["drivers"], settings)
    say(args, "report")
    assemble(folders, args.out, patient)
    with atomic(args.out / "report.html") as handle:
        handle.write(report_html(read_document(args.out / "patient.json")))
    say(args, f"report: {args.out / 'report.html'}")
