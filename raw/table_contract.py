# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What one table of a source means: its columns, periods, areas, leading columns and sums (`<table>.yml`).

Belongs here: the pydantic models of that file. Does not belong here: the source around it (`raw.contracts`), how the
table is laid out (`raw.families`) and whether its figures are right (`quality.checks`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, Field, model_validator

from raw.contract_terms import (
    AreaLevel,
    Basis,
    Code,
    Decimal,
    Granularity,
    Meaning,
    MeasureClass,
    ObsStatus,
    Period,
    Symbol,
    Text,
)
from raw.layouts import LayoutVersion
from raw.vocabulary.measures import concepts

AS_WRITTEN = "as written"
"""Pattern of a stub that no dimension of the vocabulary describes: its text, spelled as a code, tells rows apart."""

PUBLISHED = "published."
"""Before the id of a KPI: the measure of an agency's own figure, compared with ours and never a cell."""


def _fault_of(pattern: str) -> str:
    """Why a text is no regular expression (of the dialect that cells are read with); empty if it is one."""
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.ComputeError as error:
        return str(error)
    return ""


class ColumnRule(BaseModel, extra="forbid", frozen=True):
    """What a data column of a table means. A rule without a concept is either ignored or of unknown meaning.

    `published` names the KPI that the agency itself prints here (a rate, a share, a mean), in `unit` after `factor`.
    `repeats`: the publisher gives this column more than once; two cells about the same thing must still agree.
    `lacks`: a column without which this figure (a total, a difference) is not what it says; where that one has no
    value, this has none. `period`: the reference date that the header gives to this column alone. `decimal` and
    `format` (of a date in the header) take the place of the family's and the table's.
    """

    concept: str | None = None
    published: str | None = Field(default=None, pattern="^[a-z][a-z0-9_]*$")
    dims: dict[Code, Code] = {}
    unit: str | None = None
    factor: float = 1.0
    basis: Basis | None = None
    meaning: Meaning = "stated"
    evidence: str | None = None
    confirmed: str | None = None
    aliases: list[str] = []
    optional: bool = False
    repeats: bool = False
    lacks: str | None = None
    period: Period | None = None
    ignore: str | None = None
    symbols: dict[str, Symbol] = {}
    decimal: Decimal | None = None
    pattern: str | None = None
    format: Granularity | None = None
    note: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _unknown(cls, data: Any) -> Any:
        return {"meaning": "unknown"} if data == "unknown" else data

    @model_validator(mode="after")
    def _consistent(self) -> ColumnRule:
        if self.concept is not None and self.concept not in concepts():
            raise ValueError(f"the concept {self.concept!r} is not in the vocabulary (raw/vocabulary/measures)")
        if self.meaning == "evidence" and not self.evidence:
            raise ValueError("meaning 'evidence' needs a sentence under evidence:")
        if self.published and (self.concept or self.ignore or not self.unit):
            raise ValueError("a published figure has a unit (that of its KPI), and neither a concept nor 'ignore'")
        if self.pattern is not None and (fault := _fault_of(self.pattern)):
            raise ValueError(f"pattern {self.pattern!r}: {fault}")
        says_something = self.concept is not None or self.published is not None
        if self.ignore is None and says_something == (self.meaning == "unknown"):
            raise ValueError("a column has a concept, or 'published: <KPI>', or 'ignore: <reason>', or is 'unknown'")
        return self

    @property
    def measure(self) -> str | None:
        """What the column's observations are about: a concept, an agency's own KPI, or None if nobody knows."""
        return PUBLISHED + self.published if self.published else self.concept


class PeriodRule(BaseModel, extra="forbid", frozen=True):
    """Where the period of a table stands: in a stub column, above the table or in the header, or (`fixed`) nowhere.

    Where the months have a column of their own (`month`), `stub` is that of the year; `words` are other entries of
    that column (`I. Quartal: Q1`, `Gesamt: year`). `of_month`: where only a year stands, it is this month of it
    (unemployed persons in December, not the yearly mean).
    """

    stub: str | None = None
    month: str | None = None
    text: str | None = None
    header: str | None = None
    fixed: Period | None = None
    format: Granularity = "year"
    of_month: int | None = Field(default=None, ge=1, le=12)
    words: dict[str, Annotated[str, Field(pattern=r"^(year|S[12]|Q[1-4]|0[1-9]|1[0-2])$")]] = {}

    def within(self, entry: str, year: str) -> str:
        """What an entry of the column `month` means beside a year, as text of a period."""
        code = self.words.get(entry)
        return f"{entry} {year}" if code is None else year if code == "year" else f"{year}-{code}"


class AreaRule(BaseModel, extra="forbid", frozen=True):
    """Where the area of a row stands, or the one area of the whole table.

    `prefix` is what the publisher leaves out of its keys (`161` for `09161`). An area in the header is captured there
    (`{area}`) and needs no rule. `joint` are areas whose figures stand for other areas as well (key → which): they
    get the dimension `coverage=joint`, so that nobody takes them for the area's own. `count` is how many areas a header
    must have, where no sum would tell that one is missing. `level`: the only level that the keys may mean. `vintage`:
    the year of the territory, where it is not the figure's; a mapping says so for single years (`{"2021": "2018"}`).
    """

    stub: str | None = None
    fixed: str | None = None
    level: AreaLevel | None = None
    vintage: str | dict[str, str] | None = None
    prefix: str = ""
    joint: dict[str, str] = {}
    count: int | None = None


class StatusRule(BaseModel, extra="forbid", frozen=True):
    """A leading column that says what the figures of its row are worth: its texts → status (`p: P`)."""

    stub: str
    codes: dict[str, ObsStatus]


class AreaSum(BaseModel, extra="forbid", frozen=True):
    """An identity over areas: the children of a level sum to their parent's row."""

    origin: AreaLevel = Field(alias="from")
    target: AreaLevel = Field(alias="to")


class Identity(BaseModel, extra="forbid", frozen=True):
    """A sum that must hold inside one table: over columns of a row, or over areas of a column."""

    id: str | None = None
    parts: list[str] = []
    whole: str | None = None
    areas: AreaSum | None = None
    columns: list[str] = []
    tolerance: float = 0.0
    at_most: bool = False
    note: str | None = None

    @model_validator(mode="after")
    def _shape(self) -> Identity:
        over_columns, over_areas = bool(self.parts and self.whole), bool(self.areas and self.columns)
        if over_columns == over_areas:
            raise ValueError("an identity has either parts and whole, or areas and columns")
        return self


class TableContract(BaseModel, extra="forbid", frozen=True):
    """One table of a source (`<table>.yml`).

    `rows` chooses rows by the entry of a leading column: those to `take`, and those to `pass` over because another
    table takes them; an entry that is neither is a fault. `tolerance` and `incomplete` are about the sums that follow
    from the vocabulary (men + women = all): how far they may be off, and which dimensions leave out persons without a
    statement, so that their parts may fall short of the total. `brackets` is the status of figures that the publisher
    puts in brackets; `marks` that of figures with a raised footnote mark (`¹`, as the family writes it: `1: P`; A says
    nothing about the figure). `layouts` are earlier or later headers; a file that has one of them is read with it. With
    `repeated`, rows that nothing but their place tells apart are numbered (`repeat=2`) instead of being a conflict. A
    table that is not `understood` is kept (`raw.other_tables`): some of its series leap by nature, so no factor of ten
    is looked for in its columns.
    """

    id: str
    title: Text
    detect: str | dict[str, str | list[str]]
    period: PeriodRule | None = None
    area: AreaRule | None = None
    stubs: dict[str, str] | list[str] = {}
    rows: dict[str, dict[str, Literal["take", "pass"]]] = {}
    decimal: Decimal | None = None
    status: StatusRule | None = None
    repeated: bool = False
    understood: bool = True
    basis: Basis | None = None
    basis_from: dict[str, Basis] = {}
    tolerance: float = 0.0
    incomplete: list[str] = []
    klass: MeasureClass | None = Field(default=None, alias="class")
    publicity: Literal["public", "confidential"] | None = None
    symbols: dict[str, Symbol] = {}
    brackets: ObsStatus | None = None
    marks: dict[str, ObsStatus] = {}
    columns: dict[str, ColumnRule]
    layouts: list[LayoutVersion] = []
    labels: dict[Code, dict[str, Code]] = {}
    identities: list[Identity] = []
    note: Text | str | None = None
    first_row: int | None = None

    @model_validator(mode="after")
    def _identities_name_columns(self) -> TableContract:
        for identity in self.identities:
            for name in (*identity.parts, *identity.columns, *([identity.whole] if identity.whole else [])):
                if name not in self.columns:
                    raise ValueError(f"identity names the column {name!r}, which the table does not have")
        for version in self.layouts:
            for name in (*version.renamed.values(), *version.without):
                if name not in self.columns:
                    raise ValueError(f"layout {version.id!r} names the column {name!r}, which the table does not have")
        for name in filter(None, (rule.lacks for rule in self.columns.values())):
            if name not in self.columns:
                raise ValueError(f"lacks names the column {name!r}, which the table does not have")
        return self

    def identity_id(self, index: int) -> str:
        """The identity's own id, or its place in the list."""
        return self.identities[index].id or str(index)
