"""The phylogeny step: clones in, trees out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from truncal.phylogeny.inputs import PhyloInput, read_clones, read_ssm
from truncal.phylogeny.reconstruct import reconstruct
from truncal.phylogeny.result import Phylogeny
from truncal.phylogeny.write import write_phylogeny
from truncal.provenance import read_step, sections, write_step


def run_phylogeny(
    out: Path,
    settings: Mapping[str, Any],
    seed: int,
    *,
    clones: Path | None = None,
    ssm: Path | None = None,
    clusters: Path | None = None,
    threads: int = 1,
) -> Phylogeny:
    """Trees of the folder of the clones step, or of Pairtree's `.ssm` and clusters.

    Raises
    ------
    UserError
        an input is missing or faulty.

    """
    options = settings["phylogeny"]
    if clones is not None:
        data = read_clones(clones, options["model_error"])
    elif ssm is not None and clusters is not None:
        data = read_ssm(ssm, clusters, options["model_error_ssm"])
    else:
        raise ValueError("neither a clones folder nor an .ssm with its clusters")
    result = reconstruct(data, options, settings["clonality"]["ccf_at_least"], seed, threads)
    write_phylogeny(out, result)
    write_step(
        out,
        "phylogeny",
        parameters={**sections(settings, "phylogeny", "clonality"), "seed": seed},
        inputs=data.files,
        warnings=warnings(result),
        summary={**summary(result), **of_samples(clones, data)},
    )
    return result


def summary(result: Phylogeny) -> dict[str, Any]:
    """Figures of the posterior for `step.json` and the report."""
    found = result.posterior
    names = [0, *result.data.cluster_ids]
    several = (found.trees == 0).sum(axis=1) > 1
    return {
        "method": found.method,
        "n_trees": int((found.probability >= 0.001).sum()),
        "n_trees_95": trees_in_set(found.probability, 0.95),
        "polyclonal_probability": round(float(found.probability[several].sum()), 6),
        "consensus": {
            str(names[k + 1]): str(names[int(parent)]) for k, parent in enumerate(result.consensus)
        },
        "set_aside": [result.data.cluster_ids[k] for k in np.flatnonzero(result.aside)],
        "n_reassigned": _moved(result, "reassign"),
        "n_merged": len(_pairs(result, "merge")),
        "n_split": len(_pairs(result, "split")),
        "diagnostics": {name: float(f"{value:.4g}") for name, value in found.diagnostics.items()},
    }


def _moved(result: Phylogeny, kind: str) -> int:
    """Mutations that were moved for a reason."""
    return sum(change.kind == kind for change in result.changes)


def _pairs(result: Phylogeny, kind: str) -> list[tuple[int, int]]:
    """Clusters (left, joined) of the changes of a kind, in order."""
    return list(dict.fromkeys((c.before, c.after) for c in result.changes if c.kind == kind))


def of_samples(clones: Path | None, data: PhyloInput) -> dict[str, Any]:
    """What the clones step learned of each sample, handed on to the drivers; else what this step did."""
    if clones is None:
        return {"overdispersion": dict.fromkeys(data.sample_ids, float(f"{data.overdispersion:.4g}"))}
    found = read_step(clones)["summary"]
    return {name: found[name] for name in ("overdispersion", "purity_factor") if name in found}


def trees_in_set(probability: np.ndarray, mass: float) -> int:
    """Number of trees, best first, that hold this much of the posterior."""
    ordered = np.sort(probability)[::-1]
    return min(int(np.searchsorted(np.cumsum(ordered), mass - 1e-9)) + 1, len(ordered))


def warnings(result: Phylogeny) -> list[tuple[str, str]]:
    """What a reader of the tree must know."""
    found = []
    data: PhyloInput = result.data
    posterior = result.posterior
    if len(data.sample_ids) == 1:
        found.append(
            (
                "single_region",
                "One sample only: the order of clones is little constrained and many trees fit alike.",
            )
        )
    if result.conflicts:
        clones = sorted({data.cluster_ids[conflict.clone] for conflict in result.conflicts})
        found.append(
            (
                "infeasible",
                f"No tree holds the reads of {'clone' if len(clones) == 1 else 'clones'} "
                f"{', '.join(map(str, clones))} in every sample; infeasible.tsv says where and why.",
            )
        )
    if result.aside.any():
        clones = [data.cluster_ids[k] for k in np.flatnonzero(result.aside)]
        found.append(
            (
                "set_aside",
                f"{'Clone' if len(clones) == 1 else 'Clones'} {', '.join(map(str, clones))} set aside: "
                "no tree holds them beside the others, or no sample has them; their places in the tree "
                "are guesses.",
            )
        )
    for before, after in _pairs(result, "merge"):
        found.append(
            (
                "merged",
                f"Clusters {before} and {after} are taken as one clone, {after}: reads and tree together say "
                "so (changes.tsv).",
            )
        )
    for before, after in _pairs(result, "split"):
        found.append(
            (
                "split",
                f"Cluster {before} is taken as two clones, {before} and {after}: reads and tree together say "
                "so (changes.tsv).",
            )
        )
    n = _moved(result, "reassign")
    if n:
        found.append(
            (
                "reassigned",
                f"{n} {'mutation' if n == 1 else 'mutations'} of a clone set aside went to another clone "
                "that holds them as well (changes.tsv).",
            )
        )
    for loss in result.losses:
        found.append(
            (
                "loss",
                f"The mutations of clone {data.cluster_ids[loss.clone]} seem to be lost in clone "
                f"{data.cluster_ids[loss.below]} and below (losses.tsv).",
            )
        )
    several = float(posterior.probability[(posterior.trees == 0).sum(axis=1) > 1].sum())
    if several > 0.5:
        found.append(
            (
                "several_roots",
                f"Several root clones are likelier than one (probability {several:.2f}): "
                "no clone holds all cancer cells.",
            )
        )
        if data.purity_known and result.on_trunk.max() < 0.5 and _separate(result):
            found.append(
                (
                    "independent_primaries",
                    "Samples share no trunk: independent primaries or a swapped sample.",
                )
            )
    if (
        posterior.diagnostics.get("r_hat", 1.0) > 1.1
        or posterior.diagnostics.get("edge_deviation", 0.0) > 0.2
    ):
        found.append(
            (
                "not_converged",
                "The chains disagree (edge probabilities differ by up to "
                f"{posterior.diagnostics['edge_deviation']:.2f}); "
                "raise phylogeny.samples or phylogeny.chains.",
            )
        )
    return found


def _separate(result: Phylogeny) -> bool:
    """Whether two root clones of the best tree live in different samples."""
    best = result.posterior.trees[0]
    roots = result.fitted[best == 0]
    return bool(((roots > 0.2).sum(axis=0) <= 1).all() and (roots > 0.2).any(axis=1).sum() > 1)
