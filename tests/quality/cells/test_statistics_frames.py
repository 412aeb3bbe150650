# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The statistics on long frames: values as on arrays, statuses, terms, gaps; messages name rows and no values."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from quality.cells.statistics import frames, indices, mortality, rates, segregation, smoothing
from quality.cells.statistics.frames import Component

FIVES = tuple(f"{low}-{low + 4}" for low in range(15, 50, 5))
OUT = ["value", "lower", "upper", "obs_status", "terms"]


def long(
    values: Mapping[tuple[str, str], Iterable[float | None]], names: Iterable[str], column: str = "age", tag: str = "x"
) -> pl.DataFrame:
    """(area, period) → values by age, as a long frame with statuses and cell ids, its rows in another order."""
    rows = [
        {"area": area, "period": period, column: name, "value": None if value is None else float(value),
         "obs_status": "A" if value is not None else "Q", "cell": f"{tag}|{area}|{period}|{name}"}
        for (area, period), found in values.items()
        for name, value in zip(names, found, strict=True)
    ]  # fmt: skip
    schema = dict.fromkeys(("area", "period", column), pl.String) | {
        "value": pl.Float64, "obs_status": pl.String, "cell": pl.String
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema).sample(fraction=1, shuffle=True, seed=1)


def flat(values: Mapping[tuple[str, str], float | None], tag: str = "x") -> pl.DataFrame:
    return long({key: [value] for key, value in values.items()}, ["all"], tag=tag).drop("age")


def status(frame: pl.DataFrame, *, area: str, period: str, to: str, **where: str) -> pl.DataFrame:
    """The frame with another status in some rows."""
    here = pl.all_horizontal([pl.col(name) == text for name, text in {"area": area, "period": period, **where}.items()])
    return frame.with_columns(pl.when(here).then(pl.lit(to)).otherwise("obs_status").alias("obs_status"))


def rows(frame: pl.DataFrame) -> dict[tuple[str, str], tuple[Any, str]]:
    return {(row["area"], row["period"]): (row["value"], row["obs_status"]) for row in frame.iter_rows(named=True)}


BIRTHS = long({("a", "2022"): [5] * 7, ("b", "2022"): [4] * 7, ("b", "2023"): [50] * 7}, FIVES, tag="births")
WOMEN = long({key: [1000] * 7 for key in (("a", "2022"), ("b", "2022"), ("b", "2023"))}, FIVES, tag="women")


def test_fertility_of_frames_has_value_interval_status_and_terms():
    found = frames.total_fertility_rate(BIRTHS, WOMEN, FIVES)
    assert found.columns == ["area", "period", *OUT]
    assert rows(found) == {
        ("a", "2022"): (pytest.approx(0.175), "A"),
        ("b", "2022"): (pytest.approx(0.14), "U"),
        ("b", "2023"): (pytest.approx(1.75), "A"),
    }
    assert (found["lower"] < found["value"]).all() and (found["value"] < found["upper"]).all()
    first = found.row(0, named=True)["terms"]
    assert len(first) == 14 and first == sorted(first)
    assert {text.split("|")[1] for text in first} == {"a"}


@pytest.mark.parametrize("code", ["Q", "O", "L", "M"])
@pytest.mark.parametrize("keep_value", [True, False])
def test_one_part_without_a_value_leaves_its_area_without_one_and_no_other(code, keep_value):
    births = status(BIRTHS, area="b", period="2023", age="20-24", to=code)
    if not keep_value:
        births = births.with_columns(pl.when(pl.col("obs_status") == code).then(None).otherwise("value").alias("value"))
    found = frames.total_fertility_rate(births, WOMEN, FIVES)
    assert rows(found)["b", "2023"] == (None, code)
    assert found.filter(pl.col("value").is_null()).select("lower", "upper").row(0) == (None, None)
    assert rows(found)["a", "2022"][1] == "A"


