# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables in, protected tables out: linked tables, releases and tiers are one system, and nothing goes out unproved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.disclosure.audit import audit
from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.registry import Request, build
from quality.disclosure.model.releases import Release
from quality.disclosure.model.tables import Table
from quality.disclosure.protect import NotProved, ProtectedTables, Rate, Unsafe, protect_tables
from tests.quality.disclosure.model.requests import GEO, SEX, linked_tables, request, rules, table
from tests.quality.disclosure.public_tables import Case, by_key, cases

YEARS = Hierarchy.flat("year", "all")
COUNTS = {
    "2021": {"A": 1, "B": 14, "C": 9, "D": 31},
    "2022": {"A": 12, "B": 3, "C": 25, "D": 30},
    "2023": {"A": 13, "B": 16, "C": 2, "D": 35},
    "2024": {"A": 11, "B": 12, "C": 8, "D": 4},
}


def yearly(*years: str, **changed: int) -> Table:
    rows: dict[Any, int] = {(area, year): n for year in years for area, n in COUNTS[year].items()}
    rows |= {("D", year.removeprefix("y")): n for year, n in changed.items()}
    return table(rows, "geo", "year", name="yearly")


def protect(tables: Any, hierarchies: Any = (GEO,), **about: Any) -> ProtectedTables:
    return protect_tables(request(tables, hierarchies, **about))


def test_what_goes_out_is_the_table_with_gaps() -> None:
    done = protect(table({"T": 60, "A": 2, "B": 18, "C": 40}, "geo"))
    out = done.tables["t"]
    assert out.columns == ["geo", "n", "status"]
    truth = {"T": 60, "A": 2, "B": 18, "C": 40}
    for geo, value, status in out.iter_rows():
        assert (value, status) in ((truth[geo], "A"), (None, "Q"))
    assert out.row(by_predicate=pl.col("geo") == "A") == ("A", None, "Q")
    assert out["n"].null_count() >= 2, "a single gap beside a total is none"
    assert done.counts == {"cells": 4, "withheld": out["n"].null_count()}


def test_primary_and_secondary_look_alike_outside_and_are_told_apart_in_the_certificate_only() -> None:
    done = protect(table({"T": 60, "A": 2, "B": 18, "C": 40}, "geo"))
    assert set(done.tables["t"]["status"]) == {"A", "Q"}
    certificate = done.certificate()
    assert certificate["needing_protection"] == 1
    assert certificate["secondary"] == certificate["withheld"] - 1
    assert certificate["finished"]


def test_years_and_their_total_are_one_system() -> None:
    done = protect(yearly("2021", "2022", "2023"), [GEO, YEARS], absent="form")
    assert done.findings.ok
    alone = [
        protect(yearly(year).frame.drop("year").pipe(lambda frame: Table("t", frame)), [GEO], absent="form")
        for year in ("2021", "2022", "2023")
    ]
    assert all(one.findings.ok for one in alone)
    together = build(request(yearly("2021", "2022", "2023"), [GEO, YEARS], absent="form"))
    hidden = {
        (area, year)
        for year, one in zip(("2021", "2022", "2023"), alone, strict=True)
        for area in one.tables["t"].filter(pl.col("status") == "Q")["geo"].to_list()
    }
    cells = together.cells()
    naive = np.array([key in hidden for key in cells.select("geo", "year").iter_rows()])
    pattern = np.zeros(len(together.system), np.bool_)
    pattern[together.now] = naive
    pattern |= together.system.always_withheld
    assert not audit(together.system, pattern).ok, "each year safe alone leaks through the total of all years"


def test_a_second_release_with_a_new_year_and_a_revision_gives_nothing_away_with_the_first() -> None:
    first = protect(yearly("2021", "2022", "2023"), [GEO, YEARS], absent="form")
    later = request(
        yearly("2021", "2022", "2023", "2024", y2022=33), [GEO, YEARS], absent="form", earlier=[first.release]
    )
    second = protect_tables(later)
    assert second.findings.ok
    system = second.registry.system
    out_first = first.release.cells.filter("published")
    known = second.registry.cells().join(out_first, on=["measure", "geo", "year"], how="inner")
    assert known.height
    same = known.filter(pl.col("value") == pl.col("value_right"))
    assert not second.withheld[same["cell"].to_numpy()].any(), "what is out stays known"
    assert any("old value" in name for name in system.names)


