# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Linear and integer programs on a neighbourhood of one cell, for what walks did not find.

Belongs here: one block of variables and rows, and its programs by HiGHS. Does not belong here: in which order blocks
are tried (`auditor`), and trust in floating point: a vector from here counts after the check in integers only.

A block is a set of variables with all rows that touch one of them. With the variables at its border fixed it is a
restriction of the system: what is possible in it is possible. With the border free, all other rows left out, it is a
relaxation: what is impossible in it is impossible. The block of a whole component has no border and is both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from quality.disclosure.audit.view import View
from quality.disclosure.model.system import Mask, Whole
from quality.programs import program

_WHOLE = 1e-5
_INFINITE = 1e11


class Answer(Enum):
    """What a program says of a wanted deviation."""

    POSSIBLE = "possible"
    IMPOSSIBLE = "impossible"
    FRACTIONAL = "fractional"
    """Possible in real numbers; of whole ones nothing is known yet."""
    UNKNOWN = "unknown"
    """The time was up, or the solver gave no clear answer."""


@dataclass(frozen=True)
class Block:
    """Variables of a view, the first `inner` of which may move in any case; the others are its border."""

    variables: Whole
    inner: int
    rows: Whole
    matrix: csr_array
    down: NDArray[np.float64]
    up: NDArray[np.float64]
    short: NDArray[np.float64]
    spare: NDArray[np.float64]


def neighbourhood(here: View, free: Mask, variable: int, size: int) -> Whole:
    """Return the `size` free variables nearest to one, counted in relations, or all of its component."""
    found, known, rows_known = [variable], {variable}, set[int]()
    for one in found:
        for row in here.col_rows[here.col_start[one] : here.col_start[one + 1]].tolist():
            if row in rows_known:
                continue
            rows_known.add(row)
            for other in here.row_vars[here.row_start[row] : here.row_start[row + 1]].tolist():
                if other not in known and free[other]:
                    known.add(other)
                    found.append(other)
        if len(found) >= size:
            break
    return np.array(found[:size], np.int64)


def block(here: View, free: Mask, inner: Whole, down: Whole, up: Whole) -> Block:
    """Cut the block of these variables out of a view; variables that are not free are zero."""
    spans = [here.col_rows[here.col_start[one] : here.col_start[one + 1]] for one in inner.tolist()]
    rows = np.unique(np.concatenate([np.zeros(0, np.int64), *spans]))
    chosen = here.matrix[rows]
    around = np.setdiff1d(np.unique(chosen.indices), inner)
    variables = np.concatenate([inner, around[free[around]]]).astype(np.int64)
    return Block(
        variables, len(inner), rows, chosen[:, variables],
        _open(down[variables]), _open(up[variables]), _open(here.short[rows]), _open(here.spare[rows]),
    )  # fmt: skip


def _open(bounds: Whole) -> NDArray[np.float64]:
    real = bounds.astype(float)
    real[np.abs(real) >= _INFINITE] *= np.inf
    return real


