# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Corrections as data (`corrections.yml`): what is wrong in a publisher's file, what to do, who says so and why.

Belongs here: what an entry may say. Does not belong here: applying it (`quality.checks.corrections`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from raw.vocabulary.lists import lists


def _status(value: object) -> object:
    known = sorted(lists()["obs_status"])
    if value is not None and value not in known:
        raise ValueError(f"{value!r} is not in the closed list obs_status: {', '.join(known)}")
    return value


class Match(BaseModel):
    """Which observations an entry means: those of the table that are equal in everything that is said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    area: str | None = None
    period: str | None = None
    column: str | None = None
    dims: str | None = None

    @model_validator(mode="after")
    def _narrow(self) -> Match:
        if not (self.area or self.period or self.column):
            raise ValueError("a correction names an area, a period or a column, not a whole table")
        return self


class ValueCorrection(BaseModel):
    """One correction. `expect` is the fingerprint of what the publisher's file says now: once it says something else,
    the correction stops by itself and is reported (`lagebild source corrections` prints the fingerprint).

    `set_status` replaces value and status by a `status` (with P or E the value stays); `replace` puts `value` in the
    place of one single figure; `drop` leaves the observations out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match
    action: Literal["set_status", "drop", "replace"]
    status: Annotated[str | None, BeforeValidator(_status)] = None
    value: float | None = Field(default=None, allow_inf_nan=False)
    reason: str = Field(min_length=3)
    provider: str = Field(min_length=3)
    expect: str

    @model_validator(mode="after")
    def _complete(self) -> ValueCorrection:
        if (self.action == "set_status") != (self.status is not None):
            raise ValueError("set_status, and nothing else, needs a status")
        if (self.action == "replace") != (self.value is not None):
            raise ValueError("replace, and nothing else, needs a value")
        return self
