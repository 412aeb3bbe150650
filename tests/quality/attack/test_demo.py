# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The demo's release gives nothing away; weakened as a careless door would, it gives away what the attack then names.

The truth comes from the restricted zone. It is for the test alone: the attack gets folders of releases.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from pipelines.settings import site_resource
from quality.attack.attack import Findings, attack
from quality.attack.equations import equations
from quality.attack.facts import facts
from quality.attack.intervals import propagate
from quality.attack.published import read
from quality.cells.read import read_cells

CITY, YEAR = "99001000", "2023"
KEY = ["plain", "area", "area_vintage", "period", "basis"]


@pytest.fixture(scope="module")
def truth(finished_demo: Path) -> pl.DataFrame:
    """All cells of the restricted zone: the columns of KEY, and value."""
    lists = [path for path in (finished_demo / "lake" / "cells").glob("*/*.json") if not path.stem.count("-")]
    areas = pl.read_parquet(site_resource(finished_demo).pointed("areas"))
    cells = read_cells(lists, areas).rename({"measure": "plain"}).unique("cell", keep="last")
    return cells.filter(pl.col("value").is_not_null()).select(*KEY, "value")


@dataclass
class Marts:
    """The city's part of the public release, to be weakened."""

    folder: Path
    truth: pl.DataFrame
    figures: pl.DataFrame
    areas: pl.DataFrame
    kpis: pl.DataFrame
    uses: pl.DataFrame

    def value(self, measure: str, area: str, period: str = YEAR) -> float:
        found = self.truth.filter(plain=measure, area=area, period=period, basis="register")
        return float(found["value"][-1])

    def districts(self, measure: str) -> list[str]:
        """The districts in which there is one case at least, from the smallest count on."""
        found = self.truth.filter(plain=measure, period=YEAR, basis="register").filter(pl.col("value") > 0)
        here = self.figures.filter(area_level="stadtteil")["area"].unique().implode()
        found = found.filter(pl.col("area").is_in(here)).unique("area").sort("value", "area")
        return found["area"].to_list()

    def add(self, kpi: str, measure: str, values: dict[str, float | None], per: int | None = None) -> None:
        """A KPI of the site's own: a count, or a rate per inhabitant with one decimal."""
        places = self.figures.filter(
            pl.col("kpi") == "pop_total", pl.col("period") == YEAR, pl.col("basis") == "register"
        )
        rows = places.filter(pl.col("area").is_in(list(values))).with_columns(
            kpi=pl.lit(kpi),
            value=pl.col("area").replace_strict(values, return_dtype=pl.Float64),
            decimals=pl.lit(1 if per else 0, pl.Int32),
        )
        status = pl.when(pl.col("value").is_null()).then(pl.lit("Q")).otherwise(pl.lit("A"))
        self.figures = pl.concat([self.figures, rows.with_columns(status.alias("obs_status"))])
        formula = f"{per} * {measure} / pop_total" if per else measure
        about = self.kpis.head(1).with_columns(kpi=pl.lit(kpi), formula=pl.lit(formula), denominator_bases=pl.lit(""))
        self.kpis = pl.concat([self.kpis, about.with_columns(pl.lit(None, pl.Float64).alias("min_denominator"))])
        parts = [("numerator", measure)] + ([("denominator", "pop_total")] if per else [])
        entries = [{"kpi": kpi, "role": role, "measure": name, "coef": 1.0} for role, name in parts]
        self.uses = pl.concat([self.uses, pl.DataFrame(entries)])

    def withhold(self, which: pl.Expr) -> None:
        self.figures = self.figures.with_columns(
            pl.when(which).then(None).otherwise(pl.col("value")).alias("value"),
            pl.when(which).then(pl.lit("Q")).otherwise(pl.col("obs_status")).alias("obs_status"),
        )

    def show(self, kpi: str, area: str, value: float, period: str = YEAR) -> None:
        here = (pl.col("kpi") == kpi) & (pl.col("area") == area) & (pl.col("period") == period)
        here &= pl.col("basis") == "register"
        assert self.figures.filter(here).height == 1
        self.figures = self.figures.with_columns(
            pl.when(here).then(value).otherwise(pl.col("value")).alias("value"),
            pl.when(here).then(pl.lit("A")).otherwise(pl.col("obs_status")).alias("obs_status"),
        )

    def attacked(self, release: str = "2024-01-01-00000001") -> Findings:
        """Write the release and attack everything that was written so far."""
        marts = self.folder / release / "public" / "marts"
        shutil.rmtree(marts, ignore_errors=True)
        marts.mkdir(parents=True)
        self.figures.write_parquet(marts / "kpi_value__area_period.parquet")
        self.areas.write_parquet(marts / "area.parquet")
        self.kpis.write_parquet(marts / "kpi.parquet")
        self.uses.write_parquet(marts / "kpi_uses.parquet")
        return attack([self.folder], ["public"])