def test_the_worst_status_wins_and_withheld_wins_over_missing():
    births = status(BIRTHS, area="b", period="2023", age="20-24", to="O")
    women = status(WOMEN, area="b", period="2023", age="30-34", to="Q")
    women = status(women, area="a", period="2022", age="30-34", to="P")
    women = status(women, area="a", period="2022", age="35-39", to="E")
    found = rows(frames.total_fertility_rate(births, women, FIVES))
    assert found["b", "2023"] == (None, "Q")
    assert found["a", "2022"][1] == "E"


def test_a_missing_row_and_a_null_without_status_are_missing_not_zero():
    short = BIRTHS.filter((pl.col("area") != "a") | (pl.col("age") != "45-49")).drop("obs_status")
    short = short.with_columns(
        pl.when((pl.col("period") == "2023") & (pl.col("age") == "15-19"))
        .then(float("nan"))
        .otherwise("value")
        .alias("value")
    )
    found = rows(frames.total_fertility_rate(short, WOMEN.filter(pl.col("period") != "2099"), FIVES))
    assert found["a", "2022"] == (None, "O")
    assert found["b", "2023"] == (None, "O")
    assert found["b", "2022"][1] == "U"
    only_women = rows(frames.total_fertility_rate(BIRTHS.filter(pl.col("area") == "b"), WOMEN, FIVES))
    assert only_women["a", "2022"] == (None, "O")


def test_the_interval_of_a_fertility_rate_does_not_go_below_zero():
    found = frames.total_fertility_rate(long({("a", "2022"): [1, 0, 0, 0, 0, 0, 0]}, FIVES), WOMEN, FIVES)
    assert found.filter(area="a").row(0, named=True)["lower"] == 0


def test_rows_of_other_ages_are_left_aside_and_further_keys_stay_apart():
    more = pl.concat([BIRTHS, long({("a", "2022"): [99999, None]}, ["15-49", "total"], tag="births")])
    assert frames.total_fertility_rate(more, WOMEN, FIVES).equals(frames.total_fertility_rate(BIRTHS, WOMEN, FIVES))
    keys = ("area", "period", "basis")
    births, women = (
        pl.concat([frame.with_columns(pl.lit(name).alias("basis"), pl.col("value") * times)
                   for name, times in (("register", 1), ("ba", factor))])
        for frame, factor in ((BIRTHS, 2), (WOMEN, 1))
    )  # fmt: skip
    found = frames.total_fertility_rate(births, women, FIVES, keys=keys)
    assert found.columns[:3] == list(keys)
    values = {row["basis"]: row["value"] for row in found.filter(area="b", period="2023").iter_rows(named=True)}
    assert values == {"register": pytest.approx(1.75), "ba": pytest.approx(3.5)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (pl.col("value") - 1004.25, "women: area a, period 2022, age 15-19 has a negative count"),
        (pl.col("value") * float("inf"), "women: area a, period 2022, age 15-19 has an infinite value"),
        (pl.lit("X").alias("obs_status"), "women: area a, period 2022, age 15-19 has an unknown status"),
    ],
)
def test_messages_name_the_row_and_no_value(change, message):
    here = (pl.col("area") == "a") & (pl.col("age") == "15-19")
    name = change.meta.output_name()
    bad = WOMEN.with_columns(pl.when(here).then(change).otherwise(name).alias(name))
    with pytest.raises(ValueError) as caught:
        frames.total_fertility_rate(BIRTHS, bad, FIVES)
    assert str(caught.value) == message


def test_a_row_that_occurs_twice_is_refused():
    with pytest.raises(ValueError, match=r"births: area b, period 2023, age \S+ occurs twice"):
        frames.total_fertility_rate(pl.concat([BIRTHS, BIRTHS.filter(pl.col("period") == "2023")]), WOMEN, FIVES)


def test_empty_frames_give_an_empty_frame():
    found = frames.total_fertility_rate(BIRTHS.clear(), WOMEN.clear(), FIVES)
    assert found.columns == ["area", "period", *OUT] and found.height == 0
    assert frames.pooled_rate(flat({}), flat({}), 3).height == 0
    assert frames.smoothed_rate(flat({}), flat({})).height == 0


