# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Grids: a file is what its content says it is, every cell has its address, damage has a reason."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.harvest import gate
from raw.harvest import grid as grid_module
from raw.harvest.address import column_letters
from raw.harvest.gate import Unreadable
from raw.harvest.grid import as_text, open_grids
from tests.raw.build import write_csv, write_xlsx

OLE_HEAD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def workbook(folder: Path, name: str = "a.xlsx") -> Path:
    return write_xlsx(
        folder / name,
        {
            "leer": [],
            "Blatt 1": [
                [],
                [None, "Kopf ", 1467.0, 0.1, True, dt.date(2020, 12, 31), dt.datetime(2020, 1, 2, 3, 4, 5), "06411"],
            ],
        },
    )


def reason(path: Path) -> str:
    with pytest.raises(Unreadable) as raised:
        open_grids(path)
    return raised.value.reason


@given(st.integers(0, 20_000))
def test_column_letters_count_as_spreadsheets_do(column: int) -> None:
    number = 0
    for letter in column_letters(column):
        number = number * 26 + ord(letter) - 64
    assert number == column + 1


def test_every_cell_has_the_address_that_the_spreadsheet_shows(tmp_path: Path) -> None:
    empty, grid = open_grids(workbook(tmp_path))
    assert (empty.sheet, empty.rows, empty.width) == ("leer", [], 0)
    assert [grid.text(1, column) for column in range(8)] == [
        "",
        "Kopf",
        "1467",
        "0.1",
        "True",
        "2020-12-31",
        "2020-01-02T03:04:05",
        "06411",
    ]
    assert grid.address(1, 1) == "Blatt 1!B2"
    assert grid.text(0, 0) == grid.text(99, 0) == grid.text(0, 99) == ""


def test_a_grid_turned_over_keeps_the_addresses_of_its_sheet(tmp_path: Path) -> None:
    grid = open_grids(workbook(tmp_path))[1]
    turned = grid.transpose()
    assert (turned.text(2, 1), turned.address(2, 1)) == (grid.text(1, 2), grid.address(1, 2)) == ("1467", "Blatt 1!C2")
    assert turned.transpose() == grid


def test_whole_numbers_have_no_decimals_and_text_no_edges() -> None:
    assert [as_text(cell) for cell in (88502.0, -3.0, 1e15, 0.25, " a ", "\u00a0b", None)] == [
        "88502",
        "-3",
        "1000000000000000.0",
        "0.25",
        "a",
        "b",
        "",
    ]


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    as_csv = workbook(tmp_path, "a.xlsx").rename(tmp_path / "a.csv")
    as_xlsx = write_csv(tmp_path / "b.xlsx", [["x", "1,5"]])
    assert [grid.sheet for grid in open_grids(as_csv)] == ["leer", "Blatt 1"]
    assert open_grids(as_xlsx)[0].rows == [["x", "1,5"]]


def test_an_old_workbook_is_recognised_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(OLE_HEAD + b"\x00" * 600)
    assert reason(tmp_path / "a.csv") == "damaged"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "mac_roman"])
def test_text_is_read_in_the_encodings_of_the_agencies(tmp_path: Path, encoding: str) -> None:
    path = write_csv(tmp_path / "a.csv", [["Straße", "Größe €"], ["", "06411"]], encoding)
    assert open_grids(path)[0].rows == [["Straße", "Größe €"], [None, "06411"]]


def test_bytes_that_no_encoding_knows_are_still_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\x81;1\n")
    assert open_grids(tmp_path / "a.csv")[0].text(0, 1) == "1"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a;b\n1,5;2,5\n", [["a", "b"], ["1,5", "2,5"]]),
        ("a\tb\r\n1\t2", [["a", "b"], ["1", "2"]]),
        ("a,b\n1.5,2", [["a", "b"], ["1.5", "2"]]),
        (
            "Titel, mit, vielen, vielen, Kommas\na;b\n1;2",
            [["Titel, mit, vielen, vielen, Kommas", None], ["a", "b"], ["1", "2"]],
        ),
        ('a;"b;""c""\nd"', [["a", 'b;"c"\nd']]),
        ("a;b\r1;2\r", [["a", "b"], ["1", "2"]]),
        ("a\nb;c;d\n", [["a", None, None], ["b", "c", "d"]]),
    ],
)
def test_delimiters_quotes_and_line_ends_are_found_out(tmp_path: Path, text: str, rows: list[list[str | None]]) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode())
    assert open_grids(tmp_path / "a.csv")[0].rows == rows


