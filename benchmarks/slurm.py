"""A simulated cohort on a running SLURM, with jobs killed for memory, against the same cohort run locally.

`python -m benchmarks.slurm --patients 20 --starved 2` simulates the cohort, runs it with `profiles/slurm` and
again on this machine, and prints the jobs by state, the time of both, and how many files have the same bytes.
The first job of `--starved` patients is given too little memory. `--squeue`: for a SLURM without accounting.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
STEPS = ("counts", "clones", "phylogeny", "drivers", "assemble", "report", "figures")
TOO_LITTLE_MB, ENOUGH_MB = 150, 1500


def main() -> int:
    """Run both and print what came of them; 1 if any byte differs or no job was killed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patients", type=int, default=20)
    parser.add_argument(
        "--starved", type=int, default=2, help="patients whose first job is killed for memory"
    )
    parser.add_argument("--regions", type=int, default=4)
    parser.add_argument("--mutations", type=int, default=200)
    parser.add_argument("--squeue", action="store_true", help="ask squeue for the jobs' states, not sacct")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="truncal-slurm-") as name:
        folder = Path(name)
        simulate(folder / "cohort", options)
        local, cluster = folder / "local", folder / "cluster"
        rows = (folder / "cohort" / "samples.tsv").read_text().splitlines()[1:]
        starved = list(dict.fromkeys(row.split("\t")[0] for row in rows))[: options.starved]
        memory = f"({TOO_LITTLE_MB}*4**(attempt-1)) if wildcards.patient in {starved} else {ENOUGH_MB}"
        more = ["--slurm-status-command", "squeue"] if options.squeue else []
        began = time.perf_counter()
        said = snakemake(
            cluster,
            *("--workflow-profile", str(PROJECT / "profiles" / "slurm"), *more),
            *("--set-resources", *(f"{step}:mem_mb={memory}" for step in STEPS)),
        )
        spent = time.perf_counter() - began
        jobs = list(dict.fromkeys(re.findall(r"has been submitted with SLURM jobid (\d+)", said)))
        found = states(jobs, by_squeue=options.squeue)
        print(f"SLURM\t{len(jobs)} jobs\t{spent:.0f} s")
        for state, number in sorted(found.items()):
            print(state, number, sep="\t")
        began = time.perf_counter()
        snakemake(local, "--cores", "2")
        print(f"local\t{time.perf_counter() - began:.0f} s")
        same, differing = compare(local / "results", cluster / "results")
        for suffix, number in sorted(same.items()):
            print(f"same bytes\t{suffix}\t{number}")
        for path in differing:
            print(f"DIFFERS\t{path}")
        killed = sum(number for state, number in found.items() if state.startswith("OUT_OF_MEMORY"))
        return 1 if differing or killed != len(starved) else 0


def simulate(folder: Path, options: argparse.Namespace) -> None:
    """Simulate the cohort: VCFs with segments."""
    sizes = [f"--{name}={getattr(options, name)}" for name in ("patients", "regions", "mutations")]
    command = [sys.executable, "-m", "truncal", "simulate", "--out", str(folder), *sizes]
    subprocess.run(command, check=True, capture_output=True)


def snakemake(folder: Path, *more: str) -> str:
    """Run the workflow on the cohort beside `folder`, with its results in `folder`; what it said.

    Raises
    ------
    RuntimeError
        the run failed.

    """
    folder.mkdir()
    program = str(Path(sys.executable).with_name("snakemake"))
    config = ["--config", "samples=../cohort/samples.tsv", "outdir=results"]
    done = subprocess.run(
        [program, "--snakefile", str(PROJECT / "Snakefile"), *more, *config],
        cwd=folder,
        env=os.environ | {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-5000:])
    return done.stderr


def states(jobs: list[str], *, by_squeue: bool) -> Counter[str]:
    """How many of the jobs ended in which state, with the memory that they had asked for."""
    query = ["--noheader", "--jobs", ",".join(jobs)]
    command = (
        ["squeue", "--states=all", "--format=%T %m", *query]
        if by_squeue
        else ["sacct", "--allocations", "--parsable2", "--format=State,ReqMem", "--delimiter= ", *query]
    )
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Counter(line.strip() for line in said.splitlines() if line.strip())


def compare(one: Path, other: Path) -> tuple[Counter[str], list[Path]]:
    """Number of files (logs aside) with the same bytes by kind, and the files that differ or lack a twin."""
    there, here = (
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} for folder in (one, other)
    )
    names = sorted(name for name in there | here if name.parts[0] != "logs" and name.name[0] != ".")
    differing = [
        name
        for name in names
        if name not in there & here or (one / name).read_bytes() != (other / name).read_bytes()
    ]
    return Counter(name.suffix for name in names if name not in differing), differing


if __name__ == "__main__":
    raise SystemExit(main())
