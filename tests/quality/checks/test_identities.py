# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Identities by mutation: a table that adds up passes; each damage that sums can show is found at its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import pytest

from quality.checks.identities import check_identities
from quality.checks.violations import IdentityReport
from raw.contracts import Source
from raw.vocabulary.observation import OBSERVATION
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]
COLUMNS = {"all": "", "men": "sex=m", "women": "sex=f"}
CONTRACT = {
    "columns": {
        "all": {"concept": "pop"},
        "men": {"concept": "pop", "dims": {"sex": "m"}},
        "women": {"concept": "pop", "dims": {"sex": "f"}},
    },
    "identities": [
        {"id": "sexes", "parts": ["men", "women"], "whole": "all"},
        {"id": "areas", "areas": {"from": "stadtteil", "to": "gemeinde"}, "columns": ["all", "men", "women"]},
    ],
}


def contract(**changes: Any) -> Source:
    violations = changes.pop("violations", ())
    return tables.source(tables={"t1": CONTRACT | changes}, violations=violations)


def good_table() -> list[dict[str, Any]]:
    """Three districts and the city, two years, men, women and all; no two figures alike."""
    rows, line = [], 5
    for year, more in (("2022", 0), ("2023", 37)):
        for place, area in enumerate([*DISTRICTS, CITY]):
            men, women = 100 + 11 * place + more, 103 + 17 * place + 2 * more
            if area == CITY:
                men = sum(100 + 11 * other + more for other in range(3))
                women = sum(103 + 17 * other + 2 * more for other in range(3))
            for letter, (column, value) in zip(
                "BCD", {"all": men + women, "men": men, "women": women}.items(), strict=True
            ):
                cell = {"cell": f"Sheet 1!{letter}{line}", "column": column, "dims": COLUMNS[column], "period": year}
                rows.append(tables.observation(area, float(value), **cell))
            line += 1
    return rows


def check(rows: list[dict[str, Any]], source: Source | None = None, today: dt.date = TODAY) -> IdentityReport:
    frame = pl.DataFrame(rows, schema=OBSERVATION, orient="row")
    return check_identities(source or contract(), frame, tables.areas("15", "15003", CITY, *DISTRICTS), today)


def at(rows: list[dict[str, Any]], area: str, column: str, year: str = "2023") -> dict[str, Any]:
    return next(row for row in rows if (row["area"], row["column"], row["period"]) == (area, column, year))


def places(report: IdentityReport) -> set[tuple[str, str, str]]:
    return {(one.identity, one.area, one.period) for one in report.unknown}


def test_a_table_that_adds_up_passes_and_every_sum_is_decided():
    report = check(good_table())
    # per year: 4 rows by contract and 4 by vocabulary (men + women), 3 columns over areas
    assert (report.decided, report.undecided) == (2 * (4 + 4 + 3), 0)
    assert not report.unknown and not report.known and not report.stale


def test_a_column_that_the_publisher_gives_twice_counts_once():
    rows = good_table()
    rows += [{**row, "cell": row["cell"].replace("!C", "!E")} for row in rows if row["column"] == "men"]
    report = check(rows)
    assert report.decided > 0
    assert places(report) == set()


def ten_times_one_cell(rows):
    at(rows, DISTRICTS[1], "men")["value"] *= 10
    return {("sexes", DISTRICTS[1], "2023"), ("sex", DISTRICTS[1], "2023"), ("areas.men", CITY, "2023")}


def total_of_the_city_moved(rows):
    at(rows, CITY, "all")["value"] += 1
    return {("sexes", CITY, "2023"), ("sex", CITY, "2023"), ("areas.all", CITY, "2023")}


def one_column_shifted_by_one_district(rows):
    values = [at(rows, area, "men")["value"] for area in DISTRICTS]
    for area, value in zip(DISTRICTS, values[-1:] + values[:-1], strict=True):
        at(rows, area, "men")["value"] = value
    return {(name, area, "2023") for name in ("sexes", "sex") for area in DISTRICTS}


