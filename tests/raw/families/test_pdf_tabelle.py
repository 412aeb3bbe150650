# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables in PDF: every figure under its address, no mark taken for a digit, nothing of the document's properties."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from raw.contracts import Source
from raw.harvest.grid import open_grids
from raw.harvest.harvest import claim_file, read_table
from raw.harvest.mapping import Mapped
from raw.lake.lake import Delivery
from tests.raw.build import harvest_all
from tests.raw.pdfs import PAGES, pdf_source, write_pdf


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return pdf_source(tmp_path_factory.mktemp("sources"))


def read(source: Source, path: Path) -> Mapped:
    delivery = Delivery("s", path.name, 0, "2026-01-01T00:00:00+00:00", "")
    return read_table(path, delivery, source, source.tables["plaetze"])


def changed(change: Callable[[list[Any]], None]) -> list[Any]:
    pages: list[Any] = copy.deepcopy(PAGES)
    change(pages)
    return pages


def test_a_table_over_two_pages_is_read_cell_by_cell(source: Source, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "bericht.pdf")
    claim = claim_file(path, {"t_pdf": source})
    assert (claim.tables, claim.published_on) == ([("t_pdf", "plaetze")], "2024-06-12")
    found = read(source, path)
    assert found.faults == []
    rows = found.observations.select("cell", "area", "period", "dims", "value", "value_text", "obs_status").rows()
    assert len(rows) == 12
    assert ("Seite 1!B5", "99001000-01", "2021", "place=stat", 1234.0, "1 234", "A") in rows
    assert ("Seite 1!C5", "99001000-01", "2023", "place=stat", 1302.0, "1.302", "A") in rows
    assert ("Seite 1!D5", "99001000-01", "2021", "place=day", 0.0, "-", "A") in rows
    assert ("Seite 2!E5", "99001000-02", "2023", "place=day", 12.0, "12", "A") in rows
    assert ("Seite 2!E6", "99001000", "2023", "place=day", 26.0, "26¹⁾", "P") in rows


def test_a_page_without_a_header_takes_that_of_the_page_before(source: Source, tmp_path: Path) -> None:
    def without(pages: list[Any]) -> None:
        del pages[1][2:4]

    found = read(source, write_pdf(tmp_path / "a.pdf", changed(without)))
    assert found.faults == [] and found.observations.height == 12


def set_cell(page: int, row: int, column: int, text: str) -> Callable[[list[Any]], None]:
    def change(pages: list[Any]) -> None:
        line = list(pages[page][row])
        line[column] = text
        pages[page][row] = line

    return change


def drop_column(pages: list[Any]) -> None:
    pages[1] = [row if isinstance(row, str) else [*row[:2], *row[3:]] for row in pages[1]]


@pytest.mark.parametrize(
    ("change", "code", "cell"),
    [
        (set_cell(1, 4, 1, "66³⁾"), "value", "Seite 2!B5"),
        (set_cell(1, 4, 1, "66  702"), "value", "Seite 2!B5"),
        (set_cell(1, 4, 1, "geheim"), "value", "Seite 2!B5"),
        (set_cell(1, 4, 0, "Drittes Dorf"), "area", "Seite 2!A5"),
        (set_cell(0, 2, 1, "Heimplätze"), "header_unknown", "Seite 1!B4"),
        (set_cell(0, 3, 1, "20211"), "header_unknown", "Seite 1!B4"),
        (drop_column, "layout", "Seite 2!A4"),
    ],
)
def test_a_changed_report_is_a_fault_at_its_page_and_row(
    source: Source, tmp_path: Path, change: Callable[[list[Any]], None], code: str, cell: str
) -> None:
    faults = read(source, write_pdf(tmp_path / "a.pdf", changed(change))).faults
    assert (code, cell) in [(fault.code, fault.cell) for fault in faults]
    assert not any("geheim" in fault.sentence() for fault in faults)


def test_another_table_with_the_same_header_is_not_its_continuation(source: Source, tmp_path: Path) -> None:
    def other(pages: list[Any]) -> None:
        pages[1][1] = "Tabelle 4: Anderes"

    path = write_pdf(tmp_path / "a.pdf", changed(other))
    assert read(source, path).observations.height == 4
    assert len(claim_file(path, {"t_pdf": source}).beside) == 1


def test_no_other_family_reads_a_pdf(source: Source, sources: dict[str, Source], tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf")
    assert claim_file(path, sources).reason == "unclaimed"
    assert all(grid.tables is not None for grid in open_grids(path))


def test_properties_of_a_pdf_are_stored_nowhere_but_in_its_own_bytes(source: Source, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    path = write_pdf(tmp_path / "inbox" / "bericht.pdf")
    assert b"Kanarienvogel" in path.read_bytes()
    found = harvest_all(tmp_path, {"t_pdf": source})
    assert found["t_pdf"].read().height == 12
    stored = [p for p in (tmp_path / "lake").rglob("*") if p.is_file() and "snapshots" not in p.parts]
    assert any(p.suffix == ".parquet" for p in stored)
    assert [p.name for p in stored if b"Kanarienvogel" in p.read_bytes()] == []
