# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Contracts: what a source delivers, under which terms, and which areas it speaks of.

Belongs here: the pydantic models of `source.yml`, `areas.yml`, `known_violations.yml` and `confirmations.yml`, and the
source put together of them. Does not belong here: a table (`raw.table_contract`), finding and joining the files
(`raw.contract_files`), reading a delivery (`raw.harvest`) or judging its numbers (`quality.checks`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from raw.contract_terms import (
    FAMILIES,
    AreaLevel,
    Basis,
    ContractError,
    MeasureClass,
    Symbol,
    Text,
    known_family,
)
from raw.corrections import Correction
from raw.differences import Difference
from raw.table_contract import AS_WRITTEN, PUBLISHED, AreaRule, ColumnRule, Identity, PeriodRule, TableContract

__all__ = [
    "AS_WRITTEN",
    "FAMILIES",
    "PUBLISHED",
    "AreaEntry",
    "AreaList",
    "AreaRule",
    "ColumnRule",
    "Confirmation",
    "ContractError",
    "Identity",
    "KnownViolation",
    "PeriodRule",
    "Source",
    "SourceAreas",
    "SourceContract",
    "Symbol",
    "TableContract",
    "table_settings",
]


class AreaEntry(BaseModel, extra="forbid", frozen=True):
    """A municipal area and every spelling of it in the files."""

    key: str
    name: str
    codes: list[str] = []
    level: AreaLevel | None = None
    parent: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class AreaList(BaseModel, extra="forbid", frozen=True):
    """The areas that a source speaks of (`areas.yml`). Without a vintage the list only says how areas are spelled."""

    vintage: str = ""
    level: AreaLevel
    parent: str | None = None
    areas: list[AreaEntry]

    @model_validator(mode="after")
    def _codes_are_unique(self) -> AreaList:
        seen: dict[str, str] = {}
        keys = [area.key for area in self.areas]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"an area stands in the list twice: {', '.join(twice)}")
        for area in self.areas:
            for code in area.codes:
                if seen.setdefault(code, area.key) != area.key:
                    raise ValueError(f"the code {code!r} stands for {seen[code]} and for {area.key}")
        return self


class SourceAreas(BaseModel, extra="forbid", frozen=True):
    """Which municipal areas a source speaks of, and the file that lists them."""

    level: AreaLevel
    parent: str | None = None
    list_: Literal["areas.yml"] = Field(alias="list")


class SourceContract(BaseModel, extra="forbid", frozen=True):
    """A source (`source.yml`): who publishes it, under which terms, and how protected it is."""

    id: str
    title: Text
    publisher: str
    url: str | None = None
    licence: str
    attribution: str | None = None
    cadence: Literal["monthly", "quarterly", "annual", "irregular"]
    family: Annotated[str, BeforeValidator(known_family)]
    owner: str
    publicity: Literal["public", "confidential"]
    klass: MeasureClass = Field(alias="class")
    legal_basis: str
    purpose: str
    retention: str
    redistribution: Literal["none", "internal", "public"]
    basis: Basis
    symbols: dict[str, Symbol] = {}
    areas: SourceAreas | None = None
    note: Text | str | None = None


class KnownViolation(BaseModel, extra="forbid", frozen=True):
    """A violation of an identity that is known: it passes while the figures are as expected, until it expires.

    `expect` is the fingerprint of the figures involved (`lagebild source violations` prints it). With action
    `quarantine` the rows are kept out; that is also the way to keep out rows that no identity catches (identity
    `none`). `area` may be `*`.
    """

    table: str
    identity: str
    area: str
    period: str
    reason: str
    until: dt.date
    expect: str
    action: Literal["pass", "quarantine"] = "pass"


class Source(BaseModel, extra="forbid", frozen=True):
    """A source with its tables, areas and known violations, as the engine uses it."""

    contract: SourceContract
    tables: dict[str, TableContract]
    areas: AreaList | None = None
    violations: list[KnownViolation] = []
    differences: list[Difference] = []
    corrections: list[Correction] = []

    @property
    def id(self) -> str:
        """The source's id, which is its folder's name."""
        return self.contract.id

    def dropped_rows(self, table: str) -> list[str]:
        """Fingerprints of the rows that corrections leave out of a table."""
        return [mark for entry in self.corrections if entry.match.table == table for mark in entry.match.rows]

    @property
    def protects_values(self) -> bool:
        """True if no value of this source may appear in a message outside the restricted zone."""
        return self.contract.publicity == "confidential" or self.contract.klass in ("personal", "social")

    def fingerprint(self) -> str:
        """SHA-256 of everything that the contract says about reading and checking (memo key of the checks)."""
        about = self.model_dump_json(by_alias=True, exclude={"differences"})
        return hashlib.sha256(about.encode()).hexdigest()


class Confirmation(BaseModel, extra="forbid", frozen=True):
    """A site's statistics office has confirmed what columns mean that were worked out (`confirmations.yml`)."""

    table: str
    columns: list[str]
    confirmed: str


def table_settings(source: Source, table: TableContract) -> Mapping[str, str]:
    """Basis, class and publicity of a table: its own, or else its source's."""
    contract = source.contract
    return {
        "basis": table.basis or contract.basis,
        "class": table.klass or contract.klass,
        "publicity": table.publicity or contract.publicity,
    }
