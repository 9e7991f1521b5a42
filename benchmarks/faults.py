"""Faults of a run, step by step, and whether the next run gives the bytes of an undisturbed one.

`python -m benchmarks.faults [--steps ...] [--faults ...]` prints the matrix of `docs/faults.md`.
A full disk is a small tmpfs and needs root.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from truncal.step_files import STEP_FILES

PROJECT = Path(__file__).resolve().parents[1]
STEPS = ("counts", "clones", "phylogeny", "drivers", "assemble", "report", "figures", "cohort")
FAULTS = ("kill at start", "kill at end", "node lost", "disk full", "out of memory", "cut short")
VICTIM, OTHER = "SIM1", "SIM2"
_SABOTAGE = PROJECT / "benchmarks" / "sabotage"
_DISK_MB = 24
_TOO_LITTLE_MEMORY = 40 << 20
_FILES = {**STEP_FILES, "report": ("report.html",)}
_READ_LATER = {
    "counts": "counts.tsv",
    "clones": "mutations.tsv",
    "phylogeny": "ccf.tsv",
    "drivers": "drivers.tsv",
    "assemble": "patient.json",
}
"""A file of each step that a later one reads; it is cut at the end of a line, so that it still parses."""


class Fault(Exception):
    """A run did not end as it should."""


def main() -> int:
    """Print the matrix; 1 if a cell failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", nargs="*", default=STEPS, choices=STEPS)
    parser.add_argument("--faults", nargs="*", default=FAULTS, choices=FAULTS)
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="truncal-faults-") as name:
        base = undisturbed(Path(name))
        print("step", *options.faults, sep="\t", flush=True)
        for step in options.steps:
            row = []
            for fault in options.faults:
                started = time.perf_counter()
                try:
                    row.append(suffer(base, step, fault))
                except Fault as error:
                    failed += 1
                    row.append(f"FAILED: {error}")
                print(f"{step}, {fault}: {time.perf_counter() - started:.1f} s", file=sys.stderr)
            print(step, *row, sep="\t", flush=True)
        for what in (two_runs, clocks, unreadable_input):
            try:
                print(what.__name__.replace("_", " "), what(base), sep="\t", flush=True)
            except Fault as error:
                failed += 1
                print(what.__name__.replace("_", " "), f"FAILED: {error}", sep="\t", flush=True)
    return 1 if failed else 0


def undisturbed(folder: Path) -> Path:
    """A finished run of two small simulated patients, to be copied back to where it ran; gives its folder."""
    work = folder / "work"
    work.mkdir(parents=True)
    command = ["simulate", "--out", "cohort", "--patients", "2", "--regions", "2", "--clones", "3"]
    command = [sys.executable, "-m", "truncal", *command, "--mutations", "40"]
    subprocess.run(command, cwd=work, check=True, capture_output=True)
    _done(run(work))
    return work.rename(folder / "base")


def run(folder: Path, sabotage: dict | None = None) -> subprocess.CompletedProcess:
    """One run of the workflow in a folder, in a process group of its own."""
    return _start(folder, sabotage).finish()


class _start:
    """A run that has begun."""

    def __init__(self, folder: Path, sabotage: dict | None = None) -> None:
        environment = {**os.environ, **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "NUMBA")}}
        if sabotage is not None:
            environment["PYTHONPATH"] = os.pathsep.join([str(_SABOTAGE), environment.get("PYTHONPATH", "")])
            environment["TRUNCAL_SABOTAGE"] = json.dumps(sabotage)
        self.command = [
            str(Path(sys.executable).with_name("snakemake")), "--snakefile", str(PROJECT / "Snakefile"),
            "--cores", "1", "--config", "samples=cohort/samples.tsv", "outdir=out",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            self.command, cwd=folder, env=environment, start_new_session=True, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self) -> subprocess.CompletedProcess:
        """Wait for the end."""
        _, said = self.process.communicate(timeout=600)
        return subprocess.CompletedProcess(self.command, self.process.returncode, "", said)


