"""Peers that the user has installed, run as whole processes and measured."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import Tumour, read_rows
from benchmarks.scores import Prediction


@dataclass
class Used:
    """Resources of a finished process: seconds of wall clock and CPU, peak memory in MB."""

    wall: float
    cpu: float
    memory: float


def measure(command: list[str], cwd: Path | None = None) -> Used:
    """Run a command to its end on one thread.

    Raises
    ------
    RuntimeError
        the command failed; its last lines of stderr.

    """
    single = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
    # where Python may not keep its bytecode, every start of a checkout would compile the modules again
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=kept | single,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert_text = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: {assert_text[-2000:]}")
    return Used(wall, usage.ru_utime + usage.ru_stime, _megabytes(usage))


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


class PyCloneVI:
    """PyClone-VI with 40 clusters and 10 restarts, its authors' advice for multi-region data."""

    def __init__(
        self, command: str, density: str, *, clusters: int = 40, restarts: int = 10, cache: Path | None = None
    ) -> None:
        self.command = command
        self.density = density
        self.clusters = clusters
        self.restarts = restarts
        given = os.environ.get("TRUNCAL_BENCH_CACHE")
        self.cache = cache or (Path(given) if given else None)

    def stored(self, key: str) -> Path | None:
        """Where the cache keeps the result of a tumour."""
        return self.cache / self.density / f"{key}.tsv" if self.cache else None

    def has(self, key: str) -> bool:
        """Whether there is a result without running the program: the command `cached` takes only those."""
        kept = self.stored(key)
        return self.command != "cached" or (kept is not None and kept.exists())

    def run(self, counts: Path, folder: Path, key: str) -> tuple[Prediction, Used]:
        """Cluster a counts table; with a cache folder (TRUNCAL_BENCH_CACHE) a result is computed once."""
        table = folder / "pyclone-vi.tsv"
        stored = self.stored(key)
        if stored and stored.exists():
            seconds = float(stored.with_suffix(".seconds").read_text().split()[0])
            return self._read(stored), Used(seconds, seconds, 0.0)
        fitted = folder / "pyclone-vi.h5"
        fitted.unlink(missing_ok=True)
        used = measure(
            [
                self.command, "fit", "-i", str(counts), "-o", str(fitted), "-d", self.density,
                "-c", str(self.clusters), "-r", str(self.restarts), "--seed", "1",
            ]
        )  # fmt: skip
        measure([self.command, "write-results-file", "-i", str(fitted), "-o", str(table)])
        if stored:
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_bytes(table.read_bytes())
            stored.with_suffix(".seconds").write_text(f"{used.cpu}\n")
        return self._read(table), used

    def _read(self, table: Path) -> Prediction:
        found = Prediction()
        lowest: dict[str, float] = {}
        for row in read_rows(table):
            name = row["mutation_id"]
            found.cluster[name] = row["cluster_id"]
            ccf = float(row["cellular_prevalence"])
            spread = float(row["cellular_prevalence_std"] or "nan")
            low, high = (ccf - 1.96 * spread, ccf + 1.96 * spread) if spread == spread else (ccf, ccf)
            found.ccf[name, row["sample_id"]] = (ccf, low, high)
            lowest[name] = min(lowest.get(name, 1.0), ccf)
        # it gives no probability of being clonal; CCF ≥ 0.9 in every sample serves as the call
        found.p_clonal = {name: float(value >= 0.9) for name, value in lowest.items()}
        found.p_truncal = dict(found.p_clonal)
        return found


class PairtreeClusters:
    """Pairtree's own clustering (`clustervars`) with its defaults, for tumours without copy number.

    command: `PYTHON PAIRTREE/bin/pairtree`; `clustervars` lies beside it.
    """

    def __init__(self, command: str) -> None:
        python, _, program = command.partition(" ")
        self.command = [python, str(Path(program).with_name("clustervars"))] if program else []
        given = os.environ.get("TRUNCAL_BENCH_CACHE")
        self.cache = Path(given) if given else None

    def has(self, key: str) -> bool:
        """Whether there is a result without running the program: the command `cached` takes only those."""
        kept = self.cache is not None and self._finished(self._stored(self.cache, key))
        return kept or bool(self.command)

    def _stored(self, base: Path, key: str) -> Path:
        return base / "pairtree-clusters" / f"{key}.json"

    def _finished(self, stored: Path) -> bool:
        return stored.with_suffix(".seconds").exists()  # written last

    def run(self, tumour: Tumour, folder: Path, key: str) -> tuple[Prediction, Used]:
        """Cluster a tumour; with a cache folder (TRUNCAL_BENCH_CACHE) a result is computed once."""
        stored = self._stored(self.cache or folder, key)
        if self._finished(stored):
            seconds = float(stored.with_suffix(".seconds").read_text())
            used = Used(seconds, seconds, 0.0)
        else:
            stored.parent.mkdir(parents=True, exist_ok=True)
            ssm, params = self._inputs(tumour, folder)
            options = ["--seed", "1", "--parallel", "0", "--chains", "1"]
            used = measure([*self.command, *options, str(ssm), str(params), str(stored)])
            stored.with_suffix(".seconds").write_text(f"{used.cpu}\n")
        found = Prediction()
        names = list(dict.fromkeys(row["mutation_id"] for row in tumour.rows))
        for number, members in enumerate(json.loads(stored.read_text())["clusters"], 1):
            found.cluster |= {names[int(member[1:])]: str(number) for member in members}
        return found, used

    def _inputs(self, tumour: Tumour, folder: Path) -> tuple[Path, Path]:
        samples = list(dict.fromkeys(row["sample_id"] for row in tumour.rows))
        rows: dict[str, list[dict[str, str]]] = {}
        for row in tumour.rows:
            rows.setdefault(row["mutation_id"], []).append(row)
        lines = ["id\tname\tvar_reads\ttotal_reads\tvar_read_prob"]
        for number, (name, own) in enumerate(rows.items()):
            alts = ",".join(row["alt_counts"] for row in own)
            totals = ",".join(str(int(row["alt_counts"]) + int(row["ref_counts"])) for row in own)
            halves = ",".join(["0.5"] * len(own))
            lines.append(f"s{number}\t{name}\t{alts}\t{totals}\t{halves}")
        ssm, params = folder / "pairtree.ssm", folder / "pairtree.json"
        ssm.write_text("\n".join(lines) + "\n", encoding="utf-8")
        params.write_text(json.dumps({"samples": samples, "clusters": [], "garbage": []}), encoding="utf-8")
        return ssm, params
