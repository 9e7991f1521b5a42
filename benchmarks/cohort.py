"""A simulated cohort through the whole workflow, by size: `python -m benchmarks.cohort --patients 10 100`.

Prints wall and CPU seconds a patient, how much of them is computation, memory, and the time of a large DAG.
`--peer pyclone-vi=PATH --peer phyclone=PATH` runs both, one after the other, on the tables of a few of the
same patients: PyClone-VI with 40 clusters and 10 restarts, PhyClone with its defaults (1,000 sweeps
of burn-in, 10,000 kept) in `--peer-chains` chains (its authors advise four at least; its default is one).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.peers import PyCloneVI, Used, measure
from benchmarks.tree_peers import run_phyclone

REGIONS, MUTATIONS = 5, 300
_BIN = Path(sys.executable).parent
_PROJECT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Measure and print tab-separated rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, nargs="*", default=[10, 100], help="sizes of cohorts to run")
    parser.add_argument("--dag", type=int, nargs="*", default=[1_000], help="sizes of cohorts to plan only")
    parser.add_argument("--format", choices=("vcf", "counts"), default="counts", help="input of the patients")
    parser.add_argument("--cores", type=int, default=2, help="cores for the workflow")
    parser.add_argument("--sample", type=int, default=5, help="patients whose bare computation is measured")
    parser.add_argument(
        "--peer", action="append", default=[], metavar="NAME=PATH", help="pyclone-vi, phyclone"
    )
    parser.add_argument("--peer-patients", type=int, default=3, help="patients that the peers run on")
    parser.add_argument("--peer-chains", type=int, default=4, help="PhyClone's chains")
    options = parser.parse_args()
    peer = dict(item.split("=", 1) for item in options.peer)
    print("patients", "wall_s", "cpu_s", "wall_s_each", "cpu_s_each", "compute_s_each", "memory_MB", sep="\t")
    with tempfile.TemporaryDirectory(prefix="truncal-cohort-") as name:
        for number in options.patients:
            cohort = Path(name) / f"cohort-{number}"
            simulate(cohort, number, options.format)
            used = workflow(cohort / "samples.tsv", Path(name) / f"out-{number}", options.cores)
            bare = computation(cohort, min(options.sample, number))
            each = (used.wall / number, used.cpu / number, bare)
            print(
                number,
                *(f"{x:.2f}" for x in (used.wall, used.cpu, *each)),
                f"{used.memory:.0f}",
                sep="\t",
                flush=True,
            )
        if peer and options.patients:
            cohort = Path(name) / f"cohort-{options.patients[-1]}"
            for number, table in enumerate(sorted(cohort.glob("*/counts.tsv"))[: options.peer_patients]):
                for tool, each in peers(
                    table, Path(name) / f"peers-{number}", peer, options.peer_chains
                ).items():
                    row = (f"{each.wall:.1f}", f"{each.cpu:.1f}", "", "", "", f"{each.memory:.0f}")
                    print(f"{table.parent.name} {tool}", *row, sep="\t", flush=True)
        for number in options.dag:
            sheet = Path(name) / f"dag-{number}.tsv"
            large_sheet(Path(name), sheet, number)
            used = workflow(sheet, Path(name) / "none", options.cores, "--dry-run")
            print(
                f"DAG of {number}",
                f"{used.wall:.1f}",
                f"{used.cpu:.1f}",
                "",
                "",
                "",
                f"{used.memory:.0f}",
                sep="\t",
            )


def simulate(out: Path, patients: int, style: str) -> Used:
    """A cohort of 5 regions × 300 mutations a patient."""
    size = ["--patients", str(patients), "--regions", str(REGIONS), "--mutations", str(MUTATIONS)]
    return measure([str(_BIN / "truncal"), "simulate", "--out", str(out), *size, "--format", style])


def workflow(sheet: Path, out: Path, cores: int, *more: str) -> Used:
    """The whole workflow, report included; CPU is that of all its processes, memory that of the largest."""
    return measure(
        [
            str(_BIN / "snakemake"), "--snakefile", str(_PROJECT / "Snakefile"), "--quiet", "all",
            "--cores", str(cores), *more, "--config", f"samples={sheet}", f"outdir={out}",
        ],
        cwd=sheet.parent,
    )  # fmt: skip


def peers(table: Path, folder: Path, commands: dict[str, str], chains: int) -> dict[str, Used]:
    """What PyClone-VI and, on its clusters, PhyClone take for one patient's table."""
    folder.mkdir()
    clusters, fitted = PyCloneVI(commands["pyclone-vi"], "beta-binomial").run(
        table, folder, table.parent.name
    )
    used = {"pyclone-vi": fitted}
    if "phyclone" in commands:
        more, best = ["--num-chains", str(chains)], (folder / "map.tsv", folder / "map.nwk")
        used["phyclone"] = run_phyclone(commands["phyclone"], table, clusters, folder, more, *best)
    return used


def computation(cohort: Path, patients: int) -> float:
    """CPU seconds a patient for all steps in one process that is warm: what no workflow could save."""
    from truncal.cli import main as truncal
    from truncal.sheet.samples import read_sheet

    sheet = cohort / "samples.tsv"
    names = read_sheet(sheet).patients[:patients]
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        for _ in range(2):  # the first time loads and compiles
            started = time.process_time()
            for patient in names:
                folder = Path(name) / patient
                steps = {step: str(folder / step) for step in ("counts", "clones", "phylogeny", "drivers")}
                table, document = f"{steps['counts']}/counts.tsv", str(folder / "patient.json")
                of = ["--samples", str(sheet), "--patient", patient]
                gather = [part for step, path in steps.items() for part in (f"--{step}", path)]
                for command in (
                    ["counts", *of, "--out", steps["counts"]],
                    ["clones", "--counts", table, "--out", steps["clones"]],
                    ["phylogeny", "--clones", steps["clones"], "--out", steps["phylogeny"]],
                    [
                        "drivers",
                        "--counts",
                        table,
                        "--phylogeny",
                        steps["phylogeny"],
                        *of,
                        "--out",
                        steps["drivers"],
                    ],
                    ["assemble", *gather, "--out", str(folder)],
                    ["report", "--patient-json", document, "--out", str(folder / "report.html")],
                    ["figures", "--patient-json", document, "--out", str(folder / "figures")],
                ):
                    if truncal([*command, "--quiet"]) != 0:
                        raise RuntimeError(f"truncal {command[0]} failed")
            used = time.process_time() - started
    return used / len(names)


def large_sheet(folder: Path, sheet: Path, patients: int) -> None:
    """A sheet of patients that all have the table of one: enough to plan a run."""
    cohort = folder / "one"
    if not cohort.exists():
        simulate(cohort, 1, "counts")
    table = next(cohort.glob("*/counts.tsv"))
    rows = [
        f"P{patient:06d}\tSIM1_R{region}\t{table}\t0.7\n"
        for patient in range(patients)
        for region in range(1, REGIONS + 1)
    ]
    sheet.write_text("patient\tsample\tcounts\tpurity\n" + "".join(rows))


if __name__ == "__main__":
    main()
