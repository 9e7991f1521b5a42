"""What the Snakefile asks of the package: settings, sheet, files and resources, without any heavy import."""

from __future__ import annotations

import hashlib
import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from truncal import __version__
from truncal.errors import Faults, UserError
from truncal.progress import LOGGED
from truncal.sheet.samples import Sheet, is_file, is_folder, read_sheet
from truncal.sheet.settings import complete_settings
from truncal.tables import atomic, write_rows

BASE_MEMORY_MB = 1500
"""A step's need on an exome, with the ~500 MB that a job's own Snakemake takes."""

MEMORY_PER_INPUT_MB = 12
"""Further memory (MB) for each MB of VCF or table."""


@dataclass(frozen=True)
class Plan:
    """A run of the workflow: complete settings, the validated sheet and where things are."""

    given: Mapping[str, Any]
    settings: Mapping[str, Any]
    sheet_path: str
    sheet: Sheet

    @classmethod
    def from_config(cls, config: Mapping[str, Any], project: Path, *, tables: bool = False) -> Plan:
        """Check the config and read the sheet.

        A relative sheet is looked for in the working directory, then beside the Snakefile (`project`). With
        `tables` the tables that the settings name are read too, which a job of the workflow need not repeat.

        Raises
        ------
        UserError
            settings are not what the schema allows; or the sheet, the folder of the results or files that
            settings name are faulty, all at once.

        """
        given = dict(config)
        settings = complete_settings(given, "config")
        path = Path(settings["samples"])
        if not path.exists() and (project / path).exists():
            path = project / path
        faults = Faults()
        sheet = None
        if not path.exists():
            faults.add(f"samples: no such sample sheet: {settings['samples']}", "config")
        else:
            try:
                sheet = read_sheet(path)
            except UserError as error:
                faults.extend(error)
        if not settings["outdir"].strip() or set("{}\n\r\0") & set(settings["outdir"]):
            faults.add("outdir: expected the name of a folder without braces and line breaks", "config")
        elif is_file(Path(settings["outdir"])):
            faults.add(f"outdir: is a file, not a folder: {settings['outdir']}", "config")
        for name, file in _named_files(settings).items():
            if not is_file(Path(file)):
                what = "is a folder, not a file" if is_folder(Path(file)) else "no such file"
                faults.add(f"{name}: {what}: {file}", "config")
        if tables:
            from truncal.drivers.preflight import check_tables

            try:
                check_tables(settings, missing_ok=True)
            except UserError as error:
                faults.extend(error)
        if faults.found or sheet is None:
            raise UserError(faults.found)
        return cls(given, settings, str(path), sheet)

    @property
    def outdir(self) -> str:
        """Folder of the results, without a trailing slash."""
        return str(Path(self.settings["outdir"]))

    @cached_property
    def patients(self) -> list[str]:
        """Patients in the order of the sheet."""
        return list(self.sheet.patients)

    def files(self, patient: str) -> list[str]:
        """Input files of a patient's counts."""
        return self.sheet.files(patient)

    @property
    def driver_files(self) -> list[str]:
        """Files that the drivers step reads beside the earlier steps' results."""
        return [file for name, file in _named_files(self.settings).items() if not name.startswith("reads.")]

    def rows_digest(self, patient: str) -> str:
        """Digest of a patient's rows of the sheet: only a patient whose rows changed runs anew."""
        if patient not in self._digests:
            text = json.dumps([row.as_dict() for row in self.sheet.rows(patient)], sort_keys=True)
            self._digests[patient] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return self._digests[patient]

    def arguments(self, *sections: str) -> list[str]:
        """Arguments of a step that depends on these sections of the config.

        As they are the rule's params, a change of a setting or of the version reruns what depends on it.
        """
        chosen = {name: self.given[name] for name in sections if name in self.given}
        return [
            "--settings",
            json.dumps(chosen, sort_keys=True),
            "--seed",
            str(self.settings["seed"]),
        ]

    @property
    def version(self) -> str:
        """Version of the software, a param of every rule."""
        return __version__

    def memory_mb(self, patient: str) -> int:
        """Memory (MB) for a patient's job at the first attempt."""
        return BASE_MEMORY_MB + round(MEMORY_PER_INPUT_MB * self._input_mb(patient))

    def minutes(self, patient: str) -> int:
        """Run time (minutes) for a step of a patient at the first attempt; a cluster job asks for the sum."""
        return 2 + round(2 * self._input_mb(patient))

    def _input_mb(self, patient: str) -> float:
        # asked anew for every job that could start, each time one ends
        if patient not in self._sizes:
            tables = [Path(path) for path in self.files(patient) if not path.endswith((".bam", ".cram"))]
            self._sizes[patient] = sum(path.stat().st_size for path in tables if path.exists()) / 1e6
        return self._sizes[patient]

    @cached_property
    def _sizes(self) -> dict[str, float]:
        return {}

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {}


