# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The methods of `quality.cells.statistics` on arrays: known answers, properties, gaps, zeros and refusals.

Published examples: Preston, Heuveline & Guillot (2001), box 3.1 (life table, Austria, males, 1992); the worked example
of Public Health England's life expectancy tool (R package PHEindicatormethods). All others are worked out by hand.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quality.cells.statistics import age_structure, arrays, fertility, mortality, rates, segregation, smoothing

FIVES = tuple(f"{low}-{low + 4}" for low in range(15, 50, 5))
SINGLES = tuple(str(age) for age in range(15, 50))
ABRIDGED = ("0", "1-4", *(f"{low}-{low + 4}" for low in range(5, 90, 5)), "90+")
NAN = math.nan


def numbers(low: float, high: float, *shape: int) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=st.integers(int(low), int(high)).map(float))


# --- total fertility rate ---


def test_fertility_of_five_year_groups_by_hand():
    births = [10, 40, 100, 110, 60, 12, 1]
    found = fertility.total_fertility_rate(births, [1000] * 7, FIVES)
    assert found.value == pytest.approx(5 * 333 / 1000)
    assert found.standard_error == pytest.approx(5 * math.sqrt(333) / 1000)
    assert found.births == 333


@pytest.mark.parametrize(("ages", "width"), [(FIVES, 5), (SINGLES, 1)])
def test_a_constant_rate_gives_35_times_the_rate(ages, width):
    women = np.linspace(500, 900, len(ages))
    assert fertility.total_fertility_rate(0.04 * women, women, ages).value == pytest.approx(35 * 0.04)


def test_births_beyond_the_ends_count_for_the_outermost_groups_and_women_there_do_not():
    ages = ("0-14", *FIVES, "50+")
    births, women = [3, 10, 0, 0, 0, 0, 0, 4, 2], [9999, *[100] * 7, 9999]
    assert fertility.total_fertility_rate(births, women, ages).value == pytest.approx(5 * (13 + 6) / 100)
    open_births = ("0-19", *FIVES[1:-1], "45+")
    found = fertility.total_fertility_rate([13, 0, 0, 0, 0, 0, 6], women, open_births, ages)
    assert found.value == pytest.approx(5 * (13 + 6) / 100)


def test_areas_and_periods_are_kept():
    births = np.arange(42.0).reshape(2, 3, 7)
    found = fertility.total_fertility_rate(births, np.full((2, 3, 7), 50.0), FIVES).value
    assert found.shape == (2, 3)
    assert found[1, 2] == pytest.approx(5 * births[1, 2].sum() / 50)


@pytest.mark.parametrize("gap", [0, 3, 8])
def test_an_unknown_number_leaves_no_rate(gap):
    ages, births, women = ("0-14", *FIVES, "50+"), [1.0] * 9, [100.0] * 9
    births[gap] = NAN
    assert np.isnan(fertility.total_fertility_rate(births, women, ages).value)
    if 0 < gap < 8:
        assert np.isnan(fertility.total_fertility_rate([1.0] * 9, [*women[:gap], NAN, *women[gap + 1 :]], ages).value)


def test_an_age_without_women_leaves_no_rate_with_and_without_births():
    for births in (0, 1):
        assert np.isnan(fertility.total_fertility_rate([births, *[5] * 6], [0, *[100] * 6], FIVES).value)


@pytest.mark.parametrize(
    ("births_ages", "women_ages", "message"),
    [
        (FIVES[1:], FIVES[1:], "cover 15-49"),
        (FIVES[:-1], FIVES[:-1], "cover 15-49"),
        (FIVES, ("0-19", *FIVES[1:]), "women: no age group from 15 to below 20"),
        ((*FIVES[:2], *FIVES[3:]), FIVES, "30-34 does not follow 20-24"),
        (("50+",), FIVES, "cover 15-49"),
    ],
)
def test_age_groups_that_do_not_fit_are_refused(births_ages, women_ages, message):
    with pytest.raises(ValueError, match=message):
        fertility.total_fertility_rate(np.ones(len(births_ages)), np.ones(len(women_ages)), births_ages, women_ages)


