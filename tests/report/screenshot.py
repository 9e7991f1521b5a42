"""Picture of a page: `screenshot.py PAGE.html PICTURE.png [WIDTH HEIGHT|full light|dark]`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]


def shoot(page: Path, picture: Path, width: int, height: str, scheme: str) -> None:
    """Write the picture; `full` takes the whole page."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        size = {"width": width, "height": 900 if height == "full" else int(height)}
        tab = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        tab.goto(page.resolve().as_uri())
        tab.wait_for_selector("html[data-interactive]")
        tab.screenshot(path=picture, full_page=height == "full")
        browser.close()


if __name__ == "__main__":
    given = [*sys.argv[1:], *["1280", "900", "light"][len(sys.argv) - 3 :]]
    shoot(Path(given[0]), Path(given[1]), int(given[2]), given[3], given[4])