@pytest.fixture
def marts(finished_demo: Path, truth: pl.DataFrame, tmp_path: Path) -> Marts:
    source = finished_demo / "warehouse" / "releases" / "latest" / "public" / "marts"
    names = ("kpi_value__area_period", "area", "kpi", "kpi_uses")
    figures, areas, kpis, uses = (pl.read_parquet(source / f"{name}.parquet") for name in names)
    return Marts(tmp_path, truth, figures.filter(pl.col("area").str.starts_with(CITY)), areas, kpis, uses)


def named(found: Findings) -> list[tuple[str, str, str, float]]:
    cells = found.cells.filter(state="recovered").sort("plain", "area", "period")
    assert cells["least"].to_list() == cells["most"].to_list()
    return list(cells.select("plain", "area", "period", "least").iter_rows())


def two_withheld(marts: Marts) -> tuple[str, str]:
    """A release with counts of people in need of care, in which two districts are withheld: safe so far."""
    first, second = marts.districts("care_total")[:2]
    # Its rate is withheld everywhere and its shares too; beside counts that would be a contradiction.
    marts.figures = marts.figures.filter(~(pl.col("kpi").str.starts_with("care_") & (pl.col("period") == YEAR)))
    places = [CITY, *marts.figures.filter(area_level="stadtteil", kpi="pop_total", period=YEAR)["area"].unique()]
    shown: dict[str, float | None] = {area: marts.value("care_total", area) for area in places}
    marts.add("care_count", "care_total", shown | {first: None, second: None})
    assert named(marts.attacked()) == []
    return first, second


@pytest.mark.parametrize("tiers, threshold", [(["public"], 5), (["public", "internal"], 3)])
def test_the_demo_s_release_gives_no_withheld_count_away(finished_demo: Path, tiers: list[str], threshold: int):
    found = attack([finished_demo / "warehouse" / "releases"], tiers, threshold=threshold)
    assert found.ok and found.cells.height > 400 and found.contradictions == 0
    assert [found.count(state) for state in ("recovered", "small", "unfinished")] == [0, 0, 0]
    assert found.seconds < 30


def test_every_bound_holds_for_the_truth(finished_demo: Path, truth: pl.DataFrame):
    published = read([finished_demo / "warehouse" / "releases"], ["public", "internal"])
    system = equations(facts(published), published.areas, False)
    bounds = propagate(system)
    bounded = system.cells.select("cell", *KEY).sort("cell")
    bounded = bounded.with_columns(least=pl.Series(bounds.least), most=pl.Series(bounds.most)).join(truth, on=KEY)
    assert bounded.height > 20000 and bool(bounds.kept.all())
    outside = (pl.col("value") < pl.col("least") - 1e-6) | (pl.col("value") > pl.col("most") + 1e-6)
    assert bounded.filter(outside).is_empty()


def test_a_neighbour_that_is_shown_gives_the_other_one_away(marts: Marts):
    first, second = two_withheld(marts)
    marts.show("care_count", second, marts.value("care_total", second))
    assert named(marts.attacked()) == [("care_total", first, YEAR, marts.value("care_total", first))]


