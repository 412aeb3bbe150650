# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Every pitfall of suppression as a tiny system: what leaks without its remedy, and that the audit sees it.

Each test shows both sides: the naive way, in which the audit finds the leak, and the remedy, which passes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quality.disclosure.audit import Findings, audit
from quality.disclosure.model.system import UNBOUNDED, State, System
from tests.quality.disclosure.audit.systems import Relation, crude_pattern, cube, system_of, total, withheld

RULE = (1, 3, 0)


def known(found: Findings, cell: int) -> tuple[int, int]:
    """What the intruder can prove of a cell."""
    return int(found.least[cell]), int(found.most[cell])


def test_linear_independence_is_no_protection():
    # 15 = 10 + 3 + x + x: no equation determines an x, and where zeros are published each is 1
    system = system_of([15, 10, 3, 1, 1], [total(0, 1, 2, 3, 4)], primary={3: RULE, 4: RULE})
    found = audit(system, withheld(system))
    assert found.figures["determined"] == 0
    assert known(found, 3) == known(found, 4) == (1, 1)
    assert audit(system, withheld(system, 2)).ok


def test_a_width_of_one_does_not_cover_the_rule():
    system = system_of([16, 12, 3, 1], [total(0, 1, 2, 3)], primary={3: (0, 0, 1)}, high={2: 4, 3: 2})
    assert audit(system, withheld(system, 2)).ok
    ruled = replace(system, reach_low=np.array([0, 0, 0, 1]), reach_high=np.array([0, 0, 0, 3]))
    assert not audit(ruled, withheld(system, 2)).ok


def yearly(years: int = 3) -> tuple[list[int], list[Relation]]:
    """Per year T = A + B + C + D, and each over all years: cells 5 * year + (0 T, 1 A, 2 B, 3 C, 4 D), totals last."""
    counts = [[1, 4, 9, 12], [2, 5, 8, 11], [7, 6, 10, 13], [5, 8, 7, 9]][:years]
    values = [value for year in counts for value in (sum(year), *year)]
    values += [sum(values[5 * year + part] for year in range(years)) for part in range(5)]
    relations = [total(5 * block, *range(5 * block + 1, 5 * block + 5)) for block in range(years + 1)]
    relations += [total(5 * years + part, *(5 * year + part for year in range(years))) for part in range(5)]
    return values, relations


def test_years_protected_one_by_one_leak_through_their_total():
    values, relations = yearly()
    together = system_of(values, relations, primary={1: RULE, 6: RULE})
    apart = system_of(values, relations[:3], primary={1: RULE, 6: RULE})
    one_by_one = withheld(together, 2, 8)
    assert audit(apart, one_by_one).ok
    found = audit(together, one_by_one)
    assert known(found, 1) == (1, 1)
    assert audit(together, withheld(together, 2, 7, 11, 12)).ok


def test_a_table_added_later_takes_what_is_out_as_known():
    # last year T, A and B were published with C withheld; the new table adds A + C
    system = system_of(
        [12, 1, 6, 5, 6], [total(0, 1, 2, 3), total(4, 1, 3)], primary={1: RULE}, public=[0, 2], held=[3]
    )
    assert known(audit(system, withheld(system, 4)), 1) == (1, 5)
    late = system_of([12, 1, 6, 5, 3, 4], [total(0, 1, 2, 3), total(5, 1, 4)], primary={1: RULE}, public=[0, 2])
    assert audit(late, withheld(late, 3, 4)).ok
    assert not audit(late, withheld(late, 3)).ok


@pytest.mark.parametrize("decimals", [0, 1])
def test_a_rate_with_a_public_denominator_gives_its_numerator_back(decimals: int):
    people, cases = 40, 1
    scale = 100 * 10**decimals
    rate = (2 * scale * cases + people) // (2 * people)
    rounded: Relation = {1: 2 * scale}, (2 * rate - 1) * people, (2 * rate + 1) * people - 1
    system = system_of([30, cases, 29], [total(0, 1, 2)], primary={1: RULE})
    with_rate = system_of([30, cases, 29], [total(0, 1, 2), rounded], primary={1: RULE})
    assert audit(system, withheld(system, 2)).ok
    assert known(audit(with_rate, withheld(with_rate, 2)), 1) == (cases, cases)


