# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a person sees in the web interface, in a real browser: both zones as one graph, and nothing from outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, sync_playwright

from tests.pipelines.test_web_run import web_server

_STATIONS = ["lake", "observations", "areas", "checked", "cells", "door", "public_core", "public_marts", "release"]


@pytest.mark.system
def test_the_graph_shows_both_zones_and_asks_nothing_of_the_outside(
    demo_copy: Callable[[], Path], system_program: Callable[[str], str], tmp_path: Path
):
    outside: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
            outside.append(request.url)

    with web_server(demo_copy()) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_program("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page: Page = browser.new_page(viewport={"width": 2000, "height": 900})
        page.on("request", note)
        page.goto(f"{url}/asset-groups")
        for station in _STATIONS:
            page.locator("svg").get_by_text(station, exact=True).first.wait_for(timeout=60_000)
        assert "Join the Dagster community" not in page.content()
        picture = tmp_path / "graph.png"
        page.screenshot(path=picture)
        browser.close()
    assert picture.stat().st_size > 20_000
    assert outside == []
