# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A broken delivery: all faults at once, each at its cell, nothing harvested, and no entry of a data row quoted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raw.contracts import Source
from raw.harvest.faults import MAX_LISTED, Fault, describe
from raw.harvest.harvest import Harvest
from tests.raw.build import (
    ALL,
    GENESIS,
    GV,
    GV_COVER,
    KISS,
    KISS_MONTHS,
    REGIONAL,
    REGIONAL_HEADER,
    REGIONAL_TEXT,
    Cell,
    Delivery,
    Rows,
    harvest_all,
)

CANARY = "987654321"


def without_column(column: int) -> Callable[[Rows], Rows]:
    return lambda rows: [[entry for place, entry in enumerate(row) if place != column] for row in rows]


def with_column(header: str, row: int, entry: Cell = None) -> Callable[[Rows], Rows]:
    """A further column at the right end, with a header in one row and an entry below it."""

    def change(rows: Rows) -> Rows:
        width = len(rows[row])
        for place in (row, row + 1):
            rows[place] = [*rows[place], *[None] * (width - len(rows[place])), header if place == row else entry]
        return rows

    return change


def swapped(first: int, second: int, start: int, end: int) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        for row in rows[start:end]:
            row[first], row[second] = row[second], row[first]
        return rows

    return change


def again(row: int, column: int, entry: Cell) -> Callable[[Rows], Rows]:
    """The row once more at its place, with another entry in one cell."""

    def change(rows: Rows) -> Rows:
        copy = list(rows[row])
        copy[column] = entry
        return [*rows[: row + 1], copy, *rows[row + 1 :]]

    return change


def each(code: str, *cells: str) -> list[tuple[str, str]]:
    return [(code, cell) for cell in cells]


