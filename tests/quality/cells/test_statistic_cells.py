# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Statistics as cells: each method against a plain computation, on the right areas, bases, groups, and with caution."""

from __future__ import annotations

import math
import random
import statistics as plain
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
import pytest

from quality.cells.statistic_cells import FORMED, elements, inputs_of, statistic_cells
from raw.vocabulary.measures import measures
from tests.quality import tables
from transforms.catalogue import Catalogue, Kpi, load

SINGLE = [str(age) for age in range(100)] + ["100+"]
FIVES = [f"{low}-{low + 4}" for low in range(0, 90, 5)] + ["90+"]
FERTILE = [f"{low}-{low + 4}" for low in range(15, 50, 5)]
CITY, OTHER = tables.CITY, "15002000"


def cell(measure: str, area: str, value: float | None, **fields: Any) -> dict[str, Any]:
    row = {key: tables.cell(area, value, measure=measure, **fields)[key] for key in FORMED}
    return row | {"sources": fields.get("sources", "register")}


def frame(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    schema = {name: pl.Float64() if name == "value" else pl.String() for name in FORMED}
    return pl.DataFrame(list(rows), schema=schema, orient="row").sample(fraction=1, shuffle=True, seed=1)


def catalogue(**entries: Any) -> Catalogue:
    """The product's catalogue with further or changed statistics."""
    product = dict(load().kpis)
    for name, fields in entries.items():
        product[name] = Kpi.model_validate(
            {
                "id": name, "name": {"de": "x", "en": "x"}, "domain": "demography", "unit": "ratio",
                "rule": "before_door", "status": "statistics", "decimals": 1, "direction": "none",
                "note": {"de": "x", "en": "x"}, **fields,
            }
        )  # fmt: skip
    return Catalogue(product)


def made(
    kpi: str, rows: Iterable[Mapping[str, Any]], areas: pl.DataFrame | None = None, **entries: Any
) -> pl.DataFrame:
    words = catalogue(**entries)
    return statistic_cells(words[kpi], words, frame(rows), tables.areas() if areas is None else areas)


def values(found: pl.DataFrame) -> dict[tuple[str, str], tuple[Any, str]]:
    return {(row["area"], row["period"]): (row["value"], row["obs_status"]) for row in found.iter_rows(named=True)}


def vector(name: str, area: str, numbers: Mapping[str, float | None], **fields: Any) -> list[dict[str, Any]]:
    """The elements of a vector in one area."""
    named = elements(name, measures()[name.partition("/")[0]], numbers)
    return [cell(element, area, number, **fields) for element, number in zip(named, numbers.values(), strict=True)]


VITAL = {"basis": "bevoelkerungsbewegung", "sources": "births"}
ESTIMATE = {"basis": "fortschreibung_z2011", "sources": "pop"}
BORN = dict(zip(FERTILE, (3, 22, 60, 81, 40, 9, 1), strict=True))
WOMEN = dict(zip(FERTILE, (410.5, 520, 600, 640.5, 610, 580, 590), strict=True))


def test_fertility_is_the_sum_of_the_rates_by_age_and_women_come_from_the_lending_basis():
    rows = vector("births_by_age", "15003", BORN, **VITAL) + vector("women_by_age_mean", "15003", WOMEN, **ESTIMATE)
    found = made("total_fertility_rate", rows)
    assert found.columns == [*FORMED, "terms"]
    row = found.row(0, named=True)
    expected = sum(5 * BORN[age] / WOMEN[age] for age in FERTILE)
    assert (row["value"], row["obs_status"]) == (pytest.approx(expected, rel=1e-12), "A")
    assert [row[key] for key in ("measure", "area", "area_level", "parent", "basis", "relation", "sources")] == [
        "total_fertility_rate", "15003", "kreis", "15", "bevoelkerungsbewegung", "statistic", "births;pop"
    ]  # fmt: skip
    assert len(row["terms"]) == 14
    assert "births[age=15-19]|15003|2023|2023|bevoelkerungsbewegung" in row["terms"]
    assert "women_by_age_mean[age=15-19;sex=f]|15003|2023|2023|fortschreibung_z2011" in row["terms"]


def test_fertility_takes_the_finest_groups_that_births_and_women_share():
    women = {str(age): float(100 + age) for age in range(15, 50)}
    rows = vector("births_by_age", "15003", BORN, **VITAL) + vector("women_by_age_mean", "15003", women, **ESTIMATE)
    by_five = {age: sum(women[str(one)] for one in range(int(age[:2]), int(age[:2]) + 5)) for age in FERTILE}
    expected = sum(5 * BORN[age] / by_five[age] for age in FERTILE)
    assert values(made("total_fertility_rate", rows)) == {("15003", "2023"): (pytest.approx(expected, rel=1e-12), "A")}
    rows += vector("women_by_age_mean", "15003", {"15-49": 99999.0}, **ESTIMATE)
    assert values(made("total_fertility_rate", rows))["15003", "2023"][0] == pytest.approx(expected, rel=1e-12)


def test_own_basis_goes_first_then_the_bases_in_their_order_and_no_other():
    births = vector("births_by_age", "15003", BORN, **VITAL)
    women = {
        basis: vector("women_by_age_mean", "15003", {age: number * size for age, number in WOMEN.items()}, basis=basis)
        for basis, size in (("fortschreibung_z2011", 2), ("fortschreibung_z2022", 4), ("zensus", 8))
    }
    one = sum(5 * BORN[age] / WOMEN[age] for age in FERTILE)
    both = [*births, *women["fortschreibung_z2011"], *women["fortschreibung_z2022"], *women["zensus"]]
    assert made("total_fertility_rate", both)["value"].to_list() == [pytest.approx(one / 4)]
    assert made("total_fertility_rate", [*births, *women["fortschreibung_z2011"]])["value"][0] == pytest.approx(one / 2)
    assert made("total_fertility_rate", [*births, *women["zensus"]]).is_empty()
    gap = women["fortschreibung_z2022"][:-1]
    both = [*births, *women["fortschreibung_z2011"], *gap]
    assert made("total_fertility_rate", both)["value"].to_list() == [pytest.approx(one / 2)]


def test_a_withheld_element_withholds_a_missing_one_prevents_and_other_levels_have_no_figure():
    def rows(area: str, born: Mapping[str, float | None]) -> list[dict[str, Any]]:
        births = vector("births_by_age", area, born, **VITAL)
        return births + vector("women_by_age_mean", area, WOMEN, **ESTIMATE)

    short = {age: number for age, number in BORN.items() if age != "30-34"}
    found = made(
        "total_fertility_rate",
        rows("15003", BORN | {"30-34": None}) + rows("15002", short) + rows("15001", BORN) + rows(CITY, BORN),
    )
    assert {area: status for (area, _), (_, status) in values(found).items()} == {"15003": "Q", "15001": "A"}
    assert found.filter(area="15003")["value"].to_list() == [None]


def _expectancy(deaths: list[float], lived: list[float], lows: list[int]) -> float:
    """Life expectancy at birth, one age after the other."""
    alive, years = 1.0, 0.0
    for place, low in enumerate(lows):
        rate = deaths[place] / lived[place]
        if place == len(lows) - 1:
            return years + alive / rate
        width = lows[place + 1] - low
        part = 0.1 if (place, width) == (0, 1) else 0.5
        chance = min(width * rate / (1 + width * (1 - part) * rate), 1)
        years += width * (alive * (1 - chance) + part * alive * chance)
        alive *= 1 - chance
    raise AssertionError


@pytest.mark.parametrize("ages", [SINGLE, FIVES])
def test_life_expectancy_follows_a_life_table_age_by_age(ages: list[str]):
    rng = random.Random(4)
    lows = [int(age.split("-")[0].rstrip("+")) for age in ages]
    lived = {age: float(rng.randint(900, 1300)) for age in ages}
    deaths = {
        age: float(round(lived[age] * min(0.0003 * math.exp(0.085 * low), 0.4)) + 1)
        for age, low in zip(ages, lows, strict=True)
    }
    rows = vector("deaths_by_age", "15003", deaths, **VITAL) + vector("pop_by_age_mean", "15003", lived, **ESTIMATE)
    expected = _expectancy([*deaths.values()], [*lived.values()], lows)
    assert 50 < expected < 95
    assert values(made("life_expectancy", rows)) == {("15003", "2023"): (pytest.approx(expected, rel=1e-12), "A")}
    few = vector("deaths_by_age", "15003", deaths, **VITAL)
    few += vector("pop_by_age_mean", "15003", {age: number / 100 for age, number in lived.items()}, **ESTIMATE)
    assert values(made("life_expectancy", few)) == {("15003", "2023"): (None, "M")}


def test_median_age_is_where_half_are_younger_on_every_level():
    persons = {age: float(10 + int(age.rstrip("+")) % 7) for age in SINGLE}
    half, upto = sum(persons.values()) / 2, 0.0
    for age, number in persons.items():
        if upto + number >= half:
            expected = int(age) + (half - upto) / number
            break
        upto += number
    rows = [*vector("pop_by_age", CITY, persons), *vector("pop_by_age", f"{CITY}-01", persons)]
    rows += vector("pop_by_age", f"{CITY}-99", persons)
    found = values(made("median_age", rows))
    assert found == {(area, "2023"): (pytest.approx(expected), "A") for area in (CITY, f"{CITY}-01")}


def test_groups_that_are_too_wide_for_a_method_give_no_figure():
    broad = {"0-5": 10.0, "6-17": 20.0, "18-64": 90.0, "65+": 30.0}
    assert made("median_age", vector("pop_by_age", CITY, broad)).is_empty()
    tens = {f"{low}-{low + 9}": 30.0 for low in range(0, 80, 10)} | {"80+": 10.0}
    assert made("median_age", vector("pop_by_age", CITY, tens))["value"].to_list() == [pytest.approx(125 / 3)]
    births = vector("births_by_age", "15003", {"15-29": 30, "30-49": 40}, **VITAL)
    women = vector("women_by_age_mean", "15003", {"15-29": 300, "30-49": 400}, **ESTIMATE)
    assert made("total_fertility_rate", births + women).is_empty()
    early = dict.fromkeys([f"{low}-{low + 4}" for low in range(0, 75, 5)] + ["75+"], 1000.0)
    rows = vector("deaths_by_age", "15003", early, **VITAL) + vector("pop_by_age_mean", "15003", early, **ESTIMATE)
    assert made("life_expectancy", rows).is_empty()


def test_mean_age_stands_an_open_group_at_the_stated_mean_and_says_so():
    entry = {"method": "mean_age", "inputs": ["pop_by_age"], "unit": "years", "open_mean": 93}
    persons = {age: float(20 + int(age.split("-")[0].rstrip("+")) % 9) for age in FIVES}
    middles = [low + 2.5 for low in range(0, 90, 5)] + [93]
    expected = sum(n * m for n, m in zip(persons.values(), middles, strict=True)) / sum(persons.values())
    rows = vector("pop_by_age", CITY, persons)
    assert values(made("own", rows, own=entry)) == {(CITY, "2023"): (pytest.approx(expected), "E")}
    completed = values(made("own", rows, own=entry | {"completed": True}))
    assert completed == {(CITY, "2023"): (pytest.approx(expected - 0.5), "E")}
    assert made("own", rows, own=entry | {"open_mean": 60}).is_empty()


def test_standardised_rate_weighs_the_rates_of_single_years_put_into_the_standard_groups():
    entry = {"method": "standardised_rate", "inputs": ["deaths_by_age", "pop_by_age_mean"], "unit": "per_100000",
             "factor": 100_000, "denominator_bases": ["fortschreibung_z2011"]}  # fmt: skip
    standard = [(0, 1, 1000), (1, 5, 4000), (5, 10, 5500), (10, 15, 5500), (15, 20, 5500), (20, 25, 6000),
                (25, 30, 6000), (30, 35, 6500), (35, 40, 7000), (40, 45, 7000), (45, 50, 7000), (50, 55, 7000),
                (55, 60, 6500), (60, 65, 6000), (65, 70, 5500), (70, 75, 5000), (75, 80, 4000), (80, 85, 2500),
                (85, 90, 1500), (90, 95, 800), (95, 101, 200)]  # fmt: skip
    died = {age: 1.0 + int(age.rstrip("+")) // 9 for age in SINGLE}
    lived = {age: 2000.0 - 13 * int(age.rstrip("+")) for age in SINGLE}
    inside = [[age for age in SINGLE if low <= int(age.rstrip("+")) < upper] for low, upper, _ in standard]
    expected = sum(
        weight * sum(died[age] for age in ages) / sum(lived[age] for age in ages)
        for ages, (_, _, weight) in zip(inside, standard, strict=True)
    )
    rows = vector("deaths_by_age", "15003", died, **VITAL) + vector("pop_by_age_mean", "15003", lived, **ESTIMATE)
    assert values(made("own", rows, own=entry)) == {("15003", "2023"): (pytest.approx(expected), "A")}


def test_pooled_rate_divides_sums_over_years():
    entry = {"method": "pooled_rate", "inputs": ["births", "pop_mean"], "unit": "per_1000", "factor": 1000, "years": 3,
             "denominator_bases": ["fortschreibung_z2011"]}  # fmt: skip
    words = catalogue(own=entry)
    asked = inputs_of(words["own"], words)
    assert {name: measure.offsets for name, measure in asked.measures.items()} == {
        "births/P3Y": {-2: 1.0, -1: 1.0, 0: 1.0},
        "pop_mean/P3Y": {-3: 0.5, -2: 1.0, -1: 1.0, 0: 0.5},
    }
    rows = [cell("births/P3Y", "15003", 31.0, **VITAL), cell("pop_mean/P3Y", "15003", 2950.5, **ESTIMATE)]
    rows += [cell("births", "15003", 9.0, **VITAL), cell("pop_mean", "15003", 1000.0, **ESTIMATE)]
    assert values(made("own", rows, own=entry)) == {("15003", "2023"): (pytest.approx(1000 * 31 / 2950.5), "A")}


def _marshall(counts: list[tuple[float, float]]) -> list[float]:
    events, persons = sum(x for x, _ in counts), sum(n for _, n in counts)
    mean = events / persons
    spread = sum(n * (x / n - mean) ** 2 for x, n in counts) / persons - mean / (persons / len(counts))
    spread = max(spread, 0)
    return [mean + spread / (spread + mean / n) * (x / n - mean) for x, n in counts]


def test_smoothed_rates_are_drawn_to_their_own_city_and_rest_on_all_of_it():
    entry = {"method": "smoothed_rate", "inputs": ["births", "pop_total"], "unit": "per_1000", "factor": 1000}
    rng = random.Random(2)
    counts = {f"{city}-{number:02d}": (float(rng.randint(5, 60)), float(rng.randint(400, 4000)))
              for city in (CITY, OTHER) for number in range(1, 13)}  # fmt: skip
    few = {f"15001000-{number:02d}": (3.0, 500.0) for number in range(1, 6)}
    secret = f"{CITY}-07"
    rows = [
        cell(measure, area, number, publicity="confidential" if area == secret else "public")
        for area, pair in {**counts, **few}.items()
        for measure, number in zip(("births", "pop_total"), pair, strict=True)
    ]
    found = made("own", rows, own=entry)
    expected = {}
    for city in (CITY, OTHER):
        own = {area: pair for area, pair in counts.items() if area.startswith(city)}
        expected |= dict(zip(own, _marshall([*own.values()]), strict=True))
    formed = {area: value for (area, _), (value, status) in values(found).items() if status == "E"}
    assert formed == {area: pytest.approx(1000 * value) for area, value in expected.items()}
    assert {status for (area, _), (_, status) in values(found).items() if area in few} == {"M"}
    public = found.filter(publicity="public")["area"].to_list()
    assert {area[:8] for area in public} == {OTHER, "15001000"}, "one confidential count taints all drawn to it"
    assert found.filter(area=f"{CITY}-01")["terms"].list.len().to_list() == [2]


PARTS = {"01": (100, 1000), "02": (300, 900), "03": (50, 2000), "04": (0, 120)}


def changed(
    rows: Iterable[Mapping[str, Any]], key: str, of: Any, to: float | None, **where: str
) -> list[dict[str, Any]]:
    """Rows with another value in some of them; None is withheld."""
    other = {"value": to, "obs_status": "A" if to is not None else "Q"}
    here = {key: of, **where}
    return [{**row, **other} if all(row[name] == one for name, one in here.items()) else {**row} for row in rows]


def _districts(parts: Mapping[str, tuple[float | None, float | None]], **fields: Any) -> list[dict[str, Any]]:
    return [
        cell(measure, f"{CITY}-{key}", number, **fields)
        for key, pair in parts.items()
        for measure, number in zip(("pop_foreign", "pop_total"), pair, strict=True)
    ]


AREAS = tables.areas("15", "15003", CITY, *(f"{CITY}-{key}" for key in (*PARTS, "99")))


def test_segregation_is_half_the_sum_of_the_differences_of_shares():
    foreign, rest = (sum(x for x, _ in PARTS.values()), sum(n - x for x, n in PARTS.values()))
    expected = 50 * sum(abs(x / foreign - (n - x) / rest) for x, n in PARTS.values())
    rows = _districts(PARTS | {"99": (7, 30)})
    rows += [cell("pop_foreign", CITY, 457.0), cell("pop_total", CITY, 4050.0)]
    found = made("segregation_index_foreign", rows, AREAS)
    assert values(found) == {(CITY, "2023"): (pytest.approx(expected), "A")}
    assert found.row(0, named=True)["area_level"] == "gemeinde"
    assert found.row(0, named=True)["parent"] == "15003"
    assert len(found.row(0, named=True)["terms"]) == 8


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda rows: [row for row in rows if not row["area"].endswith("-02")], None),
        (lambda rows: [row for row in rows if row["measure"] == "pop_total"], None),
        (lambda rows: changed(rows, "area", f"{CITY}-02", None), "Q"),
        (lambda rows: changed(rows, "measure", "pop_foreign", 0.0), "M"),
        (lambda rows: changed(rows, "value", 300, 999.0), None),
        (lambda rows: [*rows, cell("pop_total", CITY, 4500.0)], None),
    ],
    ids=["missing district", "no group", "withheld", "nobody", "group larger than all", "parts are not the whole"],
)  # fmt: skip
def test_segregation_needs_every_district(change: Any, status: str | None):
    found = made("segregation_index_foreign", change(_districts(PARTS)), AREAS)
    assert [found_status for _, found_status in values(found).values()] == ([status] if status else [])


