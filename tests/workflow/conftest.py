"""Runs of the real workflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="session")
def snakemake(project: Path) -> Run:
    """Run the workflow: `snakemake(cwd, samples=..., outdir=..., cores=1, *more)`."""

    def run(cwd: Path, *more: str, cores: int = 2, **config: object) -> subprocess.CompletedProcess:
        command = [
            str(Path(sys.executable).with_name("snakemake")),
            "--snakefile",
            str(project / "Snakefile"),
            "--cores",
            str(cores),
            *more,
        ]
        if config:
            command += ["--config", *(f"{name}={value}" for name, value in config.items())]
        # without the environment's folder on the PATH: the rules must find their own way
        environment = {**os.environ, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=600
        )

    return run


@pytest.fixture(scope="session")
def demo(project: Path) -> dict[str, Path]:
    """The demo's part of the config."""
    folder = project / "resources" / "demo"
    return {"samples": folder / "samples.tsv", "treatments": folder / "treatments.tsv"}


@pytest.fixture(scope="session")
def demo_results(demo: dict[str, Path], snakemake: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of the demo, run once from an unrelated folder."""
    cwd = tmp_path_factory.mktemp("demo")
    done = snakemake(cwd, **demo, outdir="results")
    assert done.returncode == 0, done.stderr[-5000:]
    return cwd / "results"
