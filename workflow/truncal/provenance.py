"""`step.json`: what a step was given, how it was set, what ran it and what it has to say."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truncal import __version__
from truncal.errors import Faults
from truncal.step_files import STEP_FILES
from truncal.tables import write_json

if TYPE_CHECKING:
    from truncal.sheet.samples import Sample

SOFTWARE = {"name": "truncal", "version": __version__}

LIBRARIES = ("numpy", "scipy", "numba", "pysam", "cyvcf2")
"""Libraries whose version may change a result."""

_READS = (".bam", ".cram")
_END = 1 << 20


def sha256(path: str | Path) -> str:
    """Checksum of a file; of its size, first and last MiB for BAM and CRAM, which may hold many GB."""
    path = Path(path)
    with path.open("rb") as handle:
        if path.suffix.lower() not in _READS:
            return hashlib.file_digest(handle, "sha256").hexdigest()
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode() + handle.read(_END))
        handle.seek(max(size - _END, 0))
        digest.update(handle.read(_END))
        return digest.hexdigest()


@lru_cache(maxsize=1)
def environment() -> dict[str, str]:
    """Versions of Python and the libraries that compute, and the platform; nothing names the machine."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version(), "platform": f"{sys.platform}-{platform.machine()}"}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def sections(settings: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The complete sections of the settings that a step depends on, for its `parameters`."""
    return {name: settings[name] for name in names if name in settings}


def sheet_rows(rows: Iterable[Sample]) -> list[dict[str, Any]]:
    """What the sample sheet says of a patient, files by name; the other patients are not its business."""
    record = []
    for row in rows:
        files = {path.as_posix(): path.name for path in row.files}
        said = row.as_dict().items()
        record.append({name: files.get(str(value), value) for name, value in said if value is not None})
    return record


def write_step(
    directory: str | Path,
    step: str,
    *,
    parameters: Mapping[str, Any],
    inputs: Iterable[str | Path],
    warnings: Iterable[tuple[str, str]] = (),
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Write a step's `step.json`; `warnings` are (code, sentence) pairs, `inputs` existing files.

    `parameters` are whole sections of the settings (`sections`), and `seed` and `samples` where they count.
    It is the step's last file and holds the checksums of the others, by which a later step knows them whole.
    """
    written = (Path(directory) / name for name in STEP_FILES[step] if name != "step.json")
    write_json(
        Path(directory) / "step.json",
        {
            "step": step,
            "software": SOFTWARE,
            "environment": environment(),
            "parameters": dict(parameters),
            "inputs": _checksums(inputs),
            "outputs": _checksums(path for path in written if path.is_file()),
            "warnings": [{"code": code, "text": text} for code, text in warnings],
            "summary": dict(summary or {}),
        },
    )


def _checksums(paths: Iterable[str | Path]) -> list[dict[str, str]]:
    return [{"name": Path(path).name, "sha256": sha256(path)} for path in paths]


def check_whole(*folders: Path) -> None:
    """Refuse files that are not those the step of their folder wrote; folders without a record are let pass.

    Raises
    ------
    UserError
        a file was cut short, edited or lost after its step; all such files at once.

    """
    faults = Faults()
    for folder in folders:
        for path in damaged(folder):
            faults.add("is not what its step wrote (cut short, edited or lost); run the step again", path)
    faults.raise_if_any()


def damaged(folder: Path) -> list[Path]:
    """Files of a step's folder that differ from its record, the record itself if it cannot be read."""
    try:
        wanted = {one["name"]: one["sha256"] for one in read_step(folder).get("outputs", [])}
    except (ValueError, TypeError, KeyError, AttributeError):
        return [folder / "step.json"]
    paths = {folder / name: checksum for name, checksum in wanted.items()}
    return [path for path, checksum in paths.items() if not path.is_file() or sha256(path) != checksum]


def read_step(directory: str | Path) -> dict[str, Any]:
    """Read a step's `step.json`; an empty record where there is none (files not made by this step)."""
    path = Path(directory) / "step.json"
    if not path.exists():
        return {"parameters": {}, "inputs": [], "warnings": [], "summary": {}}
    return json.loads(path.read_text(encoding="utf-8"))
