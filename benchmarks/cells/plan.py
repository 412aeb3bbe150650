# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""What the generated agencies deliver, and which of it adds up to which measure; derived from vocabulary and catalogue.

Belongs here: tables, their dimension strings, the contracts and the recipes handed to `floor.sql` and pandas. Does not
belong here: areas and numbers (`generate`). The recipes are written down while the tables are planned, not found by
`quality.cells.cover`, so that an error there shows as a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import polars as pl

from raw.contracts import Source, SourceContract, TableContract
from raw.vocabulary.dimensions import OPEN_AGE, age_code, age_interval, format_dims, parse_dims
from raw.vocabulary.measures import Measure, concepts, measures, partitions, plain_name
from transforms.catalogue import Terms, load

BASES = {
    "children_education": "schulstatistik", "composite": "mikrozensus", "demography": "fortschreibung_z2022",
    "digital": "breitband", "environment": "flaechenerhebung", "finance": "finanzstatistik",
    "health_care": "pflegestatistik", "housing": "gebaeudefortschreibung", "labour": "ba",
    "migration": "wanderungsstatistik", "min_income": "sgb2", "participation_safety": "pks",
}  # fmt: skip
"""The one basis of everything that the source of a domain delivers."""

DECIMAL_UNITS = ("km2", "ha", "m2", "FTE")


@dataclass(frozen=True)
class Delivered:
    """One table: a concept's dimension strings, delivered by the source of a domain."""

    source: str
    concept: str
    basis: str
    unit: str
    decimal: bool
    dims: tuple[str, ...]


@cache
def expressions() -> dict[str, Terms]:
    """Every numerator and denominator of the catalogue, with its terms."""
    return load().expressions()


@cache
def wanted() -> dict[str, Measure]:
    """Every measure that a KPI's cells need, by name; one with a period rule brings the one that it starts from."""
    names = sorted({name for parts in expressions().values() for _, name in parts})
    named = {name: measures()[name] for name in names}
    bases = {plain_name(measure): measure for measure in named.values() if not measure.plain}
    return bases | named


@cache
def _plain() -> dict[str, Measure]:
    """Name of the cells formed from one period → the measure whose concept and dimensions they have."""
    return {plain_name(measure) if not measure.plain else name: measure for name, measure in wanted().items()}


@cache
def _domains() -> dict[str, str]:
    """Concept → the domain whose KPIs count it most often (as numerator, or else as denominator)."""
    counted: dict[str, Counter[str]] = {}
    for kpi in load().computable():
        for weight, text in ((1000, kpi.numerator), (1, kpi.denominator)):
            for _, name in expressions()[text] if text else ():
                counted.setdefault(measures()[name].concept, Counter())[kpi.domain] += weight
    return {concept: min(found, key=lambda domain: (-found[domain], domain)) for concept, found in counted.items()}


def _atoms(codes: Iterable[str]) -> list[str]:
    """The coarsest age groups from which all these intervals can be put together, from 0 to the open end."""
    limits = {0, OPEN_AGE + 1}
    for first, last in map(age_interval, codes):
        limits |= {first, last + 1}
    return [age_code(low, high - 1) for low, high in pairwise(sorted(limits))]


@cache
def _pieces(concept: str) -> dict[str, tuple[str, ...]]:
    """Name of a cell → the dimension strings that are to be added up: one, or age groups (of both sexes).

    Ages of everybody come by sex where ages of one sex are needed too, as in the agencies' tables by age and sex.
    """
    named = {name: measure.dims for name, measure in _plain().items() if measure.concept == concept}
    others = {name: {key: code for key, code in dims.items() if key != "age"} for name, dims in named.items()}
    by_sex = any("age" in dims and set(dims) == {"age", "sex"} for dims in named.values())
    found: dict[str, tuple[str, ...]] = {}
    for name, dims in named.items():
        if "age" not in dims:
            found[name] = (format_dims(dims),)
            continue
        split = by_sex and set(others[name]) <= {"sex"}
        alike = [
            named[other]["age"]
            for other in named
            if "age" in named[other] and (set(others[other]) <= {"sex"} if split else others[other] == others[name])
        ]
        first, last = age_interval(dims["age"])
        inside = [age for age in _atoms(alike) if first <= age_interval(age)[0] and age_interval(age)[1] <= last]
        sexes = [{"sex": sex} for sex in partitions()["sex"]] if split and "sex" not in dims else [{}]
        found[name] = tuple(format_dims({**others[name], **sex, "age": age}) for age in inside for sex in sexes)
    return found