def test_segregation_keeps_vintages_and_bases_apart_and_one_part_is_none():
    both = _districts(PARTS) + _districts(PARTS, area_vintage="2020") + _districts(PARTS, basis="azr", period="2022")
    found = made("segregation_index_foreign", both, AREAS)
    assert sorted(found.select("area_vintage", "period", "basis").rows()) == [
        ("2023", "2022", "azr"), ("2023", "2023", "register")
    ]  # fmt: skip
    alone = [cell("pop_foreign", CITY, 10.0), cell("pop_total", CITY, 100.0)]
    assert made("segregation_index_foreign", alone, tables.areas("15003", CITY)).is_empty()


UNITS = (("unemp", "pop_15_64"), ("sgb2_child_0_17", "pop_0_17"))
INDEX = {"method": "z_index", "inputs": ["child_poverty_0_17", "unemployed_share"], "unit": "z_score",
         "rule": "composite", "direction": "lower_is_better", "base_period": "2015"}  # fmt: skip


def _poor(
    seed: int, city: str = CITY, years: Iterable[str] = ("2015", "2018", "2021"), **fields: Any
) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    rows = []
    for period in years:
        for number in range(1, 6):
            area = f"{city}-{number:02d}"
            for above, below in UNITS:
                people = float(rng.randint(200, 3000))
                rows.append(
                    cell(above, area, float(rng.randint(10, 100)), **{"period": period, "basis": "ba"} | fields)
                )
                rows.append(cell(below, area, people, **{"period": period} | fields))
    return rows


