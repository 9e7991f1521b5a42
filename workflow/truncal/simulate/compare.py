"""What a result recovered of the simulated truth: trees, clusters, CCFs and every planted driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from truncal.copynumber.genome import canonical
from truncal.errors import Fault, Faults, UserError
from truncal.metrics.clusters import adjusted_rand_index, v_measure
from truncal.simulate.tree_comparison import compare_trees
from truncal.tables import Table, read_table

Key = tuple[str, int, str, str]
Row = dict[str, str | None]


@dataclass(frozen=True)
class DriverResult:
    """A planted driver and what the result says of it; `found` is None where the driver is missing."""

    gene: str
    alteration: str
    kind: str
    truth: str
    truncal: bool
    found: str | None
    p_clonal: float | None
    p_truncal: float | None
    detectable: bool
    extra: str = ""

    @property
    def right(self) -> bool:
        """Whether the label is the true one; a driver that no caller could see need not be found."""
        return self.found == self.truth or (not self.detectable and self.found is None)


@dataclass(frozen=True)
class PatientResult:
    """Scores of one patient; `problem` says why there are none."""

    patient: str
    problem: str | None = None
    n_mutations: int = 0
    n_shared: int = 0
    true_clusters: int = 0
    found_clusters: int = 0
    v: float = float("nan")
    ari: float = float("nan")
    ccf_error: float = float("nan")
    ccf_covered: float = float("nan")
    tree_right: bool = False
    tree_posterior: float = float("nan")
    ancestor_f1: float = float("nan")
    robinson_foulds: tuple[int, int] = (0, 0)
    drivers: tuple[DriverResult, ...] = field(default=())

    @property
    def right(self) -> bool:
        """Whether the tree and every small variant's label are right."""
        small = [driver for driver in self.drivers if driver.kind == "small_variant"]
        return self.problem is None and self.tree_right and all(driver.right for driver in small)


def compare_cohort(results: Path, truth: Path) -> list[PatientResult]:
    """Compare every patient of the truth with `results/PATIENT/`.

    Raises
    ------
    UserError
        a folder or one of the truth's tables is missing.

    """
    faults = Faults()
    for folder, what in ((results, "results"), (truth, "truth")):
        if not folder.is_dir():
            faults.add(f"no such folder of {what}", folder)
    faults.raise_if_any()
    tables = {
        name: _by_patient(read_table(truth / f"{name}.tsv", ("patient",), what="truth"))
        for name in ("mutations", "ccf", "tree", "drivers")
    }
    return [
        compare_patient(
            patient, results / patient, rows, tables["ccf"][patient], tables["tree"][patient],
            tables["drivers"].get(patient, []),
        )
        for patient, rows in tables["mutations"].items()
    ]  # fmt: skip


def compare_patient(
    patient: str, folder: Path, mutations: list[Row], ccf: list[Row], tree: list[Row], drivers: list[Row]
) -> PatientResult:
    """Compare one patient's folder with its rows of the truth tables."""
    try:
        found = {
            name: read_table(folder / f"{name}.tsv") for name in ("mutations", "ccf", "trees", "drivers")
        }
    except UserError as error:
        return PatientResult(patient, problem=str(error.faults[0]))
    same = _matched(mutations, found["mutations"])
    clones = {row["mutation_id"]: int(row["cluster_id"] or -1) for row in mutations}
    labels = dict(_pairs(found["mutations"], "mutation_id", "cluster_id"))
    shared = [(true, got) for true, got in same.items() if clones[true] > 0]
    true_labels = np.array([clones[true] for true, _ in shared], dtype=np.int64)
    found_labels = np.array([int(labels[got] or -1) for _, got in shared], dtype=np.int64)
    parents = {int(row["child"] or 0): int(row["parent"] or 0) for row in tree}
    best = next(found["trees"].rows(), None)
    comparison = compare_trees(parents, _parents(best), true_labels, found_labels)
    ccf_error, covered = _ccf_error(same, clones, ccf, found["ccf"])
    kept = found_labels > 0
    return PatientResult(
        patient,
        n_mutations=int(sum(clone > 0 for clone in clones.values())),
        n_shared=len(shared),
        true_clusters=len(np.unique(true_labels)),
        found_clusters=len({label for label in labels.values() if label not in (None, "-1")}),
        v=v_measure(true_labels[kept], found_labels[kept]),
        ari=adjusted_rand_index(true_labels[kept], found_labels[kept]),
        ccf_error=ccf_error,
        ccf_covered=covered,
        tree_right=comparison.right,
        tree_posterior=float((best or {}).get("posterior") or "nan"),
        ancestor_f1=comparison.ancestor_f1,
        robinson_foulds=comparison.robinson_foulds,
        drivers=tuple(_drivers(drivers, same, found["drivers"], folder)),
    )


def _by_patient(table: Table) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in table.rows():
        out.setdefault(row["patient"] or "", []).append(row)
    return out


def _pairs(table: Table, key: str, value: str) -> list[tuple[str, str | None]]:
    return [(row[key] or "", row[value]) for row in table.rows()]


def _parents(row: Row | None) -> dict[int, int]:
    """Child → parent of one row of trees.tsv."""
    text = (row or {}).get("parents")
    pairs = (pair.split(":") for pair in (text or "").split(";") if pair)
    return {int(child): int(parent) for child, parent in pairs}


