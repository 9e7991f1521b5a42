"""The clones step: counts in, cluster files out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from truncal.ccf.absent import Absent
from truncal.ccf.observations import read_observations
from truncal.ccf.tensor import read_model
from truncal.clones.fit import Clustering, cluster_mutations
from truncal.clones.write import write_clones
from truncal.provenance import write_step


def run_clones(counts: Path, out: Path, settings: Mapping[str, Any], seed: int) -> Clustering:
    """Cluster the mutations of a counts table; `not_called.tsv` beside it is read where it exists.

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
        grid=options["grid"],
        loss_prior=options["loss_prior"],
        absent=Absent.from_settings(settings["absent"]),
    )
    clustering = cluster_mutations(
        model, concentration=options["concentration"], outlier_prior=options["outlier_prior"]
    )
    write_clones(out, model, clustering)
    sizes = np.bincount(clustering.label[clustering.label >= 0], minlength=1)
    outliers = int((clustering.label < 0).sum())
    write_step(
        out,
        "clones",
        parameters={**options, "absent": dict(settings["absent"]), "seed": seed},
        inputs=[counts, *([beside] if beside.exists() else [])],
        warnings=_warnings(clustering, sizes, outliers),
        summary={
            "n_mutations": len(clustering.label),
            "n_clusters": len(sizes),
            "n_outliers": outliers,
            "precision": {
                sample: float(f"{value:.6g}")
                for sample, value in zip(observations.sample_ids, clustering.precision, strict=True)
            },
        },
    )
    return clustering


def _warnings(clustering: Clustering, sizes: np.ndarray, outliers: int) -> list[tuple[str, str]]:
    found = []
    if len(clustering.label) < 20:
        found.append(
            (
                "few_mutations",
                f"Only {len(clustering.label)} mutations: clusters and tree rest on little, and a clone "
                "without its own mutation among them can't be seen.",
            )
        )
    small = [str(index + 1) for index in np.flatnonzero(sizes < 3).tolist()]
    if small:
        found.append(
            (
                "small_clusters",
                f"Clusters of fewer than three mutations: {', '.join(small)}. They may be real clones or "
                "mutations whose copy number was misread.",
            )
        )
    if outliers:
        found.append(
            ("outliers", f"{outliers} mutations fit no cluster; their clonality rests on their own reads.")
        )
    return found
