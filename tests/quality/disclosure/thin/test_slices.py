# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What an unsafe cell takes with it: its slice, what would add up to it, and what a public table leaves open."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from quality.disclosure.door import judge
from quality.disclosure.rules import load_rules
from quality.disclosure.thin.slices import Tree
from tests.quality import tables
from tests.quality.tables import CITY, cell, made

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]


def withheld(rows: list[dict[str, Any]], tier: str = "public") -> set[str]:
    judged = judge(tables.cells(rows), load_rules(), tier)
    return {name.removesuffix("|register") for name in judged.filter("withheld")["cell"]}


def names(*places: tuple[str, str], year: str = "2023") -> set[str]:
    return {f"pop[{dims}]|{area}|2023|{year}" for area, dims in places}


def city(**fields: Any) -> list[dict[str, Any]]:
    """A city of three districts, safe everywhere: totals, women and men."""
    rows = []
    for number, area in enumerate(DISTRICTS, 4):
        rows += [cell(area, 20.0 * number, dims=dims, **fields) for dims in ("sex=f", "sex=m")]
        rows += [cell(area, 40.0 * number, **fields)]
    rows += [cell(CITY, 300.0, dims=dims, **fields) for dims in ("sex=f", "sex=m")]
    return [*rows, cell(CITY, 600.0, **fields)]


def change(rows: list[dict[str, Any]], area: str, dims: str, **fields: Any) -> list[dict[str, Any]]:
    """Change one cell; its year is the first of that place."""
    place = next(n for n, row in enumerate(rows) if (row["area"], row["dims"]) == (area, dims))
    rows[place] = cell(**(rows[place] | fields))
    return rows


