# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Indices, rates and smoothing of `quality.cells.statistics` on arrays: known answers, properties, gaps and refusals.

Published examples: Newcombe (1998), table I (Wilson); Fleiss (1981), table 14.4, births of order 5 and over
(standardised rate 75.52901 per 100,000 in the R package dsrTest). All others are worked out by hand.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from quality.cells.statistics import indices, rates, smoothing

NAN = math.nan


def numbers(low: float, high: float, *shape: int) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=st.integers(int(low), int(high)).map(float))


# --- indices ---


def test_an_index_by_hand():
    poverty, work = indices.base_of([10, 20, 30]), indices.base_of([1, 1, 4])
    assert (poverty.mean, poverty.deviation, poverty.areas) == pytest.approx((20, math.sqrt(200 / 3), 3))
    value = indices.z_index([[30, 1], [20, 2], [30, NAN]], [poverty, work], [1, -1], [3, 1])
    assert value[:2] == pytest.approx([(3 * 10 / math.sqrt(200 / 3) + 1 / math.sqrt(2)) / 4, 0])
    assert np.isnan(value[2])
    assert indices.z_index([30, 1], [poverty, work], [1, 1]) == pytest.approx(
        (10 / math.sqrt(200 / 3) - 1 / math.sqrt(2)) / 2
    )


def test_a_weighted_base_by_hand_and_gaps_left_out():
    base = indices.base_of([1, 2, 5, NAN, 9], [1, 1, 2, 4, NAN])
    assert (base.mean, base.deviation, base.areas) == pytest.approx((13 / 4, math.sqrt(51 / 16), 3))


@given(hnp.arrays(np.float64, 12, elements=st.floats(-1e6, 1e6)))
def test_scores_have_mean_0_and_deviation_1_on_their_base(values):
    assume(values.std() > 1e-3)
    scores = indices.z_scores(values, indices.base_of(values))
    assert scores.mean() == pytest.approx(0, abs=1e-6)
    assert scores.std() == pytest.approx(1)


@given(numbers(0, 100, 5), numbers(0, 100, 5))
def test_the_base_stays_whatever_other_areas_do(then, now):
    base = indices.base_of([10.0, 20, 40])
    both = indices.z_scores(np.concatenate([then, now]), base)
    assert np.array_equal(both[:5], indices.z_scores(then, base))


@pytest.mark.parametrize(
    ("values", "weights", "message"),
    [
        ([1, 2], None, "3 areas"),
        ([1, 2, NAN], None, "3 areas"),
        ([1, 2, 3], [1, 1, 0], "3 areas"),
        ([0.1, 0.1, 0.1], None, "differ"),
        ([0, 0, 0], None, "differ"),
        ([1, 2, 3], [1, 2], "one length"),
        ([[1, 2, 3]], None, "one axis"),
        ([1, 2, 3], [1, -1, 1], r"weights: negative count at position \(1,\)"),
    ],
)
def test_a_base_that_is_none_is_refused(values, weights, message):
    with pytest.raises(ValueError, match=message):
        indices.base_of(values, weights)


@pytest.mark.parametrize(
    ("bases", "directions", "weights", "message"),
    [
        (2, [1, 0], None, "direction"),
        (2, [1], None, "one per indicator"),
        (1, [1], None, "one per indicator"),
        (2, [1, 1], [1], "one per indicator"),
        (2, [1, 1], [1, 0], "positive"),
        (2, [1, 1], [1, NAN], "positive"),
    ],
)
def test_an_index_with_a_wrong_recipe_is_refused(bases, directions, weights, message):
    with pytest.raises(ValueError, match=message):
        indices.z_index([1, 2], [indices.Base(0, 1, 3)] * bases, directions, weights)


def test_classes_from_fixed_breaks():
    values = [-2, -1.5, -1, 0, 0.5, 0.9, 1, 2, 3, NAN]
    assert indices.classes(values, [-0.5, 1]).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 0]


