"""The patient's final tables and `patient.json`, from the folders of the four steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from truncal.errors import Fault, Faults, UserError
from truncal.provenance import SOFTWARE, read_step
from truncal.report.columns import SAMPLE_COLUMNS, SCHEMA_VERSION, TABLES, typed
from truncal.report.validate import check_document
from truncal.tables import Table, atomic, cell, read_table, write_rows

STEPS = ("counts", "clones", "phylogeny", "drivers")
_STEP_OF = {
    "counts": "counts",
    "excluded": "counts",
    **dict.fromkeys(
        (
            *("mutations", "ccf", "clusters", "trees", "edges", "relations", "proportions"),
            *("infeasible", "losses", "changes"),
        ),
        "phylogeny",
    ),
}
# Without these there is nothing to report; the others may be missing where a step had nothing to write.
_NEEDED = ("counts", "mutations", "ccf", "clusters", "trees", "proportions")
# Written beside patient.json; the tables of the drivers step other than drivers.tsv stay in its folder.
COPIED = (
    "counts", "mutations", "ccf", "clusters", "trees", "edges", "relations", "proportions", "infeasible",
    "drivers",
)  # fmt: skip


def assemble(folders: Mapping[str, Path], out: Path, patient_id: str | None = None) -> dict[str, Any]:
    """Write the final tables and `patient.json` into `out`; gives the document.

    `folders` holds the folder of each step by name (`counts`, `clones`, `phylogeny`, `drivers`). The id is
    the one given, or the counts step's, or the name of `out`.

    Raises
    ------
    UserError
        a table that the report needs is missing or faulty; all such faults at once.

    """
    read, faults = _read_tables(folders)
    newick = folders["phylogeny"] / "tree.nwk"
    if not newick.exists():
        faults.add("no such file", newick)
    faults.raise_if_any()
    steps = {name: read_step(folders[name]) for name in STEPS}
    tables = {name: _json_table(name, table) for name, table in read.items()}
    tables["excluded"]["rows"] += _outliers(tables["mutations"], tables["excluded"])
    tree = newick.read_text(encoding="utf-8").strip()
    samples = _samples(folders["counts"] / "samples.tsv", tables)
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "software": SOFTWARE,
        "patient": {
            "patient_id": patient_id or _patient_id(steps, out),
            "build": steps["counts"].get("summary", {}).get("build"),
            "sex": _only(sample.pop("sex", None) for sample in samples),
            "wgd": _any([sample["wgd"] for sample in samples]),
        },
        "samples": samples,
        "environment": {name: steps[name].get("environment", {}) for name in STEPS},
        "parameters": {name: steps[name].get("parameters", {}) for name in STEPS},
        "inputs": _inputs(steps.values()),
        "warnings": [
            {"step": name, "code": str(one["code"]), "text": str(one["text"])}
            for name in STEPS
            for one in steps[name].get("warnings", [])
        ],
        "summaries": {name: steps[name].get("summary", {}) for name in STEPS},
        "tree": _tree(steps["phylogeny"].get("summary", {}), tables, tree),
        "tables": tables,
    }
    _write(document, folders, out)
    return document


def _read_tables(folders: Mapping[str, Path]) -> tuple[dict[str, Table], Faults]:
    faults = Faults()
    read: dict[str, Table] = {}
    for name, columns in TABLES.items():
        path = folders[_STEP_OF.get(name, "drivers")] / f"{name}.tsv"
        empty = Table({column: [] for column in columns}, path)
        if not path.exists():
            if name in _NEEDED:
                faults.add("no such file", path)
            read[name] = empty
            continue
        try:
            read[name] = read_table(path, columns if name in _NEEDED else columns[:1], what=f"{name} table")
        except UserError as error:
            faults.extend(error)
            read[name] = empty
    return read, faults


def _json_table(name: str, table: Table) -> dict[str, Any]:
    """A table as columns and rows; a column that readers rely on and that the file lacks is all `None`."""
    columns = list(table.columns) + [column for column in TABLES[name] if column not in table]
    values = [typed(column, table.text(column)) for column in columns]
    return {"columns": columns, "rows": [list(row) for row in zip(*values, strict=True)]}


def _outliers(mutations: Mapping[str, Any], excluded: Mapping[str, Any]) -> list[list[Any]]:
    """Rows for the excluded table: the mutations that fit no clone, unless a step listed them already."""
    columns = mutations["columns"]
    name, cluster, chance = map(columns.index, ("mutation_id", "cluster_id", "outlier_probability"))
    stage = excluded["columns"].index("stage")
    if any(row[stage] == "clones" for row in excluded["rows"]):
        return []
    rows = []
    for row in mutations["rows"]:
        if row[cluster] == -1:
            detail = f"fits no clone (outlier probability {cell(row[chance], 3)}); it is not on the tree"
            values = {"mutation_id": row[name], "stage": "clones", "reason": "outlier", "detail": detail}
            rows.append([values.get(column) for column in excluded["columns"]])
    return rows


def _patient_id(steps: Mapping[str, Mapping[str, Any]], out: Path) -> str:
    for part in ("summary", "parameters"):
        for key in ("patient", "patient_id"):
            found = steps["counts"].get(part, {}).get(key)
            if found:
                return str(found)
    return out.resolve().name


def _samples(path: Path, tables: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the counts step's `samples.tsv`, or what the counts table alone tells where there is none."""
    if path.exists():
        table = read_table(path, ("sample_id",), what="samples table")
        columns = {name: typed(name, table.text(name)) for name in SAMPLE_COLUMNS}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    counts = tables["counts"]
    at = {name: index for index, name in enumerate(counts["columns"])}
    depths: dict[str, list[int]] = {}
    purity: dict[str, Any] = {}
    for row in counts["rows"]:
        sample = row[at["sample_id"]]
        depths.setdefault(sample, []).append((row[at["ref_counts"]] or 0) + (row[at["alt_counts"]] or 0))
        if "tumour_content" in at:
            purity.setdefault(sample, row[at["tumour_content"]])
    number = len({row[at["mutation_id"]] for row in counts["rows"]})
    return [
        {
            **dict.fromkeys(SAMPLE_COLUMNS),
            "sample_id": sample,
            "kind": "tissue",
            "purity": purity.get(sample),
            "median_depth": sorted(found)[len(found) // 2],
            "n_called": len(found),
            "n_not_called": number - len(found),
        }
        for sample, found in depths.items()
    ]


def _any(values: Sequence[bool | None]) -> bool | None:
    known = [value for value in values if value is not None]
    return any(known) if known else None


def _only(values: Iterable[Any]) -> Any:
    known = {value for value in values if value is not None}
    return known.pop() if len(known) == 1 else None


def _inputs(steps: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for step in steps:
        for one in step.get("inputs", []):
            found.setdefault((one["name"], one["sha256"]), {"name": one["name"], "sha256": one["sha256"]})
    return list(found.values())


def _tree(summary: Mapping[str, Any], tables: Mapping[str, Any], newick: str) -> dict[str, Any]:
    trees = tables["trees"]
    consensus = summary.get("consensus")
    if consensus is None:
        consensus = (
            parse_parents(trees["rows"][0][trees["columns"].index("parents")]) if trees["rows"] else {}
        )
    return {
        "method": summary.get("method"),
        "n_trees": summary.get("n_trees", len(trees["rows"])),
        "n_trees_95": summary.get("n_trees_95"),
        "polyclonal_probability": summary.get("polyclonal_probability"),
        "consensus": {str(child): str(parent) for child, parent in consensus.items()},
        "newick": newick,
    }


def parse_parents(text: str | None) -> dict[str, str]:
    """`child:parent` pairs joined by `;` as a dict."""
    return dict(pair.split(":", 1) for pair in (text or "").split(";") if pair)


def _write(document: Mapping[str, Any], folders: Mapping[str, Path], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = folders[_STEP_OF.get(name, "drivers")] / f"{name}.tsv"
        if source.exists():
            _copy(source, out / source.name)
        else:
            write_rows(out / source.name, TABLES[name], [])
    _copy(folders["phylogeny"] / "tree.nwk", out / "tree.nwk")
    excluded = document["tables"]["excluded"]
    rows = (dict(zip(excluded["columns"], row, strict=True)) for row in excluded["rows"])
    write_rows(out / "excluded.tsv", excluded["columns"], rows)
    write_document(out / "patient.json", document)


def _copy(source: Path, target: Path) -> None:
    if source.resolve() == target.resolve():
        return
    with source.open("rb") as reader, atomic(target, "wb") as writer:
        shutil.copyfileobj(reader, writer)


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write `patient.json`, one table row a line, so that two runs can be compared line by line."""

    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)

    with atomic(path) as handle:
        handle.write("{")
        for number, (key, value) in enumerate(document.items()):
            handle.write(",\n" if number else "\n")
            handle.write(f" {text(key)}: ")
            if key == "tables":
                parts = (
                    f'  {text(name)}: {{\n   "columns": {text(table["columns"])},\n   "rows": ['
                    + ",".join(f"\n    {text(row)}" for row in table["rows"])
                    + "]}"
                    for name, table in value.items()
                )
                handle.write("{\n" + ",\n".join(parts) + "}")
            elif isinstance(value, list):
                handle.write("[" + ",".join(f"\n  {text(one)}" for one in value) + "]")
            else:
                handle.write(text(value))
        handle.write("\n}\n")


def read_document(path: str | Path) -> dict[str, Any]:
    """Read `patient.json`.

    Raises
    ------
    UserError
        the file is missing, is no JSON, is of another major schema version, or lacks a part that the report
        needs; all such faults at once.

    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(Fault("no such file", path)) from error
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(Fault(f"cannot be read as JSON: {str(error).splitlines()[0]}", path)) from error
    if not isinstance(document, dict) or not isinstance(document.get("schema_version"), str):
        raise UserError(Fault("is not a patient.json: it has no schema_version", path))
    given = document["schema_version"]
    if given.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        raise UserError(
            Fault(
                f"has schema version {given}; this truncal reads version {SCHEMA_VERSION} and its minor ones",
                path,
            )
        )
    _check_parts(document, path)
    return document


def _check_parts(document: Mapping[str, Any], path: str | Path) -> None:
    faults = Faults()
    for key, kind in (
        ("patient", dict),
        ("samples", list),
        ("tree", dict),
        ("tables", dict),
        ("software", dict),
    ):
        if not isinstance(document.get(key), kind):
            faults.add(f"lacks {key}", path)
    faults.raise_if_any()
    if not document["patient"].get("patient_id"):
        faults.add("patient lacks patient_id", path)
    for name, columns in TABLES.items():
        table = document["tables"].get(name)
        if table is None:
            if name in _NEEDED:
                faults.add(f"lacks the table {name}", path)
            document["tables"][name] = {"columns": list(columns), "rows": []}
            continue
        found = table.get("columns") if isinstance(table, dict) else None
        absent = [column for column in columns if column not in (found if isinstance(found, list) else ())]
        if absent:
            faults.add(f"table {name} lacks {', '.join(absent)}", path)
    check_document(document, path, faults)
    faults.raise_if_any()
