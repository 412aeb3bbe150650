# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Why a cell cannot be covered: the smallest set of known cells found that is to blame.

Belongs here: deletion filtering (Chinneck and Dravnieks 1991) over what is known. Does not belong here: solving.
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.model.system import Mask, State, System
from quality.disclosure.solver.deviation import Deviations
from quality.disclosure.solver.options import Unsafe
from quality.disclosure.solver.presolve import components, known_cells
from quality.disclosure.solver.repair import cover
from quality.disclosure.solver.store import Store


def coverable(system: System, cell: int, fixed: Mask, freed: Mask) -> bool:
    """Whether the cell can be covered if all but public and `fixed` cells are withheld; `freed` ones are neither."""
    state = np.where(freed, State.FREE, system.state).astype(np.int8)
    loosened = _with_state(system, state)
    known = known_cells(loosened, fixed & ~freed)
    if known[cell]:
        return False
    for part in components(loosened, np.zeros(len(system), np.int64), known):
        at = np.flatnonzero(part.cells == cell)
        if len(at):
            store = Store.of(part.problem)
            return cover(store, Deviations(part.problem), int(at[0]))
    return True


def refusal(system: System, cell: int, fixed: Mask) -> Unsafe:
    """The refusal that names an irreducible set of known cells because of which the cell cannot be covered."""
    known = fixed | (system.state == State.PUBLIC)
    causes: list[int] = []
    if coverable(system, cell, fixed, known):
        near = _nearby(system, cell, fixed, known)
        causes = _filtered(system, cell, fixed, known, np.flatnonzero(near).tolist())
    return Unsafe(cell, causes, [system.name(one) for one in (cell, *causes)])


def _nearby(system: System, cell: int, fixed: Mask, known: Mask) -> Mask:
    """The known cells within as few relations of the cell as make it impossible to cover."""
    row = np.repeat(np.arange(system.relations), np.diff(system.start))
    near = np.zeros(len(system), np.bool_)
    near[cell] = True
    while True:
        wider = near.copy()
        wider[system.cells[np.isin(row, row[near[system.cells]])]] = True
        if (wider == near).all() or not coverable(system, cell, fixed, known & ~wider):
            return known & wider
        near = wider


def _filtered(system: System, cell: int, fixed: Mask, known: Mask, suspects: list[int]) -> list[int]:
    """Drop suspects, many at once where that works, as long as the rest alone make the cell impossible to cover."""
    kept, step = suspects, max(1, len(suspects) // 2)
    while True:
        position = 0
        while position < len(kept):
            rest = kept[:position] + kept[position + step :]
            freed = known.copy()
            freed[rest] = False
            if coverable(system, cell, fixed, freed):
                position += step
            else:
                kept = rest
        if step == 1:
            return kept
        step = max(1, min(step // 2, len(kept) // 2))


def _with_state(system: System, state: np.ndarray) -> System:
    """The system with other states; a cell that was public gets the bounds of one that is not negative."""
    public = system.state == State.PUBLIC
    low = np.where(public, np.minimum(system.low, np.minimum(system.value, 0)), system.low)
    return System(
        system.value, state, low, np.where(public, np.int64(2**40), system.high), system.reach_low, system.reach_high,
        system.width, system.cost, system.start, system.cells, system.coefficients, system.lower, system.upper,
    )  # fmt: skip
