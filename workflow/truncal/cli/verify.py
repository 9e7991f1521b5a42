"""`truncal verify`."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "recompute results from their recorded inputs, settings and seed, and compare byte for byte"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("results", type=Path, help="folder of results, or of one patient")
    parser.add_argument(
        "--samples", type=Path, default=None, help="sample sheet; without it the counts step is not checked"
    )
    parser.add_argument(
        "--patients", nargs="+", default=[], metavar="PATIENT", help="only these; default: all in the folder"
    )


def run(args: argparse.Namespace) -> int:
    """Print one line a patient and step; 0 where everything agrees, 1 where anything does not."""
    from truncal.errors import UserError
    from truncal.sheet.samples import read_sheet
    from truncal.verify import DIFFERS, SKIPPED, patient_folders, verify_cohort

    folders = patient_folders(args.results)
    names = {folder.resolve().name: folder for folder in folders}
    absent = [name for name in args.patients if name not in names]
    if absent:
        raise UserError(f"{args.results} holds no results of {', '.join(absent)}")
    if args.samples is not None:
        read_sheet(args.samples)  # its faults once, not once a patient
    chosen = [names[name] for name in args.patients] or folders
    count = {"same": 0, DIFFERS: 0, SKIPPED: 0}
    for verdicts in _verified(chosen, args.samples, args.threads):
        for one in verdicts:
            count[one.state] += 1
            print(one.patient, one.step, one.state, one.detail, sep="\t", flush=True)
    if folders != [args.results] and not args.patients:
        one = verify_cohort(args.results)
        count[one.state] += 1
        print(one.patient, one.step, one.state, one.detail, sep="\t")
    print(", ".join(f"{number} {state}" for state, number in count.items() if number))
    return 1 if count[DIFFERS] else 0


def _verified(folders, sheet, threads):
    """Verdicts patient by patient, in order, on as many processes as there are threads."""
    from functools import partial

    from truncal.verify import verify_patient

    if threads <= 1:
        yield from map(partial(verify_patient, sheet_path=sheet), folders)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(threads, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(verify_patient, sheet_path=sheet), folders)
