"""`step.json`: what a step was given, how it was set and what it has to say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from truncal import __version__
from truncal.tables import write_json

SOFTWARE = {"name": "truncal", "version": __version__}


def sha256(path: str | Path) -> str:
    """Checksum of a file."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_step(
    directory: str | Path,
    step: str,
    *,
    parameters: Mapping[str, Any],
    inputs: Iterable[str | Path],
    warnings: Iterable[tuple[str, str]] = (),
    summary: Mapping[str, Any] | None = None,
) -> None:
    """Write a step's `step.json`; `warnings` are (code, sentence) pairs, `inputs` existing files."""
    write_json(
        Path(directory) / "step.json",
        {
            "step": step,
            "software": SOFTWARE,
            "parameters": dict(parameters),
            "inputs": [{"name": Path(path).name, "sha256": sha256(path)} for path in inputs],
            "warnings": [{"code": code, "text": text} for code, text in warnings],
            "summary": dict(summary or {}),
        },
    )


def read_step(directory: str | Path) -> dict[str, Any]:
    """Read a step's `step.json`; an empty record where there is none (files not made by this step)."""
    path = Path(directory) / "step.json"
    if not path.exists():
        return {"parameters": {}, "inputs": [], "warnings": [], "summary": {}}
    return json.loads(path.read_text(encoding="utf-8"))
