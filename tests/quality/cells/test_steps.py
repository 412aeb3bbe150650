# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Every step that adds, against figures added by hand."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from quality.cells.cells import LINKS, TERRITORY, Geography
from quality.cells.read import CELL
from raw.vocabulary.measures import measures
from tests.quality import tables
from tests.quality.tables import CITY, observation
from transforms.catalogue import load

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


def test_a_figure_goes_before_one_that_another_table_withholds(form):
    rows = [observation(CITY, None), observation(CITY, 2.0) | T2]
    assert one(form(rows, "pop_total", contracts={"t1": {"publicity": "public"}}), "pop_total")["value"] == 2.0


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


def test_the_rate_of_a_city_is_not_the_mean_of_its_districts_rates(form):
    rows = [*districts(10.0, 100.0, 1000.0), *districts(5.0, 20.0, 100.0, dims="sex=f")]
    cells = form(rows, "pop_f", "pop_total", areas=CITY_AREAS)
    rates = {
        area: one(cells, "pop_f", area)["value"] / one(cells, "pop_total", area)["value"] for area in (CITY, *DISTRICTS)
    }
    mean = sum(rates[area] for area in DISTRICTS) / 3
    assert rates[CITY] == pytest.approx(125 / 1110)
    assert abs(rates[CITY] - mean) > 0.1


GEMEINDEN = [f"1500100{number}" for number in range(3)]
KREIS_AREAS = tables.areas("15", "15001", *GEMEINDEN)


def test_a_kreis_is_the_sum_of_its_gemeinden_only_on_a_basis_that_they_keep_themselves(form):
    rows = [observation(area, 2.0, basis=basis) for area in GEMEINDEN for basis in ("register", "zensus")]
    kreis = one(form(rows, "pop_total", areas=KREIS_AREAS), "pop_total", "15001")
    assert (kreis["value"], kreis["basis"], kreis["relation"]) == (6.0, "register", "areas")


def test_a_kreis_without_one_of_its_gemeinden_is_not_formed(form):
    rows = [observation(area, 2.0) for area in GEMEINDEN[:2]]
    assert not has(form(rows, "pop_total", areas=KREIS_AREAS), "pop_total", "15001")


def test_a_kreis_with_a_figure_of_its_own_and_a_land_are_not_made_of_their_parts(form):
    rows = [*(observation(area, 2.0) for area in GEMEINDEN), observation("15001", 7.0)]
    cells = form(rows, "pop_total", areas=KREIS_AREAS)
    assert one(cells, "pop_total", "15001")["value"] == 7.0
    assert not has(cells, "pop_total", "15")


@pytest.mark.parametrize("concept", ["commuters_in", "unemp_rate", "labour_force_civ"])
def test_what_does_not_add_up_over_areas_is_never_summed(form, concept):
    measure = {"commuters_in": "commute_in", "unemp_rate": "unemp_rate", "labour_force_civ": "labour_force_civ"}
    rows = [observation(area, 2.0, measure=concept) for area in (*DISTRICTS, *GEMEINDEN)]
    names = [measure[concept]] if measure[concept] in measures() else []
    cells = form(rows, *names, "pop_total", areas=pl.concat([CITY_AREAS, KREIS_AREAS]).unique())
    assert set(cells["area"]) <= {*DISTRICTS, *GEMEINDEN}


def test_a_withheld_gemeinde_withholds_the_kreis_and_nothing_else(form):
    rows = [observation(area, value) for area, value in zip(GEMEINDEN, (None, 1.0, 2.0), strict=True)]
    cells = form(rows, "pop_total", areas=KREIS_AREAS)
    withheld = set(cells.filter(pl.col("obs_status") == "Q")["area"])
    assert withheld == {GEMEINDEN[0], "15001"}


def way(kind: str, origin: str, target: str, weight: float, parts: int, **fields) -> dict:
    """One row of links."""
    level = tables.level_of(target)
    row = {
        "kind": kind, "from_area": origin, "from_level": tables.level_of(origin), "from_vintage": "2023",
        "to_area": target, "to_level": level, "to_vintage": "2023", "weight_class": "population", "weight": weight,
        "inferred": False, "parts": parts,
    }  # fmt: skip
    return row | fields


def geography(*ways: dict, **fields) -> Geography:
    return Geography(links=pl.DataFrame(list(ways), schema=LINKS, orient="row"), **fields)


def test_a_quartier_that_cuts_stadtteile_is_shared_by_weight_and_the_sums_are_estimates(form):
    quartiere = [f"{CITY}-Q{number}" for number in (1, 2)]
    rows = [
        observation(area, value, area_level="quartier") for area, value in zip(quartiere, (100.0, 60.0), strict=True)
    ]
    ways = [
        way("within", quartiere[0], DISTRICTS[0], 0.75, 1, from_level="quartier"),
        way("within", quartiere[0], DISTRICTS[1], 0.25, 2, from_level="quartier"),
        way("within", quartiere[1], DISTRICTS[1], 1.0, 2, from_level="quartier"),
        *(way("within", area, CITY, 1.0, 2, from_level="quartier") for area in quartiere),
    ]
    cells = form(rows, "pop_total", geography=geography(*ways))
    found = {row["area"]: (row["value"], row["obs_status"]) for row in cells.iter_rows(named=True)}
    assert found[DISTRICTS[0]] == (75.0, "E")
    assert found[DISTRICTS[1]] == (85.0, "E")
    assert found[CITY] == (160.0, "A")


