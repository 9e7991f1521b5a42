"""Settings: the config with its defaults filled in and checked against the schema, all faults at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

from truncal.errors import Fault, Faults, UserError
from truncal.paths import schema
from truncal.tables import unreadable


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
        first = unreadable(error).splitlines()[0]
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
        path = [str(part) for part in error.path]
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = list(error.schema["properties"])
            for name in map(str, error.instance):
                if name not in known:
                    faults.add(f"{'.'.join([*path, name])}: {_unknown(name, known)}", file)
            continue
        faults.add(f"{'.'.join(path) or '(top level)'}: {error.message}", file)
    faults.raise_if_any()


def _unknown(name: str, known: list[str]) -> str:
    """What to say of a setting that there is none of: the one that was meant, or where it belongs."""
    meant = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    if meant:
        return f"no such setting; did you mean {meant[0]}?"
    found = _places(name, config_schema())
    return f"no such setting{' here; did you mean ' + found[0] + '?' if len(found) == 1 else ''}"


def _places(name: str, part: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Full names of all settings that are called `name`."""
    found = []
    for key, child in part["properties"].items():
        if key == name:
            found.append(f"{prefix}{key}")
        if "properties" in child:
            found += _places(name, child, f"{prefix}{key}.")
    return found


def _filled(part: Mapping[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    for name, child in part["properties"].items():
        if child.get("type") == "object" and "properties" in child:
            value[name] = _filled(child, value.get(name) or {})
        elif name not in value and "default" in child:
            value[name] = deepcopy(child["default"])
    return value
