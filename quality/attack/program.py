# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One program over connected rows and cells, by HiGHS: asked many times, each time from the solution before.

Belongs here: the solver. Does not belong here: what is asked and why (`programs`).
"""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, hstack

from quality.programs import program

Reals = NDArray[np.float64]
_SHORT = 1e-6


class TimeIsUp(RuntimeError):
    """The time for everything is used up."""


class Contradiction(RuntimeError):
    """The rows cannot hold together, even without those that are guesses."""


class Program:
    """low <= matrix * x <= high, least <= x <= most. Soft rows that contradict the others are given up at the start."""

    def __init__(
        self,
        matrix: csr_array,
        low: Reals,
        high: Reals,
        least: Reals,
        most: Reals,
        soft: NDArray[np.bool_],
        each: float,
    ) -> None:
        size = np.maximum(abs(matrix).max(axis=1).toarray().ravel(), 1e-12)
        self.matrix = csr_array(matrix.multiply(1 / size[:, None]))
        self.low, self.high = low / size, high / size
        self.least, self.most, self.each = least, most, each
        self.solver = self._loaded()
        if self._run(each) == highspy.HighsModelStatus.kInfeasible:
            self._give_up(soft)

    def _loaded(self) -> Any:
        rows, columns = self.matrix.shape
        by_column = csc_array(self.matrix)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = columns, rows
        lp.col_cost_ = np.zeros(columns)
        lp.col_lower_, lp.col_upper_ = self.least, self.most
        lp.row_lower_, lp.row_upper_ = self.low, self.high
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = by_column.indptr
        lp.a_matrix_.index_ = by_column.indices
        lp.a_matrix_.value_ = by_column.data
        solver = program()
        for option, value in (("threads", 1), ("random_seed", 1), ("mip_rel_gap", 0.0)):
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        return solver

    def _run(self, seconds: float) -> Any:
        self.solver.setOptionValue("time_limit", self.solver.getRunTime() + max(seconds, 0.01))
        if self.solver.run() == highspy.HighsStatus.kError:
            # Whoever in this process used HiGHS first has settled the number of threads; any other is an error.
            self.solver.setOptionValue("threads", 0)
            self.solver.run()
        return self.solver.getModelStatus()

    def _give_up(self, soft: NDArray[np.bool_]) -> None:
        """Find by how little soft rows must give way, and drop those that do."""
        rows, columns = self.matrix.shape
        give = np.flatnonzero(soft)
        pieces = csr_array((np.ones(len(give)), (give, np.arange(len(give)))), shape=(rows, len(give)))
        if len(give):
            kept = (self.matrix, self.least, self.most)
            self.matrix = csr_array(hstack([self.matrix, pieces, -1 * pieces]))
            self.least = np.r_[self.least, np.zeros(2 * len(give))]
            self.most = np.r_[self.most, np.full(2 * len(give), np.inf)]
            self.solver = self._loaded()
            extra = np.arange(columns, columns + 2 * len(give), dtype=np.int32)
            self.solver.changeColsCost(len(extra), extra, np.ones(len(extra)))
            self.solver.changeObjectiveSense(highspy.ObjSense.kMinimize)
            fine = self._run(self.each) == highspy.HighsModelStatus.kOptimal
            gave = np.asarray(self.solver.getSolution().col_value)[columns:] if fine else np.zeros(0)
            self.matrix, self.least, self.most = kept
            if fine:
                dropped = give[(gave[: len(give)] > _SHORT) | (gave[len(give) :] > _SHORT)]
                self.low[dropped], self.high[dropped] = -np.inf, np.inf
                self.solver = self._loaded()
                if self._run(self.each) != highspy.HighsModelStatus.kInfeasible:
                    return
        raise Contradiction

    def part(self, cells: NDArray[np.int64], rows: NDArray[np.int64]) -> Program:
        """The program of some cells and of rows that hold no others."""
        none = np.zeros(len(rows), np.bool_)
        matrix = csr_array(self.matrix[rows][:, cells])
        return Program(matrix, self.low[rows], self.high[rows], self.least[cells], self.most[cells], none, self.each)

    def together(self, places: NDArray[np.int64], goals: Reals, up: bool, seconds: float) -> Reals:
        """A solution in which as much as possible of these cells' ways to their goals is gone, all at once."""
        solver, count = self.solver, len(places)
        columns, rows = solver.getNumCol(), solver.getNumRow()
        none = np.zeros(0, np.int32)
        room = np.maximum((goals - self.least[places]) if up else (self.most[places] - goals), 0.0)
        solver.addCols(count, np.ones(count), np.zeros(count), room, 0, none, none, np.zeros(0))
        # up: way <= x - least; down: way >= x - goal
        aside = np.arange(columns, columns + count, dtype=np.int32)
        index = np.stack([places.astype(np.int32), aside], axis=1).ravel()
        value = np.tile([1.0, -1.0], count)
        limit = self.least[places] if up else goals
        lower, upper = (limit, np.full(count, np.inf)) if up else (np.full(count, -np.inf), limit)
        solver.addRows(count, lower, upper, 2 * count, np.arange(0, 2 * count, 2, dtype=np.int32), index, value)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize if up else highspy.ObjSense.kMinimize)
        status = self._run(min(self.each, seconds))
        solution = np.asarray(solver.getSolution().col_value)[: len(self.least)].copy()
        solver.deleteRows(count, np.arange(rows, rows + count, dtype=np.int32))
        solver.deleteCols(count, aside)
        if status != highspy.HighsModelStatus.kOptimal:
            return np.full(len(self.least), np.nan)
        return solution

    def extreme(self, place: int, up: bool, seconds: float, whole: NDArray[np.bool_] | None = None) -> Reals | None:
        """The solution with the largest (or smallest) value of one cell, in whole numbers where these are named.

        None if none was proved in time, or if there is no end.
        """
        solver = self.solver
        if whole is not None:
            self._kinds(whole)
        solver.changeColCost(place, 1.0)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize if up else highspy.ObjSense.kMinimize)
        optimal = self._run(min(self.each, seconds)) == highspy.HighsModelStatus.kOptimal
        solution = np.asarray(solver.getSolution().col_value).copy() if optimal else None
        solver.changeColCost(place, 0.0)
        if whole is not None:
            self._kinds(np.zeros(len(whole), np.bool_))
        return solution

    def _kinds(self, whole: NDArray[np.bool_]) -> None:
        kind = highspy.HighsVarType
        kinds = np.array([kind.kInteger if one else kind.kContinuous for one in whole.tolist()])
        self.solver.changeColsIntegrality(len(whole), np.arange(len(whole), dtype=np.int32), kinds)
