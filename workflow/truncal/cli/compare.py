"""`truncal compare`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from truncal.simulate.compare import PatientResult

HELP = "compare results of simulated tumours with their truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument(
        "--results", type=Path, required=True, help="folder of the results, one folder a patient"
    )
    parser.add_argument("--truth", type=Path, required=True, help="the simulator's truth/ folder")
    parser.add_argument("--json", type=Path, default=None, help="also write the scores to this file")
    parser.add_argument(
        "--strict", action="store_true", help="exit 1 unless all trees and small variants' labels are right"
    )


def run(args: argparse.Namespace) -> int:
    """Compare, print, and say by the exit code whether all was right where asked to."""
    from dataclasses import asdict

    from truncal.simulate.compare import check_truth, compare_cohort

    check_truth(args.truth)
    patients = compare_cohort(args.results, args.truth)
    for line in _lines(patients):
        print(line)
    if args.json is not None:
        import json

        from truncal.tables import write_json

        # NaN becomes null
        text = json.dumps([asdict(patient) for patient in patients])
        write_json(args.json, json.loads(text, parse_constant=lambda _: None))
    return 1 if args.strict and not all(patient.right for patient in patients) else 0


def _lines(patients: list[PatientResult]) -> list[str]:
    """The tables as text."""
    rows = [
        [
            "patient",
            "mutations",
            "clusters",
            "V",
            "ARI",
            "CCF error",
            "in 95 %",
            "tree",
            "posterior",
            "ancestor F1",
        ]
    ]
    for patient in patients:
        if patient.problem is not None:
            rows.append([patient.patient, patient.problem])
            continue
        rows.append(
            [
                patient.patient,
                f"{patient.n_shared} of {patient.n_mutations}",
                f"{patient.found_clusters} of {patient.true_clusters}",
                *(
                    f"{value:.3f}"
                    for value in (patient.v, patient.ari, patient.ccf_error, patient.ccf_covered)
                ),
                "right" if patient.tree_right else f"wrong ({'/'.join(map(str, patient.robinson_foulds))})",
                f"{patient.tree_posterior:.3f}",
                f"{patient.ancestor_f1:.3f}",
            ]
        )
    lines = ["Recovered against the simulated truth", "", *_aligned(rows), ""]
    rows = [["patient", "driver", "truth", "found", "P(clonal)", "P(truncal)", "", "also"]]
    for patient in patients:
        for driver in patient.drivers:
            rows.append(
                [
                    patient.patient,
                    f"{driver.gene} {driver.alteration}",
                    driver.truth + (", trunk" if driver.truncal else ""),
                    driver.found or "not found",
                    *(
                        "" if value is None else f"{value:.3f}"
                        for value in (driver.p_clonal, driver.p_truncal)
                    ),
                    "right" if driver.right else "WRONG",
                    driver.extra,
                ]
            )
    lines += _aligned(rows)
    small = [one for patient in patients for one in patient.drivers if one.kind == "small_variant"]
    other = [one for patient in patients for one in patient.drivers if one.kind != "small_variant"]
    summary = (
        f"{sum(patient.tree_right for patient in patients)} of {len(patients)} trees right; "
        f"{sum(one.right for one in small)} of {len(small)} labels of small variants right"
    )
    if other:
        summary += f"; {sum(one.right for one in other)} of {len(other)} of copy-number drivers"
    return [*lines, "", summary]


def _aligned(rows: list[list[str]]) -> list[str]:
    full = [row for row in rows if len(row) == len(rows[0])]
    widths = [max(len(row[column]) for row in full) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]
