# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""One figure of a single series is told by the rest of it; what the series does of its own accord is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from quality.checks.continuity import figures, with_before
from quality.checks.series import judge_series
from quality.checks.violations import Judge
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

QUIET = [1200, 1210, 1190, 1230, 1250, 1240, 1260, 1270]
LARGER = [4100, 4150, 4220, 4200, 4250, 4300, 4280, 4310]


def found(columns: Mapping[str, Sequence[float]]) -> set[tuple[str, str]]:
    """What is found in columns of one city over some years: rule with column, and year."""
    rows = [
        tables.observation(CITY, float(value), period=str(2015 + year), column=column, cell=f"S!{column}{year}")
        for column, values in columns.items()
        for year, value in enumerate(values)
    ]
    judge, observed = Judge(tables.source(), TODAY), figures(tables.observations(rows))
    judge_series(judge, observed, with_before(observed))
    return {(one.identity, one.period) for one in judge.report.unknown}


def but(values: Sequence[float], **changes: float) -> list[float]:
    """The same series with other figures in some years (`y2018=3`)."""
    return [changes.get(f"y{2015 + year}", value) for year, value in enumerate(values)]


def test_a_quiet_series_has_nothing_to_say() -> None:
    assert found({"B": QUIET, "C": LARGER}) == set()


@pytest.mark.parametrize("year", ["2015", "2018", "2022"])
def test_persons_in_thousands_are_out_of_scale_at_either_end_and_amid(year: str) -> None:
    assert ("scale.B", year) in found({"B": but(QUIET, **{f"y{year}": 1.0})})


def test_a_zero_amid_large_figures_is_odd_and_at_the_end_of_a_series_it_is_not() -> None:
    assert found({"B": but(QUIET, y2018=0)}) == {("scale.B", "2018")}
    assert found({"B": but(QUIET, y2022=0)}) == set()


def test_a_series_that_leaps_of_its_own_accord_is_left_alone() -> None:
    assert found({"B": [3, 900, 5, 1200, 2, 1100, 4, 1000]}) == set()


def test_three_periods_say_nothing_but_of_a_figure_that_is_back_at_once() -> None:
    assert found({"B": [1200, 1210, 1.2]}) == set()
    assert found({"B": [1.2, 1200, 1210]}) == set()
    assert found({"B": [1200, 1.2, 1210]}) == found({"B": [1200, 1, 1210]}) == {("scale.B", "2016")}
    assert found({"B": [1200, 1.2, 9000]}) == set(), "not the series that was there before"
    assert found({"B": [12, 0.1, 12.5]}) == set(), "small, and written in tenths"
    assert found({"B": [5, 0.005, 5]}) == {("scale.B", "2016")}, "a fraction amid whole numbers"


def test_a_restless_series_may_fall_and_rise_as_far_as_it_does_elsewhere() -> None:
    assert found({"B": [120_000, 800, 130_000, 140_000, 150_000, 1100, 149_000]}) == set()


def test_a_zero_amid_decimals_is_odd_where_they_are_large_in_their_last_digit() -> None:
    rates = [699.31, 640.52, 655.83, 672.19, 690.72, 702.66, 711.37, 705.58]
    assert found({"B": but(rates, y2018=0)}) == {("scale.B", "2018")}
    assert found({"B": [0.4, 0.4, 0.3, 0.0, 0.3, 0.4, 0.3, 0.3]}) == set()


def test_a_fraction_in_a_row_of_its_own_is_measured_by_its_column() -> None:
    rows = [
        tables.observation(CITY, value, period="2020", column="B", dims=f"var2=entry_{number}", cell=f"S!B{number}")
        for number, value in enumerate([1624, 1711, 1902, 1488, 1350, 1799, 2040, 1610, 1.624])
    ]
    judge, observed = Judge(tables.source(), TODAY), figures(tables.observations(rows))
    judge_series(judge, observed, with_before(observed))
    assert [one.identity for one in judge.report.unknown] == ["fraction.B"]


def test_a_small_fraction_among_large_whole_numbers_is_one_in_thousands() -> None:
    whole = [*QUIET, 1280, 1290]
    assert ("fraction.B", "2020") in found({"B": but(whole, y2020=1.24)})
    assert found({"B": but(whole, y2020=1240.5)}) == set(), "a mean of months"


def test_figures_that_changed_places_fit_the_other_column() -> None:
    exchanged = {"B": but(QUIET, y2019=LARGER[4]), "C": but(LARGER, y2019=QUIET[4])}
    assert found(exchanged) == {("exchanged.B", "2019"), ("exchanged.C", "2019")}
    last = {"B": but(QUIET, y2022=LARGER[7]), "C": but(LARGER, y2022=QUIET[7])}
    assert found(last) == {("exchanged.B", "2022"), ("exchanged.C", "2022")}


def test_columns_that_differ_by_chance_only_are_never_exchanged() -> None:
    near = [value + 9 for value in QUIET]
    assert found({"B": but(QUIET, y2019=near[4]), "C": but(near, y2019=QUIET[4])}) == set()


def test_a_jump_of_one_column_alone_is_no_exchange() -> None:
    assert found({"B": but(QUIET, y2019=LARGER[4]), "C": LARGER}) == set()
