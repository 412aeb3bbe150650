# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Rounding to 3, 5 or 10 instead of withholding.

Belongs here: the rounded figures and what they say of a cell. Does not belong here: whether that is little enough; the
audit looks at rounded cells like at withheld ones.

`rounding` of a cell is the base; it is negative where the rounded figures add up (controlled rounding, Cox 1987), and 0
for an exact cell. Rounded each by itself, a figure is the nearest multiple, halves up. Rounded so that they add up, it
is one of the two multiples next to the cell, and a multiple stays as it is; then the rounded table is itself one that
fits all that is known, so no cell that was changed can be computed.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from quality.disclosure.model.relations import Relations
from quality.disclosure.model.system import Mask, Whole

_SECONDS = 120
_GAP, _MANY = 0.05, 2000
"""The least sum of changes, up to 5 %; with more cells than this any rounding that adds up is taken."""


class NoRounding(ValueError):
    """No rounded figures next to the cells add up."""


def nearest(value: Whole, base: Whole) -> Whole:
    """The nearest multiple; halves go up."""
    return (2 * value + base) // (2 * base) * base


def shown_as(value: Whole, rounding: Whole, fixed: Whole, is_fixed: Mask, sums: Relations) -> Whole:
    """What each cell is shown as. `fixed` figures are out already and stay. Raises NoRounding."""
    base = np.maximum(np.abs(rounding), 1)
    shown = np.where(rounding == 0, value, nearest(value, base))
    shown = np.where(is_fixed, fixed, shown)
    for one in sorted(set(base[rounding < 0].tolist())):
        shown = _adding_up(value, shown, (rounding == -one), is_fixed, one, sums)
    return shown


def _adding_up(value: Whole, shown: Whole, chosen: Mask, is_fixed: Mask, base: int, sums: Relations) -> Whole:
    """The cells of one base so that every sum of them alone adds up, with the least change in all."""
    below = value // base * base
    moves = chosen & ~is_fixed & (below != value)
    result = np.where(chosen & ~is_fixed, below, shown)
    exact = (sums.lower == 0) & (sums.upper == 0)
    rows = sums.where(exact & (np.bincount(sums.rows, ~chosen[sums.cells], len(sums)) == 0))
    cells = np.flatnonzero(moves)
    if len(cells):
        result[cells] += base * _up(value - below, moves, cells, -rows.totals(result) / base, base, rows)
    if (rows.totals(result) != 0).any():
        raise NoRounding
    return result


def _up(rest: Whole, moves: Mask, cells: Whole, target: np.ndarray, base: int, rows: Relations) -> Whole:
    """Which cells go to the multiple above (1) so that the rows come to their target."""
    place = np.cumsum(moves) - 1
    entries = moves[rows.cells]
    matrix = csr_array(
        (rows.coefficients[entries].astype(float), (rows.rows[entries], place[rows.cells[entries]])),
        shape=(len(rows), len(cells)),
    )
    found = milp(
        (base - 2.0 * rest)[cells],
        constraints=LinearConstraint(matrix, target, target) if len(rows) else None,
        bounds=Bounds(0, 1),
        integrality=np.ones(len(cells)),
        options={"time_limit": _SECONDS, "mip_rel_gap": _GAP if len(cells) <= _MANY else np.inf},
    )
    if found.status != 0:
        raise NoRounding
    return np.rint(found.x).astype(np.int64)


def told(shown: Whole, rounding: Whole) -> tuple[Whole, Whole]:
    """The least and the most that a rounded cell can be (of an exact one: itself)."""
    base = np.maximum(np.abs(rounding), 1)
    low = np.where(rounding < 0, shown - base + 1, shown - base // 2)
    high = np.where(rounding < 0, shown + base - 1, shown + (base - 1) // 2)
    return np.where(rounding == 0, shown, low), np.where(rounding == 0, shown, high)
