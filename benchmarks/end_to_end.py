"""Counts to tree with truncal's own clusters: ancestor–descendant F1 on mutation pairs."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.datasets import COUNT_COLUMNS, Truth, Tumour, conipher_sims, read_rows
from benchmarks.drivers import rounded
from benchmarks.peers import measure
from benchmarks.report import Report
from benchmarks.scores import mean_scores
from benchmarks.tree_peers import PhyClone
from truncal.phylogeny.posterior import ancestor_probability

PEERS = {"phyclone", "phyclone-default"}


def machina(data: Path) -> Iterator[Tumour]:
    """Simulated metastatic tumours; vertices without mutations are contracted."""
    folder = data / "machina-m5"
    truths: dict[str, Truth] = {}
    for row in read_rows(folder / "truth" / "mutations.tsv"):
        truths.setdefault(row["tumour_id"], Truth()).cluster[row["mutation_id"]] = row["cluster"]
    for row in read_rows(folder / "truth" / "tree_edges.tsv"):
        truths[row["tumour_id"]].parents[row["child"]] = row["parent"]
    for path in sorted((folder / "inputs").glob("*.tsv")):
        rows = [{name: row[name] for name in COUNT_COLUMNS} for row in read_rows(path)]
        yield Tumour(path.stem, "machina-m5", "all", rows, truths[path.stem])


def ancestor_pairs(cluster: dict[str, str], parents: dict[str, str], names: list[str]) -> np.ndarray:
    """(N, N) whether mutation a's clone is a proper ancestor of b's."""
    chains: dict[str, set[str]] = {}
    for clone in set(cluster.values()):
        above, at = set(), parents.get(clone)
        while at is not None and at not in above:
            above.add(at)
            at = parents.get(at)
        chains[clone] = above
    kinds = sorted(set(cluster.values()))
    place = {kind: i for i, kind in enumerate(kinds)}
    table = np.array([[a in chains[b] for b in kinds] for a in kinds])
    labels = np.array([place[cluster[name]] if name in cluster else -1 for name in names])
    out = table[labels][:, labels]
    out[labels < 0] = False
    out[:, labels < 0] = False
    return out


def run_end_to_end(options: argparse.Namespace, report: Report) -> None:
    """Score the tumours of both sets."""
    for title, source in (
        ("conipher-sims", conipher_sims(options.data)),
        ("machina-m5", machina(options.data)),
    ):
        rows: dict[str, dict[str, float]] = {}
        beside: dict[str, dict[str, dict[str, float]]] = {}
        for tumour in source:
            if not re.search(options.tumours, tumour.name):
                continue
            rows[tumour.name] = _score(tumour)
            report.progress(f"{title} {tumour.name}", rows[tumour.name])
            for peer in sorted(PEERS & options.peer.keys()):
                theirs = _phyclone(tumour, peer, options.peer)
                if theirs is not None:
                    beside.setdefault(peer, {})[tumour.name] = {
                        "AD_F1": rows[tumour.name]["AD_F1"],
                        "seconds": rows[tumour.name]["seconds"],
                        "AD_F1_peer": theirs["AD_F1"],
                        "seconds_peer": theirs["seconds"],
                    }
                    report.progress(f"{title} {tumour.name} {peer}", theirs)
        for peer, both in sorted(beside.items()):
            both["mean"] = mean_scores(list(both.values())) | {"n": len(both)}
            shown = ("AD_F1", "AD_F1_peer", "seconds", "seconds_peer", "n")
            report.table(f"end to end, {title}, beside PyClone-VI and {peer}", both, shown, keep=2)
        rows["mean"] = mean_scores(list(rows.values())) | {"n": len(rows)}
        report.table(
            f"end to end, {title}", rows, ("AD_F1", "AD_F1_soft", "seconds", "n"), keep=options.verbose or 1
        )


def _phyclone(tumour: Tumour, peer: str, peers: dict[str, str]) -> dict[str, float] | None:
    """The same score of PyClone-VI and PhyClone; they take whole copy numbers."""
    key = f"{tumour.dataset.replace('(mean)', '(rounded)')}/{tumour.name}"
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        counts = rounded(tumour.write(folder / "counts.tsv"), folder / "rounded.tsv")
        found = PhyClone(peer, peers[peer], peers.get("pyclone-vi", "pyclone-vi")).run(counts, folder, key)
    if found is None:
        return None
    clones, parents, seconds = found
    names = sorted(name for name in tumour.truth.cluster if name not in tumour.truth.noise)
    truth = ancestor_pairs(tumour.truth.cluster, tumour.truth.parents, names)
    theirs = ancestor_pairs(clones, parents, names)
    return {
        "AD_F1": 2 * (truth & theirs).sum() / max(truth.sum() + theirs.sum(), 1),
        "seconds": seconds,
    }


def _score(tumour: Tumour) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        counts = tumour.write(folder / "counts.tsv")
        base = [sys.executable, "-m", "truncal"]
        used = measure([*base, "clones", "--counts", str(counts), "--out", str(folder / "clones"), "--quiet"])
        more = measure(
            [*base, "phylogeny", "--clones", str(folder / "clones"), "--out", str(folder / "tree"), "--quiet"]
        )
        found = {
            row["mutation_id"]: row["cluster_id"]
            for row in read_rows(folder / "tree" / "mutations.tsv")
            if row["cluster_id"] != "-1"
        }
        consensus = json.loads((folder / "tree" / "step.json").read_text())["summary"]["consensus"]
        with np.load(folder / "tree" / "posterior.npz") as stored:
            ids = [str(k) for k in stored["cluster_ids"].tolist()]
            up = ancestor_probability(stored["parents"].astype(np.int64), stored["probability"])
    names = sorted(name for name in tumour.truth.cluster if name not in tumour.truth.noise)
    truth = ancestor_pairs(tumour.truth.cluster, tumour.truth.parents, names)
    hard = ancestor_pairs(found, consensus, names)
    place = {clone: i for i, clone in enumerate(ids)}
    labels = np.array([place.get(found.get(name, ""), -1) for name in names])
    soft = np.pad(up, (0, 1))[labels][:, labels]
    return {
        "AD_F1": 2 * (truth & hard).sum() / max(truth.sum() + hard.sum(), 1),
        "AD_F1_soft": 2 * soft[truth].sum() / max(truth.sum() + soft.sum(), 1),
        "seconds": used.cpu + more.cpu,
    }
