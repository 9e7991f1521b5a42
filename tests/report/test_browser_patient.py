"""A patient's page in real Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthetic import HOSTILE, make_document

PANELS = [
    "verdict", "drivers", "tree", "cells", "proportions", "evidence", "targets", "mutations", "excluded",
    "methods",
]  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"


def go(page: Any, path: Path, fragment: str = "") -> None:
    page.goto(path.as_uri() + fragment)
    page.wait_for_selector("html[data-interactive][data-ready]")


def faults(page: Any) -> list[str]:
    """Serious and critical findings of axe-core."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def opacity(page: Any, selector: str) -> float:
    return float(page.evaluate("s => getComputedStyle(document.querySelector(s)).opacity", selector))


def saved(page: Any, selector: str) -> str:
    with page.expect_download() as waiting:
        page.click(selector)
    return Path(waiting.value.path()).read_text(encoding="utf-8")


def test_every_panel_is_there_without_network_or_errors(
    page: Any, watched: dict, pages: Callable[..., Path]
) -> None:
    go(page, pages(days=True, samples=3))
    for name in PANELS:
        box = page.locator(f"section#{name}")
        assert box.count() == 1 and box.is_visible(), name
        assert len(box.inner_text()) > 30, name
    assert page.locator("#proportions svg").count() == 2, "bars and fish plot"
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built]")


def test_no_fish_plot_without_days(page: Any, watched: dict, pages: Callable[..., Path]) -> None:
    go(page, pages())
    assert page.locator("#proportions svg").count() == 1


def test_a_click_selects_the_clone_in_every_panel_and_in_the_address(
    page: Any, watched: dict, pages: Callable[..., Path]
) -> None:
    go(page, pages())
    page.click('#panel-consensus g.clone[data-clone="2"] .mark + text')
    for panel in ("#tree", "#cells", "#proportions", "#evidence"):
        assert opacity(page, f'{panel} svg [data-clone="2"]') == 1, panel
        assert opacity(page, f'{panel} svg [data-clone="1"]') < 0.5, panel
    assert page.get_attribute('[data-pick="2"]', "aria-pressed") == "true"
    assert "clone=2" in page.url
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built] .tabulator-row")
    chips = page.locator("#grid .tabulator-row .chip").all_inner_texts()
    assert chips and set(chips) == {"2"}
    page.keyboard.press("Escape")
    assert opacity(page, '#tree svg [data-clone="1"]') == 1 and "clone" not in page.url


def test_hover_marks_the_clone_elsewhere(page: Any, watched: dict, pages: Callable[..., Path]) -> None:
    go(page, pages())
    page.hover('[data-pick="3"]')
    assert (
        opacity(page, '#cells svg [data-clone="1"]') < 1 and opacity(page, '#cells svg [data-clone="3"]') == 1
    )


def test_search_finds_a_gene_in_drivers_and_mutations(
    page: Any, watched: dict, pages: Callable[..., Path]
) -> None:
    go(page, pages())
    page.keyboard.press("/")
    page.keyboard.type("t790m")
    assert page.locator("tr.hit").count() == 1
    page.fill("#search", "EGFR")
    page.wait_for_function("document.querySelector('#found').textContent === '2 drivers, 2 mutations'")
    page.wait_for_selector("#grid[data-built]")
    assert page.locator("#grid .tabulator-row").count() == 2
    assert "q=EGFR" in page.url


def test_the_address_brings_the_view_back(page: Any, watched: dict, pages: Callable[..., Path]) -> None:
    go(page, pages(), "#clone=3&tree=tree-2&heat=residual&q=EGFR&pair=0,2")
    assert page.get_attribute('[data-pick="3"]', "aria-pressed") == "true"
    assert page.locator("#panel-tree-2").is_visible() and not page.locator("#panel-consensus").is_visible()
    assert page.locator("#panel-residual").is_visible() and not page.locator("#panel-observed").is_visible()
    assert page.input_value("#search") == "EGFR" and page.input_value("#pair-y") == "2"


def test_alternative_trees_are_one_click_away_and_say_what_changes(
    page: Any, watched: dict, pages: Callable[..., Path]
) -> None:
    go(page, pages())
    page.click("#tab-tree-2")
    shown = page.locator("#panel-tree-2")
    assert shown.is_visible() and "instead of" in shown.inner_text()
    assert "24 %" in page.inner_text("#tab-tree-2")
    assert shown.locator("svg .moved").count() >= 1
    page.keyboard.press("ArrowLeft")
    assert page.locator("#panel-consensus").is_visible()


