# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The truth as Parquet, for tests: base measures and the KPIs that must come out. Never written into a site.

Belongs here: expected numbers, computed straight from the model. Does not belong here: the product's own
arithmetic, which is what these numbers test.

`measures.parquet`: area, area_level, period, measure, value.
`kpis.parquet`: area, area_level, period, kpi, value (null where a former year is missing).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl

from raw.demo.territory import UNASSIGNED, Area
from raw.demo.world import World

MEASURES: dict[str, tuple[str, str]] = {
    "pop_total": ("pop", ""), "pop_m": ("pop", "sex=m"), "pop_f": ("pop", "sex=f"),
    "pop_foreign": ("pop", "nationality=foreign"),
    "pop_0_17": ("pop", "age=0-17"), "pop_15_24": ("pop", "age=15-24"),
    "pop_15_64": ("pop", "age=15-64"), "pop_55_64": ("pop", "age=55-64"), "pop_65_plus": ("pop", "age=65+"),
    "area_km2": ("area", ""), "births": ("births", ""), "deaths": ("deaths", ""),
    "hh_total": ("hh", ""), "hh_single": ("hh", "size=1"), "wohngeld_hh": ("wohngeld_hh", ""),
    "dwellings": ("dwellings", ""), "dwellings_completed": ("dwellings_completed", ""),
    "unemp": ("unemp", ""), "unemp_15_24": ("unemp", "age=15-24"), "unemp_55_64": ("unemp", "age=55-64"),
    "unemp_lt": ("unemp", "duration=lt"), "unemp_foreign": ("unemp", "nationality=foreign"),
    "sgb2_child_0_17": ("sgb2_child", "age=0-17"),
    "care_total": ("care", ""), "care_amb": ("care", "benefit=amb"),
    "care_stat": ("care", "benefit=stat"),
    "care_cash": ("care", "benefit=cash"), "leavers_total": ("leavers", ""),
    "leavers_none": ("leavers", "certificate=none"), "settlement_area": ("landuse", "use=settlement"),
    "care_places": ("care_places", "place=stat"), "care_places_day": ("care_places", "place=day"),
    "area_ha": ("landuse", ""), "crime_cases": ("crime_cases", ""),
}  # fmt: skip

Get = Callable[[str, int], float | None]
"""(measure, years back) → value of one area and period."""

_RATIOS: dict[str, tuple[float, str, str, int]] = {
    "pop_density": (1, "pop_total", "area_km2", 0), "share_0_17": (100, "pop_0_17", "pop_total", 0),
    "share_65_plus": (100, "pop_65_plus", "pop_total", 0), "sex_ratio": (100, "pop_m", "pop_f", 0),
    "share_foreign": (100, "pop_foreign", "pop_total", 0),
    "single_hh_share": (100, "hh_single", "hh_total", 0),
    "wohngeld_rate": (1000, "wohngeld_hh", "hh_total", 0),
    "dwellings_per_1000": (1000, "dwellings", "pop_total", 0),
    "completions_rate": (1000, "dwellings_completed", "pop_total", 0),
    "unemployed_share": (100, "unemp", "pop_15_64", 0),
    "youth_unemployed_share": (100, "unemp_15_24", "pop_15_24", 0),
    "long_term_unemployed_share": (100, "unemp_lt", "unemp", 0),
    "child_poverty_0_17": (100, "sgb2_child_0_17", "pop_0_17", 0),
    "care_need_rate": (100, "care_total", "pop_total", 0),
    "leavers_without_cert_share": (100, "leavers_none", "leavers_total", 0),
    "crime_rate": (100_000, "crime_cases", "pop_total", 1),
    "settlement_share": (100, "settlement_area", "area_ha", 0),
}  # fmt: skip


def _kpis(get: Get) -> dict[str, float | None]:
    """All expected KPIs of one area and period."""
    now, before, five = get("pop_total", 0), get("pop_total", 1), get("pop_total", 5)
    mean = (now + before) / 2 if now is not None and before is not None else None
    births, deaths = get("births", 0) or 0, get("deaths", 0) or 0
    found = {kpi: _ratio(f, get(top, 0), get(below, back)) for kpi, (f, top, below, back) in _RATIOS.items()}
    return found | {
        "pop_total": now,
        "pop_change_1y": _ratio(100, now - before if now is not None and before is not None else None, before),
        "pop_change_5y": _ratio(100, now - five if now is not None and five is not None else None, five),
        "birth_rate": _ratio(1000, births, mean),
        "natural_balance_rate": _ratio(1000, births - deaths, mean),
    }


def _ratio(factor: float, top: float | None, below: float | None) -> float | None:
    return factor * top / below if top is not None and below else None


def _getter(world: World, area: Area, year: int) -> Get:
    def get(measure: str, back: int) -> float | None:
        then = year - back
        if then not in world.years or not area.exists(then):
            return None
        return world.value(area.key, then, *MEASURES[measure])

    return get


def measures(world: World) -> pl.DataFrame:
    """Base measures of every area in every year in which it exists."""
    rows = [
        (area.key, area.level, str(year), measure, float(world.value(area.key, year, *about)))
        for area in world.areas
        for year in world.years
        if area.exists(year)
        for measure, about in MEASURES.items()
    ]
    return pl.DataFrame(rows, ["area", "area_level", "period", "measure", "value"], orient="row")


def kpis(world: World) -> pl.DataFrame:
    """Expected KPI values, unrounded; nothing is withheld here."""
    rows = [
        (area.key, area.level, str(year), kpi, value)
        for area in world.areas
        for year in world.years
        if area.exists(year) and area.key != UNASSIGNED
        for kpi, value in _kpis(_getter(world, area, year)).items()
    ]
    schema = {
        "area": pl.String,
        "area_level": pl.String,
        "period": pl.String,
        "kpi": pl.String,
        "value": pl.Float64,
    }
    return pl.DataFrame(rows, schema, orient="row")


def write(world: World, folder: Path) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    measures(world).write_parquet(folder / "measures.parquet")
    kpis(world).write_parquet(folder / "kpis.parquet")
