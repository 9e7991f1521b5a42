"""Chromium for the pages: offline, every request, console error and page error on record."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from synthetic import make_document

from truncal.report.page import report_html

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict[str, Any]:
    """The system's Chromium instead of a downloaded one; the tests are skipped where there is none."""
    return {"executable_path": chromium, "args": FLAGS, "headless": True}


@pytest.fixture
def watched(page: Any) -> Iterator[dict[str, list[str]]]:
    """Requests to anything but files, console errors and page errors of the test's page."""
    seen: dict[str, list[str]] = {"requests": [], "errors": []}

    def note(request: Any) -> None:
        if not request.url.startswith(("file:", "blob:", "data:")):
            seen["requests"].append(request.url)

    page.on("request", note)
    page.on(
        "console", lambda one: seen["errors"].append(one.text) if one.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: seen["errors"].append(str(error)))
    yield seen
    assert seen == {"requests": [], "errors": []}


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Path of the page of a made-up patient; each kind is drawn once."""
    folder = tmp_path_factory.mktemp("pages")

    def page_of(**how: Any) -> Path:
        path = folder / (json.dumps(how, sort_keys=True).encode().hex()[:180] + ".html")
        if not path.exists():
            path.write_text(report_html(make_document(**how)), encoding="utf-8")
        return path

    return page_of
