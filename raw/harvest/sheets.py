# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a sheet as a family's YAML describes them: a family without a line of code.

Belongs here: where a header begins, what leads a row, where a table ends; merged cells, headings between rows, tables
turned over. Does not belong here: a particular publisher's sheet (its YAML) and what a column means (the contract).

The header begins in the row of its `anchor`, the data in the first row below it whose anchor column is filled and that
has a number (with `headings`: in the first whose anchor column is filled). A row that begins with one of `ends` is a
note; nothing else ends a table, so a row that lost its figures is not taken for one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from raw.contracts import TableContract
from raw.harvest.faults import describe
from raw.harvest.grid import Cell, Grid, as_text
from raw.harvest.layout import Block, LayoutFault, find_date, folded, header_path, matches

_WITHIN = 30
_LINES = 60
_NUMBER = re.compile(r"[+-]?\d[\d. ]*(,\d+)?([eE][+-]?\d+)?")


class Layout(BaseModel):
    """`layout:` of a family's YAML. All patterns are regular expressions on texts with folded blanks.

    `anchor`: the whole text of the cell that begins the header. `sheets`: names of the sheets that hold tables.
    `above`: rows above the anchor that belong to the header. `leading`: names of the leading columns from the anchor
    on, where their header texts vary; otherwise the contract names them by their header. `fill`: a header cell stands
    over the empty cells to its right. `depth`: how many header rows make the path. `drop`: segments, and `strip`: parts
    of segments that say nothing. `groups`: a header that begins a group of columns → the group's name. `numbered`: a
    header that stands several times is numbered. `headings`: a row with nothing but its first cell stands over the rows
    that follow. `fill_down`: leading columns whose entry holds for the empty cells below. `repeats`: leading columns in
    which an entry that stands again is numbered (a borough and its district of one name). `transpose`: the rows are the
    columns of the contract. `values_of`: a column whose header continues in the rows of another one (`Basiswert.1` in
    `Name.Basiswert.1`). `from_text`: stub → pattern of a cell above the data; its first group is the entry. `by_group`:
    the first segment of a path names a table of its own, `by_entry` every entry of this column. `ends`: how the notes
    below a table begin. `published`: a text with `{date}` near the top of any sheet.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    anchor: str
    sheets: str | None = None
    above: int = 0
    leading: list[str] = []
    fill: bool = False
    depth: int | None = None
    drop: list[str] = []
    strip: list[str] = []
    groups: dict[str, str] = {}
    numbered: bool = False
    headings: bool = False
    fill_down: list[str] = []
    repeats: list[str] = []
    transpose: bool = False
    values_of: dict[str, str] = {}
    from_text: dict[str, str] = {}
    by_group: bool = False
    by_entry: str | None = None
    ends: list[str] = []
    published: str | None = None


@dataclass(frozen=True)
class _Place:
    """Where a table lies: anchor row, first data row, row after the last, the anchor's column, data headers."""

    grid: Grid
    anchor: int
    first: int
    end: int
    left: int
    headers: dict[int, str]

    @property
    def about(self) -> dict[str, str]:
        """What `detect` of a contract is compared with."""
        texts = [_text(self.grid, row, c) for row in range(self.first) for c in range(self.grid.width)]
        header = "; ".join([_text(self.grid, self.anchor, self.left), *self.headers.values()])
        return {"sheet": self.grid.sheet, "title": " ".join(filter(None, texts)), "header": header}


def _text(grid: Grid, row: int, column: int) -> str:
    return folded(grid.text(row, column))


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, float) or (isinstance(cell, str) and _NUMBER.fullmatch(cell.strip()) is not None)