def test_the_chosen_vintage_has_every_series_and_the_total_is_unchanged(form):
    old = ["15001001", "15001002", "15001003"]
    rows = [observation(area, value, area_vintage="2020", period="2020", basis="zensus")
            for area, value in zip(old, (10.0, 30.0, 60.0), strict=True)]  # fmt: skip
    to = {"from_vintage": "2020", "to_vintage": "2023"}
    ways = [  # 1 and half of 2 merge, the other half of 2 is a new key, 3 stays
        way("vintage", old[0], "15001009", 1.0, 2, **to),
        way("vintage", old[1], "15001009", 0.5, 2, **to),
        way("vintage", old[1], "15001008", 0.5, 1, **to),
        way("vintage", old[2], old[2], 1.0, 1, **to),
    ]
    cells = form(rows, "pop_total", geography=geography(*ways, chosen="2023"))
    now = cells.filter(pl.col("area_vintage") == "2023")
    found = {row["area"]: (row["value"], row["obs_status"], row["relation"]) for row in now.iter_rows(named=True)}
    assert found == {
        "15001009": (25.0, "E", "vintage"), "15001008": (15.0, "E", "vintage"), old[2]: (60.0, "A", "vintage"),
    }  # fmt: skip
    assert cells.filter(pl.col("area_vintage") == "2020")["value"].sum() == now["value"].sum() == 100.0
    merged = one(now, "pop_total", "15001009", "2020")
    assert merged["terms"] == [
        {"cell": "pop_total|15001001|2020|2020|zensus", "coef": 1.0},
        {"cell": "pop_total|15001002|2020|2020|zensus", "coef": 0.5},
    ]


def test_a_figure_on_an_older_territory_stands_beside_others_of_its_year_where_the_area_is_still_the_same(form):
    same, changed = "15001001", "15001002"
    rows = [observation(area, 10.0, area_vintage="2018", period="2021") for area in (same, changed)]
    rows += [observation(area, 4.0, column="m", dims="sex=m", area_vintage="2021", period="2021")
             for area in (same, changed)]  # fmt: skip
    ids = [(same, "2018", "2018"), (same, "2021", "2018"), (changed, "2018", "2018"), (changed, "2021", "2021")]
    territory = pl.DataFrame(
        [(area, "gemeinde", vintage, name) for area, vintage, name in ids], schema=TERRITORY, orient="row"
    )

    def places(*ways: dict) -> set[tuple[str, str]]:
        links = pl.DataFrame(list(ways), schema=LINKS, orient="row")
        cells = form(rows, "pop_total", geography=Geography(territory=territory, links=links))
        return set(cells.filter(pl.col("value") == 10.0).select("area", "area_vintage").iter_rows())

    assert places() == {(same, "2021"), (changed, "2018")}
    district = {"from_level": "stadtteil", "from_vintage": "2018", "to_vintage": "2018"}
    assert places(way("within", f"{same}-01", same, 1.0, 1, **district)) == {(same, "2018"), (changed, "2018")}


def test_what_cannot_be_added_is_on_the_chosen_vintage_only_where_an_area_stayed_whole(form):
    jobs = {"from_vintage": "2020", "to_vintage": "2023", "weight_class": "employees"}
    ways = [
        way("vintage", "15001001", "15001009", 1.0, 2, **jobs),
        way("vintage", "15001002", "15001009", 1.0, 2, **jobs),
        way("vintage", "15001003", "15001007", 1.0, 1, **jobs),
    ]
    rows = [observation(f"1500100{number}", 1.0, measure="commuters_in", area_vintage="2020", period="2020")
            for number in (1, 2, 3)]  # fmt: skip
    cells = form(rows, "commute_in", geography=geography(*ways, chosen="2023"))
    assert cells.filter(pl.col("area_vintage") == "2023")["area"].to_list() == ["15001007"]


# --- months, quarters, years ---


def months(concept: str, values: list[float], **fields) -> list[dict]:
    return [
        observation(CITY, value, measure=concept, period=f"2023-{month:02d}", cell=f"Sheet 1!B{month}", **fields)
        for month, value in enumerate(values, 1)
    ]


@pytest.mark.parametrize(
    ("concept", "measure", "quarter", "year"),
    [("pop", "pop_total", 3.0, 12.0), ("unemp", "unemp", 2.0, 6.5), ("births", "births", 6.0, 78.0)],
)
def test_quarters_and_years_are_end_mean_or_sum_of_their_months(form, concept, measure, quarter, year):
    cells = form(months(concept, [float(month) for month in range(1, 13)]), measure)
    first = one(cells, measure, period="2023-Q1")
    assert (first["value"], first["relation"]) == (quarter, "frequency")
    assert one(cells, measure, period="2023")["value"] == pytest.approx(year)


