# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# The compiler finds the types of loops from their arguments; arrays are passed around whole.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: RUF059
"""The witness store: a pattern is the union of the witnesses that cover every need.

Belongs here: keeping witnesses, counting who uses a cell, what a cell still lacks. Does not belong here: where
witnesses come from (`descent`, `deviation`).

A witness is a vector of integers that fits every relation. Its multiples t fit the bounds for t in [bottom, top], so a
cell with entry a can deviate by a * t. Every stored witness counts for every needy cell in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.solver.circuits import WIDE, narrowed
from quality.disclosure.solver.compiled import compiled
from quality.disclosure.solver.descent import ROOM, SCALE
from quality.disclosure.solver.problem import Problem


@dataclass
class Store:
    """Witnesses of a problem in arrays that loops can read, with the price of every cell as it stands."""

    problem: Problem
    arrays: tuple[Whole, ...]
    price: Whole
    guide: Whole
    cost: Whole

    @classmethod
    def of(cls, problem: Problem) -> Store:
        """An empty store: only what is always withheld is free."""
        cost = np.where(problem.always, 0, np.minimum(problem.cost, 2**36))
        price = np.maximum(cost * SCALE, 1)
        entries, witnesses = 64 * ROOM + 40 * len(problem), 4 * ROOM + len(problem)
        size = len(problem)
        arrays: tuple[Whole, ...] = (
            np.empty(entries, np.int64), np.empty(entries, np.int64), np.empty(entries, np.int64),
            np.empty(entries, np.int64), np.full(size, -1, np.int64), np.empty(witnesses, np.int64),
            np.empty(witnesses, np.int64), np.empty(witnesses, np.int64), np.empty(witnesses, np.int64),
            np.zeros(witnesses, np.bool_), np.zeros(size, np.int64), np.zeros(2, np.int64),
        )  # fmt: skip
        return cls(problem, arrays, price, price.copy(), cost)

    @property
    def needs(self) -> tuple[Whole, Whole, Whole]:
        """Up, down and width per cell, as `lacks` wants them."""
        return self.problem.up, self.problem.down, self.problem.width

    def add(self, cells: Whole, amounts: Whole) -> int:
        """Keep a witness; returns its number, which holds until the next `pack`."""
        self.make_room()
        return int(add(self.arrays, cells, amounts, self.problem.low, self.problem.high, self.price, self.guide))

    def lacks(self, cell: int) -> tuple[int, int, int] | None:
        """The need of a cell if the witnesses do not cover it."""
        out = np.zeros(3, np.int64)
        if not lacks(self.arrays, cell, *self.needs, out):
            return None
        return int(out[0]), int(out[1]), int(out[2])

    def reached(self, cell: int) -> tuple[int, int]:
        """How far up and down the witnesses let a cell deviate."""
        out = np.zeros(2, np.int64)
        reached(self.arrays, cell, out)
        return int(out[0]), int(out[1])

    def holders(self, cell: int) -> list[int]:
        """The witnesses that a cell is in."""
        _, _, owner, following, head, _, _, _, _, alive, _, _ = self.arrays
        found, entry = [], int(head[cell])
        while entry >= 0:
            if alive[owner[entry]]:
                found.append(int(owner[entry]))
            entry = int(following[entry])
        return found

    def cells_of(self, witness: int) -> Whole:
        """The cells of a witness."""
        return self.arrays[0][self.arrays[5][witness] : self.arrays[6][witness]].copy()

    def all(self) -> list[tuple[Whole, Whole, int, int]]:
        """Cells, amounts, bottom and top of every witness."""
        cells, amounts, _, _, _, start, end, bottom, top, alive, _, count = self.arrays
        return [
            (cells[start[w] : end[w]], amounts[start[w] : end[w]], int(bottom[w]), int(top[w]))
            for w in range(int(count[1]))
            if alive[w]
        ]

    def pack(self) -> None:
        """Forget what was dropped; witnesses get new numbers in the same order."""
        pack(self.arrays)

    def make_room(self) -> None:
        """Room for one more step of the search; numbers stay."""
        while is_full(self.arrays):
            arrays = list(self.arrays)
            for k in (0, 1, 2, 3, 5, 6, 7, 8, 9):
                arrays[k] = np.concatenate([arrays[k], np.zeros_like(arrays[k])])
            self.arrays = tuple(arrays)

    @property
    def used(self) -> Mask:
        """Cells that a witness uses."""
        return self.arrays[10] > 0

    @property
    def secondary(self) -> Mask:
        """Cells that are withheld for others."""
        return self.used & ~self.problem.always


@compiled
def is_full(store):
    """Whether there may be no room for one step of the search."""
    return store[11][0] > len(store[0]) - 16 * ROOM or store[11][1] > len(store[5]) - ROOM


@compiled
def reached(store, cell, out):
    """How far the witnesses let a cell deviate, up and down, to `out`."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    up, down = 0, 0
    entry = head[cell]
    while entry >= 0:
        witness = owner[entry]
        if alive[witness]:
            amount = amounts[entry]
            up = max(up, amount * top[witness], amount * bottom[witness])
            down = max(down, -amount * bottom[witness], -amount * top[witness])
        entry = following[entry]
    out[0], out[1] = up, down


