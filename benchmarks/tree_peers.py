"""Tree builders that the user has installed: Pairtree and Orchard, on Pairtree's input format."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers import measure


@dataclass
class Trees:
    """Weighted trees (T, K) as parent vectors, 0 the normal root, best first, and CPU seconds used."""

    parents: np.ndarray
    probability: np.ndarray
    seconds: float


class PairtreeFormat:
    """A peer that reads `.ssm` and `.params.json` and writes Pairtree's `.npz`.

    command: `PYTHON SCRIPT`, the interpreter of its environment and its program. With a cache folder
    (TRUNCAL_BENCH_CACHE) a result is computed once.
    """

    def __init__(self, name: str, command: str) -> None:
        self.name = name
        self.command = command.split()
        given = os.environ.get("TRUNCAL_BENCH_CACHE")
        self.cache = Path(given) if given else None

    def arguments(self, ssm: Path, clusters: Path, out: Path) -> list[str]:
        """The command line: one chain of Pairtree, two instances of Orchard, their defaults otherwise."""
        if self.name.startswith("pairtree"):
            options = ["--params", str(clusters), "--parallel", "0", "--tree-chains", "1", "--seed", "1"]
            return [*self.command, *options, str(ssm), str(out)]
        return [*self.command, str(ssm), str(clusters), str(out), "--seed=1", "-n", "2"]

    def run(self, ssm: Path, clusters: Path, key: str) -> Trees:
        """Trees of one tumour."""
        with tempfile.TemporaryDirectory() as folder:
            stored = (self.cache or Path(folder)) / self.name / f"{key}.npz"
            if not stored.exists():
                stored.parent.mkdir(parents=True, exist_ok=True)
                used = measure(self.arguments(ssm, clusters, stored))
                stored.with_name(stored.name + ".cpu").write_text(f"{used.cpu}\n")
            with np.load(stored, allow_pickle=True) as found:
                parents, weight = found["struct"].astype(np.int64), found["prob"]
            seconds = float(stored.with_name(stored.name + ".cpu").read_text())
        order = np.argsort(-weight, kind="stable")
        return Trees(parents[order], weight[order] / weight.sum(), seconds)
