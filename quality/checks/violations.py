# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Violations of rules on a source's observations, and the judge who sorts them by what is already known.

Belongs here: what a violation says, the decision on sums, excuses. Does not belong here: the rules themselves
(`identities`, `derived`, `continuity`).

With withheld parts the sum of what is published may not exceed the whole. A missing part or whole leaves a sum
undecided. A violation carries no value, only a fingerprint of all values involved.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from raw.contracts import KnownViolation, Source

ROUNDING = 1e-6
"""Slack for sums of decimal fractions."""
EVERYWHERE = "*"
"""Area (or period) of a violation that is about a whole column or table."""


@dataclass(frozen=True)
class Violation:
    """A rule that does not hold at one place. `fingerprint` changes with any value involved.

    `snapshot` and `cell` say where the whole stands that the parts do not add up to, or where the place begins.
    """

    table: str
    identity: str
    area: str
    period: str
    fingerprint: str
    snapshot: str = ""
    cell: str = ""


@dataclass
class IdentityReport:
    """Counts and violations of one source; `known` were excused, `unknown` block, `stale` excuses match nothing."""

    decided: int = 0
    undecided: int = 0
    known: list[Violation] = field(default_factory=list)
    unknown: list[Violation] = field(default_factory=list)
    stale: list[KnownViolation] = field(default_factory=list)


class Judge:
    """Decides sums of one source and sorts what does not hold by its excuses."""

    def __init__(self, source: Source, today: dt.date) -> None:
        self.excuses = {(v.table, v.identity, v.area, v.period): v for v in source.violations if v.action == "pass"}
        self.today = today
        self._report = IdentityReport()
        self._used: set[tuple[str, str, str, str]] = set()

    @property
    def report(self) -> IdentityReport:
        """What was found so far; excuses that nothing has used are stale."""
        self._report.stale = [violation for key, violation in self.excuses.items() if key not in self._used]
        return self._report

    def decide(self, table: str, name: str, sums: pl.DataFrame, tolerance: float | pl.Expr, at_most: bool) -> None:
        """Judge sums of one identity (columns area, period, total, withheld, missing, values, whole and its place)."""
        decided = sums.filter(~pl.col("missing") & pl.col("whole").is_not_null())
        self._report.undecided += sums.height - decided.height
        self._report.decided += decided.height
        excess = pl.col("total") - pl.col("whole")
        short = (excess < -tolerance - ROUNDING) & ~pl.col("withheld") & (not at_most)
        broken = decided.filter((excess > tolerance + ROUNDING) | short).sort("area", "period")
        for row in broken.iter_rows(named=True):
            mark = fingerprint([*row["values"], row["whole"]])
            self.found(
                Violation(table, name, row["area"], row["period"], mark, row["whole_snapshot"], row["whole_cell"])
            )

    def count(self, decided: int) -> None:
        """Note how many times a rule could be applied."""
        self._report.decided += decided

    def found_at(
        self, table: str, name: str, area: str, period: str, values: Iterable[float | None], snapshot: str, cell: str
    ) -> None:
        """Take down that a rule is broken at a place, with the values involved."""
        self.found(Violation(table, name, area, period, fingerprint(values), snapshot, cell))

    def found(self, violation: Violation) -> None:
        """Take a violation down, excused or not."""
        (self._report.known if self._excused(violation) else self._report.unknown).append(violation)

    def _excused(self, found: Violation) -> bool:
        key = (found.table, found.identity, found.area, found.period)
        excuse = self.excuses.get(key)
        if excuse is None:
            return False
        self._used.add(key)
        return excuse.expect == found.fingerprint and self.today <= excuse.until


def fingerprint(values: Iterable[float | None]) -> str:
    """A short hash of all numbers involved: an excuse holds for exactly these."""
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()[:12]
