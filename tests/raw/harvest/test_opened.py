# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A file that was looked at is not opened again to be read, and what is kept has a bound."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from raw.harvest import grid, opened
from raw.harvest.grid import Grid
from raw.harvest.opened import Opened


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were opened, in their order."""
    found: list[str] = []
    really = grid.open_grids

    def count(path: Path) -> list[Grid]:
        found.append(path.name)
        return really(path)

    monkeypatch.setattr(grid, "open_grids", count)
    return found


def written(folder: Path, name: str, rows: int = 3) -> Path:
    path = folder / name
    path.write_text("a;b\n" * rows, "utf-8")
    return path


def test_a_file_is_opened_once_to_be_looked_at_twice_and_read_for_two_tables(tmp_path: Path, calls: list[str]) -> None:
    path, shelf = written(tmp_path, "x.csv"), Opened()
    grids = [shelf.look(path), shelf.look(path), shelf.read(path), shelf.read(path)]
    assert calls == ["x.csv"]
    assert all(one == grids[0] for one in grids)


def test_a_file_that_has_changed_is_opened_again(tmp_path: Path, calls: list[str]) -> None:
    path, shelf = written(tmp_path, "x.csv"), Opened()
    shelf.look(path)
    written(tmp_path, "x.csv", rows=4)
    os.utime(path, ns=(1, 1))
    assert len(shelf.read(path)[0].rows) == 4
    assert len(calls) == 2


def test_no_more_is_kept_than_there_is_room_for(
    tmp_path: Path, calls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "KEPT_CELLS", 12)
    monkeypatch.setattr(opened, "MAX_KEPT_OF_A_FILE", 8)
    paths = [written(tmp_path, name) for name in ("a", "b", "c")]  # six cells each
    large, shelf = written(tmp_path, "large", rows=5), Opened()
    for path in (large, *paths):
        shelf.look(path)
    calls.clear()
    for path in (large, *paths):
        shelf.read(path)
    assert calls == ["large", "c"]
    shelf.forget(paths)
    calls.clear()
    for path in (*paths[:2], *paths[:2]):
        shelf.look(path)
    assert calls == ["a", "b"], "what was given up makes room"