def _shares(rows: list[dict[str, Any]]) -> dict[tuple[str, str, str], float]:
    numbers = {(row["measure"], row["area"], row["period"]): row["value"] for row in rows}
    return {
        (above, area, period): 100 * number / numbers[dict(UNITS)[above], area, period]
        for (above, area, period), number in numbers.items()
        if above in dict(UNITS)
    }


def _index(rows: list[dict[str, Any]], weights: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Mean of z-scores, one after the other."""
    shares, total, scores = _shares(rows), sum(weights.values()), {}
    for above, weight in weights.items():
        base = [share for (name, _, period), share in shares.items() if (name, period) == (above, "2015")]
        mean, deviation = plain.fmean(base), plain.pstdev(base)
        for (name, area, period), share in shares.items():
            if name == above:
                scores[area, period] = scores.get((area, period), 0) + weight * (share - mean) / deviation / total
    return scores


def test_an_index_is_the_weighted_mean_of_z_scores_on_the_base_year_of_its_city():
    here, there = _poor(1), _poor(2, OTHER)
    for weights in ({}, {"unemployed_share": 3.0}):
        found = made("own", here + there, own=INDEX | {"weights": weights})
        by_measure = {"sgb2_child_0_17": 1.0, "unemp": weights.get("unemployed_share", 1.0)}
        expected = _index(here, by_measure) | _index(there, by_measure)
        assert {place: value for place, (value, _) in values(found).items()} == {
            place: pytest.approx(value) for place, value in expected.items()
        }
    assert set(found["basis"]) == {"ba"}
    assert set(found["terms"].list.len()) == {4}
    alone = made("own", here, own=INDEX | {"exclude": ["child_poverty_0_17"]})
    assert {place: value for place, (value, _) in values(alone).items()} == {
        place: pytest.approx(value) for place, value in _index(here, {"unemp": 1}).items()
    }


def test_an_index_turns_what_is_good_and_needs_all_indicators_and_a_base():
    rows = changed(_poor(1), "measure", "pop_15_64", 20.0, area=f"{CITY}-03", period="2021")
    rows = changed(rows, "measure", "unemp", None, area=f"{CITY}-02", period="2021")
    missing = ("unemp", f"{CITY}-01", "2018")
    rows = [row for row in rows if (row["measure"], row["area"], row["period"]) != missing]
    found = values(made("own", rows, own=INDEX))
    assert (f"{CITY}-01", "2018") not in found, "an indicator is missing"
    assert found[f"{CITY}-02", "2021"] == (None, "Q")
    assert found[f"{CITY}-03", "2021"] == (None, "M"), "20 people are below the smallest denominator"
    assert found[f"{CITY}-04", "2021"][1] == "A"
    turned = values(made("own", rows, own=INDEX | {"direction": "higher_is_better"}))
    assert turned[f"{CITY}-04", "2021"][0] == pytest.approx(-found[f"{CITY}-04", "2021"][0])
    assert made("own", [row for row in rows if row["period"] != "2015"], own=INDEX).is_empty()
    assert made(
        "own", [row for row in rows if row["period"] != "2015" or row["area"][-1] in "12"], own=INDEX
    ).is_empty()


def test_an_index_is_as_confidential_as_its_base():
    rows = _poor(1, publicity="public") + _poor(2, OTHER, publicity="public")
    rows = [
        row | {"publicity": "confidential", "class": "social", "meaning": "evidence", "sources": "other"}
        if (row["area"], row["period"], row["measure"]) == (f"{CITY}-05", "2015", "unemp") else row
        for row in rows
    ]  # fmt: skip
    found = made("own", rows, own=INDEX)
    here = found.filter(pl.col("area").str.starts_with(CITY))
    assert set(here.select("class", "publicity", "meaning", "sources").rows()) == {
        ("social", "confidential", "evidence", "other;register")
    }
    there = found.filter(pl.col("area").str.starts_with(OTHER))
    assert set(there["publicity"]) == {"public"} and set(there["meaning"]) == {"stated"}


def test_the_dynamics_is_the_index_less_itself_three_years_before():
    rows = _poor(1)
    lag = {"method": "z_index", "inputs": ["own"], "lag_years": 3, "unit": "z_score", "rule": "composite"}
    found = made("change", rows, own=INDEX, change=lag)
    index = _index(rows, {"sgb2_child_0_17": 1, "unemp": 1})
    assert {place: value for place, (value, _) in values(found).items()} == {
        (area, later): pytest.approx(index[area, later] - index[area, earlier])
        for area in (f"{CITY}-{number:02d}" for number in range(1, 6))
        for earlier, later in (("2015", "2018"), ("2018", "2021"))
    }
    assert found.filter(area=f"{CITY}-01", period="2018")["terms"].to_list() == [
        [f"own|{CITY}-01|2023|2015|ba", f"own|{CITY}-01|2023|2018|ba"]
    ]


def test_only_periods_of_the_frequencies_of_the_kpi_are_used():
    entry = {"method": "pooled_rate", "inputs": ["unemp", "pop_15_64"], "unit": "percent", "factor": 100}
    periods, numbers = ("2023", "2023-Q2", "2023-06"), (("unemp", 5.0), ("pop_15_64", 80.0))
    rows = [cell(measure, "15003", number, period=period) for period in periods for measure, number in numbers]
    assert set(values(made("own", rows, own=entry))) == {("15003", "2023")}
    assert len(made("own", rows, own=entry | {"frequencies": ["A", "Q"], "quarter_rule": "mean_of_months"})) == 2


def test_a_message_about_a_wrong_input_names_the_row_and_no_value():
    rows = vector("births_by_age", "15003", BORN | {"20-24": -31.25}, **VITAL)
    rows += vector("women_by_age_mean", "15003", WOMEN, **ESTIMATE)
    with pytest.raises(ValueError, match=r"15003.*negative") as caught:
        made("total_fertility_rate", rows)
    assert "31" not in str(caught.value)


def test_nothing_comes_of_nothing_and_of_a_kpi_that_is_no_statistic():
    words = load()
    for kpi in words.statistics():
        assert statistic_cells(kpi, words, frame([]), tables.areas()).columns == [*FORMED, "terms"]
    assert statistic_cells(words["birth_rate"], words, frame(_poor(1)), AREAS).is_empty()
