"""The workflow on a real SLURM of one machine: a job a patient, killed for memory, retried with more."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

DAEMONS = ("munged", "slurmctld", "slurmd")
STEPS = ("counts", "clones", "phylogeny", "drivers", "assemble", "report", "figures")
TOO_LITTLE_MB = 150
"""Below the need of a job's two Snakemake processes alone, so that the first attempt is killed."""


@pytest.fixture(scope="session")
def slurm(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A running SLURM; skipped where one cannot be started."""
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("no snakemake-executor-plugin-slurm (pip install 'truncal[dev]')")
    tool = shared / "tools" / "slurm-local.sh"
    if not tool.is_file():
        pytest.skip("no slurm-local.sh in the shared folder")
    if os.geteuid() != 0:
        pytest.skip("SLURM's daemons can only be started by root")
    missing = [name for name in DAEMONS if shutil.which(name, path="/usr/sbin:/usr/bin") is None]
    if missing:
        pytest.skip(f"no {', '.join(missing)} on this machine (apt-get install slurm-wlm munge)")
    environment = {
        **os.environ,
        "SLURM_LOCAL_DIR": str(tmp_path_factory.mktemp("slurm")),
        "SLURM_LOCAL_CPUS": "4",
    }
    # no pipe: the daemons would hold it open
    started = subprocess.run(
        ["bash", tool, "start", "noacct"],
        env=environment,
        stdout=subprocess.DEVNULL,
        check=False,
        timeout=120,
    )
    if started.returncode != 0:
        subprocess.run(
            ["bash", tool, "stop"], env=environment, stdout=subprocess.DEVNULL, check=False, timeout=120
        )
        pytest.fail("slurm-local.sh did not start SLURM; its messages are above")
    yield
    subprocess.run(
        ["bash", tool, "stop"], env=environment, stdout=subprocess.DEVNULL, check=False, timeout=120
    )


def test_a_killed_job_is_retried_and_the_results_are_those_of_a_local_run(
    slurm: None, project: Path, snakemake, demo: dict[str, Path], demo_results: Path, tmp_path: Path
) -> None:
    sheet, patients = tmp_path / "samples.tsv", ("DEMO1", "DEMO3")
    head, *rows = demo["samples"].read_text().splitlines()
    names = head.split("\t")
    files = {names.index(name) for name in ("vcf", "segments", "bam")}
    chosen = [row.split("\t") for row in rows if row.split("\t")[0] in patients]
    folder = demo["samples"].parent
    chosen = [[str(folder / cell) if i in files else cell for i, cell in enumerate(row)] for row in chosen]
    sheet.write_text("\n".join(["\t".join(names), *("\t".join(row) for row in chosen)]) + "\n")

    done = snakemake(
        tmp_path,
        "--workflow-profile",
        str(project / "profiles" / "slurm"),
        "--slurm-status-command",
        "squeue",
        "--slurm-init-seconds-before-status-checks",
        "5",
        "--set-resources",
        *(f"{step}:mem_mb={TOO_LITTLE_MB}*4**(attempt-1)" for step in STEPS),
        samples=sheet,
        treatments=demo["treatments"],
        outdir="results",
    )
    assert done.returncode == 0, done.stderr[-5000:]
    submitted = re.findall(r"has been submitted with SLURM jobid (\d+)", done.stderr)
    assert len(submitted) == 5, "two patients, each killed once and retried, and the cohort"
    states = subprocess.run(
        ["squeue", "--noheader", "--states=all", "--format=%T %m", "--jobs", ",".join(submitted)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert sorted(filter(None, states)) == sorted(
        [f"OUT_OF_MEMORY {TOO_LITTLE_MB}M"] * 2
        + [f"COMPLETED {4 * TOO_LITTLE_MB}M"] * 2
        + ["COMPLETED 2000M"]
    )
    compared = 0
    for patient in patients:
        for path in (demo_results / patient).rglob("*"):
            if path.is_file():
                there = tmp_path / "results" / path.relative_to(demo_results)
                assert path.read_bytes() == there.read_bytes(), there
                compared += 1
    assert compared > 50
