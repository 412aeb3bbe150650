# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Every step that adds, against figures added by hand."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from quality.cells.steps import CELL
from tests.quality import tables
from tests.quality.tables import CITY, observation

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]
CITY_AREAS = tables.areas("15", "15003", CITY, *DISTRICTS)


def one(cells: pl.DataFrame, measure: str, area: str = CITY, period: str = "2023") -> dict:
    found = cells.filter((pl.col("measure") == measure) & (pl.col("area") == area) & (pl.col("period") == period))
    assert found.height == 1, f"{found.height} cells {measure} {area} {period}"
    return found.row(0, named=True)


def has(cells: pl.DataFrame, measure: str, area: str = CITY, period: str = "2023") -> bool:
    asked = (pl.col("measure") == measure) & (pl.col("area") == area) & (pl.col("period") == period)
    return not cells.filter(asked).is_empty()


# --- observed, and sums over dimensions ---


def test_what_stands_in_a_table_is_a_cell_with_its_address(form):
    cells = form([observation(CITY, 7.0, obs_status="P", cell="Sheet 1!C9")], "pop_total")
    assert cells.columns == list(CELL)
    cell = one(cells, "pop_total")
    assert cell["cell"] == f"pop_total|{CITY}|2023|2023|register"
    assert (cell["value"], cell["obs_status"], cell["relation"], cell["terms"]) == (7.0, "P", "observed", [])
    assert (cell["unit"], cell["parent"], cell["sources"]) == ("persons", "15003", ["register"])
    assert cell["provenance"] == ["register/t1/aaaaaaaaaaaa/Sheet 1!C9"]


def ages(*values: float | None, **fields) -> list[dict]:
    codes = ("age=0-2", "age=3-5", "age=6-17")
    return [
        observation(CITY, value, dims=dims, cell=f"Sheet 1!{letter}2", **fields)
        for dims, letter, value in zip(codes, "BCD", values, strict=False)
    ]


def test_a_group_is_the_sum_of_the_groups_that_make_it_up(form):
    cells = form(ages(1.5, 2.25, 4.0), "pop_0_17", "pop_0_5")
    whole = one(cells, "pop_0_17")
    assert (whole["value"], whole["relation"], whole["obs_status"]) == (7.75, "dims", "A")
    assert whole["provenance"] == [f"register/t1/aaaaaaaaaaaa/Sheet 1!{letter}2" for letter in "BCD"]
    assert one(cells, "pop_0_5")["value"] == 3.75


def test_a_withheld_part_withholds_only_the_sums_that_need_it(form):
    cells = form(ages(1.0, 2.0, None), "pop_0_17", "pop_0_5")
    assert (one(cells, "pop_0_17")["value"], one(cells, "pop_0_17")["obs_status"]) == (None, "Q")
    assert (one(cells, "pop_0_5")["value"], one(cells, "pop_0_5")["obs_status"]) == (3.0, "A")


@pytest.mark.parametrize("status", ["O", "L", "M"])
def test_a_missing_part_leaves_the_sum_unformed(form, status):
    rows = ages(1.0, 2.0, None)
    rows[2]["obs_status"] = status
    cells = form(rows, "pop_0_17", "pop_0_5")
    assert not has(cells, "pop_0_17")
    assert has(cells, "pop_0_5")


def test_a_part_that_was_not_delivered_leaves_the_sum_unformed(form):
    rows = [*ages(1.0, 2.0), observation("15", 9.0, dims="age=6-17")]
    assert not has(form(rows, "pop_0_17"), "pop_0_17")


@pytest.mark.parametrize(("statuses", "sum_status"), [("AEP", "E"), ("UPA", "U"), ("PBA", "P"), ("ABA", "B")])
def test_the_most_cautious_status_of_the_parts_is_the_sums(form, statuses, sum_status):
    rows = [row | {"obs_status": status} for row, status in zip(ages(1.0, 2.0, 3.0), statuses, strict=True)]
    assert one(form(rows, "pop_0_17"), "pop_0_17")["obs_status"] == sum_status


def test_two_bases_are_not_added(form):
    rows = ages(1.0, 2.0, 4.0)
    rows[1]["basis"] = "zensus"
    assert form(rows, "pop_0_17").is_empty()


def test_what_nobody_understands_is_no_cell(form):
    assert form([observation(CITY, 7.0, meaning="unknown")], "pop_total").is_empty()


# --- several tables have the same cell ---

