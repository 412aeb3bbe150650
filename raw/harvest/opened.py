# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Files that were opened to see what they are, kept for a moment, since they are read right after that.

Belongs here: which sheets stay in the memory, and for how long. Does not belong here: opening a file (`grid`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from raw.harvest import grid
from raw.harvest.grid import Grid

KEPT_CELLS = 1_000_000
"""So many cells are kept, however many files there are: some 60 MB."""
MAX_KEPT_OF_A_FILE = 100_000
"""A larger file is opened again, for it would keep the place of many."""

_Version = tuple[int, int] | None


class Opened:
    """Sheets of files by path. A file that has changed since is opened again."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[_Version, list[Grid]]] = {}
        self._cells = 0
        self._last: tuple[Path, _Version, list[Grid]] | None = None

    def look(self, path: Path) -> list[Grid]:
        """Open a file to see what it is; it is kept if there is room. Raises Unreadable."""
        version, grids = _version(path), self._known(path)
        if grids is None:
            self.forget([path])
            grids = grid.open_grids(path)
            if (number := _cells(grids)) <= min(MAX_KEPT_OF_A_FILE, KEPT_CELLS - self._cells):
                self._kept[path] = version, grids
                self._cells += number
        return grids

    def read(self, path: Path) -> list[Grid]:
        """Open a file for good; of these only the last one is kept, for a workbook often holds several tables."""
        version, grids = _version(path), self._known(path)
        self.forget([path])
        self._last = None  # never two large files at once
        self._last = path, version, grid.open_grids(path) if grids is None else grids
        return self._last[2]

    def forget(self, paths: Iterable[Path]) -> None:
        """Give up what is kept of files that nobody is going to read."""
        for path in paths:
            if kept := self._kept.pop(path, None):
                self._cells -= _cells(kept[1])

    def _known(self, path: Path) -> list[Grid] | None:
        version = _version(path)
        if self._last and self._last[:2] == (path, version):
            return self._last[2]
        kept = self._kept.get(path)
        return kept[1] if kept and kept[0] == version else None


def _version(path: Path) -> _Version:
    """What changes when somebody writes to the file."""
    found = path.stat() if path.exists() else None
    return found and (found.st_mtime_ns, found.st_size)


def _cells(grids: list[Grid]) -> int:
    return sum(len(one.rows) * one.width for one in grids)
