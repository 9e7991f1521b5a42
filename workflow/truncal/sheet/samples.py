"""The sample sheet: read and checked as a whole, every fault with its row and column."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from truncal.errors import Fault, Faults, UserError
from truncal.paths import schema
from truncal.sheet.columns import check_column
from truncal.tables import Table, read_table

TYPO_SIMILARITY = 0.82
"""An unknown column this similar to a known one is taken for a slip of the pen."""

SEX = {"female": "female", "XX": "female", "male": "male", "XY": "male"}


@dataclass(frozen=True)
class Sample:
    """One row of the sheet; `row` is its line in the file. Paths are absolute, missing values None."""

    patient: str
    sample: str
    row: int
    vcf: Path | None = None
    counts: Path | None = None
    vcf_sample: str | None = None
    segments: Path | None = None
    purity: float | None = None
    ploidy: float | None = None
    sex: str | None = None
    bam: Path | None = None
    site: str | None = None
    timepoint: int | None = None
    day: float | None = None
    kind: str = "tissue"

    @property
    def files(self) -> list[Path]:
        """Files that the row names."""
        named = (self.vcf, self.counts, self.segments, self.bam)
        return [path for path in named if path is not None]

    @property
    def called(self) -> list[str]:
        """What the sample may be called in its files."""
        return [self.sample, *([self.vcf_sample] if self.vcf_sample else [])]

    def as_dict(self) -> dict[str, Any]:
        """What the row says, ready for JSON; its place in the sheet is left out."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "row"}
        return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def names_of_others(row: Sample, rows: Sequence[Sample], column: str) -> list[str]:
    """What a patient's other samples may be called: a file that is named so is another sample's by mistake.

    Samples whose row gives the same file in `column` are left out: they share it on purpose.
    """
    file = getattr(row, column)
    return [name for one in rows if getattr(one, column) != file for name in one.called]


@dataclass(frozen=True)
class Sheet:
    """All samples in the order of the sheet; `ignored` names columns that mean nothing to truncal."""

    path: Path
    samples: list[Sample]
    ignored: list[str] = field(default_factory=list)

    @cached_property
    def _by_patient(self) -> dict[str, list[Sample]]:
        groups: dict[str, list[Sample]] = {}
        for sample in self.samples:
            groups.setdefault(sample.patient, []).append(sample)
        return groups

    @property
    def patients(self) -> list[str]:
        """Patients in order of first appearance."""
        return list(self._by_patient)

    def rows(self, patient: str) -> list[Sample]:
        """Samples of a patient, in order.

        Raises
        ------
        UserError
            the sheet has no such patient.

        """
        if patient not in self._by_patient:
            known = self.patients
            shown = ", ".join(known[:20]) + (" ..." if len(known) > 20 else "")
            raise UserError(Fault(f"has no patient {patient}; found {shown}", self.path, column="patient"))
        return self._by_patient[patient]

    def files(self, patient: str) -> list[str]:
        """Files that a patient's rows name, each once."""
        return list(dict.fromkeys(str(path) for sample in self.rows(patient) for path in sample.files))


@lru_cache(maxsize=1)
def sheet_schema() -> dict[str, Any]:
    """The sample sheet's JSON schema."""
    return json.loads(schema("samples.schema.json").read_text(encoding="utf-8"))


def read_sheet(path: str | Path) -> Sheet:
    """Read a sample sheet and check it against the schema and against itself.

    Files are only checked for being there; what is in them is the counts step's business.

    Raises
    ------
    UserError
        with all faults of the sheet at once: wrong columns, values out of range, files that are missing,
        repeated samples, both or neither of `vcf` and `counts`, rows of a patient that disagree.

    """
    path = Path(path)
    rules = sheet_schema()
    known = rules["properties"]
    faults = Faults()
    table = read_table(path, rules["required"], empty_ok=False, what="sample sheet", faults=faults)
    for name, column in table.columns.items():  # blanks at either end are never meant
        table.columns[name] = [value.strip() or None if value else None for value in column]
    ignored, slips = _unknown_columns(table, list(known), faults)
    values: dict[str, list[Any]] = {}
    for name, rule in known.items():
        if name not in table:
            values[name] = [rule.get("default")] * len(table)
            continue
        required = name in rules["required"] and name not in table.absent
        values[name] = check_column(table, name, rule, faults, required=required)
    for name in ("vcf", "counts", "segments", "bam"):
        if name in table:
            values[name] = _paths(values[name], name, table, path, faults)
    values["sex"] = [SEX.get(value) for value in values["sex"]]
    names = list(known)
    samples = [
        Sample(row=table.line(index), **dict(zip(names, row, strict=True)))
        for index, row in enumerate(zip(*values.values(), strict=True))
    ]
    if "vcf" in table or "counts" in table:
        _check_sources(samples, path, faults)
    elif not table.absent and not slips & {"vcf", "counts"}:
        faults.add("lacks a column vcf or counts", path, 1)
    _check_patients(samples, path, faults)
    faults.found.sort(key=lambda fault: fault.row or 0)
    faults.raise_if_any()
    return Sheet(path, samples, ignored)


