"""The clones step: counts in, cluster files out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.ccf.absent import Absent
from truncal.ccf.model import read_model
from truncal.ccf.observations import Observations, read_observations
from truncal.clones.export import export
from truncal.clones.fit import Options, fit_clusters
from truncal.clones.flags import clusters_on_one_segment, mutation_flags, unrelated_samples
from truncal.clones.result import Clustering, clustering
from truncal.clones.write import write_clones
from truncal.provenance import sections, write_step


def run_clones(
    counts: Path, out: Path, settings: Mapping[str, Any], seed: int, formats: Sequence[str] = ()
) -> Clustering:
    """Cluster the mutations of a counts table; `not_called.tsv` beside it is read where it exists.

    formats: other tools' formats to write beside the step's files (see `export`).

    Raises
    ------
    UserError
        the counts table or the list of not-called sites is faulty.

    """
    beside = counts.parent / "not_called.tsv"
    observations = read_observations(counts, beside)
    options = settings["clones"]
    model = read_model(
        observations,
        absent=Absent.from_settings(settings["absent"]),
        copy_number_error=options["copy_number_error"],
    )
    fit = fit_clusters(
        model,
        Options(
            concentration=options["concentration"],
            outlier_prior=options["outlier_prior"],
            purity_error=options["purity_error"],
        ),
    )
    found = clustering(
        fit, at_least=settings["clonality"]["ccf_at_least"], model_error=options["model_error"]
    )
    flags = mutation_flags(found, observations.segment, observations.normal_alt, observations.normal_depth)
    write_clones(out, observations, found, flags)
    if formats:
        export(out, list(formats), observations, found, counts.parent.parent.name or "patient")
    sizes = np.bincount(found.label[found.label >= 0], minlength=1)
    outliers = int((found.label < 0).sum())
    write_step(
        out,
        "clones",
        parameters={**sections(settings, "clones", "absent", "clonality"), "seed": seed},
        inputs=[counts, *([beside] if beside.exists() else [])],
        warnings=[*_warnings(found, sizes, outliers, observations), *_moved_purities(found, observations)],
        summary={
            "n_mutations": len(found.label),
            "n_clusters": len(sizes),
            "n_outliers": outliers,
            "overdispersion": _by_sample(observations.sample_ids, found.overdispersion),
            "purity_factor": _by_sample(observations.sample_ids, found.purity_factor),
            "doubled": _by_sample(observations.sample_ids, found.doubled),
        },
    )
    return found


def _by_sample(names: list[str], values: np.ndarray) -> dict[str, float]:
    return {name: float(f"{value:.6g}") for name, value in zip(names, values, strict=True)}


MOVED = 0.1
"""Relative change of a purity that is told."""


def _moved_purities(found: Clustering, observations: Observations) -> list[tuple[str, str]]:
    """A warning where mutations of all cancer cells ask for purities other than those given."""
    moved = []
    for s, (name, factor) in enumerate(zip(observations.sample_ids, found.purity_factor, strict=True)):
        rows = observations.called.sample == s
        given = float(observations.called.purity[rows].max(initial=0.0))
        if abs(factor - 1) > MOVED:
            moved.append(f"{name}: {given:.2f} to {min(given * factor, 1.0):.2f}")
    if not moved:
        return []
    text = (
        "The mutations that all cancer cells share fit other purities than those given, which are used "
        f"instead ({'; '.join(moved)}). Check purity and ploidy of these samples."
    )
    return [("purity", text)]


def _warnings(
    found: Clustering, sizes: np.ndarray, outliers: int, observations: Observations
) -> list[tuple[str, str]]:
    out = []
    if len(found.label) < 20:
        out.append(
            (
                "few_mutations",
                f"Only {len(found.label)} mutations: clusters and tree rest on little, and a clone "
                "without its own mutation among them can't be seen.",
            )
        )
    small = [str(index + 1) for index in np.flatnonzero(sizes < 3).tolist()]
    if small:
        out.append(
            (
                "small_clusters",
                f"Clusters of fewer than three mutations: {', '.join(small)}. They may be real clones or "
                "mutations whose copy number was misread.",
            )
        )
    if outliers:
        out.append(
            ("outliers", f"{outliers} mutations fit no cluster; their clonality rests on their own reads.")
        )
    for cluster, segment in clusters_on_one_segment(found.label, observations.segment).items():
        out.append(
            (
                "one_segment",
                f"Most of cluster {cluster + 1} lies on the segment {segment}: a copy number misread there "
                "would look like a clone.",
            )
        )
    lonely = unrelated_samples(found, observations.sample_ids)
    if lonely:
        out.append(
            (
                "no_shared_trunk",
                f"Hardly a mutation of {', '.join(lonely)} is in another sample: the samples may be "
                "swapped, or come from independent primaries.",
            )
        )
    return out
