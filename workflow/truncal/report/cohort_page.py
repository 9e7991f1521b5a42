"""The cohort's `report.html`: one offline file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from truncal import __version__
from truncal.report.members import Member
from truncal.report.oncoprint import counts, gene_rows, oncoprint_svg
from truncal.report.page import asset, style, template

QC = (
    ("patient", "Patient"), ("n_samples", "Samples"), ("n_mutations", "Mutations"),
    ("n_excluded", "Excluded"), ("n_clusters", "Clones"), ("n_outliers", "Outliers"),
    ("n_trees_95", "Trees (95 %)"), ("best_tree_posterior", "Best tree"), ("min_purity", "Least purity"),
    ("wgd", "Doubled"),
    ("n_trunk", "Trunk"), ("n_branch", "Branch"), ("n_clonal", "Clonal"), ("n_subclonal", "Subclonal"),
    ("n_indeterminate", "Indeterminate"),
)  # fmt: skip


def cohort_html(found: Sequence[Member]) -> str:
    """The page of a cohort."""
    return template("cohort.html.j2").render(cohort_context(found))


def cohort_context(found: Sequence[Member]) -> dict[str, Any]:
    """What the template needs."""
    done = [member for member in found if not member.failed]
    genes = [
        (gene, len(places), counts([place for listed in places.values() for place in listed]))
        for gene, places in gene_rows(found, most=10**6)
    ]
    svg = oncoprint_svg(found, title="Drivers by gene and patient")
    return {
        "done": done,
        "failed": [member for member in found if member.failed],
        "genes": genes,
        "widest": max([sum(amounts) for _, _, amounts in genes], default=1),
        "total": [sum(amounts[i] for _, _, amounts in genes) for i in range(3)],
        "oncoprint": None if svg is None else Markup(svg),
        "trees": [(member, Markup(member.tree)) for member in done if member.tree],
        "qc": QC,
        "page_version": __version__,
        "css": Markup(style()),
        "js": Markup(asset("templates/cohort.js")),
    }