K, C = "Tabelle 1!", "csv!"
BROKEN: dict[str, tuple[Delivery, list[tuple[str, str]]]] = {
    # KISS-MD
    "kiss: column missing": (KISS.with_rows(without_column(3)), each("header_missing", f"{K}A1")),
    "kiss: column renamed": (
        KISS.but((0, 3, "T_T1_var33")),
        [("header_unknown", f"{K}D1"), ("header_missing", f"{K}A1")],
    ),
    "kiss: header in words": (KISS.but((0, 4, "Quote")), [("header_unknown", f"{K}E1"), ("header_missing", f"{K}A1")]),
    "kiss: column added": (KISS.with_rows(with_column("T_T1_var7", 0)), each("header_unknown", f"{K}H1")),
    "kiss: entries without a header": (
        KISS.but((0, 4, None)),
        [("header_unknown", f"{K}E1"), ("header_missing", f"{K}A1")],
    ),
    "kiss: column doubled": (KISS.but((0, 4, "T_T1_var3")), [("header_twice", f"{K}E1"), ("header_missing", f"{K}A1")]),
    "kiss: stub doubled": (KISS.with_rows(with_column("T_T1_var2", 0)), each("header_twice", f"{K}H1")),
    "kiss: stub missing": (KISS.with_rows(without_column(2)), each("stub_missing", f"{K}A1")),
    "kiss: stubs swapped": (
        KISS.with_rows(swapped(1, 2, 1, 5)),
        each("period", *(f"{K}B{row}" for row in range(2, 6))) + each("area", *(f"{K}C{row}" for row in range(2, 6))),
    ),
    "kiss: no column with the code": (KISS.with_rows(without_column(0)), each("header_missing", f"{K}A1")),
    "kiss: rows of another table": (KISS.but((2, 0, "T_T2"), (3, 0, None)), each("layout", f"{K}A3", f"{K}A4")),
    "kiss: unknown area": (KISS.but((2, 2, "Atlantis")), each("area", f"{K}C3")),
    "kiss: bad period": (KISS.but((1, 1, 23), (2, 1, "")), each("period", f"{K}B2", f"{K}B3")),
    "kiss: text in a value": (KISS.but((1, 3, "ca. 100"), (3, 5, "k.A.")), each("value", f"{K}D2", f"{K}F4")),
    "kiss: a date in a value": (KISS.but((1, 3, "2023-12-31")), each("value", f"{K}D2")),
    "kiss: rows that contradict": (KISS.with_rows(again(2, 3, 7)), each("conflict", f"{K}D4")),
    "kiss: two spellings that contradict": (KISS.but((4, 1, "2023")), each("conflict", f"{K}D5", f"{K}E5", f"{K}F5")),
    "kiss: no rows": (KISS.with_rows(lambda rows: rows[:1]), each("no_rows", f"{K}A1")),
    "kiss: unknown label": (KISS_MONTHS.but((1, 1, "divers")), each("label", f"{K}B2")),
    "kiss: a season where months belong": (KISS_MONTHS.but((1, 0, "Sommer 2023")), each("period", f"{K}A2")),
    # Regionaldatenbank
    "regional: header renamed": (
        REGIONAL.but((3, 5, "Verdienst")),
        [("header_unknown", f"{C}F6"), ("header_missing", f"{C}A6")],
    ),
    "regional: header doubled": (REGIONAL.but((4, 4, "Insgesamt")), each("header_twice", f"{C}E6")),
    "regional: column missing": (REGIONAL.with_rows(without_column(6)), each("header_missing", f"{C}A6")),
    "regional: column added": (REGIONAL.with_rows(with_column("Prozent", 5, "1")), each("header_unknown", f"{C}H6")),
    "regional: entries without a header": (
        REGIONAL.with_rows(with_column("", 7, "5")),
        each("header_unknown", f"{C}H6"),
    ),
    "regional: stub missing": (REGIONAL.with_rows(without_column(2)), each("stub_missing", f"{C}A7")),
    "regional: stubs swapped": (
        REGIONAL.with_rows(swapped(0, 1, 6, 10)),
        each("period", *(f"{C}A{row}" for row in range(7, 11))) + each("area", *(f"{C}B{row}" for row in range(7, 11))),
    ),
    "regional: leading zero lost": (REGIONAL.but((7, 1, "6411")), each("area", f"{C}B8")),
    "regional: unknown area": (REGIONAL.but((7, 1, "D"), (8, 1, None)), each("area", f"{C}B8", f"{C}B9")),
    "regional: bad period": (REGIONAL.but((6, 0, "31.02.2021")), each("period", f"{C}A7")),
    "regional: first row without period": (REGIONAL.but((6, 0, None)), each("period", f"{C}A7")),
    "regional: text in a value": (
        REGIONAL.but((6, 3, "siehe Fußnote"), (7, 6, "4.9")),
        each("value", f"{C}D7", f"{C}G8"),
    ),
    "regional: rows that contradict": (REGIONAL.with_rows(again(8, 3, "165")), each("conflict", f"{C}D10")),
    "regional: cut off": (REGIONAL.with_rows(lambda rows: rows[:9]), each("truncated", f"{C}A9")),
    "regional: cut off in a row": (
        REGIONAL.with_rows(lambda rows: [*rows[:8], rows[8][:4]]).but((7, 3, "oje")),
        [("truncated", f"{C}A9"), ("value", f"{C}D8")],
    ),
    "regional: cut off in the header": (
        REGIONAL.with_rows(lambda rows: rows[:5]),
        [
            ("truncated", f"{C}A5"),
            *each("header_unknown", f"{C}D5", f"{C}E5", f"{C}F5", f"{C}G5"),
            *each("header_missing", *[f"{C}A5"] * 3),
            ("no_rows", f"{C}A5"),
        ],
    ),
    "regional: no rows": (REGIONAL.with_rows(lambda rows: [*rows[:6], *rows[10:]]), each("no_rows", f"{C}A6")),
    "regional: no header": (REGIONAL.with_rows(lambda rows: [*rows[:3], *rows[6:]]), each("layout", f"{C}A4")),
    "regional: first row without any stub": (
        REGIONAL.but((6, 0, None), (6, 1, None), (6, 2, None)),
        [
            *each("header_unknown", f"{C}D7", f"{C}E7", f"{C}F7", f"{C}G7"),
            *each("header_missing", *[f"{C}A7"] * 3),
        ],
    ),
    "regional: no date above": (REGIONAL_TEXT.but((1, 0, "Beschäftigte")), each("period", f"{C}A1")),
    "regional: unknown label": (REGIONAL_TEXT.but((4, 2, "Raumfahrt")), each("label", f"{C}C5")),
    "regional: one column without date": (
        REGIONAL_HEADER.but((3, 4, "demnächst")),
        each("header_unknown", f"{C}E5"),
    ),
    # GV-ISys
    "gv: header renamed": (GV.but((3, 9, "zusammen")), [("header_unknown", f"{K}J3"), ("header_missing", f"{K}A3")]),
    "gv: header doubled": (GV.but((3, 10, "insgesamt")), [("header_twice", f"{K}K3"), ("header_missing", f"{K}A3")]),
    "gv: leading zero lost": (GV.but((11, 2, 6)), each("area", f"{K}C12")),
    "gv: leading zero of a Gemeinde lost": (GV.but((12, 6, "1")), each("area", f"{K}C13")),
    "gv: leading zero of a Verband lost": (GV.but((10, 2, "6")), each("area", f"{K}C11")),
    "gv: unknown kind of record": (GV.but((11, 0, "6O"), (6, 0, None)), each("layout", f"{K}A7", f"{K}A12")),
    "gv: bad date above": (GV.but((0, 0, "Gemeinden nach Fläche, heute")), each("period", f"{K}A1")),
    "gv: text in a value": (GV.but((11, 9, "viele")), each("value", f"{K}J12")),
    "gv: rows that contradict": (GV.with_rows(again(11, 9, 164)), each("conflict", f"{K}J13")),
    "gv: postal codes that contradict": (GV.with_rows(again(11, 11, "06412")), each("conflict", f"{K}L13")),
    "gv: no rows": (GV.with_rows(lambda rows: rows[:6]), each("no_rows", f"{K}A3")),
    # GENESIS
    "genesis: value renamed": (
        GENESIS.but((0, 13, "ERW006__Arbeitslose")),
        [("header_unknown", f"{C}N1"), ("header_missing", f"{C}A1")],
    ),
    "genesis: value doubled": (
        GENESIS.with_rows(with_column("ERW006__Arbeitslose__Anzahl", 0, "1")),
        each("header_twice", f"{C}O1"),
    ),
    "genesis: column added": (
        GENESIS.with_rows(with_column("ERW007__Quote", 0, "1")),
        each("header_unknown", f"{C}O1"),
    ),
    "genesis: fixed column missing": (GENESIS.with_rows(without_column(3)), each("header_missing", f"{C}A1")),
    "genesis: period column missing": (GENESIS.with_rows(without_column(4)), each("stub_missing", f"{C}A1")),
    "genesis: label column missing": (GENESIS.with_rows(without_column(8)), each("header_missing", f"{C}A1")),
    "genesis: another characteristic": (GENESIS.but((3, 9, "NAT")), each("layout", f"{C}J4")),
    "genesis: unknown label": (GENESIS.but((1, 11, "GESX")), each("label", f"{C}L2")),
    "genesis: leading zero lost": (GENESIS.but((1, 7, "6411")), each("area", f"{C}H2")),
    "genesis: bad period": (GENESIS.but((2, 4, "30.13.2023")), each("period", f"{C}E3")),
    "genesis: text in a value": (GENESIS.but((2, 13, "geheim")), each("value", f"{C}N3")),
    "genesis: rows that contradict": (GENESIS.with_rows(again(1, 13, "1235")), each("conflict", f"{C}N3")),
    "genesis: cut off in a row": (GENESIS.with_rows(lambda rows: [*rows[:4], rows[4][:13]]), each("value", f"{C}N5")),
}