def rows_shifted_by_one_district_into_the_city(rows):
    for column in COLUMNS:
        values = [at(rows, area, column)["value"] for area in (*DISTRICTS, CITY)]
        for area, value in zip((*DISTRICTS, CITY), values[-1:] + values[:-1], strict=True):
            at(rows, area, column)["value"] = value
    return {(f"areas.{column}", CITY, "2023") for column in COLUMNS}


def a_year_repeated_in_the_districts(rows):
    for area in DISTRICTS:
        for column in COLUMNS:
            at(rows, area, column)["value"] = at(rows, area, column, "2022")["value"]
    return {(f"areas.{column}", CITY, "2023") for column in COLUMNS}


def a_year_repeated_in_the_city(rows):
    for column in COLUMNS:
        at(rows, CITY, column)["value"] = at(rows, CITY, column, "2022")["value"]
    return {(f"areas.{column}", CITY, "2023") for column in COLUMNS}


def a_district_doubled_under_another_name(rows):
    for column in COLUMNS:
        at(rows, DISTRICTS[2], column)["value"] = at(rows, DISTRICTS[0], column)["value"]
    return {(f"areas.{column}", CITY, "2023") for column in COLUMNS}


def a_district_left_out(rows):
    rows[:] = [row for row in rows if (row["area"], row["period"]) != (DISTRICTS[0], "2023")]
    return {(f"areas.{column}", CITY, "2023") for column in COLUMNS}


@pytest.mark.parametrize(
    "damage",
    [
        ten_times_one_cell,
        total_of_the_city_moved,
        one_column_shifted_by_one_district,
        rows_shifted_by_one_district_into_the_city,
        a_year_repeated_in_the_districts,
        a_year_repeated_in_the_city,
        a_district_doubled_under_another_name,
        a_district_left_out,
    ],
)
def test_damage_is_found_at_its_place_and_nowhere_else(damage: Callable[[list[dict[str, Any]]], set]):
    rows = good_table()
    expected = damage(rows)
    assert places(check(rows)) == expected


def test_a_limit_sexes_swapped_everywhere_cannot_be_seen_by_sums():
    rows = good_table()
    for area in (*DISTRICTS, CITY):
        men, women = at(rows, area, "men"), at(rows, area, "women")
        men["value"], women["value"] = women["value"], men["value"]
    assert not check(rows).unknown


def test_a_limit_districts_exchanged_as_whole_rows_cannot_be_seen_by_sums():
    rows = good_table()
    for column in COLUMNS:
        one, other = at(rows, DISTRICTS[0], column), at(rows, DISTRICTS[1], column)
        one["value"], other["value"] = other["value"], one["value"]
    assert not check(rows).unknown


def test_the_same_row_twice_does_not_count_twice():
    rows = good_table()
    rows += [row | {"cell": row["cell"].replace("Sheet 1", "Sheet 2")} for row in rows if row["area"] == DISTRICTS[0]]
    assert not check(rows).unknown


@pytest.mark.parametrize(("moved", "tolerance", "broken"), [(2.0, 2.0, False), (2.1, 2.0, True), (-2.1, 2.0, True)])
def test_the_tolerance_of_the_contract_counts(moved, tolerance, broken):
    identities = [{"id": "sexes", "parts": ["men", "women"], "whole": "all", "tolerance": tolerance}]
    rows = good_table()
    at(rows, DISTRICTS[0], "all")["value"] += moved
    assert bool(check(rows, contract(identities=identities, tolerance=tolerance)).unknown) is broken


@pytest.mark.parametrize(("moved", "broken"), [(5.0, False), (-5.0, True)])
def test_at_most_lets_the_whole_be_more_than_its_parts(moved, broken):
    identities = [{"id": "sexes", "parts": ["men", "women"], "whole": "all", "at_most": True}]
    rows = good_table()
    at(rows, DISTRICTS[0], "all")["value"] += moved
    report = check(rows, contract(identities=identities, incomplete=["sex"]))
    assert bool(report.unknown) is broken


def withhold(row: dict[str, Any], status: str = "Q") -> None:
    row |= {"value": None, "obs_status": status}