class Program:
    """One block as a model of HiGHS: each deviation is the difference of two parts that are not negative."""

    def __init__(self, given: Block, relaxed: bool) -> None:
        self.block = given
        self._columns = len(given.variables) if relaxed else given.inner
        self._model = self._load()
        self._integer = False

    def _load(self) -> highspy.Highs:
        given, n = self.block, self._columns
        matrix = given.matrix[:, :n].tocsc()
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = 2 * n, matrix.shape[0]
        lp.col_cost_ = np.ones(2 * n)
        lp.col_lower_ = np.zeros(2 * n)
        lp.col_upper_ = np.concatenate([given.up[:n], -given.down[:n]])
        lp.row_lower_, lp.row_upper_ = given.short, given.spare
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = np.concatenate([matrix.indptr, matrix.indptr[1:] + matrix.nnz])
        lp.a_matrix_.index_ = np.concatenate([matrix.indices, matrix.indices])
        lp.a_matrix_.value_ = np.concatenate([matrix.data, -matrix.data])
        model = program()
        for option, value in (("threads", 1), ("random_seed", 1), ("mip_rel_gap", 0.0)):
            model.setOptionValue(option, value)
        model.passModel(lp)
        return model

    def deviation(self, at: int, by: int, integer: bool, seconds: float) -> tuple[Answer, tuple[Whole, Whole] | None]:
        """Look for the nearest completion in which variable number `at` of the block moves by `by` or further.

        Further counts: whole cells may jump over a value, and an interval is no set.
        """
        if not self.block.down[at] <= by <= self.block.up[at]:
            return Answer.IMPOSSIBLE, None
        self._bound(at, by > 0, abs(by))
        status, solution = self._run(integer, seconds)
        self._free(at)
        if status == highspy.HighsModelStatus.kInfeasible:
            return Answer.IMPOSSIBLE, None
        if status != highspy.HighsModelStatus.kOptimal:
            return Answer.UNKNOWN, None
        whole = np.rint(solution)
        if np.abs(solution - whole).max(initial=0.0) > _WHOLE:
            return Answer.FRACTIONAL, None
        moved = np.flatnonzero(whole)
        return Answer.POSSIBLE, (self.block.variables[moved], whole[moved].astype(np.int64))

    def extreme(self, at: int, up: bool, seconds: float) -> float | None:
        """How far a variable can move one way in real numbers; None if the solver gave no clear answer."""
        n = self._columns
        both = np.arange(2 * n, dtype=np.int32)
        rising = at if up else n + at
        self._bound(at, up, 0)
        cost = np.zeros(2 * n)
        cost[rising] = -1.0
        self._model.changeColsCost(2 * n, both, cost)
        status, solution = self._run(False, seconds)
        self._model.changeColsCost(2 * n, both, np.ones(2 * n))
        self._free(at)
        return float(abs(solution[at])) if status == highspy.HighsModelStatus.kOptimal else None

    def _run(self, integer: bool, seconds: float) -> tuple[highspy.HighsModelStatus, NDArray[np.float64]]:
        n = self._columns
        if integer != self._integer:
            kind = highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous
            self._model.changeColsIntegrality(2 * n, np.arange(2 * n, dtype=np.int32), np.full(2 * n, kind))
            self._integer = integer
        self._model.setOptionValue("time_limit", self._model.getRunTime() + max(seconds, 0.01))
        if self._model.run() == highspy.HighsStatus.kError:
            # Whoever in this process used HiGHS first has settled the number of threads; any other is an error.
            self._model.setOptionValue("threads", 0)
            self._model.run()
        parts = np.array(self._model.getSolution().col_value)
        solution = parts[:n] - parts[n:] if len(parts) == 2 * n else np.zeros(0)
        return self._model.getModelStatus(), solution

    def _bound(self, at: int, up: bool, least: int) -> None:
        """Let a variable move one way only, and at least so far."""
        rising, falling = (at, self._columns + at) if up else (self._columns + at, at)
        end = self.block.up[at] if up else -self.block.down[at]
        self._model.changeColBounds(rising, float(least), float(end))
        self._model.changeColBounds(falling, 0.0, 0.0)

    def _free(self, at: int) -> None:
        self._model.changeColBounds(at, 0.0, float(self.block.up[at]))
        self._model.changeColBounds(self._columns + at, 0.0, float(-self.block.down[at]))


class Programs:
    """Both programs of a block, made when they are first asked for."""

    def __init__(self, given: Block) -> None:
        self.block = given
        self.whole = given.inner == len(given.variables)

    @cached_property
    def restricted(self) -> Program:
        """The border does not move."""
        return Program(self.block, relaxed=False)

    @cached_property
    def relaxed(self) -> Program:
        """The border moves freely within its bounds."""
        return self.restricted if self.whole else Program(self.block, relaxed=True)
