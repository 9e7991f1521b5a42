"""Columns of the tables in `patient.json`: which must be there, and what type their values have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

SCHEMA_VERSION = "1.1"

SAMPLE_COLUMNS = (
    "sample_id", "kind", "site", "timepoint", "day", "sex", "purity", "ploidy", "wgd", "median_depth",
    "n_called", "n_not_called", "purity_low", "purity_high",
)  # fmt: skip

# Columns a reader may rely on; a table that a step did not write has these and no rows.
TABLES: dict[str, tuple[str, ...]] = {
    "counts": ("mutation_id", "sample_id", "ref_counts", "alt_counts", "major_cn", "minor_cn", "normal_cn"),
    "excluded": ("mutation_id", "sample_id", "stage", "reason", "detail"),
    "mutations": ("mutation_id", "cluster_id", "cluster_probability", "outlier_probability"),
    "ccf": (
        "mutation_id", "sample_id", "alt_counts", "depth", "ccf", "ccf_low", "ccf_high", "dcf", "dcf_low",
        "dcf_high", "multiplicity", "fraction_lost",
    ),
    "clusters": ("cluster_id", "sample_id", "n_mutations", "dcf", "dcf_low", "dcf_high", "dcf_tree"),
    "trees": ("tree_id", "posterior", "log_likelihood", "parents"),
    "edges": ("parent", "child", "probability", "in_consensus"),
    "relations": ("cluster_a", "cluster_b", "p_same", "p_ancestor", "p_descendant", "p_branched"),
    "proportions": ("cluster_id", "sample_id", "proportion", "low", "high"),
    "infeasible": ("cluster_id", "sample_id", "constraint", "excess", "evidence"),
    "losses": ("cluster_id", "lost_in", "sample_id", "fraction_of_cells", "log_likelihood_gain"),
    "changes": ("mutation_id", "from_cluster", "to_cluster", "probability", "reason"),
    "drivers": (
        "event_id", "gene", "event", "class", "hgvsp", "transcript", "grch37", "grch38", "cluster_id",
        "label",
        "p_clonal", "p_truncal", "p_next_region", "reason", "regions_present", "regions_assessable",
        "ccf_by_sample", "role", "drugs_sensitive", "drugs_resistant", "evidence", "sources", "mutation_id",
    ),
    "copy_number_drivers": (
        "event_id", "gene", "event", "sample_id", "total_cn", "minor_cn", "ploidy", "ratio", "focal", "state",
        "low", "high",
    ),
    "power": (
        "event_id", "gene", "alteration", "sample_id", "depth", "alt_counts", "ccf_excluded_95",
        "depth_for_1pct", "depth_for_5pct", "depth_for_10pct",
    ),
    "phase": (
        "event_a", "event_b", "sample_id", "n_both", "n_a_only", "n_b_only", "n_neither", "p_cis", "verdict",
        "basis",
    ),
    "timing": (
        "event_id", "sample_before", "sample_after", "ccf_limit_before", "p_pre_existing", "p_acquired",
        "verdict", "reason",
    ),
    "polytargeting": (
        "set_id", "drug_classes", "coverage", "n_clones_covered", "clones_uncovered", "vetoes", "evidence",
    ),
    "coverage": ("cluster_id", "drug_class", "status", "because", "evidence"),
    "flags": ("code", "event_id", "sample_id", "severity", "text"),
    "not_assessable": ("id", "gene", "alteration", "class", "reason", "assay"),
    "treatments": ("patient", "drug", "start", "end"),
}  # fmt: skip

TEXT = frozenset(
    (
        "mutation_id", "sample_id", "event_id", "set_id", "id", "event_a", "event_b", "sample_before",
        "sample_after", "chrom", "ref", "alt", "gene", "event", "class", "hgvsp", "hgvsc", "transcript",
        "grch37", "grch38", "label", "reason", "ccf_by_sample", "role", "drugs_sensitive",
        "drugs_resistant", "evidence", "sources", "segment", "source", "stage", "detail", "parents",
        "constraint", "flags", "alteration", "state", "verdict", "basis", "drug_class", "drug_classes",
        "clones_uncovered", "vetoes", "because", "status", "code", "severity", "text", "assay",
        "patient", "drug", "kind", "site", "sex", "consequence", "conflicts", "response",
    )
)  # fmt: skip
FLAGS = frozenset({"in_consensus", "focal", "wgd"})
_TRUE, _FALSE = frozenset({"true", "True", "1"}), frozenset({"false", "False", "0"})


def typed(name: str, values: Sequence[str | None]) -> list[Any]:
    """Cells of a column as JSON values: text stays verbatim, numbers become numbers, missing `None`.

    A column whose name is not known becomes numbers only if every cell is one; infinities, which JSON does
    not hold, become `None`.
    """
    if name in TEXT:
        return list(values)
    if name in FLAGS and all(value is None or value in _TRUE | _FALSE for value in values):
        return [None if value is None else value in _TRUE for value in values]
    try:
        return [None if value is None else _number(value) for value in values]
    except ValueError:
        return list(values)


def _number(text: str) -> int | float | None:
    try:
        return int(text)
    except ValueError:
        value = float(text)
        return value if math.isfinite(value) else None