def make_small(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One district has two women; sums stay true."""
    change(rows, DISTRICTS[0], "sex=f", value=2.0)
    change(rows, DISTRICTS[0], "sex=m", value=158.0)
    change(rows, CITY, "sex=f", value=222.0)
    return change(rows, CITY, "sex=m", value=378.0)


def test_safe_cells_are_published():
    assert withheld(city()) == set()


def test_one_unsafe_cell_takes_the_breakdown_of_all_districts_with_it_but_no_total():
    everybody = {(area, dims) for area in DISTRICTS for dims in ("sex=f", "sex=m")}
    assert withheld(make_small(city())) == names(*everybody)


def test_a_finer_breakdown_is_withheld_too():
    fine = [cell(area, 10.0, dims=f"age={age};sex=f") for area in DISTRICTS for age in ("0-17", "18+")]
    rows = make_small(city()) + fine
    assert {one["cell"].removesuffix("|register") for one in fine} <= withheld(rows)


def test_a_small_total_takes_every_breakdown_of_the_districts_with_it():
    rows = [cell(DISTRICTS[0], 1.0), cell(DISTRICTS[1], 50.0), cell(CITY, 51.0)]
    rows += [cell(area, 25.0, dims="sex=f") for area in DISTRICTS[:2]]
    assert withheld(rows) == names(
        (DISTRICTS[0], ""), (DISTRICTS[1], ""), (DISTRICTS[0], "sex=f"), (DISTRICTS[1], "sex=f")
    )


def test_below_a_withheld_area_the_same_breakdown_is_withheld():
    rows = [cell("15001", 2.0), cell("15002", 50.0), cell("15", 52.0)]
    rows += [cell("15002001", 20.0), cell("15002002", 30.0), cell("15002001", 9.0, dims="sex=f")]
    below = {("15002001", ""), ("15002002", ""), ("15002001", "sex=f")}
    assert withheld(rows) == names(("15001", ""), ("15002", ""), *below)


def test_below_a_withheld_area_also_where_a_level_between_was_not_delivered():
    rows = [cell("15001", 2.0), cell("15002", 50.0), cell("15", 52.0)]
    rows += [cell("15002001-01", 20.0), cell("15002001-02", 30.0)]
    assert names(("15002001-01", ""), ("15002001-02", "")) <= withheld(rows)


def test_a_region_above_one_kreis_does_not_give_it_away():
    """Both levels stand below the Land: the government region with one Kreis is that Kreis."""
    rows = [cell("15001", 2.0, dims="sex=f"), cell("15001", 40.0, dims="sex=m"), cell("15001", 42.0)]
    rows += [cell("15101", 30.0, dims=dims) for dims in ("sex=f", "sex=m")] + [cell("15101", 60.0)]
    rows += [cell("150", 42.0), cell("150", 2.0, dims="sex=f"), cell("150", 40.0, dims="sex=m")]
    found = withheld(rows)
    assert names(("150", "sex=f"), ("150", "sex=m"), ("15101", "sex=f")) <= found


def test_where_the_parents_figure_is_missing_the_rest_of_the_land_must_not_leave_it():
    """Two Kreise without figures: Gemeinden of one, less those of the other, from the Land."""
    rows = [cell("15001001", 2.0), cell("15002001", 30.0), cell("15002002", 40.0), cell("15", 72.0)]
    assert withheld(rows) == names(("15001001", ""), ("15002001", ""), ("15002002", ""))


def test_where_the_slice_is_one_area_its_parent_is_withheld_as_well():
    rows = [cell("15001001", 50.0), cell("15001001", 49.0, dims="sex=f")]
    rows += [cell("15001", 50.0, dims="sex=f"), cell("15002", 60.0, dims="sex=f")]
    assert names(("15001", "sex=f"), ("15002", "sex=f")) <= withheld(rows)


def test_a_year_is_withheld_with_its_quarters_and_months():
    rows = [cell(area, 50.0, period=period) for area in DISTRICTS for period in ("2023", "2023-Q1", "2023-01", "2022")]
    change(rows, DISTRICTS[1], "", value=1.0, period="2023")
    found = withheld(rows)
    assert {name.rsplit("|", 1)[1] for name in found} == {"2023", "2023-Q1", "2023-01"}
    assert len(found) == 9


def test_cells_made_of_withheld_cells_are_withheld_however_many_steps_away():
    rows = [cell(area, 50.0, period=period) for area in DISTRICTS for period in ("2022", "2023")]
    change(rows, DISTRICTS[1], "", value=1.0)
    before, now = (
        next(row for row in rows if row["area"] == DISTRICTS[0] and row["period"] == year) for year in ("2022", "2023")
    )
    mean = made("pop_mean", [(0.5, before), (0.5, now)], relation="periods")
    change_of_mean = made("pop_total - pop_mean", [(1.0, now), (-1.0, mean)])
    assert {"pop_mean", "pop_total - pop_mean"} <= {
        name.split("|")[0] for name in withheld([*rows, mean, change_of_mean])
    }


def test_a_cell_made_of_one_that_may_not_enter_the_tier_is_withheld():
    hidden = cell(CITY, 50.0, meaning="evidence")
    total = made("2 * pop", [(2.0, hidden)], meaning="stated")
    assert withheld([hidden, total]) == {f"2 * pop|{CITY}|2023|2023"}


def test_the_citys_total_stays_although_its_districts_are_withheld():
    districts = [cell(area, value) for area, value in zip(DISTRICTS, (2.0, 50.0, 60.0), strict=True)]
    total = made(
        "pop[]", [(1.0, one) for one in districts], relation="areas", area=CITY, area_level="gemeinde", parent="15003"
    )
    assert withheld([*districts, total | {"value": 112.0}]) == names(*((area, "") for area in DISTRICTS))


def test_breakdowns_by_two_dimensions_go_everywhere_once_one_of_them_is_unsafe():
    """Men and women by age in the districts, with both margins and the city's own table, can pin a cell."""
    crossed = [
        cell(area, 30.0, dims=dims) for area in (*DISTRICTS, CITY) for dims in ("age=0-17;sex=f", "age=18+;sex=f")
    ]
    rows = change(city() + crossed, DISTRICTS[0], "age=0-17;sex=f", value=1.0)
    found = withheld(rows)
    assert names((CITY, "age=0-17;sex=f"), (CITY, "age=18+;sex=f")) <= found
    assert not names((CITY, "sex=f"), (DISTRICTS[0], "sex=f")) & found


# --- public tables ---


def test_public_cells_are_never_withheld():
    rows = make_small(city(publicity="public"))
    assert withheld(rows) == set()


def test_what_an_agency_withheld_stays_withheld():
    assert withheld(change(city(publicity="public"), DISTRICTS[0], "sex=f", value=None, obs_status="Q")) == names(
        (DISTRICTS[0], "sex=f")
    )


def test_what_would_give_an_agencys_cell_away_is_withheld():
    kreise = [cell("15001", None, publicity="public"), cell("15002", 50.0, publicity="public")]
    gemeinden = [cell("15001001", 20.0), cell("15001002", 30.0)]
    assert names(("15001001", ""), ("15001002", "")) <= withheld([*kreise, *gemeinden])


def test_a_breakdown_that_is_partly_public_takes_its_margins_along():
    """Men are public: with the total published, the women of the district follow."""
    rows = make_small(city())
    for area in DISTRICTS:
        change(rows, area, "sex=m", publicity="public")
    found = withheld(rows)
    assert names((DISTRICTS[0], ""), (DISTRICTS[0], "sex=f"), (CITY, "sex=f")) <= found


def test_a_public_breakdown_of_the_city_leaves_only_totals_of_the_districts():
    rows = make_small(city())
    rows += [cell(CITY, 30.0, dims="nationality=foreign;sex=f", publicity="public")]
    rows += [cell(area, 30.0, dims="nationality=foreign") for area in DISTRICTS]
    found = withheld(rows)
    assert names((DISTRICTS[0], "nationality=foreign")) <= found
    assert not names((DISTRICTS[0], "")) & found


# --- tiers ---


def test_what_internal_withholds_public_withholds_although_it_would_not_have_seen_the_reason():
    rows = change(make_small(city()), DISTRICTS[0], "sex=f", meaning="evidence")
    change(rows, DISTRICTS[0], "sex=m", value=157.0, meaning="evidence")
    internal, public = withheld(rows, "internal"), withheld(rows, "public")
    assert names((DISTRICTS[1], "sex=f")) <= internal
    assert internal & set(withheld_and_shown(rows, "public")) <= public


def withheld_and_shown(rows: list[dict[str, Any]], tier: str) -> list[str]:
    return [name.removesuffix("|register") for name in judge(tables.cells(rows), load_rules(), tier)["cell"]]


def test_worked_out_meanings_do_not_reach_the_public_tier():
    rows = [cell(CITY, 50.0, meaning="evidence"), cell("15003", 50.0)]
    assert set(withheld_and_shown(rows, "public")) == names(("15003", ""))
    assert set(withheld_and_shown(rows, "internal")) == names(("15003", ""), (CITY, ""))


@pytest.mark.parametrize(
    "fields",
    [
        {"concept": "svb_work", "class": "establishment"},
        {"concept": "unemp_rate", "class": "social"},
        {"concept": "disp_income", "class": "personal"},
    ],
)
def test_confidential_figures_without_a_rule_do_not_pass_at_all(fields):
    assert withheld_and_shown([cell(CITY, 50.0, **fields)], "internal") == []
    assert len(withheld_and_shown([cell(CITY, 50.0, **fields, publicity="public")], "public")) == 1


def test_the_tree_knows_what_lies_between():
    tree = Tree.of([("15003000-01", "stadtteil", "15003000"), ("15001", "kreis", None)])
    assert list(tree.chain("15003000-01")) == ["15003000-01", "15003000", "15003", "15", "DG"]
    assert tree.children["15"] == ["15003", "15001"]


def test_the_order_of_cells_does_not_matter():
    rows = [*make_small(city()), cell(CITY, 30.0, dims="nationality=foreign;sex=f", publicity="public")]
    frame = tables.cells(rows)
    one, other = (judge(cells, load_rules(), "public").sort("cell") for cells in (frame, frame.reverse()))
    assert one.equals(other)
    assert one.filter(pl.col("withheld")).height > 0