def test_a_rate_gives_its_numerator_away_and_with_it_the_neighbour(marts: Marts):
    first, second = two_withheld(marts)
    count, people = marts.value("care_total", first), marts.value("pop_total", first)
    marts.add("care_per_1000", "care_total", {first: round(1000 * count / people, 1)}, per=1000)
    found = {area: value for plain, area, _, value in named(marts.attacked()) if plain == "care_total"}
    assert found == {area: marts.value("care_total", area) for area in (first, second)}


def test_an_extra_total_gives_its_withheld_part_away(marts: Marts):
    first, _ = two_withheld(marts)
    third = marts.districts("care_total")[2]
    quarter = f"{CITY}-B1"
    for kpi, measure in (("care_count", "care_total"), ("pop_total", "pop_total")):
        row = marts.figures.filter(kpi=kpi, area=third, period=YEAR, basis="register")
        total = sum(marts.value(measure, area) for area in (first, third))
        row = row.with_columns(area=pl.lit(quarter), area_level=pl.lit("bezirk"), value=pl.lit(total))
        marts.figures = pl.concat([marts.figures, row])
    inside = pl.col("area").is_in([first, third])
    marts.areas = marts.areas.with_columns(pl.when(inside).then(pl.lit(quarter)).otherwise("parent").alias("parent"))
    place = marts.areas.filter(area=third).with_columns(
        area=pl.lit(quarter), area_level=pl.lit("bezirk"), parent=pl.lit(CITY)
    )
    marts.areas = pl.concat([marts.areas, place])
    found = [one for one in named(marts.attacked()) if one[0] == "care_total"]
    assert ("care_total", first, YEAR, marts.value("care_total", first)) in found


def small_districts(marts: Marts) -> tuple[str, str]:
    people = marts.figures.filter(kpi="pop_total", area_level="stadtteil", period=YEAR).sort("value")
    first, second = people.filter(pl.col("value").is_between(120, 900))["area"][:2]
    return first, second


def test_a_finer_breakdown_in_a_second_release_gives_the_total_away(marts: Marts):
    first, second = small_districts(marts)
    places = [CITY, *marts.figures.filter(area_level="stadtteil", kpi="pop_total", period=YEAR)["area"].unique()]
    shown: dict[str, float | None] = {
        area: marts.value("pop_0_2", area) + marts.value("pop_3_5", area) for area in places
    }
    expected = shown[first]
    kept = {
        kpi: marts.figures.filter(kpi=kpi, area=first, period=YEAR)["value"][0] for kpi in ("share_0_2", "share_3_5")
    }
    marts.withhold(
        pl.col("area").is_in([first, second]) & pl.col("kpi").is_in(["share_0_2", "share_3_5", "kita_places_per_100"])
    )
    marts.add("below_six", "pop_0_5", shown | {first: None, second: None})
    assert [one for one in named(marts.attacked()) if one[0] == "pop_0_5"] == []
    for kpi, value in kept.items():
        marts.show(kpi, first, value)
    found = [one for one in named(marts.attacked("2024-02-01-00000002")) if one[0] == "pop_0_5"]
    assert ("pop_0_5", first, YEAR, expected) in found


def test_a_change_gives_the_year_before_away_and_with_it_the_neighbour(marts: Marts):
    first, second = small_districts(marts)
    before = str(int(YEAR) - 1)
    change = marts.figures.filter(kpi="pop_change_1y", area=first, period=YEAR)["value"][0]
    looks_back = marts.uses.filter(pl.col("measure").is_in(["pop_mean", "pop_total_prev1"]))["kpi"].unique().implode()
    resting = (pl.col("period") == before) | ((pl.col("period") == YEAR) & pl.col("kpi").is_in(looks_back))
    marts.withhold(pl.col("area").is_in([first, second]) & resting)
    assert [one for one in named(marts.attacked()) if one[0] == "pop_total"] == []
    marts.show("pop_change_1y", first, change)
    found = [one for one in named(marts.attacked()) if one[0] == "pop_total"]
    assert found == [
        ("pop_total", area, before, marts.value("pop_total", area, before)) for area in sorted([first, second])
    ]
