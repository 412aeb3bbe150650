# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""From blocks of a system to grids of a component.

Belongs here: which cells of a block can be used in its grid. Does not belong here: the search (`circuits`). A box fits
the sums of its own block. A cell that is also in another relation (a linked table, an earlier release, an interval) is
therefore no cell of the grid: it stays as it is in every box, and linear programs take care of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.solver.blocks import Block, moves
from quality.disclosure.solver.circuits import Grid
from quality.disclosure.solver.presolve import Part

LEAST = 8
"""A grid of fewer cells is not worth a search."""


def grids(part: Part, blocks: Sequence[Block], size: int) -> list[Grid]:
    """The grids of the blocks that have cells in this component of a system of `size` cells."""
    number = np.full(size + 1, -1, np.int64)
    inside = part.cells >= 0
    number[part.cells[inside]] = np.flatnonzero(inside)
    found = []
    for block in blocks:
        cells = number[block.cells]
        if np.count_nonzero(cells >= 0) < LEAST or _repeats(cells):
            continue
        own = _marks(_lines(cells, block))
        start, factors = part.problem.start, part.problem.coefficients
        others = ~np.isin(_sign_free(_row_sums(start, _mark(part.problem.cells) * factors.astype(np.uint64))), own)
        elsewhere = np.zeros(len(part.problem), np.bool_)
        elsewhere[part.problem.cells[others[part.problem.row_of]]] = True
        cells = np.where((cells >= 0) & ~elsewhere[cells], cells, -1)
        found.append(Grid.of(cells, [moves(parent) for parent in block.parents], len(part.problem)))
    return found


def _repeats(cells: Whole) -> bool:
    """Whether a cell stands at two places; a box would count it twice."""
    present = cells[cells >= 0]
    return len(np.unique(present)) < len(present)


def _mark(cells: Whole) -> np.ndarray:
    """A mark per cell, so that the sum of marks tells sets of cells apart (SplitMix64; Steele et al. 2014)."""
    mixed = cells.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x632BE59BD9B4E019)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _row_sums(start: Whole, products: np.ndarray) -> np.ndarray:
    before = np.concatenate([np.zeros(1, np.uint64), np.cumsum(products, dtype=np.uint64)])
    return before[start[1:]] - before[start[:-1]]


def _sign_free(sums: np.ndarray) -> np.ndarray:
    """The same number for a relation and its negative."""
    return np.minimum(sums, np.uint64(0) - sums)


def _lines(cells: Whole, block: Block) -> list[np.ndarray]:
    """Per axis and parent, the marks of its children less that of the parent, for all lines of the block."""
    marks = np.where(cells >= 0, _mark(np.maximum(cells, 0)), np.uint64(0))
    sums = []
    for axis, parent in enumerate(block.parents):
        for code in np.unique(parent[parent >= 0]).tolist():
            children = np.take(marks, np.flatnonzero(parent == code), axis=axis).sum(axis=axis, dtype=np.uint64)
            sums.append((children - np.take(marks, code, axis=axis)).ravel())
    return sums


def _marks(lines: list[np.ndarray]) -> Mask | np.ndarray:
    return np.unique(_sign_free(np.concatenate(lines))) if lines else np.zeros(0, np.uint64)