def test_an_open_quote_does_not_swallow_the_rest_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'a;b\n1;"2\n3;4\n5;6\n')
    assert reason(tmp_path / "a.csv") == "damaged"


def test_a_truncated_workbook_is_damaged_wherever_it_is_cut(tmp_path: Path) -> None:
    content = workbook(tmp_path).read_bytes()
    for cut in range(8, len(content) - 1, 97):
        (tmp_path / "b.xlsx").write_bytes(content[:cut])
        assert reason(tmp_path / "b.xlsx") == "damaged"


def test_any_damage_to_a_workbook_has_a_reason_or_does_no_harm(tmp_path: Path) -> None:
    content, rng, reasons = workbook(tmp_path).read_bytes(), random.Random(1), set()
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(rng.choice([1, 3, 10])):
            damaged[rng.randrange(4, len(damaged))] = rng.randrange(256)
        (tmp_path / "b.xlsx").write_bytes(damaged)
        try:
            open_grids(tmp_path / "b.xlsx")
        except Unreadable as error:
            reasons.add(error.reason)
    assert "damaged" in reasons
    assert reasons <= {"damaged", "not_a_table", "too_large", "encrypted", "path_trick", "zip_bomb"}


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\x00", bytes(100)])
def test_what_is_no_table_is_called_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    assert reason(tmp_path / "a.xlsx") == "not_a_table"


def test_a_zip_without_a_workbook_is_no_table(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("brief.txt", "x")
    assert reason(tmp_path / "a.zip") == "not_a_table"


def test_a_file_that_is_gone_is_missing(tmp_path: Path) -> None:
    assert reason(tmp_path / "gone.csv") == "missing"


def test_a_file_that_is_too_large_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "a.csv", [["a", "b"]])
    monkeypatch.setattr(gate, "MAX_BYTES", 2)
    assert reason(path) == "too_large"


def test_a_zip_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(3_000_000))
    (tmp_path / "bomb.xlsx").write_bytes(buffer.getvalue())
    monkeypatch.setattr(gate, "MAX_UNPACKED_BYTES", 1_000_000)
    assert len(buffer.getvalue()) < 10_000
    assert reason(tmp_path / "bomb.xlsx") == "too_large"


def test_a_stray_entry_in_the_last_cell_of_a_sheet_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows: list[list[object]] = [["a"], [1]]
    write_xlsx(path, {"Blatt": rows})
    content = {}
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    stray = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in content.items():
            archive.writestr(name, part.replace(b"</sheetData>", stray) if name == sheet else part)
    assert reason(path) == "too_large"


def test_a_long_narrow_sheet_is_not_mistaken_for_a_wide_one(tmp_path: Path) -> None:
    rows = [[number, None, number] for number in range(3000)]
    assert len(open_grids(write_xlsx(tmp_path / "a.xlsx", {"Blatt": rows}))[0].rows) == 3000


def test_one_wide_row_in_a_long_text_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("\n" * 500 + ";" * 500)
    monkeypatch.setattr(grid_module, "MAX_CELLS", 100_000)
    assert reason(tmp_path / "a.csv") == "too_large"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "cp850"])
def test_german_words_are_read_in_whatever_encoding_they_were_saved(tmp_path: Path, encoding: str) -> None:
    words = ["Österreich", "Köln", "Straße", "Übersee", "Männer"]
    (tmp_path / "worte.csv").write_bytes("\r\n".join(f"{word};1" for word in words).encode(encoding))
    (grid,) = open_grids(tmp_path / "worte.csv")
    assert [grid.text(row, 0) for row in range(len(words))] == words
