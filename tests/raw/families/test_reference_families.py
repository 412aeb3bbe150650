# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Lists of changes and crosswalks: every part with its keys, its sizes, its weights, and the cell they stand in."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from raw.harvest.harvest import Harvest
from raw.vocabulary.observation import OBSERVATION
from tests.raw.build import write_xlsx
from tests.raw.families.reference import (
    CHANGES,
    CROSSWALK,
    STEP_HEADER,
    change,
    harvest,
    harvest_real,
    write_changes,
    write_steps,
)

ROWS = [
    [
        *("01/2023/0001-R", "Gemeindeverband", "010510001", None, "Amt A", "3, 4", None, None),
        *("010510002", None, "Amt B", "01.01.2023", "01.01.2023"),
    ],
    change("01/2023/0001-R", "01051001", 1.0, "01051002", (1000.0, 12.0), "01.01.2023"),
    change("01/2023/0002-R", "01051003", "2", "01051004", ("656", "0"), "01.03.2023"),
    change("01/2023/0002-R", "01051003", "2", "01051003", ("12.651.228", 9534), "01.03.2023"),
    change("01/2022/0009-R", "01051005", 4.0, "01051005", (None, None), "01.12.2023"),
]
STEPS = {
    2020: [
        [1051001.0, "Dorf", 1.0, 1.0, 5.5, 12.3, 1051002.0, "Stadt"],
        [11000000.0, "Metropole", 0.75, "0,5", 8.0, 4.0, 11000000.0, "Metropole"],
        [11000000.0, "Metropole", 0.25, 0.5, 8.0, 4.0, 12000000.0, "Umland"],
    ],
    2021: [[1051002.0, "Stadt", 1.0, 1.0, 5.5, 13.0, 1051002.0, "Stadt"]],
}


def told(found: Harvest, measure: str, dims: str) -> list[tuple[object, ...]]:
    frame = found.read().filter(pl.col("measure") == measure, pl.col("dims").str.contains(dims, literal=True))
    return frame.select(pl.col("cell").str.split("!").list.last(), "area", "value", "value_text", "unit").rows()


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


def test_the_list_of_changes_gives_each_part_under_the_unit_that_receives_it(inbox: Path) -> None:
    write_changes(inbox / "namens-grenz-aenderung.xlsx", ROWS)
    found = harvest(inbox.parent, CHANGES)[CHANGES]
    assert found.rejected == []
    frame = found.read()
    assert dict(frame.schema) == OBSERVATION
    assert set(frame["published_on"]) == {dt.date(2024, 1, 1)}
    assert told(found, "area_change", "field=kinds") == [
        ("F5", "010510002", None, "3, 4", "text"),
        ("F6", "01051002", None, "1", "text"),
        ("F7", "01051004", None, "2", "text"),
        ("F8", "01051003", None, "2", "text"),
        ("F9", "01051005", None, "4", "text"),
    ]
    assert told(found, "area_change_size", "weight=area") == [
        ("G6", "01051002", 1000.0, "1000", "m2"),
        ("G7", "01051004", 656.0, "656", "m2"),
        ("G8", "01051003", 12651228.0, "12.651.228", "m2"),
    ]
    assert told(found, "area_change", "field=date;")[-1] == ("M9", "01051005", None, "01.12.2023", "text")
    kinds = frame.filter(pl.col("dims").str.contains("field=kinds"))
    assert set(kinds["area_level"]) == {"gemeindeverband", "gemeinde"}
    assert kinds["dims"][2] == "change=01-2023-0002-R;field=kinds;from=01051003"


def test_the_list_of_changes_names_no_areas_for_it_lists_only_a_few_of_a_kreis(inbox: Path) -> None:
    write_changes(inbox / "a.xlsx", ROWS)
    assert harvest(inbox.parent, CHANGES)[CHANGES].read_areas().is_empty()


@pytest.mark.parametrize(
    ("row", "codes"),
    [
        (["", *change("", "01051001", 1, "01051002", (1, 1), "01.01.2023")[1:]], {"layout"}),
        (change("01/2023/0001-R", "1051001", 1, "1051002", (1, 1), "01.01.2023"), {"area"}),
        (change("01/2023/0001-R", "01051001", 1, "01051002", (1, "viele"), "01.01.2023"), {"value"}),
        (change("01/2023/0001-R", "01051001", 1, "01051002", (1, 1), "im Mai"), {"period"}),
        (change("01/2023/0001-R", "010 51", 1, "01051002", (1, 1), "01.01.2023"), {"label", "text"}),
    ],
)
def test_a_damaged_row_of_the_list_is_a_fault_and_nothing_is_read(inbox: Path, row: list, codes: set) -> None:
    write_changes(inbox / "a.xlsx", [*ROWS, row])
    (file,) = harvest(inbox.parent, CHANGES)[CHANGES].files
    assert {fault.code for fault in file.faults} == codes
    assert file.rows == 0