@given(numbers(0, 500, 7), numbers(1, 5000, 7))
def test_fertility_lies_between_35_times_the_lowest_and_the_highest_rate(births, women):
    value = fertility.total_fertility_rate(births, women, FIVES).value
    assert 35 * (births / women).min() - 1e-9 <= value <= 35 * (births / women).max() + 1e-9


# --- life table ---

AUSTRIA = {
    "population": [47925, 189127, 234793, 238790, 254996, 326831, 355086, 324222, 269963, 261971, 238011, 261612,
                   181385, 187962, 153832, 105169, 73694, 57512, 32248],
    "deaths": [419, 70, 36, 46, 249, 420, 403, 441, 508, 769, 1154, 1866, 2043, 3496, 4366, 4337, 5279, 6460, 6146],
    "years": [0.068, 1.626, 2.5, 3.143, 2.724, 2.52, 2.481, 2.601, 2.701, 2.663, 2.698, 2.676, 2.645, 2.624, 2.619,
              2.593, 2.518, 2.423, 5.247],
    "survivors": [100000, 99133, 98986, 98910, 98815, 98334, 97704, 97151, 96492, 95588, 94195, 91937, 88711, 83845,
                  76377, 66225, 53803, 37441, 21134],
}  # fmt: skip

ENGLAND = {
    "population": [7060, 35059, 46974, 48489, 43219, 38561, 46009, 57208, 61435, 55601, 50209, 56416, 46411, 39820,
                   37978, 37039, 33288, 23306, 11936, 11936],
    "deaths": [17, 9, 4, 8, 20, 15, 24, 33, 50, 71, 100, 163, 263, 304, 536, 872, 1390, 1605, 1936, 1937],
    "expectancy": {0: 80.16960813, 1: 79.36245674, 2: 75.44193645, 10: 36.49322717, 18: 6.163942934, 19: 6.16210635},
    "lower": {0: 79.88268548, 1: 79.0898816, 2: 75.17407307, 10: 36.26223216, 18: 5.978358351, 19: 5.887683386},
}  # fmt: skip


def test_the_life_table_of_preston_heuveline_and_guillot():
    ages = (*ABRIDGED[:-2], "85+")
    widths = np.array([1, 4, *[5] * 16, 10])
    table = mortality.life_table(AUSTRIA["deaths"], AUSTRIA["population"], ages, np.array(AUSTRIA["years"]) / widths)
    assert np.array_equal(np.round(table.survivors * 100_000), AUSTRIA["survivors"])
    assert table.expectancy[[0, -1]] == pytest.approx([72.889, 5.247], abs=5e-4)
    assert table.years_left[0] * 100_000 == pytest.approx(7_288_901, abs=50)


def test_the_example_of_public_health_england_with_chiangs_and_silcocks_error():
    table = mortality.life_table(ENGLAND["deaths"], ENGLAND["population"], ABRIDGED)
    for age, expectancy in ENGLAND["expectancy"].items():
        assert table.expectancy[age] == pytest.approx(expectancy, abs=1e-8)
        lower = expectancy - 1.96 * table.standard_error[age]
        assert lower == pytest.approx(ENGLAND["lower"][age], abs=1e-3)


def test_the_columns_of_a_life_table_by_hand():
    table = mortality.life_table([10, 25, 30], [1000, 500, 100], ("0-9", "10-19", "20+"), [0.5, 0.2, 0.5])
    q = 10 * 0.01 / (1 + 5 * 0.01), 10 * 0.05 / (1 + 8 * 0.05)
    survivors = 1, 1 - q[0], (1 - q[0]) * (1 - q[1])
    lived = 10 * (survivors[1] + 0.5 * q[0]), 10 * (survivors[2] + 0.2 * survivors[1] * q[1]), survivors[2] / 0.3
    assert table.death_probability == pytest.approx([*q, 1])
    assert table.survivors == pytest.approx(survivors)
    assert table.deaths.sum() == pytest.approx(1)
    assert table.years_lived == pytest.approx(lived)
    assert table.expectancy == pytest.approx([sum(lived), sum(lived[1:]) / survivors[1], 1 / 0.3])