@compiled
def lacks(store, cell, up, down, width, out):
    """Whether a need is not covered; the need goes to `out`."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    reach_up, reach_down = 0, 0
    entry = head[cell]
    while entry >= 0:
        witness = owner[entry]
        if alive[witness]:
            amount = amounts[entry]
            reach_up = max(reach_up, amount * top[witness], amount * bottom[witness])
            reach_down = max(reach_down, -amount * bottom[witness], -amount * top[witness])
            if reach_up >= up[cell] and reach_down >= down[cell] and reach_up + reach_down >= width[cell]:
                return False
        entry = following[entry]
    out[0], out[1], out[2] = up[cell], down[cell], width[cell]
    return up[cell] > 0 or down[cell] > 0 or width[cell] > 0


@compiled
def add(store, new, by, low, high, price, guide):
    """Keep a witness; its cells are free from now on. Returns its number."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    entry, witness = count[0], count[1]
    start[witness], alive[witness] = entry, True
    upper, lower = WIDE, -WIDE
    for k in range(len(new)):
        cell = new[k]
        cells[entry], amounts[entry], owner[entry] = cell, by[k], witness
        following[entry], head[cell] = head[cell], entry
        upper, lower = narrowed(by[k], low[cell], high[cell], upper, lower)
        uses[cell] += 1
        price[cell], guide[cell] = 1, 1
        entry += 1
    end[witness], bottom[witness], top[witness] = entry, lower, upper
    count[0], count[1] = entry, witness + 1
    return witness


@compiled
def drop(store, witness, price, guide, cost):
    """Take a witness out; returns the cost of the cells that nobody uses any more."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    alive[witness] = False
    gain = 0
    for entry in range(start[witness], end[witness]):
        cell = cells[entry]
        uses[cell] -= 1
        if uses[cell] == 0 and cost[cell] > 0:
            price[cell] = cost[cell] * SCALE
            guide[cell] = price[cell]
            gain += cost[cell]
    return gain


@compiled
def restore(store, witness, price, guide):
    """Take a dropped witness in again."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    alive[witness] = True
    for entry in range(start[witness], end[witness]):
        uses[cells[entry]] += 1
        price[cells[entry]], guide[cells[entry]] = 1, 1


@compiled
def undo(store, entries, witnesses, price, guide, cost):
    """Take back every witness that was added since the store had so many entries and witnesses."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    for witness in range(count[1] - 1, witnesses - 1, -1):
        if alive[witness]:
            drop(store, witness, price, guide, cost)
    for entry in range(count[0] - 1, entries - 1, -1):
        if head[cells[entry]] == entry:
            head[cells[entry]] = following[entry]
    count[0], count[1] = entries, witnesses


@compiled
def pack(store):
    """Forget dropped witnesses; the others get new numbers in the same order."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    head[:] = -1
    entry, number = 0, 0
    for witness in range(count[1]):
        if not alive[witness]:
            continue
        first, last = start[witness], end[witness]
        start[number], bottom[number], top[number] = entry, bottom[witness], top[witness]
        for old in range(first, last):
            cell = cells[old]
            cells[entry], amounts[entry], owner[entry] = cell, amounts[old], number
            following[entry], head[cell] = head[cell], entry
            entry += 1
        end[number] = entry
        number += 1
    for witness in range(count[1]):
        alive[witness] = witness < number
    count[0], count[1] = entry, number
