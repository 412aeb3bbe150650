# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Territories: which vintages of a key are one area, by hand."""

from __future__ import annotations

import polars as pl
import pytest

from quality.areas.crosswalk import CrosswalkError, crosswalk
from quality.areas.evidence import Evidence, read_evidence
from quality.areas.moves import CLASSES
from quality.areas.territory import timelines
from tests.quality.areas.tables import area_table, changes, evidence, register, sizes, step, territory_of, weights

A, B, C, M = "01001001", "01001002", "01001003", "01001009"


def test_a_merge_makes_another_territory_of_what_gives_and_what_receives_and_of_nothing_else():
    found = evidence(
        register("2020", (A, "A", 1), (B, "B", 1), (C, "C", 5)), steps=[step("2020", "2021", (A, B, 1), (B, B, 1))]
    )
    areas = area_table("gemeinde", v2019=f"{A} {B} {C}", v2020=f"{A} {B} {C}", v2021=f"{B} {C}", v2025=f"{B} {C}")
    assert territory_of(areas, found) == {
        (A, "2019"): "2019", (A, "2020"): "2019",
        (B, "2019"): "2019", (B, "2020"): "2019", (B, "2021"): "2021", (B, "2025"): "2021",
        (C, "2019"): "2019", (C, "2020"): "2019", (C, "2021"): "2019", (C, "2025"): "2019",
    }  # fmt: skip


def test_a_part_of_one_per_cent_is_a_change_and_a_name_is_none():
    listed = changes(
        ("1", A, B, ["2"], "2021-03-01", 1.0, 5.0), ("1", A, A, ["2"], "2021-03-01", 99.0, 495.0),
        ("2", C, C, ["4"], "2021-03-01"),
    )  # fmt: skip
    found = evidence(register("2020", (A, "A", 1), (B, "B", 1), (C, "C", 1)), changes=listed, listed=frozenset({2021}))
    areas = area_table("gemeinde", v2020=f"{A} {B} {C}", v2021=f"{A} {B} {C}")
    told = territory_of(areas, found)
    assert [told[key, "2021"] for key in (A, B, C)] == ["2021", "2021", "2020"]


def test_between_two_registers_a_vintage_belongs_to_both_if_they_agree_and_to_none_if_not():
    found = evidence(
        register("2010", (A, "A", 100), (B, "B", 100), (C, "C", 100)),
        register("2013", (A, "A", 100.4), (B, "B", 102), (C, "C", 50)),
    )
    areas = area_table("gemeinde", **{f"v{year}": f"{A} {B} {C}" for year in range(2009, 2016)})
    told = territory_of(areas, found)
    assert {told[A, str(year)] for year in range(2009, 2016)} == {"2009"}
    for key in (B, C):  # a change in one of three years, nobody knows which
        assert [told[key, str(year)] for year in range(2009, 2016)] == [
            "2009", "2009", "2011", "2012", "2013", "2013", "2013",
        ]  # fmt: skip


def test_what_publishers_state_goes_before_sizes_in_registers():
    found = evidence(
        register("2020", (A, "A", 100)), register("2021", (A, "A", 103)), steps=[step("2020", "2021", (A, A, 1))]
    )
    assert territory_of(area_table("gemeinde", v2020=A, v2021=A), found)[A, "2021"] == "2020"


def test_a_key_that_a_register_between_does_not_have_comes_back_as_another_area():
    found = evidence(
        register("2010", (A, "A", 1), (B, "B", 1)), register("2011", (B, "B", 1)),
        register("2012", (A, "Anders", 1), (B, "B", 1)),
    )  # fmt: skip
    told = territory_of(area_table("gemeinde", v2010=f"{A} {B}", v2012=f"{A} {B}"), found)
    assert (told[A, "2012"], told[B, "2012"]) == ("2012", "2010")


def test_where_no_register_speaks_nothing_indicates_a_change():
    areas = pl.concat([area_table("gemeinde", v2001=A, v2020=A), area_table("kreis", v2001="02", v2020="02")])
    assert set(territory_of(areas, Evidence()).values()) == {"2001"}
    partial = evidence(register("2010", (A, "A", 1)), register("2011", (A, "A", 1)))
    assert set(territory_of(area_table("gemeinde", v2001="02001001", v2020="02001001"), partial).values()) == {"2001"}


def test_electoral_areas_are_drawn_anew():
    told = territory_of(area_table("wahlkreis", v2017="DG-W1", v2021="DG-W1"), Evidence())
    assert told == {("DG-W1", "2017"): "2017", ("DG-W1", "2021"): "2021"}


