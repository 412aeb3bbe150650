# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What families share: merged headers, areas and periods in a header, spellings of areas, the status of a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.contracts import AreaList, Source, TableContract
from raw.harvest.areas import area_resolver, territory_of
from raw.harvest.columns import capture, match_columns
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, merged_headers
from raw.harvest.mapping import Mapped, Mapper
from raw.vocabulary.period import parse_period


def contract(columns: dict[str, object], **rest: object) -> TableContract:
    return TableContract.model_validate(
        {"id": "t", "title": {"de": "t", "en": "t"}, "detect": "t", "columns": columns, **rest}
    )


def mapped(source: Source, table: TableContract, rows: list[list[object]], stubs: list[str]) -> tuple[Mapped, Mapper]:
    """A block whose first row is the header and whose first columns are stubs."""
    grid = Grid("S", [[cell if isinstance(cell, str | float) else None for cell in row] for row in rows])
    data = range(1, len(rows))
    block = Block(
        grid,
        {column: grid.text(0, column) for column in range(len(stubs), grid.width)},
        0,
        data,
        {name: [grid.text(row, column) for row in data] for column, name in enumerate(stubs)},
        {name: column for column, name in enumerate(stubs)},
    )
    mapper = Mapper(source, table, "f.csv")
    return mapper.map(block), mapper


def test_a_merged_header_stands_over_its_empty_neighbours_up_to_the_next_cell_of_a_row_above() -> None:
    grid = Grid(
        "S",
        [
            ["Fläche", None, None, "Bevölkerung", None, "Dichte"],
            ["Wald", None, "Wasser", "insgesamt", "weiblich", None],
            ["ha", "km2", "ha", None, None, None],
        ],
    )
    assert list(merged_headers(grid, range(3), range(6)).values()) == [
        "Fläche | Wald | ha",
        "Fläche | Wald | km2",
        "Fläche | Wasser | ha",
        "Bevölkerung | insgesamt",
        "Bevölkerung | weiblich",
        "Dichte",
    ]


def test_a_header_may_hold_area_name_and_a_period_in_two_cells() -> None:
    table = contract({"{area} | {area_name}": {"concept": "deaths"}})
    found = capture("{area} | {area_name}", "05382 | Rhein-Sieg-Kreis", table)
    assert found and (found.area, found.area_name) == ("05382", "Rhein-Sieg-Kreis")
    found = capture("Jahr | {date} | Quartale | {date}", "Jahr | 2013 | Quartale | 2.Quartal", table)
    assert found and found.period == "2013-Q2"
    assert capture("Jahr | {date} | Quartale | {date}", "Jahr | 2013 | Quartale | Zusammen", table) is None


def test_one_rule_may_match_many_areas_but_one_area_only_once() -> None:
    table = contract({"{area}": {"concept": "deaths"}})
    match = match_columns({1: "05382", 2: "05111", 3: "05382"}, table)
    assert {column: one.area for column, one in match.matched.items()} == {1: "05382", 2: "05111"}
    assert match.twice == [3]


def test_areas_in_the_header_give_each_cell_its_area_and_its_name(sources: dict[str, Source]) -> None:
    table = contract({"{area} | {area_name}": {"concept": "deaths"}})
    source = sources["t_regional"]
    result, mapper = mapped(source, table, [["Jahr", "06411 | Darmstadt", "DG | Bund"], ["2021", 5.0, 7.0]], ["period"])
    assert mapper.faults == []
    assert result.observations.select("cell", "area", "area_level", "area_vintage", "value").rows() == [
        ("S!B2", "06411", "kreis", "2021", 5.0),
        ("S!C2", "DG", "bund", "2021", 7.0),
    ]
    assert set(result.areas["name"]) == {"Darmstadt", "Bund"}
    _, mapper = mapped(source, table, [["Jahr", "Irgendwo | Ort"], ["2021", 5.0]], ["period"])
    assert [(fault.code, fault.cell) for fault in mapper.faults] == [("area", "S!B1")]


def test_a_leading_column_may_say_that_the_figures_of_its_row_are_provisional(sources: dict[str, Source]) -> None:
    status = {"stub": "note", "codes": {"p": "P", "-": "A"}}
    table = contract({"Anzahl": {"concept": "deaths"}}, status=status)
    rows = [
        ["Jahr", "Gebiet", "", "Anzahl"],
        ["2021", "DG", "p", 5.0],
        ["2022", "DG", "-", 6.0],
        ["2023", "DG", "p", "."],
    ]
    result, mapper = mapped(sources["t_regional"], table, rows, ["period", "area", "note"])
    assert mapper.faults == []
    assert result.observations.select("value", "obs_status").rows() == [(5.0, "P"), (6.0, "A"), (None, "Q")]
    rows[1][2] = "q"
    _, mapper = mapped(sources["t_regional"], table, rows, ["period", "area", "note"])
    assert [(fault.code, fault.cell) for fault in mapper.faults] == [("label", "S!C2")]


def test_keys_are_completed_as_the_family_says_and_names_come_from_a_closed_list(sources: dict[str, Source]) -> None:
    levels = [
        {"pattern": r"(\d{4})000", "level": "kreis", "key": r"0\1"},
        {"pattern": r"\d{5}", "level": "kreis"},
        {"names": "laender", "level": "land"},
    ]
    resolve = area_resolver(None, levels)
    assert resolve("5382000") == ("05382", "kreis", None)
    assert resolve("Sachsen-Anhalt") == ("15", "land", None)
    assert resolve("538200") is None
    prefixed = contract({"Anzahl": {"concept": "deaths"}}, area={"stub": "area", "prefix": "09"})
    result, mapper = mapped(
        sources["t_regional"], prefixed, [["", "", "Anzahl"], ["2021", 161.0, 5.0]], ["period", "area"]
    )
    assert mapper.faults == []
    assert result.observations["area"].to_list() == ["09161"]


def test_a_list_without_a_vintage_only_says_how_areas_are_spelled(tmp_path: Path) -> None:
    listed = AreaList.model_validate(
        {"level": "kreis", "areas": [{"key": "05382", "name": "Rhein-Sieg-Kreis", "codes": ["Rhein-Sieg-Kreis"]}]}
    )
    assert area_resolver(listed, [])("Rhein-Sieg-Kreis") == ("05382", "kreis", None)


def test_a_table_may_stand_on_another_year_s_territory_in_single_years() -> None:
    assert territory_of("2021", "2023") == "2021"
    assert territory_of({"2021": "2018"}, "2021-06") == "2018"
    assert territory_of({"2021": "2018"}, "2022") is None
    assert territory_of({"2021": "2018"}, None) is None


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2013 1.Quartal", "2013-Q1"),
        ("4. Quartal 2013", "2013-Q4"),
        ("2014 KW 1", "2014-W01"),
        ("KW53 2015", "2015-W53"),
        ("2014 KW 53", None),
        ("2013 5.Quartal", None),
    ],
)
def test_quarters_and_weeks_by_name(text: str, period: str | None) -> None:
    assert parse_period(text) == period
