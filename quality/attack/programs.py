# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Bounds of withheld cells by linear and integer programs over all rows that they are connected with.

Belongs here: what is connected, and in which order programs are asked. Does not belong here: one program (`program`).

A withheld cell is *settled* once programs have shown that it can be as small as 1 (or its least) and as large as the
threshold (or its most, or its least + 2). One solution shows that of many cells, so most cells need no program of their
own; what is left is minimised and maximised cell by cell, in whole numbers where fractions leave only a few of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from quality.attack.equations import Equations
from quality.attack.intervals import Bounds
from quality.attack.program import Contradiction, Program, TimeIsUp
from quality.attack.rows import Flags, Reals

_CLOSE = 1e-6
_FIXED = 1e-9
_LARGE = 4000
"""Components of more cells are cut at those that are nearly known (part of the value, and one)."""
_NEARLY = 0.1
_FEW = 4
"""Cells of which so many whole numbers are left are asked for in whole numbers."""
_TOGETHER = 1500
"""So many cells are put into one program, if their components are as small as that."""
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Limits:
    """Seconds for everything, and for one program."""

    seconds: float = 300.0
    each: float = 10.0


@dataclass(frozen=True)
class Proved:
    """Bounds per target, in the order asked; `settled`: wide enough, not looked at further; `finished`; and how many
    components contradict themselves."""

    least: Reals
    most: Reals
    settled: Flags
    finished: Flags
    contradictions: int


def prove(system: Equations, bounds: Bounds, targets: Whole, threshold: float, limits: Limits) -> Proved:
    """Bounds for the targets that hold in every way to fill in all that is not known."""
    work = _Work(system, bounds, targets, threshold, limits)
    for cells, rows in work.batches():
        work.batch(cells, rows)
    return Proved(
        work.least[targets], work.most[targets], work.settled[targets], work.finished[targets], work.contradictions
    )


