# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The intruder's view: what he does not know, as deviations from one completion, and within which bounds.

Belongs here: dropping what he knows from a system, in integers that cannot overflow. Does not belong here: what he can
conclude (`bounds`, `rank`, `search`, `programs`).

Every withheld cell is a variable d, the difference to the value that stands in the system; all zero is one completion.
Published cells are constants and fall out of the relations, so the right sides become how much a relation may sink or
rise. An agency's cell is a variable like any other: its value is a completion and no fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from quality.disclosure.model.system import UNBOUNDED, Mask, System, Whole

EXACT = 2**62
"""Sums below this are exact in 64 bits, with one bit to spare."""


@dataclass(frozen=True)
class View:
    """Variables 0..n-1 with `down <= d <= up` and rows 0..m-1 with `short <= coefficients . d <= spare`.

    Rows are sparse, `row_*`; `col_*` is the same matrix by variable. `limit` is the largest deviation for which every
    row is exact in 64 bits: a bound beyond it is no bound here, and no search goes there.
    """

    cells: Whole
    down: Whole
    up: Whole
    short: Whole
    spare: Whole
    row_start: Whole
    row_vars: Whole
    row_coefs: Whole
    col_start: Whole
    col_rows: Whole
    col_coefs: Whole
    limit: int

    def __len__(self) -> int:
        """The number of variables."""
        return len(self.cells)

    @cached_property
    def matrix(self) -> csr_array:
        """The rows in floating point, for programs."""
        return csr_array((self.row_coefs.astype(float), self.row_vars, self.row_start), (self.rows, len(self)))

    @property
    def rows(self) -> int:
        """The number of rows that hold any variable."""
        return len(self.short)


def view(system: System, withheld: Mask) -> View:
    """Reduce a sound system to what is not known when all cells but `withheld` are."""
    cells = np.flatnonzero(withheld)
    variable = np.full(len(system), -1, np.int64)
    variable[cells] = np.arange(len(cells))
    row_of = np.repeat(np.arange(system.relations), np.diff(system.start))
    unknown = (variable[system.cells] >= 0) & (system.coefficients != 0)
    rows, row = np.unique(row_of[unknown], return_inverse=True)
    columns, times = variable[system.cells[unknown]], system.coefficients[unknown]
    columns, times, row = _merged(columns, times, row, len(cells))
    now = activity(system, rows)
    short = np.array(
        [max(int(bound) - at, -EXACT) for bound, at in zip(system.lower[rows], now, strict=True)], np.int64
    )
    spare = np.array([min(int(bound) - at, EXACT) for bound, at in zip(system.upper[rows], now, strict=True)], np.int64)
    weight = np.bincount(row, np.abs(times.astype(float)), len(rows)).max(initial=1.0)
    by_column = np.lexsort((row, columns))
    return View(
        cells, system.low[cells] - system.value[cells], system.high[cells] - system.value[cells], short, spare,
        _starts(row, len(rows)), columns, times,
        _starts(columns, len(cells)), row[by_column], times[by_column],
        int(min(UNBOUNDED, EXACT // 4 / weight)),
    )  # fmt: skip


def activity(system: System, rows: Whole) -> list[int]:
    """What these relations give for the values of the system: exact, in 64 bits where that is enough."""
    largest = float(np.abs(system.value).max(initial=0))
    weights = np.concatenate([[0.0], np.cumsum(np.abs(system.coefficients.astype(float)))])
    heavy = (weights[system.start[rows + 1]] - weights[system.start[rows]]) * (largest + 1) >= EXACT
    sums: list[int] = system.sums(system.value)[rows].tolist()
    for at in np.flatnonzero(heavy).tolist():
        span = slice(int(system.start[rows[at]]), int(system.start[rows[at] + 1]))
        pairs = zip(system.coefficients[span].tolist(), system.value[system.cells[span]].tolist(), strict=True)
        sums[at] = sum(times * value for times, value in pairs)
    return sums


def faults(system: System, withheld: Mask) -> list[str]:
    """Every reason why this is no pattern of a sound system, looked at again from the beginning."""
    said = system.faults()
    if said:
        return said
    if withheld.shape != system.value.shape or withheld.dtype != np.bool_:
        return ["the pattern does not say of each cell whether it is withheld"]
    every = np.arange(system.relations)
    said += [
        f"{system.relation_name(r)}: the values do not fit this relation"
        for r, at in enumerate(activity(system, every))
        if not int(system.lower[r]) <= at <= int(system.upper[r])
    ]
    for cells, reason in (
        (system.always_withheld & ~withheld, "has to be withheld and is published"),
        ((system.state == 1) & withheld, "is known to everybody and cannot be withheld"),
        (~np.isin(system.state, range(5)), "has no known state"),
    ):
        said += [f"{system.name(cell)}: {reason}" for cell in np.flatnonzero(cells).tolist()]
    return said


def _merged(columns: Whole, times: Whole, row: Whole, width: int) -> tuple[Whole, Whole, Whole]:
    """Add up the terms of a cell that a relation names more than once."""
    key, back = np.unique(row * max(width, 1) + columns, return_inverse=True)
    if len(key) == len(columns):
        order = np.argsort(row * max(width, 1) + columns, kind="stable")
        return columns[order], times[order], row[order]
    summed = np.zeros(len(key), np.int64)
    np.add.at(summed, back, times)
    kept = summed != 0
    return (key % max(width, 1))[kept], summed[kept], (key // max(width, 1))[kept]


def _starts(sorted_or_not: Whole, size: int) -> Whole:
    counts = np.bincount(sorted_or_not, minlength=size)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]).astype(np.int64)