def test_a_class_with_one_or_two_areas_takes_all_classes_of_its_period():
    values = [[0, 0, 0, 2, 2, NAN], [0, 0, 0, 2, 2, 2], [0, 0, 0, 0, 0, 0]]
    assert indices.classes(values, [1]).tolist() == [[0] * 6, [1, 1, 1, 2, 2, 2], [1] * 6]
    assert indices.classes(values, [1], least=2)[0].tolist() == [1, 1, 1, 2, 2, 0]


@pytest.mark.parametrize("breaks", [[], [1, 1], [2, 1], [math.inf], [NAN]])
def test_breaks_that_do_not_rise_are_refused(breaks):
    with pytest.raises(ValueError, match="rise"):
        indices.classes([1, 2, 3], breaks)


# --- rates ---


def test_pooled_rates_are_sums_over_sums():
    found = rates.pooled_rates([[1, 2, 3, 6], [1, NAN, 1, 1]], [[10, 10, 20, 30], [10, 10, 10, 10]], 2)
    assert found[0] == pytest.approx([3 / 20, 5 / 30, 9 / 50])
    assert np.isnan(found[1]).tolist() == [True, True, False]
    assert np.isnan(rates.pooled_rates([0, 0], [0, 0], 2)).all()


@pytest.mark.parametrize("years", [0, 3])
def test_a_span_that_does_not_fit_is_refused(years):
    with pytest.raises(ValueError, match="years"):
        rates.pooled_rates([1, 2], [3, 4], years)


@given(numbers(0, 100, 6), numbers(1, 1000, 6), st.integers(1, 6))
def test_a_pooled_rate_lies_between_the_rates_of_its_years(numerator, denominator, years):
    pooled, yearly = rates.pooled_rates(numerator, denominator, years), numerator / denominator
    for first, rate in enumerate(pooled):
        span = yearly[first : first + years]
        assert span.min() - 1e-12 <= rate <= span.max() + 1e-12
    assert pooled.shape == (7 - years,)


def test_wilsons_interval_of_newcombes_examples():
    rate = rates.wilson_proportion([81, 15, 0, 1], [263, 148, 20, 29])
    assert rate.lower == pytest.approx([0.2553, 0.0624, 0, 0.0061], abs=5e-5)
    assert rate.upper == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)


def test_byars_limits_by_hand_and_close_to_the_exact_ones():
    lower, upper = rates.byar_limits([0, 10, 100, NAN])
    assert lower[1] == pytest.approx(10 * (1 - 1 / 90 - 1.959964 / (3 * math.sqrt(10))) ** 3, rel=1e-6)
    # exact Poisson limits, e.g. Ulm, Am J Epidemiol 131 (1990) 373-375
    assert lower[:3] == pytest.approx([0, 4.795, 81.36], abs=0.02)
    assert upper[:3] == pytest.approx([3.689, 18.390, 121.63], abs=0.03)
    assert np.isnan([lower[3], upper[3]]).all()
    assert rates.byar_limits([1], 0.998)[0] == 0


def test_rates_without_a_denominator_are_none():
    for rate in (rates.byar_rate([0, 1], [0, 50]), rates.wilson_proportion([0, 1], [0, 50])):
        for column in vars(rate).values():
            assert np.isnan(column).tolist() == [True, False]
    assert np.isnan(rates.wilson_proportion([NAN, 1], [5, NAN]).lower).all()


def test_a_part_larger_than_the_whole_is_refused():
    with pytest.raises(ValueError, match=r"part: more than whole at position \(1,\)$"):
        rates.wilson_proportion([1, 77], [5, 76])


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
def test_a_confidence_outside_0_and_1_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        rates.byar_limits([5], confidence)


