# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Printed figures beside ours: equal, rounding, explained and put to the test, or openly unexplained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.checks.comparison import Comparison, compare, printed_decimals
from quality.checks.comparison_page import page
from raw.contract_files import load_sources
from raw.contracts import Source
from raw.differences import Difference
from tests.quality.tables import CITY, observation, observations, source
from transforms.catalogue.catalogue import load

CATALOGUE = load()
DENSITY = {"published": "pop_density", "unit": "persons_per_km2"}
COLUMNS = {
    "density": DENSITY,
    "total": {"concept": "pop"},
    "entitled": {"concept": "pop_entitled"},
    "per_ha": DENSITY | {"factor": 100},
}
REASON = {"de": "Grund", "en": "reason"}


def office(*differences: Mapping[str, Any], **settings: Any) -> dict[str, Source]:
    made = source(tables={"t1": {"columns": COLUMNS}}, **settings)
    listed = [Difference.model_validate({"table": "t1", "kpis": ["pop_density"], "reason": REASON} | one)
              for one in differences]  # fmt: skip
    return {"register": made.model_copy(update={"differences": listed})}


def printed(text: str, area: str = CITY, **fields: Any) -> dict[str, Any]:
    value = float(text) * (100 if fields.get("column") == "per_ha" else 1)
    return observation(
        area, value, measure="published.pop_density", **{"column": "density", "value_text": text} | fields
    )


def ours(numerator: float, denominator: float, area: str = CITY, **fields: Any) -> dict[str, Any]:
    row = {"kpi": "pop_density", "area": area, "area_vintage": "2023", "period": "2023", "basis": "register"}
    return row | {"numerator": numerator, "denominator": denominator, "value": numerator / denominator} | fields


def compared(
    theirs: list[dict[str, Any]], values: list[dict[str, Any]], sources: dict[str, Source] | None = None
) -> Comparison:
    return compare(observations(theirs), pl.DataFrame(values), sources or office(), CATALOGUE)


def classes(found: Comparison) -> list[str]:
    return found.rows["class"].to_list()


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("463", 462.885, "equal"),
        ("462", 462.885, "rounding"),
        ("464", 462.885, "unexplained"),
        ("462.9", 462.885, "equal"),
        ("462.8", 462.885, "rounding"),
        ("462.7", 462.885, "unexplained"),
        ("462.885", 462.885, "equal"),
    ],
)
def test_ours_is_rounded_to_the_decimals_that_they_print(text: str, value: float, expected: str):
    assert classes(compared([printed(text)], [ours(value * 100, 100)])) == [expected]


def test_a_figure_per_hectare_is_compared_per_square_kilometre_with_the_digits_it_shows():
    found = compared([printed("4.63", column="per_ha")], [ours(46_270, 100)])
    assert classes(found) == ["equal"]
    assert found.rows["theirs"].to_list() == [463.0]
    assert classes(compared([printed("4.63", column="per_ha")], [ours(46_500, 100)])) == ["unexplained"]


def test_what_we_have_no_value_for_is_counted_and_not_compared():
    other_basis = ours(46_300, 100, basis="fortschreibung_z2011")
    found = compared([printed("463")], [other_basis])
    assert classes(found) == ["no_value"]
    assert found.counts().select("printed", "compared", "no_value").row(0) == (1, 0, 1)
    assert found.largest().is_empty()


def test_an_explanation_counts_only_if_their_figure_comes_out_of_the_parts_it_names():
    entry = {"class": "definition", "instead": {"denominator": {"table": "t1", "columns": ["entitled"]}}}

    def theirs(entitled):
        return [printed("90"), observation(CITY, entitled, measure="pop_entitled", column="entitled")]

    held = compared(theirs(11.0), [ours(1000, 10)], office(entry))
    assert held.of("definition").select("tested", "reason_en").rows() == [(True, "reason")]
    assert held.stale == []
    refuted = compared(theirs(12.0), [ours(1000, 10)], office(entry))
    assert "unexplained" in classes(refuted)
    assert [entry.table for _, entry in refuted.stale] == ["t1"]


def test_a_whole_number_of_persons_says_nothing_where_the_figure_is_printed_roughly():
    entry = {"class": "basis", "whole_denominator": True}
    exact = f"{1_000_000 / 2_180_448:.14g}"
    assert classes(compared([printed(exact)], [ours(1_000_000, 2_150_000)], office(entry))) == ["basis"]
    assert classes(compared([printed("0.45")], [ours(1_000_000, 2_150_000)], office(entry))) == ["unexplained"]
    no_count = f"{1_000_000 / 2_180_448.5:.14g}"
    assert classes(compared([printed(no_count)], [ours(1_000_000, 2_150_000)], office(entry))) == ["unexplained"]


