# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The real registers, lists and crosswalks: every area of 2009 has a way to 2023 or is listed as open."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from quality.areas.areas import build_areas
from quality.areas.crosswalk import Crosswalk, chain, convert
from quality.areas.evidence import read_evidence
from quality.areas.in_time import AreaTables, build_tables
from quality.areas.moves import CLASSES, links_between
from quality.areas.municipal import between as units_between
from quality.areas.municipal import regional_keys
from quality.areas.steps import completed, from_changes, from_published, from_registers, of_upper, refined
from quality.areas.territory import Timeline, timelines
from quality.areas.vintages import between, compare, events, read_changes, register, upper_register, validity
from tests.raw.families.reference import CHANGES, CROSSWALK, REGISTER, harvest_real

YEARS = ("2009", "2013", "2021", "2023")
OF_WATER = {"07000999", "10042999", "13000999"}  # territory without inhabitants that the BBSR does not list


@dataclass(frozen=True)
class Country:
    """All that the real reference files say."""

    registers: pl.DataFrame
    changes: pl.DataFrame
    published: list[Crosswalk]
    observations: pl.DataFrame
    named: pl.DataFrame
    keys: pl.DataFrame
    tables: AreaTables
    lines: dict[str, Timeline]

    def at(self, year: str, level: str = "gemeinde") -> pl.DataFrame:
        return self.registers.filter(pl.col("area_level") == level, pl.col("area_vintage") == year)

    def keys_at(self, year: str) -> set[str]:
        return set(self.at(year)["area"].to_list())

    def sizes(self, year: str) -> pl.DataFrame:
        people = self.observations.filter(
            pl.col("measure") == "pop", pl.col("dims") == "", pl.col("area_vintage") == year
        ).select("area", weight_class=pl.lit("population"), size="value")
        return pl.concat([self.at(year).select("area", weight_class=pl.lit("area"), size="km2"), people])

    def population(self, year: str) -> pl.DataFrame:
        rows = self.observations.filter(
            pl.col("measure") == "pop",
            pl.col("dims") == "",
            pl.col("area_vintage") == year,
            pl.col("value").is_not_null(),
        )
        return rows.with_columns(pl.lit("register").alias("basis"))