def test_what_is_out_already_may_leave_no_safe_pattern_and_that_is_said_with_the_cells() -> None:
    cells = pl.DataFrame(
        {"measure": "n", "geo": ["T", "A", "B"], "value": [20, 18, 2], "published": [True, True, False]}
    ).with_columns(pl.lit(0).alias("rounding"), pl.lit(None, pl.Int64).alias("shown"))
    with pytest.raises(Unsafe, match="n: geo B"):
        protect(table({"T": 20, "A": 18, "B": 2}, "geo"), earlier=[Release("spring", cells)])


def test_an_unsafe_cell_that_is_out_is_not_repeated_and_not_counted_as_protected() -> None:
    cells = pl.DataFrame(
        {"measure": "n", "geo": ["T", "A", "B"], "value": [20, 18, 2], "published": [True, True, True]}
    ).with_columns(pl.lit(0).alias("rounding"), pl.lit(None, pl.Int64).alias("shown"))
    done = protect(table({"T": 20, "A": 18, "B": 2}, "geo"), earlier=[Release("spring", cells)])
    assert done.tables["t"].rows() == [("A", 18, "A"), ("B", None, "Q"), ("T", 20, "A")]
    assert done.certificate()["unsafe_and_out_already"] == 1


def test_a_gap_of_the_publisher_stays_one_and_is_told_apart_by_nobody() -> None:
    agency = table({"T": 30, "A": "Q", "B": "Q", "C": 20}, "geo", name="agency", publicity="public")
    ours: dict[Any, int] = {("T", "m"): 14, ("T", "w"): 16, ("T", "T"): 30}
    own = table(ours, "geo", "sex", name="own")
    done = protect([agency, own], [GEO, SEX])
    assert done.tables["agency"].rows() == [("A", None, "Q"), ("B", None, "Q"), ("C", 20, "A"), ("T", 30, "A")]
    assert done.tables["own"]["n"].null_count() == 0
    assert done.release.cells.filter(pl.col("geo") == "A")["value"].to_list() == [None], "a completion is no fact"


def test_our_figures_do_not_make_an_agencys_gap_follow() -> None:
    agency = table({"T": 30, "A": "Q", "B": "Q"}, "geo", name="agency", publicity="public")
    ours: dict[Any, int] = {(area, sex): n for area, n in (("A", 9), ("B", 6)) for sex in "mw"}
    done = protect([agency, table(ours, "geo", "sex", name="own")], [GEO, SEX], absent="form")
    sums = done.tables["own"].group_by("geo").agg(pl.col("n").null_count()).filter(pl.col("geo") != "T")
    assert (sums["n"] > 0).all()


def test_cells_that_cannot_exist_are_known() -> None:
    frame = pl.DataFrame({"geo": ["T", "A", "B", "C"], "n": [30, None, 14, 16], "status": ["A", "M", "A", "A"]})
    done = protect(Table("t", frame))
    assert done.tables["t"].rows() == [("A", 0, "M"), ("B", 14, "A"), ("C", 16, "A"), ("T", 30, "A")]


def test_a_rate_goes_out_where_both_its_cells_do_and_the_denominator_is_large_enough() -> None:
    own = rules(
        {
            "n": {"class": "social", "within": "pop", "tiers": {"public": {"min_denominator": 50}}},
            "pop": {"class": "personal"},
        }
    )
    frame = pl.DataFrame({"geo": ["A", "B", "C", "D"], "n": [2, 10, 30, 11], "pop": [90, 40, 120, 300]})
    done = protect_tables(request(Table("t", frame), rules=own, absent="form"), [Rate.parse("q = n / pop * 1000")])
    out = done.tables["t"]
    assert out.filter(pl.col("n").is_null() | pl.col("pop").is_null() | (pl.col("pop") < 50))["q"].null_count() > 0
    shown = out.filter(pl.col("q").is_not_null())
    assert (shown["pop"] >= 50).all()
    assert shown["q"].to_list() == [round(1000 * n / pop, 1) for n, pop in shown.select("n", "pop").iter_rows()]


