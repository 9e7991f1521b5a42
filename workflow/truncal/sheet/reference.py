"""`config/README.md`, made from the schemas so that it can't be out of date.

`python -m truncal.sheet.reference > config/README.md` writes it; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truncal.sheet.samples import sheet_schema
from truncal.sheet.settings import config_schema

_INTRODUCTION = """# Configuration

Made from `workflow/schemas/*.schema.json` by `python -m truncal.sheet.reference > config/README.md`; edit the
schemas, not this file. `truncal check --samples SHEET [--settings FILE] [--files]` says all that is wrong
with sheet and settings at once, and with `--files` opens the files that the sheet names. Their formats:
`docs/inputs.md`, `docs/copy-number.md`.
"""


def document() -> str:
    """Text of `config/README.md`."""
    return "\n".join([_INTRODUCTION, *_sheet(), *_config()]) + "\n"


def _sheet() -> Iterator[str]:
    rules = sheet_schema()
    yield "## Sample sheet\n"
    yield f"{rules['description']} Other columns are ignored.\n"
    yield "| column | values | needed | what it says |"
    yield "|---|---|---|---|"
    for name, rule in rules["properties"].items():
        needed = "yes" if name in rules["required"] else "one of the two" if name in ("vcf", "counts") else ""
        yield f"| `{name}` | {_values(rule)} | {needed} | {_cell(rule['description'])} |"
    yield ""
    yield "A patient with one sample runs; the report then says what a single sample cannot tell.\n"


def _config() -> Iterator[str]:
    rules = config_schema()
    yield "## Settings\n"
    yield "`config/config.yaml` for the workflow, `--settings FILE` for a single step.\n"
    yield from _settings(rules)


def _settings(rules: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    sections = {
        name: rule
        for name, rule in rules["properties"].items()
        if rule.get("type") == "object" and "properties" in rule
    }
    plain = {name: rule for name, rule in rules["properties"].items() if name not in sections}
    if plain:
        yield "| key | values | default | what it does |"
        yield "|---|---|---|---|"
        for name, rule in plain.items():
            yield f"| `{prefix}{name}` | {_values(rule)} | {_default(rule)} | {_cell(rule['description'])} |"
        yield ""
    for name, rule in sections.items():
        yield f"### {prefix}{name}\n"
        yield f"{rule['description']}\n"
        yield from _settings(rule, f"{prefix}{name}.")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _default(rule: Mapping[str, Any]) -> str:
    if "default" not in rule:
        return ""
    value = rule["default"]
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(f"`{part}`" for part in value) or "empty"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _values(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return ", ".join("none" if value is None else f"`{value}`" for value in rule["enum"])
    kinds = rule["type"] if isinstance(rule.get("type"), list) else [rule.get("type", "any")]
    words = {
        "string": "text",
        "number": "number",
        "integer": "integer",
        "boolean": "`true`, `false`",
        "array": "list",
    }
    named = [words.get(kind, kind) for kind in kinds if kind != "null"]
    if rule.get("format") == "path":
        named = ["file"]
    if "null" in kinds:
        named.append("none")
    low, high = rule.get("minimum"), rule.get("maximum")
    bounds = []
    if "exclusiveMinimum" in rule:
        bounds.append(f"> {rule['exclusiveMinimum']}")
    if low is not None:
        bounds.append(f"≥ {low}")
    if "exclusiveMaximum" in rule:
        bounds.append(f"< {rule['exclusiveMaximum']}")
    if high is not None:
        bounds.append(f"≤ {high}")
    return " or ".join(named) + (f", {' and '.join(bounds)}" if bounds else "")


if __name__ == "__main__":
    print(document(), end="")