def test_exports_hold_what_is_shown(page: Any, watched: dict, pages: Callable[..., Path]) -> None:
    document = make_document()
    go(page, pages())
    svg = saved(page, '#tree [data-export="svg"]')
    assert svg.startswith("<?xml") and "EGFR" in svg and "var(" not in svg
    assert saved(page, '[data-export="newick"]').strip() == document["tree"]["newick"]
    rows = saved(page, '#mutations [data-export="tsv"]').splitlines()
    assert len(rows) == 1 + len(document["tables"]["mutations"]["rows"]) and rows[0].startswith(
        "mutation_id\t"
    )
    assert len(saved(page, '#drivers [data-export="tsv"]').splitlines()) == 7
    data = json.loads(saved(page, '[data-export="json"]'))
    assert data["mutations"]["id"] == [row[0] for row in document["tables"]["mutations"]["rows"]]


def test_pairwise_plot_follows_the_choice_and_marks_a_mutation(
    page: Any, watched: dict, pages: Callable[..., Path]
) -> None:
    go(page, pages())
    page.select_option("#pair-x", "0")
    page.select_option("#pair-y", "3")
    assert "pair=0%2C3" in page.url
    page.wait_for_function("[...document.querySelectorAll('#pair text')].some(t => t.textContent === 'R4')")
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built] .tabulator-row")
    page.click("#grid .tabulator-row >> nth=1")
    assert page.locator("#pair .ring").count() == 1


@pytest.mark.parametrize(
    "how", [{}, {"hostile": True, "samples": 6}, {"clones": 30, "samples": 20, "mutations": 600}]
)
def test_narrow_screens_do_not_overflow(
    page: Any, watched: dict, pages: Callable[..., Path], how: dict[str, Any]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    go(page, pages(**how))
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_hostile_ids_are_inert(page: Any, watched: dict, pages: Callable[..., Path]) -> None:
    go(page, pages(hostile=True, samples=6))
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built] .tabulator-row")
    page.fill("#search", "</script>")
    assert page.evaluate("window.broken") is None
    assert page.locator("img, main b > *, iframe").count() == 0
    body = page.inner_text("body")
    assert all(one in body for one in HOSTILE[:6]) and "49" not in page.inner_text("#verdict .cards")
    assert HOSTILE[2] + "2" in saved(page, '#mutations [data-export="tsv"]')


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("how", [{"days": True, "samples": 3}, {"clones": 12, "samples": 8}])
def test_axe_finds_nothing_serious(
    page: Any, watched: dict, pages: Callable[..., Path], how: dict[str, Any], scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    go(page, pages(**how))
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built] .tabulator-row")
    assert faults(page) == []


def test_print_holds_every_panel(
    page: Any, watched: dict, pages: Callable[..., Path], tmp_path: Path
) -> None:
    go(page, pages())
    page.emulate_media(media="print")
    for name in PANELS:
        assert page.locator(f"section#{name}").is_visible(), name
    assert page.locator("#panel-tree-2").is_visible() and page.locator("#panel-residual").is_visible()
    assert not page.locator("nav").is_visible() and page.locator("#printed tbody tr").count() == 150
    made = page.pdf(path=tmp_path / "report.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", made)) >= 2


def test_without_javascript_figures_and_tables_are_there(browser: Any, pages: Callable[..., Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages().as_uri())
    for name in PANELS:
        assert page.locator(f"section#{name}").is_visible(), name
    assert page.locator("#tree svg").count() == 2 and page.locator("#cells svg").count() == 3
    assert all(page.locator("#cells svg").nth(i).is_visible() for i in range(3))
    assert page.locator("#mutations tbody tr").count() == 150
    assert not page.locator("#search").is_visible()
    context.close()


def test_a_large_patient_is_small_and_quick(page: Any, watched: dict, pages: Callable[..., Path]) -> None:
    path = pages(clones=30, samples=20, mutations=5000)
    assert path.stat().st_size <= 1_500_000
    go(page, path)
    since_navigation = float(page.get_attribute("html", "data-interactive"))
    assert since_navigation <= 2000, "ms"
    client = page.context.new_cdp_session(page)
    page.locator("#mutations").scroll_into_view_if_needed()
    page.wait_for_selector("#grid[data-built] .tabulator-row")
    client.send("HeapProfiler.collectGarbage")
    assert page.evaluate("performance.memory.usedJSHeapSize") <= 300e6
    page.fill("#search", "GENE7")
    page.wait_for_function("document.querySelector('#found').textContent.includes('mutations')")
