# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Facts as relations: a printed rate says exactly which counts it can come from."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.disclosure.model.facts import Linear, Ratio, Rounded, ratio_rows, read_facts
from quality.disclosure.model.faults import BadInput
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import GEO, registry, rules, table

BOTH = rules({"n": {"class": "social"}, "pop": {"class": "personal"}})


def printed(numerator: int, denominator: int, decimals: int, factor: int = 100) -> str:
    """The rate with halves going up."""
    exact = Fraction(factor * numerator, denominator)
    units = int(exact * 10**decimals + Fraction(1, 2))
    return str(Fraction(units, 10**decimals).limit_denominator(10**6).__float__())


def may_be(rows, values: dict[int, int]) -> bool:
    return all(low <= sum(c * values[cell] for cell, c in terms) <= high for terms, (low, high) in rows)


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 60), st.integers(0, 2))
def test_a_rate_with_a_known_denominator_is_an_interval_of_the_count(n, d, decimals):
    fact = Ratio({}, {}, printed(n, d, decimals), decimals)
    rows = ratio_rows(fact, 0, 1, d)
    allowed = {count for count in range(100) if may_be(rows, {0: count})}
    half = Fraction(1, 2 * 10**decimals)
    assert allowed == {c for c in range(100) if abs(Fraction(100 * c, d) - Fraction(fact.value)) <= half}
    assert n in allowed


@settings(deadline=None)
@given(st.integers(0, 20), st.integers(1, 30), st.integers(0, 1))
def test_a_rate_with_an_unknown_denominator_binds_both(n, d, decimals):
    fact = Ratio({}, {}, printed(n, d, decimals), decimals)
    rows = ratio_rows(fact, 0, 1, None)
    half = Fraction(1, 2 * 10**decimals)
    for count in range(25):
        for whole in range(1, 35):
            fits = abs(Fraction(100 * count, whole) - Fraction(fact.value)) <= half
            assert may_be(rows, {0: count, 1: whole}) == fits


def two_measures(n: dict[str, int], pop: dict[str, int]) -> Table:
    return Table("t", pl.DataFrame({"geo": list(n), "n": list(n.values()), "pop": list(pop.values())}))


def test_a_rate_of_one_decimal_with_a_public_denominator_gives_the_count_away():
    both = two_measures({"T": 60, "A": 2, "B": 58}, {"T": 900, "A": 300, "B": 600})
    keep = [{"measure": "pop", "geo": "A"}]
    fact = Ratio({"measure": "n", "geo": "A"}, {"measure": "pop", "geo": "A"}, "0.7", 1)
    system = registry(both, rules=BOTH, facts=[fact], keep=keep).system
    (row,) = [r for r in range(system.relations) if system.relation_name(r) == "rate"]
    assert (system.lower[row], system.upper[row]) == (2, 2)


def test_growth_and_index_are_rates_of_two_periods():
    growth = Ratio({}, {}, "50.0", 1, offset=-100)
    assert may_be(ratio_rows(growth, 0, 1, 8), {0: 12})
    assert not may_be(ratio_rows(growth, 0, 1, 8), {0: 11})
    falling = Ratio({}, {}, "-25.0", 1, offset=-100)
    assert may_be(ratio_rows(falling, 0, 1, None), {0: 9, 1: 12})
    assert not may_be(ratio_rows(falling, 0, 1, None), {0: 12, 1: 9})


def test_differences_weights_and_rounded_figures():
    about = {name: {"measure": "n", "geo": name} for name in "ATB"}
    facts = [
        Linear(((1, about["A"]), (-1, about["B"])), 4, 4, "difference"),
        Linear(((2, about["A"]), (3, about["B"])), 48, 48, "weighted"),
        Rounded(about["A"], 10, 5),
    ]
    system = registry(table({"T": 20, "A": 12, "B": 8}, "geo"), facts=facts).system
    assert {"difference", "weighted", "rounded"} < set(system.relation_names)
    assert GEO.total == "T"


def test_facts_are_read_from_a_file_and_odd_entries_are_named(tmp_path: Path):
    path = tmp_path / "facts.yml"
    path.write_text(
        "- {sum: [[1, {measure: n, geo: A}], [-1, {measure: n, geo: B}]], equals: 4, name: difference}\n"
        "- {rounded: 10, base: 5, cell: {measure: n, geo: A}}\n"
        "- {ratio: '60.0', decimals: 1, numerator: {measure: n, geo: A}, denominator: {measure: n, geo: T}}\n",
        "utf-8",
    )
    system = registry(table({"T": 20, "A": 12, "B": 8}, "geo"), facts=read_facts(path)).system
    assert {"difference", "facts.yml, 2", "facts.yml, 3"} < set(system.relation_names)
    path.write_text("- {ratio: many, decimals: 1}\n- {median: 12}\n", "utf-8")
    with pytest.raises(BadInput) as caught:
        read_facts(path)
    assert [one.kind for one in caught.value.faults] == ["fact_form", "fact_form"]
