# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""How a cell can deviate at the least price in any system: a linear program over a window, integers as the answer.

Belongs here: the program (Kelly, Golden and Assad 1992; the attacker's side of Fischetti and Salazar 2001 with a price
on every published cell) and the way to an integral answer. Does not belong here: which cell asks, what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np

from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.solver.problem import Problem
from quality.disclosure.solver.window import Window, around
from quality.programs import program

CAP = 2**20
"""No cell has to deviate by more than this, in a window by more than eight times what is asked for."""
NODES = 2000
"""Branches of the integer program before it is given up."""


@dataclass(frozen=True)
class Witness:
    """Integers that can be added to the values: they fit every relation and every bound of the cells they touch."""

    cells: Whole
    amounts: Whole


def _highs() -> highspy.Highs:
    found = program()
    # Without a presolve and from an empty basis the dual simplex needs few steps: nothing deviates at the start.
    for option, value in (
        ("threads", 1), ("random_seed", 0), ("presolve", "off"), ("solver", "simplex"),
        ("simplex_scale_strategy", 0), ("mip_max_nodes", NODES), ("mip_rel_gap", 0.0),
    ):  # fmt: skip
        found.setOptionValue(option, value)
    return found


@dataclass
class Deviations:
    """Asks for deviations; keeps one program and counts what was asked."""

    problem: Problem
    program: highspy.Highs = field(default_factory=_highs)
    asked: int = 0
    fractional: int = 0

    def cheapest(
        self, cell: int, amount: int, price: Whole, bound: int, limit: int, branch: bool = True
    ) -> Witness | None:
        """A witness in which `cell` deviates by `amount` or more (negative: or less) at the least price per unit.

        Only cells of a price up to `bound` take part, the `limit` nearest ones. A small price on cells that are
        withheld anyway keeps the number of steps and of cells small. An integer program only if we may `branch`.
        """
        allowed: Mask = price <= bound
        allowed[cell] = True
        window = around(self.problem, cell, price, allowed, limit)
        if window is None:
            return None
        self.asked += 1
        cap = CAP if limit > len(self.problem) else min(CAP, max(64, 8 * abs(amount)))
        low = np.maximum(self.problem.low[window.cells], -cap)
        high = np.minimum(self.problem.high[window.cells], cap)
        at = int(np.flatnonzero(window.cells == cell)[0])
        if not low[at] <= amount <= high[at]:
            return None
        for integral in (False, True) if branch else (False,):
            found = self._solve(window, price, low, high, at, amount, integral)
            if found is None:
                return None
            answer = _integral(self.problem, window.cells, found, at, amount)
            if answer is not None:
                return answer
            self.fractional += 1
        return None

    def _solve(
        self, window: Window, price: Whole, low: Whole, high: Whole, at: int, amount: int, integral: bool
    ) -> np.ndarray | None:
        """Deviations of least price, or None. Each cell has a column upwards and one downwards."""
        size = len(window.cells)
        lower, upper = np.zeros(2 * size), np.concatenate([high, -low]).astype(float)
        there, back = (at, at + size) if amount > 0 else (at + size, at)
        lower[there], upper[back] = abs(amount), 0.0
        cost = np.tile(price[window.cells].astype(float), 2)
        start = np.concatenate([window.start, window.start[1:] + window.start[-1]])[:-1].astype(np.int32)
        factors = np.concatenate([window.coefficients, -window.coefficients]).astype(float)
        zeros = np.zeros(window.relations)
        self.program.passModel(
            2 * size, window.relations, len(factors), 1, 1, 0.0, cost, lower, upper, zeros, zeros, start,
            np.tile(window.rows.astype(np.int32), 2), factors, np.full(2 * size, int(integral), np.int32),
        )  # fmt: skip
        self.program.run()
        if self.program.getInfo().primal_solution_status != 2:
            return None
        values = np.array(self.program.getSolution().col_value)
        return values[:size] - values[size:]


def _integral(problem: Problem, cells: Whole, found: np.ndarray, at: int, amount: int) -> Witness | None:
    """The deviations in integers, times 1, 2 or more if that makes them integral and they still fit."""
    for times in (1, 2, 3, 4, 6):
        amounts = np.rint(found * times).astype(np.int64)
        if np.abs(amounts - found * times).max() > 1e-6 or abs(amounts[at]) < abs(amount):
            continue
        touched = np.flatnonzero(amounts)
        witness = Witness(cells[touched], amounts[touched])
        if holds(problem, witness):
            return witness
    return None


def holds(problem: Problem, witness: Witness) -> bool:
    """Whether the witness fits every relation and all bounds, in integers."""
    cells, amounts = witness.cells, witness.amounts
    if (amounts < problem.low[cells]).any() or (amounts > problem.high[cells]).any():
        return False
    first, rows, factors = problem.columns
    lengths = first[cells + 1] - first[cells]
    entries = np.repeat(first[cells] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    touched, place = np.unique(rows[entries], return_inverse=True)
    sums = np.zeros(len(touched), np.int64)
    np.add.at(sums, place, factors[entries] * np.repeat(amounts, lengths))
    return not sums.any()
