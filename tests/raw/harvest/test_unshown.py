# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a workbook does not show is never read as if it were shown, and an error in a cell is no empty cell."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from pipelines.messages import Speaker
from raw.contracts import Source
from raw.harvest import gate, unshown
from raw.harvest.address import column_letters
from raw.harvest.faults import Fault
from raw.harvest.gate import Unreadable, admit
from raw.harvest.grid import open_grids
from raw.harvest.harvest import claim_file, read_table
from raw.harvest.unshown import ERRORS, Unshown
from raw.lake.lake import Delivery
from tests.raw.build import KISS

ROWS = [["Gebiet", "Zahl", "Wort"], ["01", 5.0, "a"], ["02", 7.0, "b"], ["03", "1.234", "c"]]


def book(path: Path, change: Callable[[openpyxl.Workbook], object]) -> Path:
    """A workbook with two sheets, changed by somebody in the office."""
    workbook = openpyxl.Workbook()
    workbook.active.title = "Fälle & Orte"
    for row in ROWS:
        workbook.active.append(row)
    workbook.create_sheet("Notizen")["A1"] = "bitte beachten"
    change(workbook)
    workbook.save(path)
    return path


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Change the XML of the first sheet."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/worksheets/sheet1.xml"] = change(parts["xl/worksheets/sheet1.xml"])
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)


def _hide(attribute: str, key: object, **more: object) -> Callable[[openpyxl.Workbook], object]:
    return lambda one: [
        setattr(getattr(one.active, attribute)[key], name, value) for name, value in {"hidden": True, **more}.items()
    ]


def _hidden_sheet(state: str, entry: object) -> Callable[[openpyxl.Workbook], object]:
    def change(workbook: openpyxl.Workbook) -> None:
        workbook["Notizen"]["C4"] = entry
        workbook["Notizen"].sheet_state = state

    return change


