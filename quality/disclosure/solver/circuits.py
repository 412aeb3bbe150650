# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# The compiler finds the types of loops from their arguments; arrays are passed around whole.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
# ruff: noqa: RUF059
"""Boxes: products of one move per axis of a grid, the cheapest found by branch and bound without a linear program.

Belongs here: the search for one box. Does not belong here: putting boxes together (`descent`). A box is the cycle of
Kelly, Golden and Assad (1992) in all dimensions at once: cells that alternate in sign and fit every sum of the grid,
with a leaf and all above it as the other kind of move along an axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.disclosure.model.system import Whole
from quality.disclosure.solver.blocks import Moves
from quality.disclosure.solver.compiled import compiled

MOST = 4096
"""Cells of a box at most."""
OPTIONS = 32
"""Moves per axis that are looked at: the cheapest on the line of the target."""
EFFORT = 4000
"""Products of moves that are looked at."""
WIDE = 2**40


@dataclass(frozen=True)
class Grid:
    """A block in arrays that loops can read: axes side by side, all positions counted through."""

    cells: Whole
    place: Whole
    shape: Whole
    strides: Whole
    offset: Whole
    start: Whole
    nodes: Whole
    signs: Whole
    first: Whole
    by_node: Whole

    @classmethod
    def of(cls, cells: Whole, axes: list[Moves], size: int) -> Grid:
        """The grid of `cells` (numbers of the problem, -1: not to be used) with the moves along each axis."""
        shape = np.array(cells.shape, np.int64)
        flat = np.ascontiguousarray(cells).ravel()
        place = np.full(size, -1, np.int64)
        inside = np.flatnonzero(flat >= 0)
        place[flat[inside]] = inside
        strides = np.concatenate([np.cumprod(shape[:0:-1])[::-1], [1]]).astype(np.int64)
        move, entry = 0, 0
        start, first, by_node = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)], []
        for axis in axes:
            start.append(axis.start[1:] + entry)
            first.append(axis.first[1:] + first[-1][-1])
            by_node.append(axis.by_node + move)
            move += len(axis.start) - 1
            entry += len(axis.nodes)
        return cls(
            flat,
            place,
            shape,
            strides,
            np.concatenate([np.zeros(1, np.int64), np.cumsum(shape)[:-1]]),
            np.concatenate(start),
            np.concatenate([axis.nodes for axis in axes]),
            np.concatenate([axis.signs for axis in axes]),
            np.concatenate(first),
            np.concatenate(by_node),
        )

    def arrays(self) -> tuple[Whole, ...]:
        """All arrays, in the order that the loops take them apart."""
        return (
            self.cells, self.place, self.shape, self.strides, self.offset, self.start, self.nodes, self.signs,
            self.first, self.by_node,
        )  # fmt: skip


@compiled
def narrowed(amount, low, high, top, bottom):
    """The multiples of `amount` that fit low..high, within bottom..top."""
    if amount > 0:
        return min(top, high // amount), max(bottom, -((-low) // amount))
    return min(top, (-low) // (-amount)), max(bottom, -(high // (-amount)))


@compiled
def added(cell, step, delta, price):
    """What it costs to add a step at a cell that deviates by `delta` already: less than nothing if both cancel."""
    if delta[cell] == 0:
        return price[cell]
    if delta[cell] + step == 0:
        return -price[cell]
    return 0


@compiled
def box(grid, target, step, delta, keep, need, top, bottom, bound, price, low, high):
    """The cheapest box with `step` at `target` that costs less than `bound` when it is added to `delta`.

    The sum has to leave multiples for `need` (up, down, width) where bottom..top are left before; the cell `keep` is
    not touched. Returns cost, cells and steps; no cells if there is none.
    """
    cells, place, shape, strides, offset, start, nodes, signs, first, by_node = grid
    axes, here = len(shape), place[target]
    nothing = np.empty(0, np.int64)
    if here < 0:
        return bound, nothing, nothing
    if delta[target] + step != 0:
        top, bottom = narrowed(delta[target] + step, low[target], high[target], top, bottom)
    if top < need[0] or -bottom < need[1] or top - bottom < need[2]:
        return bound, nothing, nothing
    own = added(target, step, delta, price) if delta[target] != 0 else 0
    choice, base = np.empty((axes, OPTIONS), np.int64), np.empty((axes, OPTIONS), np.int64)
    count = np.zeros(axes, np.int64)
    for axis in range(axes):
        count[axis] = _options(
            grid,
            here,
            axis,
            step,
            delta,
            keep,
            need,
            bound - own,
            price,
            low,
            high,
            choice[axis],
            base[axis],
            top,
            bottom,
        )
        if count[axis] == 0:
            return bound, nothing, nothing
    order = np.argsort(count, kind="mergesort")
    rest = np.zeros(axes + 1, np.int64)
    for level in range(axes - 1, -1, -1):
        rest[level] = rest[level + 1] + base[order[level], 0]
    spot, steps = np.empty(MOST, np.int64), np.empty(MOST, np.int64)
    spot[0], steps[0] = here, step
    sizes, costs = np.ones(axes + 1, np.int64), np.zeros(axes + 1, np.int64)
    tops, bottoms = np.empty(axes + 1, np.int64), np.empty(axes + 1, np.int64)
    costs[0], tops[0], bottoms[0] = own, top, bottom
    at = np.zeros(axes, np.int64)
    best, best_spot, best_steps = bound, nothing, nothing
    level, tried = 0, 0
    while level >= 0:
        if level == axes:
            if costs[axes] < best:
                best = costs[axes]
                best_spot, best_steps = spot[: sizes[axes]].copy(), steps[: sizes[axes]].copy()
            level -= 1
            continue
        axis = order[level]
        if (
            at[level] >= count[axis]
            or tried >= EFFORT
            or (costs[level] + base[axis, at[level]] + rest[level + 1] >= best)
        ):
            at[level] = 0
            level -= 1
            continue
        move = choice[axis, at[level]]
        at[level] += 1
        tried += 1
        if sizes[level] * (start[move + 1] - start[move]) > MOST:
            continue
        node = here // strides[axis] % shape[axis]
        flip = _sign(move, node, start, nodes, signs)
        size, cost, upper, lower = sizes[level], costs[level], tops[level], bottoms[level]
        limit = best - rest[level + 1]
        fits = True
        for e in range(start[move], start[move + 1]):
            if nodes[e] == node:
                continue
            shift, turn = (nodes[e] - node) * strides[axis], signs[e] * flip
            for k in range(sizes[level]):
                cell = cells[spot[k] + shift]
                fits = cell >= 0 and cell != keep
                if not fits:
                    break
                moved = turn * steps[k]
                cost += added(cell, moved, delta, price)
                if delta[cell] + moved != 0:
                    upper, lower = narrowed(delta[cell] + moved, low[cell], high[cell], upper, lower)
                fits = cost < limit and upper >= need[0] and -lower >= need[1] and upper - lower >= need[2]
                if not fits:
                    break
                spot[size], steps[size] = spot[k] + shift, moved
                size += 1
            if not fits:
                break
        if fits:
            level += 1
            sizes[level], costs[level], tops[level], bottoms[level] = size, cost, upper, lower
    for k in range(len(best_spot)):
        best_spot[k] = cells[best_spot[k]]
    return best, best_spot, best_steps


@compiled
def _sign(move, node, start, nodes, signs):
    """The sign of a node in a move."""
    for e in range(start[move], start[move + 1]):
        if nodes[e] == node:
            return signs[e]
    return 0


@compiled
def _options(grid, here, axis, step, delta, keep, need, bound, price, low, high, choice, base, top, bottom):
    """The cheapest moves along one axis, sorted by their price on the line of the target; returns how many."""
    cells, place, shape, strides, offset, start, nodes, signs, first, by_node = grid
    node = here // strides[axis] % shape[axis]
    held, most = 0, len(choice)
    for i in range(first[offset[axis] + node], first[offset[axis] + node + 1]):
        move = by_node[i]
        flip = _sign(move, node, start, nodes, signs) * step
        cost, upper, lower = 0, top, bottom
        fits = True
        for e in range(start[move], start[move + 1]):
            if nodes[e] == node:
                continue
            cell = cells[here + (nodes[e] - node) * strides[axis]]
            fits = cell >= 0 and cell != keep
            if not fits:
                break
            moved = signs[e] * flip
            cost += added(cell, moved, delta, price)
            if delta[cell] + moved != 0:
                upper, lower = narrowed(delta[cell] + moved, low[cell], high[cell], upper, lower)
            fits = upper >= need[0] and -lower >= need[1] and upper - lower >= need[2]
            if not fits:
                break
        if not fits or cost >= bound or (held == most and cost >= base[held - 1]):
            continue
        k = held if held < most else most - 1
        while k > 0 and base[k - 1] > cost:
            base[k], choice[k] = base[k - 1], choice[k - 1]
            k -= 1
        base[k], choice[k] = cost, move
        held = min(held + 1, most)
    return held
