# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Witnesses: other completions of a pattern, and the check that each of them is one.

Belongs here: the check `sound`, which trusts nothing and nobody, and what sound vectors show (`seen`). Does not belong
here: how they are found, or by whom.

That a cell is safe rests on these vectors alone. Each is held against the system itself, not against the view in which
it was found: only withheld cells move, stay whole numbers within their bounds, and every relation still holds.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from quality.disclosure.audit.view import EXACT, activity
from quality.disclosure.model.system import Mask, System, Whole
from quality.disclosure.model.vectors import Vectors

_BATCH = 2048


def sound(system: System, withheld: Mask, witnesses: Vectors) -> Mask:
    """Return which witnesses are completions of the system that agree with it on every published cell."""
    outside = (witnesses.cells < 0) | (witnesses.cells >= len(system))
    if outside.any():
        witnesses = Vectors(witnesses.start, np.where(outside, 0, witnesses.cells), witnesses.deviations)
    cells, by = witnesses.cells, witnesses.deviations
    owner = np.repeat(np.arange(len(witnesses)), np.diff(witnesses.start))
    wrong = outside | ~withheld[cells] | (np.abs(by) >= EXACT // 4) | (by == np.iinfo(np.int64).min)
    value = system.value[cells] + np.where(wrong, 0, by)
    wrong |= (value < system.low[cells]) | (value > system.high[cells])
    good = np.bincount(owner, wrong, len(witnesses)) == 0
    if len(cells):
        key = np.sort(owner * len(system) + cells)
        good[(key[1:][key[1:] == key[:-1]]) // len(system)] = False
    every = np.arange(system.relations)
    now = activity(system, every)
    short = np.array([max(int(bound) - at, -EXACT) for bound, at in zip(system.lower, now, strict=True)], np.int64)
    spare = np.array([min(int(bound) - at, EXACT) for bound, at in zip(system.upper, now, strict=True)], np.int64)
    rows = csr_array((system.coefficients, system.cells, system.start), (system.relations, len(system)))
    for first in range(0, len(witnesses) if system.relations else 0, _BATCH):
        last = min(first + _BATCH, len(witnesses))
        good[first:last] &= _holds(rows, witnesses, first, last, short, spare)
    return good


def _holds(rows: csr_array, witnesses: Vectors, first: int, last: int, short: Whole, spare: Whole) -> Mask:
    span = slice(witnesses.start[first], witnesses.start[last])
    start = witnesses.start[first : last + 1] - witnesses.start[first]
    shape = (last - first, rows.shape[1])
    moved = csr_array((witnesses.deviations[span], witnesses.cells[span], start), shape)
    size = (abs(moved).astype(float) @ abs(rows).astype(float).T).max() if moved.nnz else 0.0
    if size >= EXACT // 4:
        return np.array([_holds_exactly(rows, *witnesses[one], short, spare) for one in range(first, last)])
    change = (moved @ rows.T).tocoo()
    wrong = (change.data < short[change.col]) | (change.data > spare[change.col])
    return np.bincount(change.row, wrong, last - first) == 0


def _holds_exactly(rows: csr_array, cells: Whole, by: Whole, short: Whole, spare: Whole) -> bool:
    """The same in whole numbers of any size."""
    moved = dict(zip(cells.tolist(), by.tolist(), strict=True))
    touched = rows[:, cells].tocoo().row
    for row in np.unique(touched).tolist():
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        pairs = zip(rows.indices[span].tolist(), rows.data[span].tolist(), strict=True)
        change = sum(times * moved.get(cell, 0) for cell, times in pairs)
        if not int(short[row]) <= change <= int(spare[row]):
            return False
    return True


def seen(system: System, witnesses: Vectors) -> tuple[Whole, Whole, Whole, Whole]:
    """Per cell the lowest and highest value in any of these (sound) witnesses and which shows it (-1: the system)."""
    lowest, highest = system.value.copy(), system.value.copy()
    owner = np.repeat(np.arange(len(witnesses)), np.diff(witnesses.start))
    value = system.value[witnesses.cells] + witnesses.deviations
    np.minimum.at(lowest, witnesses.cells, value)
    np.maximum.at(highest, witnesses.cells, value)
    low_by, high_by = np.full(len(system), -1), np.full(len(system), -1)
    for by, end in ((low_by, lowest), (high_by, highest)):
        shows = np.flatnonzero((value == end[witnesses.cells]) & (value != system.value[witnesses.cells]))[::-1]
        by[witnesses.cells[shows]] = owner[shows]
    return lowest, highest, low_by, high_by
