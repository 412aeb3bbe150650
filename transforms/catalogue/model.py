# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The model of the catalogue: expressions over measures, one entry, all entries.

Here belong what an entry may say and what one entry alone can get wrong. Not here: whether entries fit the vocabulary
and each other (`checks`), reading and merging files (`catalogue`), and how a KPI is computed (`transforms/models/kpi`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from transforms.catalogue.methods import METHODS, OPTIONS, STATISTICS_RULES, Method

LOW_DENOMINATOR = 100
"""Below this denominator a rate is published but flagged U (low reliability)."""

Terms = tuple[tuple[float, str], ...]
Domain = Literal[
    "demography", "migration", "labour", "min_income", "children_education", "health_care", "housing",
    "participation_safety", "finance", "environment", "digital", "composite",
]  # fmt: skip
Rule = Literal[
    "sum", "ratio_of_sums", "boundary_flow", "published_only", "weighted_mean", "composite", "before_door",
]  # fmt: skip
_IDENTIFIER = r"[a-z][a-z0-9_]*"
_TERM = re.compile(rf"\s*(?P<sign>[+-])?\s*(?:(?P<coef>\d+(?:\.\d+)?)\s*\*\s*)?(?P<measure>{_IDENTIFIER})\s*")


def parse_expression(text: str) -> Terms:
    """Read `births - deaths` or `2 * a + b` as (coefficient, measure) terms in canonical order.

    Equal measures are added up; positive terms come first, then alphabetical: equal sums have equal terms.
    Raises ValueError for anything that is not a sum of measures, and for a sum that is empty.
    """
    coefs: dict[str, float] = {}
    position = 0
    while position < len(text):
        term = _TERM.match(text, position)
        if term is None or (position > 0 and not term["sign"]):
            raise ValueError(f"not a sum of measures: {text!r} (at position {position + 1})")
        coef = float(term["coef"] or 1) * (-1 if term["sign"] == "-" else 1)
        coefs[term["measure"]] = coefs.get(term["measure"], 0.0) + coef
        position = term.end()
    terms = [(coef, measure) for measure, coef in coefs.items() if coef != 0]
    if not terms:
        raise ValueError(f"an expression needs at least one measure: {text!r}")
    return tuple(sorted(terms, key=lambda term: (term[0] < 0, term[1])))


def canonical_text(terms: Terms) -> str:
    """Write terms the one way they are written everywhere, e.g. in the column `measure` of a cell."""
    parts: list[str] = []
    for coef, measure in terms:
        size = "" if abs(coef) == 1 else f"{abs(coef):g} * "
        sign = ("-" if coef < 0 else "") if not parts else ("- " if coef < 0 else "+ ")
        parts.append(f"{sign}{size}{measure}")
    return " ".join(parts)


class Text(BaseModel):
    """The same words in German and English."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    de: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Break(BaseModel):
    """From this year on figures are made differently, and why; with `basis` those of these bases only."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    first: int = Field(alias="from")
    basis: tuple[str, ...] = ()
    reason: Text


class Range(BaseModel):
    """Between these bounds a value is plausible; what lies outside is looked at, not cut off."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    min: float | None = None
    max: float | None = None


class Kpi(BaseModel):
    """One entry of the catalogue: value = factor * numerator / denominator, in `unit`, rounded to `decimals`.

    `min_denominator`: below it no value is published (status M), below `LOW_DENOMINATOR` it is flagged U;
    None means that neither rule makes sense (areas, counts). `denominator_bases`: bases from which the
    denominator may come if the numerator's own basis has none, in order of preference.
    A KPI of the rules `before_door` and `composite` is made from `inputs` (measures, KPIs) by a `method` with its
    options (`methods`), on its `levels` only; its status is `statistics`. One whose cells cannot be formed yet is
    `waiting`. Everything below `note` describes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=f"^{_IDENTIFIER}$")
    name: Text
    domain: Domain
    numerator: str | None = None
    denominator: str | None = None
    inputs: tuple[str, ...] = ()
    method: Method | None = None
    lag_years: int | None = Field(default=None, ge=1)
    years: int | None = Field(default=None, ge=2)
    open_mean: float | None = Field(default=None, gt=0)
    completed: bool = False
    weights: dict[str, float] = {}
    base_period: str | None = None
    exclude: tuple[str, ...] = ()
    factor: float = Field(default=1, gt=0)
    unit: str = Field(pattern=f"^{_IDENTIFIER}$")
    rule: Rule
    status: Literal["computed", "statistics", "waiting"] = "computed"
    decimals: int = Field(ge=0, le=6)
    direction: Literal["higher_is_better", "lower_is_better", "none"]
    denominator_bases: tuple[str, ...] = ()
    min_denominator: float | None = Field(default=None, ge=0)
    note: Text
    not_to_be_read_as: Text | None = None
    frequencies: tuple[Literal["A", "Q", "M"], ...] = ("A",)
    quarter_rule: Literal["stock_at_end", "mean_of_months", "sum_of_flow", "none"] = "none"
    denominator_period: Literal["same", "previous_year_end", "mean_of_year", "earlier_year"] = "same"
    reference_date: Text | None = None
    basis: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    comparable_across_breaks: bool = True
    first_year: int | None = None
    levels: tuple[str, ...] = ()
    plausible_range: Range = Range()

    @field_validator("numerator", "denominator")
    @classmethod
    def _canonical(cls, text: str | None) -> str | None:
        return None if text is None else canonical_text(parse_expression(text))

    @model_validator(mode="after")
    def _rule_fits(self) -> Kpi:
        if (self.status == "statistics") != (self.rule in STATISTICS_RULES):
            raise ValueError(f"rule {self.rule} and status {self.status} do not go together")
        if self.status == "statistics":
            if self.numerator or self.denominator or not self.inputs or not self.method:
                raise ValueError(f"rule {self.rule} needs method and inputs, and has no numerator or denominator")
        elif self.numerator is None or self.inputs or self.method:
            raise ValueError(f"rule {self.rule} needs a numerator, and has no method or inputs")
        elif self.rule in ("ratio_of_sums", "boundary_flow", "weighted_mean") and self.denominator is None:
            raise ValueError(f"rule {self.rule} needs a denominator")
        elif self.rule == "sum" and self.denominator is not None:
            raise ValueError("rule sum has no denominator")
        return self

    @model_validator(mode="after")
    def _options_fit(self) -> Kpi:
        allowed = METHODS[self.method].options if self.method else frozenset[str]()
        if strange := [name for name in OPTIONS if getattr(self, name) and name not in allowed]:
            raise ValueError(f"{self.method or self.rule} has no {', '.join(strange)}")
        if strange := sorted({*self.weights, *self.exclude} - set(self.inputs)):
            raise ValueError(f"weights and exclude name inputs, which these are not: {', '.join(strange)}")
        if any(not 0 < weight < float("inf") for weight in self.weights.values()):
            raise ValueError("weights are positive numbers")
        if self.method == "z_index" and not self.lag_years and self.base is None:
            raise ValueError("an index needs a base_period or a first_year")
        if self.method and not self.used_inputs:
            raise ValueError("every input is excluded")
        return self

    @model_validator(mode="after")
    def _parts_fit(self) -> Kpi:
        lends = self.denominator is not None or (self.method and "denominator_bases" in METHODS[self.method].options)
        if (self.denominator_bases and not lends) or (self.min_denominator is not None and self.denominator is None):
            raise ValueError("denominator_bases and min_denominator need a denominator")
        if self.rule == "published_only" and self.numerator and len(parse_expression(self.numerator)) > 1:
            raise ValueError("a published figure is one measure, not a sum of measures")
        if len(set(self.denominator_bases)) < len(self.denominator_bases):
            raise ValueError("denominator_bases names a basis twice")
        return self

    @property
    def computable(self) -> bool:
        """Whether the value is a quotient of cells, formed behind the door; statistics come through it as values."""
        return self.status == "computed"

    @property
    def statistic(self) -> bool:
        """Whether the value is formed before the door by a method, and passes it as a value."""
        return self.status == "statistics"

    @property
    def used_inputs(self) -> tuple[str, ...]:
        """The inputs but those that are excluded."""
        return tuple(name for name in self.inputs if name not in self.exclude)

    @property
    def base(self) -> str | None:
        """The period whose areas are the base of an index."""
        return self.base_period or (str(self.first_year) if self.first_year else None)

    @property
    def above(self) -> str | None:
        """The measure of the cell above the line; that of a statistic has the id of the KPI."""
        return self.id if self.statistic else self.numerator

    @property
    def delivered_only(self) -> bool:
        """Whether its gross flows or published figures are taken per area as delivered, never summed over areas."""
        return self.rule in ("boundary_flow", "published_only")

    @property
    def as_published(self) -> bool:
        """Whether the value is the custodian's own rate, neither computed nor averaged."""
        return self.rule == "published_only" and self.denominator is None

    @property
    def expressions(self) -> tuple[str, ...]:
        """Numerator and denominator, as far as it has them."""
        return tuple(text for text in (self.numerator, self.denominator) if text is not None)

    @property
    def formula(self) -> str:
        """The formula as people write it, e.g. `1000 * (births - deaths) / pop_mean`."""
        if self.numerator is None:
            return f"{self.method}({', '.join(self._arguments())})"
        if self.denominator is None:
            return self.numerator if self.factor == 1 else f"{self.factor:.12g} * {_bracketed(self.numerator)}"
        quotient = f"{_bracketed(self.numerator)} / {_bracketed(self.denominator)}"
        return quotient if self.factor == 1 else f"{self.factor:.12g} * {quotient}"

    def _arguments(self) -> Iterator[str]:
        """Inputs with their weights and the options, as people write them."""
        for name in self.used_inputs:
            yield f"{self.weights[name]:g} * {name}" if self.weights.get(name, 1) != 1 else name
        if self.years:
            yield f"{self.years} years together"
        if self.lag_years:
            yield f"less that of {self.lag_years} years before"
        elif self.method == "z_index":
            yield f"base {self.base}"
        if self.open_mean:
            yield f"open group at {self.open_mean:g}"
        if self.completed:
            yield "completed years"