class SheetFamily:
    """A layout family that its YAML describes."""

    READER_VERSION = "1"

    def __init__(self, config: dict[str, Any]) -> None:
        self.code: str | None = config.get("code")
        self.layout = Layout.model_validate(config["layout"])

    def identify(self, grids: list[Grid]) -> list[dict[str, str]]:
        """Every table: `code` (the family's), `sheet`, `title` (all texts above the data), `header`, `group`."""
        found = []
        for place in self._places(grids):
            about = place.about | ({"code": self.code} if self.code else {})
            groups = dict.fromkeys(path.split(" | ")[0] for path in place.headers.values())
            several = [{"group": group} for group in groups] if self.layout.by_group else self._entries(place)
            found += [{**about, **one} for one in several]
        return found

    def _entries(self, place: _Place) -> list[dict[str, str]]:
        leading = {place.left + index: name for index, name in enumerate(self.layout.leading)}
        columns = [c for c, path in {**leading, **place.headers}.items() if path == self.layout.by_entry]
        if not columns:
            return [{}]
        texts = (_text(place.grid, row, columns[0]) for row in range(place.first, place.end))
        return [{"entry": text} for text in dict.fromkeys(texts) if text]

    def published_on(self, grids: list[Grid]) -> dt.date | None:
        """The date at `published` near the top of any sheet; the cells of a row are read as one line."""
        if self.layout.published is None:
            return None
        return find_date(self.layout.published, (line for grid in grids for line in _lines(grid)))

    def blocks(self, grids: list[Grid], table: TableContract) -> list[Block]:
        """The contract's tables. Raises LayoutFault where there is none."""
        wanted = table.detect if isinstance(table.detect, dict) else {}
        of_place = {key: text for key, text in wanted.items() if key in ("sheet", "title", "header")}
        places = [place for place in self._places(grids) if matches(of_place, place.about)]
        if not places:
            raise LayoutFault("sheet_missing", "", "–", self.layout.anchor)
        published, group = self.published_on(grids), wanted.get("group")
        only = group if isinstance(group, str) else None
        return [_Reading(self.layout, place, table, only).block(published) for place in places]

    def _places(self, grids: list[Grid]) -> list[_Place]:
        pattern = self.layout.sheets
        mine = [grid for grid in grids if pattern is None or re.fullmatch(pattern, grid.sheet.strip())]
        return [place for grid in mine if (place := self._place(grid))]

    def _place(self, grid: Grid) -> _Place | None:
        anchors = (
            (row, column)
            for row in range(min(_WITHIN, len(grid.rows)))
            for column in range(min(_WITHIN, grid.width))
            if grid.rows[row][column] is not None and re.fullmatch(self.layout.anchor, _text(grid, row, column))
        )
        row, left = next(anchors, (-1, -1))
        if row < 0:
            return None
        below = range(row + 1, len(grid.rows)) if self.layout.ends else ()
        end = next((r for r in below if self._is_end(grid, r)), len(grid.rows))
        first = next((r for r in range(row + 1, end) if self._is_data(grid, r, left)), None)
        if first is None:
            return None
        rows = range(max(row - self.layout.above, 0), first)
        return _Place(grid, row, first, end, left, self._headers(grid, rows, left + len(self.layout.leading)))

    def _is_data(self, grid: Grid, row: int, left: int) -> bool:
        filled = bool(grid.text(row, left))
        return filled and (self.layout.headings or any(_is_number(cell) for cell in grid.rows[row][left + 1 :]))

    def _is_end(self, grid: Grid, row: int) -> bool:
        first = next((as_text(cell) for cell in grid.rows[row] if cell is not None), "")
        return any(re.match(pattern, first) for pattern in self.layout.ends)

    def _headers(self, grid: Grid, rows: range, start: int) -> dict[int, str]:
        """Column → header path, for columns that have an entry in the header or below."""
        paths: dict[int, list[str]] = {column: [] for column in range(start, grid.width)}
        origins: dict[int, tuple[int, ...]] = dict.fromkeys(paths, ())
        for row in rows[: self.layout.depth]:
            now: dict[int, tuple[int, ...]] = {}
            for column in paths:
                origin = column if _text(grid, row, column) else -1
                if origin < 0 and self.layout.fill and column > start and origins[column] == origins[column - 1]:
                    origin = now[column - 1][-1]
                now[column] = (*origins[column], origin)
                paths[column].append(self._segment(_text(grid, row, origin)) if origin >= 0 else "")
            origins = now
        filled = {c for c in paths if any(grid.text(row, c) for row in [*rows, *range(rows.stop, len(grid.rows))])}
        return self._grouped({c: header_path(path) for c, path in paths.items() if c in filled})

    def _segment(self, text: str) -> str:
        for pattern in self.layout.strip:
            text = re.sub(pattern, "", text)
        text = text.strip()
        return "" if any(re.fullmatch(pattern, text) for pattern in self.layout.drop) else text

    def _grouped(self, headers: dict[int, str]) -> dict[int, str]:
        """Paths with the name of the group that an earlier header began; a repeated one is numbered."""
        result: dict[int, str] = {}
        group = ""
        for column, path in headers.items():
            begins = next((name for pattern, name in self.layout.groups.items() if re.fullmatch(pattern, path)), None)
            named = path if begins is not None else header_path([group, path])
            group = group if begins is None else begins
            same = sum(other == named or other.startswith(f"{named} (") for other in result.values())
            result[column] = f"{named} ({same + 1})" if same and named and self.layout.numbered else named
        return result