def _unknown_columns(table: Table, known: list[str], faults: Faults) -> tuple[list[str], set[str]]:
    """Columns without a meaning, and the names that slips of the pen were meant to be."""
    ignored, slips = [], set()
    for name in table.columns:
        if name in known:
            continue
        meant = get_close_matches(name.lower(), known, n=1, cutoff=TYPO_SIMILARITY)
        if meant and (meant[0] not in table or meant[0] in table.absent):
            faults.add(f"unknown column {name}; did you mean {meant[0]}?", table.file, 1, name)
            slips.add(meant[0])
        else:
            ignored.append(name)
    return ignored, slips


def _paths(
    values: list[str | None], name: str, table: Table, sheet: Path, faults: Faults
) -> list[Path | None]:
    folder = sheet.resolve().parent
    seen: dict[str, Path | None] = {}
    out: list[Path | None] = []
    for index, value in enumerate(values):
        if value is None:
            out.append(None)
            continue
        if value not in seen:
            file = folder / _expanded(value)
            seen[value] = file if is_file(file) else None
        if seen[value] is None:
            what = "is a folder, not a file" if is_folder(folder / _expanded(value)) else "no such file"
            text = f"{what}: {value} (relative paths start at the sheet's folder)"
            faults.add(text, sheet, table.line(index), name)
        out.append(seen[value] or folder / value)
    return out


def _expanded(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:  # `~somebody` that the machine does not know
        return Path(name)


def is_file(path: Path) -> bool:
    """Whether a file is there; a name that no file can have is not an error."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or not allowed
        return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there; a name that no folder can have is not an error."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _check_sources(samples: list[Sample], sheet: Path, faults: Faults) -> None:
    for sample in samples:
        if sample.vcf is not None and sample.counts is not None:
            faults.add("has both vcf and counts; exactly one is expected", sheet, sample.row, "vcf")
        elif sample.vcf is None and sample.counts is None:
            faults.add("has neither vcf nor counts; exactly one is expected", sheet, sample.row, "vcf")


def _check_patients(samples: list[Sample], sheet: Path, faults: Faults) -> None:
    """Rows of a patient must not repeat a sample and must agree on sex and on where counts come from."""
    groups: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.patient is not None and sample.sample is not None:  # else that fault is named already
            groups[sample.patient].append(sample)
    for patient, rows in groups.items():
        seen: dict[str, int] = {}
        for sample in rows:
            if sample.sample in seen:
                faults.add(
                    f"repeats sample {sample.sample} of patient {patient} (row {seen[sample.sample]})",
                    sheet,
                    sample.row,
                    "sample",
                )
            seen.setdefault(sample.sample, sample.row)
        stated = next((sample for sample in rows if sample.sex), None)
        for sample in rows:
            if stated and sample.sex and sample.sex != stated.sex:
                faults.add(
                    f"{sample.sex}, but row {stated.row} says {stated.sex} for patient {patient}",
                    sheet,
                    sample.row,
                    "sex",
                )
        first = rows[0]
        for sample in rows[1:]:
            if sample.counts != first.counts and not (sample.vcf and sample.counts):
                faults.add(
                    f"patient {patient} must have the same counts table on every row (row {first.row} has "
                    f"{first.counts.name if first.counts else 'none'})",
                    sheet,
                    sample.row,
                    "counts",
                )
        _check_columns_used_once(rows, patient, sheet, faults)


def _check_columns_used_once(rows: list[Sample], patient: str, sheet: Path, faults: Faults) -> None:
    used: dict[tuple[Path, str], int] = {}
    for sample in rows:
        if sample.vcf is None or sample.vcf_sample is None:
            continue
        key = (sample.vcf, sample.vcf_sample)
        if key in used:
            faults.add(
                f"{sample.vcf_sample} of {sample.vcf.name} is already the sample of row {used[key]}",
                sheet,
                sample.row,
                "vcf_sample",
            )
        used.setdefault(key, sample.row)