def _bracketed(expression: str) -> str:
    return f"({expression})" if " " in expression else expression


@dataclass(frozen=True)
class Catalogue:
    """All KPIs by id, in alphabetical order."""

    kpis: Mapping[str, Kpi]

    def __iter__(self) -> Iterator[Kpi]:
        return iter(self.kpis.values())

    def __len__(self) -> int:
        return len(self.kpis)

    def __getitem__(self, kpi: str) -> Kpi:
        return self.kpis[kpi]

    def computable(self) -> Catalogue:
        """The KPIs that are quotients of cells: neither statistics nor waiting."""
        return Catalogue({kpi.id: kpi for kpi in self if kpi.computable})

    def statistics(self) -> Catalogue:
        """The KPIs that are formed before the door by a method and pass it as values."""
        return Catalogue({kpi.id: kpi for kpi in self if kpi.statistic})

    def expressions(self) -> dict[str, Terms]:
        """Every numerator and denominator, canonical text -> terms: the cells to form before the door."""
        texts = {text for kpi in self.computable() for text in kpi.expressions}
        return {text: parse_expression(text) for text in sorted(texts)}

    def measures(self) -> frozenset[str]:
        """Every measure that any computable KPI uses."""
        return frozenset(measure for terms in self.expressions().values() for _, measure in terms)
