"""Settings: the config with its defaults filled in and checked against the schema, all faults at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from truncal.errors import Fault, Faults, UserError
from truncal.paths import schema


@lru_cache(maxsize=1)
def config_schema() -> dict[str, Any]:
    """The config's JSON schema."""
    return json.loads(schema("config.schema.json").read_text(encoding="utf-8"))


def load_settings(path: str | Path | None = None) -> dict[str, Any]:
    """Settings of a YAML or JSON file, or of JSON itself (`{...}`); the defaults where there is none.

    Raises
    ------
    UserError
        the file is missing or not YAML, or a value is not what the schema allows; all faults at once.

    """
    if path is None:
        return complete_settings({})
    import yaml

    if str(path).lstrip().startswith("{"):
        return _from_text(str(path))
    try:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(Fault("no such settings file", path)) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        first = str(error).splitlines()[0]
        raise UserError(Fault(f"cannot be read as YAML or JSON: {first}", path)) from error
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise UserError(Fault("is not a mapping of settings", path))
    return complete_settings(given, path)


def _from_text(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(Fault(f"cannot be read as JSON: {error}", "settings")) from error
    return complete_settings(given, "settings")


def complete_settings(given: Mapping[str, Any], file: str | Path | None = None) -> dict[str, Any]:
    """Check settings against the schema and fill in the defaults.

    Raises
    ------
    UserError
        a key is unknown or a value is not what the schema allows; all faults at once.

    """
    check_settings(given, file)
    return _filled(config_schema(), deepcopy(dict(given)))


def check_settings(given: Mapping[str, Any], file: str | Path | None = None) -> None:
    """Raise `UserError` with every setting that the schema does not allow."""
    if not given:
        return
    from jsonschema import Draft202012Validator

    faults = Faults()
    for error in sorted(
        Draft202012Validator(config_schema()).iter_errors(given), key=lambda found: list(map(str, found.path))
    ):
        key = ".".join(map(str, error.path)) or "(top level)"
        faults.add(f"{key}: {error.message}", file)
    faults.raise_if_any()


def _filled(part: Mapping[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    for name, child in part["properties"].items():
        if child.get("type") == "object" and "properties" in child:
            value[name] = _filled(child, value.get(name) or {})
        elif name not in value and "default" in child:
            value[name] = deepcopy(child["default"])
    return value