HIDDEN: dict[str, tuple[Callable[[openpyxl.Workbook], object], str, str]] = {
    "row": (_hide("row_dimensions", 3), "hidden_rows", "Fälle & Orte!A3"),
    "row with a figure as text": (_hide("row_dimensions", 4), "hidden_rows", "Fälle & Orte!A4"),
    "column": (_hide("column_dimensions", "B"), "hidden_columns", "Fälle & Orte!B2"),
    "sheet": (_hidden_sheet("hidden", 9), "hidden_sheet", "Notizen!C4"),
    "sheet that no menu shows": (_hidden_sheet("veryHidden", "3 400"), "hidden_sheet", "Notizen!C4"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_figures_that_the_sender_does_not_see_are_refused_with_their_place(tmp_path: Path, name: str) -> None:
    change, reason, place = HIDDEN[name]
    with pytest.raises(Unreadable) as raised:
        open_grids(book(tmp_path / "a.xlsx", change))
    assert (raised.value.reason, raised.value.detail) == (reason, place)
    assert len({Speaker(language)(f"reason.{reason}") for language in ("de", "en")}) == 2


@pytest.mark.parametrize(
    ("tag", "instead", "place"),
    [
        (b'<row r="3"', b'<row r="3" ht="0" customHeight="1"', "hidden_rows: Fälle & Orte!A3"),
        (
            b"<sheetData>",
            b'<cols><col min="2" max="2" width="0"/></cols><sheetData>',
            "hidden_columns: Fälle & Orte!B2",
        ),
    ],
)
def test_a_row_of_no_height_and_a_column_of_no_width_are_hidden(
    tmp_path: Path, tag: bytes, instead: bytes, place: str
) -> None:
    path = book(tmp_path / "a.xlsx", lambda one: None)
    assert len(open_grids(path)) == 2
    _rewrite(path, lambda sheet: sheet.replace(tag, instead))
    with pytest.raises(Unreadable, match=re.escape(place)):
        open_grids(path)


@pytest.mark.parametrize(
    "change",
    [
        _hide("row_dimensions", 1),
        _hide("row_dimensions", 9),
        _hide("column_dimensions", "C"),
        _hidden_sheet("hidden", "nur ein Wort"),
        _hide("row_dimensions", 3, hidden=False, height=30),
    ],
)
def test_what_is_hidden_and_holds_no_figure_is_read_as_ever(
    tmp_path: Path, change: Callable[[openpyxl.Workbook], object]
) -> None:
    grid, _ = open_grids(book(tmp_path / "a.xlsx", change))
    assert grid.rows == ROWS


def test_rows_that_a_filter_has_left_out_are_hidden_ones(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as workbook:
        sheet = workbook.add_worksheet("Fälle")
        for number, row in enumerate(ROWS):
            sheet.write_row(number, 0, row)
        sheet.autofilter(0, 0, 3, 2)
        sheet.filter_column("A", "x == 02")
        sheet.set_row(1, options={"hidden": True})
        sheet.set_row(3, options={"hidden": True})
    with pytest.raises(Unreadable, match="hidden_rows: Fälle!A2"):
        open_grids(tmp_path / "a.xlsx")


@pytest.mark.parametrize("error", sorted(ERRORS))
def test_an_error_is_read_as_what_it_says_and_not_as_an_empty_cell(tmp_path: Path, error: str) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        for place in ("B3", "F6"):
            workbook.active[place] = error
            workbook.active[place].data_type = "e"

    grid, _ = open_grids(book(tmp_path / "a.xlsx", change))
    assert (grid.rows[2][1], grid.rows[5][5]) == (error, error)
    assert [row[:3] for row in grid.rows[:4] if row[0] != "02"] == [ROWS[0], ROWS[1], ROWS[3]]


def test_no_entry_passes_for_an_error_and_is_quoted(tmp_path: Path) -> None:
    for odd in (b"Frau Kanarienvogel", b"#N/A Kanarienvogel"):
        path = book(tmp_path / "a.xlsx", lambda one: None)
        more = b'<row r="5"><c t="e"><v>%b</v></c><c r="C5" t=\'e\'><v/></c></row></sheetData>' % odd
        _rewrite(path, lambda sheet, more=more: sheet.replace(b"</sheetData>", more))
        seen: dict[str, Unshown] = {}
        admit(path, seen)
        assert seen["Fälle & Orte"].errors == {(4, 0): "#ERROR", (4, 2): "#ERROR"}


@pytest.mark.parametrize("column", [3, 5])
def test_an_error_in_a_cell_that_the_contract_reads_is_a_fault_with_its_cell(
    tmp_path: Path, sources: dict[str, Source], column: int
) -> None:
    row = len(KISS.rows) - 1
    path = KISS.write(tmp_path)
    assert not _faults(path, sources)
    workbook = openpyxl.load_workbook(path)
    cell = workbook.active.cell(row + 1, column + 1)
    cell.value, cell.data_type = "#DIV/0!", "e"
    workbook.save(path)
    found = _faults(path, sources)
    assert [(fault.code, fault.cell.rpartition("!")[2]) for fault in found] == [
        ("value", f"{column_letters(column)}{row + 1}")
    ]
    assert "#DIV/0!" in found[0].sentence("de") and "#DIV/0!" in found[0].sentence("en")


def _faults(path: Path, sources: dict[str, Source]) -> list[Fault]:
    ((source, table),) = claim_file(path, sources).tables
    delivery = Delivery("x", path.name, 0, "2026-01-01T00:00:00+00:00", "")
    return read_table(path, delivery, sources[source], sources[source].tables[table]).faults


def test_a_sheet_without_a_sign_of_any_of_it_is_not_looked_at_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "unshown", lambda part: pytest.fail("looked at twice"))
    assert len(open_grids(book(tmp_path / "a.xlsx", lambda one: None))) == 2


def test_a_sheet_full_of_errors_does_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unshown, "MAX_ERRORS", 3)

    def change(workbook: openpyxl.Workbook) -> None:
        for row in range(1, 6):
            workbook.active.cell(row, 2, "#N/A").data_type = "e"

    with pytest.raises(Unreadable, match="error_value"):
        open_grids(book(tmp_path / "a.xlsx", change))


def ods(folder: Path, content: str) -> Path:
    """An OpenDocument sheet of one row more than these tags."""
    head = '<table:table table:name="F&amp;O"><table:table-column table:number-columns-repeated="2"/>'
    with zipfile.ZipFile(folder / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"{head}<table:table-row><table:table-cell/></table:table-row>{content}")
    return folder / "a.ods"


CELL = '<table:table-cell/><table:table-cell office:value-type="float" office:value="0"{}/>'
ODS = {
    "error": (f"<table:table-row>{CELL}</table:table-row>", ' calcext:value-type="error"', "error_value", "F&O!B2"),
    "row": (f'<table:table-row table:visibility="collapse">{CELL}</table:table-row>', "", "hidden_rows", "F&O!B2"),
    "filter": (f'<table:table-row table:visibility="filter">{CELL}</table:table-row>', "", "hidden_rows", "F&O!B2"),
    "column": (
        '</table:table><table:table table:name="G"><table:table-column/><table:table-column '
        f'table:visibility="collapse"/><table:table-row>{CELL}</table:table-row>', "", "hidden_columns", "G!B1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODS)
def test_an_open_document_with_errors_or_hidden_figures_is_refused_with_their_place(tmp_path: Path, name: str) -> None:
    content, attributes, reason, place = ODS[name]
    with pytest.raises(Unreadable) as raised:
        admit(ods(tmp_path, content.format(attributes)))
    assert (raised.value.reason, raised.value.detail) == (reason, place)


def test_a_good_open_document_passes(tmp_path: Path) -> None:
    hidden = (
        '<table:table-row table:visibility="collapse"><table:table-cell office:value-type="string"/></table:table-row>'
    )
    assert admit(ods(tmp_path, hidden + ODS["error"][0].format(""))) == "workbook"
