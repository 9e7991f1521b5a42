"""Recompute the steps of a results folder, each from the files that it read itself, and compare bytes."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from truncal.errors import Fault, UserError
from truncal.provenance import SOFTWARE, environment, read_step, sha256
from truncal.sheet.samples import Sheet, read_sheet
from truncal.step_files import STEP_FILES
from truncal.tables import read_table, write_rows

STEPS = ("counts", "clones", "phylogeny", "drivers")
SAME, DIFFERS, SKIPPED = "same", "differs", "not checked"

_DESCRIBES_RUN = ("software", "environment")
"""Keys of `step.json` and `patient.json` that say what ran, not what came out."""


@dataclass(frozen=True)
class Verdict:
    """What was found of one step of a patient; `detail` is empty where there is nothing to say."""

    patient: str
    step: str
    state: str
    detail: str = ""


def patient_folders(results: Path) -> list[Path]:
    """The patients' folders of a results folder, which may itself be one patient's.

    Raises
    ------
    UserError
        there is no result in the folder.

    """
    if (results / "counts").is_dir() or (results / "patient.json").is_file():
        return [results]
    found = [path for path in sorted(results.glob("*")) if (path / "counts").is_dir()]
    if not found:
        raise UserError(Fault("holds no results: no PATIENT/counts", results))
    return found


def verify_patient(folder: Path, sheet_path: Path | None = None) -> list[Verdict]:
    """Verdicts on the four steps, the final tables, the report and the figures of a patient.

    Without a sample sheet the counts step, and steps that read the sheet's files, are not checked.
    """
    name = folder.resolve().name
    sheet = read_sheet(sheet_path) if sheet_path is not None else None
    if sheet is not None and name not in sheet.patients:
        return [Verdict(name, "counts", DIFFERS, "the sample sheet has no such patient")]
    with tempfile.TemporaryDirectory(prefix="truncal-verify-") as scratch:
        out = Path(scratch) / name
        found = [_verify_step(step, folder, out, name, sheet) for step in STEPS]
        gather = ["assemble", *(part for step in STEPS for part in (f"--{step}", str(folder / step)))]
        found.append(
            _recompute(name, "assemble", folder, out, [*gather, "--out", str(out)], STEP_FILES["assemble"])
        )
        page = ["report", "--patient-json", str(folder / "patient.json"), "--out", str(out / "report.html")]
        found.append(_recompute(name, "report", folder, out, page, ("report.html",)))
        if (folder / "figures").is_dir():
            new = out / "figures"
            draw = ["figures", "--patient-json", str(folder / "patient.json"), "--out", str(new)]
            found.append(_recompute(name, "figures", folder / "figures", new, draw, STEP_FILES["figures"]))
    return found


def verify_cohort(results: Path) -> Verdict:
    """Verdict on the cohort's page and tables, given the patients' documents."""
    there = results / "cohort"
    if not (there / "summary.tsv").is_file():
        return Verdict("cohort", "cohort", DIFFERS, "lacks summary.tsv")
    summary = read_table(there / "summary.tsv", ("patient", "status", "reason"))
    rows = list(summary.rows())
    done = [str(row["patient"]) for row in rows if row["status"] != "failed"]
    with tempfile.TemporaryDirectory(prefix="truncal-verify-") as scratch:
        # links, as the page names the patients' folders relative to its own
        for name in done:
            Path(scratch, name).symlink_to((results / name).resolve())
        out = Path(scratch) / "cohort"
        failed = Path(scratch) / "failed.tsv"
        write_rows(failed, ("patient", "reason"), [row for row in rows if row["status"] == "failed"])
        patients = [str(Path(scratch, name)) for name in done]
        command = ["cohort-report", "--patients", *patients, "--failed", str(failed), "--out", str(out)]
        return _recompute("cohort", "cohort", there, out, command, STEP_FILES["cohort"])


def _verify_step(step: str, folder: Path, out: Path, patient: str, sheet: Sheet | None) -> Verdict:
    there, new = folder / step, out / step
    try:
        record = read_step(there)
        parameters, _ = dict(record["parameters"]), [(one["name"], one["sha256"]) for one in record["inputs"]]
    except (ValueError, KeyError, TypeError):
        return Verdict(patient, step, DIFFERS, "step.json is damaged")
    if not parameters:
        return Verdict(patient, step, DIFFERS, "lacks step.json")
    changed, unknown = _check_inputs(record, _candidates(step, folder, record, patient, sheet))
    if unknown and sheet is None:
        return Verdict(patient, step, SKIPPED, f"reads {_listed(unknown)}; give --samples")
    seed = parameters.get("seed")
    settings = {name: part for name, part in parameters.items() if name not in ("seed", "samples")}
    command = [step, *_step_arguments(step, folder, patient, sheet), "--out", str(new)]
    command += ["--settings", json.dumps(settings)] + (["--seed", str(seed)] if seed is not None else [])
    found = _recompute(patient, step, there, new, command, STEP_FILES[step])
    said = [f"input changed since: {_listed(changed)}"] if changed else []
    said += [f"input not found: {_listed(unknown)}"] if unknown else []
    if not said:
        return found
    return Verdict(patient, step, DIFFERS, "; ".join([*said, *([found.detail] if found.detail else [])]))


def _step_arguments(step: str, folder: Path, patient: str, sheet: Sheet | None) -> list[str]:
    of = ["--samples", str(sheet.path), "--patient", patient] if sheet is not None else []
    counts = str(folder / "counts" / "counts.tsv")
    return {
        "counts": of,
        "clones": ["--counts", counts],
        "phylogeny": ["--clones", str(folder / "clones")],
        "drivers": [
            "--counts",
            counts,
            "--phylogeny",
            str(folder / "phylogeny"),
            *(of or ["--patient", patient]),
        ],
    }[step]


def _candidates(
    step: str, folder: Path, record: dict[str, Any], patient: str, sheet: Sheet | None
) -> dict[str, list[Path]]:
    """Files, by name, that may be the recorded inputs of a step."""
    earlier = {"clones": ("counts",), "phylogeny": ("clones",), "drivers": ("counts", "phylogeny")}
    paths = [path for name in earlier.get(step, ()) for path in (folder / name).glob("*")]
    parts = [
        record["parameters"],
        *(part for part in record["parameters"].values() if isinstance(part, dict)),
    ]
    paths += [Path(value) for part in parts for value in part.values() if isinstance(value, str)]
    if sheet is not None:
        paths += [path for row in sheet.rows(patient) for path in row.files]
    found: dict[str, list[Path]] = {}
    for path in paths:
        if path.is_file():
            found.setdefault(path.name, []).append(path)
    return found


def _check_inputs(record: dict[str, Any], candidates: dict[str, list[Path]]) -> tuple[list[str], list[str]]:
    """Names of inputs whose checksum no candidate has, and of inputs that are nowhere."""
    changed, unknown = [], []
    for one in record["inputs"]:
        paths = candidates.get(one["name"], [])
        if not paths:
            unknown.append(one["name"])
        elif one["sha256"] not in map(sha256, paths):
            changed.append(one["name"])
    return changed, unknown


def _recompute(
    patient: str, step: str, there: Path, new: Path, command: Sequence[str], wanted: Sequence[str]
) -> Verdict:
    """Run a subcommand and compare what it wrote into `new` with the files `there`."""
    from truncal.cli import main

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            code = main([*command, "--quiet"])
    except Exception as error:
        code, text = 1, f"{type(error).__name__}: {error}"
    else:
        text = said.getvalue().strip().replace("\n", "; ")
    if code != 0:
        return Verdict(patient, step, DIFFERS, f"cannot be recomputed: {text}")
    written = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    names = sorted({*wanted, *(written if step in (*STEPS, "cohort") else ())})
    missing = [name for name in names if not (there / name).is_file()]
    differing, notes = [], set()
    for name in names:
        if name in missing or not (new / name).is_file():
            continue
        same, note = _compare(there / name, new / name)
        notes |= {note} if note else set()
        if not same:
            differing.append(name)
    strange = _strange(there, names) if step in STEPS else []
    details = [f"lacks {_listed(missing)}"] if missing else []
    details += [f"differs: {_listed(differing)}"] if differing else []
    details += [f"not made by this step: {_listed(strange)}"] if strange else []
    state = DIFFERS if details else SAME
    return Verdict(patient, step, state, "; ".join([*details, *sorted(notes)]))


def _strange(folder: Path, names: Iterable[str]) -> list[str]:
    """Files of a step's folder that the step does not write; hidden ones are leftovers of a killed run."""
    known = set(names)
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in known and not Path(name).name.startswith("."))


def _compare(old: Path, new: Path) -> tuple[bool, str]:
    """Whether two files agree, and what to say; records may name other versions that gave the same."""
    if old.read_bytes() == new.read_bytes():
        return True, ""
    if old.name not in ("step.json", "patient.json"):
        return False, ""
    try:
        before, after = (json.loads(path.read_text(encoding="utf-8")) for path in (old, new))
    except ValueError:
        return False, ""
    if not isinstance(before, dict):
        return False, ""
    ran = _other_versions(before) if old.name == "step.json" else []
    rest = [
        {key: value for key, value in one.items() if key not in _DESCRIBES_RUN} for one in (before, after)
    ]
    return rest[0] == rest[1], f"made with {', '.join(ran)}" if ran else ""


def _other_versions(record: dict[str, Any]) -> list[str]:
    """`numpy 2.4.5 (here 2.4.6)` for everything that differs from what runs now."""
    here = {SOFTWARE["name"]: SOFTWARE["version"], **environment()}
    software = record.get("software", {})
    then = {software.get("name", ""): software.get("version"), **record.get("environment", {})}
    return [
        f"{name} {then[name]} (here {here[name]})"
        for name in here
        if then.get(name, here[name]) != here[name]
    ]


def _listed(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
