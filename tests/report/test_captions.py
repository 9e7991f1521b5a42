"""Captions of the workflow's report: they render, state the live setting, and fall back on the default."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import jinja2
import pytest

from truncal.sheet.settings import load_settings

FOLDER = Path(__file__).resolve().parents[2] / "workflow" / "report"
CAPTIONS = sorted(FOLDER.glob("*.rst"))


def rendered(path: Path, config: dict) -> str:
    snakemake = SimpleNamespace(config=config, wildcards=SimpleNamespace(patient="P1"))
    text = path.read_text(encoding="utf-8")
    return jinja2.Template(text, undefined=jinja2.StrictUndefined).render(snakemake=snakemake)


@pytest.mark.parametrize("path", CAPTIONS, ids=lambda path: path.stem)
def test_fallbacks_are_the_defaults_of_the_schema(path: Path) -> None:
    settings = load_settings()
    bare, filled = rendered(path, {}), rendered(path, settings)
    assert bare == filled and bare.strip()


def test_the_live_setting_is_stated() -> None:
    text = rendered(FOLDER / "workflow.rst", {"clonality": {"clonal_above": 0.77}})
    assert re.search(r"probability 0\.77 or more", text)
    assert "P1" in rendered(FOLDER / "tree.rst", {})