def _lines(grid: Grid) -> Iterable[str]:
    for row in grid.rows[:_LINES]:
        yield " ".join(text for cell in row if (text := as_text(cell)))


class _Reading:
    """One table of one place, read for one contract."""

    def __init__(self, layout: Layout, place: _Place, table: TableContract, group: str | None) -> None:
        self.layout, self.place, self.table, self.grid = layout, place, table, place.grid
        self.faults: list[LayoutFault] = []
        self.headers = {c: path for c, path in place.headers.items() if group is None or group in path.split(" | ")[0]}
        names = {name: place.left + index for index, name in enumerate(layout.leading)}
        self.leading = names or self._named()
        self.headers = {c: path for c, path in self.headers.items() if c not in self.leading.values()}
        self.rows, self.sections = self._rows()

    @property
    def _rules(self) -> list[str]:
        return [rule.stub for rule in (self.table.period, self.table.area) if rule and rule.stub]

    def _named(self) -> dict[str, int]:
        """Leading columns that the contract names by their header; `A + B` is a key over two columns."""
        names = [*self._rules, *self.table.stubs, *self.table.rows]
        wanted = [part for name in names for part in name.split(" + ")]
        found: dict[str, int] = {}
        for column, path in self.place.headers.items():
            if path in wanted and found.setdefault(path, column) != column:
                self.faults.append(LayoutFault("header_twice", self._at(self.place.anchor, column), f"„{path}“", path))
        return found

    def _rows(self) -> tuple[list[int], dict[int, str]]:
        """Rows of the table that the contract takes, and the heading that stands over each."""
        rows: list[int] = []
        sections: dict[int, str] = {}
        heading = ""
        for row in range(self.place.first, self.place.end):
            if self.layout.headings and self._is_heading(row):
                heading = _text(self.grid, row, self.place.left)
            elif any(cell is not None and as_text(cell) for cell in self.grid.rows[row]) and self._takes(row):
                rows.append(row)
                sections[row] = heading
        return rows, sections

    def _is_heading(self, row: int) -> bool:
        return [c for c in range(self.grid.width) if self.grid.text(row, c)] == [self.place.left]

    def _takes(self, row: int) -> bool:
        for name, entries in self.table.rows.items():
            if (column := self.leading.get(name)) is None:
                continue
            text = _text(self.grid, row, column)
            if text not in entries:
                self.faults.append(LayoutFault("label", self._at(row, column), describe(text), name))
            if entries.get(text) != "take":
                return False
        return True

    def _at(self, row: int, column: int) -> str:
        return self.grid.address(row, column)

    def _stubs(self) -> dict[str, list[str]]:
        stubs = {name: [_text(self.grid, row, column) for row in self.rows] for name, column in self.leading.items()}
        for name in self.layout.fill_down:
            last, section = "", None
            for index, row in enumerate(self.rows):
                last = stubs[name][index] or (last if self.sections[row] == section else "")
                stubs[name][index], section = last, self.sections[row]
        for name in self.layout.repeats:
            texts = stubs.get(name, [])
            again = [texts[:index].count(text) + 1 for index, text in enumerate(texts)]
            stubs[name] = [f"{text} ({n})" if n > 1 else text for text, n in zip(texts, again, strict=True)]
        return stubs

    def _keys(self, stubs: dict[str, list[str]]) -> dict[str, str]:
        """Other names for leading columns (`Stadtteil: area_name`) and keys over several (`Nr + gehört zu`, joined by a
        slash), with the column that they begin in."""
        joined = {}
        named = self.table.stubs.items() if isinstance(self.table.stubs, dict) else ()
        for header, name in named:
            if header in stubs and not name.startswith("{"):
                stubs[name], joined[name] = stubs[header], header
        for name in self._rules:
            parts = name.split(" + ")
            if len(parts) > 1 and all(part in stubs for part in parts):
                stubs[name] = ["/".join(texts) for texts in zip(*(stubs[part] for part in parts), strict=True)]
                joined[name] = parts[0]
        return joined

    def _from_text(self, count: int) -> tuple[dict[str, list[str]], dict[str, tuple[int, int]]]:
        stubs, fixed = {}, {}
        cells = [(row, column) for row in range(self.place.first) for column in range(self.grid.width)]
        for name, pattern in self.layout.from_text.items():
            hits = ((cell, found) for cell in cells if (found := re.search(pattern, _text(self.grid, *cell))))
            if (hit := next(hits, None)) is None:
                if name in {"area_name", "area_vintage", *self._rules}:
                    self.faults.append(LayoutFault("layout", self._at(0, 0), "–", pattern))
                continue
            stubs[name], fixed[name] = [hit[1][1]] * count, hit[0]
        return stubs, fixed

    def _continued(self) -> None:
        """Headers that continue in a column of the rows: `Basiswert.1` with `Name.Basiswert.1` beside it."""
        by_path = {path: column for column, path in self.headers.items()}
        for pattern, other in self.layout.values_of.items():
            for column, path in list(self.headers.items()):
                found = re.fullmatch(pattern, path)
                if found is None or (named := by_path.get(found.expand(other))) is None:
                    continue
                names = dict.fromkeys(_text(self.grid, row, named) for row in self.rows)
                if len(names) > 1:
                    self.faults.append(LayoutFault("layout", self._at(self.place.anchor, named), str(len(names)), path))
                self.headers[column] = header_path([path, *list(names)[:1]])
                self.headers.pop(named)

    def block(self, published: dt.date | None) -> Block:
        """The table as the engine reads it."""
        self._continued()
        stubs = self._stubs()
        joined = self._keys(stubs)
        columns = {**self.leading, **{name: self.leading[first] for name, first in joined.items()}}
        grid, headers, rows, header_row = self.grid, self.headers, self.rows, self.place.anchor
        if self.layout.transpose:
            labels = zip(self.rows, *stubs.values(), strict=True)
            paths = {row: header_path([self.sections[row], *self._dropped(texts)]) for row, *texts in labels}
            rows, header_row, grid = list(headers), self.place.left, grid.transpose()
            stubs, columns = {"period": list(headers.values())}, {"period": self.place.anchor}
            headers = paths
        texts, fixed = self._from_text(len(rows))
        if self.layout.transpose:
            fixed = {name: (column, row) for name, (row, column) in fixed.items()}
        return Block(
            grid=grid,
            headers=headers,
            header_row=header_row,
            rows=rows,
            stubs={**stubs, **texts},
            stub_columns={**columns, **{name: cell[1] for name, cell in fixed.items()}},
            texts=[text for row in range(self.place.first) if (text := " ".join(_lines_of(self.grid, row)))],
            published_on=published,
            faults=self.faults,
            fixed=fixed,
        )

    def _dropped(self, texts: Sequence[str]) -> list[str]:
        return [text for text in texts if not any(re.fullmatch(pattern, text) for pattern in self.layout.drop)]


def _lines_of(grid: Grid, row: int) -> list[str]:
    return [text for column in range(grid.width) if (text := _text(grid, row, column))]