# --- life expectancy, pooling ---

AGES = ("0", "1-4", "5-64", "65+")
DEATHS = long({("a", str(year)): [1, 0, 20, 60 + year - 2020] for year in (2020, 2021, 2022)}, AGES, tag="deaths")
PEOPLE = long({("a", str(year)): [90, 400, 4000, 1000] for year in (2020, 2021, 2022)}, AGES, tag="people")


def test_life_expectancy_of_three_pooled_years():
    by = ("area", "period", "age")
    deaths, years = frames.pooled_counts(DEATHS, 3, by), frames.pooled_counts(PEOPLE, 3, by)
    found = frames.life_expectancy(deaths, years, AGES).row(0, named=True)
    value, error = mortality.life_expectancy([3, 0, 60, 183], [270, 1200, 12000, 3000], AGES)
    assert (found["area"], found["period"], found["obs_status"]) == ("a", "2022", "A")
    assert found["value"] == pytest.approx(value)
    assert found["upper"] - found["value"] == pytest.approx(1.959964 * error, rel=1e-6)
    assert len(found["terms"]) == 24


def test_too_few_person_years_are_not_meaningful():
    people = PEOPLE.with_columns(pl.col("value") / 2)
    assert set(rows(frames.life_expectancy(DEATHS, people, AGES)).values()) == {(None, "M")}
    assert {code for _, code in rows(frames.life_expectancy(DEATHS, people, AGES, minimum=0)).values()} == {"A"}


def test_pooling_sums_each_span_once_and_a_gap_leaves_it_unformed():
    years = {("a", "2018"): 1, ("a", "2019"): 2, ("a", "2020"): 4, ("a", "2021"): 8, ("b", "2018"): 1, ("b", "2020"): 1,
             ("b", "2021"): None}  # fmt: skip
    found = frames.pooled_counts(flat(years), 2)
    assert found.columns == ["area", "period", "value", "obs_status", "terms"]
    assert rows(found) == {
        ("a", "2019"): (3, "A"), ("a", "2020"): (6, "A"), ("a", "2021"): (12, "A"),
        ("b", "2019"): (None, "O"), ("b", "2020"): (None, "O"), ("b", "2021"): (None, "Q"),
    }  # fmt: skip
    assert found.filter(area="a", period="2020")["terms"].to_list() == [["x|a|2019|all", "x|a|2020|all"]]
    without_a_year = flat({("a", "2018"): 1, ("a", "2020"): 4})
    assert rows(frames.pooled_counts(without_a_year, 2)) == {("a", "2020"): (None, "O")}
    with pytest.raises(ValueError, match="years"):
        frames.pooled_counts(flat(years), 0)


def test_a_pooled_rate_is_sum_over_sum_with_its_interval():
    events = flat({("a", "2020"): 1, ("a", "2021"): 9, ("b", "2020"): 0, ("b", "2021"): 0}, "events")
    base = flat({("a", "2020"): 100, ("a", "2021"): 300, ("b", "2020"): 0, ("b", "2021"): 0}, "base")
    found = frames.pooled_rate(events, base, 2, 1000)
    assert rows(found) == {("a", "2021"): (pytest.approx(25), "A"), ("b", "2021"): (None, "M")}
    expected = rates.byar_rate([10], [400])
    assert found["lower"][0] == pytest.approx(1000 * expected.lower[0])
    share = frames.pooled_rate(events, base, 2, 100, proportion=True)
    assert share["upper"][0] == pytest.approx(100 * rates.wilson_proportion([10], [400]).upper[0])
    assert len(found["terms"][0]) == 4


# --- ages, standardised rates ---


def test_mean_and_median_age_of_frames():
    people = long({("a", "2022"): [10, 20, 10], ("b", "2022"): [1, 1, 9], ("c", "2022"): [0, 0, 0]},
                  ("0-9", "10-19", "20+"))  # fmt: skip
    ages = ("0-9", "10-19", "20+")
    assert rows(frames.mean_age(people, ages, 30))["a", "2022"] == (pytest.approx(16.25), "E")
    assert rows(frames.mean_age(people, ages[:2]))["a", "2022"] == (pytest.approx(35 / 3), "A")
    found = rows(frames.median_age(people, ages))
    assert found == {("a", "2022"): (pytest.approx(15), "A"), ("b", "2022"): (None, "M"), ("c", "2022"): (None, "M")}