def test_a_full_table_with_a_constant_rate_has_its_inverse_as_expectancy():
    ages = (*(str(age) for age in range(100)), "100+")
    table = mortality.life_table([20.0] * 101, [1000.0] * 101, ages, np.full(101, 0.5))
    assert table.expectancy == pytest.approx(50.0)


def test_the_first_year_alone_has_its_own_fraction():
    one = mortality.life_table([5, 5, 5], [100, 100, 100], ("0", "1-4", "5+"))
    other = mortality.life_table([5, 5, 5], [100, 100, 100], ("0", "1-4", "5+"), [0.1, 0.5, 0.3])
    assert one.expectancy == pytest.approx(other.expectancy)
    groups = mortality.life_table([5, 5], [100, 100], ("0-4", "5+"))
    assert groups.years_lived[0] == pytest.approx(5 * (1 - groups.death_probability[0] / 2))


def test_where_everyone_dies_there_is_nothing_after():
    table = mortality.life_table([90, 5, 5], [100, 100, 100], ("0-4", "5-9", "10+"))
    assert table.survivors.tolist() == [1, 0, 0]
    assert table.expectancy[0] == pytest.approx(2.5)
    assert np.isnan(table.expectancy[1:]).all()
    assert table.standard_error[0] == 0


def test_rows_that_cannot_be_formed_are_empty_and_leave_others_alone():
    deaths = np.array([[1, 1, 5], [NAN, 1, 5], [1, 1, 5], [1, 1, 0], [1, 1, 5], [0, 0, 5]])
    years = np.array([[100, 100, 9], [100, 100, 9], [100, 0, 9], [100, 100, 9], [100, NAN, 9], [100, 100, 9]])
    table = mortality.life_table(deaths, years, ("0-4", "5-9", "10+"))
    for column in vars(table).values():
        assert np.isnan(column[[1, 2, 3, 4]]).all()
        assert not np.isnan(column[[0, 5]]).any()
    assert table.survivors[5].tolist() == [1, 1, 1]


def test_expectancy_needs_5000_person_years():
    years = np.array([[1000.0] * 4, [1249.0, 1250, 1250, 1250], [1250.0] * 4])
    value, error = mortality.life_expectancy(np.full((3, 4), 10.0), years, ("0", "1-4", "5-9", "10+"))
    assert np.isnan(value).tolist() == np.isnan(error).tolist() == [True, True, False]
    value, _ = mortality.life_expectancy(np.full((3, 4), 10.0), years, ("0", "1-4", "5-9", "10+"), minimum=0)
    assert not np.isnan(value).any()


@pytest.mark.parametrize("ages", [("1-4", "5+"), ("0-4", "5-9"), ("0+",), ("0", "5+")])
def test_a_life_table_begins_at_birth_and_ends_open(ages):
    with pytest.raises(ValueError, match="age group"):
        mortality.life_table(np.ones(len(ages)), np.ones(len(ages)), ages)


@pytest.mark.parametrize("fractions", [[0.5], [1.5, 0.5], [-0.1, 0.5], [NAN, 0.5]])
def test_fractions_outside_the_interval_are_refused(fractions):
    with pytest.raises(ValueError, match="fractions"):
        mortality.life_table([1, 1], [10, 10], ("0-4", "5+"), fractions)


@given(numbers(1, 300, 20), st.integers(0, 19), st.floats(0.1, 0.9))
def test_expectancy_rises_when_any_rate_falls(deaths, age, part):
    population = np.full(20, 10_000.0)
    fewer = deaths.copy()
    fewer[age] *= part
    before, after = (mortality.life_table(d, population, ABRIDGED).expectancy[0] for d in (deaths, fewer))
    assert after > before