def test_parts_that_are_delivered_rounded_explain_no_more_than_their_rounding():
    """A population in hundreds on 3.1 km²: from 6,950 / 3.15 to 7,050 / 3.05 the printed density can be."""
    entry = {"class": "definition", "rounded": {"numerator": 100, "denominator": 0.1}}
    for figure, explained in {"2206": True, "2311": True, "2205": False, "2313": False}.items():
        found = compared([printed(figure)], [ours(7000, 3.1)], office(entry))
        assert classes(found) == ["definition" if explained else "unexplained"], figure


def test_parts_may_stand_in_another_year_or_in_a_month():
    def entry(**when):
        return {"class": "reference_date", "instead": {"denominator": {"table": "t1", "columns": ["total"]} | when}}

    parts = [observation(CITY, 8.0, period="2022"), observation(CITY, 4.0, period="2023-06")]
    values = [ours(1000, 10)]
    assert "reference_date" in classes(compared([printed("125"), *parts], values, office(entry(shift=-1))))
    assert "reference_date" in classes(compared([printed("250"), *parts], values, office(entry(month=6))))
    assert "unexplained" in classes(compared([printed("250"), *parts], values, office(entry(shift=-1))))


def test_an_explanation_of_other_areas_and_years_is_not_used_and_one_that_is_needed_no_more_is_stale():
    elsewhere = {"class": "source_error", "areas": ["05*"], "periods": ["2023"]}
    assert classes(compared([printed("90")], [ours(1000, 10)], office(elsewhere))) == ["unexplained"]
    here = {"class": "source_error", "areas": ["15*"], "periods": ["202?"]}
    assert classes(compared([printed("90")], [ours(1000, 10)], office(here))) == ["source_error"]
    corrected = compared([printed("100")], [ours(1000, 10)], office(here))
    assert classes(corrected) == ["equal"]
    assert len(corrected.stale) == 1


def test_a_contract_that_names_no_kpi_or_another_unit_is_refused():
    wrong = source(tables={"t1": {"columns": {"a": {"published": "no_such_kpi", "unit": "percent"},
                                              "b": {"published": "pop_density", "unit": "percent"}}}})  # fmt: skip
    with pytest.raises(ValueError, match=r"(?s)no_such_kpi.*pop_density in percent"):
        compare(observations([]), pl.DataFrame([ours(1, 1)]), {"register": wrong}, CATALOGUE)


def test_every_printed_figure_of_the_product_is_a_kpi_in_its_unit():
    sources = load_sources()
    rules = [rule for one in sources.values() for table in one.tables.values() for rule in table.columns.values()]
    assert {rule.published for rule in rules if rule.published} >= {"pop_density", "disposable_income_pc", "birth_rate"}
    assert compare(observations([]), pl.DataFrame([ours(1, 1)]), sources, CATALOGUE).rows.is_empty()


def test_the_page_shows_no_figure_of_a_district_and_none_of_a_confidential_source():
    theirs = [printed("77", f"{CITY}-01"), printed("78")]
    values = [ours(8234, 100, f"{CITY}-01"), ours(8256, 100)]
    public = page(compared(theirs, values, office(publicity="public")))
    assert "ours 83, theirs 78" in public and "77" not in public and "82" not in public
    confidential = page(compared(theirs, values, office()))
    assert "78" not in confidential and "83" not in confidential
    assert "2 differences are unexplained" in confidential


@pytest.mark.parametrize(("text", "decimal", "count"), [("1.234,5", ",", 1), ("24.415", ",", 0), ("12.30", ".", 2)])
def test_decimals_are_those_of_the_text(text: str, decimal: str, count: int):
    assert printed_decimals(text, decimal) == count


@given(
    numerator=st.integers(1, 10**7), denominator=st.integers(1, 10**6), decimals=st.integers(0, 4),
    slip=st.integers(-3, 3),
)  # fmt: skip
def test_a_figure_that_is_rounded_from_ours_is_equal_and_one_that_is_two_digits_off_is_not(
    numerator: int, denominator: int, decimals: int, slip: int
):
    value = numerator / denominator
    text = f"{round(value, decimals) + slip * 10.0**-decimals:.{decimals}f}"
    (found,) = classes(compared([printed(text)], [ours(numerator, denominator)]))
    expected = {0: {"equal"}, 1: {"rounding", "unexplained", "equal"}}.get(abs(slip), {"unexplained"})
    assert found in expected
