# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# The compiler finds the types of loops from their arguments; arrays are passed around whole.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
"""The neighbourhood of a cell: the cells that are cheapest to reach through relations, all others held fast.

Belongs here: choosing a window and cutting the relations to it. Does not belong here: solving it (`deviation`).
What deviates within a window while all outside stays as it is deviates in the whole table, so a witness that is found
in a window holds everywhere. Only "none was found" is a statement about the window alone.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.solver.compiled import compiled
from quality.disclosure.solver.problem import Problem


@dataclass(frozen=True)
class Window:
    """Cells of the problem, and their relations in numbers of the window, by cell (compressed columns)."""

    cells: Whole
    relations: int
    start: Whole
    rows: Whole
    coefficients: Whole


def around(problem: Problem, target: int, price: Whole, allowed: Mask, limit: int) -> Window | None:
    """The `limit` allowed cells nearest to the target, less those that cannot deviate there; None without the target.

    The way to a cell costs its price and one unit per relation (Dijkstra 1959, with relations as nodes between).
    """
    first, rows, factors = problem.columns
    arrays = first, rows, factors, problem.start, problem.cells
    if limit < len(problem):
        members = _nearest(target, price, allowed, limit, first, rows, problem.start, problem.cells)
    else:
        members = np.flatnonzero(allowed)
    kept, start, local_rows, coefficients, relations = _cut(members, *arrays)
    if target not in kept:
        return None
    return Window(kept, int(relations), start, local_rows, coefficients)


@compiled
def _nearest(target, price, allowed, limit, first, rows, start, cells):
    """Cells in the order of their distance from the target."""
    best = np.full(len(price), np.int64(2**62))
    done, expanded = np.zeros(len(price), np.bool_), np.zeros(len(start), np.bool_)
    found = np.empty(min(limit, len(price)), np.int64)
    count = 0
    heap = [(np.int64(0), np.int64(target))]
    best[target] = 0
    while len(heap) > 0 and count < len(found):
        distance, cell = heapq.heappop(heap)
        if done[cell]:
            continue
        done[cell] = True
        found[count] = cell
        count += 1
        for i in range(first[cell], first[cell + 1]):
            row = rows[i]
            if expanded[row]:
                continue
            expanded[row] = True
            for j in range(start[row], start[row + 1]):
                other = cells[j]
                further = distance + 1 + price[other]
                if allowed[other] and not done[other] and further < best[other]:
                    best[other] = further
                    heapq.heappush(heap, (further, np.int64(other)))
    return found[:count]


@compiled
def _cut(members, first, rows, coefficients, start, cells):
    """Drop cells alone in a relation until there is none; then number relations and cut columns to them."""
    size, relations = len(first) - 1, len(start) - 1
    inside, counts = np.zeros(size, np.bool_), np.zeros(relations, np.int64)
    for cell in members:
        inside[cell] = True
        for i in range(first[cell], first[cell + 1]):
            counts[rows[i]] += 1
    stack = [np.int64(-1)]
    for cell in members:
        for i in range(first[cell], first[cell + 1]):
            if counts[rows[i]] == 1:
                stack.append(np.int64(cell))
                break
    while len(stack) > 1:
        cell = stack.pop()
        if not inside[cell]:
            continue
        inside[cell] = False
        for i in range(first[cell], first[cell + 1]):
            row = rows[i]
            counts[row] -= 1
            if counts[row] == 1:
                for j in range(start[row], start[row + 1]):
                    if inside[cells[j]]:
                        stack.append(np.int64(cells[j]))
    number = np.full(relations, np.int64(-1))
    kept = np.empty(len(members), np.int64)
    count, total, numbered = 0, 0, 0
    for cell in members:
        if inside[cell]:
            kept[count] = cell
            count += 1
            total += first[cell + 1] - first[cell]
    column = np.zeros(count + 1, np.int64)
    local, factors = np.empty(total, np.int64), np.empty(total, np.int64)
    place = 0
    for k in range(count):
        cell = kept[k]
        for i in range(first[cell], first[cell + 1]):
            row = rows[i]
            if number[row] < 0:
                number[row] = numbered
                numbered += 1
            local[place] = number[row]
            factors[place] = coefficients[i]
            place += 1
        column[k + 1] = place
    return kept[:count], column, local, factors, numbered