class _Work:
    """The state of a proof: bounds that are proved, and values that were seen."""

    def __init__(self, system: Equations, bounds: Bounds, targets: Whole, threshold: float, limits: Limits) -> None:
        self.system, self.limits = system, limits
        self.least, self.most = bounds.least.copy(), bounds.most.copy()
        self.until = time.monotonic() + limits.seconds
        count = len(self.least)
        self.is_target = np.zeros(count, np.bool_)
        self.is_target[targets] = True
        self.seen_low, self.seen_high = np.full(count, np.inf), np.full(count, -np.inf)
        self.settled, self.finished = np.zeros(count, np.bool_), np.ones(count, np.bool_)
        self.goal_up = np.minimum(self.most, np.maximum(threshold, self.least + 2))
        self.goal_down = np.maximum(self.least, 1.0)
        self.contradictions = 0
        self.matrix, self.low, self.high = self._open_rows(bounds.kept, self._cut(bounds.kept))

    def _open_rows(self, kept: Flags, cut: Flags) -> tuple[csr_array, Reals, Reals]:
        """Rows without the cut cells, of which only the bounds are used; and without rows that hold anyway."""
        system, count = self.system, len(self.system.low)
        one, other = system.coef * self.least[system.cell], system.coef * self.most[system.cell]
        smallest, largest = np.minimum(one, other), np.maximum(one, other)
        gone = cut[system.cell]
        low = system.low - np.bincount(system.row, np.where(gone, largest, 0.0), count)
        high = system.high - np.bincount(system.row, np.where(gone, smallest, 0.0), count)
        least = np.bincount(system.row, np.where(gone, 0.0, smallest), count)
        most = np.bincount(system.row, np.where(gone, 0.0, largest), count)
        needed = kept & ((least < low - _CLOSE) | (most > high + _CLOSE))
        used = ~gone & needed[system.row]
        shape = (count, len(self.least))
        return csr_array((system.coef[used], (system.row[used], system.cell[used])), shape=shape), low, high

    def _cut(self, kept: Flags) -> Flags:
        """Known cells; where too much is connected, also cells that are nearly known and not asked for."""
        known = self.most - self.least < _FIXED
        matrix, _, _ = self._open_rows(kept, known)
        label, _ = _connected(matrix)
        size = np.bincount(label)[label]
        with np.errstate(invalid="ignore"):
            nearly = self.most - self.least <= 1 + _NEARLY * np.abs(self.most)
        return known | (nearly & ~self.is_target & (size > _LARGE))

    def batches(self) -> Iterator[tuple[Whole, Whole]]:
        """Cells and rows of connected parts that hold a target, small ones put together."""
        cells = self.matrix.shape[1]
        rows, columns = self.matrix.nonzero()
        cell_label, row_label = _connected(self.matrix)
        wanted = np.unique(cell_label[self.is_target & (self.most - self.least >= _FIXED)])
        joined = np.zeros(cells, np.bool_)
        joined[columns] = True
        chosen = joined & np.isin(cell_label, wanted)
        alone = self.is_target & ~joined
        self.settled[alone] = self._wide(alone)[alone]
        order = np.flatnonzero(chosen)
        order = order[np.argsort(cell_label[order], kind="stable")]
        starts = np.flatnonzero(np.r_[True, np.diff(cell_label[order]) > 0]) if len(order) else np.zeros(0, np.int64)
        used = np.unique(rows)
        used = used[np.argsort(row_label[used], kind="stable")]
        group: list[Whole] = []
        for part in np.split(order, starts[1:]) if len(order) else []:
            if group and sum(map(len, group)) + len(part) > _TOGETHER:
                yield self._batch(group, cell_label, row_label, used)
                group = []
            group.append(part)
        if group:
            yield self._batch(group, cell_label, row_label, used)

    @staticmethod
    def _batch(group: Sequence[Whole], cell_label: Whole, row_label: Whole, used: Whole) -> tuple[Whole, Whole]:
        cells = np.concatenate(group)
        found = [
            used[np.searchsorted(row_label[used], label) : np.searchsorted(row_label[used], label, "right")]
            for label in np.unique(cell_label[cells]).tolist()
        ]
        return np.sort(cells), np.sort(np.concatenate(found))

    def _wide(self, where: Flags) -> Flags:
        return where & (self.least <= self.goal_down) & (self.most >= self.goal_up) & (self.most - self.least >= 2)

    def batch(self, cells: Whole, rows: Whole) -> None:
        """Everything about the targets among these cells."""
        inside = cells[self.is_target[cells]]
        if time.monotonic() > self.until:
            self.finished[inside] = False
            return
        try:
            self._batch_by(self._program(cells, rows), cells, inside)
        except TimeIsUp:
            self.finished[inside[~self._shown(inside)]] = False
        except Contradiction:
            self.contradictions += 1
            self.finished[inside] = False
        self.settled[inside] = self._shown(inside)

    def _program(self, cells: Whole, rows: Whole) -> Program:
        matrix = self.matrix[rows][:, cells]
        return Program(
            csr_array(matrix), self.low[rows], self.high[rows], self.least[cells], self.most[cells],
            self.system.soft[rows], self.limits.each,
        )  # fmt: skip

    def _batch_by(self, program: Program, cells: Whole, inside: Whole) -> None:
        place = np.searchsorted(cells, inside)
        for up in (True, False):
            pending = ~(self._up(inside) if up else self._down(inside))
            while pending.any():
                goal = (self.goal_up if up else self.goal_down)[inside[pending]]
                self._see(cells, program.together(place[pending], goal, up, self._left()))
                left = ~(self._up(inside) if up else self._down(inside))
                if left.sum() == pending.sum():
                    break
                pending = left
        for cell, at in zip(inside[~self._shown(inside)].tolist(), place[~self._shown(inside)].tolist(), strict=True):
            self._alone(program, cells, cell, at)
        few = self.system.whole[inside] & (self.most[inside] - self.least[inside] < _FEW)
        self._in_whole_numbers(program, cells, place[few & (self.most[inside] > self.least[inside])])

    def _alone(self, program: Program, cells: Whole, cell: int, at: int) -> None:
        """Both ends of a cell, or only one if it turns out to be far enough from what was seen."""
        one = np.array([cell])
        for up in (False, True) if self._up(one)[0] else (True, False):
            if self._shown(one)[0]:
                return
            solution = program.extreme(at, up, self._left())
            if solution is not None:
                self._see(cells, solution)
                self._bound(cell, solution[at], up)

    def _in_whole_numbers(self, program: Program, cells: Whole, places: Whole) -> None:
        """Both ends in whole numbers, each cell within what it is connected with."""
        label, row_label = _connected(program.matrix)
        for at in places.tolist():
            near = np.flatnonzero(label == label[at])
            part = program.part(near, np.flatnonzero(row_label == label[at]))
            here, whole = int(np.searchsorted(near, at)), self.system.whole[cells[near]]
            for up in (True, False):
                solution = part.extreme(here, up, self._left(), whole)
                if solution is not None:
                    self._bound(int(cells[at]), solution[here], up)

    def _bound(self, cell: int, value: float, up: bool) -> None:
        whole, size = self.system.whole[cell], _CLOSE * max(1.0, abs(value))
        if up:
            self.most[cell] = min(self.most[cell], np.floor(value + size) if whole else value + size)
        else:
            self.least[cell] = max(self.least[cell], np.ceil(value - size) if whole else value - size)

    def _see(self, cells: Whole, solution: Reals) -> None:
        self.seen_low[cells] = np.minimum(self.seen_low[cells], solution)
        self.seen_high[cells] = np.maximum(self.seen_high[cells], solution)

    def _up(self, cells: Whole) -> Flags:
        return self.seen_high[cells] >= self.goal_up[cells] - _CLOSE

    def _down(self, cells: Whole) -> Flags:
        return self.seen_low[cells] <= self.goal_down[cells] + _CLOSE

    def _shown(self, cells: Whole) -> Flags:
        """Whether solutions reach both goals, and hold three whole numbers at least."""
        with np.errstate(invalid="ignore"):
            low, high = np.ceil(self.seen_low[cells] - _CLOSE), np.floor(self.seen_high[cells] + _CLOSE)
        return self._up(cells) & self._down(cells) & (high - low >= 2)

    def _left(self) -> float:
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeIsUp
        return left


def _connected(matrix: csr_array) -> tuple[Whole, Whole]:
    """The number of the component of each cell and each row."""
    count, cells = matrix.shape
    rows, columns = matrix.nonzero()
    graph = csr_array((np.ones(len(rows)), (columns, cells + rows)), shape=(cells + count, cells + count))
    _, label = connected_components(graph, directed=False)
    return label[:cells], label[cells:]
