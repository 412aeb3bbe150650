# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What can be said to the solver and what it answers.

Belongs here: options, pattern, refusal. Does not belong here: the way from one to the other (`solve`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from quality.disclosure.model.system import Mask, Whole
from quality.disclosure.model.vectors import Vectors, gathered
from quality.disclosure.solver.blocks import Block


@dataclass(frozen=True)
class Options:
    """How to solve. The same system and options give the same pattern.

    `cost` replaces the cost of the system (see `costs`). `never` marks cells that must not be withheld; the intruder
    knows them. `blocks`: the grids in the system, a hint that only changes speed and cost. `effort`: sweeps over all
    secondary cells once every need is covered. `programs`: linear programs per sweep for leaving out the dearest
    cells, or all cells of a system without grids. `cache`: a folder for solved components.
    """

    cost: Whole | None = field(default=None, compare=False)
    never: Mask | None = field(default=None, compare=False)
    blocks: Sequence[Block] = field(default=(), compare=False)
    effort: int = 2
    programs: int = 150
    cache: Path | None = None


@dataclass(frozen=True)
class Pattern:
    """Cells to withhold, with what it costs.

    `secondary`: withheld for others. `compromised`: needy cells that an agency withheld and that cannot be covered
    even if all that is free is withheld: they follow at their source and are not counted as protected. `shown`: the
    completions that cover the needs, as claims that an audit may check.
    """

    withheld: Mask
    secondary: Mask
    cost: int
    value: int
    compromised: Whole
    components: int
    reused: int
    shown: Vectors = field(default_factory=lambda: gathered([]), repr=False, compare=False)

    def __str__(self) -> str:
        """The figures; for the restricted zone."""
        return f"{int(np.count_nonzero(self.secondary))} secondary cells of value {self.value}"


class Unsafe(ValueError):
    """No pattern is safe. `cell` is the cell that cannot be covered, `causes` the smallest set found that causes it.

    Every cell of `causes` is known (public, or never to be withheld). To know these is enough to make it impossible, to
    know any fewer of them is not. Without causes the bounds of the cell or of its neighbours forbid it.
    """

    def __init__(self, cell: int, causes: Sequence[int], names: Sequence[str]) -> None:
        self.cell, self.causes = cell, tuple(causes)
        because = ", ".join(names[1:]) if causes else "the bounds of withheld cells alone"
        super().__init__(f"{names[0]} cannot be covered by any pattern, because of {because}")