def test_a_crosswalk_gives_every_weight_with_origin_target_and_both_vintages(inbox: Path) -> None:
    write_steps(inbox / "ref-gemeinden.xlsx", STEPS)
    found = harvest(inbox.parent, CROSSWALK)[CROSSWALK]
    assert found.rejected == []
    weights = found.read().filter(pl.col("measure") == "crosswalk_weight", pl.col("dims").str.ends_with("population"))
    assert weights.select("cell", "area", "area_vintage", "dims", "value").rows() == [
        ("2020!D2", "01051001", "2020", "to=01051002;vintage=2021;weight=population", 1.0),
        ("2020!D3", "11000000", "2020", "to=11000000;vintage=2021;weight=population", 0.5),
        ("2020!D4", "11000000", "2020", "to=12000000;vintage=2021;weight=population", 0.5),
        ("2021!D2", "01051002", "2021", "to=01051002;vintage=2022;weight=population", 1.0),
    ]
    assert told(found, "crosswalk_size", "weight=population")[0] == ("F2", "01051001", 1230.0, "12.3", "persons")
    assert told(found, "crosswalk_key", "field=to_ags")[0] == ("G2", "01051001", None, "1051002", "text")
    assert ("11000000", "gemeinde", "2020", "Metropole") in found.read_areas().rows()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (["Summe", "alle", 1.0, 1.0, 1.0, 1.0, 1051002.0, "Stadt"], "area"),
        ([None, "Dorf", 1.0, 1.0, 1.0, 1.0, 1051002.0, "Stadt"], "layout"),
        ([1051003.0, "Dorf", "?", 1.0, 1.0, 1.0, 1051002.0, "Stadt"], "value"),
        ([1051001.0, "Dorf", 0.5, 1.0, 5.5, 12.3, 1051002.0, "Stadt"], "conflict"),
    ],
)
def test_a_damaged_row_of_a_crosswalk_is_a_fault_and_nothing_is_read(inbox: Path, row: list, code: str) -> None:
    write_steps(inbox / "ref.xlsx", {2020: [*STEPS[2020], row]})
    (file,) = harvest(inbox.parent, CROSSWALK)[CROSSWALK].files
    assert {fault.code for fault in file.faults} == {code}
    assert file.rows == 0


def test_names_that_changed_places_with_those_of_the_other_year_are_a_fault(inbox: Path) -> None:
    header = ["Gemeindename 2021" if text == "Gemeindename 2020" else text for text in STEP_HEADER]
    header[-1] = "Gemeindename 2020"
    write_xlsx(inbox / "ref.xlsx", {"2020": [header, *STEPS[2020]]})
    (file,) = harvest(inbox.parent, CROSSWALK)[CROSSWALK].files
    assert [(fault.code, fault.cell) for fault in file.faults] == [("layout", "2020!B1"), ("layout", "2020!H1")]


def test_all_real_spot_values_are_observations_with_the_same_value_at_the_same_address(
    shared_data: Path, tmp_path: Path
) -> None:
    folders = ("destatis-gebietsaenderungen", "bbsr-referenz")
    found = harvest_real(shared_data, tmp_path, *folders)
    assert {name: len(one.files) for name, one in found.items()} == {CHANGES: 2, CROSSWALK: 1, "gv_isys": 0}
    assert [file.faults[:3] for one in found.values() for file in one.rejected] == []
    names = {file.snapshot: file.name for one in found.values() for file in one.files}
    cells = {
        (names[row["snapshot"]], row["cell"]): row for one in found.values() for row in one.read().iter_rows(named=True)
    }
    with (shared_data / "data" / "spotvalues.csv").open(encoding="utf-8", newline="") as file:
        spots = [row for row in csv.DictReader(file) if row["file"].split("/")[0] in folders]
    assert len(spots) == 44
    factors = {"Bevölkerung in 100": 100}
    for spot in spots:
        cell = cells[spot["file"], f"{spot['sheet']}!{spot['cell']}"]
        if cell["unit"] == "text":
            assert cell["value_text"] == spot["value"]
        else:
            assert cell["value"] == float(spot["value"]) * factors.get(cell["column"], 1)
