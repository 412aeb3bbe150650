# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Bad input is refused with all its faults at once, by cell and equation; values are said of public tables only."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from quality.disclosure.model.facts import Linear, Ratio
from quality.disclosure.model.faults import BadInput
from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.registry import build
from quality.disclosure.model.releases import Release
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import GEO, SEX, request, rules, table


def faults(tables: Any, hierarchies: Any = (GEO,), **about: Any) -> list[str]:
    with pytest.raises(BadInput) as caught:
        build(request(tables, hierarchies, **about))
    return caught.value.say("en").splitlines()


def test_a_total_that_does_not_add_up_names_its_equation():
    assert faults(table({"T": 21, "A": 12, "B": 8}, "geo")) == ["n: geo T = Σ geo: does not add up (tolerance 0)"]


def test_values_are_said_where_everybody_knows_them():
    (said,) = faults(table({"T": 21, "A": 12, "B": 8}, "geo", publicity="public"))
    assert said.endswith(": 21, 12, 8")


def test_one_confidential_cell_in_the_equation_keeps_all_values_unsaid():
    public = table({"T": 21, "A": 12}, "geo", name="p", publicity="public")
    assert faults([public, table({"B": 8}, "geo", name="c")])[0].endswith("(tolerance 0)")


def test_a_source_may_differ_by_its_tolerance_and_no_more():
    build(request(table({"T": 21, "A": 12, "B": 8}, "geo", tolerance=1)))
    assert "does not add up (tolerance 1)" in faults(table({"T": 22, "A": 12, "B": 8}, "geo", tolerance=1))[0]


def test_one_cell_with_two_values_names_both_tables():
    one = table({"T": 20, "A": 12, "B": 8}, "geo", name="one.csv")
    other = table({"T": 19}, "geo", name="other.csv")
    assert faults([one, other]) == ["n: geo T has two values, in one.csv, other.csv"]
    twice = Table("t", pl.DataFrame({"geo": ["T", "A", "A"], "n": [3, 3, 2]}))
    assert faults(twice)[0] == "n: geo A has two values, in t"


def test_negative_and_fractional_counts_of_undivided_units_are_refused():
    frame = pl.DataFrame({"geo": ["T", "A", "B"], "n": [3.5, -2.0, 5.5]})
    said = faults(Table("t", frame))
    assert said[0] == "table t: n: geo A is negative"
    assert said[1].startswith("table t: n: geo T is no whole number; divided units need `decimals`")
    assert len(said) == 3


def test_divided_and_signed_measures_may_be_so():
    means = rules({"n": {"class": "social", "decimals": 1, "signed": True}})
    build(request(Table("t", pl.DataFrame({"geo": ["T", "A", "B"], "n": [3.5, -2.0, 5.5]})), rules=means))
    assert faults(Table("t", pl.DataFrame({"geo": ["T", "A"], "n": [3.25, 3.25]})), rules=means)


def test_a_missing_margin_and_a_missing_part_name_equation_and_cell():
    assert faults(table({"A": 12, "B": 8}, "geo")) == ["n: geo T = Σ geo: n: geo T is missing"]
    rows: dict[Any, int] = {("T", "m"): 5, ("T", "w"): 6, ("T", "T"): 11, ("A", "T"): 11, ("A", "m"): 5}
    said = faults(table(rows, "geo", "sex"), [GEO, SEX])
    assert "n: geo A, sex T = Σ sex: n: geo A, sex w is missing" in said


def test_zeros_may_be_left_out_but_no_margin_above_a_count():
    build(request(table({"T": 12, "A": 12}, "geo"), absent="zero"))
    assert faults(table({"A": 12}, "geo"), absent="zero") == ["n: geo T = Σ geo: n: geo T is missing"]


def test_unknown_and_empty_codes_are_counted():
    ages = Hierarchy.from_tree("geo", {"T": ["A", "B"]})
    frame = pl.DataFrame({"geo": ["T", "A", "C", "C", None], "n": [1, 1, 1, 1, 1]})
    assert faults(Table("t", frame), [ages]) == [
        "table t: geo is empty in 1 rows",
        "table t: geo=C is in no hierarchy of geo (2 rows)",
    ]


def test_a_column_that_nobody_declared_is_no_dimension():
    frame = pl.DataFrame({"geo": ["T"], "name": ["City"], "n": [5]})
    assert "column name is neither a measure (rules) nor a dimension" in faults(Table("t", frame))[0]


def test_a_table_without_a_dimension_needs_a_total_to_stand_for():
    day = Hierarchy.none("day")
    dated = table({("A", "1 May"): 5}, "geo", "day", name="dated")
    assert "has no column day" in faults([dated, table({"A": 5}, "geo", name="bare")], [Hierarchy.none("geo"), day])[0]


def test_a_measure_without_a_rule_is_refused():
    nothing = rules({"n": {"class": "establishment"}})
    assert faults(table({"T": 5}, "geo"), rules=nothing) == [
        "measure n: no rule for the tier public; nothing is published without one"
    ]
    assert "no column is a measure" in faults(Table("t", pl.DataFrame({"geo": ["T"], "m": [1]})))[0]


def test_what_no_number_and_no_status_is_is_named_by_its_cell():
    frame = pl.DataFrame({"geo": ["T", "A", "B", "C"], "n": ["9", "x", "", "4"], "status": ["A", "A", "A", "Q"]})
    assert faults(Table("t", frame)) == [
        "table t: n: geo A is no number",
        "table t: n: geo B has neither value nor status (Q: withheld by the publisher)",
        "table t: n: geo C is withheld by its publisher (Q) and has a value nevertheless",
    ]


