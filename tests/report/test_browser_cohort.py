"""The cohort's page in real Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from synthetic import make_document
from test_browser_patient import faults

from truncal.report.cohort import run_cohort
from truncal.report.document import write_document


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    patients = []
    for number in range(12):
        name = f"P{number:02d}"
        how = {"hostile": True} if number == 3 else {}
        document = make_document(
            seed=number, clones=2 + number % 9, samples=2, drivers=number % 4 != 1, **{"patient": name, **how}
        )
        write_document(folder / name / "patient.json", document)
        (folder / name / "report.html").write_text("<title>page</title>", encoding="utf-8")
        patients.append(folder / name)
    run_cohort(patients, {"P99": "failed <b>hard</b>"}, folder / "cohort")
    return folder / "cohort" / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_panels_sorting_filter_and_links(page: Any, watched: dict, cohort: Path, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(cohort.as_uri())
    for name in ("verdict", "drivers", "counts", "trees", "quality", "failed"):
        assert page.locator(f"section#{name}").is_visible(), name
    assert "failed <b>hard</b>" in page.inner_text("#failed")
    assert page.evaluate("window.broken") is None
    assert page.locator("#trees figure svg").count() == 12
    page.click("#table-quality th:nth-child(5) button")
    clones = [int(text) for text in page.locator("#table-quality tbody td:nth-child(5)").all_inner_texts()]
    assert clones == sorted(clones)
    page.click("#table-quality th:nth-child(5) button")
    assert page.locator("#table-quality tbody td:nth-child(5)").first.inner_text() == "10"
    page.fill("#search", "P05")
    assert page.locator("#table-quality tbody tr:visible").count() == 1
    assert "q=P05" in page.url
    assert faults(page) == []
    with page.expect_navigation():
        page.click("#table-quality tbody tr:visible a")
    assert page.title() == "page"


def test_narrow_screens_do_not_overflow(page: Any, watched: dict, cohort: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(cohort.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_javascript(browser: Any, cohort: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(cohort.as_uri())
    assert page.locator("#drivers svg").is_visible() and page.locator("#table-quality tbody tr").count() == 12
    context.close()
