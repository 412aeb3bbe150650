# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# mypy: disallow-untyped-calls=False
"""Needs that no box covers, and dear cells in systems without a grid: the same steps with linear programs.

Belongs here: covering a need in any system, leaving out dear cells one by one. Does not belong here: the program itself
(`deviation`), the fast way in a grid (`polish`).
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.model.system import Whole
from quality.disclosure.solver.descent import SCALE
from quality.disclosure.solver.deviation import Deviations, Witness
from quality.disclosure.solver.polish import BANNED
from quality.disclosure.solver.store import Store, drop, restore, undo

NEAR = 6000
"""Cells of a window at first; all of the component where that is not enough."""
UNLIMITED = 2**45


def cover(store: Store, asks: Deviations, cell: int, bound: int = UNLIMITED, wide: bool = True) -> bool:
    """Add the cheapest witnesses that cover the need of a cell, each cheaper than `bound`; False if there are none.

    `wide`: if no other way is found, over the whole component and with integer programs.
    """
    while (need := store.lacks(cell)) is not None:
        witness = _next(store, asks, cell, need, bound, wide)
        if witness is None:
            return False
        store.add(witness.cells, witness.amounts)
    return True


def _next(
    store: Store, asks: Deviations, cell: int, need: tuple[int, int, int], bound: int, wide: bool
) -> Witness | None:
    """A witness that takes a cell farther than it was in one of the directions that it needs."""
    up, down = store.reached(cell)
    if up < need[0]:
        return _ask(store, asks, cell, [need[0]], bound, wide)
    if down < need[1]:
        return _ask(store, asks, cell, [-need[1]], bound, wide)
    most_up = min(need[2] - down, int(store.problem.high[cell]))
    most_down = min(need[2] - up, -int(store.problem.low[cell]))
    return _ask(store, asks, cell, [*_halving(up, most_up, 1), *_halving(down, most_down, -1)], bound, wide)


def _halving(reached: int, most: int, sign: int) -> list[int]:
    """Amounts beyond what is reached: the most first, then half the way each, the least last."""
    amounts = []
    while most > reached:
        amounts.append(sign * most)
        most = reached + (most - reached) // 2
    return amounts


def _ask(store: Store, asks: Deviations, cell: int, amounts: list[int], bound: int, wide: bool) -> Witness | None:
    """The witness for the first amount that has one; of those for the same distance up and down the cheaper one."""
    best: tuple[int, Witness] | None = None
    for position, amount in enumerate(amounts):
        if best is not None and abs(amount) < abs(amounts[position - 1]):
            continue
        for limit in (NEAR, len(store.problem) + 1):
            witness = asks.cheapest(cell, amount, store.price, bound, limit, branch=wide)
            if witness is not None or not wide or limit > len(store.problem):
                break
        if witness is None:
            continue
        price = int(store.price[witness.cells].sum())
        if best is None or price < best[0]:
            best = price, witness
        if price < SCALE:
            break
    return best[1] if best else None


def leave_out(store: Store, asks: Deviations, cells: Whole, programs: int) -> int:
    """Try to leave out each cell while there are programs left; returns what was gained."""
    before, gained = asks.asked, 0
    for cell in cells.tolist():
        if asks.asked - before >= programs:
            break
        if store.arrays[10][cell] > 0:
            gained += _without(store, asks, cell)
    store.pack()
    return gained


def _without(store: Store, asks: Deviations, cell: int) -> int:
    """Cover all that a cell's witnesses cover without the cell; taken back if that is dearer. Returns the gain."""
    store.pack()
    taken = store.holders(cell)
    gain = sum(drop(store.arrays, witness, store.price, store.guide, store.cost) for witness in taken)
    entries, witnesses = (int(number) for number in store.arrays[11])
    lost = np.unique(np.concatenate([store.cells_of(witness) for witness in taken]))
    store.price[cell] = BANNED
    spent = 0
    for other in lost.tolist():
        if store.lacks(other) is None:
            continue
        free = store.used
        if spent > gain or not cover(store, asks, other, (gain - spent + 1) * SCALE, wide=False):
            spent = gain + 1
            break
        spent += int(store.cost[store.used & ~free].sum())
    store.price[cell] = max(int(store.cost[cell]) * SCALE, 1)
    store.guide[cell] = store.price[cell]
    if spent <= gain and gain > 0:
        return int(gain) - spent
    undo(store.arrays, entries, witnesses, store.price, store.guide, store.cost)
    for witness in taken:
        restore(store.arrays, witness, store.price, store.guide)
    return 0