def test_two_rates_with_a_common_denominator_give_it_away():
    # shares of 12 in an unpublished whole, 41.4 % and 58.6 %, leave few wholes; beside a withheld count they narrow it
    def share(part: int, whole: int, rate: int) -> list[Relation]:
        return [
            ({part: 2000, whole: -2 * rate - 1}, -UNBOUNDED, -1),
            ({part: 2000, whole: -2 * rate + 1}, 0, UNBOUNDED),
        ]

    values, parts = [29, 12, 15, 2], [total(0, 1, 2, 3)]
    system = system_of(values, parts, primary={3: RULE})
    rated = system_of(values, [*parts, *share(1, 0, 414), *share(2, 0, 517)], primary={3: RULE})
    assert audit(system, withheld(system, 0)).ok
    assert known(audit(rated, withheld(rated, 0)), 3) == (2, 2)


def test_an_index_is_a_rate_over_time():
    # last year's 20 is published, this year's index 110.0 as well: 22
    index: Relation = {1: 2000}, (2 * 1100 - 1) * 20, (2 * 1100 + 1) * 20 - 1
    values, sums = [20, 22, 2, 24], [total(3, 1, 2)]
    plain, indexed = system_of(values, sums, primary={2: RULE}), system_of(values, [*sums, index], primary={2: RULE})
    assert audit(plain, withheld(plain, 1)).ok
    assert known(audit(indexed, withheld(indexed, 1)), 2) == (2, 2)


def test_a_share_of_a_published_total_withholds_like_its_count():
    share: Relation = {1: 200}, (2 * 4 - 1) * 50, (2 * 4 + 1) * 50 - 1
    system = system_of([50, 2, 48], [total(0, 1, 2), share], primary={1: RULE})
    assert known(audit(system, withheld(system, 2)), 1) == (2, 2)


def test_zeros_published_or_protected_but_never_both():
    counts = np.array([[1, 0, 6], [4, 5, 3], [8, 2, 7]])
    trees = [{"T": "", "a": "T", "b": "T", "c": "T"}, {"T": "", "x": "T", "y": "T", "z": "T"}]
    published, protected = (cube(trees, counts, need=None, least=least) for least in (1, 0))
    zero = int(np.flatnonzero(published.value == 0)[0])
    assert published.state[zero] == State.PUBLIC and protected.state[zero] == State.FREE
    pattern = crude_pattern(protected, lambda mask: audit(protected, mask).ok)
    assert pattern is not None
    mixed = replace(protected, low=published.low * (protected.value > 0))
    assert audit(protected, pattern).ok
    assert not audit(mixed, pattern).ok, "a reader who knows that published zeros are all zeros reads 1 as the least"


def test_a_structural_zero_covers_nobody():
    values, sums = [9, 1, 0, 8], [total(0, 1, 2, 3)]
    free = system_of(values, sums, primary={1: (0, 3, 0)}, low={0: 0, 1: 0, 2: 0, 3: 0}, high={2: 9})
    assert not audit(free, withheld(free, 2)).ok
    structural = replace(free, state=np.array([0, State.PRIMARY, State.PUBLIC, 0], np.int8))
    assert audit(structural, withheld(structural)).failing[1]
    assert audit(structural, withheld(structural, 2)).faults
    assert audit(structural, withheld(structural, 3)).ok


def test_primary_and_secondary_that_can_be_told_apart_give_the_threshold_away():
    # who sees which cell is the primary one knows that it is 1 or 2: then both of 3 = x + y are known to two values
    system = system_of([16, 12, 1, 3], [total(0, 1, 2, 3)], primary={2: RULE})
    alike = audit(system, withheld(system, 3))
    told = audit(replace(system, high=np.array([99, 99, 2, 99])), withheld(system, 3))
    assert alike.ok and known(alike, 2) == (1, 3)
    assert told.failing[2] and known(told, 2) == (1, 2)