def test_a_cell_that_was_refused_breaks_no_sum_and_other_sums_are_still_looked_at():
    frame = pl.DataFrame(
        {"geo": ["T", "A", "B"] * 2, "sex": ["m"] * 3 + ["w"] * 3, "n": ["9", "x", "4", "7", "3", "3"]}
    )
    sexes = Hierarchy.none("sex")
    assert faults(Table("t", frame), [GEO, sexes]) == [
        "table t: n: geo A, sex m is no number",
        "n: geo T, sex w = Σ geo: does not add up (tolerance 0)",
    ]


def test_withheld_cells_that_nothing_completes_name_the_equations():
    rows = {"T": 30, "A": "Q", "B": "Q", "C": 20}
    said = faults(table(rows, "geo", publicity="public", agency=(1, 3)))
    assert said == ["no whole numbers for the cells withheld by their publisher satisfy: n: geo T = Σ geo"]


def test_one_cell_has_one_method_in_tables_and_in_releases():
    exact, rounded = table({"T": 9}, "geo", name="exact"), table({"T": 9}, "geo", name="rounded", base=5)
    assert faults([exact, rounded]) == ["n: geo T: exact in exact, rounded in rounded; a cell has one method only"]
    cells = pl.DataFrame(
        {"measure": "n", "geo": ["T"], "value": [9], "published": [True], "rounding": [0], "shown": [None]}
    )
    assert "one method only" in faults(table({"T": 9}, "geo", base=5), earlier=[Release("March", cells)])[0]


def test_a_base_must_cover_what_the_rule_calls_small():
    assert faults(table({"T": 9}, "geo", base=3)) == ["n: rounding to 3 does not cover counts below 5"]


def test_zeros_go_one_way_in_everything_that_is_linked():
    both = rules({"n": {"class": "social"}, "m": {"class": "social", "tiers": {"public": {"zeros": "protected"}}}})
    frame = pl.DataFrame({"geo": ["T"], "n": [9], "m": [8]})
    assert "linked tables need one way" in faults(Table("t", frame), rules=both)[0]


def test_a_part_that_exceeds_its_whole_is_named():
    both = rules({"n": {"class": "social", "within": "pop"}, "pop": {"class": "personal"}})
    frame = pl.DataFrame({"geo": ["T"], "n": [9], "pop": [8]})
    assert faults(Table("t", frame), rules=both) == ["n: geo T exceeds pop: geo T"]


def test_facts_must_speak_of_cells_and_fit_them():
    n = {"measure": "n"}
    wrong = [
        Linear(((1, {**n, "geo": "A"}),), 5, 5, "five"),
        Ratio({**n, "geo": "X"}, {**n, "geo": "T"}, "60.0", 1, name="share"),
    ]
    said = faults(table({"T": 20, "A": 12, "B": 8}, "geo"), facts=wrong)
    assert said == ["five: does not agree with the cells", "share: there is no cell measure n, geo X"]


def test_a_cell_that_must_stay_must_not_be_small():
    about = {"measure": "n", "geo": "A"}
    assert "is always to be published" in faults(table({"T": 10, "A": 2, "B": 8}, "geo"), keep=[about])[0]


def test_many_faults_come_together_and_are_counted():
    frame = pl.DataFrame({"geo": [f"{n:03d}" for n in range(50)], "n": [-1] * 50})
    said = faults(Table("t", frame))
    assert len(said) == 21
    assert said[-1] == "… (+ 30)"
    with pytest.raises(BadInput) as caught:
        build(request(Table("t", frame)))
    assert "ist negativ" in caught.value.say("de")


def out(**columns: list[Any]) -> Release:
    about = {"published": True, "rounding": 0, "shown": None}
    return Release(
        "March", pl.DataFrame(columns).with_columns(**{name: pl.lit(value) for name, value in about.items()})
    )


def test_nothing_that_is_out_is_left_out_in_silence():
    tree = Hierarchy.from_tree("geo", {"T": ["A", "B"]})
    present = table({"T": 20, "A": 12, "B": 8}, "geo")
    gone = out(measure=["n", "n"], geo=["A", "OLD"], value=[12, 3])
    assert faults(present, [tree], earlier=[gone]) == ["table March: geo=OLD is in no hierarchy of geo (1 rows)"]
    by_sex = out(measure=["n"], geo=["A"], sex=["m"], value=[5])
    assert "the column sex is neither" in faults(present, [tree], earlier=[by_sex])[0]


def test_a_dimension_and_a_measure_of_a_release_count_though_no_table_has_them():
    both = rules({"n": {"class": "social"}, "m": {"class": "social"}})
    by_sex = out(measure=["n", "n", "m"], geo=["A", "A", "A"], sex=["m", "w", "T"], value=[5, 7, 9])
    made = build(request(table({"T": 20, "A": 12, "B": 8}, "geo"), [GEO, SEX], rules=both, earlier=[by_sex]))
    names = list(made.system.names)
    assert "n: geo A, sex m (old value)" in names
    assert "m: geo A, sex T (old value)" in names
    assert "n: geo A, sex T = Σ sex" in list(made.system.relation_names), "a sum over cells of two releases"