@pytest.fixture(scope="module")
def country(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Country:
    folders = ("destatis-gebietsaenderungen", "bbsr-referenz", "destatis-gvisys")
    found = harvest_real(shared_data, tmp_path_factory.mktemp("country"), *folders)
    observations, named, weights = found[REGISTER].read(), found[REGISTER].read_areas(), found[CROSSWALK].read()
    registers = register(observations, named)
    families = {"gebietsaenderungen": CHANGES, "bbsr_referenz": CROSSWALK, "gv_isys": REGISTER}
    frames = {family: (found[source].read(), found[source].read_areas()) for family, source in families.items()}
    nowhere = tmp_path_factory.mktemp("site")
    tables = build_tables([areas for _, areas in frames.values()], [], frames, nowhere, "2023")
    return Country(
        registers,
        read_changes(found[CHANGES].read()),
        from_published(weights),
        observations,
        named,
        regional_keys(weights),
        tables,
        timelines(read_evidence(frames)),
    )


@pytest.fixture(scope="module")
def gemeinden(country: Country) -> list[Crosswalk]:
    """The steps 2009 → 2013 → 2021 from registers, 2021 → 2022 → 2023 as published."""
    of_2021, later = country.keys_at("2021"), country.keys_at("2023")
    _, second, third = country.published
    return [
        from_registers(country.at("2009"), country.at("2013")),
        from_registers(country.at("2013"), country.at("2021")),
        completed(second, of_2021, later),
        completed(third, OF_WATER, later),
    ]


def test_the_published_crosswalks_cover_the_registers_but_for_three_waters(country: Country):
    _, second, third = country.published
    assert country.keys_at("2021") - second.origins == OF_WATER
    assert second.origins <= country.keys_at("2021")
    reached = set(third.weights.filter(pl.col("weight") > 0)["to_area"].to_list())
    assert country.keys_at("2023") - reached == OF_WATER
    assert reached <= country.keys_at("2023")


def test_the_list_of_changes_of_2023_gives_the_published_crosswalk(country: Country):
    published = country.published[2]
    ours = from_changes(country.changes, "gemeinde", "2022", "2023", published.origins)
    assert ours.doubt == 0
    for name in ("area", "population"):
        both = ours.of_class(name).join(
            published.of_class(name), on=["from_area", "to_area"], how="full", coalesce=True
        )
        gap = (pl.col("weight").fill_null(0) - pl.col("weight_right").fill_null(0)).abs()
        assert both.filter(gap > 0.0001).is_empty(), name


def test_all_changes_of_two_years_are_told_apart(country: Country):
    counts: dict[tuple[str, str], int] = {}
    for event in events(country.changes):
        counts[event.area_level, event.kind] = counts.get((event.area_level, event.kind), 0) + 1
    assert counts == {
        ("gemeinde", "merge"): 19, ("gemeinde", "split"): 5, ("gemeinde", "part_transfer"): 18,
        ("gemeinde", "key_change"): 15, ("gemeinde", "rename"): 15, ("gemeindeverband", "merge"): 6,
        ("gemeindeverband", "split"): 5, ("gemeindeverband", "key_change"): 2, ("gemeindeverband", "rename"): 12,
    }  # fmt: skip
    lives = validity(country.registers.filter(pl.col("area_level") == "gemeinde"), country.changes)
    jahnatal = lives.filter(pl.col("area") == "14522275").select("first", "last", "valid_from", "valid_to").rows()
    assert [tuple(str(day) for day in life) for life in jahnatal] == [("2023", "2023", "2023-01-01", "None")]


@pytest.mark.parametrize(
    ("origin", "target", "vanished", "appeared", "resized", "unexplained"),
    [
        ("2009", "2013", 1682, 852, 485, 3019),  # no list of changes at hand
        ("2013", "2021", 523, 283, 783, 1589),  # no list of changes at hand
        ("2021", "2023", 17, 1, 124, 116),  # no list of 2022; Sachsen-Anhalt was measured anew
    ],
)
def test_what_the_lists_do_not_explain_is_counted(
    country: Country, origin: str, target: str, vanished: int, appeared: int, resized: int, unexplained: int
):
    found = compare(country.at(origin), country.at(target), between(country.changes, origin, target))
    counts = (len(found.vanished), len(found.appeared), len(found.resized), len(found.unexplained))
    assert counts == (vanished, appeared, resized, unexplained)


def test_every_gemeinde_of_2009_has_a_way_to_2023_or_is_open(country: Country, gemeinden: list[Crosswalk]):
    way = chain(gemeinden, "gemeinde", "2009", "2023")
    assert way.origins | way.open_origins == country.keys_at("2009")
    assert not way.origins & way.open_origins
    reached = set(way.weights.filter(pl.col("weight") > 0)["to_area"].to_list())
    assert reached | way.open_targets >= country.keys_at("2023")
    assert (len(way.origins), len(way.open_origins), len(way.open_targets)) == (10627, 1440, 996)
    lands = Counter(area[:2] for area in way.open_origins)
    assert [lands[land] for land in ("15", "16", "13", "03")] == [651, 361, 155, 116]
    sums = way.weights.group_by("from_area", "weight_class").agg(pl.col("weight").sum())["weight"]
    assert sums.to_list() == pytest.approx([1.0] * len(sums), abs=1e-12)


def test_every_kreis_of_2009_has_a_way_to_2023_but_for_a_reform_whose_list_is_missing(
    country: Country, gemeinden: list[Crosswalk]
):
    upper = upper_register(country.registers, "kreis", 5)
    sizes = {"2009": country.sizes("2009"), "2013": country.sizes("2013"), "2021": country.sizes("2021")}
    # 2022 has no register; the sizes of 2021 stand in for it, carried over by the crosswalk's own areas.
    reached = gemeinden[2].of_class("area").select(area="to_area", origin="from_area")
    carried = reached.join(sizes["2021"], left_on="origin", right_on="area").group_by("area", "weight_class").agg(
        pl.col("size").sum()
    )  # fmt: skip
    steps = []
    for step in gemeinden:
        made = of_upper(step, sizes.get(step.origin, carried), "kreis", 5)
        both = [upper.filter(pl.col("area_vintage") == year) for year in (step.origin, step.target)]
        steps.append(made if both[0].is_empty() or both[1].is_empty() else refined(made, from_registers(*both)))
    way = chain(steps, "kreis", "2009", "2023")
    assert way.origins | way.open_origins == {area[:5] for area in country.keys_at("2009")}
    # the reform of Mecklenburg-Vorpommern of 2011 divided Demmin; its six new Kreise stay open
    assert way.open_origins == {"13005", "13052", "13059"}
    assert way.open_targets == {"13000", "13071", "13072", "13073", "13074", "13075", "13076"}
    goals = dict(way.of_class("population").filter(pl.col("weight") == 1).select("from_area", "to_area").iter_rows())
    assert goals["03152"] == goals["03156"] == "03159"  # Göttingen and Osterode, 2016
    assert goals["16056"] == "16063"  # Eisenach, 2021


def test_the_population_of_2021_is_the_same_on_the_territory_of_2023(country: Country, gemeinden: list[Crosswalk]):
    people = country.population("2021")
    found = convert(people, chain(gemeinden, "gemeinde", "2021", "2023"))
    assert found.not_formed.is_empty()
    assert found.series["value"].sum() == pytest.approx(people["value"].sum(), rel=1e-12)
    assert found.series["value"].sum() == pytest.approx(83_237_124, abs=1)
    estimated = set(found.series.filter(pl.col("obs_status") == "E")["area"].to_list())
    assert estimated == {"12065251", "12065332", "16061118", "16064046", "16064071", "09374129", "09472180", "09472184"}
    merged = found.series.filter(pl.col("area") == "14522275")  # Jahnatal, of Ostrau and Zschaitz-Ottewig
    before = people.filter(pl.col("area").is_in(["14522450", "14522620"]))["value"].sum()
    assert merged.select("value", "obs_status").rows() == [(before, "A")]


def test_verbaende_and_regierungsbezirke_stand_between(country: Country):
    found = units_between(build_areas([country.named], []), country.keys).filter(pl.col("area_vintage") == "2023")
    wholes = dict(found.select("area", "whole").iter_rows())
    assert wholes["14522275"] == "145220275"
    assert wholes["06411"] == "064"
    assert found.filter(pl.col("whole_level") == "gemeindeverband").height == 10_978


def linked(country: Country, origin: str, target: str, weight_class: str) -> pl.DataFrame:
    return country.tables.links.filter(
        pl.col("kind") == "vintage", pl.col("from_level") == "gemeinde", pl.col("from_vintage") == origin,
        pl.col("to_vintage") == target, pl.col("weight_class") == weight_class,
    )  # fmt: skip


def test_links_to_the_chosen_vintage_keep_the_population_of_2021_to_the_last_person(country: Country):
    people = country.population("2021")
    links = linked(country, "2021", "2023", "population").join(people, left_on="from_area", right_on="area")
    assert links["from_area"].n_unique() == people.height
    formed = links.group_by("to_area").agg(
        (pl.col("weight") * pl.col("value")).sum(), pl.len().alias("found"), pl.col("parts").first()
    )
    assert (formed["found"] == formed["parts"]).all()
    assert round(formed["weight"].sum(), 6) == people["value"].sum() == 83_237_124


@pytest.mark.parametrize(("origin", "target"), [("2021", "2022"), ("2022", "2023"), ("2020", "2023")])
def test_years_apart_need_only_the_links_of_what_changed(country: Country, origin: str, target: str):
    line = country.lines["gemeinde"]
    before = line.known[int(origin)]
    people = line.sizes_at(int(origin)).filter(pl.col("weight_class") == "population", pl.col("area").is_in(before))
    moves = line.between(int(origin), int(target))
    whole = links_between(moves, before, complete=True).filter(pl.col("weight_class") == "population")
    some = links_between(moves, before).filter(pl.col("weight_class") == "population")
    for rows in (whole, some):
        parts = rows.join(people, left_on="from_area", right_on="area")
        moved = parts.select((pl.col("weight") * pl.col("size")).sum()).item()
        assert moved == pytest.approx(parts.unique("from_area")["size"].sum(), abs=1e-6)
    assert some.height < 100 < whole.height


def test_links_are_what_the_chain_of_crosswalks_says(country: Country, gemeinden: list[Crosswalk]):
    way = chain(gemeinden, "gemeinde", "2021", "2023")
    for name in CLASSES:
        both = linked(country, "2021", "2023", name).join(
            way.of_class(name), on=["from_area", "to_area"], how="full", coalesce=True
        )
        gap = (pl.col("weight").fill_null(0) - pl.col("weight_right").fill_null(0)).abs()
        assert both.filter(gap > 1e-12).is_empty(), name


@pytest.mark.parametrize(
    ("level", "origin", "target", "gone", "new", "other", "open_targets"),
    [
        ("gemeinde", 2009, 2013, 1682, 852, 485, 312),
        ("gemeinde", 2013, 2020, 512, 278, 778, 718),
        ("gemeinde", 2020, 2021, 11, 5, 6, 0),
        ("gemeinde", 2021, 2022, 4, 0, 4, 0),
        ("gemeinde", 2022, 2023, 13, 1, 18, 0),
        ("gemeinde", 2023, 2024, 24, 2, 28, 0),
        ("kreis", 2009, 2013, 16, 7, 21, 7),
        ("kreis", 2013, 2020, 2, 1, 12, 0),
        ("kreis", 2020, 2021, 1, 0, 1, 0),
        ("kreis", 2021, 2022, 0, 0, 0, 0),
        ("kreis", 2022, 2023, 0, 0, 6, 0),
        ("kreis", 2023, 2024, 0, 0, 5, 0),
    ],
)  # fmt: skip
def test_how_many_territories_changed_between_two_vintages(
    country: Country, level: str, origin: int, target: int, gone: int, new: int, other: int, open_targets: int
):
    line = country.lines[level]
    before, later = line.known[origin], line.known[target]
    changed = line.differing(origin, target, before & later)
    counts = (len(before - later), len(later - before), len(changed), len(line.between(origin, target).open_targets))
    assert counts == (gone, new, other, open_targets)


def test_every_kreis_of_a_register_counts_all_its_gemeinden(country: Country):
    links = country.tables.links.filter(pl.col("to_level") == "kreis", pl.col("weight_class") == "population")
    for year in YEARS:
        counted = links.filter(pl.col("kind") == "within", pl.col("to_vintage") == year)
        kreise = country.tables.areas.filter(pl.col("area_level") == "kreis", pl.col("area_vintage") == year)
        named = set(kreise["area"].to_list())
        assert len(named) >= 400
        parts = Counter(key[:5] for key in country.keys_at(year) if key[:5] in named)
        assert dict(counted.select("to_area", "parts").iter_rows()) == parts
        assert counted.height == sum(parts.values())