def test_everybody_and_nobody_are_found_by_a_rule_on_the_complement():
    # 8 of 8: no small count, and yet everybody; the cell itself needs cover, from 5 to 8
    def of_eight(primary: dict[int, tuple[int, int, int]]) -> System:
        return system_of(
            [8, 8, 0, 20, 28], [total(0, 1, 2), total(4, 1, 3)], primary=primary, low=dict.fromkeys(range(5), 0)
        )

    by_count, by_group = of_eight({}), of_eight({1: (5, 8, 0)})
    assert audit(by_count, withheld(by_count)).ok, "a rule on counts asks for nothing"
    assert not audit(by_group, withheld(by_group)).ok
    assert audit(by_group, withheld(by_group, 2, 3)).ok


def test_a_rolling_window_is_a_difference_of_years():
    # cells: years 1..4, windows 1-3 and 2-4; the windows differ by year 4 less year 1
    values, windows = [3, 5, 6, 1, 14, 12], [total(4, 0, 1, 2), total(5, 1, 2, 3)]
    system = system_of(values, windows, primary={3: RULE})
    assert known(audit(system, withheld(system, 1, 2)), 3) == (1, 1)
    assert audit(system, withheld(system, 0)).failing[3], "year 4 is the window less its published years"
    assert audit(system, withheld(system, 0, 1)).ok


def test_a_revision_leaves_the_old_value_known():
    # first T = 14 = A + B with A = 1 and B withheld; then B is revised by 4, and the revision says by how much
    values = [14, 1, 13, 14, 9, 5]
    relations = [total(0, 1, 2), total(3, 4, 5), ({2: 1, 4: -1}, 4, 4)]
    system = system_of(values, relations, primary={1: RULE}, public=[0], held=[2])
    assert audit(system, withheld(system, 4, 5)).ok
    assert known(audit(system, withheld(system)), 1) == (1, 1)


def test_areas_that_are_not_nested_leave_slivers():
    # Stadtteile 0, 1 and a Quartier 2 that takes the whole of 0 and a sliver 3 of 1: the sliver is a difference
    values = [20, 15, 22, 2, 13]
    system = system_of(values, [total(2, 0, 3), total(1, 3, 4)], primary={3: RULE})
    assert known(audit(system, withheld(system, 4)), 3) == (2, 2)
    assert audit(system, withheld(system, 2, 4)).ok


def test_a_reader_of_two_tiers_is_an_intruder_of_their_union():
    system = system_of([20, 2, 8, 10], [total(0, 1, 2, 3)], primary={1: RULE})
    public, internal = withheld(system, 2), withheld(system, 3)
    assert audit(system, public).ok and audit(system, internal).ok
    assert known(audit(system, public & internal), 1) == (2, 2)
    assert audit(system, public & withheld(system, 2, 3)).ok


def test_a_shared_cell_takes_the_strictest_threshold():
    loose = system_of([20, 4, 3, 13], [total(0, 1, 2, 3)], primary={1: (1, 3, 0)}, high={2: 6})
    strict = system_of([20, 4, 3, 13], [total(0, 1, 2, 3)], primary={1: (1, 10, 0)}, high={2: 6})
    assert audit(loose, withheld(loose, 2)).ok
    assert not audit(strict, withheld(strict, 2)).ok
    assert audit(strict, withheld(strict, 2, 3)).ok


def test_cases_not_assignable_to_an_area_are_a_cell_like_any_other():
    # city 0 = districts 1, 2 and -99 (3): whoever forgets the last publishes 2 as a difference
    values = [31, 11, 18, 2]
    without = system_of(values, [({0: 1, 1: -1, 2: -1}, 2, 2)], primary={3: RULE})
    complete = system_of(values, [total(0, 1, 2, 3)], primary={3: RULE})
    assert without.needy[3] and audit(without, withheld(without)).ok, "forgotten, it seems to be safe"
    assert known(audit(complete, withheld(complete)), 3) == (2, 2)
    assert audit(complete, withheld(complete, 1)).ok


def test_a_cell_exact_in_one_product_and_rounded_in_another_is_exact():
    rounded: Relation = {1: 1}, 0, 5
    alone = system_of([30, 2, 28], [rounded], primary={1: RULE})
    both = system_of([30, 2, 28], [rounded, total(0, 1, 2)], primary={1: RULE})
    assert audit(alone, withheld(alone)).ok
    assert known(audit(both, withheld(both)), 1) == (2, 2)


