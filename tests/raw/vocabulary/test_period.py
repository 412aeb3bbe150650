# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Periods: what agencies write becomes one SDMX text, and nothing else passes for a period."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.vocabulary.period import (
    FREQUENCIES,
    PERIOD_PATTERN,
    bounds,
    contains,
    end_date,
    frequency,
    parse_date,
    parse_period,
    parts,
    period_at,
    pooled,
    school_year,
    shift,
    sort_key,
    span,
    start_date,
    year_of,
)

YEARS = st.integers(1800, 2199)
DATES = st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31))
PERIODS = st.one_of(
    YEARS.map(str),
    st.builds(lambda y, q: f"{y}-Q{q}", YEARS, st.integers(1, 4)),
    st.builds(lambda y, m: f"{y}-{m:02d}", YEARS, st.integers(1, 12)),
    DATES.map(dt.date.isoformat),
    st.builds(lambda y, half: f"{y}-S{half}", YEARS, st.integers(1, 2)),
    st.builds(lambda y, week: f"{y}-W{week:02d}", YEARS, st.integers(1, 52)),
    st.builds(
        lambda y, month, years: f"{y}-{month:02d}-01/P{years}Y",
        st.integers(1800, 2180),
        st.integers(1, 12),
        st.sampled_from([1, 2, 3, 4, 5, 10]),
    ),
)


@given(PERIODS)
def test_a_period_has_a_known_frequency_and_lies_in_its_year(period: str) -> None:
    assert frequency(period) in FREQUENCIES
    assert year_of(period) == period[:4]


@given(PERIODS.filter(lambda period: len(period) != 10))
def test_a_period_reads_as_itself(period: str) -> None:
    assert parse_period(f"  {period} ") == period


@given(DATES)
def test_a_date_reads_the_same_in_german_and_iso(date: dt.date) -> None:
    texts = [date.isoformat(), f"{date:%d.%m.%Y}", f"{date.day}.{date.month}.{date.year}"]
    assert [parse_date(text) for text in texts] == [date] * 3
    for granularity, length in (("year", "A"), ("quarter", "Q"), ("month", "M")):
        found = {parse_period(text, granularity) for text in texts}
        assert len(found) == 1
        assert frequency(str(found.pop())) == length


@given(PERIODS.filter(lambda period: 1900 <= int(period[:4]) <= 2090), st.integers(-99, 99))
def test_shifting_there_and_back_keeps_frequency_and_place_in_the_year(period: str, years: int) -> None:
    there = shift(period, years)
    assert frequency(there) == frequency(period)
    assert int(year_of(there)) == int(year_of(period)) + years
    assert shift(there, -years) == period or period.endswith("-02-29")
    assert re.match(PERIOD_PATTERN, there)


@given(st.text(max_size=12))
def test_whatever_the_text_the_answer_is_a_period_or_none(text: str) -> None:
    found = parse_period(text)
    assert found is None or frequency(found) in FREQUENCIES


@pytest.mark.parametrize(
    ("text", "granularity", "period"),
    [
        ("2013.0", "year", "2013"),
        ("2022/23", "year", "2022"),
        ("1999/2000", "year", "1999"),
        ("1999/00", "year", "1999"),
        ("30.06.2019", "quarter", "2019-Q2"),
        ("01.07.2019", "quarter", "2019-Q3"),
        ("2019-12-31", "month", "2019-12"),
        ("März 2019", "month", "2019-03"),
        ("Dezember 2019.0", "month", "2019-12"),
        ("2019", "quarter", "2019"),
        ("31_12_2018", "year", "2018"),
        ("2020_12_31", "month", "2020-12"),
        ("202012", "month", "2020-12"),
        ("202012", "year", "2020"),
        ("Dez 2013", "month", "2013-12"),
        ("März 2014", "year", "2014-03"),
        ("Sept. 2014", "month", "2014-09"),
        ("3. Januar 2025", "month", "2025-01"),
    ],
)
def test_the_writings_of_the_agencies_are_understood(text: str, granularity: str, period: str) -> None:
    assert parse_period(text, granularity) == period


@pytest.mark.parametrize(
    "text",
    [
        "",
        "23",
        "1066",
        "2023\n2024",
        "31.02.2020",
        "2020-13",
        "2020-Q5",
        "2022/24",
        "2022/99",
        "２０２３",
        "2023x",
        "-2023",
        "31.12.20",
        "2019-02-29",
        "2020_12_32",
        "31_12.2018",
        "202013",
        "Sommer 2023",
        "Decke 2014",
        "31. Februar 2020",
    ],
)
def test_what_is_no_period_is_not_guessed_at(text: str) -> None:
    assert parse_period(text) is None
    with pytest.raises(ValueError, match="not a period"):
        frequency(text)


def test_a_period_with_a_line_end_is_no_period() -> None:
    with pytest.raises(ValueError, match="not a period"):
        frequency("2023\n")


def test_an_unknown_granularity_is_an_error() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        parse_period("31.12.2020", "fortnight")


