# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Contracts: what a source delivers and what its tables mean.

Belongs here: the pydantic models of `source.yml`, `<table>.yml`, `areas.yml`, `known_violations.yml` and
`confirmations.yml`. Does not belong here: finding and joining the files (`raw.contract_files`), reading a delivery
(`raw.harvest`) or judging its numbers (`quality.checks`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from raw.corrections import Correction
from raw.differences import Difference
from raw.layouts import LayoutVersion
from raw.vocabulary.lists import codes, lists
from raw.vocabulary.measures import concepts
from raw.vocabulary.period import PERIOD_PATTERN

FAMILIES = Path(__file__).parent / "families"


class ContractError(ValueError):
    """One or more contract files are wrong; the message lists every fault with its file."""


def _one_of(name: str) -> BeforeValidator:
    def check(value: object) -> object:
        if value is not None and value not in codes(name):
            raise ValueError(f"{value!r} is not in the closed list {name}: {', '.join(codes(name))}")
        return value

    return BeforeValidator(check)


def _symbol(value: object) -> object:
    missing = [code for code, entry in lists()["obs_status"].items() if not entry["has_value"]]
    if value != "zero" and value not in missing:
        raise ValueError(f"a symbol means 'zero' or one of {', '.join(missing)}, not {value!r}")
    return value


def _family(value: object) -> object:
    known = sorted(path.stem for path in FAMILIES.glob("*.yml"))
    if value not in known:
        raise ValueError(f"there is no layout family {value!r}; known: {', '.join(known)}")
    return value


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.+-]+$")]
"""Key or code of a dimension: nothing that the canonical text `age=0-2;sex=f` needs for itself."""
AreaLevel = Annotated[str, _one_of("area_levels")]
Basis = Annotated[str, _one_of("bases")]
Meaning = Annotated[str, _one_of("meanings")]
MeasureClass = Literal["none", "personal", "social", "establishment"]
Symbol = Annotated[str, BeforeValidator(_symbol)]
Granularity = Literal["year", "quarter", "month", "week", "calendar_week"]
Decimal = Literal[",", ".", "thousands"]
"""Which mark divides off decimals in a text; `thousands`: counts in mixed formats (see `raw.harvest.values`)."""
Period = Annotated[str, Field(pattern=PERIOD_PATTERN)]
ObsStatus = Annotated[str, _one_of("obs_status")]
Text = dict[Literal["de", "en"], str]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


AS_WRITTEN = "as written"
"""Pattern of a stub that no dimension of the vocabulary describes: its text, spelled as a code, tells rows apart."""

PUBLISHED = "published."
"""Before the id of a KPI: the measure of an agency's own figure, compared with ours and never a cell."""


class ColumnRule(_Model):
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
        says_something = self.concept is not None or self.published is not None
        if self.ignore is None and says_something == (self.meaning == "unknown"):
            raise ValueError("a column has a concept, or 'published: <KPI>', or 'ignore: <reason>', or is 'unknown'")
        return self

    @property
    def measure(self) -> str | None:
        """What the column's observations are about: a concept, an agency's own KPI, or None if nobody knows."""
        return PUBLISHED + self.published if self.published else self.concept


class PeriodRule(_Model):
    """Where the period of a table stands: in a stub column, above the table or in the header, or (`fixed`) nowhere.

    Where the months have a column of their own (`month`), `stub` is that of the year; `words` are other entries of
    that column (`I. Quartal: Q1`, `Gesamt: year`). `of_month`: where only a year stands, it is this month of it
    (unemployed persons in December, not the yearly mean).
    """

    stub: str | None = None
    month: str | None = None
    text: str | None = None
    header: str | None = None
    fixed: str | None = None
    format: Granularity = "year"
    of_month: int | None = Field(default=None, ge=1, le=12)
    words: dict[str, Annotated[str, Field(pattern=r"^(year|S[12]|Q[1-4]|0[1-9]|1[0-2])$")]] = {}

    def within(self, entry: str, year: str) -> str:
        """What an entry of the column `month` means beside a year, as text of a period."""
        code = self.words.get(entry)
        return f"{entry} {year}" if code is None else year if code == "year" else f"{year}-{code}"


class AreaRule(_Model):
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


class StatusRule(_Model):
    """A leading column that says what the figures of its row are worth: its texts → status (`p: P`)."""

    stub: str
    codes: dict[str, ObsStatus]


class AreaSum(_Model):
    """An identity over areas: the children of a level sum to their parent's row."""

    origin: AreaLevel = Field(alias="from")
    target: AreaLevel = Field(alias="to")


class Identity(_Model):
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


class TableContract(_Model):
    """One table of a source (`<table>.yml`).

    `rows` chooses rows by the entry of a leading column: those to `take`, and those to `pass` over because another
    table takes them; an entry that is neither is a fault. `tolerance` and `incomplete` are about the sums that follow
    from the vocabulary (men + women = all): how far they may be off, and which dimensions leave out persons without a
    statement, so that their parts may fall short of the total. `brackets` is the status of figures that the publisher
    puts in brackets; `marks` that of figures with a raised footnote mark (`¹`, as the family writes it: `1: P`; A says
    nothing about the figure). `layouts` are earlier or later headers; a file that has one of them is read with it. With
    `repeated`, rows that nothing but their place tells apart are numbered (`repeat=2`) instead of being a conflict. A
    table that is not `understood` is kept (`raw.other_tables`): what its series are like
    is not known, so no repetition, shift or factor is looked for in them.
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


class AreaEntry(_Model):
    """A municipal area and every spelling of it in the files."""

    key: str
    name: str
    codes: list[str] = []
    level: AreaLevel | None = None
    parent: str | None = None
    valid_from: str | None = None
    valid_to: str | None = None


class AreaList(_Model):
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


class SourceAreas(_Model):
    """Which municipal areas a source speaks of, and the file that lists them."""

    level: AreaLevel
    parent: str | None = None
    list_: Literal["areas.yml"] = Field(alias="list")


class SourceContract(_Model):
    """A source (`source.yml`): who publishes it, under which terms, and how protected it is."""

    id: str
    title: Text
    publisher: str
    url: str | None = None
    licence: str
    attribution: str | None = None
    cadence: Literal["monthly", "quarterly", "annual", "irregular"]
    family: Annotated[str, BeforeValidator(_family)]
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


class KnownViolation(_Model):
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


class Source(_Model):
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


class Confirmation(_Model):
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