_QUARTERLY = "{kpi}: {{extends: {kpi}, frequencies: [A, Q, M], quarter_rule: {rule}}}"
_OF_MONTHS = {"stock_at_end": lambda all: all[-1], "mean_of_months": lambda all: sum(all) / 3, "sum_of_flow": sum}


@pytest.mark.parametrize(
    ("kpi", "rule"),
    [
        ("share_65_plus", "stock_at_end"),
        ("unemployed_share", "mean_of_months"),
        ("birth_rate", "sum_of_flow"),
    ],
)
def test_a_quarter_is_made_of_its_months_as_the_quarter_rule_of_its_kpi_says(form, tmp_path, kpi, rule):
    own = tmp_path / "kpis"
    own.mkdir()
    (own / "own.yml").write_text(_QUARTERLY.format(kpi=kpi, rule=rule), encoding="utf-8")
    found = load(site_kpis_dir=own)[kpi]
    measure = measures()[found.numerator]
    dims = ";".join(f"{name}={code}" for name, code in sorted(measure.dims.items()))
    values = [float(value) for value in (31, 7, 19, 2, 11, 40)]
    cells = form(months(measure.concept, values, dims=dims), found.numerator)
    for quarter, of_months in (("2023-Q1", values[:3]), ("2023-Q2", values[3:])):
        made = one(cells, found.numerator, period=quarter)
        assert made["value"] == pytest.approx(_OF_MONTHS[found.quarter_rule](of_months))
        assert made["relation"] == "frequency"
    assert not has(cells, found.numerator, period="2023-Q3")


def test_a_year_without_one_of_its_months_is_not_formed_and_one_with_a_withheld_month_is_withheld(form):
    values: list = [1.0] * 11
    assert not has(form(months("births", values), "births"), "births")
    assert has(form(months("births", values), "births"), "births", period="2023-Q3")
    assert one(form(months("births", [*values, None]), "births"), "births")["obs_status"] == "Q"


def test_the_delivered_year_is_not_replaced_by_the_sum_of_its_months(form):
    rows = [*months("births", [1.0] * 12), observation(CITY, 13.0, measure="births", cell="Sheet 1!A9")]
    assert one(form(rows, "births"), "births")["value"] == 13.0


def test_weeks_make_no_cell_of_their_own_and_no_year(form):
    weeks = [
        observation(CITY, 1.0, measure="deaths", period=f"2023-W{week:02d}", cell=f"Sheet 1!C{week}")
        for week in range(1, 53)
    ]
    assert not has(form(weeks, "deaths"), "deaths")
    year = observation(CITY, 50.0, measure="deaths", period="2023", cell="Sheet 1!C60")
    assert form([*weeks, year], "deaths").select("period", "value").rows() == [("2023", 50.0)]


def test_a_reference_month_is_the_year(form):
    rows = months("svb_res", [float(month) for month in range(1, 13)], basis="ba")
    assert one(form(rows, "svb_res"), "svb_res")["value"] == 6.0


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
    same = tables.geography(CITY_AREAS, {(CITY, "2022"): "a", (CITY, "2023"): "a"})
    grown = tables.geography(CITY_AREAS, {(CITY, "2022"): "a", (CITY, "2023"): "b"})
    assert has(form(rows, "pop_total_prev1", geography=same), "pop_total_prev1")
    assert not has(form(rows, "pop_total_prev1", geography=grown), "pop_total_prev1")
    assert has(form(rows, "pop_total_prev1", geography=grown), "pop_total")


def test_the_year_before_of_a_changed_area_is_what_the_crosswalk_makes_of_its_parts(form):
    other = "15003999"
    rows = [*series({"2022": 10.0, "2023": 14.0}), *series({"2022": 8.0}, other)]
    to = {"from_vintage": "2022", "to_vintage": "2023"}
    ways = [way("vintage", CITY, CITY, 1.0, 2, **to), way("vintage", other, CITY, 0.25, 2, **to)]
    grown = tables.geography(
        CITY_AREAS,
        {(CITY, "2022"): "a", (CITY, "2023"): "b"},
        links=pl.DataFrame(ways, schema=LINKS, orient="row"),
    )
    cells = form(rows, "pop_total_prev1", "pop_mean", geography=grown)
    before = one(cells, "pop_total_prev1")
    assert (before["value"], before["obs_status"]) == (12.0, "E")
    assert {term["cell"]: term["coef"] for term in before["terms"]} == {
        f"pop_total|{CITY}|2022|2022|register": 1.0,
        f"pop_total|{other}|2022|2022|register": 0.25,
    }
    assert one(cells, "pop_mean")["value"] == 13.0
    assert not has(form(rows[:2], "pop_total_prev1", geography=grown), "pop_total_prev1")


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
