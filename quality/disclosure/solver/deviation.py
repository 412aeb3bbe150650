# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""How a cell can deviate at the least cost: a linear program over a window, and integers only as an answer.

Belongs here: the program (Kelly, Golden and Assad 1992; Fischetti and Salazar 2001, the "attacker's" side with a price
on every published cell) and the way to an integral answer. Does not belong here: which cell asks, what is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.solver.problem import Problem
from quality.disclosure.solver.window import Window, around

CAP = 2**20
"""No cell has to deviate by more; keeps the numbers of the program small."""


@dataclass(frozen=True)
class Witness:
    """Integers that can be added to the values: they fit every relation and every bound of the cells they touch."""

    cells: Whole
    amounts: Whole


def _highs() -> highspy.Highs:
    program = highspy.Highs()
    for option, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 0), ("presolve", "off"), ("solver", "simplex"),
        ("mip_max_nodes", 200),
    ):  # fmt: skip
        program.setOptionValue(option, value)
    return program


@dataclass
class Deviations:
    """Asks for deviations; keeps one program and counts what was asked."""

    problem: Problem
    program: highspy.Highs = field(default_factory=_highs)
    asked: int = 0
    fractional: int = 0

    def cheapest(self, cell: int, amount: int, price: Whole, allowed: Mask, limit: int) -> Witness | None:
        """A witness in which `cell` deviates by `amount` or more (or, negative, less) at the least price per unit."""
        window = around(self.problem, np.array([cell]), price, allowed, limit)
        if window is None:
            return None
        self.asked += 1
        problem, cells = self.problem, window.cells
        low = np.maximum(problem.low[cells], -CAP).astype(float)
        high = np.minimum(problem.high[cells], CAP).astype(float)
        cost = price[cells].astype(float)
        at = int(np.flatnonzero(cells == cell)[0])
        if amount > 0:
            low[at] = amount
        else:
            high[at] = amount
        if low[at] > high[at]:
            return None
        found = self._solve(window, cost, low, high, integral=False)
        if found is None:
            return None
        answer = self._integral(cells, found, low, high)
        if answer is None:
            self.fractional += 1
            found = self._solve(window, cost, low, high, integral=True)
            answer = None if found is None else self._integral(cells, found, low, high)
        return answer

    def _solve(
        self, window: Window, cost: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], integral: bool
    ) -> NDArray[np.float64] | None:
        """Deviations of least price, or None. A priced cell has a column for each direction."""
        size, priced = len(window.cells), np.flatnonzero(cost > 0)
        lengths = np.diff(window.start)
        entries = np.concatenate([np.arange(window.start[k], window.start[k + 1]) for k in priced]) if len(priced) else np.zeros(0, np.int64)
        start = np.concatenate([window.start, window.start[-1] + np.cumsum(lengths[priced])])[:-1]
        rows = np.concatenate([window.rows, window.rows[entries]])
        factors = np.concatenate([window.coefficients, -window.coefficients[entries]]).astype(float)
        lower = np.concatenate([np.where(cost > 0, np.maximum(low, 0), low), np.maximum(-high[priced], 0)])
        upper = np.concatenate([np.where(cost > 0, np.maximum(high, 0), high), np.maximum(-low[priced], 0)])
        zeros = np.zeros(window.relations)
        program = self.program
        program.passModel(
            size + len(priced), window.relations, len(rows), 1, 1, 0.0, np.concatenate([cost, cost[priced]]), lower, upper,
            zeros, zeros, start.astype(np.int32), rows.astype(np.int32), factors,
            np.full(size + len(priced), int(integral), np.int32),
        )  # fmt: skip
        program.run()
        if program.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        values = np.array(program.getSolution().col_value)
        deviations = values[:size]
        deviations[priced] -= values[size:]
        return deviations

    def _integral(
        self, cells: Whole, found: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]
    ) -> Witness | None:
        """The deviations in integers, times 1, 2 or more if that makes them integral and they still fit."""
        for times in (1, 2, 3, 4, 6):
            amounts = np.rint(found * times).astype(np.int64)
            if np.abs(amounts - found * times).max() < 1e-6 and (amounts >= low).all() and (amounts <= high).all():
                touched = np.flatnonzero(amounts)
                witness = Witness(cells[touched], amounts[touched])
                if holds(self.problem, witness):
                    return witness
        return None


def holds(problem: Problem, witness: Witness) -> bool:
    """Whether the witness fits every relation and all bounds, in integers."""
    if (witness.amounts < problem.low[witness.cells]).any() or (witness.amounts > problem.high[witness.cells]).any():
        return False
    first, rows, factors = problem.columns
    lengths = first[witness.cells + 1] - first[witness.cells]
    entries = np.repeat(first[witness.cells] - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
    touched, place = np.unique(rows[entries], return_inverse=True)
    sums = np.zeros(len(touched), np.int64)
    np.add.at(sums, place, factors[entries] * np.repeat(witness.amounts, lengths))
    return not sums.any()