def is_whole(folder: Path) -> bool:
    """Whether a patient's folder holds the result of every step (a step that failed leaves none)."""
    steps = ("counts", "clones", "phylogeny", "drivers")
    wanted = [folder / step / "step.json" for step in steps] + [
        folder / "patient.json",
        folder / "report.html",
    ]
    return all(path.is_file() for path in wanted)


def withdraw_damaged(outdir: str, patients: list[str]) -> list[str]:
    """Take away the record of steps whose files are no longer those they wrote, so that they run again.

    Only patients without a result are looked at; gives what was found, a sentence a file.
    """
    from truncal.provenance import damaged

    said = []
    for folder in (Path(outdir, patient) for patient in patients):
        if is_whole(folder):
            continue
        for step in ("counts", "clones", "phylogeny", "drivers"):
            for path in damaged(folder / step):
                (folder / step / "step.json").unlink(missing_ok=True)
                said.append(f"{path} is damaged; its step runs again with the next start")
        document = folder / "patient.json"
        if document.is_file() and not document.read_bytes().endswith(b"}\n"):
            document.unlink()
            said.append(f"{document} is damaged; its step runs again with the next start")
    return said


def failure_reason(logs: Path) -> str:
    """Why a patient has no result, from its logs: the faults, or the last line of a traceback."""
    for log in sorted(logs.glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True):
        lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
        faults = [line.removeprefix("truncal: ") for line in lines if line.startswith("truncal: ")]
        if faults:
            more = f" (and {len(faults) - 3} more)" if len(faults) > 3 else ""
            return f"{log.stem}: {'; '.join(faults[:3])}{more}"
        if "Traceback (most recent call last):" in lines:
            return f"{log.stem}: {lines[-1]}"
    return "the run ended before its steps were done"


def write_failed(outdir: str, patients: list[str], failed: Path, listed: Path) -> int:
    """Write the table `patient reason` of the patients without a result, and the list of the others' folders.

    Gives the number without a result.
    """
    whole = [patient for patient in patients if is_whole(Path(outdir, patient))]
    with atomic(listed) as handle:
        handle.writelines(f"{Path(outdir, patient)}\n" for patient in whole)
    write_rows(
        failed,
        ("patient", "reason"),
        [
            {"patient": patient, "reason": failure_reason(Path(outdir, "logs", patient))}
            for patient in patients
            if patient not in set(whole)
        ],
    )
    return len(patients) - len(whole)


def _named_files(settings: Mapping[str, Any]) -> dict[str, str]:
    """Files that the settings name, by the setting."""
    named = {name: settings[name] for name in ("fusions", "treatments")}
    named |= {f"drivers.{name}": settings["drivers"][name] for name in ("table", "extend", "civic", "oncokb")}
    named |= {f"reads.{name}": settings["reads"][name] for name in ("blacklist", "reference", "gff3")}
    return {name: str(file) for name, file in named.items() if file}


def shell_prefix(package_parent: Path, python: str = sys.executable) -> str:
    """Start of every shell command: `truncal` is the package beside this workflow, run by `python`.

    Works where the environment is not activated and where the package itself is not installed. Braces are
    doubled, as Snakemake formats the prefix once more.
    """
    command = f"{shlex.quote(python)} -P -m truncal"
    text = (
        f"set -euo pipefail; export {LOGGED}=1 PYTHONPATH={shlex.quote(str(package_parent))}"
        '"${PYTHONPATH:+:$PYTHONPATH}"; '
        f'truncal() {{ {command} "$@"; }}; '
    )
    return text.replace("{", "{{").replace("}", "}}")
