"""`truncal simulate`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from truncal.progress import say, steps

if TYPE_CHECKING:
    from truncal.simulate.parameters import SimulationParameters

HELP = "simulate tumours with known truth: VCFs, segments, BAMs or count tables, sample sheet and truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    add = parser.add_argument
    add("--out", type=Path, required=True, help="folder for the cohort (new or empty)")
    add("--demo", action="store_true", help="write the demo's three patients; other options do not apply")
    add("--patients", type=int, default=1, help="number of patients")
    add("--clones", type=int, default=6, help="clones of a tumour, the trunk included")
    add("--regions", type=int, default=4, help="samples of a tumour")
    add("--mutations", type=int, default=200, help="mutations of a tumour, artefacts included")
    add("--depth", type=float, default=200.0, help="mean depth")
    add(
        "--purity", type=float, nargs=2, default=(0.35, 0.85), metavar=("LOW", "HIGH"), help="range of purity"
    )
    add(
        "--diploid",
        action="store_true",
        help="no copy-number events; implies --complete, purity 1, no artefacts",
    )
    add("--build", choices=("GRCh37", "GRCh38"), default="GRCh38", help="genome build")
    add("--sex", choices=("female", "male"), default="female", help="sex of the patients")
    add("--format", choices=("vcf", "counts"), default="vcf", help="VCFs and segments, or a count table")
    add("--caller", choices=("mutect2", "strelka2"), default="mutect2", help="style of the VCFs")
    add("--joint", action="store_true", help="one VCF for all samples of a patient (mutect2)")
    add("--bams", action="store_true", help="small BAMs over the driver codons")
    add(
        "--complete", action="store_true", help="counts at every site in every sample, whatever a caller sees"
    )
    add(
        "--drivers",
        type=int,
        default=3,
        help="drivers of the resistance table; the first is EGFR on the trunk",
    )
    add("--gene-events", type=int, default=0, help="genes amplified or deleted on random clones, at most 9")
    add("--serial", action="store_true", help="samples follow each other in time, with treatments between")
    add("--wgd", type=float, default=0.3, help="chance of a whole-genome doubling")
    add("--trunk-events", type=float, default=8.0, help="mean number of copy-number events on the trunk")
    add("--branch-events", type=float, default=1.5, help="mean number of copy-number events on a branch")
    add("--mirrored", type=int, default=1, help="arms whose imbalance is mirrored between two branches")
    add(
        "--copy-number",
        choices=("ascat", "battenberg", "purple"),
        default="ascat",
        help="rounded states, two populations, or mean copy numbers",
    )
    add("--roots", type=int, default=1, help="clones that descend from the normal root")
    add("--linear", type=float, default=0.4, help="chance that a clone descends from the one before it")
    add("--alpha", type=float, default=1.0, help="Dirichlet concentration of the clone proportions")
    add(
        "--spread", type=float, default=0.6, help="chance that a clone lives in a region that is not its home"
    )
    add("--overdispersion", type=float, default=0.002, help="intra-class correlation of the reads")
    add("--error-rate", type=float, default=0.001, help="sequencing errors per base")
    add("--min-alt", type=int, default=4, help="alternative reads that the caller needs")
    add("--min-vaf", type=float, default=0.02, help="allele frequency that the caller needs")
    add("--dropout", type=float, default=0.02, help="chance that a call is missing for other reasons")
    add("--artefacts", type=float, default=0.03, help="share of the mutations that are artefacts")
    add("--germline", type=int, default=0, help="germline variants that leaked through")
    add("--filtered", type=int, default=0, help="records that the caller's filters reject, in each VCF")
    add("--purity-error", type=float, default=0.01, help="standard deviation of the reported purity's error")


def run(args: argparse.Namespace) -> None:
    """Simulate and write."""
    from truncal.errors import Fault, UserError
    from truncal.simulate.demo import DEMO_SEED, write_demo
    from truncal.simulate.parameters import check
    from truncal.simulate.tumour import patient_seed, simulate_tumour
    from truncal.simulate.write import Output, write_cohort

    if args.out.exists() and (not args.out.is_dir() or any(args.out.iterdir())):
        raise UserError(Fault("exists and is not an empty folder", args.out))
    if args.demo:
        write_demo(args.out, DEMO_SEED)
        return
    if args.patients < 1:
        raise UserError("--patients must be at least 1")
    check(_parameters(args, "SIM1"))  # before anything is written
    output = Output(args.format, args.caller, args.joint)
    width = len(str(args.patients))
    patients = (
        (
            simulate_tumour(_parameters(args, f"SIM{number + 1:0{width}}"), patient_seed(args.seed, number)),
            output,
        )
        for number in range(args.patients)
    )
    with steps("patients", args.patients) as advance:
        write_cohort(args.out, patients, lambda _: advance())
    say(args, f"{args.patients} patients in {args.out}")


def _parameters(args: argparse.Namespace, patient: str) -> SimulationParameters:
    """Parameters of one patient from the command line."""
    from truncal.simulate.parameters import SimulationParameters

    same = (
        *("clones", "regions", "mutations", "depth", "diploid", "build", "sex", "complete", "wgd"),
        *(
            "trunk_events",
            "branch_events",
            "mirrored",
            "roots",
            "linear",
            "alpha",
            "spread",
            "overdispersion",
        ),
        *("error_rate", "min_alt", "min_vaf", "dropout", "artefacts", "germline", "filtered", "purity_error"),
    )
    values = {name: getattr(args, name) for name in same}
    if args.diploid:
        values |= {"complete": True, "artefacts": 0.0, "purity_error": 0.0}
    return SimulationParameters(
        patient=patient,
        purity=(1.0, 1.0) if args.diploid else tuple(args.purity),
        random_drivers=args.drivers,
        random_gene_events=args.gene_events,
        serial=args.serial,
        reads=args.bams,
        copy_number_style=args.copy_number,
        **values,
    )