def test_rounded_parts_beside_an_exact_total_narrow_each_other():
    # three counts rounded to 5 as 5, 5, 5 and their exact total 9: none can be above 4
    values = [9, 3, 3, 3]
    rounding: list[Relation] = [({part: 1}, 3, 7) for part in (1, 2, 3)]
    system = system_of(values, [total(0, 1, 2, 3), *rounding], primary={1: (3, 7, 0)})
    assert audit(system, withheld(system, 0, 2, 3)).ok
    assert known(audit(system, withheld(system, 2, 3)), 1) == (3, 3)


def test_perturbed_sources_are_not_additive_and_refused_as_equations():
    system = system_of([30, 11, 18], [total(0, 1, 2)])
    assert audit(system, withheld(system)).faults == ("relation 0: the values do not fit this relation",)
    tolerant = system_of([30, 11, 18], [({0: -1, 1: 1, 2: 1}, -3, 3)])
    assert audit(tolerant, withheld(tolerant)).ok


def test_a_contributor_of_a_magnitude_knows_his_own_part():
    # 100 = 80 (largest) + 15 + 5: the second contributor knows 15 and estimates the first from what others show
    def seen_by_second(reach: tuple[int, int, int]) -> System:
        return system_of([400, 80, 15, 5, 300], [total(0, 1, 2, 3, 4)], primary={1: reach}, public=[2], low=0)

    system = seen_by_second((72, 88, 0))
    assert audit(system, withheld(system, 3)).failing[1], "he knows the first to within 5"
    assert audit(system, withheld(system, 3, 4)).ok


def test_a_public_table_is_not_secret():
    system = system_of([12, 2, 10], [total(0, 1, 2)], public=[0, 1, 2])
    assert not system.needy.any()
    assert audit(system, withheld(system)).ok
    again = audit(system, np.array([False, True, False]))
    assert again.faults == ("cell 1: is known to everybody and cannot be withheld",)


def test_an_agency_cell_is_kept_withheld_and_what_would_make_it_follow_too():
    # the agency published the city (0) and withheld a Stadtteil (1); our own register (2, 3) may not finish the sum
    system = system_of([30, 2, 12, 16], [total(0, 1, 2, 3)], agency={1: RULE}, public=[0])
    ours = audit(system, withheld(system))
    assert ours.failing[1] and not ours.compromised_at_source[1]
    assert audit(system, np.zeros(4, np.bool_)).faults
    assert audit(system, withheld(system, 2)).ok


def test_a_statement_on_what_was_withheld_is_an_equation():
    # "secondary cells withheld: 1, their value: 7" beside 40 = 31 + two withheld cells
    values, sums = [40, 31, 2, 7], [total(0, 1, 2, 3)]
    silent, told = (system_of(values, [*sums, *more], primary={2: RULE}) for more in ([], [({3: 1}, 7, 7)]))
    assert audit(silent, withheld(silent, 3)).ok
    assert known(audit(told, withheld(told, 3)), 2) == (2, 2)


def test_fractions_are_combinations_of_whole_cells():
    # an annual mean 2.5 of twelve months is their sum 30 over 12: exact, and it takes a month with it
    months = [2, *([3] * 2), *([2] * 8), 6]
    mean: Relation = dict.fromkeys(range(12), 2), 2 * sum(months), 2 * sum(months)
    plain = system_of(months, [], primary={0: RULE})
    system = system_of(months, [mean], primary={0: RULE})
    assert audit(plain, withheld(plain)).ok
    assert known(audit(system, withheld(system)), 0) == (2, 2)


def test_a_balance_may_be_negative():
    # moves in 9, moves out 11, balance -2: two of the three give the third
    values, balance = [9, 11, -2], [({0: 1, 1: -1, 2: -1}, 0, 0)]
    low = {0: 0, 1: 0, 2: -UNBOUNDED}
    system = system_of(values, balance, primary={2: (-3, 0, 0)}, low=low)
    assert known(audit(system, withheld(system)), 2) == (-2, -2)
    found = audit(system, withheld(system, 0))
    assert found.ok and found.lowest[2] <= -3 and found.highest[2] >= 0
