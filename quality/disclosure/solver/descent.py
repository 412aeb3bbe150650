# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# The compiler finds the types of loops from their arguments; arrays are passed around whole.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
"""From boxes to general circuits: boxes are added where they cancel dear cells, guided out of local minima.

Belongs here: the cheapest witness for one need in a grid. Does not belong here: keeping it (`store`). Any circuit of a
grid is a sum of boxes; a box that shares its dear cells with the witness, with the opposite sign, takes them out of it.
Where no single box helps, the cells that are dear now are made dearer for a while and the search begins anew (guided
local search, Voudouris and Tsang 1999).
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.solver.circuits import WIDE, box, narrowed
from quality.disclosure.solver.compiled import compiled

SCALE = 64
"""A unit of cost in prices; a cell that is withheld anyway has the price 1, so that witnesses stay small."""
ROUNDS = 20
DEAR = 8
"""Cells of a witness that are tried to be cancelled, the dearest first."""
ROOM = 8192
"""Cells of a witness at most."""
ENDLESS = 2**60


@compiled
def prove(grid, cell, need, bound, delta, price, guide, low, high, kicks):
    """The cheapest witness found that gives the cell its need for less than `bound`; no cells if there is none.

    `delta` is all zero and `guide` equal to `price`, before and after. A witness that costs less than one unit needs
    no guidance.
    """
    cost, cells, amounts = box(grid, cell, 1, delta, -1, need, WIDE, -WIDE, ENDLESS, price, low, high)
    if len(cells) == 0 or cost < SCALE:
        return cost, cells, amounts
    cost, cells, amounts = _guided(grid, cell, need, cells, amounts, cost, delta, price, guide, low, high, kicks)
    if cost >= bound:
        return bound, cells[:0], amounts[:0]
    return cost, cells, amounts


@compiled
def _guided(grid, target, need, cells, amounts, cost, delta, price, guide, low, high, kicks):
    """The best of some descents, each under prices that the ones before have raised."""
    best, best_cells, best_amounts = cost, cells, amounts
    raised = np.empty(ROOM * 4, np.int64)
    count = 0
    for kick in range(kicks + 1):
        cells, amounts = _descend(grid, target, need, cells, amounts, delta, guide, low, high)
        cost = 0
        for cell in cells:
            if cell != target:
                cost += price[cell]
        if cost < best:
            best, best_cells, best_amounts = cost, cells, amounts
        dear = False
        for cell in cells:
            if cell != target and price[cell] > 1 and count < len(raised):
                dear = True
                guide[cell] += price[cell] // 2 + 1
                raised[count] = cell
                count += 1
        if kick == kicks or not dear:
            break
        again = box(grid, target, 1, delta, -1, need, WIDE, -WIDE, ENDLESS, guide, low, high)
        if len(again[1]) > 0:
            cells, amounts = again[1], again[2]
    for i in range(count):
        guide[raised[i]] = price[raised[i]]
    return best, best_cells, best_amounts


@compiled
def _descend(grid, target, need, cells, amounts, delta, price, low, high):
    """Add boxes that cancel a dear cell as long as that makes the witness cheaper."""
    held = np.empty(ROOM, np.int64)
    size = len(cells)
    for k in range(size):
        held[k] = cells[k]
        delta[cells[k]] = amounts[k]
    dear = np.empty(DEAR, np.int64)
    for _ in range(ROUNDS):
        top, bottom = WIDE, -WIDE
        for k in range(size):
            top, bottom = narrowed(delta[held[k]], low[held[k]], high[held[k]], top, bottom)
        improved = False
        for i in range(_dearest(held[:size], target, price, dear)):
            cell = dear[i]
            _, more, steps = box(grid, cell, -delta[cell], delta, target, need, top, bottom, 0, price, low, high)
            if len(more) == 0 or size + len(more) > ROOM:
                continue
            for k in range(len(more)):
                if delta[more[k]] == 0:
                    held[size] = more[k]
                    size += 1
                delta[more[k]] += steps[k]
            left = 0
            for k in range(size):
                if delta[held[k]] != 0:
                    held[left] = held[k]
                    left += 1
            size = left
            improved = True
            break
        if not improved:
            break
    found, by = held[:size].copy(), np.empty(size, np.int64)
    for k in range(size):
        by[k] = delta[found[k]]
        delta[found[k]] = 0
    return found, by


@compiled
def _dearest(cells, target, price, dear):
    """Write the dearest priced cells but the target to `dear`, dearest first; returns how many."""
    count = 0
    for cell in cells:
        if price[cell] <= 1 or cell == target:
            continue
        k = count
        if count == len(dear):
            k = count - 1
            if price[cell] <= price[dear[k]]:
                continue
        while k > 0 and price[dear[k - 1]] < price[cell]:
            dear[k] = dear[k - 1]
            k -= 1
        dear[k] = cell
        count = min(count + 1, len(dear))
    return count
