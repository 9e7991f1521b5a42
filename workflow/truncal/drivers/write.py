"""The files of the drivers step; see `docs/data-model.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from truncal.drivers.events import Event
from truncal.drivers.tumour import Tumour
from truncal.tables import write_rows

DRIVERS = (
    "event_id", "gene", "event", "class", "hgvsp", "transcript", "grch37", "grch38", "cluster_id", "label",
    "p_clonal", "p_truncal", "p_next_region", "reason", "regions_present", "regions_assessable",
    "ccf_by_sample", "role", "drugs_sensitive", "drugs_resistant", "evidence", "sources", "mutation_id",
    "consequence", "parent", "parent_support", "conflicts",
)  # fmt: skip
TABLES: dict[str, tuple[str, ...]] = {
    "copy_number_drivers": (
        "event_id", "gene", "event", "sample_id", "total_cn", "minor_cn", "ploidy", "ratio", "focal", "state",
        "low", "high", "share", "segment_start", "segment_end",
    ),
    "power": (
        "event_id", "gene", "alteration", "sample_id", "depth", "alt_counts", "ccf_excluded_95",
        "depth_for_1pct", "depth_for_5pct", "depth_for_10pct", "basis",
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
    "coverage": ("cluster_id", "drug_class", "status", "because", "evidence", "probability"),
    "flags": ("code", "event_id", "sample_id", "severity", "text"),
    "not_assessable": ("id", "gene", "alteration", "class", "reason", "assay"),
    "treatments": ("patient", "drug", "start", "end"),
}  # fmt: skip


def joined(parts: Sequence[str]) -> str | None:
    """A list cell: parts joined by `;`, missing where there is none."""
    return ";".join(part.replace(";", ",") for part in parts) or None


def driver_row(event: Event, tumour: Tumour) -> dict[str, Any]:
    """One row of drivers.tsv."""
    sensitive, resistant = event.drugs("sensitive"), event.drugs("resistant")
    parent, support = tumour.clones.parent_support(event.cluster)
    return {
        "event_id": event.id,
        "gene": event.gene,
        "event": event.event,
        "class": event.event_class,
        "hgvsp": event.hgvsp,
        "transcript": event.transcript,
        "grch37": event.alleles.get("GRCh37"),
        "grch38": event.alleles.get("GRCh38"),
        "cluster_id": event.cluster,
        "label": event.label,
        "p_clonal": round(event.p_clonal, 6),
        "p_truncal": round(event.p_truncal, 6),
        "p_next_region": round(event.p_next_region, 6),
        "reason": event.reason,
        "regions_present": int(event.present.sum()),
        "regions_assessable": int(event.assessable.sum()),
        "ccf_by_sample": joined(
            [
                f"{name}={value:.2f}[{low:.2f}-{high:.2f}]"
                for name, (value, low, high) in zip(tumour.sample_ids, event.ccf.tolist(), strict=True)
                if np.isfinite(value)
            ]
        ),
        "role": event.role,
        "drugs_sensitive": joined(sensitive),
        "drugs_resistant": joined(resistant),
        "evidence": joined(event.evidence),
        "sources": joined(event.sources),
        "mutation_id": tumour.mutation_ids[event.mutations[0]] if event.mutations else None,
        "consequence": event.consequence,
        "parent": parent,
        "parent_support": support,
        "conflicts": joined([drug for drug in sensitive if drug in resistant]),
    }


def write_drivers(
    directory: Path,
    events: Sequence[Event],
    tumour: Tumour,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
) -> None:
    """Write drivers.tsv and every other table, with its header alone where there is nothing to say."""
    write_rows(directory / "drivers.tsv", DRIVERS, [driver_row(event, tumour) for event in events])
    for name, columns in TABLES.items():
        write_rows(directory / f"{name}.tsv", columns, tables.get(name, ()))
