# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small tables for tests of areas in time. Every figure is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from quality.areas.areas import AREA_TABLE
from quality.areas.crosswalk import EVERY, SERIES, WEIGHTS, Crosswalk, crosswalk
from quality.areas.evidence import Evidence
from quality.areas.links import build_links
from quality.areas.moves import SIZES
from quality.areas.territory import territories, timelines
from quality.areas.vintages import CHANGE, REGISTER
from raw.contracts import AreaList


def weights(*rows: tuple) -> pl.DataFrame:
    """Rows (from, to, weight[, class[, inferred]])."""
    filled = [(row[0], row[1], row[3] if len(row) > 3 else EVERY, float(row[2]), len(row) > 4) for row in rows]
    return pl.DataFrame(filled, schema=WEIGHTS, orient="row")


def step(origin: str, target: str, *rows: tuple, **options: Iterable[str]) -> Crosswalk:
    return crosswalk("gemeinde", origin, target, weights(*rows), **options)


def series(vintage: str, values: dict[str, float | str], measure: str = "pop", level: str = "gemeinde") -> pl.DataFrame:
    """A series of one period; a text instead of a figure is a status without one, `P5` a 5 that is provisional."""
    rows = []
    for area, entry in values.items():
        status, value = "A", entry
        if isinstance(entry, str):
            status, value = entry[0], float(entry[1:]) if entry[1:] else None
        rows.append((measure, "", area, level, vintage, vintage, "register", value, "persons", status))
    return pl.DataFrame(rows, schema=SERIES, orient="row")


def told(frame: pl.DataFrame) -> dict[str, tuple[float | None, str]]:
    return {area: (value, status) for area, value, status in frame.select("area", "value", "obs_status").iter_rows()}


def register(vintage: str, *rows: tuple[str, str, float]) -> pl.DataFrame:
    """Rows (key, name, km²) of Gemeinden."""
    filled = [(key, "gemeinde", vintage, name, km2) for key, name, km2 in rows]
    return pl.DataFrame(filled, schema=REGISTER, orient="row")


def changes(*rows: tuple) -> pl.DataFrame:
    """Rows (number, giving, receiving, kinds, date[, m², persons])."""
    filled = []
    for number, giving, receiving, kinds, date, *size in rows:
        m2, persons = size or (None, None)
        keys = (giving, receiving, f"{giving}:ars", f"{receiving}:ars", giving, receiving)
        filled.append((number, "gemeinde", *keys, kinds, dt.date.fromisoformat(date), m2, persons, "s/t/0/c"))
    return pl.DataFrame(filled, schema=CHANGE, orient="row").sort("date", "change", "from_area", "to_area")


WEIGHTED = {"part": pl.String, "whole": pl.String, "area_vintage": pl.String, "weight_class": pl.String,
            "weight": pl.Float64}  # fmt: skip


def area_table(level: str, **vintages: str) -> pl.DataFrame:
    """Areas of a level: `v2020="01001001 01001002"`."""
    rows = [(key, level, vintage[1:], key, None) for vintage, keys in vintages.items() for key in keys.split()]
    return pl.DataFrame(rows, schema=AREA_TABLE, orient="row")


def sizes(vintage: int, **classes: dict[str, float]) -> dict[int, pl.DataFrame]:
    rows = [(area, name, float(size)) for name, its in classes.items() for area, size in its.items()]
    return {vintage: pl.DataFrame(rows, schema=SIZES, orient="row")}


def evidence(*registers: pl.DataFrame, steps: Iterable[Crosswalk] = (), **more) -> Evidence:
    """Evidence of registers (one vintage each) and published steps; more: changes, listed, sizes, regional, site."""
    found = {("gemeinde", int(one["area_vintage"][0])): one for one in registers}
    published = {int(one.target): one for one in steps}
    return Evidence(found, frozenset(year for _, year in found), published=published, **more)


def territory_of(areas: pl.DataFrame, found: Evidence) -> dict[tuple[str, str], str]:
    """(area, vintage) → territory."""
    table = territories(areas, timelines(found))
    return {(area, vintage): its for area, _, vintage, its in table.iter_rows()}


def links_of(
    areas: pl.DataFrame,
    found: Evidence,
    lists: Iterable[AreaList] = (),
    weighted: pl.DataFrame | None = None,
    chosen: str | None = None,
) -> pl.DataFrame:
    rows = pl.DataFrame(schema=WEIGHTED) if weighted is None else weighted
    return build_links(areas, found, timelines(found), list(lists), rows, chosen)


def ways(links: pl.DataFrame, origin: str, target: str, weight_class: str = "population") -> dict[tuple, tuple]:
    """(from, to) → (weight, inferred, parts) of the vintage links of a class between two vintages."""
    rows = links.filter(
        pl.col("kind") == "vintage",
        pl.col("from_vintage") == origin,
        pl.col("to_vintage") == target,
        pl.col("weight_class") == weight_class,
    )
    return {
        (one, to): (round(weight, 12), inferred, parts)
        for one, to, weight, inferred, parts in rows.select(
            "from_area", "to_area", "weight", "inferred", "parts"
        ).iter_rows()
    }  # fmt: skip
