# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What follows from the vocabulary is checked between tables; sums over areas go together with relations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.checks.derived import judge_derived
from quality.checks.territory import judge_territory
from quality.checks.violations import IdentityReport, Judge
from raw.contracts import Source
from raw.vocabulary.dimensions import format_dims
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

PLACE = f"{CITY}-01"
TABLES = {"t1": {}, "t2": {}}


def check(rows: Iterable[Mapping[str, Any]], source: Source | None = None) -> IdentityReport:
    source = source or tables.source(tables=TABLES)
    judge = Judge(source, TODAY)
    judge_derived(judge, source, tables.observations(rows))
    return judge.report


def names(report: IdentityReport) -> set[str]:
    return {one.identity for one in report.unknown}


def said(value: float | None, dims: str = "", table: str = "t1", **fields: Any) -> dict[str, Any]:
    return tables.observation(PLACE, value, dims=dims, table=table, column=f"{table} {dims}", **fields)


def test_two_tables_that_say_the_same_agree():
    assert check([said(900), said(900, table="t2")]).decided == 1
    assert names(check([said(900), said(901, table="t2")])) == {"agree.pop[]"}


def test_tables_may_differ_by_the_tolerance_of_either():
    source = tables.source(tables={"t1": {}, "t2": {"tolerance": 3.0}})
    assert not check([said(900), said(903, table="t2")], source).unknown
    assert check([said(900), said(904, table="t2")], source).unknown


def test_other_bases_periods_and_vintages_are_other_things():
    others = [{"basis": "zensus"}, {"period": "2022"}, {"area_vintage": "2022"}]
    assert not check([said(900), *(said(700 + number, **other) for number, other in enumerate(others))]).unknown


@pytest.mark.parametrize(
    ("part", "concept"), [("age=0-17", "pop"), ("nationality=foreign;sex=f", "pop"), ("", "sgb2_child")]
)
def test_a_part_in_another_table_is_at_most_the_whole(part, concept):
    whole = said(900) if concept == "pop" else said(900, "age=0-17")
    assert not check([whole, said(900, part, "t2", measure=concept)]).unknown
    (name,) = names(check([whole, said(901, part, "t2", measure=concept)]))
    assert name.startswith("part.")


def test_the_ages_of_one_table_are_the_total_of_another():
    ages = [said(value, f"age={age}", "t2") for age, value in {"0-17": 100, "18-64": 500, "65+": 300}.items()]
    assert not check([said(900), *ages]).unknown
    assert names(check([said(905), *ages])) == {"sum.age.pop[]"}


def test_beside_a_withheld_part_only_too_much_is_an_error():
    def ages(*values):
        return [said(value, f"age={age}", "t2") for age, value in zip(("0-17", "18-64", "65+"), values, strict=True)]

    assert not check([said(900), *ages(100, None, 300)]).unknown
    assert "sum.age.pop[]" in names(check([said(900), *ages(500, None, 500)]))


def test_figures_of_different_reference_dates_are_no_part_of_one_another():
    assert not check([said(10, "age=15-64"), said(11, measure="unemp", table="t2")]).unknown


def test_a_dimension_that_the_vocabulary_does_not_know_says_nothing():
    assert not check([said(10), said(11, "hobby=chess")]).unknown


def test_a_year_is_the_sum_of_its_quarters_and_a_mean_is_within_rounding():
    quarters = [said(value, measure="births", period=f"2023-Q{n}") for n, value in enumerate((10, 20, 30, 40), 1)]
    assert not check([*quarters, said(100, measure="births")]).unknown
    assert names(check([*quarters, said(101, measure="births")])) == {"periods.births[].Q"}
    months = [said(100 + n, measure="unemp", period=f"2023-{n:02d}") for n in range(1, 13)]
    assert not check([*months, said(107, measure="unemp")]).unknown  # 106.5 as it is
    assert names(check([*months, said(109, measure="unemp")])) == {"periods.unemp[].M"}


# --- sums over administrative areas -----------------------------------------------------------------------------------


