# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Explained differences between a figure that an agency prints and ours (`differences.yml` beside its contracts).

Belongs here: what such a file may say. Does not belong here: finding differences (`quality.checks.comparison`).

An explanation can be put to the test: `instead` names the columns from which the agency's figure comes out,
`whole_denominator` says that the figure and our numerator imply a whole number of persons (another count than ours),
and `rounded` that the parts are delivered rounded and the figure was computed before.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Cause = Literal["reference_date", "basis", "definition", "source_error"]
"""Their denominator stands at another date or is a mean; on another basis; is delimited otherwise; they mistyped."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Model):
    """Columns of a table, summed for the same area and period, `shift` years on; of a monthly table one `month`."""

    source: str | None = None
    table: str
    columns: list[str] = Field(min_length=1)
    shift: int = 0
    month: int | None = Field(default=None, ge=1, le=12)


class Instead(_Model):
    """What the agency's figure is made of; a part that is not named is ours."""

    numerator: Columns | None = None
    denominator: Columns | None = None


class Rounded(_Model):
    """To which steps the parts of a quotient are rounded in the delivery, in the units of the KPI (0: not rounded)."""

    numerator: float = Field(default=0, ge=0)
    denominator: float = Field(default=0, ge=0)


class Difference(_Model):
    """Why figures of a table differ from ours, for some areas and periods (patterns such as `15*`, `202[23]`)."""

    table: str
    kpis: list[str] = Field(min_length=1)
    areas: list[str] = ["*"]
    periods: list[str] = ["*"]
    cause: Cause = Field(alias="class")
    reason: dict[Literal["de", "en"], str]
    instead: Instead | None = None
    whole_denominator: bool = False
    rounded: Rounded | None = None

    def about(self, table: str, kpi: str, area: str, period: str) -> bool:
        """Whether a figure is among those that this entry speaks of."""
        places = any(fnmatchcase(area, pattern) for pattern in self.areas)
        times = any(fnmatchcase(period, pattern) for pattern in self.periods)
        return self.table == table and kpi in self.kpis and places and times

    @property
    def tested(self) -> bool:
        """Whether the entry says how the agency's figure comes out."""
        return self.instead is not None or self.whole_denominator or self.rounded is not None
