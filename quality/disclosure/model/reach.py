# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known of a cell before anything of ours is published, and so how wide an interval can be at all.

Belongs here: bounds that follow from published zeros and from tables that are public at their source, along sums. Does
not belong here: what our own tables or earlier releases tell; they never make a need smaller.

Where zeros are published, everybody sees which cells are none; so a sum of two other cells is at least 2, however
much is withheld. Where the publisher of a total has published it, its parts cannot exceed it. No pattern widens that.
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.model.relations import Relations
from quality.disclosure.model.system import UNBOUNDED, Whole


def known_before(relations: Relations, low: Whole, high: Whole) -> tuple[Whole, Whole]:
    """The bounds of all cells once they are led along every sum `whole = parts`; unbounded ones stay as they are."""
    rows, whole = _sums(relations)
    if not len(rows):
        return low, high
    low, high = low.copy(), high.copy()
    cells, row = rows.cells, rows.rows
    part = cells != whole[row]
    while True:
        before = low.copy(), high.copy()
        least = np.add.reduceat(np.where(part, low[cells], 0), rows.start[:-1])
        open_below = np.add.reduceat(np.where(part, low[cells] <= -UNBOUNDED, False).astype(np.int64), rows.start[:-1])
        np.maximum.at(low, whole, np.where(open_below > 0, -UNBOUNDED, least))
        room = high[whole] - least
        closed = (open_below == 0) & (high[whole] < UNBOUNDED)
        limited = part & closed[row]
        np.minimum.at(high, cells[limited], (room[row] + low[cells])[limited])
        unlimited = part & (high[cells] >= UNBOUNDED)
        most = np.add.reduceat(np.where(part & ~unlimited, high[cells], 0), rows.start[:-1])
        others = np.add.reduceat(unlimited.astype(np.int64), rows.start[:-1])[row] - unlimited
        alone = part & (others == 0) & (low[whole] > -UNBOUNDED)[row]
        rest = most[row] - np.where(unlimited, 0, high[cells])
        np.maximum.at(low, cells[alone], (low[whole][row] - rest)[alone])
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            return low, high


def _sums(relations: Relations) -> tuple[Relations, Whole]:
    """The rows that say that one cell is the sum of others, and that cell."""
    single = np.abs(relations.coefficients) == 1
    row, count, size = relations.rows, len(relations), np.diff(relations.start)
    if not count:
        return relations, np.zeros(0, np.int64)
    plain = np.bincount(row, ~single, count) == 0
    minus = np.bincount(row, relations.coefficients < 0, count)
    sign = np.where(minus == 1, -1, np.where(size - minus == 1, 1, 0))
    kept = plain & (sign != 0) & (size > 1) & (relations.lower == 0) & (relations.upper == 0)
    chosen = relations.where(kept)
    is_whole = chosen.coefficients == sign[kept][chosen.rows]
    if (size[kept] == 2).any():
        first = np.zeros(len(is_whole), np.bool_)
        first[chosen.start[:-1]] = True
        two = (size[kept] == 2)[chosen.rows]
        is_whole = np.where(two, first, is_whole)
    return chosen, chosen.cells[is_whole]
