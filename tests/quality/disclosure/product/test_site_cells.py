# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What an unsafe cell takes with it in a site: as little as there can be, and never too little."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from quality.disclosure.door import judge
from quality.disclosure.rules import load_rules
from tests.quality import tables
from tests.quality.tables import CITY, cell, made

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]


def withheld(rows: list[dict[str, Any]], tier: str = "public") -> set[str]:
    judged = judge(tables.cells(rows), load_rules(), tier).cells
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


def test_a_cell_made_of_one_that_may_not_enter_the_tier_is_withheld():
    hidden = cell(CITY, 50.0, meaning="evidence")
    total = made("2 * pop", [(2.0, hidden)], meaning="stated")
    assert withheld([hidden, total]) == {f"2 * pop|{CITY}|2023|2023"}


def test_an_unsafe_cell_is_covered_by_as_little_as_there_can_be():
    covered = {(area, dims) for area in DISTRICTS[:2] for dims in ("sex=f", "sex=m")}
    assert withheld(make_small(city())) == names(*covered)


def test_ages_that_end_alike_do_not_give_away_what_lies_between():
    """Ages 0-5 less ages 0-2 are two children, whom no cell holds."""
    rows = [cell(CITY, 900.0), cell(CITY, 40.0, dims="age=0-2"), cell(CITY, 42.0, dims="age=0-5")]
    assert len(withheld(rows) & names((CITY, "age=0-2"), (CITY, "age=0-5"))) >= 1


def test_a_margin_that_no_cell_holds_is_an_equation_all_the_same():
    """All ages of foreigners and all of Germans are the total, though no cell holds either of them."""
    values = {("0-17", "german"): 30.0, ("0-17", "foreign"): 20.0, ("18+", "german"): 40.0, ("18+", "foreign"): 2.0}
    rows = [cell(CITY, value, dims=f"age={age};nationality={who}") for (age, who), value in values.items()]
    assert len(withheld([*rows, cell(CITY, 92.0)])) >= 2


def test_a_region_above_one_kreis_does_not_give_it_away():
    """Both levels stand below the Land: the government region with one Kreis is that Kreis."""
    rows = [cell("15001", 2.0, dims="sex=f"), cell("15001", 40.0, dims="sex=m"), cell("15001", 42.0)]
    rows += [cell("15101", 30.0, dims=dims) for dims in ("sex=f", "sex=m")] + [cell("15101", 60.0)]
    rows += [cell("150", 42.0), cell("150", 2.0, dims="sex=f"), cell("150", 40.0, dims="sex=m")]
    assert names(("150", "sex=f"), ("15001", "sex=f")) <= withheld(rows)


def test_where_the_parents_figure_is_missing_the_rest_of_the_land_must_not_leave_it():
    """Two Kreise without figures: the Gemeinden of both are the Land."""
    rows = [cell("15001001", 2.0), cell("15002001", 30.0), cell("15002002", 40.0), cell("15", 72.0)]
    found = withheld(rows)
    assert names(("15001001", "")) < found and len(found) == 2


def test_districts_stand_for_their_city_where_it_has_no_figure():
    """The Land is one Gemeinde and the districts of a city that has no figure itself."""
    rows = [cell("15001000", 2.0), cell("15", 82.0)]
    rows += [cell(area, value) for area, value in zip(DISTRICTS, (20.0, 25.0, 35.0), strict=True)]
    assert len(withheld(rows)) >= 2


def test_the_last_quarter_of_a_stock_is_its_year():
    rows = [cell(area, value, period=period) for area, value in zip(DISTRICTS, (2.0, 50.0, 60.0), strict=True)
            for period in ("2023", "2023-Q4", "2023-12")]  # fmt: skip
    year = cell(CITY, 112.0)
    small = names((DISTRICTS[0], "")) | {f"pop[]|{DISTRICTS[0]}|2023|{period}" for period in ("2023-Q4", "2023-12")}
    assert withheld([*rows, year]) == small | names((CITY, ""))  # cheaper than another district in all three periods
    assert withheld([*rows, year | {"publicity": "public"}]) - small == {
        f"pop[]|{DISTRICTS[1]}|2023|{period}" for period in ("2023", "2023-Q4", "2023-12")
    }


def test_cells_made_of_withheld_cells_are_withheld_however_many_steps_away():
    rows = [cell(area, 50.0, period=period) for area in DISTRICTS for period in ("2022", "2023")]
    change(rows, DISTRICTS[0], "", value=1.0, period="2023")
    before, now = rows[1] | {"value": 50.0}, rows[0]
    mean = made("pop_mean", [(0.5, before), (0.5, now)], relation="periods")
    change_of_mean = made("pop_total - pop_mean", [(1.0, before), (-1.0, mean)])
    assert {"pop_mean", "pop_total - pop_mean"} <= {
        name.split("|")[0] for name in withheld([*rows, mean, change_of_mean])
    }


def test_everybody_of_an_area_is_a_small_rest_of_nobody():
    """All unemployed of a district are women: neither the men nor what leaves them is shown."""
    rows = [cell(area, value, concept="unemp", dims=dims) for area, of in zip(DISTRICTS, ((30, 0), (25, 20), (40, 35)),
            strict=True) for dims, value in (("sex=f", float(of[0])), ("sex=m", float(of[1])))]  # fmt: skip
    rows += [cell(area, value, concept="unemp") for area, value in zip(DISTRICTS, (30.0, 45.0, 75.0), strict=True)]
    here = {name.split("|")[0] for name in withheld(rows) if f"|{DISTRICTS[0]}|" in name}
    assert "unemp[sex=m]" in here and len(here) >= 2


def test_the_citys_total_stays_although_districts_are_withheld():
    districts = [cell(area, value) for area, value in zip(DISTRICTS, (2.0, 50.0, 60.0), strict=True)]
    total = made(
        "pop[]", [(1.0, one) for one in districts], relation="areas", area=CITY, area_level="gemeinde", parent="15003"
    )
    assert withheld([*districts, total | {"value": 112.0}]) == names(*((area, "") for area in DISTRICTS[:2]))


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
    assert names(("15001001", ""), ("15001002", "")) & withheld([*kreise, *gemeinden])


def test_a_breakdown_that_is_partly_public_takes_its_margins_along():
    """Men are public: with the total published, the women of the district follow."""
    rows = make_small(city())
    for area in DISTRICTS:
        change(rows, area, "sex=m", publicity="public")
    assert names((DISTRICTS[0], ""), (DISTRICTS[0], "sex=f")) <= withheld(rows)


# --- tiers ---


def test_what_internal_withholds_public_withholds_although_it_would_not_have_seen_the_reason():
    rows = change(make_small(city()), DISTRICTS[0], "sex=f", meaning="evidence")
    change(rows, DISTRICTS[0], "sex=m", value=157.0, meaning="evidence")
    internal, public = withheld(rows, "internal"), withheld(rows, "public")
    assert names((DISTRICTS[1], "sex=f")) <= internal
    assert internal & set(withheld_and_shown(rows, "public")) <= public


def withheld_and_shown(rows: list[dict[str, Any]], tier: str) -> list[str]:
    return [name.removesuffix("|register") for name in judge(tables.cells(rows), load_rules(), tier).cells["cell"]]


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


def test_the_order_of_cells_does_not_matter():
    rows = [*make_small(city()), cell(CITY, 30.0, dims="nationality=foreign;sex=f", publicity="public")]
    frame = tables.cells(rows)
    one, other = (judge(cells, load_rules(), "public").cells for cells in (frame, frame.reverse()))
    assert one.equals(other)
    assert one.filter(pl.col("withheld")).height > 0