@given(st.integers(0, 500), st.integers(1, 500), st.floats(0.5, 0.99))
def test_intervals_hold_their_value_and_grow_with_confidence(number, more, confidence):
    for method in (rates.wilson_proportion, rates.byar_rate):
        narrow, wide = (method([number], [number + more], level) for level in (confidence, 0.999))
        assert 0 <= wide.lower[0] <= narrow.lower[0] + 1e-12
        assert narrow.lower[0] <= narrow.value[0] + 1e-12
        assert narrow.value[0] <= narrow.upper[0] + 1e-12
        assert narrow.upper[0] <= wide.upper[0] + 1e-12
    assert wide.upper[0] >= 0 and rates.wilson_proportion([number], [number + more]).upper[0] <= 1


DOWN = {
    "births": [[230061, 329449, 114920, 39487, 14208, 3052], [72202, 326701, 208667, 83228, 28466, 5375],
               [15050, 175702, 207081, 117300, 45026, 8660], [2293, 68800, 132424, 98301, 46075, 9834],
               [327, 30666, 123419, 149919, 104088, 34392]],
    "cases": [[107, 141, 60, 40, 39, 25], [25, 150, 110, 84, 82, 39], [3, 71, 114, 103, 108, 75],
              [1, 26, 64, 89, 137, 96], [0, 8, 63, 112, 262, 295]],
}  # fmt: skip


def test_the_standardised_rates_of_mothers_by_number_of_births():
    births = np.array(DOWN["births"])
    found = rates.standardised_rate(DOWN["cases"], births, births.sum(0))
    assert found.value[4] * 1e5 == pytest.approx(75.52901, abs=5e-6)
    weight = births.sum(0) / births.sum()
    for value, upper, cases, base in zip(found.value, found.upper, DOWN["cases"], births, strict=True):
        assert value == pytest.approx(sum(w * x / n for w, x, n in zip(weight, cases, base, strict=True)))
        variance = sum(w**2 * x / n**2 for w, x, n in zip(weight, cases, base, strict=True))
        reach = math.sqrt(variance / sum(cases)) * (rates.byar_limits([sum(cases)])[1][0] - sum(cases))
        assert upper == pytest.approx(value + reach)


def test_on_its_own_population_the_standardised_rate_is_the_crude_one():
    cases, births = DOWN["cases"][2], DOWN["births"][2]
    found, crude = rates.standardised_rate(cases, births, births), rates.byar_rate([sum(cases)], [sum(births)])
    for name in ("value", "lower", "upper"):
        assert getattr(found, name) == pytest.approx(getattr(crude, name)[0])


def test_standardised_rates_with_gaps_zeros_and_no_event():
    found = rates.standardised_rate([[0, 0], [1, NAN], [1, 0], [1, 2]], [[9, 9], [9, 9], [9, 0], [9, 9]], [1, 1])
    assert np.isnan(found.value).tolist() == [False, True, True, False]
    assert found.value[0] == 0
    assert np.isnan(found.upper).tolist() == [True, True, True, False]
    for standard in ([1], [0, 0], [1, NAN]):
        with pytest.raises(ValueError, match="standard"):
            rates.standardised_rate([1, 1], [9, 9], standard)


def test_the_european_standard_population():
    assert sum(rates.EUROPEAN_STANDARD_2013.values()) == 100_000
    fives = [f"{low}-{low + 4}" for low in range(0, 90, 5)]
    assert rates.standard_weights([*fives, "90+"]).tolist() == [
        5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000, 7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000
    ]  # fmt: skip
    assert rates.standard_weights(["0-64", "65+"]).tolist() == [80_500, 19_500]
    for ages in (["0-17", "18+"], ["0-64", "65-99"], ["90-91"]):
        with pytest.raises(ValueError, match="cuts through"):
            rates.standard_weights(ages)


# --- smoothing ---

EVENTS, YEARS = np.array([0.0, 2, 5, 9, 14, 30]), np.array([50.0, 100, 100, 300, 200, 400])