def lands(count: int = 30, change: Mapping[int, float] | None = None, missing: int = 0) -> IdentityReport:
    """One Land with two Kreise in so many years; `change` adds to the Land, `missing` leaves persons to no Kreis."""
    rows = []
    for number in range(count):
        year, kreise = str(1990 + number), (1000.0 + number, 2000.0 + 3 * number)
        whole = sum(kreise) + (change or {}).get(number, 0.0) + missing * (number % 2)
        rows += [
            tables.observation(area, value, period=year) for area, value in zip(("15001", "15002"), kreise, strict=True)
        ]
        rows.append(tables.observation("15", whole, period=year))
    judge = Judge(tables.source(), TODAY)
    judge_territory(judge, tables.observations(rows))
    return judge.report


def test_the_kreise_of_a_land_are_the_land_where_a_table_keeps_to_it():
    assert not lands().unknown
    assert [(one.identity, one.area, one.period) for one in lands(change={4: 50}).unknown] == [
        ("kreis.pop[]", "15", "1994")
    ]


def test_rounding_is_no_error():
    assert not lands(change=dict.fromkeys(range(30), 5.0)).unknown


def test_where_a_land_looks_after_persons_itself_only_too_many_in_its_kreise_are_an_error():
    assert not lands(missing=100).unknown
    assert len(lands(missing=100, change={3: -300}).unknown) == 1


def test_a_few_sums_say_nothing():
    assert not lands(count=12, change={4: 50}).unknown


def test_a_whole_that_is_a_tenth_of_its_parts_is_none_however_few_sums_there_are():
    assert [one.area for one in lands(count=1, change={0: -2800}).unknown] == ["15"]
    assert not lands(count=1, change={0: -1500}).unknown


# --- sums go together with relations ----------------------------------------------------------------------------------

AGES, SEXES, NATIONALITIES = ("0-17", "18-64", "65+"), ("m", "f"), ("german", "foreign")
COUNTS = st.lists(st.integers(0, 400), min_size=12, max_size=12)


def people(counts: list[int]) -> dict[str, float]:
    """Every cell that twelve groups of people (age, sex, nationality) give: groups, margins and the total."""
    groups = [(age, sex, nation) for age in AGES for sex in SEXES for nation in NATIONALITIES]
    cells: dict[str, float] = {}
    for group, count in zip(groups, counts, strict=True):
        for mask in range(8):
            chosen = {
                name: code
                for bit, (name, code) in enumerate(zip(("age", "sex", "nationality"), group, strict=True))
                if mask >> bit & 1
            }
            dims = format_dims(chosen)
            cells[dims] = cells.get(dims, 0.0) + count
    return cells


SCATTERED = tables.source(tables={f"t{number}": {} for number in range(36)})
"""Every cell stands in a table of its own."""


def broken(cells: Mapping[str, float]) -> set[str]:
    rows = [said(value, dims, f"t{number}") for number, (dims, value) in enumerate(cells.items())]
    return names(check(rows, SCATTERED))


def added(districts: list[dict[str, float]]) -> dict[str, float]:
    return {dims: sum(district[dims] for district in districts) for dims in districts[0]}


@settings(max_examples=8, deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=3))
def test_relations_hold_in_every_district_and_in_their_sum(counts: list[list[int]]) -> None:
    districts = [people(one) for one in counts]
    assert not any(broken(one) for one in districts)
    assert not broken(added(districts))


@settings(max_examples=8, deadline=None)
@given(st.lists(COUNTS, min_size=2, max_size=3), st.integers(1, 50), st.sampled_from(sorted(people([1] * 12))))
def test_what_is_wrong_in_a_district_is_wrong_in_the_sum(counts: list[list[int]], error: int, cell: str) -> None:
    """Equalities: the sum is off exactly where the district is. Parts: the sum is off only where a district is."""
    districts = [people(one) for one in counts]
    districts[0][cell] += error
    in_district, in_sum = broken(districts[0]), broken(added(districts))
    assert {name for name in in_sum if name.startswith("sum.")} == {
        name for name in in_district if name.startswith("sum.")
    }
    assert in_sum <= in_district
    assert in_district


@settings(max_examples=8, deadline=None)
@given(COUNTS, st.sampled_from(AGES), st.integers(1, 300))
def test_two_errors_that_undo_each_other_are_found_by_another_relation(counts: list[int], age: str, error: int) -> None:
    """Persons moved from one age to another keep the total, not the sexes of these ages."""
    cells = people(counts)
    other = next(one for one in AGES if one != age)
    cells[f"age={age}"] += error
    cells[f"age={other}"] -= error
    assert {f"sum.sex.pop[age={age}]", f"sum.sex.pop[age={other}]"} <= broken(cells)