T2 = {"table": "t2", "value": 2.0}


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ({}, {"published_on": dt.date(2024, 6, 1)}, 2.0),
        ({}, {"published_on": None}, 1.0),
        ({"meaning": "evidence"}, {"published_on": dt.date(2020, 1, 1)}, 2.0),
        ({"meaning": "labelled"}, {"meaning": "evidence"}, 1.0),
        ({}, {}, 1.0),
    ],
)
def test_of_two_tables_the_better_known_then_the_later_then_the_first_is_taken(form, first, second, chosen):
    rows = [observation(CITY, 1.0) | first, observation(CITY, 2.0) | T2 | second]
    assert one(form(rows, "pop_total"), "pop_total")["value"] == chosen
    assert one(form(rows[::-1], "pop_total"), "pop_total")["value"] == chosen


def test_a_figure_goes_before_a_sum_and_a_public_table_before_a_confidential_one(form):
    halves = [observation(CITY, 2.0, dims=f"sex={sex}", table="t2", published_on=dt.date(2025, 1, 1)) for sex in "mf"]
    rows = [observation(CITY, 1.0), *halves]
    assert one(form(rows, "pop_total"), "pop_total")["value"] == 1.0
    public = one(form(rows, "pop_total", contracts={"t2": {"publicity": "public"}}), "pop_total")
    assert (public["value"], public["publicity"]) == (4.0, "public")


def test_a_class_of_the_table_makes_the_concept_only_more_protected(form):
    rows = [observation(CITY, 1.0, measure="dwellings", unit="dwellings")]
    assert one(form(rows, "dwellings", contracts={"t1": {"class": "none"}}), "dwellings")["class"] == "none"
    assert one(form(rows, "dwellings", contracts={"t1": {"class": "social"}}), "dwellings")["class"] == "social"
    people = [observation(CITY, 1.0)]
    assert one(form(people, "pop_total", contracts={"t1": {"class": "none"}}), "pop_total")["class"] == "personal"


# --- municipal areas ---


def districts(*values: float | None, **fields) -> list[dict]:
    return [observation(area, value, **fields) for area, value in zip(DISTRICTS, values, strict=False)]


def test_the_city_is_the_sum_of_its_districts_where_no_table_has_it(form):
    cells = form(districts(1.0, 2.5, 4.0), "pop_total", areas=CITY_AREAS)
    city = one(cells, "pop_total")
    assert (city["value"], city["relation"], city["area_level"], city["parent"]) == (7.5, "areas", "gemeinde", "15003")
    assert [term["cell"] for term in city["terms"]] == [f"pop_total|{area}|2023|2023|register" for area in DISTRICTS]


def test_the_citys_own_figure_is_not_replaced_by_a_sum(form):
    cells = form([*districts(1.0, 2.0, 4.0), observation(CITY, 8.0)], "pop_total", areas=CITY_AREAS)
    assert one(cells, "pop_total")["value"] == 8.0


def test_a_figure_of_the_city_on_another_basis_does_not_stand_in_the_way(form):
    rows = [*districts(1.0, 2.0, 4.0), observation(CITY, 8.0, basis="zensus")]
    values = form(rows, "pop_total", areas=CITY_AREAS).filter(pl.col("area") == CITY)
    assert dict(values.select("basis", "value").iter_rows()) == {"register": 7.0, "zensus": 8.0}


def test_a_city_without_one_of_its_districts_is_not_formed(form):
    assert not has(form(districts(1.0, 2.0), "pop_total", areas=CITY_AREAS), "pop_total")


def test_a_city_with_a_withheld_district_is_withheld(form):
    city = one(form(districts(1.0, 2.0, None), "pop_total", areas=CITY_AREAS), "pop_total")
    assert (city["value"], city["obs_status"]) == (None, "Q")


def test_what_cannot_be_assigned_belongs_to_the_city_but_need_not_be_there(form):
    known = tables.areas("15", "15003", CITY, *DISTRICTS, f"{CITY}-99")
    assert one(form(districts(1.0, 2.0, 4.0), "pop_total", areas=known), "pop_total")["value"] == 7.0
    rows = [*districts(1.0, 2.0, 4.0), observation(f"{CITY}-99", 8.0)]
    assert one(form(rows, "pop_total", areas=known), "pop_total")["value"] == 15.0


def test_no_kreis_and_no_land_is_made_of_its_parts(form):
    rows = [observation(f"1500100{number}", 1.0) for number in range(3)]
    cells = form(rows, "pop_total", areas=tables.areas("15", "15001", *(row["area"] for row in rows)))
    assert set(cells["area_level"]) == {"gemeinde"}


# --- other years ---