def harvested(folder: Path, sources: dict[str, Source], delivery: Delivery) -> Harvest:
    harvest = harvest_all(folder, sources, delivery)[delivery.source]
    assert [file.table for file in harvest.files] == [delivery.table]
    return harvest


def found(harvest: Harvest) -> list[Fault]:
    return [fault for file in harvest.files for fault in file.faults]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_delivery_tells_what_is_wrong_and_where(tmp_path: Path, sources: dict[str, Source], name: str) -> None:
    delivery, expected = BROKEN[name]
    harvest = harvested(tmp_path, sources, delivery)
    faults = found(harvest)
    assert sorted((fault.code, fault.cell) for fault in faults) == sorted(expected)
    assert harvest.read().height == 0
    assert harvest.rejected == harvest.files
    assert list((tmp_path / "lake" / "observations").rglob("*.parquet")) == []
    for fault in faults:
        assert (fault.source, fault.table, fault.file) == (delivery.source, delivery.table, delivery.name)
        for lang in ("de", "en"):
            assert fault.sentence(lang).startswith(f"{delivery.name}, {fault.cell}: ")
            assert "{what}" not in fault.sentence(lang)
            assert len(fault.advice(lang)) > 20


def test_all_faults_of_all_kinds_are_told_at_once(tmp_path: Path, sources: dict[str, Source]) -> None:
    wrong = KISS.but((0, 4, "T_T1_var9"), (1, 1, "gestern"), (1, 2, "77"), (2, 3, "viele"), (2, 0, "T_X"), (4, 5, "?"))
    codes = [fault.code for fault in found(harvested(tmp_path, sources, wrong))]
    assert sorted(codes) == ["area", "header_missing", "header_unknown", "layout", "period", "value", "value"]