def test_a_kreis_that_gives_a_gemeinde_is_divided_by_what_lived_there():
    given, remains, other = "01001001", "01001002", "01002001"
    new = "01002009"  # the Gemeinde's key in its new Kreis
    found = evidence(
        register("2020", (given, "G", 2), (remains, "R", 8), (other, "O", 5)),
        steps=[step("2020", "2021", (given, new, 1))],
        sizes=sizes(2020, area={given: 2, remains: 8, other: 5}, population={given: 300, remains: 700, other: 1}),
    )
    line = timelines(found)["kreis"]
    rows = {
        (one, to, name): round(weight, 12)
        for one, to, name, weight in line.moves[2021].rows.select(
            "from_area", "to_area", "weight_class", "weight"
        ).iter_rows()
    }  # fmt: skip
    assert rows == {
        ("01001", to, name): share
        for name in CLASSES
        for to, share in zip(("01001", "01002"), (0.8, 0.2) if name == "area" else (0.7, 0.3), strict=True)
    }
    areas = area_table("kreis", v2020="01001 01002", v2021="01001 01002")
    told = territory_of(areas, found)
    assert (told["01001", "2021"], told["01002", "2021"]) == ("2021", "2021")


def test_a_kreis_all_of_whose_gemeinden_go_to_one_kreis_goes_there_as_a_whole_without_any_size():
    found = evidence(
        register("2020", ("01001001", "G", 2), ("01001002", "R", 8), ("01002001", "O", 5)),
        steps=[step("2020", "2021", ("01001001", "01002011", 1), ("01001002", "01002012", 1))],
    )
    moves = timelines(found)["kreis"].moves[2021]
    assert set(moves.rows.select("from_area", "to_area", "weight").iter_rows()) == {("01001", "01002", 1.0)}
    assert not moves.open_origins


def test_a_kreis_divided_by_unknown_sizes_is_open():
    found = evidence(
        register("2020", ("01001001", "G", 2), ("01001002", "R", 8), ("01002001", "O", 5)),
        steps=[step("2020", "2021", ("01001001", "01002011", 1))],
    )
    moves = timelines(found)["kreis"].moves[2021]
    assert (moves.open_origins, moves.open_targets) == ({"01001"}, {"01001", "01002"})


def test_a_gemeindeverband_changes_with_its_gemeinden():
    ars = {
        year: pl.DataFrame(
            [(A, str(year), f"0100100{verband}0001"), (B, str(year), "010010022002")],
            schema=["area", "area_vintage", "ars"], orient="row",
        )
        for year, verband in ((2020, "11"), (2021, "22"))
    }  # fmt: skip
    found = evidence(register("2020", (A, "A", 1), (B, "B", 1)), regional=ars)
    areas = area_table("gemeindeverband", v2020="010010011 010010022", v2021="010010022")
    assert territory_of(areas, found)["010010022", "2021"] == "2021"


def test_the_sites_own_step_takes_the_place_of_what_registers_leave_open():
    registers = (
        register("2010", (A, "A", 10), (B, "B", 20), (C, "C", 1)),
        register("2013", (M, "M", 30), (C, "C", 1)),
    )
    assert timelines(evidence(*registers))["gemeinde"].moves[2013].open_origins == {A, B}
    own = crosswalk("gemeinde", "2010", "2013", weights((A, M, 1), (B, M, 1)))
    line = timelines(evidence(*registers, site=(own,)))["gemeinde"]
    moves = line.between(2010, 2013)
    assert (moves.open_origins, moves.open_targets) == (frozenset(), frozenset())
    assert set(moves.rows.select("from_area", "to_area", "weight", "inferred").iter_rows()) == {
        (A, M, 1.0, False), (B, M, 1.0, False),
    }  # fmt: skip


def test_steps_of_a_site_that_overlap_or_go_backwards_are_refused():
    one = crosswalk("stadtteil", "2018", "2022", weights((f"{A}-1", f"{A}-2", 1)))
    other = crosswalk("stadtteil", "2020", "2024", weights((f"{A}-1", f"{A}-3", 1)))
    with pytest.raises(CrosswalkError, match=f"overlaps in time with another step of {A}-1"):
        read_evidence({}, [one, other])
    with pytest.raises(CrosswalkError, match="from_vintage has to be the earlier one"):
        read_evidence({}, [crosswalk("stadtteil", "2022", "2018", weights((A, B, 1)))])
