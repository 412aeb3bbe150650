# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations as sparse rows: put together, in a fixed order, each once.

Belongs here: rows of cells, coefficients and bounds. Does not belong here: where rows come from (`equations`, `facts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from quality.disclosure.model.system import Mask, Whole

Name = Callable[[int], str]


@dataclass(frozen=True)
class Rows:
    """Sparse rows of cells with coefficients: row r has the entries `start[r]` to `start[r + 1] - 1`."""

    start: Whole
    cells: Whole
    coefficients: Whole

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def rows(self) -> Whole:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))

    def totals(self, value: Whole) -> Whole:
        """What the rows give for these values."""
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(self.coefficients * value[self.cells])])
        return before[self.start[1:]] - before[self.start[:-1]]

    def touching(self, marked: Mask) -> Mask:
        """Rows with a marked cell."""
        return np.bincount(self.rows, marked[self.cells], len(self)) > 0


@dataclass(frozen=True)
class Relations(Rows):
    """Rows `lower <= coefficients . cells <= upper`; `name` says what a row is, for messages."""

    lower: Whole
    upper: Whole
    name: Name = field(compare=False)

    def of(self, renumbered: Whole) -> Relations:
        """The same rows over cells with other numbers."""
        return Relations(self.start, renumbered[self.cells], self.coefficients, self.lower, self.upper, self.name)

    def where(self, kept: Mask) -> Relations:
        """Some of the rows."""
        numbers = np.flatnonzero(kept)
        entries = kept[self.rows]
        start = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.diff(self.start)[kept])])
        return Relations(
            start, self.cells[entries], self.coefficients[entries], self.lower[kept], self.upper[kept],
            lambda row: self.name(int(numbers[row])),
        )  # fmt: skip


def of_rows(rows: Sequence[Sequence[tuple[int, int]]], bounds: Sequence[tuple[int, int]], name: Name) -> Relations:
    """Relations from a list of (cell, coefficient) per row and their bounds."""
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(row) for row in rows], dtype=np.int64)])
    entries = np.array([entry for row in rows for entry in row], np.int64).reshape(-1, 2)
    limits = np.array(bounds, np.int64).reshape(-1, 2)
    return Relations(start, entries[:, 0].copy(), entries[:, 1].copy(), limits[:, 0].copy(), limits[:, 1].copy(), name)


def of_sums(whole: Whole, start: Whole, parts: Whole, tolerance: Whole, name: Name) -> Relations:
    """`parts - whole` within the tolerance, row by row."""
    count = np.diff(start)
    places = start[:-1] + np.arange(len(whole))
    cells = np.insert(parts, start[:-1], whole)
    coefficients = np.ones(len(cells), np.int64)
    coefficients[places] = -1
    begin = np.concatenate([np.zeros(1, np.int64), np.cumsum(count + 1)])
    return Relations(begin, cells, coefficients, -tolerance, tolerance.copy(), name)


def together(several: Iterable[Relations]) -> Relations:
    """All rows of several, one after the other."""
    parts = [one for one in several if len(one)]
    if not parts:
        return of_rows([], [], lambda row: f"relation {row}")
    firsts = np.cumsum([0, *(len(one) for one in parts)])

    def name(row: int) -> str:
        part = int(np.searchsorted(firsts, row, side="right")) - 1
        return parts[part].name(row - int(firsts[part]))

    sizes = np.concatenate([np.diff(one.start) for one in parts])
    cells, coefficients, lower, upper = (
        np.concatenate([getattr(one, of) for one in parts]) for of in ("cells", "coefficients", "lower", "upper")
    )
    start = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    return Relations(start, cells, coefficients, lower, upper, name)


def in_order(relations: Relations) -> Relations:
    """The same rows with the cells of each in ascending order: one way to write a row."""
    order = np.lexsort((relations.cells, relations.rows))
    return replace(relations, cells=relations.cells[order], coefficients=relations.coefficients[order])


def once(relations: Relations) -> Relations:
    """Without rows that say the same as an earlier one, and without empty ones."""
    if not len(relations):
        return relations
    sizes = np.diff(relations.start)
    rows = relations.rows
    order = np.lexsort((relations.cells, rows))
    cells, coefficients = relations.cells[order], relations.coefficients[order]
    marks = [_mark(cells, coefficients, rows, len(relations), seed) for seed in (1, 2)]
    table = np.stack([*marks, relations.lower, relations.upper, sizes], axis=1)
    _, first = np.unique(table, axis=0, return_index=True)
    kept = np.zeros(len(relations), np.bool_)
    kept[first] = True
    return relations.where(kept & (sizes > 0))


def _mark(cells: Whole, coefficients: Whole, rows: Whole, count: int, seed: int) -> Whole:
    """64 bits that stand for a row, the same for the same cells and coefficients."""
    with np.errstate(over="ignore"):
        mixed = cells.astype(np.uint64) * np.uint64(2) + np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed = mixed * coefficients.astype(np.uint64)
        result = np.zeros(count, np.uint64)
        np.add.at(result, rows, mixed)
    return result.view(np.int64)
