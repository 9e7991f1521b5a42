"""`truncal cohort-report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from truncal.progress import say

HELP = "gather many patients into one page, two tables and MultiQC sections"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--patients",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of patients (with patient.json)",
    )
    parser.add_argument(
        "--patients-file", type=Path, default=None, help="file that names such folders, one a line"
    )
    parser.add_argument(
        "--samples", type=Path, default=None, help="sample sheet whose patients are meant, with --results"
    )
    parser.add_argument("--results", type=Path, default=None, help="folder that holds the patients' folders")
    parser.add_argument(
        "--failed", type=Path, default=None, help="patients whose run failed: table `patient reason`"
    )
    parser.add_argument(
        "--cbioportal",
        action="store_true",
        help="also write a study for cBioPortal (settings: cbioportal.write)",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the cohort's files")


def run(args: argparse.Namespace) -> None:
    """Gather and write."""
    from truncal.errors import UserError
    from truncal.report.cohort import run_cohort
    from truncal.report.members import read_failed, read_patients_file
    from truncal.sheet.samples import read_sheet
    from truncal.sheet.settings import load_settings

    folders = list(args.patients)
    if args.patients_file is not None:
        folders += read_patients_file(args.patients_file)
    if (args.samples is None) != (args.results is None):
        raise UserError("--samples and --results belong together")
    if args.samples is not None:
        folders += [args.results / patient for patient in read_sheet(args.samples).patients]
    study = load_settings(args.settings)["cbioportal"]
    failed = read_failed(args.failed) if args.failed is not None else {}
    found = run_cohort(folders, failed, args.out, study=study if args.cbioportal or study["write"] else None)
    lost = sum(member.failed for member in found)
    say(args, f"{len(found)} patients, {lost} without a result; report: {args.out / 'report.html'}")
