# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Bounds of cells by passing intervals through the rows until nothing becomes narrower.

Belongs here: propagation in whole numbers where cells are whole, and what to do with rows that contradict each other.
Does not belong here: programs over several rows at once (`programs`).

Every bound is proved: it follows from one row and the bounds of its other cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from quality.attack.equations import Equations
from quality.attack.rows import Flags, Reals

_PASSES, _ATTEMPTS = 60, 20
_CLOSE = 1e-6
_WORTH = 1e-3
"""A bound that moves by less than this part of a unit is not passed on."""


@dataclass(frozen=True)
class Bounds:
    """`least` and `most` per cell; `kept` per row; `contradictions`: rows without a guess that cannot hold together."""

    least: Reals
    most: Reals
    kept: Flags
    contradictions: int


def propagate(system: Equations) -> Bounds:
    """The bounds that follow from all rows, first without those that are guesses.

    A cell whose bounds cross shows a contradiction: the soft rows around it are given up, and if there is none, the
    cell's rows.
    """
    kept = np.ones(len(system.low), np.bool_)
    start = (system.least, system.most)
    contradictions = 0
    for rows in (~system.soft, np.ones(len(kept), np.bool_)):
        for _ in range(_ATTEMPTS):
            least, most = _passes(system, kept & rows, *start)
            crossed = least > most + _CLOSE
            if not crossed.any():
                break
            touching = np.zeros(len(kept), np.bool_)
            touching[system.row[crossed[system.cell]]] = True
            around = touching & kept & rows
            if (around & system.soft).any():
                around &= system.soft
            else:
                contradictions += int(around.sum())
            kept &= ~around
        start = (least, most)
    crossed = least > most
    middle = np.where(crossed, (least + most) / 2, 0.0)
    return Bounds(np.where(crossed, middle, least), np.where(crossed, middle, most), kept, contradictions)


def _passes(system: Equations, kept: Flags, least: Reals, most: Reals) -> tuple[Reals, Reals]:
    """Passes over the rows of which a cell became narrower; each pass from the bounds of the one before."""
    used = kept[system.row]
    row, cell, coef = system.row[used], system.cell[used], system.coef[used]
    active = np.ones(len(row), np.bool_)
    count = len(system.low)
    for _ in range(_PASSES):
        here = replace(system, row=row[active], cell=cell[active], coef=coef[active])
        down, up = _implied(here, least, most, count)
        narrower = _moved(least, down) | _moved(up, most)
        least, most = np.maximum(least, down), np.minimum(most, up)
        if not narrower.any() or (least > most + _CLOSE).any():
            break
        rows = np.zeros(count, np.bool_)
        rows[row[narrower[cell]]] = True
        active = rows[row]
    return least, most


def _moved(before: Reals, after: Reals) -> Flags:
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(after - before, nan=0.0, posinf=np.inf, neginf=0.0) > _WORTH


def _implied(system: Equations, least: Reals, most: Reals, count: int) -> tuple[Reals, Reals]:
    """For each cell the strictest bounds that one row and the other cells' bounds give."""
    row, cell, coef = system.row, system.cell, system.coef
    low, high = least[cell], most[cell]
    smallest, largest = np.where(coef > 0, coef * low, coef * high), np.where(coef > 0, coef * high, coef * low)
    rest_down, rest_up = _rest(row, smallest, count), _rest(row, largest, count)
    with np.errstate(invalid="ignore"):
        from_high = (system.high[row] - rest_down) / coef
        from_low = (system.low[row] - rest_up) / coef
    from_high = np.where(np.isfinite(rest_down) & np.isfinite(system.high[row]), from_high, np.inf * np.sign(coef))
    from_low = np.where(np.isfinite(rest_up) & np.isfinite(system.low[row]), from_low, -np.inf * np.sign(coef))
    up, down = np.where(coef > 0, from_high, from_low), np.where(coef > 0, from_low, from_high)
    size = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(up), up, 0.0)))
    up = np.where(system.whole[cell], np.floor(up + _CLOSE + size), up + size)
    size = 1e-9 * np.maximum(1.0, np.abs(np.where(np.isfinite(down), down, 0.0)))
    down = np.where(system.whole[cell], np.ceil(down - _CLOSE - size), down - size)
    least_new, most_new = np.full(len(least), -np.inf), np.full(len(most), np.inf)
    if len(cell):
        order = np.argsort(cell, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(cell[order]) > 0])
        touched = cell[order][starts]
        least_new[touched] = np.maximum.reduceat(down[order], starts)
        most_new[touched] = np.minimum.reduceat(up[order], starts)
    return least_new, most_new


def _rest(row: np.ndarray, part: Reals, count: int) -> Reals:
    """The sum of a row's parts without the entry's own; infinite if another part is."""
    finite = np.isfinite(part)
    sums = np.bincount(row, np.where(finite, part, 0.0), count)
    open_parts = np.bincount(row, ~finite, count)
    others = open_parts[row] - ~finite
    return np.where(others > 0, np.inf, sums[row] - np.where(finite, part, 0.0))