def suffer(base: Path, step: str, fault: str) -> str:
    """One cell: the fault strikes a step of a run that did the earlier ones, and a second run follows."""
    if fault == "cut short" and step not in _READ_LATER:
        return "-"  # nothing reads it; `truncal verify` tells
    with _copy(base, on_small_disk=fault == "disk full") as folder:
        if fault == "cut short":
            path = _folder(folder, step) / _READ_LATER[step]
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[: len(lines) // 2]))
            _take_back(folder, STEPS[STEPS.index(step) + 1])
            first = run(folder)
            _expect(first.returncode == 1 and path.name in first.stderr, "the damage was not named")
            _expect(
                not (_folder(folder, "assemble") / "report.html").exists(),
                "a result of a damaged file is there",
            )
        else:
            _take_back(folder, step)
            plan = {"step": step, "patient": VICTIM, **_plan(folder, step, fault)}
            first = run(folder, plan)
            _expect(first.returncode != 0, "the fault did not strike")
            if fault == "node lost":
                _expect(first.returncode == -9, "the run lived on")
                _unlock(folder)
            (folder / "out" / "ballast").unlink(missing_ok=True)
            _no_half(folder, step)
            if fault not in ("node lost", "disk full") and step not in ("cohort", "figures"):
                page = (folder / "out" / "cohort" / "report.html").read_text()
                _expect(VICTIM in page and OTHER in page, "the cohort's page does not name the patient")
        _done(run(folder))
        _same(base, folder)
    return "same bytes"


def two_runs(base: Path) -> str:
    """A second run on the folder of one that is under way is refused and harms nothing."""
    with _copy(base) as folder:
        _take_back(folder, "clones")
        mark = folder / "out" / "held"
        plan = {"step": "clones", "patient": VICTIM, "fault": "hold", "seconds": 12, "ballast": str(mark)}
        slow = _start(folder, plan)
        for _ in range(600):
            if mark.exists():
                break
            time.sleep(0.1)
        second = run(folder)
        _expect(second.returncode != 0 and "lock" in second.stderr.lower(), "the second run was let in")
        _done(slow.finish())
        mark.unlink()
        _same(base, folder)
    return "second refused, same bytes"


def clocks(base: Path) -> str:
    """Files dated in the past or in the future: steps may run again, with the same bytes."""
    for stamp in (0, 86_400, time.time() + 86_400):
        for name in (f"cohort/{VICTIM}", f"out/{VICTIM}/clones"):
            with _copy(base) as folder:
                for path in (folder / name).iterdir():
                    os.utime(path, (stamp, stamp))
                _done(run(folder))
                _same(base, folder)
    return "same bytes"


def unreadable_input(base: Path) -> str:
    """A VCF that goes away while the run is under way stops its own patient; the page says why."""
    with _copy(base) as folder:
        _take_back(folder, "counts")
        vcf = sorted((folder / "cohort" / VICTIM).glob("*.vcf.gz"))[0]
        first = run(folder, {"step": "counts", "patient": VICTIM, "fault": "unreadable", "file": str(vcf)})
        page = (folder / "out" / "cohort" / "report.html").read_text()
        _expect(first.returncode == 1 and vcf.name in page, "the page does not say why")
        _expect("Traceback" not in first.stderr, "a traceback is no clear message")
        Path(f"{vcf}.away").rename(vcf)
        _done(run(folder))
        _same(base, folder)
    return "same bytes"


def _plan(folder: Path, step: str, fault: str) -> dict:
    last = len(_FILES[step]) - 1
    return {
        "kill at start": {"fault": "kill", "files": 0},
        "kill at end": {"fault": "kill", "files": last},
        "node lost": {"fault": "lost", "files": last // 2},
        "disk full": {"fault": "fill", "ballast": str(folder / "out" / "ballast")},
        "out of memory": {"fault": "memory", "bytes": _TOO_LITTLE_MEMORY},
    }[fault]


@contextmanager
def _copy(base: Path, *, on_small_disk: bool = False) -> Iterator[Path]:
    """A copy of a finished run; with `on_small_disk` its results are on a disk that can be filled.

    It is where the run was, as Snakemake would take files at other places for other files.
    """
    folder = base.with_name("work")
    disk = folder / "out"
    try:
        shutil.copytree(base, folder)
        if on_small_disk:
            shutil.rmtree(disk)
            disk.mkdir()
            size = f"size={_DISK_MB}m"
            subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(disk)], check=True)
            shutil.copytree(base / "out", disk, dirs_exist_ok=True)
        yield folder
    finally:
        if on_small_disk:
            subprocess.run(["umount", "--lazy", str(disk)], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _folder(folder: Path, step: str) -> Path:
    out = folder / "out"
    return {"assemble": out / VICTIM, "report": out / VICTIM, "cohort": out / "cohort"}.get(
        step, out / VICTIM / step
    )


def _take_back(folder: Path, step: str) -> None:
    """Remove what a step and the later ones wrote for the patient."""
    for later in STEPS[STEPS.index(step) :]:
        for path in _folder(folder, later).glob("report.html" if later == "report" else "*"):
            if path.is_file():
                path.unlink()


def _no_half(folder: Path, step: str) -> None:
    """A step that was struck leaves no complete set of files unless each is whole."""
    for path in (_folder(folder, step) / name for name in _FILES[step]):
        if path.is_file():
            _expect(path.stat().st_size > 0, f"{path.name} is empty")
    _expect(not (_folder(folder, step) / _FILES[step][-1]).exists(), "the step's last file is there")


def _unlock(folder: Path) -> None:
    snakemake = str(Path(sys.executable).with_name("snakemake"))
    config = ["samples=cohort/samples.tsv", "outdir=out"]
    command = [snakemake, "--snakefile", str(PROJECT / "Snakefile"), "--unlock", "--config", *config]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _done(finished: subprocess.CompletedProcess) -> None:
    if finished.returncode != 0:
        raise Fault(f"the run failed: {finished.stderr[-1500:]}")


def _same(base: Path, folder: Path) -> None:
    """All results but logs have the same bytes."""
    files = [
        {
            path.relative_to(one): path
            for path in one.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }
        for one in (base / "out", folder / "out")
    ]
    there, here = ({name for name in one if name.parts[0] != "logs"} for one in files)
    _expect(there == here, f"other files: {sorted(map(str, there ^ here))[:4]}")
    differing = [str(name) for name in there if files[0][name].read_bytes() != files[1][name].read_bytes()]
    _expect(not differing, f"other bytes: {sorted(differing)[:4]}")


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Fault(otherwise)


if __name__ == "__main__":
    raise SystemExit(main())