def _delivered_dims(concept: str) -> tuple[str, ...]:
    """All pieces, the total, and the rest of every partition of which a piece is one code."""
    texts = {""} | {piece for pieces in _pieces(concept).values() for piece in pieces}
    for text in sorted(texts):
        dims = parse_dims(text)
        if set(dims) in ({"sex"}, {"nationality"}, {"age", "sex"}):
            axis = "nationality" if "nationality" in dims else "sex"
            texts |= {format_dims({**dims, axis: code}) for code in partitions()[axis]}
    return tuple(sorted(texts))


@cache
def tables() -> tuple[Delivered, ...]:
    """The tables of all sources, sorted by source and concept."""
    found = []
    for concept, domain in _domains().items():
        unit = concepts()[concept].unit
        found.append(Delivered(domain, concept, BASES[domain], unit, unit in DECIMAL_UNITS, _delivered_dims(concept)))
    return tuple(sorted(found, key=lambda table: (table.source, table.concept)))


@cache
def sources() -> dict[str, Source]:
    """The contracts of the sources: public official statistics, one column per dimension string."""
    return {domain: _source(domain) for domain in sorted({table.source for table in tables()})}


def _source(domain: str) -> Source:
    text = {"de": domain, "en": domain}
    contract = SourceContract.model_validate(
        {"id": domain, "title": text, "publisher": "Office", "licence": "unstated", "cadence": "annual",
         "family": "kiss_md", "owner": "nobody", "publicity": "public", "class": "none", "legal_basis": "none",
         "purpose": "benchmark", "retention": "none", "redistribution": "public", "basis": BASES[domain]}
    )  # fmt: skip
    own = [table for table in tables() if table.source == domain]
    return Source(contract=contract, tables={table.concept: _table(table) for table in own}, violations=[])


def _table(table: Delivered) -> TableContract:
    columns = {
        column_id(number): {"concept": table.concept, "dims": parse_dims(text)}
        for number, text in enumerate(table.dims)
    }
    title = {"de": table.concept, "en": table.concept}
    return TableContract.model_validate(
        {"id": table.concept, "title": title, "detect": table.concept, "columns": columns}
    )


def column_id(number: int) -> str:
    """The id of a table's column rule."""
    return f"c{number:03d}"


def recipe() -> pl.DataFrame:
    """concept, dims, measure, pieces: these rows of a concept add up to this measure, which has so many pieces."""
    rows = [
        (concept, piece, name, len(pieces))
        for concept in sorted(_domains())
        for name, pieces in sorted(_pieces(concept).items())
        for piece in pieces
    ]
    schema = {"concept": pl.String, "dims": pl.String, "measure": pl.String, "pieces": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def shifts() -> pl.DataFrame:
    """measure, base, shift, coef, parts: the measure is the sum of coef * base `shift` years later, over its parts."""
    rows = [
        (name, plain_name(measure), offset, coef, len(measure.offsets))
        for name, measure in wanted().items()
        if not measure.plain and name not in _plain()
        for offset, coef in measure.offsets.items()
    ]
    schema = {
        "measure": pl.String, "base": pl.String, "shift": pl.Int32, "coef": pl.Float64, "parts": pl.Int32,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def terms() -> pl.DataFrame:
    """expression, measure, coef, parts: the expression is the sum of coef * measure over its parts."""
    rows = [
        (text, measure, coef, len(parts))
        for text, parts in expressions().items()
        if len(parts) > 1 or parts[0][0] != 1
        for coef, measure in parts
    ]
    schema = {"expression": pl.String, "measure": pl.String, "coef": pl.Float64, "parts": pl.Int32}
    return pl.DataFrame(rows, schema=schema, orient="row")