def series(values: dict[str, float | None], area: str = CITY, **fields) -> list[dict]:
    return [
        observation(area, value, period=year, area_vintage=year, cell=f"Sheet 1!B{year}", **fields)
        for year, value in values.items()
    ]


def test_the_year_before_five_years_before_and_the_mean_of_two_years(form):
    rows = series({"2018": 1.0, "2022": 10.0, "2023": 14.0})
    cells = form(rows, "pop_total_prev1", "pop_total_prev5", "pop_mean")
    before = one(cells, "pop_total_prev1")
    assert (before["value"], before["relation"], before["area_vintage"]) == (10.0, "periods", "2023")
    assert before["terms"] == [{"cell": f"pop_total|{CITY}|2022|2022|register", "coef": 1.0}]
    assert one(cells, "pop_total_prev5")["value"] == 1.0
    assert one(cells, "pop_mean")["value"] == 12.0
    assert not has(cells, "pop_mean", period="2022")
    assert not has(cells, "pop_total_prev1", period="2024")


def test_a_withheld_year_withholds_what_is_made_of_it(form):
    cells = form(series({"2022": None, "2023": 14.0}), "pop_mean", "pop_total_prev1")
    assert one(cells, "pop_mean")["obs_status"] == "Q"
    assert one(cells, "pop_total_prev1")["value"] is None


def test_years_of_two_territories_are_not_put_together(form):
    rows = series({"2022": 10.0, "2023": 14.0})
    size = {"measure": "area", "unit": "km2", "basis": "flaechenerhebung", "column": "km2"}
    same = [row | {"cell": row["cell"] + "9"} for row in series({"2022": 100.0, "2023": 100.4}, **size)]
    grown = [row | {"cell": row["cell"] + "9"} for row in series({"2022": 100.0, "2023": 120.0}, **size)]
    assert has(form(rows + same, "pop_total_prev1"), "pop_total_prev1")
    assert not has(form(rows + grown, "pop_total_prev1"), "pop_total_prev1")
    assert has(form(rows + grown, "pop_total_prev1"), "pop_total")


def test_the_size_of_the_territory_is_only_a_cell_where_a_kpi_needs_it(form):
    rows = [
        *series({"2022": 10.0, "2023": 14.0}),
        observation(CITY, 100.0, measure="area", unit="km2", cell="Sheet 2!A1"),
    ]
    assert not has(form(rows, "pop_total_prev1"), "area_km2")
    assert has(form(rows, "pop_total_prev1", "area_km2"), "area_km2")


def test_two_vintages_of_one_year_are_not_taken_for_two_years(form):
    rows = series({"2023": 14.0})
    rows += [row | {"area_vintage": "2022", "value": 10.0, "cell": "Sheet 1!C2"} for row in rows]
    assert not has(form(rows, "pop_mean"), "pop_mean")


def test_months_are_shifted_by_whole_years(form):
    rows = [observation(CITY, value, period=period, cell=f"Sheet 1!B{n}") for n, (period, value) in enumerate(
        [("2022-06", 1.0), ("2022-07", 2.0), ("2023-06", 3.0)], 2)]  # fmt: skip
    cells = form(rows, "pop_total_prev1")
    assert one(cells, "pop_total_prev1", period="2023-06")["value"] == 1.0
    assert not has(cells, "pop_total_prev1", period="2023-07")


# --- combinations ---


def test_a_balance_is_all_its_terms_of_one_area_year_and_basis(form):
    rows = [observation(CITY, 5.0, measure="births"), observation(CITY, 8.0, measure="deaths")]
    cell = one(form(rows, "births - deaths"), "births - deaths")
    assert (cell["value"], cell["relation"], cell["class"]) == (-3.0, "combination", "personal")
    assert cell["terms"] == [
        {"cell": f"births|{CITY}|2023|2023|register", "coef": 1.0},
        {"cell": f"deaths|{CITY}|2023|2023|register", "coef": -1.0},
    ]


@pytest.mark.parametrize(
    "second",
    [
        {"basis": "zensus"},
        {"period": "2022"},
        {"area": "15003001"},
        {"obs_status": "O", "value": None},
    ],
)
def test_a_balance_with_a_term_missing_is_not_formed(form, second):
    rows = [observation(CITY, 5.0, measure="births"), observation(CITY, 8.0, measure="deaths") | second]
    assert not has(form(rows, "births - deaths"), "births - deaths")


def test_twice_a_measure_is_a_cell_of_its_own(form):
    assert one(form([observation(CITY, 5.0)], "2 * pop_total"), "2 * pop_total")["value"] == 10.0
