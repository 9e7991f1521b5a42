"""The patients of a cohort as its page and tables want them; one whose run failed keeps the reason."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from truncal.errors import Fault, UserError
from truncal.progress import steps
from truncal.report.document import read_document
from truncal.report.patient import BRANCH, TRUNK, Driver, Patient, patient_of
from truncal.report.small_tree import small_tree_svg
from truncal.tables import read_table

SUMMARY = (
    "patient", "n_samples", "n_mutations", "n_excluded", "n_clusters", "n_outliers", "n_trees_95",
    "best_tree_posterior", "n_drivers", "n_clonal", "n_subclonal", "n_indeterminate", "wgd", "report",
    "n_trunk", "n_branch", "min_purity", "status", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """What the cohort keeps of a patient; the document itself is let go."""

    patient_id: str
    summary: Mapping[str, Any]
    drivers: Sequence[Driver] = ()
    tree: str | None = None
    warnings: Sequence[str] = field(default_factory=tuple)

    @property
    def failed(self) -> bool:
        """Whether there is no result for this patient."""
        return self.summary["status"] == "failed"


def read_patients_file(path: Path) -> list[Path]:
    """Folders of patients, one a line, relative to the working directory; empty lines are skipped.

    Raises
    ------
    UserError
        the file cannot be read or names no folder.

    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(Fault(f"cannot read the list of patients: {error}", path)) from error
    found = [Path(line.strip()) for line in lines if line.strip()]
    if not found:
        raise UserError(Fault("names no patient's folder", path))
    return found


def read_failed(path: Path) -> dict[str, str]:
    """Reasons by patient of a table `patient reason`.

    Raises
    ------
    UserError
        the table is missing or faulty.

    """
    table = read_table(path, ("patient", "reason"), what="table of failed patients")
    return {str(row["patient"]): row["reason"] or "no reason given" for row in table.rows()}


def members(
    folders: Iterable[Path], failed: Mapping[str, str], out: Path, each: Any = None
) -> Iterator[Member]:
    """One member a folder, then the failed ones without a folder; one without a result becomes a failure.

    `each(document, patient)` is called with every result while it is at hand.
    """
    seen = set()
    for folder in _counted(folders):
        path = folder / "patient.json" if folder.is_dir() or not folder.suffix else folder
        name = path.parent.name
        if name in failed:
            continue
        try:
            document = read_document(path)
        except UserError as error:
            yield failure(name, f"{path.name}: " + "; ".join(fault.message for fault in error.faults))
            continue
        patient = patient_of(document, arrays=False)
        seen.add(patient.patient_id)
        if each is not None:
            each(document, patient)
        yield _member(patient, path, out)
    for name, reason in failed.items():
        if name not in seen:
            yield failure(name, reason)


def _counted(folders: Iterable[Path]) -> Iterator[Path]:
    """The folders, with progress."""
    known = list(folders)
    with steps("patients", len(known)) as advance:
        for folder in known:
            yield folder
            advance()


def failure(patient_id: str, reason: str) -> Member:
    """A patient without a result."""
    summary = {**dict.fromkeys(SUMMARY), "patient": patient_id, "status": "failed", "reason": reason}
    return Member(patient_id, summary)


def _member(patient: Patient, path: Path, out: Path) -> Member:
    document = patient.document
    clusters = document["tables"]["mutations"]["columns"].index("cluster_id")
    rows = document["tables"]["mutations"]["rows"]
    labels = [driver.row["label"] for driver in patient.drivers]
    places = [driver.place for driver in patient.drivers]
    purities = [row["purity"] for row in document["samples"] if row.get("purity") is not None]
    page = path.parent / "report.html"
    excluded = {row["mutation_id"] for row in patient.records("excluded") if row["stage"] != "clones"}
    summary = {
        "patient": patient.patient_id,
        "n_samples": len(patient.samples),
        "n_mutations": len(rows),
        "n_excluded": len(excluded),
        "n_clusters": len(patient.clones),
        "n_outliers": sum(row[clusters] == -1 for row in rows),
        "n_trees_95": document["tree"].get("n_trees_95"),
        "best_tree_posterior": patient.trees[0].posterior if patient.trees else None,
        "n_drivers": len(patient.drivers),
        "n_clonal": labels.count("clonal"),
        "n_subclonal": labels.count("subclonal"),
        "n_indeterminate": labels.count("indeterminate"),
        "wgd": document["patient"].get("wgd"),
        "report": os.path.relpath(page, out),
        "n_trunk": places.count(TRUNK),
        "n_branch": places.count(BRANCH),
        "min_purity": min(purities) if purities else None,
        "status": "ok",
        "reason": None,
    }
    tree = None
    if patient.consensus.parents:
        tree = small_tree_svg(patient, patient.consensus, title=f"Tree of {patient.patient_id}")
    return Member(
        patient.patient_id, summary, patient.drivers, tree, [w["text"] for w in document.get("warnings", [])]
    )