def test_beside_a_withheld_part_the_published_ones_may_not_exceed_the_whole():
    rows = good_table()
    withhold(at(rows, DISTRICTS[0], "men"))
    assert not check(rows).unknown
    at(rows, DISTRICTS[1], "men")["value"] += 500
    assert ("areas.men", CITY, "2023") in places(check(rows))


@pytest.mark.parametrize("status", ["O", "L"])
def test_a_missing_part_leaves_the_sum_undecided(status):
    rows = good_table()
    withhold(at(rows, DISTRICTS[0], "men"), status)
    report = check(rows)
    assert not report.unknown
    assert report.undecided == 3


def test_a_withheld_whole_leaves_the_sum_undecided():
    rows = good_table()
    withhold(at(rows, CITY, "all"))
    report = check(rows)
    assert not report.unknown
    assert report.undecided == 3


def excuse(report: IdentityReport, **changes: Any) -> list[dict[str, Any]]:
    return [
        {"table": one.table, "identity": one.identity, "area": one.area, "period": one.period, "reason": "seen",
         "until": dt.date(2027, 1, 1), "expect": one.fingerprint} | changes
        for one in report.unknown
    ]  # fmt: skip


def test_a_known_violation_passes_with_its_fingerprint():
    rows = good_table()
    total_of_the_city_moved(rows)
    report = check(rows, contract(violations=excuse(check(rows))))
    assert not report.unknown
    assert len(report.known) == 3


def test_a_known_violation_blocks_once_a_figure_changes():
    rows = good_table()
    total_of_the_city_moved(rows)
    excuses = excuse(check(rows))
    at(rows, CITY, "all")["value"] += 1
    assert len(check(rows, contract(violations=excuses)).unknown) == 3


def test_a_known_violation_blocks_from_the_day_after_it_expires():
    rows = good_table()
    total_of_the_city_moved(rows)
    source = contract(violations=excuse(check(rows)))
    assert not check(rows, source, dt.date(2027, 1, 1)).unknown
    assert len(check(rows, source, dt.date(2027, 1, 2)).unknown) == 3


def test_an_excuse_that_matches_nothing_is_reported_as_stale():
    rows = good_table()
    total_of_the_city_moved(rows)
    source = contract(violations=excuse(check(rows)))
    report = check(good_table(), source)
    assert [one.identity for one in report.stale] == [one.identity for one in source.violations]


def test_a_violation_says_no_value():
    rows = good_table()
    at(rows, CITY, "all")["value"] = 987654321.0
    assert "987654321" not in repr(check(rows).unknown)


def moves(change: Mapping[tuple[str, str], float], places: int = 20) -> list[tuple[str, str]]:
    """Violations in a table of moves between places with its totals, of which some figures are other ones."""
    codes = [f"{number:02}" for number in range(1, places + 1)]
    flows = {(one, other): 10.0 * int(one) + int(other) for one in codes for other in codes}
    entries = {f"from={one};to={other}": change.get((one, other), value) for (one, other), value in flows.items()}
    entries |= {f"from={code}": sum(value for (one, _), value in flows.items() if one == code) for code in codes}
    entries |= {f"to={code}": sum(value for (_, other), value in flows.items() if other == code) for code in codes}
    entries[""] = sum(flows.values())
    rows = [tables.observation(CITY, value, measure="moves_internal", dims=dims) for dims, value in entries.items()]
    found = check_identities(tables.source(), tables.observations(rows), tables.areas(CITY), TODAY).unknown
    return sorted((one.identity, one.area) for one in found)


def test_a_table_of_moves_keeps_to_its_own_totals_both_ways():
    assert moves({}) == []
    assert moves({("03", "07"): 0.0}) == [("from", CITY), ("to", CITY)]
    within_a_row = moves({("03", "07"): 1.0, ("03", "08"): 74.0})
    assert within_a_row == [("from", CITY), ("from", CITY)], "of the two columns, each summed over where they come from"


def test_a_few_moves_say_nothing():
    assert moves({("01", "02"): 0.0}, places=5) == []
