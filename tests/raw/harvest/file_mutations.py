# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What happens to a file between an office and the inbox: one change of one kind at a place that a contract reads.

A mutation knows the cells that the untouched file gave observations from, and nothing of contract or reader. Does not
belong here: how a file is opened and saved (`paper`), and whether a change is noticed (`test_file_mutations`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from raw.harvest.address import column_letters
from tests.raw.harvest.paper import Entry, Paper, Row

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman", "cp850")
SYMBOLS = ("-", ".", "x", "...", "/", "k. A.", "*", "0", "–", "")
NOTE = "Anmerkung: vorläufige Angaben"


class NotHere(ValueError):
    """The file cannot have this change: a workbook has no encoding, a table of one period none to leave out."""


@dataclass
class Page:
    """The part of a file that one table is read from: a sheet, its mapped cells, and what is above and beside them.

    `cells` are observations with `r` and `c` (from 0) of their cell. `touched` are rows that were left out. `renamed`:
    the year of a row stood in its other entries, too, and was changed there as well.
    """

    paper: Paper
    sheet: str
    cells: pl.DataFrame
    rng: random.Random
    touched: list[int] = field(default_factory=list)
    renamed: bool = False

    @property
    def rows(self) -> list[Row]:
        """All rows of the sheet."""
        return self.paper.rows[self.sheet]

    @property
    def first(self) -> int:
        """The first row with a mapped cell."""
        return int(self.cells["r"].min())  # type: ignore[arg-type]

    def columns(self, number: int = 1) -> list[int]:
        """Some mapped columns."""
        found = sorted(self.cells["c"].unique())
        if len(found) < number:
            raise NotHere("too few columns")
        return self.rng.sample(found, number)

    def row(self) -> int:
        """Some mapped row."""
        return int(self.rng.choice(sorted(self.cells["r"].unique())))

    def some(self, cells: pl.DataFrame) -> pl.DataFrame:
        """All of these cells, or those of one period, one row or one cell of them."""
        if cells.is_empty():
            raise NotHere("no such cell")
        scope = self.rng.choice(["all", "period", "row", "cell"])
        if scope == "all":
            return cells
        column = {"period": "period", "row": "r"}.get(scope)
        if column is None:
            return cells[self.rng.randrange(cells.height)]
        return cells.filter(pl.col(column) == self.rng.choice(sorted(cells[column].unique())))

    def figures(self) -> pl.DataFrame:
        """Mapped cells with a number."""
        return self.cells.filter(pl.col("value").is_not_null() & (pl.col("unit") != "text"))

    def period_rows(self, newest: bool = False) -> tuple[str, list[int]]:
        """Some period and its rows, where a row has one period."""
        rows = self.cells.group_by("r").agg(pl.col("period").unique())
        if rows["period"].list.len().max() != 1:
            raise NotHere("periods are no rows")
        periods = sorted(self.cells["period"].unique())
        if len(periods) < 2:
            raise NotHere("one period")
        period = periods[-1] if newest else self.rng.choice(periods)
        return period, sorted(self.cells.filter(pl.col("period") == period)["r"].unique())


def row_inserted(page: Page) -> None:
    """An empty row, or one with a word in its first cell, among the data."""
    row: Row = page.rng.choice([[], [Entry("")], [Entry(NOTE)]])
    page.rows.insert(page.row(), list(row))


def column_inserted(page: Page) -> None:
    """A new column beside a mapped one: empty, or with a header and figures."""
    (at,) = page.columns()
    filled = page.rng.random() < 0.7
    data = set(page.cells["r"].unique())
    for number, row in enumerate(page.rows):
        row.extend([None] * (at - len(row)))
        entry = None
        if filled and number in data:
            entry = Entry(str(page.rng.randrange(1000)), not page.paper.is_text)
        elif filled and number == page.first - 1:
            entry = Entry("Neue Spalte")
        if number < len(page.rows) and (number >= page.first - 1 or len(row) > at):
            row.insert(at, entry)


def header_renamed(page: Page) -> None:
    """One header cell above a mapped column says it in other words."""
    (column,) = page.columns()
    above = [row for row in range(page.first) if page.paper.text(page.sheet, row, column).strip()]
    if not above:
        raise NotHere("no header above")
    row = page.rng.choice(above[-3:])
    text = page.paper.text(page.sheet, row, column)
    other = page.rng.choice([f"{text} neu", text[:-1], text.upper(), text[::-1], "", f"Anteil {text}", "insgesamt"])
    page.paper.put(page.sheet, row, column, other, False)


def columns_swapped(page: Page) -> None:
    """Two columns change places with their headers."""
    _swap(page, *page.columns(2), range(len(page.rows)))


def figures_swapped(page: Page) -> None:
    """Two columns change places below their headers, throughout or in one period."""
    first, second = page.columns(2)
    cells = page.some(page.cells.filter(pl.col("c").is_in([first, second])))
    _swap(page, first, second, cells["r"].unique())


def _swap(page: Page, first: int, second: int, rows: range | pl.Series) -> None:
    for row in rows:
        one, other = (page.paper.entry(page.sheet, row, column) for column in (first, second))
        if one or other:
            page.paper.put_entry(page.sheet, row, first, other)
            page.paper.put_entry(page.sheet, row, second, one)


def sheet_renamed(page: Page) -> None:
    """The sheet has another name; of a text, the file."""
    if page.paper.is_text:
        page.paper.name = f"Kopie von {page.paper.name}"
    else:
        page.paper.names[page.sheet] = page.rng.choice(["Tabelle1 (2)", "Daten neu", "2025", f"{page.sheet}_alt"[:31]])


def footnote_added(page: Page) -> None:
    """A footnote: its mark at a header, at a figure, or its text below the table."""
    where = page.rng.choice(["header", "figure", "below"])
    if where == "below":
        page.rows.append([Entry("1) Vorläufiges Ergebnis.")])
        return
    mark = page.rng.choice(["1)", " 1)", "*", "¹", " r", " p"])
    if where == "header":
        (column,) = page.columns()
        above = [row for row in range(page.first) if page.paper.text(page.sheet, row, column)]
        if not above:
            raise NotHere("no header above")
        row = above[-1]
    else:
        cells = page.figures()
        if cells.is_empty():
            raise NotHere("no figure")
        row, column = cells.select("r", "c").row(page.rng.randrange(cells.height))
    page.paper.put(page.sheet, row, column, page.paper.text(page.sheet, row, column) + mark, False)


def year_added(page: Page) -> None:
    """The newest year once more, below the table's last row, as the next year."""
    period, rows = page.period_rows(newest=True)
    if "-W" in period:
        raise NotHere("a calendar week is not cut by the turn of every year")
    year = period[:4]
    columns = [
        column
        for column in range(max(len(page.rows[row]) for row in rows))
        if column not in set(page.cells["c"]) and all(year in page.paper.text(page.sheet, row, column) for row in rows)
    ]
    if not columns:
        raise NotHere("the year does not stand in the rows")
    page.renamed = len(columns) > 1
    last = max(page.cells["r"])
    for number, row in enumerate(rows, 1):
        page.rows.insert(last + number, list(page.rows[row]))
        for column in columns:
            text = page.paper.text(page.sheet, row, column)
            page.paper.put(page.sheet, last + number, column, text.replace(year, str(int(year) + 1)))


def year_dropped(page: Page) -> None:
    """All rows of one period are left out."""
    _, rows = page.period_rows()
    page.touched = rows
    for row in reversed(rows):
        del page.rows[row]


def numbers_as_text(page: Page) -> None:
    """Figures become texts, plain or written for reading: with dots, blanks, commas or an apostrophe for thousands."""
    separator = page.rng.choice(["", "", ".", " ", ",", "\u00a0", "'"])
    for row, column in page.some(page.figures()).select("r", "c").iter_rows():
        text = page.paper.text(page.sheet, row, column)
        plain = re.sub(r"[. \u00a0]", "", text) if page.paper.is_text else text
        whole, mark, rest = plain.partition("," if page.paper.is_text else ".")
        if separator:
            whole = re.sub(r"(?<=\d)(?=(\d{3})+$)", separator, whole)
        decimal = "." if page.rng.random() < 0.3 and not separator else mark
        page.paper.put(page.sheet, row, column, f"{whole}{decimal if rest else ''}{rest}", False)


def thousands(page: Page) -> None:
    """Persons become thousands: throughout, in one column or one period, rounded or with decimals."""
    cells = page.figures()
    if page.rng.random() < 0.7:
        (column,) = page.columns()
        cells = cells.filter(pl.col("c") == column)
    mark = "," if page.paper.is_text else "."
    digits = page.rng.choice([0, 1, 3])
    for row, column, _ in page.some(cells).select("r", "c", "value").iter_rows():
        text = page.paper.text(page.sheet, row, column).strip()
        plain = text.replace(".", "").replace(" ", "").replace(",", ".") if page.paper.is_text else text
        try:
            number = float(plain) / 1000
        except ValueError:
            continue
        page.paper.put(page.sheet, row, column, f"{number:.{digits}f}".replace(".", mark))


def encoding_changed(page: Page) -> None:
    """A text is saved in another encoding."""
    if not page.paper.is_text or page.paper.is_pdf:
        raise NotHere("a workbook")
    page.paper.encoding = page.rng.choice([one for one in ENCODINGS if one != page.paper.encoding])
    try:
        page.paper.content()
    except UnicodeEncodeError as error:
        raise NotHere("it has signs that this encoding does not have") from error


def cells_shifted(page: Page) -> None:
    """A row's cells stand one further right, or a column's one further down, the last one lost."""
    if page.rng.random() < 0.5:
        row, (column,) = page.row(), page.columns()
        if column < len(page.rows[row]):
            page.rows[row].insert(column, None)
        return
    (column,) = page.columns()
    rows = page.some(page.cells.filter(pl.col("c") == column))["r"].unique().sort().to_list()
    entries = [page.paper.entry(page.sheet, row, column) for row in rows]
    for row, entry in zip(rows, [entries[-1], *entries[:-1]], strict=True):
        page.paper.put_entry(page.sheet, row, column, entry)


def total_moved(page: Page) -> None:
    """The row of the largest area changes places with another: as a whole, or its figures alone."""
    size = page.figures().group_by("r").agg(pl.col("value").sum(), pl.col("period").first())
    if size.height < 2:
        raise NotHere("one row")
    period = page.rng.choice(sorted(size["period"].unique()))
    rows = size.filter(pl.col("period") == period).sort("value", "r", descending=True)["r"].to_list()
    if len(rows) < 2:
        raise NotHere("one row in the period")
    total, other = rows[0], page.rng.choice(rows[1:])
    if page.rng.random() < 0.5:
        page.rows[total], page.rows[other] = page.rows[other], page.rows[total]
        return
    for column in sorted(page.cells["c"].unique()):
        one, two = (page.paper.entry(page.sheet, row, column) for row in (total, other))
        page.paper.put_entry(page.sheet, total, column, two)
        page.paper.put_entry(page.sheet, other, column, one)


def row_doubled(page: Page) -> None:
    """A row stands twice, the second time as it is or with another figure."""
    row = page.row()
    at = page.rng.choice([row + 1, max(page.cells["r"]) + 1])
    page.rows.insert(at, list(page.rows[row]))
    cells = page.figures().filter(pl.col("r") == row)
    if page.rng.random() < 0.5 and cells.height:
        column, value = cells.select("c", "value").row(page.rng.randrange(cells.height))
        page.paper.put(page.sheet, at, column, f"{value + 1:.0f}")


def symbol_changed(page: Page) -> None:
    """A symbol or a figure becomes another symbol, or a figure changes its sign."""
    cells = page.cells.filter(pl.col("unit") != "text")
    symbols = cells.filter(pl.col("obs_status") != "A")
    if symbols.height and page.rng.random() < 0.5:
        cells = symbols
    if cells.is_empty():
        raise NotHere("no figure")
    row, column = cells.select("r", "c").row(page.rng.randrange(cells.height))
    text = page.paper.text(page.sheet, row, column)
    number = re.search(r"\d", text) is not None
    signs = [f"-{text}", f"−{text}", f"{text}-", f"({text})"] if number else []
    known = [one for one in (*SYMBOLS, *signs, *signs) if one != text and page.paper.has_signs(one)]
    other = page.rng.choice(known)
    entry = page.paper.entry(page.sheet, row, column)
    page.paper.put(page.sheet, row, column, other, bool(entry and entry.number and other == f"-{text}"))


KINDS: dict[str, Callable[[Page], None]] = {
    kind.__name__: kind
    for kind in (
        row_inserted, column_inserted, header_renamed, columns_swapped, figures_swapped, sheet_renamed, footnote_added,
        year_added, year_dropped, numbers_as_text, thousands, encoding_changed, cells_shifted, total_moved, row_doubled,
        symbol_changed,
    )
}  # fmt: skip


def page_of(paper: Paper, observations: pl.DataFrame, rng: random.Random) -> Page:
    """The page of one of the sheets that observations were read from."""
    places = observations.with_columns(
        pl.col("cell").str.replace(r"!([A-Z]+\d+)$", "").alias("sheet"),
        pl.col("cell").str.extract(r"!([A-Z]+)\d+$").alias("letters"),
        (pl.col("cell").str.extract(r"(\d+)$").cast(pl.Int64) - 1).alias("r"),
    )
    columns = {column_letters(number): number for number in range(20_000 if places.height > 1e6 else 2_000)}
    places = places.with_columns(pl.col("letters").replace_strict(columns, return_dtype=pl.Int64).alias("c"))
    sheet = rng.choice(sorted(places["sheet"].unique()))
    return Page(paper.copy(), sheet, places.filter(pl.col("sheet") == sheet), rng)
