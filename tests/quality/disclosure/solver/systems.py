# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small systems for the tests of the solver, and what brute force says about them."""

from __future__ import annotations

from itertools import product

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from quality.disclosure.model.system import UNBOUNDED, Mask, State, System
from quality.disclosure.solver import Block


def system_of(
    values: list[int],
    relations: list[dict[int, int]],
    *,
    primary: dict[int, int] | None = None,
    public: tuple[int, ...] = (),
    agency: dict[int, int] | None = None,
    held: tuple[int, ...] = (),
    slack: dict[int, tuple[int, int]] | None = None,
    least: int = 0,
    most: int | None = None,
    reach: tuple[int, int] | None = None,
) -> System:
    """A system of equations (relation number in `slack`: interval around its sum); `primary`: cell to width."""
    size, primary, agency = len(values), primary or {}, agency or {}
    state = np.full(size, State.FREE, np.int8)
    for cells, what in ((public, State.PUBLIC), (held, State.HELD), (primary, State.PRIMARY), (agency, State.AGENCY)):
        state[list(cells)] = what
    width = np.zeros(size, np.int64)
    for cell, need in {**primary, **agency}.items():
        width[cell] = need
    value = np.array(values, np.int64)
    start = np.cumsum([0, *(len(relation) for relation in relations)]).astype(np.int64)
    cells = np.array([cell for relation in relations for cell in relation], np.int64)
    coefficients = np.array([by for relation in relations for by in relation.values()], np.int64)
    sums = [sum(by * values[cell] for cell, by in relation.items()) for relation in relations]
    around = [(slack or {}).get(number, (0, 0)) for number in range(len(relations))]
    needy = np.isin(np.arange(size), list(primary))
    return System(
        value=value,
        state=state,
        low=np.where(value > 0, np.minimum(least, value), np.minimum(value, 0)),
        high=np.full(size, UNBOUNDED if most is None else most, np.int64),
        reach_low=np.where(needy, reach[0] if reach else 0, 0),
        reach_high=np.where(needy, reach[1] if reach else 0, 0),
        width=width if reach is None else np.zeros(size, np.int64),
        cost=np.maximum(value, 1),
        start=start,
        cells=cells,
        coefficients=coefficients,
        lower=np.array([total - below for total, (below, _) in zip(sums, around, strict=True)], np.int64),
        upper=np.array([total + above for total, (_, above) in zip(sums, around, strict=True)], np.int64),
    )


def table_of(inner: np.ndarray, **rest: object) -> tuple[System, Block]:
    """A two-way table with margins as system and grid; cells are counted row by row, margins last."""
    rows, columns = inner.shape
    full = np.zeros((rows + 1, columns + 1), np.int64)
    full[:-1, :-1] = inner
    full[-1], full[:, -1] = full[:-1].sum(axis=0), 0
    full[:, -1] = full[:, :-1].sum(axis=1)
    number = np.arange(full.size).reshape(full.shape)
    relations = [dict.fromkeys(line[:-1].tolist(), 1) | {int(line[-1]): -1} for line in (*number, *number.T)]
    block = Block(number, [np.array([size] * size + [-1], np.int64) for size in (rows, columns)])
    return system_of(full.ravel().tolist(), relations, **rest), block  # type: ignore[arg-type]


def intervals(system: System, withheld: Mask, most: int) -> dict[int, tuple[int, int]]:
    """By trying every table with withheld cells up to `most`: the least and the largest value of each withheld cell."""
    hidden = np.flatnonzero(withheld).tolist()
    lows = [int(max(system.low[cell], -most)) for cell in hidden]
    highs = [int(min(system.high[cell], most)) for cell in hidden]
    found: dict[int, tuple[int, int]] = {}
    for guess in product(*(range(low, high + 1) for low, high in zip(lows, highs, strict=True))):
        values = system.value.copy()
        values[hidden] = guess
        sums = system.sums(values)
        if (sums >= system.lower).all() and (sums <= system.upper).all():
            for cell, value in zip(hidden, guess, strict=True):
                low, high = found.get(cell, (value, value))
                found[cell] = min(low, value), max(high, value)
    return found


def unsafe_cells(system: System, withheld: Mask) -> list[int]:
    """Needy cells whose interval is narrower than their need, by two integer programs per cell."""
    matrix = np.zeros((system.relations, len(system)))
    row = np.repeat(np.arange(system.relations), np.diff(system.start))
    np.add.at(matrix, (row, system.cells), system.coefficients)
    bounds = Bounds(
        np.where(withheld, system.low, system.value).astype(float),
        np.where(withheld, np.minimum(system.high, 10**5), system.value).astype(float),
    )
    failing = []
    for cell in np.flatnonzero(system.needy).tolist():
        aim = (np.arange(len(system)) == cell).astype(float)
        low, high = (
            sign * round(milp(sign * aim, integrality=np.ones(len(system)), bounds=bounds,
                              constraints=LinearConstraint(matrix, system.lower, system.upper)).fun)
            for sign in (1, -1)
        )  # fmt: skip
        reach = system.reach_high[cell] != 0 or system.reach_low[cell] != 0
        short = reach and (low > system.reach_low[cell] or high < system.reach_high[cell])
        if high - low < system.width[cell] or short:
            failing.append(cell)
    return failing
