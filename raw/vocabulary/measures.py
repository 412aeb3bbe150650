# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Concepts and measures: `pop_0_2` is the concept `pop` with age 0-2; `pop_mean` is the mean of two years.

Belongs here: the models of `measures/*.yml`, `dimensions.yml` and `classifications.yml`, and their loaders. Does not
belong here: what follows from the definitions (`relations`), and sums (`quality.cells`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from raw.vocabulary.dimensions import format_dims
from raw.vocabulary.lists import VOCABULARY, lists, read_yaml

Kind = Literal["stock", "mean", "flow", "amount", "weighted", "rate", "text"]
Klass = Literal["none", "personal", "social", "establishment"]
TimeRule = Literal["end", "mean", "sum", "none"]

_TIME_RULES: dict[str, TimeRule] = {
    "stock": "end", "weighted": "end", "mean": "mean", "flow": "sum", "amount": "sum", "rate": "none", "text": "none",
}  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _class_is_a_keyword(cls, data: Any) -> Any:
        return {("klass" if key == "class" else key): value for key, value in data.items()}


class Concept(_Model):
    """What is counted, in which unit, and how sensitive it is.

    `within`: the concept whose members these are (complement rule). `of` and `where`: this concept is exactly that
    part of another one. `geo`: how areas come together: by sum, or not at all, because movements between them are no
    movements of the whole (boundary), persons are counted once per area (distinct), or the agency's figure is taken
    (published). `time`: what a longer period is made of, if not what the kind says. `year`: which months make its
    year (`lists.yml`). `signed`: a difference, which may be below zero.
    """

    unit: str
    kind: Kind
    klass: Klass
    within: str | None = None
    of: str | None = None
    where: dict[str, str] = {}
    geo: Literal["sum", "boundary", "distinct", "published"] = "sum"
    time: TimeRule | None = None
    year: Literal["calendar", "school", "training"] = "calendar"
    classification: str | None = None
    signed: bool = False
    de: str
    en: str

    @model_validator(mode="after")
    def _a_part_has_a_whole(self) -> Concept:
        if bool(self.of) != bool(self.where):
            raise ValueError("`of` and `where` belong together")
        return self

    @property
    def additive(self) -> bool:
        """Whether figures of disjoint groups may be added."""
        return self.kind not in ("rate", "text")

    @property
    def additive_geo(self) -> bool:
        """Whether figures of disjoint areas may be added."""
        return self.additive and self.geo == "sum"

    @property
    def time_rule(self) -> TimeRule:
        """What the figure of a longer period is made of: its end, the mean or the sum of its parts, or none of them."""
        return self.time or _TIME_RULES[self.kind]

    @property
    def additive_time(self) -> bool:
        """Whether figures of successive periods may be added."""
        return self.time_rule == "sum"


class At(_Model):
    """The reference date of an annual figure: it is the stock of this month (1 March and 31 March are both month 3)."""

    month: int = Field(ge=1, le=12)


class Vector(_Model):
    """Single years of age from first to last, both included; `open`: the last one stands for all above it too."""

    first: int = Field(ge=0)
    last: int
    open: bool = False

    @property
    def span(self) -> str:
        """The ages of all elements together."""
        return f"{self.first}+" if self.open else f"{self.first}-{self.last}"

    @property
    def codes(self) -> tuple[str, ...]:
        """The age codes of the elements, in order."""
        single = tuple(str(age) for age in range(self.first, self.last + 1))
        return (*single[:-1], f"{self.last}+") if self.open else single


class Measure(_Model):
    """A concept with a dimension filter and a period rule.

    `shift` and `mean_of` are years against the period; `pool` adds up that many years, the period's year being the
    last of them; `at` is a reference date other than the kind's. A `vector` has an element for every code of the
    dimension that the filter gives as `*`. `class` and `classification` stand before the concept's.
    """

    concept: str
    dims: dict[str, str] = {}
    shift: int = 0
    mean_of: list[int] = []
    pool: int = Field(default=1, ge=1)
    at: At | None = None
    vector: Vector | None = None
    klass: Klass | None = None
    classification: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Measure:
        if self.shift and self.mean_of:
            raise ValueError("a measure is shifted or a mean, not both")
        if (self.vector is not None) != ("*" in self.dims.values()):
            raise ValueError("a vector has a dimension '*', and only a vector has one")
        return self

    @property
    def offsets(self) -> dict[int, float]:
        """Period rule as a linear combination: offset in years → coefficient."""
        rule = {offset: 1 / len(self.mean_of) for offset in self.mean_of} or {self.shift: 1.0}
        total: dict[int, float] = {}
        for back in range(self.pool):
            for offset, coefficient in rule.items():
                total[offset - back] = total.get(offset - back, 0.0) + coefficient
        return dict(sorted(total.items()))

    @property
    def plain(self) -> bool:
        """Whether the figure of a period is made of that period alone."""
        return self.offsets == {0: 1.0}

    @property
    def total_dims(self) -> dict[str, str]:
        """The filter; that of a vector covers all its elements."""
        span = self.vector.span if self.vector else ""
        return {dimension: span if code == "*" else code for dimension, code in self.dims.items()}


class Code(_Model):
    """A code of a dimension: the code that it is a part of, the codes that make it up, what holds for all with it."""

    part_of: str | None = Field(default=None, alias="in")
    parts: list[str] = []
    only: dict[str, str] = {}


class Dimension(_Model):
    """A dimension with its codes (`dimensions.yml`)."""

    interval: bool = False
    covers: str | None = None
    partition: list[str] = []
    codes: dict[str, Code] = {}
    open: bool = False
    de: str
    en: str


class Classification(_Model):
    """A classification and the first and last year in which it stands."""

    valid_from: int | None = None
    valid_to: int | None = None
    de: str
    en: str
    note: str | None = None


class Declared(_Model):
    """A relation between measures that does not follow from their definitions: whole = sum of coefficient * part."""

    kind: Literal["balance", "partition"]
    whole: str
    parts: dict[str, float]
    exact: bool = True
    note: str


class DefinitionError(ValueError):
    """Something in the definitions does not fit together; the message has one line per fault."""


@cache
def _files() -> dict[str, dict[str, Any]]:
    """Concepts and measures of all domains, `declared` by number; what stands twice is a fault."""
    merged: dict[str, dict[str, Any]] = {"concepts": {}, "measures": {}, "declared": {}}
    faults: list[str] = []
    for path in sorted((VOCABULARY / "measures").glob("*.yml")):
        for section, entries in read_yaml(path).items():
            if section == "declared":
                entries = {f"{path.stem}.{number}": entry for number, entry in enumerate(entries)}
            faults += [f"{path.name}: {section}.{name} stands twice" for name in entries if name in merged[section]]
            merged[section].update(entries)
    if faults:
        raise DefinitionError("\n".join(faults))
    return merged


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by id; those they name exist."""
    found = {name: Concept.model_validate(entry) for name, entry in _files()["concepts"].items()}
    for name, concept in found.items():
        if strange := sorted({concept.within, concept.of} - {None} - set(found), key=str):
            raise DefinitionError(f"concept {name}: no concept {', '.join(map(str, strange))}")
    return found


@cache
def _domains() -> dict[str, str]:
    files = sorted((VOCABULARY / "measures").glob("*.yml"))
    return {name: path.stem for path in files for name in read_yaml(path).get("concepts", {})}


def domain_of(concept: str) -> str:
    """The domain of a concept: the file of the vocabulary in which it stands."""
    return _domains()[concept]


@cache
def dimensions() -> dict[str, Dimension]:
    """All dimensions by id."""
    entries = read_yaml(VOCABULARY / "dimensions.yml")
    return {name: Dimension.model_validate(entry) for name, entry in entries.items()}


@cache
def classifications() -> dict[str, Classification]:
    """All classifications by id."""
    entries = read_yaml(VOCABULARY / "classifications.yml")
    return {name: Classification.model_validate(entry) for name, entry in entries.items()}


@cache
def measures() -> dict[str, Measure]:
    """All measures by id; each names a concept, dimensions, codes and a classification that exist."""
    found = {name: Measure.model_validate(entry) for name, entry in _files()["measures"].items()}
    if faults := [fault for name, measure in found.items() for fault in _faults(name, measure)]:
        raise DefinitionError("\n".join(faults))
    return found


def _faults(name: str, measure: Measure) -> list[str]:
    if measure.concept not in concepts():
        return [f"measure {name}: no concept {measure.concept}"]
    faults = []
    for dimension, code in {**measure.dims, **concepts()[measure.concept].where}.items():
        entry = dimensions().get(dimension)
        if entry is None:
            faults.append(f"measure {name}: no dimension {dimension}")
        elif not entry.interval and code not in entry.codes:
            faults.append(f"measure {name}: {dimension} has no code {code}")
    if (used := classification_id(measure)) is not None and used not in classifications():
        faults.append(f"measure {name}: no classification {used}")
    return faults


@cache
def declared() -> tuple[Declared, ...]:
    """Relations that are declared; the measures they name exist."""
    found = tuple(Declared.model_validate(entry) for entry in _files()["declared"].values())
    if strange := sorted({name for entry in found for name in (entry.whole, *entry.parts)} - set(measures())):
        raise DefinitionError(f"declared relations of unknown measures: {', '.join(strange)}")
    return found


def partitions() -> dict[str, tuple[str, ...]]:
    """Per dimension, the codes that together are everybody. Ages are a partition by their intervals."""
    return {name: tuple(entry.partition) for name, entry in dimensions().items() if entry.partition}


def class_of(measure: Measure) -> str:
    """The class of a measure: its own, or else its concept's."""
    return measure.klass or concepts()[measure.concept].klass


def classification_id(measure: Measure) -> str | None:
    """The classification of a measure: its own, or else its concept's."""
    return measure.classification or concepts()[measure.concept].classification


def valid_from(measure: Measure) -> int | None:
    """The first year in which the measure's classification stands, or None if it has no beginning."""
    used = classification_id(measure)
    return classifications()[used].valid_from if used else None


def reference(measure: Measure) -> str:
    """What an annual figure refers to: the stock of a month (`M06`), the `mean` or `sum` of a year, or `none` of these.

    Figures of two measures can be compared person by person only if they refer to the same.
    """
    concept = concepts()[measure.concept]
    if measure.at:
        return f"M{measure.at.month:02d}"
    if concept.time_rule == "end":
        last = (lists()["years"][concept.year]["month"] + 10) % 12 + 1
        return f"M{last:02d}"
    return concept.time_rule if concept.year == "calendar" else f"{concept.time_rule} of the {concept.year} year"


def plain_name(measure: Measure, named: Mapping[str, Measure] | None = None) -> str:
    """The name of the cells that a period rule starts from: a measure without one, or `concept[dims]`."""
    for name, other in (measures() if named is None else named).items():
        same = (other.concept, other.dims, other.at, other.vector) == (
            measure.concept, measure.dims, measure.at, measure.vector,
        )  # fmt: skip
        if same and other.plain:
            return name
    return f"{measure.concept}[{format_dims(measure.dims)}]"
