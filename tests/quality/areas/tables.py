# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small tables for tests of areas in time. Every figure is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from quality.areas.crosswalk import EVERY, SERIES, WEIGHTS, Crosswalk, crosswalk
from quality.areas.vintages import CHANGE, REGISTER


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
