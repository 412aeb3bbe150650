# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The way through: a system in, a safe pattern out, or a refusal.

Belongs here: the order of the steps. Does not belong here: a step. The problem is that of Fischetti and Salazar (2001):
the cheapest set of cells without which every needy cell has an interval as wide as its need, in whole numbers. Every
need is covered by witnesses (tables of whole numbers that agree with all that is published) in the grids of the system
and, where these do not reach, by linear programs; then dear cells are left out where others can take their place.
"""

from __future__ import annotations

import numpy as np

from quality.disclosure.model.system import Mask, State, System, Whole
from quality.disclosure.model.vectors import Vectors, joined
from quality.disclosure.solver import cache
from quality.disclosure.solver.circuits import Grid
from quality.disclosure.solver.deviation import Deviations, Witness
from quality.disclosure.solver.grids import grids
from quality.disclosure.solver.options import Options, Pattern
from quality.disclosure.solver.polish import construct, sweep
from quality.disclosure.solver.presolve import Part, components, known_cells
from quality.disclosure.solver.problem import Problem
from quality.disclosure.solver.proof import proved, shown
from quality.disclosure.solver.refusal import refusal
from quality.disclosure.solver.repair import cover, leave_out
from quality.disclosure.solver.store import Store

SEED = 20260101
SMALL, STARTS = 100, 2
"""Needy cells of a small problem, and how often its search is begun anew."""
LARGE, HUGE = 2_000, 10_000
"""Needy cells from which on one round has to do, and from which on it is the last."""
KICKS = 5
DEAREST = 40
"""Secondary cells that linear programs try to leave out, beside the search in the grid."""


def solve(system: System, options: Options | None = None) -> Pattern:
    """The cells to withhold.

    Raises ValueError naming every fault of the system, `Unsafe` if a primary cell cannot be covered by any pattern.
    """
    options = options or Options()
    if faults := system.faults():
        raise ValueError("; ".join(faults))
    free = system.state == State.FREE
    fixed = free & options.never if options.never is not None else np.zeros(len(system), np.bool_)
    cost = np.maximum(system.cost if options.cost is None else options.cost, 0)
    known = known_cells(system, fixed)
    compromised = _checked(system, fixed, np.flatnonzero(known & system.needy))
    withheld, reused = system.always_withheld.copy(), 0
    parts, claims = components(system, cost, known), list[Vectors]()
    for part in parts:
        witnesses, uncovered, again = _solved(part, grids(part, options.blocks, len(system)), options)
        compromised += _checked(system, fixed, part.cells[uncovered])
        used = part.cells[np.concatenate([np.zeros(0, np.int64), *(witness.cells for witness in witnesses)])]
        withheld[used[used >= 0]] = True
        claims.append(shown(part.problem, witnesses, part.cells))
        reused += again
    secondary = withheld & free
    return Pattern(
        withheld,
        secondary,
        int(cost[secondary].sum()),
        int(np.abs(system.value[secondary]).sum()),
        np.array(sorted(compromised), np.int64),
        len(parts),
        reused,
        joined(claims),
    )


def _checked(system: System, fixed: Mask, uncovered: Whole) -> list[int]:
    """Cells that an agency withheld and nobody can cover; a primary cell among them is a refusal."""
    ours = uncovered[system.state[uncovered] == State.PRIMARY]
    if len(ours):
        raise refusal(system, int(ours.min()), fixed)
    return uncovered.tolist()


def _solved(part: Part, found: list[Grid], options: Options) -> tuple[list[Witness], Whole, int]:
    """Witnesses of a component, its cells that cannot be covered, and 1 if that was known from before."""
    problem = part.problem
    name = cache.key(problem, found, options.effort, options.programs) if options.cache else ""
    if options.cache and (kept := cache.read(options.cache, name)) and _holds(problem, *kept):
        return *kept, 1
    uncovered, witnesses = _search(problem, found, options)
    if not _holds(problem, witnesses, uncovered):
        raise RuntimeError("the solver's own proof failed: a need that counted as covered is not")
    if options.cache:
        cache.write(options.cache, name, witnesses, uncovered)
    return witnesses, uncovered, 0


def _holds(problem: Problem, witnesses: list[Witness], uncovered: Whole) -> bool:
    withheld = problem.always.copy()
    withheld[np.concatenate([np.zeros(0, np.int64), *(witness.cells for witness in witnesses)])] = True
    open_needs = np.flatnonzero(problem.needy & ~proved(problem, witnesses, withheld))
    return bool(np.isin(open_needs, uncovered).all())


def _search(problem: Problem, found: list[Grid], options: Options) -> tuple[Whole, list[Witness]]:
    """The best of some searches; a small problem is worth several, each with another order of its cells."""
    needy = np.flatnonzero(problem.needy)
    starts = STARTS if found and len(needy) < SMALL else 1
    best: tuple[int, Store, list[int]] | None = None
    for start in range(starts):
        store, uncovered = _one_search(problem, found, _shuffled(needy, SEED + start), options)
        cost = int(store.cost[store.secondary].sum())
        if best is None or cost < best[0]:
            best = cost, store, uncovered
    assert best is not None
    _, store, uncovered = best
    store.pack()
    witnesses = [Witness(cells.copy(), amounts.copy()) for cells, amounts, _, _ in store.all()]
    return np.array(sorted(uncovered), np.int64), witnesses


def _one_search(problem: Problem, found: list[Grid], needy: Whole, options: Options) -> tuple[Store, list[int]]:
    """Cover every need, then leave out what is dear: quickly at first, with more care later."""
    store, asks, noise = Store.of(problem), Deviations(problem), np.array([SEED], np.int64)
    for grid in found:
        construct(store, grid, needy, KICKS)
    uncovered = [cell for cell in needy.tolist() if not cover(store, asks, cell)]
    for round_ in range(options.effort if len(needy) < LARGE else min(options.effort, 1)):
        for grid in found:
            sweep(store, grid, _dearest(store), _kicks(len(needy), round_), noise)
        leave_out(store, asks, _dearest(store)[: DEAREST if found else None], options.programs)
    for grid in found if options.effort and len(needy) < HUGE else ():
        sweep(store, grid, _dearest(store), 2, noise)
    return store, uncovered


def _kicks(needy: int, round_: int) -> int:
    """How long a sweep looks for each witness: where there are more rounds, the first ones are quick."""
    if needy >= HUGE:
        return 1
    return round_ + 1 if SMALL <= needy < LARGE else KICKS


def _dearest(store: Store) -> Whole:
    cells = np.flatnonzero(store.secondary & (store.cost > 0))
    return cells[np.argsort(-store.cost[cells], kind="stable")]


def _shuffled(cells: Whole, seed: int) -> Whole:
    """The cells in an order without a pattern, the same each time."""
    return cells[np.argsort((cells * 2654435761 + seed * 40503) % 4294967291, kind="stable")]
