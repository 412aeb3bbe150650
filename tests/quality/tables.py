# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small tables for the tests of `quality`: sources, observations, areas and cells made of a few words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from quality.areas.areas import AREA_TABLE, parent_key
from quality.cells.cells import LINKS, Geography
from quality.cells.read import CELL
from raw.contracts import KnownViolation, Source, SourceContract, TableContract
from raw.vocabulary.measures import concepts
from raw.vocabulary.observation import OBSERVATION

TODAY = dt.date(2026, 11, 22)
CITY = "15003000"
CELL_SCHEMA = {
    **dict.fromkeys(CELL, pl.String()),
    "value": pl.Float64(),
    "terms": pl.List(pl.Struct({"cell": pl.String(), "coef": pl.Float64()})),
    "sources": pl.List(pl.String()),
    "provenance": pl.List(pl.String()),
}


def source(
    name: str = "register",
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    violations: Iterable[Mapping[str, Any]] = (),
    **settings: Any,
) -> Source:
    """A source with tables (id -> fields of the contract); confidential and personal unless said otherwise."""
    fields = {
        "id": name, "title": {"de": name, "en": name}, "publisher": "Office", "licence": "unstated",
        "cadence": "annual", "family": "kiss_md", "owner": "nobody", "publicity": "confidential",
        "class": "personal", "legal_basis": "none",
        "purpose": "test", "retention": "none", "redistribution": "none", "basis": "register",
    }  # fmt: skip
    return Source(
        contract=SourceContract.model_validate(fields | settings),
        tables={key: table(key, **content) for key, content in (tables or {"t1": {}}).items()},
        violations=[KnownViolation.model_validate(entry) for entry in violations],
    )


def table(name: str = "t1", **fields: Any) -> TableContract:
    """A table's contract with one column `total` of the concept pop unless said otherwise."""
    content = {"id": name, "title": {"de": name, "en": name}, "detect": name, "columns": {"total": {"concept": "pop"}}}
    return TableContract.model_validate(content | fields)


def observation(area: str, value: float | None, **fields: Any) -> dict[str, Any]:
    """One observation; without a value it is withheld unless a status is given."""
    level = fields.get("area_level") or level_of(area)
    row = {
        "source": "register", "table": "t1", "snapshot": "a" * 64, "column": "total", "measure": "pop", "area": area,
        "area_level": level, "area_vintage": "2023", "period": "2023", "basis": "register", "dims": "", "value": value,
        "value_text": "x" if value is None else f"{value:g}", "unit": "persons",
        "obs_status": "Q" if value is None else "A", "meaning": "stated", "published_on": dt.date(2024, 5, 1),
        "received_at": dt.datetime(2024, 6, 1, tzinfo=dt.UTC),
    }  # fmt: skip
    return row | fields


def observations(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """A frame of observations; rows without an address stand below one another on one sheet."""
    placed = [{"cell": f"Sheet 1!B{number}"} | dict(row) for number, row in enumerate(rows, 2)]
    return pl.DataFrame(placed, schema=OBSERVATION, orient="row")


def level_of(area: str) -> str:
    """The level that a key has by its form."""
    if "-" in area:
        return "stadtteil"
    return {"DG": "bund"}.get(area) or {2: "land", 3: "regierungsbezirk", 5: "kreis", 8: "gemeinde"}[len(area)]


def areas(*keys: str, vintage: str = "2023") -> pl.DataFrame:
    """An area table of keys with the parents that follow from them."""
    rows = [(key, level_of(key), vintage, f"Area {key}", parent_key(key, level_of(key))) for key in keys]
    return pl.DataFrame(rows, schema=AREA_TABLE, orient="row")


def geography(areas: pl.DataFrame, territory: Mapping[tuple[str, str], str] | None = None, **fields: Any) -> Geography:
    """Who sums to whom as the parents of an area table say; `territory`: (area, vintage) -> id, `chosen`: a vintage."""
    known = areas.filter(pl.col("parent").is_not_null(), pl.col("parent").str.len_chars() > 2)
    group = ["parent", "area_level", "area_vintage"]
    counted = known.filter(~pl.col("area").str.ends_with("-99")).group_by(group).len("parts")
    rows = [
        ("within", row["area"], row["area_level"], row["area_vintage"], row["parent"], level_of(row["parent"]),
         row["area_vintage"], weight_class, 1.0, False, row["parts"])
        for row in known.join(counted, on=group).iter_rows(named=True)
        for weight_class in ("population", "area", "employees", "dwellings")
    ]  # fmt: skip
    links = pl.DataFrame(rows, schema=LINKS, orient="row")
    kept = [(area, level_of(area), vintage, name) for (area, vintage), name in (territory or {}).items()]
    own = pl.DataFrame(kept, schema=("area", "area_level", "area_vintage", "territory"), orient="row") if kept else None
    more = fields.pop("links", None)
    given = {} if own is None else {"territory": own}
    return Geography(links=links if more is None else pl.concat([links, more]), **given, **fields)


def cell(area: str, value: float | None, **fields: Any) -> dict[str, Any]:
    """One base cell of pop; without a value an agency withheld it."""
    concept, dims = fields.get("concept", "pop"), fields.get("dims", "")
    row = {
        "measure": f"{concept}[{dims}]", "concept": concept, "dims": dims, "area": area,
        "area_level": fields.get("area_level") or level_of(area), "area_vintage": "2023",
        "parent": parent_key(area, fields.get("area_level") or level_of(area)), "period": "2023", "basis": "register",
        "value": value, "obs_status": "Q" if value is None else "A", "unit": "persons",
        "class": concepts()[concept].klass if concept in concepts() else "personal", "publicity": "confidential",
        "meaning": "stated", "relation": "observed", "terms": [], "sources": ["register"],
        "provenance": ["register/t1/aaaaaaaaaaaa/Sheet 1!B2"],
    } | fields  # fmt: skip
    return {"cell": "|".join(row[key] for key in ("measure", "area", "area_vintage", "period", "basis"))} | row


def made(measure: str, terms: Iterable[tuple[float, Mapping[str, Any]]], **fields: Any) -> dict[str, Any]:
    """A cell that is a sum of cells (coefficient, cell), about the last of them."""
    listed = list(terms)
    last = listed[-1][1]
    values = [one["value"] for _, one in listed]
    value = None if None in values else sum(coef * one["value"] for coef, one in listed)
    about = {key: last[key] for key in ("concept", "dims", "area", "area_level", "parent", "basis")}
    relation = {"relation": "combination", "terms": [{"cell": one["cell"], "coef": coef} for coef, one in listed]}
    publicity = "public" if all(one["publicity"] == "public" for _, one in listed) else "confidential"
    period = {"period": last["period"], "area_vintage": last["area_vintage"], "publicity": publicity}
    return cell(**({"value": value, "measure": measure, "provenance": []} | about | relation | period | fields))


def cells(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """A frame of cells."""
    return pl.DataFrame(list(rows), schema=CELL_SCHEMA, orient="row").select(CELL)
