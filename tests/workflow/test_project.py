"""The project's own files agree with each other."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml


def test_conda_environment_has_every_dependency_of_pyproject(project: Path) -> None:
    """`--sdm conda` must bring what `pip install` brings, at the same lower bounds."""
    wanted = tomllib.loads((project / "pyproject.toml").read_text())["project"]["dependencies"]
    environment = yaml.safe_load((project / "envs" / "truncal.yaml").read_text())["dependencies"]
    names = {"snakemake": "snakemake-minimal"}
    expected = set()
    for requirement in wanted:
        name, bound = re.match(r"([\w-]+)\s*(>=[\w.]+)", requirement).groups()
        expected.add(f"{names.get(name, name).lower()} {bound}")
    assert expected | {"python >=3.11"} == set(environment)


def test_constraints_pin_every_direct_dependency(project: Path) -> None:
    """What CI installs is pinned."""
    data = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (project / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    for requirement in data["dependencies"] + data["optional-dependencies"]["dev"]:
        name = re.match(r"[\w-]+", requirement).group()
        assert name.lower().replace("_", "-") in pinned, name


def test_no_machine_paths_or_registry_hosts(project: Path) -> None:
    """The project speaks of itself alone."""
    pattern = re.compile(r"(?<![\w.])/(?:work|root|home)/[a-z]|index-url|simple/|registry\.")
    listed = subprocess.run(["git", "ls-files"], cwd=project, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for path in (project / name for name in listed.stdout.splitlines()):
        if "vendor" in path.parts or path.name == "test_project.py" or not path.is_file():
            continue
        if path.suffix not in {".py", ".smk", ".md", ".yaml", ".toml", ".txt", ".json", ".sh", ""}:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        assert not pattern.search(text), f"{path.relative_to(project)}: {pattern.search(text).group()}"
