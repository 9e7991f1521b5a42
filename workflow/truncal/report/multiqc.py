"""Sections for MultiQC (custom content, `*_mqc.json`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from truncal.report.members import Member
from truncal.report.oncoprint import counts, gene_rows
from truncal.tables import write_json

_PARENT = {
    "parent_id": "truncal",
    "parent_name": "truncal",
    "parent_description": "Clone trees and clonal or subclonal resistance drivers. Research use only.",
}
_QC = {
    "n_samples": ("Samples", "Samples of the patient", "{:,.0f}"),
    "n_mutations": ("Mutations", "Mutations in the analysis", "{:,.0f}"),
    "n_excluded": ("Excluded", "Mutations left out, with a reason each", "{:,.0f}"),
    "n_clusters": ("Clones", "Clusters of mutations", "{:,.0f}"),
    "n_outliers": ("Outliers", "Mutations that fit no clone", "{:,.0f}"),
    "n_trees_95": ("Trees (95 %)", "Trees that hold 95 % of the posterior", "{:,.0f}"),
    "best_tree_posterior": ("Best tree", "Posterior of the best tree", "{:,.2f}"),
    "min_purity": ("Least purity", "Purity of the least pure sample", "{:,.2f}"),
}


def write_multiqc(found: Sequence[Member], out: Path) -> None:
    """Write the quality table, the drivers by place and the labels by patient."""
    done = [member for member in found if not member.failed]
    write_json(
        out / "truncal_qc_mqc.json",
        {
            "id": "truncal_qc",
            **_PARENT,
            "section_name": "Clones and trees",
            "description": "One row a patient; patients whose run failed are left out.",
            "plot_type": "table",
            "pconfig": {
                "id": "truncal_qc_table",
                "title": "truncal: clones and trees",
                "col1_header": "Patient",
            },
            "headers": {
                key: {"title": title, "description": words, "format": form}
                for key, (title, words, form) in _QC.items()
            },
            "data": {
                member.patient_id: {
                    key: member.summary[key] for key in _QC if member.summary[key] is not None
                }
                for member in done
            },
        },
    )
    write_json(
        out / "truncal_drivers_mqc.json",
        _bars(
            "truncal_drivers",
            "Drivers by place",
            "Events of each gene by where on the tree they arose.",
            {
                gene: dict(
                    zip(
                        ("Trunk", "Branch", "Undecided"),
                        counts([p for ps in places.values() for p in ps]),
                        strict=True,
                    )
                )
                for gene, places in gene_rows(found)
            },
            "Number of events",
        ),
    )
    write_json(
        out / "truncal_labels_mqc.json",
        _bars(
            "truncal_labels",
            "Drivers by label",
            "Drivers of each patient that are clonal, subclonal or indeterminate.",
            {
                member.patient_id: {
                    "Clonal": member.summary["n_clonal"],
                    "Subclonal": member.summary["n_subclonal"],
                    "Indeterminate": member.summary["n_indeterminate"],
                }
                for member in done
            },
            "Number of drivers",
        ),
    )


def _bars(name: str, title: str, words: str, data: dict[str, Any], axis: str) -> dict[str, Any]:
    return {
        "id": name,
        **_PARENT,
        "section_name": title,
        "description": words,
        "plot_type": "bargraph",
        "pconfig": {"id": f"{name}_plot", "title": f"truncal: {title.lower()}", "ylab": axis},
        "data": data,
    }
