# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
# The compiler finds the types of loops from their arguments; arrays are passed around whole.
# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False
"""From a system to independent problems: what is known leaves the relations, what hangs together stays together.

Belongs here: public cells, cells that follow from them, relations that are intervals, connected components. Does not
belong here: choosing what to withhold.

Every pattern deviates from the same values, so a known cell is one that deviates by nothing: folding it into the right
side of its relations is leaving it out. A relation that is an interval is an equation with one more unknown, the
slack, which is always "withheld".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from quality.disclosure.model.system import UNBOUNDED, Mask, State, System, Whole
from quality.disclosure.solver.compiled import compiled
from quality.disclosure.solver.problem import Problem


@dataclass(frozen=True)
class Part:
    """A component: its problem and, per cell of it, the number in the system (-1: a slack)."""

    problem: Problem
    cells: Whole


def known_cells(system: System, fixed: Mask) -> Mask:
    """Public and `fixed` cells, cells with one possible value, and all that follows from these one by one."""
    known = fixed | (system.state == State.PUBLIC) | ((system.low == system.high) & (system.state != State.FREE))
    known = known.copy()
    equations = system.lower == system.upper
    _follow(known, equations, system.start, system.cells, system.coefficients)
    return known


@compiled
def _follow(known, equations, start, cells, coefficients):
    """Mark each cell that is alone in an equation as known, until there is none."""
    changed = True
    while changed:
        changed = False
        for row in range(len(equations)):
            if not equations[row]:
                continue
            alone, number = -1, 0
            for j in range(start[row], start[row + 1]):
                if coefficients[j] != 0 and not known[cells[j]]:
                    alone = cells[j]
                    number += 1
            if number == 1:
                known[alone] = True
                changed = True


def components(system: System, cost: Whole, known: Mask) -> list[Part]:
    """One problem per connected component that has a need, in the order of its first cell."""
    size, slacks = len(system), np.flatnonzero(system.lower != system.upper)
    kept = ~known[system.cells] & (system.coefficients != 0)
    row = np.repeat(np.arange(system.relations), np.diff(system.start))[kept]
    rows = np.concatenate([row, slacks])
    cells = np.concatenate([system.cells[kept], size + np.arange(len(slacks))])
    factors = np.concatenate([system.coefficients[kept], np.full(len(slacks), -1, np.int64)])
    full = _deviations(system, cost, slacks)
    nodes = size + len(slacks)
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows + nodes, cells)), shape=(nodes + system.relations,) * 2)
    _, label = connected_components(graph, directed=False)
    wanted = full.needy.copy()
    wanted[:size] &= ~known
    order = np.lexsort((cells, rows))
    rows, cells, factors = rows[order], cells[order], factors[order]
    by_label = np.argsort(label[cells], kind="stable")
    parts = []
    unknown = np.concatenate([~known, np.ones(len(slacks), np.bool_)])
    members_by_label = np.argsort(label[:nodes], kind="stable")
    for found in np.unique(label[:nodes][wanted]).tolist():
        members = _of(members_by_label, label[:nodes], found)
        members = members[unknown[members]]
        entries = _of(by_label, label[cells], found)
        parts.append(_part(full, size, members, rows[entries], cells[entries], factors[entries]))
    return sorted(parts, key=lambda part: int(part.cells[part.cells >= 0][0]))


def _of(order: Whole, label: Whole, found: int) -> Whole:
    """The positions of one label, ascending, from all positions sorted by label."""
    sorted_labels = label[order]
    first, last = np.searchsorted(sorted_labels, [found, found + 1])
    return order[first:last]


def _deviations(system: System, cost: Whole, slacks: Whole) -> Problem:
    """All cells and slacks in terms of deviations, without relations."""

    def with_slacks(array: Whole, ends: Whole) -> Whole:
        return np.concatenate([array, ends])

    nothing, total = np.zeros(len(slacks), np.int64), system.sums(system.value)[slacks]
    reach = system.needy & ((system.reach_low != 0) | (system.reach_high != 0))
    low = np.where(system.low <= -UNBOUNDED, -UNBOUNDED, system.low - system.value)
    high = np.where(system.high >= UNBOUNDED, UNBOUNDED, system.high - system.value)
    always = np.concatenate([system.always_withheld, np.ones(len(slacks), np.bool_)])
    empty = np.zeros(0, np.int64)
    return Problem(
        low=with_slacks(low, np.maximum(system.lower[slacks] - total, -UNBOUNDED)),
        high=with_slacks(high, np.minimum(system.upper[slacks] - total, UNBOUNDED)),
        up=with_slacks(np.where(reach, np.maximum(system.reach_high - system.value, 0), 0), nothing),
        down=with_slacks(np.where(reach, np.maximum(system.value - system.reach_low, 0), 0), nothing),
        width=with_slacks(np.where(system.needy, system.width, 0), nothing),
        cost=with_slacks(cost, nothing),
        always=always,
        start=np.zeros(1, np.int64),
        cells=empty,
        coefficients=empty,
    )


def _part(full: Problem, size: int, members: Whole, rows: Whole, cells: Whole, factors: Whole) -> Part:
    """The problem of some cells and the entries of all their relations, numbered anew."""
    _, counts = np.unique(rows, return_counts=True)
    problem = Problem(
        full.low[members], full.high[members], full.up[members], full.down[members], full.width[members],
        full.cost[members], full.always[members],
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        np.searchsorted(members, cells),
        factors,
    )  # fmt: skip
    return Part(problem, np.where(members < size, members, -1))