def test_the_cells_of_a_kind_are_told_in_the_order_of_the_rows(tmp_path: Path, sources: dict[str, Source]) -> None:
    wrong = KISS.with_rows(lambda rows: [rows[0], *([*rows[1][:3], "?", *rows[1][4:]] for _ in range(12))])
    cells = [fault.cell for fault in found(harvested(tmp_path, sources, wrong))]
    assert cells == [f"{K}D{row}" for row in range(2, 14)]


def test_the_first_row_is_believed_and_only_those_that_differ_from_it_are_named(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    row = KISS.rows[1]
    rows = [KISS.rows[0], *([*row[:3], value, *row[4:]] for value in (1, 1, 2, 1, 1, 1, 1, 1, 1, 3))]
    cells = [fault.cell for fault in found(harvested(tmp_path, sources, KISS.with_rows(lambda _: rows)))]
    assert cells == [f"{K}D4", f"{K}D11"]


def test_a_file_that_is_wrong_from_top_to_bottom_lists_the_first_and_counts_the_rest(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    rows = [KISS.rows[0], *([*KISS.rows[1][:3], "?", *KISS.rows[1][4:]] for _ in range(MAX_LISTED + 50)), KISS.rows[2]]
    wrong = KISS.with_rows(lambda _: rows).but((MAX_LISTED + 51, 2, "77"))
    faults = found(harvested(tmp_path, sources, wrong))
    values = [fault for fault in faults if fault.code == "value"]
    assert len(values) == MAX_LISTED
    assert "(+ 50)" in values[-1].sentence("de")
    assert [fault.cell for fault in faults if fault.code == "area"] == [f"{K}C{MAX_LISTED + 52}"]


def test_a_workbook_without_the_table_is_listed_and_not_harvested(tmp_path: Path, sources: dict[str, Source]) -> None:
    harvest = harvest_all(tmp_path, sources, Delivery("t_gv", "g1", "gv.xlsx", GV_COVER))["t_gv"]
    assert harvest.files == []


def test_the_table_is_found_on_whatever_sheet_it_stands(tmp_path: Path, sources: dict[str, Source]) -> None:
    beside = Delivery(
        "t_kiss", "t1", "k.xlsx", KISS.rows, sheets={"Deckblatt": [["Guten Tag"]], "Andere": KISS_MONTHS.rows}
    )
    harvest = harvest_all(tmp_path, sources, beside)["t_kiss"]
    assert {file.table for file in harvest.files} == {"t1", "t2"}
    assert found(harvest) == []


def test_a_fault_of_one_table_of_a_workbook_keeps_only_that_table_out(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    wrong = KISS_MONTHS.but((1, 2, "viele"))
    beside = Delivery("t_kiss", "t1", "k.xlsx", KISS.rows, sheets={"Andere": wrong.rows})
    harvest = harvest_all(tmp_path, sources, beside)["t_kiss"]
    assert [(file.table, [fault.cell for fault in file.faults]) for file in harvest.files] == [
        ("t2", ["Andere!C2"]),
        ("t1", []),
    ]
    assert set(harvest.read()["table"]) == {"t1"}


def data_cells(delivery: Delivery) -> list[tuple[int, int]]:
    """Every place below the header."""
    start = {"kiss_md": 1, "t_kiss": 1, "t_regional": 0, "t_gv": 6, "t_genesis": 1}[delivery.source]
    if delivery.source == "t_regional":
        start = next(number for number, row in enumerate(delivery.rows) if len(row) > 1 and row[0])
    return [(r, c) for r, row in enumerate(delivery.rows) if r >= start for c in range(len(row))]


WORDS = st.sampled_from(
    [CANARY, f"{CANARY} Personen", f"Frau Kanarienvogel {CANARY}", f"-{CANARY}", f"{CANARY},5x", f'"{CANARY}']
)
DAMAGE = st.lists(st.tuples(st.integers(0, 10_000), WORDS), min_size=1, max_size=4)
BLANKED = st.lists(st.integers(0, 10_000), max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(ALL)), DAMAGE, BLANKED)
def test_no_sentence_of_a_fault_quotes_an_entry_of_a_data_row(
    sources: dict[str, Source], name: str, damage: list[tuple[int, str]], blanked: list[int]
) -> None:
    delivery = ALL[name]
    places = data_cells(delivery)
    cells: list[tuple[int, int, Cell]] = [(*places[place % len(places)], None) for place in blanked]
    cells += [(*places[place % len(places)], word) for place, word in damage]
    with tempfile.TemporaryDirectory() as folder:
        harvests = harvest_all(Path(folder), sources, delivery.but(*cells))
    for fault in (fault for harvest in harvests.values() for fault in found(harvest)):
        for lang in ("de", "en"):
            assert CANARY not in fault.sentence(lang)
            assert "Kanarienvogel" not in fault.sentence(lang)


@pytest.mark.parametrize("name", ["regional", "regional header", "regional text"])
def test_a_data_row_without_its_key_is_not_quoted_as_a_header(
    tmp_path: Path, sources: dict[str, Source], name: str
) -> None:
    delivery = ALL[name]
    row = data_cells(delivery)[0][0]
    leading = [(row, place, None) for place in range(3)]
    columns = range(len(delivery.rows[row]) - 1, len(delivery.rows[row]))
    words = [(row, column, f"Frau Kanarienvogel {CANARY}") for column in columns]
    harvests = harvest_all(tmp_path, sources, delivery.but(*leading, *words))
    faults = [fault for harvest in harvests.values() for fault in found(harvest)]
    assert "header_unknown" in {fault.code for fault in faults}
    assert all("Kanarienvogel" not in fault.sentence(lang) for fault in faults for lang in ("de", "en"))


@given(st.text(max_size=30))
def test_a_description_says_the_kind_of_an_entry_and_never_the_entry(text: str) -> None:
    kinds = {"leer / empty", "Ziffern / digits", "Buchstaben / letters", "Zeichen / symbols", "Leerzeichen / blanks"}
    assert set(describe(text).split(" + ")) <= kinds


def test_a_fault_of_an_unknown_kind_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="unknown fault code 'bad_luck'"):
        Fault("bad_luck", "s", "t", "f", "", "")
