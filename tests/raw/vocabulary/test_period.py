# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Periods: what agencies write becomes one SDMX text, and nothing else passes for a period."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.vocabulary.period import FREQUENCIES, frequency, parse_date, parse_period, shift, year_of

YEARS = st.integers(1800, 2199)
DATES = st.dates(dt.date(1800, 1, 1), dt.date(2199, 12, 31))
PERIODS = st.one_of(
    YEARS.map(str),
    st.builds(lambda y, q: f"{y}-Q{q}", YEARS, st.integers(1, 4)),
    st.builds(lambda y, m: f"{y}-{m:02d}", YEARS, st.integers(1, 12)),
    DATES.map(dt.date.isoformat),
)


@given(PERIODS)
def test_a_period_has_a_known_frequency_and_lies_in_its_year(period: str) -> None:
    assert frequency(period) in FREQUENCIES
    assert year_of(period) == period[:4]


@given(PERIODS.filter(lambda period: len(period) < 10))
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


@given(PERIODS.filter(lambda period: 1900 <= int(period[:4]) <= 2100), st.integers(-99, 99))
def test_shifting_there_and_back_keeps_frequency_and_place_in_the_year(period: str, years: int) -> None:
    there = shift(period, years)
    assert frequency(there) == frequency(period)
    assert int(year_of(there)) == int(year_of(period)) + years
    assert shift(there, -years) == period or period.endswith("-02-29")


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
        ("2019", "quarter", "2019"),
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
    with pytest.raises(ValueError, match="week"):
        parse_period("31.12.2020", "week")