@given(numbers(1, 300, 20), st.integers(2, 50))
def test_the_error_falls_with_the_root_of_the_size_and_expectancy_stays(deaths, times):
    small = mortality.life_table(deaths, np.full(20, 1e4), ABRIDGED)
    large = mortality.life_table(deaths * times, np.full(20, 1e4 * times), ABRIDGED)
    assert large.expectancy == pytest.approx(small.expectancy)
    assert large.standard_error == pytest.approx(small.standard_error / math.sqrt(times))


# --- mean and median age ---


def test_mean_age_by_hand():
    ages = ("0-9", "10-19", "20+")
    assert age_structure.mean_age([10, 20, 10], ages, open_mean=30) == pytest.approx((50 + 300 + 300) / 40)
    assert age_structure.mean_age([1, 1], ("30", "31")) == pytest.approx(31)
    assert age_structure.mean_age([1, 1], ("30", "31"), completed=True) == pytest.approx(30.5)


@pytest.mark.parametrize("open_mean", [None, 19.9, math.inf, NAN])
def test_the_mean_of_an_open_group_has_to_be_stated(open_mean):
    with pytest.raises(ValueError, match=r"mean age of 20\+"):
        age_structure.mean_age([1, 1], ("0-19", "20+"), open_mean)


def test_median_age_by_hand():
    ages = ("0-9", "10-19", "20-29", "30+")
    assert age_structure.median_age([10, 20, 10, 0], ages) == pytest.approx(15)
    assert age_structure.median_age([10, 30, 5, 5], ages) == pytest.approx(15)
    assert age_structure.median_age([20, 0, 10, 10], ages) == pytest.approx(10)
    assert age_structure.median_age([0, 0, 7, 0], ages, completed=True) == pytest.approx(24.5)


def test_a_median_in_an_open_group_of_nobody_or_with_a_gap_is_none():
    found = age_structure.median_age([[1, 1, 8], [0, 0, 0], [5, NAN, 1], [8, 1, 1]], ("0-9", "10-19", "20+"))
    assert np.isnan(found).tolist() == [True, True, True, False]
    found = age_structure.mean_age([[0, 0, 0], [5, NAN, 1], [8, 1, 1]], ("0-9", "10-19", "20+"), open_mean=25)
    assert np.isnan(found).tolist() == [True, True, False]


@given(numbers(0, 1000, 90))
def test_mean_and_median_lie_between_the_youngest_and_the_oldest(persons):
    assume(persons.sum() > 0)
    ages = [str(age) for age in range(90)]
    youngest, oldest = np.flatnonzero(persons)[[0, -1]]
    for found in (age_structure.mean_age(persons, ages), age_structure.median_age(persons, ages)):
        assert youngest <= found <= oldest + 1


@given(numbers(1, 1000, 90))
def test_half_of_the_people_are_below_the_median(persons):
    ages = [str(age) for age in range(90)]
    median = float(age_structure.median_age(persons, ages))
    below = sum(count * min(max(median - age, 0), 1) for age, count in enumerate(persons))
    assert below == pytest.approx(persons.sum() / 2)
    assert age_structure.median_age(persons * 7, ages) == pytest.approx(median)


# --- segregation ---


def test_segregation_by_hand():
    group, rest = [10, 30, 60], [50, 30, 20]
    assert segregation.dissimilarity(group, rest) == pytest.approx((0.4 + 0 + 0.4) / 2)
    assert segregation.isolation(group, rest) == pytest.approx(0.1 / 6 + 0.3 / 2 + 0.6 * 0.75)
    assert segregation.exposure(group, rest) == pytest.approx(0.5 / 6 + 0.3 / 2 + 0.6 * 0.25)


