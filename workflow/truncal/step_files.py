"""What each step writes: the files that rules declare, records sum up and `verify` compares."""

from __future__ import annotations

STEP_FILES: dict[str, tuple[str, ...]] = {
    "counts": (
        "counts.tsv",
        "not_called.tsv",
        "samples.tsv",
        "segments.tsv",
        "excluded.tsv",
        "step.json",
    ),
    "clones": (
        "mutations.tsv",
        "ccf.tsv",
        "clusters.tsv",
        "cluster_posterior.tsv",
        "likelihood.npz",
        "reads.npz",
        "step.json",
    ),
    "phylogeny": (
        "trees.tsv",
        "edges.tsv",
        "relations.tsv",
        "proportions.tsv",
        "infeasible.tsv",
        "losses.tsv",
        "changes.tsv",
        "clusters.tsv",
        "mutations.tsv",
        "ccf.tsv",
        "tree.nwk",
        "step.json",
    ),
    "drivers": (
        "drivers.tsv",
        "copy_number_drivers.tsv",
        "power.tsv",
        "phase.tsv",
        "timing.tsv",
        "polytargeting.tsv",
        "coverage.tsv",
        "flags.tsv",
        "not_assessable.tsv",
        "treatments.tsv",
        "step.json",
    ),
    "assemble": (
        "counts.tsv",
        "excluded.tsv",
        "mutations.tsv",
        "ccf.tsv",
        "clusters.tsv",
        "trees.tsv",
        "edges.tsv",
        "relations.tsv",
        "proportions.tsv",
        "infeasible.tsv",
        "tree.nwk",
        "drivers.tsv",
        "patient.json",
    ),
    "figures": tuple(
        f"{name}.{form}" for name in ("tree", "ccf", "proportions") for form in ("svg", "png", "pdf")
    ),
    "cohort": (
        "report.html",
        "drivers.tsv",
        "summary.tsv",
        "multiqc/truncal_qc_mqc.json",
        "multiqc/truncal_drivers_mqc.json",
        "multiqc/truncal_labels_mqc.json",
    ),
}
"""Files that each step writes whatever the input; `docs/data-model.md` describes them."""