def _matched(mutations: list[Row], found: Table) -> dict[str, str]:
    """True mutation id → the result's id, by id or by place and alleles."""
    ids = {row["mutation_id"] or "": row["mutation_id"] or "" for row in found.rows()}
    places = {key: name for name in ids if (key := _key_of_id(name)) is not None}
    if all(column in found for column in ("chrom", "pos", "ref", "alt")):
        for row in found.rows():
            if row["pos"]:
                places.setdefault(_key(row), row["mutation_id"] or "")
    out = {}
    for row in mutations:
        name = row["mutation_id"] or ""
        other = ids.get(name) or places.get(_key(row))
        if other:
            out[name] = other
    return out


def _key(row: Row) -> Key:
    return _trimmed(canonical(row["chrom"] or ""), int(row["pos"] or 0), row["ref"] or "", row["alt"] or "")


def _key_of_id(name: str) -> Key | None:
    parts = name.split(":")
    if len(parts) != 4 or not parts[1].isdigit():
        return None
    return _trimmed(canonical(parts[0]), int(parts[1]), parts[2], parts[3])


def _trimmed(chrom: str, pos: int, ref: str, alt: str) -> Key:
    """Alleles without what they share at both ends, one base kept."""
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt, pos = ref[1:], alt[1:], pos + 1
    return chrom, pos, ref, alt


def _ccf_error(
    same: dict[str, str], clones: dict[str | None, int], truth: list[Row], found: Table
) -> tuple[float, float]:
    """Mean absolute CCF error, and the share of intervals that hold the truth, over called sites."""
    got = {(row["mutation_id"], row["sample_id"]): row for row in found.rows()}
    errors, covered = [], []
    for row in truth:
        name = row["mutation_id"]
        other = got.get((same.get(name or ""), row["sample_id"]))
        if other is None or clones[name] < 1 or row["called"] != "true" or other["ccf"] is None:
            continue
        value = float(row["ccf"] or "nan")
        errors.append(abs(value - float(other["ccf"])))
        low, high = (float(other[column] or "nan") for column in ("ccf_low", "ccf_high"))
        covered.append(low - 0.005 <= value <= high + 0.005)
    if not errors:
        return float("nan"), float("nan")
    return float(np.mean(errors)), float(np.mean(covered))


def _drivers(truth: list[Row], same: dict[str, str], found: Table, folder: Path) -> list[DriverResult]:
    rows = list(found.rows())
    out = []
    for planted in truth:
        row = _driver_row(planted, same, rows)
        out.append(
            DriverResult(
                gene=planted["gene"] or "",
                alteration=planted["alteration"] or "",
                kind=planted["kind"] or "",
                truth=planted["label"] or "",
                truncal=planted["truncal"] == "true",
                found=row["label"] if row else None,
                p_clonal=_float(row, "p_clonal"),
                p_truncal=_float(row, "p_truncal"),
                detectable=planted["detectable"] == "true",
                extra="; ".join(_said(planted, row, rows, truth, same, folder)),
            )
        )
    return out


def _driver_row(planted: Row, same: dict[str, str], rows: list[Row]) -> Row | None:
    """The result's row of a planted driver: by mutation, or by gene for copy-number events."""
    if planted["kind"] == "small_variant":
        wanted = same.get(planted["mutation_id"] or "", "")
        return next((row for row in rows if wanted and row.get("mutation_id") == wanted), None)
    classes = ("cn_gain", "cn_loss", "biallelic_loss")
    return next((row for row in rows if row["gene"] == planted["gene"] and row.get("class") in classes), None)


def _said(
    planted: Row, row: Row | None, rows: list[Row], truth: list[Row], same: dict[str, str], folder: Path
) -> list[str]:
    """What the phase and timing tables say of a driver, beside the truth, where there are such tables."""
    if row is None:
        return []
    out = []
    event = row["event_id"]
    phase = folder / "drivers" / "phase.tsv"
    if planted["partner"] and phase.exists():
        other = next((item for item in truth if item["resistance_id"] == planted["partner"]), None)
        partner = _driver_row(other, same, rows) if other else None
        if partner is not None:
            pair = {event, partner["event_id"]}
            lines = [row for row in read_table(phase).rows() if {row["event_a"], row["event_b"]} == pair]
            verdicts = {line["verdict"] or "" for line in lines} - {"not_assessable"}
            said = "/".join(sorted(verdicts)) or "not_assessable"
            out.append(f"{said} with {partner['event']} (truth {planted['phase']})")
    timing = folder / "drivers" / "timing.tsv"
    if planted["first_day"] and timing.exists():
        verdicts = {line["verdict"] or "" for line in read_table(timing).rows() if line["event_id"] == event}
        if verdicts:
            true = (
                "absent before" if planted["days_before"] not in ("0", None) else "there from the first day"
            )
            out.append(f"{'/'.join(sorted(verdicts))} (truth {true})")
    return out


def _float(row: Row | None, column: str) -> float | None:
    text = row.get(column) if row else None
    return float(text) if text is not None else None


def check_truth(truth: Path) -> None:
    """Raise `UserError` where a folder does not look like a simulator's truth."""
    if not (truth / "mutations.tsv").exists():
        raise UserError(Fault("holds no mutations.tsv; expected the simulator's truth/ folder", truth))
