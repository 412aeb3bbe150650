# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The KPI catalogue: what a KPI is made of, in which unit, and how it may be read.

Here belong the model of one catalogue entry, the little language of expressions over measures, and the
loader that joins the product's `kpis.yml` with what a site adds. Not here: how a KPI is computed
(`transforms/models/kpi`), what a measure is (`raw/vocabulary`), and which figure may be published
(`quality/disclosure`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

PRODUCT_DIR = Path(__file__).parent
LOW_DENOMINATOR = 100
"""Below this denominator a rate is published but flagged U (low reliability)."""

Terms = tuple[tuple[float, str], ...]
Domain = Literal[
    "demography", "migration", "labour", "min_income", "children_education", "health_care", "housing",
    "participation_safety", "finance", "environment", "digital",
]  # fmt: skip
_IDENTIFIER = r"[a-z][a-z0-9_]*"
_TERM = re.compile(rf"\s*(?P<sign>[+-])?\s*(?:(?P<coef>\d+(?:\.\d+)?)\s*\*\s*)?(?P<measure>{_IDENTIFIER})\s*")


class CatalogueError(ValueError):
    """Everything that is wrong with the catalogue at once; `faults` holds one sentence per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


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


class Kpi(BaseModel):
    """One entry of the catalogue: value = factor * numerator / denominator, in `unit`, rounded to `decimals`.

    `min_denominator`: below it no value is published (status M), below `LOW_DENOMINATOR` it is flagged U;
    None means that neither rule makes sense (areas, counts). `denominator_bases`: bases from which the
    denominator may come if the numerator's own basis has none, in order of preference.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=f"^{_IDENTIFIER}$")
    name: Text
    domain: Domain
    numerator: str
    denominator: str | None = None
    factor: float = Field(default=1, gt=0)
    unit: str = Field(pattern=f"^{_IDENTIFIER}$")
    rule: Literal["sum", "ratio_of_sums", "published_only"]
    decimals: int = Field(ge=0, le=6)
    direction: Literal["higher_is_better", "lower_is_better", "none"]
    denominator_bases: tuple[str, ...] = ()
    min_denominator: float | None = Field(default=None, ge=0)
    note: Text

    @field_validator("numerator", "denominator")
    @classmethod
    def _canonical(cls, text: str | None) -> str | None:
        return None if text is None else canonical_text(parse_expression(text))

    @model_validator(mode="after")
    def _rule_fits(self) -> Kpi:
        if (self.rule == "ratio_of_sums") != (self.denominator is not None):
            raise ValueError(f"rule {self.rule} {'needs a' if self.denominator is None else 'has no'} denominator")
        if self.denominator is None and (self.denominator_bases or self.min_denominator is not None):
            raise ValueError("denominator_bases and min_denominator need a denominator")
        if self.rule == "published_only" and len(parse_expression(self.numerator)) > 1:
            raise ValueError("a published figure is one measure, not a sum of measures")
        if len(set(self.denominator_bases)) < len(self.denominator_bases):
            raise ValueError("denominator_bases names a basis twice")
        return self

    @property
    def formula(self) -> str:
        """The formula as people write it, e.g. `1000 * (births - deaths) / pop_mean`."""
        if self.denominator is None:
            return self.numerator if self.factor == 1 else f"{self.factor:.12g} * {_bracketed(self.numerator)}"
        quotient = f"{_bracketed(self.numerator)} / {_bracketed(self.denominator)}"
        return quotient if self.factor == 1 else f"{self.factor:.12g} * {quotient}"


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

    def expressions(self) -> dict[str, Terms]:
        """Every numerator and denominator, canonical text -> terms: the cells to form before the door."""
        texts = {text for kpi in self for text in (kpi.numerator, kpi.denominator) if text is not None}
        return {text: parse_expression(text) for text in sorted(texts)}

    def measures(self) -> frozenset[str]:
        """Every measure that any KPI uses."""
        return frozenset(measure for terms in self.expressions().values() for _, measure in terms)


def load(product_dir: Path = PRODUCT_DIR, site_kpis_dir: Path | None = None) -> Catalogue:
    """Load the product's `kpis.yml` and merge the site's `*.yml` (same format) by id.

    A site entry with a new id adds a KPI. `extends: <id>` takes everything from that entry except the fields
    given: with its own id it overrides single fields, with another id it makes a variant. An entry that
    repeats an existing id without `extends` is a fault, because it would replace a definition in silence.
    Raises CatalogueError with all faults.
    """
    faults: list[str] = []
    entries = _entries(product_dir / "kpis.yml", faults)
    for path in sorted(site_kpis_dir.glob("*.yml")) if site_kpis_dir else []:
        for kpi, entry in _entries(path, faults).items():
            _merge(entries, kpi, entry, path, faults)
    kpis: dict[str, Kpi] = {}
    for kpi in sorted(entries):
        try:
            kpis[kpi] = Kpi.model_validate({"id": kpi, **entries[kpi]})
        except ValidationError as error:
            faults += [f"KPI {kpi}, {_place(fault)}: {fault['msg']}" for fault in error.errors()]
    if faults:
        raise CatalogueError(faults)
    return Catalogue(kpis)


def _place(fault: Mapping[str, Any]) -> str:
    return ".".join(str(step) for step in fault["loc"]) or "entry"


def _merge(entries: dict[str, dict[str, Any]], kpi: str, entry: dict[str, Any], path: Path, faults: list[str]) -> None:
    base = entry.pop("extends", None)
    if base is None and kpi in entries:
        faults.append(f"{path.name}: KPI {kpi} exists already; to change single fields write `extends: {kpi}`")
    elif base is not None and base not in entries:
        faults.append(f"{path.name}: KPI {kpi} extends {base}, which does not exist")
    elif base is None:
        entries[kpi] = entry
    elif kpi in entries and base != kpi:
        faults.append(f"{path.name}: KPI {kpi} exists already and cannot be made from {base}")
    else:
        entries[kpi] = _overridden(entries[base], entry)


def _overridden(base: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for field, value in entry.items():
        both_mappings = isinstance(value, dict) and isinstance(merged.get(field), dict)
        merged[field] = {**merged[field], **value} if both_mappings else value
    return merged


class _UniqueKeys(yaml.SafeLoader):
    """YAML in which a key written twice is an error instead of the last one winning."""


def _mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key) for key, _ in node.value]
    twice = sorted({str(key) for key in keys if keys.count(key) > 1})
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"written twice: {', '.join(twice)}", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _entries(path: Path, faults: list[str]) -> dict[str, dict[str, Any]]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys) or {}
    except (OSError, yaml.YAMLError) as error:
        faults.append(f"{path.name}: cannot be read: {error}")
        return {}
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        faults.append(f"{path.name}: expected `<kpi id>: {{fields}}`")
        return {}
    return content
