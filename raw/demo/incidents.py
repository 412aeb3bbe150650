# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong at the offices: withheld cells, one leak, a correction.

Belongs here: which cells an office withholds and where it fails, and the mistake that it corrects later.
Does not belong here: the truth itself (`world`), how our own door protects cells (`quality.disclosure`).
"""

from __future__ import annotations

import numpy as np

from raw.contracts import TableContract
from raw.demo import territory
from raw.demo.society import Facts
from raw.demo.world import World
from raw.vocabulary.dimensions import format_dims

THRESHOLD = 3
LEAK_TABLE, LEAK_CONCEPT = "d6_t35", "wohngeld_hh"
LEAK_YEAR, MISTAKE_YEAR = 2022, 2022
MISTAKE_AREA, MISTAKE_SIZE = "99052", 9
_MISTAKEN = {"DG", territory.LAND, territory.REGION, MISTAKE_AREA}

Grid = dict[tuple[str, str], int]
"""(area, column) → value of one table in one year."""


def leak_year(years: range) -> int:
    """The year in which the office withholds a single cell beside a published total."""
    return LEAK_YEAR if LEAK_YEAR in years else years[-1]


def plant_leak(facts: Facts, years: range) -> None:
    """Make sure that in the leak's year exactly one Stadtteil has one or two households with Wohngeld."""
    count = len(territory.STADTTEILE)
    households = facts["hh", ""][:count, leak_year(years) - years.start]
    benefit = facts[LEAK_CONCEPT, ""][:count, leak_year(years) - years.start]
    benefit[(benefit > 0) & (benefit < THRESHOLD)] = THRESHOLD
    chosen = int(np.argmin(np.where(households >= 2 * THRESHOLD, households, households.max() + 1)))
    benefit[chosen] = 2


def mistake(area: str, year: int, concept: str, dims: str, truth: float) -> float:
    """What the office first wrote: births of one Kreis and one year too high, and all sums with it."""
    wrong = concept == "births" and "sex=f" not in dims and year == MISTAKE_YEAR and area in _MISTAKEN
    return truth + MISTAKE_SIZE if wrong else truth


def withheld(world: World, table: TableContract, year: int, leaks: bool = True) -> set[tuple[str, str]]:
    """The (area, column) cells that the city's office replaces by a dot in one year.

    It withholds 1 and 2 and then more cells until no row and no column has a single one left that follows
    from its sum; the city's own row stays. In the leak's table and year it forgets the second step.
    """
    columns = [name for name, rule in table.columns.items() if rule.concept]
    grid = {
        (area.key, name): int(world.value(area.key, year, table.columns[name].concept or "", _dims(table, name)))
        for area in territory.of_level(world.areas, "stadtteil")
        for name in columns
    }
    hidden = {cell for cell, value in grid.items() if 0 < value < THRESHOLD}
    if leaks and table.id == LEAK_TABLE and year == leak_year(world.years):
        return hidden
    while more := _exposed(grid, hidden, columns):
        hidden |= more
    return hidden


def _dims(table: TableContract, column: str) -> str:
    return format_dims(table.columns[column].dims)


def _exposed(grid: Grid, hidden: set[tuple[str, str]], columns: list[str]) -> set[tuple[str, str]]:
    """A partner for the first row or column in which a single cell is withheld."""
    lines = [[cell for cell in grid if cell[1] == column] for column in columns]
    if len(columns) > 1:
        lines += [[(area, column) for column in columns] for area in dict.fromkeys(area for area, _ in grid)]
    for line in lines:
        if sum(cell in hidden for cell in line) == 1:
            free = [cell for cell in line if cell not in hidden]
            return {min(free, key=lambda cell: (grid[cell] == 0, grid[cell], cell))}
    return set()
