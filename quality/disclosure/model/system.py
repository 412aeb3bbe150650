# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One linear system of integer cells: what solver and audit both read, and all that they share.

Belongs here: the arrays of a system and the checks that make it one. Does not belong here: names of cells (`registry`),
how it is solved or audited.

A cell is a variable of the intruder's system. He knows every relation, the value of every cell that is published or
public, and for each other cell the bounds `low` and `high`. What he can say of a withheld cell is the integer hull of
all cells that fit (Fischetti and Salazar 2001; Hundepool et al., Handbook on SDC, chapter 4). A cell that needs
protection is safe if that interval begins at `reach_low` or below, ends at `reach_high` or above, and is at least
`width` wide. A secondary cell needs nothing: it is there for others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]

UNBOUNDED = np.int64(2**40)
"""Stands for no upper bound (and, negative, for no lower one); every value must be smaller than half of it."""


class State(IntEnum):
    """What may happen to a cell."""

    FREE = 0
    """May be published or withheld."""
    PUBLIC = 1
    """Known to everybody: public at its source, a published or structural zero, or out in an earlier release."""
    PRIMARY = 2
    """Unsafe by itself: withheld, and has to be covered."""
    AGENCY = 3
    """Withheld by its source: nobody here knows it. `value` is one completion that fits all relations, no fact."""
    HELD = 4
    """Withheld already (an earlier release, a fuller tier) or a candidate that must stay so; needs no cover itself."""


@dataclass(frozen=True)
class System:
    """Cells 0..n-1 and relations 0..m-1, as `lower <= coefficients . cells <= upper` (an equation if both are equal).

    Per cell: `value`, `state`; `low` and `high` as known to the intruder beforehand if it is withheld; `reach_low`,
    `reach_high`, `width` of the interval that it needs (0, 0, 0: none); `cost` of withholding it (>= 0, integer).
    Relations are sparse rows: relation r has the cells `cells[start[r]:start[r + 1]]` with `coefficients` there.
    """

    value: Whole
    state: NDArray[np.int8]
    low: Whole
    high: Whole
    reach_low: Whole
    reach_high: Whole
    width: Whole
    cost: Whole
    start: Whole
    cells: Whole
    coefficients: Whole
    lower: Whole
    upper: Whole
    names: Sequence[str] = field(default=(), compare=False)
    """Names of the cells for messages in the restricted zone; may be empty."""
    relation_names: Sequence[str] = field(default=(), compare=False)

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.value)

    @property
    def relations(self) -> int:
        """The number of relations."""
        return len(self.lower)

    @property
    def needy(self) -> Mask:
        """Cells that need an interval: primary and agency-withheld ones with any need."""
        needs = (self.width > 0) | (self.reach_high > self.reach_low)
        return needs & np.isin(self.state, [State.PRIMARY, State.AGENCY])

    @property
    def always_withheld(self) -> Mask:
        """Cells that are in every pattern."""
        return np.isin(self.state, [State.PRIMARY, State.AGENCY, State.HELD])

    def sums(self, cells: Whole) -> Whole:
        """What the relations give for these values of all cells."""
        products = self.coefficients * cells[self.cells]
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(products)])
        return before[self.start[1:]] - before[self.start[:-1]]

    def faults(self) -> list[str]:
        """Every way in which this is no system: wrong shapes, values out of bounds, relations that do not hold."""
        said = self._shapes()
        if said:
            return said
        fits = (self.low <= self.value) & (self.value <= self.high)
        hidden = self.state != State.PUBLIC
        said += [
            f"{self.name(cell)}: the value is not within its bounds" for cell in np.flatnonzero(hidden & ~fits).tolist()
        ]
        total = self.sums(self.value)
        broken = np.flatnonzero((total < self.lower) | (total > self.upper))
        said += [f"{self.relation_name(r)}: the values do not fit this relation" for r in broken.tolist()]
        return said

    def _shapes(self) -> list[str]:
        per_cell = (self.state, self.low, self.high, self.reach_low, self.reach_high, self.width, self.cost)
        if any(len(array) != len(self) for array in per_cell):
            return ["the arrays of cells differ in length"]
        if len(self.start) != self.relations + 1 or len(self.upper) != self.relations:
            return ["the arrays of relations differ in length"]
        if len(self.cells) != len(self.coefficients) or (len(self.start) and self.start[-1] != len(self.cells)):
            return ["cells and coefficients differ in length"]
        if len(self.cells) and (self.cells.min() < 0 or self.cells.max() >= len(self)):
            return ["a relation names a cell that is not there"]
        if (np.abs(self.value) >= UNBOUNDED // 2).any():
            return ["a value is too large"]
        return []

    def name(self, cell: int) -> str:
        """The name of a cell, or its number."""
        return self.names[cell] if self.names else f"cell {cell}"

    def relation_name(self, relation: int) -> str:
        """The name of a relation, or its number."""
        return self.relation_names[relation] if self.relation_names else f"relation {relation}"


def fingerprint(system: System) -> str:
    """SHA-256 of a system's content: equal systems, equal fingerprints."""
    arrays = (
        system.value, system.state, system.low, system.high, system.reach_low, system.reach_high, system.width,
        system.cost, system.start, system.cells, system.coefficients, system.lower, system.upper,
    )  # fmt: skip
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()
