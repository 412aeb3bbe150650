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

from quality.disclosure.audit import Findings, Limits, NotProved, Proof, audit
from quality.disclosure.model.system import Mask, State, System, Whole
from quality.disclosure.model.vectors import Vectors
from quality.disclosure.product.assembly import Assembled, assemble, connected, with_needs
from quality.disclosure.product.history import Known
from quality.disclosure.rules import Rules
from quality.disclosure.solver import Options, Unsafe, solve


@dataclass(frozen=True)
class TierPattern:
    """What is withheld of the present cells; everything is restricted."""

    withheld: Mask
    assembled: Assembled
    findings: Findings

    @property
    def unsafe(self) -> Mask:
        """Which of the present cells are unsafe by themselves, or are an unsafe rest."""
        state = self.assembled.system.state[: len(self.withheld)]
        return (state == State.PRIMARY) | self.assembled.unsafe_out[: len(self.withheld)]

    @property
    def equations(self) -> int:
        """How many equations the audit looked at."""
        return self.assembled.system.relations


def tier_pattern(
    given: Known, rules: Rules, tier: str, cache: Path | None = None, limits: Limits | None = None
) -> TierPattern:
    """Choose what is withheld of base cells, and prove it.

    Raises Unsafe if what is out already leaves no safe pattern, NotProved if the audit refuses for another reason,
    BadInput if what a publisher withheld contradicts what it published.
    """
    made = assemble(given, rules, tier)
    system = with_needs(made.system, *_open_before(made.before, limits or Limits()))
    chosen, shown, refusal = _chosen(system, Options(cache=cache, effort=1, programs=0))
    findings = audit(system, chosen, limits, shown)
    if not findings.ok:
        raise refusal or NotProved(findings)
    withheld = chosen[: given.present] | made.unsafe_out[: given.present]
    return TierPattern(withheld, replace(made, system=system), findings)


def _open_before(system: System, limits: Limits) -> tuple[Whole, Whole]:
    """How low and high each cell can be when everything that is ours is withheld, as far as that is less than its need.

    A bound that is proved need not be reached by whole numbers, so what was cut is asked for again; what is neither
    shown nor excluded in time counts as not open.
    """
    least, most = np.full(len(system), _FAR_BELOW), np.full(len(system), -_FAR_BELOW)
    for round_ in range(_ROUNDS):
        found = audit(with_needs(system, least, most), system.state != State.PUBLIC, limits)
        if found.faults:
            raise ValueError("; ".join(found.faults[:3]))
        short = found.failing | found.compromised_at_source
        if not short.any():
            break
        shown = short & ((found.proof == Proof.UNFINISHED) | (round_ == _ROUNDS - 1))
        least = np.where(shown, found.lowest, np.where(short, np.maximum(found.least, least), least))
        most = np.where(shown, found.highest, np.where(short, np.minimum(found.most, most), most))
    return least, most


_ROUNDS = 5
_FAR_BELOW = np.iinfo(np.int64).min // 4


def _chosen(system: System, options: Options) -> tuple[Mask, Vectors, Unsafe | None]:
    """A pattern; where the solver finds none for a cell, everything of ours that hangs together with it is withheld.

    Whether that is enough, the audit says; if not, the first refusal says why.
    """
    asked, first = system, None
    while True:
        try:
            pattern = solve(asked, options)
        except Unsafe as refusal:
            first = first or refusal
            around = connected(asked, refusal.cell)
            if not (around & asked.needy).any():
                raise first from None
            given_up = np.where(around & (asked.state == State.FREE), State.HELD, asked.state).astype(np.int8)
            low, high, width = (np.where(around, 0, own) for own in (asked.reach_low, asked.reach_high, asked.width))
            asked = replace(asked, state=given_up, reach_low=low, reach_high=high, width=width)
        else:
            return pattern.withheld, pattern.shown, first


def numbered(base: pl.DataFrame) -> pl.DataFrame:
    """Base cells in the order of their ids, with their number."""
    return base.sort("cell").with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