def test_segregation_ends_at_0_and_1():
    assert segregation.dissimilarity([1, 2, 3], [10, 20, 30]) == pytest.approx(0)
    assert segregation.dissimilarity([5, 0], [0, 9]) == pytest.approx(1)
    assert segregation.isolation([5, 0], [0, 9]) == pytest.approx(1)


@pytest.mark.parametrize("index", [segregation.dissimilarity, segregation.isolation, segregation.exposure])
def test_segregation_without_a_group_or_with_a_gap_is_none(index):
    found = index([[0, 0], [1, 2], [1, NAN], [1, 2]], [[1, 2], [0, 0], [3, 4], [3, 1]])
    assert np.isnan(found).tolist() == [True, True, True, False]
    assert index([4, 1, 0], [1, 4, 0]) == pytest.approx(index([4, 1], [1, 4]))


@given(numbers(0, 500, 8), numbers(0, 500, 8), st.integers(2, 9))
def test_dissimilarity_is_symmetric_between_0_and_1_and_blind_to_size(group, rest, times):
    assume(group.sum() > 0 and rest.sum() > 0)
    found = segregation.dissimilarity(group, rest)
    assert -1e-12 <= found <= 1 + 1e-12
    assert segregation.dissimilarity(rest, group) == pytest.approx(found)
    assert segregation.dissimilarity(group * times, rest) == pytest.approx(found)
    assert segregation.dissimilarity(group * times, group) == pytest.approx(0)
    assert segregation.isolation(group, rest) + segregation.exposure(group, rest) == pytest.approx(1)
    merged = segregation.dissimilarity([group[:4].sum(), *group[4:]], [rest[:4].sum(), *rest[4:]])
    assert merged <= found + 1e-12


# --- what all have in common ---

TWO_ARRAYS = [
    lambda a, b: fertility.total_fertility_rate(a, b, ("15-29", "30-49")),
    lambda a, b: mortality.life_table(a, b, ("0-4", "5+")),
    segregation.dissimilarity,
    segregation.isolation,
    segregation.exposure,
    lambda a, b: rates.pooled_rates(a, b, 1),
    rates.byar_rate,
    rates.wilson_proportion,
    lambda a, b: rates.standardised_rate(a, b, [1, 1]),
    smoothing.marshall,
    smoothing.gamma_poisson,
]


@pytest.mark.parametrize("method", TWO_ARRAYS)
def test_negative_and_infinite_numbers_are_refused_by_position_without_the_value(method):
    good = np.full((3, 2), 50.0)
    for number, what in ((-7.25, "negative count"), (math.inf, "infinite number")):
        bad = good.copy()
        bad[2, 1] = number
        for arguments in ((bad, good), (good, bad)):
            with pytest.raises(ValueError, match=rf"^[a-z-]+: {what} at position \(2, 1\)$") as caught:
                method(*arguments)
            assert "7.25" not in str(caught.value)


@pytest.mark.parametrize("method", TWO_ARRAYS)
def test_arrays_of_different_shape_are_refused(method):
    with pytest.raises(ValueError, match="differ in shape"):
        method(np.ones((3, 2)), np.ones((2, 2)))


@pytest.mark.parametrize("method", [age_structure.median_age, lambda a, ages: age_structure.mean_age(a, ages, 60)])
def test_ages_refuse_negative_counts_and_another_number_of_groups(method):
    with pytest.raises(ValueError, match=r"population: negative count at position \(0,\)"):
        method([-1, 2], ("0-49", "50+"))
    with pytest.raises(ValueError, match="2 columns for 3 age groups"):
        method([1, 2], ("0", "1-49", "50+"))


@pytest.mark.parametrize("ages", [(), ("5-4",), ("0-4", "4-9"), ("0-4", "6-9"), ("0+", "1+")])
def test_age_groups_that_do_not_follow_each_other_are_refused(ages):
    with pytest.raises(ValueError, match="age group"):
        arrays.spans(ages)
