"""Trees in the formats other tools read: Newick, NHX, timescape, Pairtree's JSON."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def newick(parents: np.ndarray, names: Sequence[int], notes: Sequence[str] | None = None) -> str:
    """Newick of a clone tree with named internal nodes, the root `0`; `notes` (K,) are appended to the
    names (NHX)."""
    children: dict[int, list[int]] = {}
    for k in sorted(range(len(parents)), key=lambda k: names[k]):
        children.setdefault(int(parents[k]), []).append(k)
    done: dict[int, str] = {}
    stack = [(0, False)]
    while stack:
        node, ready = stack.pop()
        kids = children.get(node, [])
        if kids and not ready:
            stack.append((node, True))
            stack.extend((k + 1, False) for k in kids)
            continue
        label = "0" if node == 0 else f"{names[node - 1]}{notes[node - 1] if notes else ''}"
        inner = ",".join(done[k + 1] for k in kids)
        done[node] = f"({inner}){label}" if kids else label
    return done[0] + ";"


def nhx(parents: np.ndarray, names: Sequence[int], support: Sequence[float], mutations: Sequence[int]) -> str:
    """NHX: branch lengths are numbers of mutations, `B` the probability of the edge."""
    notes = [f":{n}[&&NHX:B={p:.4f}:N={n}]" for p, n in zip(support, mutations, strict=True)]
    return newick(parents, names, notes)


def timescape(
    parents: np.ndarray, names: Sequence[int], samples: Sequence[str], shares: np.ndarray
) -> tuple[dict[str, list], dict[str, list]]:
    """Tables for timescape: clonal prevalences (`timepoint clone_id clonal_prev`) and edges (`source
    target`).

    shares: (K + 1, S) clone proportions, the normal root first.
    """
    clones = [0, *names]
    prevalence: dict[str, list] = {"timepoint": [], "clone_id": [], "clonal_prev": []}
    for s, sample in enumerate(samples):
        for node, clone in enumerate(clones):
            prevalence["timepoint"].append(sample)
            prevalence["clone_id"].append(clone)
            prevalence["clonal_prev"].append(float(shares[node, s]))
    edges = {"source": [clones[int(parent)] for parent in parents], "target": list(names)}
    return prevalence, edges


def pairtree(
    trees: np.ndarray, probability: np.ndarray, samples: Sequence[str], groups: Sequence[Sequence[str]]
) -> dict[str, object]:
    """Pairtree's JSON with the trees: `structures[t][k]` is the parent of clone k + 1, 0 the normal root."""
    return {
        "samples": list(samples),
        "clusters": [list(group) for group in groups],
        "garbage": [],
        "structures": trees.tolist(),
        "prob": probability.tolist(),
    }
