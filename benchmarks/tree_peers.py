"""Tree builders that the user has installed: Pairtree, Orchard and fastBE on known clusters; PhyClone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import read_rows
from benchmarks.peers import PyCloneVI, Used, measure
from benchmarks.scores import Prediction
from truncal.phylogeny.inputs import read_ssm


@dataclass
class Trees:
    """Weighted trees (T, K) as parent vectors, 0 the normal root, best first, and CPU seconds used."""

    parents: np.ndarray
    probability: np.ndarray
    seconds: float


class PairtreeFormat:
    """A peer that reads `.ssm` and `.params.json` and writes Pairtree's `.npz`.

    command: `PYTHON SCRIPT`, the interpreter of its environment and its program. With a cache folder
    (TRUNCAL_BENCH_CACHE) a result is computed once; the command `cached` takes only what is there.
    """

    def __init__(self, name: str, command: str) -> None:
        self.name = name
        self.command = command.split()
        given = os.environ.get("TRUNCAL_BENCH_CACHE")
        self.cache = Path(given) if given else None

    def arguments(self, ssm: Path, clusters: Path, out: Path) -> list[str]:
        """The command line: one chain of Pairtree, two instances of Orchard, their defaults otherwise.

        A peer named `orchard-thorough` has the beam and branching that its authors advise below 50 clones.
        """
        if self.name.startswith("pairtree"):
            options = ["--params", str(clusters), "--parallel", "0", "--tree-chains", "1", "--seed", "1"]
            return [*self.command, *options, str(ssm), str(out)]
        beam = ["-k", "20", "-f", "100"] if self.name.endswith("-thorough") else []
        return [*self.command, str(ssm), str(clusters), str(out), "--seed=1", "-n", "2", *beam]

    def run(self, ssm: Path, clusters: Path, key: str) -> Trees | None:
        """Trees of one tumour; None where only cached ones are wanted and there is none."""
        with tempfile.TemporaryDirectory() as folder:
            stored = (self.cache or Path(folder)) / self.name / f"{key}.npz"
            cpu = stored.with_name(stored.name + ".cpu")  # written last: without it the result is not whole
            if not cpu.exists():
                if self.command == ["cached"]:
                    return None
                stored.parent.mkdir(parents=True, exist_ok=True)
                used = measure(self.arguments(ssm, clusters, stored))
                cpu.write_text(f"{used.cpu}\n")
            with np.load(stored, allow_pickle=True) as found:
                parents, weight = found["struct"].astype(np.int64), found["prob"]
            seconds = float(cpu.read_text())
        order = np.argsort(-weight, kind="stable")
        return Trees(parents[order], weight[order] / weight.sum(), seconds)


class FastBE:
    """fastBE's one best tree of the frequencies of known clusters, the normal root as a column of ones.

    command: the program `fastbe`.
    """

    def __init__(self, command: str) -> None:
        self.command = command

    def run(self, ssm: Path, clusters: Path) -> Trees:
        """Tree of one tumour."""
        data = read_ssm(ssm, clusters, 0.0)
        alt, depth = data.alt.sum(axis=0), (data.alt + data.ref).sum(axis=0)
        expected = ((data.alt + data.ref) * data.share[:, None, None]).sum(axis=0)
        dcf = np.minimum(np.where(depth > 0, alt / np.maximum(expected, 1e-9), 0.0), 1.0)
        with tempfile.TemporaryDirectory() as text:
            folder = Path(text)
            matrix = np.vstack([np.ones(dcf.shape[1]), dcf]).T
            np.savetxt(folder / "frequencies.txt", matrix, fmt="%.6f")
            out = ["-o", str(folder / "out"), "-t", "1"]
            used = measure([self.command, "search", str(folder / "frequencies.txt"), *out])
            parents = np.zeros(len(dcf), dtype=np.int64)
            for line in (folder / "out_tree.txt").read_text(encoding="utf-8").splitlines():
                node, *children = map(int, line.split())
                for child in children:
                    parents[child - 1] = node
        return Trees(parents[None], np.ones(1), used.cpu)


def format_peer(name: str, command: str, ssm: Path, clusters: Path, key: str) -> Trees | None:
    """Trees of a peer that takes clusters: Pairtree, Orchard or fastBE by its name; None for any other."""
    if name.startswith(("pairtree", "orchard")):
        return PairtreeFormat(name, command).run(ssm, clusters, key)
    return FastBE(command).run(ssm, clusters) if name == "fastbe" else None


def run_phyclone(
    command: str,
    counts: Path,
    clusters: Prediction,
    folder: Path,
    more: Sequence[str],
    table: Path,
    tree: Path,
) -> Used:
    """PhyClone on clusters, with `more` arguments for its chains; writes its best tree's table and Newick."""
    given, trace = folder / "clusters.tsv", folder / "phyclone.h5"
    rows = [f"{name}\t{cluster}" for name, cluster in clusters.cluster.items()]
    given.write_text("\n".join(["mutation_id\tcluster_id", *rows]) + "\n", encoding="utf-8")
    run = measure(
        [command, "run", "-i", str(counts), "-c", str(given), "-o", str(trace), "--seed", "1", *more]
    )
    drawn = measure([command, "map", "-i", str(trace), "-o", str(table), "-t", str(tree)])
    return Used(run.wall + drawn.wall, run.cpu + drawn.cpu, max(run.memory, drawn.memory))


class PhyClone:
    """PyClone-VI's clusters (binomial) and PhyClone's best tree of one chain.

    `phyclone`: a short one, 100 sweeps of burn-in and 500 more; `phyclone-default`: its default, 1,000 and
    10,000. command: the program `phyclone`; with a cache folder (TRUNCAL_BENCH_CACHE) a result is computed
    once, and the command `cached` takes only what is there.
    """

    def __init__(self, name: str, command: str, pyclone_vi: str) -> None:
        self.name = name
        self.command = command
        self.sweeps = [] if name.endswith("-default") else ["-b", "100", "-n", "500"]
        self.clusters = PyCloneVI(pyclone_vi, "binomial")

    def run(
        self, counts: Path, folder: Path, key: str
    ) -> tuple[dict[str, str], dict[str, str], float] | None:
        """Clone of each mutation, parent of each clone, and CPU seconds of both programs."""
        base = self.clusters.cache or folder
        table = base / self.name / f"{key}.tsv"
        tree, cpu = table.with_suffix(".nwk"), table.with_suffix(".cpu")
        if not cpu.exists():
            if self.command == "cached":
                return None
            table.parent.mkdir(parents=True, exist_ok=True)
            clusters, used = self.clusters.run(counts, folder, key)
            more = run_phyclone(self.command, counts, clusters, folder, self.sweeps, table, tree)
            cpu.write_text(f"{used.cpu + more.cpu}\n")
        from ete3 import Tree

        found = {row["mutation_id"]: row["clone_id"] for row in read_rows(table)}
        parents = {
            node.name: node.up.name
            for node in Tree(tree.read_text(encoding="utf-8"), format=1).traverse()
            if node.up is not None
        }
        clones = {name: clone for name, clone in found.items() if clone != "-1"}
        return clones, parents, float(cpu.read_text())