@pytest.mark.parametrize("text", ["q", "q=n", "=n/pop", "q=n/pop*x"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        Rate.parse(text)


def test_divided_units_come_out_as_they_came_in() -> None:
    means = rules({"n": {"class": "none", "decimals": 1}})
    frame = pl.DataFrame({"geo": ["T", "A", "B"], "n": [40.5, 20.0, 20.5]})
    assert protect(Table("t", frame), rules=means).tables["t"]["n"].to_list() == [20.0, 20.5, 40.5]


def test_what_was_solved_before_changes_nothing_and_neither_does_a_damaged_file(tmp_path: Path) -> None:
    asked = request(table({"T": 60, "A": 2, "B": 18, "C": 40}, "geo"))
    fresh = protect_tables(asked).withheld.tolist()
    assert protect_tables(asked, cache=tmp_path / "patterns").withheld.tolist() == fresh
    (kept,) = (tmp_path / "patterns").iterdir()
    again = protect_tables(asked, cache=tmp_path / "patterns")
    assert again.withheld.tolist() == fresh
    assert again.findings.ok
    kept.write_bytes(kept.read_bytes()[:40])
    assert protect_tables(asked, cache=tmp_path / "patterns").withheld.tolist() == fresh


@settings(max_examples=10, deadline=None)
@given(linked_tables(), st.sampled_from(["published", "protected"]))
def test_no_small_cell_is_left_and_what_is_left_is_true(made: tuple[list[Table], list[Hierarchy]], zeros: str) -> None:
    asked = Request(made[0], made[1], rules(zeros=zeros), absent="form")
    done = protect_tables(asked)
    truth = done.registry.cells()
    for one in made[0]:
        out = done.tables[one.name]
        assert out.filter(pl.col("n").is_between(1, 4)).is_empty()
        dimensions = [name for name in ("geo", "age", "sex") if name in out.columns]
        totals = [pl.col(name) == "T" for name in ("geo", "age", "sex") if name not in out.columns]
        beside = truth.filter(*totals) if totals else truth
        both = out.filter(pl.col("n").is_not_null()).join(beside, on=dimensions)
        assert (both["n"] == both["value"]).all()
        if zeros == "published":
            assert out.join(beside, on=dimensions).filter(pl.col("value") == 0)["n"].null_count() == 0


# --- the public tables of the field ---


def protected(case: Case) -> dict[str, float]:
    done = protect_tables(case.request())
    assert done.findings.ok
    for out in done.tables.values():
        assert out.filter(pl.col("n").is_between(1, 2)).is_empty()
    certificate = done.certificate()
    return {
        "cells": certificate["cells"],
        "needing protection": certificate["needing_protection"],
        "withheld": certificate["withheld"],
        "failing in the audit": certificate["failing"],
    }


def test_the_public_tables_of_the_field_are_protected_and_proved(experiment: Any, shared_data: Path) -> None:
    small = [case for case in cases(shared_data) if not case.large]
    experiment("public-linked-tables", small, protected, sample=6, key=by_key)


@pytest.mark.prove
def test_the_large_public_tables_are_protected_and_proved(experiment: Any, shared_data: Path) -> None:
    large = [case for case in cases(shared_data) if case.large]
    experiment("public-linked-tables-large", large, protected, key=by_key)


def rounded(case: Case) -> dict[str, float]:
    asked = case.request()
    tables = [replace(one, base=5) for one in asked.tables]
    done = protect_tables(replace(asked, tables=tables))
    assert done.findings.ok
    assert all((out["n"] % 5 == 0).all() for out in done.tables.values())
    assert done.counts["withheld"] == 0
    try:
        protect_tables(replace(asked, tables=[replace(one, additive=False) for one in tables]))
    except NotProved:
        return {"each by itself is refused": 1}
    return {"each by itself is refused": 0}


def test_figures_that_add_up_are_proved_on_every_public_table(experiment: Any, shared_data: Path) -> None:
    published = [case for case in cases(shared_data) if case.zeros == "published"]
    experiment("public-tables-rounded", published, rounded, sample=3, key=by_key)