@given(PERIODS)
def test_a_period_has_its_first_day_in_its_year_and_lasts_as_long_as_its_frequency(period: str) -> None:
    first, last = bounds(period)
    assert (first, last) == (start_date(period), end_date(period))
    days = (last - first).days + 1
    shortest, longest = {"D": (1, 1), "W": (7, 7), "M": (28, 31), "Q": (90, 92), "S": (181, 184), "A": (365, 366)}.get(
        frequency(period), (730, 3653)
    )
    assert shortest <= days <= longest
    if frequency(period) == "W":
        assert f"{first.isocalendar().year}" == period[:4] and first.isoweekday() == 1
    else:
        assert f"{first.year:04d}" == year_of(period)


@given(PERIODS, st.sampled_from(["A", "S", "Q", "M"]))
def test_parts_follow_each_other_without_a_gap_and_make_the_whole(period: str, code: str) -> None:
    try:
        found = parts(period, code)
    except ValueError:
        return
    assert start_date(found[0]) == start_date(period) and end_date(found[-1]) == end_date(period)
    assert all(start_date(after) - end_date(before) == dt.timedelta(days=1) for before, after in pairwise(found))
    assert all(contains(period, part) and frequency(part) == code for part in found)
    assert sorted(found, key=sort_key) == list(found)


@given(DATES, st.sampled_from(["A", "S", "Q", "M", "W", "D"]))
def test_a_day_lies_in_its_period_of_every_frequency(day: dt.date, code: str) -> None:
    if code == "W" and not 1800 <= day.isocalendar().year <= 2199:
        return
    assert contains(period_at(day, code), day.isoformat())
    assert frequency(period_at(day, code)) == code


@given(st.lists(PERIODS, min_size=3, max_size=3))
def test_containing_is_an_order_and_sorting_puts_the_longer_first(three: list[str]) -> None:
    one, two, other = three
    assert contains(one, one)
    if contains(one, two) and contains(two, other):
        assert contains(one, other)
    if contains(one, two) and not contains(two, one) and start_date(one) == start_date(two):
        assert sort_key(one) < sort_key(two)


@pytest.mark.parametrize(
    ("period", "code", "expected"),
    [
        ("2023", "Q", ("2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4")),
        ("2023", "S", ("2023-S1", "2023-S2")),
        ("2023-Q2", "M", ("2023-04", "2023-05", "2023-06")),
        ("2023-S2", "Q", ("2023-Q3", "2023-Q4")),
        ("2019-01-01/P3Y", "A", ("2019", "2020", "2021")),
    ],
)
def test_what_makes_a_period(period: str, code: str, expected: tuple[str, ...]) -> None:
    assert parts(period, code) == expected


def test_a_school_year_has_the_months_from_august_to_july() -> None:
    months = parts(school_year(2022), "M")
    assert (months[0], months[-1], len(months)) == ("2022-08", "2023-07", 12)
    assert contains(school_year("2022"), "2023-Q1") and not contains(school_year(2022), "2023")
    assert frequency(school_year(2022)) == "A" and year_of(school_year(2022)) == "2022"
    assert shift(school_year(2022), 1) == school_year(2023) == "2023-08-01/P1Y"


@pytest.mark.parametrize(
    ("period", "code"), [("2023", "W"), ("2023-06", "W"), ("2022-08-01/P1Y", "Q"), ("2023-Q1", "A")]
)
def test_what_does_not_fit_is_not_put_together(period: str, code: str) -> None:
    with pytest.raises(ValueError, match="not made of"):
        parts(period, code)


def test_weeks_belong_to_their_iso_year() -> None:
    assert bounds("2020-W01") == (dt.date(2019, 12, 30), dt.date(2020, 1, 5))
    assert shift("2020-W53", 1) == "2021-W52"
    assert parts("2023-W05", "D")[0] == "2023-01-30"


def test_pooled_years_end_with_their_last_year() -> None:
    assert pooled("2021", 3) == "2019-01-01/P3Y"
    assert pooled("2021", 1) == "2021"
    assert bounds("2019-01-01/P3Y") == (dt.date(2019, 1, 1), dt.date(2021, 12, 31))
    assert frequency("2019-01-01/P3Y") == "A3"
    assert shift("2020-02-29/P1Y", 1) == "2021-02-28/P1Y"


@pytest.mark.parametrize(
    "text",
    ["2021-W53", "2023-W00", "2023-W54", "2023-S3", "2019-01-01/P0Y", "2019-01-01/P7Y", "2019-02-30/P3Y", "2019/P3Y",
     "2019-01-01/P3M", "2198-01-01/P3Y", "2019-01-01/P3Y\n"],
)  # fmt: skip
def test_what_looks_like_a_week_or_span_but_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="not a period"):
        frequency(text)


def test_an_unknown_frequency_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown frequency"):
        period_at(dt.date(2023, 1, 1), "X")
    with pytest.raises(ValueError, match="not a period"):
        span(dt.date(2023, 1, 1), 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2022/23", "2022-08-01/P1Y"), ("31.07.2023", "2022-08-01/P1Y"), ("01.08.2023", "2023-08-01/P1Y"),
     ("2022", "2022"), ("2022/24", None), ("2199/00", "2199"), ("01.01.1800", None)],
)  # fmt: skip
def test_a_table_of_school_years_says_so(text: str, expected: str | None) -> None:
    assert parse_period(text, "school_year") == expected