def test_standardised_rates_of_frames_need_ten_events():
    events = long({("a", "2022"): [4, 6], ("b", "2022"): [4, 5], ("c", "2022"): [40, None]}, ("0-64", "65+"))
    years = long({(area, "2022"): [1000, 500] for area in "abc"}, ("0-64", "65+"))
    found = frames.standardised_rate(events, years, ("0-64", "65+"), factor=1000)
    assert rows(found) == {
        ("a", "2022"): (pytest.approx(0.805 * 4 + 0.195 * 12), "A"),
        ("b", "2022"): (None, "M"),
        ("c", "2022"): (None, "Q"),
    }
    assert found.filter(area="b").select("lower", "upper").row(0) == (None, None)


# --- segregation ---


def districts(values: Mapping[tuple[str, str], float | None], tag: str) -> pl.DataFrame:
    return flat(values, tag).with_columns(pl.col("area").str.slice(0, 1).alias("parent"))


def test_segregation_of_each_city_over_its_own_districts():
    years, names = ("2021", "2022"), ("m1", "m2", "m3", "p1", "p2")
    group, rest = (
        districts({(area, year): number for year in years for area, number in zip(names, numbers, strict=True)}, tag)
        for tag, numbers in (("g", (10, 30, 60, 5, 0)), ("r", (50, 30, 20, 0, 9)))
    )
    rest = status(rest, area="m1", period="2022", to="Q")
    found = frames.segregation_index(group, rest)
    assert found.columns == ["area", "period", *OUT]
    assert rows(found) == {
        ("m", "2021"): (pytest.approx(40), "A"), ("m", "2022"): (None, "Q"),
        ("p", "2021"): (pytest.approx(100), "A"), ("p", "2022"): (pytest.approx(100), "A"),
    }  # fmt: skip
    assert found.filter(area="p", period="2021")["terms"][0].len() == 4
    isolation = frames.segregation_index(group, rest, factor=1, method=segregation.isolation)
    assert rows(isolation)["p", "2021"] == (pytest.approx(1), "A")


def test_a_district_that_is_missing_in_one_year_leaves_that_year_unformed():
    group = districts({("m1", "2021"): 1, ("m2", "2021"): 2, ("m1", "2022"): 1}, "g")
    rest = districts({("m1", "2021"): 3, ("m2", "2021"): 2, ("m1", "2022"): 1}, "r")
    assert rows(frames.segregation_index(group, rest))["m", "2022"] == (None, "O")


def test_segregation_keeps_further_keys_apart():
    keys = ("area", "period", "basis")
    group, rest = (
        pl.concat(
            districts({("m1", "2022"): first, ("m2", "2022"): 10}, tag).with_columns(pl.lit(basis).alias("basis"))
            for basis, first in numbers
        )
        for tag, numbers in (("g", (("ba", 10), ("register", 30))), ("r", (("ba", 10), ("register", 10))))
    )
    found = frames.segregation_index(group, rest, keys=keys)
    assert found.columns[:3] == list(keys)
    assert dict(found.select("basis", "value").rows()) == {"ba": 0, "register": pytest.approx(25)}


# --- indices ---

COMPONENTS = {"poverty": Component(1, 2), "work": Component(-1)}
VALUES = long(
    {(f"a{n}", year): [10 + n + shift, -3 * (n % 3)] for n in range(7) for year, shift in (("2020", 0), ("2021", 1))},
    ("poverty", "work"), "indicator",
)  # fmt: skip


