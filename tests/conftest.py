"""What all tests share: where the shared data are, and how a test says that it can't run here."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def shared_folder() -> Path | None:
    """The folder of shared data: `TRUNCAL_SHARED`, or `../shared` beside the checkout."""
    given = os.environ.get("TRUNCAL_SHARED")
    path = Path(given) if given else PROJECT.parent / "shared"
    return path if (path / "data").is_dir() else None


@pytest.fixture(scope="session")
def project() -> Path:
    """Top of the checkout."""
    return PROJECT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of shared data; the test is skipped where it is missing."""
    found = shared_folder()
    if found is None:
        pytest.skip("no shared data: set TRUNCAL_SHARED or put the folder at ../shared")
    return found


@pytest.fixture(scope="session")
def bcftools() -> str:
    """Path of bcftools; the test is skipped where it is missing."""
    return _tool("bcftools", "apt-get install bcftools")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of Chromium; the test is skipped where it is missing."""
    return _tool("chromium", "apt-get install chromium")


def _tool(name: str, how: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} on this machine ({how})")
    return found


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With TRUNCAL_NO_SKIP set (as in CI), a skipped test fails the run."""
    if not os.environ.get("TRUNCAL_NO_SKIP"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if skipped and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"TRUNCAL_NO_SKIP is set and {len(skipped)} tests were skipped", red=True)
