"""Where the files that ship with the package are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parents[1]


def resource(name: str) -> Path:
    """Path of a shipped resource, e.g. `resistance.tsv`."""
    return _first(_PACKAGE / "resources" / name, _CHECKOUT / "resources" / name)


def schema(name: str) -> Path:
    """Path of a shipped JSON schema, e.g. `samples.schema.json`."""
    return _first(_PACKAGE / "schemas" / name, _CHECKOUT / "workflow" / "schemas" / name)


def _first(*candidates: Path) -> Path:
    for path in candidates:
        if path.exists():
            return path
    raise FileNotFoundError(f"the installation lacks {candidates[0].name}")
