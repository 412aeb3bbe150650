# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The pattern of a tier: which base cells are withheld, and the proof.

Belongs here: the order of the steps. Does not belong here: a step, made cells and files (`quality.disclosure.door`).

Before anything of ours is chosen, the audit says what everybody knows already when all that is ours is withheld: no
pattern makes an interval wider than that, and no need asks for more. A cell that is known even then is compromised at
its source: it is not repeated, and not counted as protected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from quality.disclosure.audit import Findings, Limits, Proof, audit
from quality.disclosure.model.system import Mask, State, System
from quality.disclosure.model.vectors import Vectors
from quality.disclosure.product.assembly import Assembled, Given, assemble, connected, with_needs
from quality.disclosure.product.equations import equations
from quality.disclosure.rules import Rules
from quality.disclosure.solver import Options, Unsafe, solve


@dataclass(frozen=True)
class TierPattern:
    """What is withheld of the base cells that were given; everything is restricted."""

    withheld: Mask
    assembled: Assembled
    findings: Findings

    @property
    def ok(self) -> bool:
        """Whether the audit proved it."""
        return self.findings.ok


def tier_pattern(
    given: Given, rules: Rules, tier: str, cache: Path | None = None, limits: Limits | None = None
) -> TierPattern:
    """Choose what is withheld of base cells (columns of a cell, `number`, `family`), and prove it.

    Raises Unsafe if what is out already leaves no safe pattern.
    """
    made = assemble(given, equations(given.base), rules, tier)
    system = _needs_that_can_be_met(made.system, limits or Limits())
    chosen, shown = _chosen(system, Options(cache=cache, effort=1, programs=0))
    findings = audit(system, chosen, limits, shown)
    withheld = chosen[: given.base.height] | made.unsafe_out
    return TierPattern(withheld, Assembled(system, made.scale, made.unsafe_out), findings)


def _needs_that_can_be_met(system: System, limits: Limits) -> System:
    """Needs no wider than what is open when everything that is ours is withheld.

    A bound that is proved need not be reached by whole numbers, so what was cut is asked for again; what is neither
    shown nor excluded in time counts as not open.
    """
    for _ in range(_ROUNDS):
        found = audit(system, system.state != State.PUBLIC, limits)
        if found.faults:
            raise ValueError("; ".join(found.faults[:3]))
        short = found.failing | found.compromised_at_source
        if not short.any():
            return system
        shown = short & (found.proof == Proof.UNFINISHED)
        least = np.where(shown, found.lowest, np.where(short, found.least, _FAR_BELOW))
        most = np.where(shown, found.highest, np.where(short, found.most, -_FAR_BELOW))
        system = with_needs(system, least, most)
    return with_needs(system, np.where(short, found.lowest, _FAR_BELOW), np.where(short, found.highest, -_FAR_BELOW))


_ROUNDS = 5
_FAR_BELOW = np.iinfo(np.int64).min // 4


def _chosen(system: System, options: Options) -> tuple[Mask, Vectors]:
    """A pattern; where the solver finds none for a cell, everything of ours that hangs together with it is withheld.

    Whether that is enough, the audit says.
    """
    asked = system
    while True:
        try:
            pattern = solve(asked, options)
        except Unsafe as refusal:
            around = connected(asked, refusal.cell)
            if not (around & asked.needy).any():
                raise
            given_up = np.where(around & (asked.state == State.FREE), State.HELD, asked.state).astype(np.int8)
            low, high, width = (np.where(around, 0, own) for own in (asked.reach_low, asked.reach_high, asked.width))
            asked = replace(asked, state=given_up, reach_low=low, reach_high=high, width=width)
        else:
            return pattern.withheld, pattern.shown


def numbered(base: pl.DataFrame) -> pl.DataFrame:
    """Base cells in the order of their ids, with their number."""
    return base.sort("cell").with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
