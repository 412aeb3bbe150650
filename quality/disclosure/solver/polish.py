# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# The compiler finds the types of loops from their arguments; arrays are passed around whole.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: RUF059
"""Ruin and recreate: the witnesses of a dear cell are taken out and found anew without it.

Belongs here: the local search over the witnesses of a grid. Does not belong here: the search for one witness
(`descent`), cells that no grid holds (`reduce`). A step that does not make the pattern cheaper, or as cheap, is taken
back whole, so every need that was covered stays covered (Schrimpf et al. 2000 for the principle). The choices come from
a generator of fixed seed: the same problem gives the same steps.
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.model.system import Whole
from quality.disclosure.solver.circuits import Grid
from quality.disclosure.solver.compiled import compiled
from quality.disclosure.solver.descent import ENDLESS, ROOM, SCALE, prove
from quality.disclosure.solver.problem import Problem
from quality.disclosure.solver.store import Store, add, drop, is_full, lacks, restore, undo

BANNED = 2**46
"""The price of a cell that is to be left out."""
HOLDERS = 40
"""A cell with more witnesses than this is not tried to be left out."""
FAILED = -(2**40)


def construct(store: Store, grid: Grid, order: Whole, kicks: int) -> None:
    """Find a witness in the grid for each cell that lacks one, in this order; cells that have none are passed over."""
    problem, done, delta = store.problem, 0, np.zeros(len(store.problem), np.int64)
    while done < len(order):
        done += _construct(
            store.arrays, grid.arrays(), order[done:], *_needs(problem), store.price, store.guide, delta, kicks
        )
        _make_room(store)


def sweep(store: Store, grid: Grid, cells: Whole, kicks: int, noise: Whole) -> int:
    """Try once to leave out each of these cells; returns what was gained."""
    done, gained, delta = 0, 0, np.zeros(len(store.problem), np.int64)
    while done < len(cells):
        tried, gain = _sweep(
            store.arrays, grid.arrays(), cells[done:], *_needs(store.problem), store.price, store.guide, store.cost,
            delta, kicks, noise,
        )  # fmt: skip
        done, gained = done + tried, gained + gain
        _make_room(store)
    return gained


def _needs(problem: Problem) -> tuple[Whole, Whole, Whole, Whole, Whole]:
    return problem.up, problem.down, problem.width, problem.low, problem.high


def _make_room(store: Store) -> None:
    store.pack()
    store.make_room()


@compiled
def chance(noise, below):
    """The next number of the sequence, from 0 to below - 1 (Park and Miller 1988)."""
    noise[0] = noise[0] * 48271 % 2147483647
    return noise[0] % below


@compiled
def _construct(store, grid, order, up, down, width, low, high, price, guide, delta, kicks):
    need = np.zeros(3, np.int64)
    for done in range(len(order)):
        if is_full(store):
            return done
        cell = order[done]
        if not lacks(store, cell, up, down, width, need):
            continue
        _, cells, amounts = prove(grid, cell, need, ENDLESS, delta, price, guide, low, high, kicks)
        if len(cells) > 0:
            add(store, cells, amounts, low, high, price, guide)
    return len(order)


@compiled
def _again(store, grid, taken, number, banned, up, down, width, low, high, price, guide, cost, delta, kicks, noise):
    """Take witnesses out and cover anew what they covered, without the cell `banned`; returns the gain, or FAILED."""
    cells, amounts, owner, following, head, start, end, bottom, top, alive, uses, count = store
    entries, witnesses = count[0], count[1]
    gain = 0
    for i in range(number):
        gain += drop(store, taken[i], price, guide, cost)
    if banned >= 0:
        price[banned], guide[banned] = BANNED, BANNED
    need, lost, many = np.zeros(3, np.int64), np.empty(ROOM, np.int64), 0
    done = True
    for i in range(number):
        for entry in range(start[taken[i]], end[taken[i]]):
            if lacks(store, cells[entry], up, down, width, need):
                if many == len(lost):
                    done = False
                    break
                lost[many] = cells[entry]
                many += 1
    for i in range(many - 1, 0, -1):
        k = chance(noise, i + 1)
        lost[i], lost[k] = lost[k], lost[i]
    spent = 0
    for i in range(many):
        if not done:
            break
        if not lacks(store, lost[i], up, down, width, need):
            continue
        _, new, by = prove(grid, lost[i], need, (gain - spent + 1) * SCALE, delta, price, guide, low, high, kicks)
        for cell in new:
            if uses[cell] == 0:
                spent += cost[cell]
        done = len(new) > 0 and spent <= gain and not is_full(store)
        if done:
            add(store, new, by, low, high, price, guide)
    if banned >= 0:
        price[banned] = max(cost[banned] * SCALE, 1)
        guide[banned] = price[banned]
    if done:
        return gain - spent
    undo(store, entries, witnesses, price, guide, cost)
    for i in range(number):
        restore(store, taken[i], price, guide)
    return FAILED


@compiled
def _holders(store, cell, taken):
    """Write the witnesses of a cell to `taken`; returns how many, or none at all if they are too many."""
    owner, following, head, alive = store[2], store[3], store[4], store[9]
    number, entry = 0, head[cell]
    while entry >= 0:
        if alive[owner[entry]]:
            if number == HOLDERS:
                return 0
            taken[number] = owner[entry]
            number += 1
        entry = following[entry]
    return number


@compiled
def _sweep(store, grid, order, up, down, width, low, high, price, guide, cost, delta, kicks, noise):
    taken, gained = np.empty(HOLDERS, np.int64), 0
    for done in range(len(order)):
        if is_full(store):
            return done, gained
        number = _holders(store, order[done], taken)
        if number == 0 or cost[order[done]] == 0:
            continue
        gain = _again(
            store, grid, taken, number, order[done], up, down, width, low, high, price, guide, cost, delta, kicks, noise
        )
        gained += max(gain, 0)
    return len(order), gained