def test_marshalls_estimates_by_hand():
    found = smoothing.marshall(EVENTS, YEARS, least=2)
    mean = 60 / 1150
    spread = sum(n * (x / n - mean) ** 2 for x, n in zip(EVENTS, YEARS, strict=True)) / 1150 - mean / (1150 / 6)
    assert (found.mean, found.variance) == pytest.approx((mean, spread))
    raw = EVENTS / YEARS
    assert found.value == pytest.approx(mean + spread / (spread + mean / YEARS) * (raw - mean))
    shape, rate = mean**2 / spread, mean / spread  # the same as a gamma posterior with these moments
    assert found.value == pytest.approx((EVENTS + shape) / (YEARS + rate))
    assert found.standard_error == pytest.approx(np.sqrt(EVENTS + shape) / (YEARS + rate))


def test_the_gamma_prior_solves_its_two_equations():
    events, years = np.array([9.0, 39, 11, 9, 15, 8, 3, 2, 0, 1]), np.array([1.4, 8.7, 3, 2.5, 4.3, 2.4, 9, 8, 4.2, 5])
    found = smoothing.gamma_poisson(events, years, least=2)
    shape, rate = found.mean**2 / found.variance, found.mean / found.variance
    assert found.value == pytest.approx((events + shape) / (years + rate))
    assert found.mean == pytest.approx(found.value.mean(), rel=1e-6)
    assert found.variance == pytest.approx(((1 + rate / years) * (found.value - found.mean) ** 2).sum() / 9, rel=1e-6)


def test_the_gamma_prior_is_found_again_in_a_simulation():
    random = np.random.default_rng(5)
    years = random.uniform(500, 5000, 4000)
    true = random.gamma(4, 0.01 / 4, 4000)
    events = random.poisson(true * years)
    for method in (smoothing.gamma_poisson, smoothing.marshall):
        found = method(events, years)
        assert found.mean == pytest.approx(0.01, rel=0.03)
        assert found.variance == pytest.approx(0.01**2 / 4, rel=0.1)
        assert ((found.value - true) ** 2).mean() < ((events / years - true) ** 2).mean()


SMOOTHERS = pytest.mark.parametrize("method", [smoothing.marshall, smoothing.gamma_poisson])


@SMOOTHERS
def test_areas_that_differ_no_more_than_chance_have_the_rate_of_all(method):
    found = method([10.0, 11, 9, 10], [100.0] * 4, least=2)
    assert found.variance == 0
    assert found.value == pytest.approx(0.1)
    nothing = method([0.0] * 4, [100.0] * 4, least=2)
    assert nothing.value.tolist() == nothing.standard_error.tolist() == [0] * 4


@SMOOTHERS
def test_gaps_and_empty_areas_have_no_rate_and_no_part_in_the_prior(method):
    found = method(np.append(EVENTS, [NAN, 3, 0]), np.append(YEARS, [100, NAN, 0]), least=2)
    alone = method(EVENTS, YEARS, least=2)
    assert found.value[:6] == pytest.approx(alone.value)
    assert np.isnan(found.value[6:]).all() and np.isnan(found.standard_error[6:]).all()


@SMOOTHERS
def test_few_areas_are_not_smoothed_and_periods_are_apart(method):
    assert np.isnan(method(EVENTS, YEARS).value).all()
    both = method([EVENTS, EVENTS * 2, EVENTS * NAN], [YEARS] * 3, least=2)
    assert both.value.shape == (3, 6)
    assert both.value[1] == pytest.approx(method(EVENTS * 2, YEARS, least=2).value)
    assert np.isnan(both.value[2]).all()


@SMOOTHERS
@settings(max_examples=50)
@given(numbers(0, 40, 12), numbers(50, 2000, 12))
def test_a_smoothed_rate_lies_between_its_own_and_the_prior(method, events, years):
    found = method(events, years)
    raw = events / years
    low, high = np.minimum(raw, found.mean), np.maximum(raw, found.mean)
    assert (found.value >= low - 1e-12).all() and (found.value <= high + 1e-12).all()
    assert found.variance >= 0
