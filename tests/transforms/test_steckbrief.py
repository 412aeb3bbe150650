# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The Steckbriefe are generated: regenerating changes nothing, and none is left over."""

from __future__ import annotations

from pathlib import Path

from transforms.catalogue import load
from transforms.catalogue.steckbrief import pages


def test_regenerating_changes_nothing(root: Path) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in (root / "docs" / "kpis").glob("*.md")}
    assert written == pages(load()), "run `python -m transforms.catalogue.steckbrief`"


def test_a_page_speaks_both_languages() -> None:
    page = pages(load())["child_poverty_0_17.md"]
    assert "**Was die Zahl nicht ist:**" in page
    assert "**What it is not:**" in page
    assert "`100 * sgb2_child_0_17 / pop_0_17`" in page
