# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Sums over groups, districts and months in any mixture are the plain sum of what was delivered, or are not there."""

from __future__ import annotations

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raw.vocabulary.measures import measures
from raw.vocabulary.relations import Relation, relations
from tests.quality import tables
from tests.quality.tables import CITY, observation

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]
AREAS = tables.areas("15", "15003", CITY, *DISTRICTS)
SEXES = ("sex=m", "sex=f")
Figures = dict[tuple[str, str, str], float | None]
few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MONTHS = [f"2023-{month:02d}" for month in range(1, 13)]
PLACES = [(area, month, sex) for area in DISTRICTS for month in MONTHS for sex in SEXES]


@st.composite
def deliveries(draw: st.DrawFn) -> Figures:
    """A figure for nearly every district, month and sex; a few withheld (None), a few not delivered."""
    values = draw(st.lists(st.integers(0, 500), min_size=len(PLACES), max_size=len(PLACES)))
    figures: Figures = {place: float(value) for place, value in zip(PLACES, values, strict=True)}
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=2, unique=True)):
        figures[place] = None
    for place in draw(st.lists(st.sampled_from(PLACES), max_size=2, unique=True)):
        figures.pop(place)
    return figures


def expected(figures: Figures, areas: list[str], months: list[str]) -> tuple[float | None, str] | None:
    """Value and status by plain addition; None if a part is missing."""
    wanted = [(area, month, sex) for area in areas for month in months for sex in SEXES]
    if not set(wanted) <= set(figures):
        return None
    values = [figures[place] for place in wanted]
    return (None, "Q") if None in values else (sum(value for value in values if value is not None), "A")


@few
@given(deliveries())
def test_births_of_a_district_a_city_a_quarter_and_a_year_are_plain_sums(form, figures: Figures):
    rows = [
        observation(
            area, value, measure="births", period=month, dims=sex, cell=f"Sheet 1!{'B' if sex == 'sex=m' else 'C'}{n}"
        )
        for n, ((area, month, sex), value) in enumerate(figures.items(), 2)
    ]
    cells = form(rows, "births", areas=AREAS)
    found = {(row["area"], row["period"]): (row["value"], row["obs_status"]) for row in cells.iter_rows(named=True)}
    spans = {"2023": MONTHS, "2023-Q2": MONTHS[3:6], "2023-S2": MONTHS[6:], "2023-11": MONTHS[10:11]}
    for period, months in spans.items():
        for area, parts in {CITY: DISTRICTS, **{district: [district] for district in DISTRICTS}}.items():
            assert found.get((area, period)) == expected(figures, parts, months), (area, period)


def _holds(relation: Relation, values: dict[str, float]) -> bool:
    total = sum(term.coefficient * values[term.measure] for term in relation.parts)
    return total <= values[relation.whole] if relation.kind == "subset" else total == values[relation.whole]


ATOMS = [
    f"age={age};sex={sex}" for age in ("0-2", "3-5", "6-14", "15-17", "18-24", "25-64", "65-79", "80+") for sex in "mf"
]


@few
@given(st.lists(st.lists(st.integers(0, 90), min_size=len(ATOMS), max_size=len(ATOMS)), min_size=3, max_size=3))
def test_relations_hold_between_cells_of_each_district_and_of_their_sum(form, counts):
    rows = [
        observation(area, float(value), dims=dims, cell=f"Sheet 1!B{n}{m}")
        for n, (area, values) in enumerate(zip(DISTRICTS, counts, strict=True), 2)
        for m, (dims, value) in enumerate(zip(ATOMS, values, strict=True))
    ]
    names = ["pop_total", "pop_m", "pop_f", "pop_0_2", "pop_0_5", "pop_0_17", "pop_15_64", "pop_65_plus", "pop_80_plus"]
    cells = form(rows, *names, areas=AREAS)
    derived = [
        one
        for one in relations({name: measures()[name] for name in names})
        if one.exact and one.kind in ("subset", "partition")
    ]
    assert len(derived) > 8
    for area in (CITY, *DISTRICTS):
        values = dict(cells.filter(pl.col("area") == area).select("measure", "value").iter_rows())
        assert set(names) <= set(values)
        assert all(_holds(relation, values) for relation in derived), area
