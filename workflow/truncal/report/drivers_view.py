"""The driver table and the verdict: what the first screen says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from truncal.report.patient import BRANCH, TRUNK, UNSURE, Driver, Patient
from truncal.report.words import ROLE_ORDER, capital, counted, listed, percent, probability, role, shorten

RESISTANCE = frozenset({"on_target_resistance", "bypass", "downstream"})


_PLACES = {TRUNK: "on the trunk", BRANCH: "on a branch", UNSURE: "undecided"}


def driver_rows(patient: Patient) -> list[dict[str, Any]]:
    """One row a driver event with its reads per sample, resistance first, trunk before branch."""
    copies = _copies(patient)
    rows = [_row(patient, driver, copies) for driver in patient.drivers]
    place = [TRUNK, BRANCH, UNSURE]
    rows.sort(key=lambda row: (_rank(row["role"]), place.index(row["place"]), row["name"]))
    return [{**row, "number": number} for number, row in enumerate(rows, 1)]


def _rank(code: str | None) -> int:
    return ROLE_ORDER.index(code) if code in ROLE_ORDER else len(ROLE_ORDER)


def _row(
    patient: Patient, driver: Driver, copies: Mapping[tuple[str, str], tuple[float, float]]
) -> dict[str, Any]:
    row = driver.row
    at = patient.of_driver(driver)
    return {
        **row,
        "name": driver.name,
        "place": driver.place,
        "clone": driver.clone,
        "is_resistance": row["role"] in RESISTANCE,
        "sure": _sure(driver),
        "sensitive": listed(row["drugs_sensitive"]),
        "resistant": listed(row["drugs_resistant"]),
        "sources_list": listed(row["sources"]),
        "evidence_list": listed(row["evidence"]),
        "regions": _given_regions(patient, row) if at is None else _regions(patient, at, copies),
        "lost": row["p_truncal"] is not None
        and row["p_clonal"] is not None
        and row["p_truncal"] >= 0.9
        and row["p_clonal"] <= 0.1,
    }


def _sure(driver: Driver) -> str:
    """How sure the place is, as the probability of that place."""
    chance = driver.row["p_truncal"]
    if chance is None:
        return "not on the tree" if driver.clone is None else ""
    if driver.place == BRANCH:
        return f"P(branch) {probability(1 - chance)}"
    return f"P(trunk) {probability(chance)}"


def _regions(
    patient: Patient, at: int, copies: Mapping[tuple[str, str], tuple[float, float]]
) -> list[dict[str, Any]]:
    name = patient.mutations[at]
    found = []
    for index, sample in enumerate(patient.samples):
        depth = int(patient.depth[at, index])
        found.append(
            {
                "sample": sample,
                "short": patient.short[index],
                "alt": int(patient.alt[at, index]) if depth else None,
                "depth": depth,
                "ccf": float(patient.ccf[at, index]) if depth else None,
                "low": float(patient.ccf_low[at, index]) if depth else None,
                "high": float(patient.ccf_high[at, index]) if depth else None,
                "copies": copies.get((name, sample)) if depth else None,
            }
        )
    return found


def _given_regions(patient: Patient, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of an event without a mutation of its own: what `ccf_by_sample` says, `sample=ccf[low-high]`."""
    found = []
    for part in listed(row["ccf_by_sample"]):
        sample, _, value = part.rpartition("=")
        number, _, interval = value.partition("[")
        low, _, high = interval.rstrip("]").partition("-")
        try:
            ccf, lower, upper = float(number), float(low), float(high)
        except ValueError:
            continue
        if sample in patient.samples:
            reads = {"alt": None, "depth": None, "copies": None}
            name = patient.short[patient.samples.index(sample)]
            found.append({"sample": sample, "short": name, "ccf": ccf, "low": lower, "high": upper, **reads})
    return sorted(found, key=lambda one: patient.samples.index(one["sample"]))


def _copies(patient: Patient) -> dict[tuple[str, str], tuple[float, float]]:
    """Mutated copies and total copy number at the drivers' mutations by (mutation, sample)."""
    wanted = {str(driver.row.get("mutation_id")) for driver in patient.drivers}
    total = {
        key: round((major or 0) + (minor or 0), 1)
        for key, major, minor in _cells(patient, "counts", wanted, "major_cn", "minor_cn")
    }
    mutated = _cells(patient, "ccf", wanted, "multiplicity")
    return {key: (round(m, 1), total[key]) for key, m in mutated if m is not None and key in total}


def _cells(patient: Patient, name: str, wanted: set[str], *columns: str) -> list[tuple[Any, ...]]:
    table = patient.document["tables"][name]
    mutation, sample, *others = (table["columns"].index(n) for n in ("mutation_id", "sample_id", *columns))
    return [
        ((row[mutation], row[sample]), *(row[i] for i in others))
        for row in table["rows"]
        if row[mutation] in wanted
    ]


def verdict(patient: Patient, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The strip on top: drivers by place, the sentence that sums them up, and how sure the tree is."""
    resistance = [row for row in rows if row["is_resistance"]]
    if resistance:
        parts = []
        for place, words in _PLACES.items():
            names = [shorten(row["name"], 30) for row in resistance if row["place"] == place]
            if names or place == TRUNK:
                named = f" ({', '.join(names)})" if 0 < len(names) <= 3 else ""
                parts.append(f"{len(names) or 'none'} {words}{named}")
        sentence = f"{counted(len(resistance), 'resistance driver')}: {', '.join(parts)}."
        if len(resistance) == 1:
            one = resistance[0]
            sentence = f"1 resistance driver: {shorten(one['name'], 60)}, {_PLACES[one['place']]}."
    else:
        sentence = "No resistance driver was found among what this input can show."
    tree = patient.document["tree"]
    best = patient.trees[0].posterior if patient.trees else None
    sure = []
    if best is not None:
        sure.append(f"best tree {percent(best)} of the posterior")
    if tree.get("n_trees_95"):
        sure.append(f"{counted(tree['n_trees_95'], 'tree')} in the 95 % set")
    weakest = _weakest(patient)
    if weakest is not None:
        sure.append(f"weakest branch {percent(weakest)}")
    return {
        "sentence": capital(sentence),
        "groups": {
            place: [row for row in rows if row["place"] == place] for place in (TRUNK, BRANCH, UNSURE)
        },
        "sure": capital("; ".join(sure)),
        "tree": "consensus" + (f", weakest branch {percent(weakest)}" if weakest is not None else ""),
    }


def _weakest(patient: Patient) -> float | None:
    pairs = ((parent, child) for child, parent in patient.consensus.parents.items())
    support = [patient.edge_support[pair] for pair in pairs if pair in patient.edge_support]
    return min(support) if support else None


def not_assessable_groups(patient: Patient) -> list[dict[str, Any]]:
    """What this input cannot show, by reason and assay: the genes or processes, most first."""
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in patient.records("not_assessable"):
        groups.setdefault((row["reason"] or "", row["assay"] or ""), []).append(row)
    found = []
    for (reason, assay), rows in groups.items():
        names = Counter(str(row["gene"] or row["alteration"] or row["id"]) for row in rows)
        found.append({"reason": reason, "assay": assay, "names": list(names), "n": len(rows), "rows": rows})
    return sorted(found, key=lambda group: -group["n"])


def describe(row: Mapping[str, Any]) -> str:
    """Role and class of a driver in a few words."""
    return ", ".join(part for part in (role(row["role"]), row["class"]) if part)
