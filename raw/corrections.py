# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Corrections as data (`corrections.yml`): what is wrong in a publisher's file, what to do, who says so and why.

Belongs here: what an entry may say. Does not belong here: applying it (rows while a
file is read, `raw.harvest.mapping`; figures and statuses after it, `quality.checks.corrections`).
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
    """What an entry means: observations of the table that are equal in everything that is said, or `rows` of its files
    by their fingerprints (`raw.harvest.layout.row_fingerprint`), wherever they stand."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    area: str | None = None
    period: str | None = None
    column: str | None = None
    dims: str | None = None
    rows: list[Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]] = []

    @model_validator(mode="after")
    def _narrow(self) -> Match:
        named = bool(self.area or self.period or self.column)
        if named == bool(self.rows) or (self.rows and self.dims):
            raise ValueError("a correction names an area, a period or a column, or rows alone; not a whole table")
        return self


class Correction(BaseModel):
    """One correction. `expect` is the fingerprint of what the publisher's file says now: once it says something else,
    the correction stops by itself and is reported (`lagebild source corrections` prints the fingerprint).

    `set_status` replaces value and status by a `status` (with P or E the value stays); `replace` puts `value` in the
    place of one single figure; `drop` leaves the observations or rows out. A row's fingerprint is its guard: a row that
    the publisher changed is read again, so `rows` have no `expect`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match
    action: Literal["set_status", "drop", "replace"]
    status: Annotated[str | None, BeforeValidator(_status)] = None
    value: float | None = Field(default=None, allow_inf_nan=False)
    reason: str = Field(min_length=3)
    provider: str = Field(min_length=3)
    expect: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Correction:
        if self.match.rows and self.action != "drop":
            raise ValueError("rows can only be dropped")
        if bool(self.match.rows) == (self.expect is not None):
            raise ValueError("a correction needs expect, the fingerprint of what the file says; rows need none")
        if (self.action == "set_status") != (self.status is not None):
            raise ValueError("set_status, and nothing else, needs a status")
        if (self.action == "replace") != (self.value is not None):
            raise ValueError("replace, and nothing else, needs a value")
        return self