def test_an_index_on_the_base_of_its_first_year():
    bases = frames.z_bases(VALUES, COMPONENTS, "2020")
    assert bases["poverty"] == indices.Base(13, 2, 7)
    found = frames.z_index(VALUES, COMPONENTS, bases)
    first, second = (found.filter(pl.col("period") == year)["value"] for year in ("2020", "2021"))
    assert first.mean() == pytest.approx(0, abs=1e-12)
    assert (second - first).to_list() == pytest.approx([2 * 0.5 / 3] * 7)
    gap = status(VALUES, area="a3", period="2021", indicator="work", to="Q")
    assert rows(frames.z_index(gap, COMPONENTS, bases))["a3", "2021"] == (None, "Q")
    with pytest.raises(KeyError, match="work"):
        frames.z_index(VALUES, COMPONENTS, {"poverty": bases["poverty"]})
    with pytest.raises(ValueError, match="poverty: a base needs 3 areas"):
        frames.z_bases(VALUES, COMPONENTS, "1999")


def test_classes_of_an_index():
    bases = frames.z_bases(VALUES, COMPONENTS, "2020")
    index = frames.z_index(status(VALUES, area="a6", period="2021", indicator="work", to="Q"), COMPONENTS, bases)
    middle = float(index.filter(pl.col("period") == "2020")["value"].sort()[3])
    found = frames.index_classes(index, [middle])
    assert found.columns == index.columns
    assert found.filter(period="2020")["value"].sort().to_list() == [1, 1, 1, 2, 2, 2, 2]
    thin = rows(frames.index_classes(index, [float(index.filter(period="2021")["value"].max())]))
    assert {thin[f"a{n}", "2021"] for n in range(6)} == {(None, "M")}
    assert thin["a6", "2021"] == (None, "Q")


# --- smoothing ---


@pytest.mark.parametrize("method", [smoothing.marshall, smoothing.gamma_poisson])
def test_smoothed_rates_say_that_they_are_and_periods_stay_apart(method):
    random = np.random.default_rng(3)
    areas, years = [f"a{n:02}" for n in range(15)], ("2021", "2022")
    keys = list(itertools.product(areas, years))
    events = flat(dict(zip(keys, random.integers(0, 30, 30).tolist(), strict=True)), "events")
    base = flat(dict(zip(keys, random.integers(100, 900, 30).tolist(), strict=True)), "base")
    events = status(events, area="a03", period="2022", to="Q")
    events = status(events, area="a04", period="2022", to="U")
    found = frames.smoothed_rate(events, base, 1000, method=method)
    both = rows(found)
    assert both["a03", "2022"] == (None, "Q")
    assert {code for key, (_, code) in both.items() if key != ("a03", "2022")} == {"E"}
    one = events.filter(period="2021").sort("area")["value"], base.filter(period="2021").sort("area")["value"]
    expected = 1000 * method(one[0].to_numpy(), one[1].to_numpy()).value
    assert found.filter(period="2021")["value"].to_list() == pytest.approx(expected.tolist())
    assert found["terms"][0].to_list() == ["base|a00|2021|all", "events|a00|2021|all"]


@pytest.mark.parametrize("how", ["withheld with its value", "row missing"])
def test_what_is_not_known_has_no_part_in_a_prior_or_a_base(how):
    areas = [f"a{n:02}" for n in range(12)]
    events = flat({(area, "2022"): 3 * n for n, area in enumerate(areas)}, "events")
    base = flat({(area, "2022"): 200 for area in areas}, "base")
    odd = (
        status(events, area="a11", period="2022", to="Q")
        if how.startswith("withheld")
        else events.filter(pl.col("area") != "a11")
    )
    found = frames.smoothed_rate(odd, base).filter(pl.col("area") != "a11")
    alone = frames.smoothed_rate(events.filter(pl.col("area") != "a11"), base.filter(pl.col("area") != "a11"))
    assert found["value"].to_list() == pytest.approx(alone["value"].to_list())
    work = {"work": Component(1)}
    bases = frames.z_bases(odd.with_columns(pl.lit("work").alias("indicator")), work, "2022")
    assert bases["work"].areas == 11
    assert bases["work"].mean == pytest.approx(15)
