# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Ruled tables in a PDF (yearbook, care report): title lines above, header rows, rows over one or several pages, notes.

Belongs here: which table a page's table is, and which one it continues. Does not belong here: finding cells on a page
(`raw.harvest.pages`), and what a table made by hand looks like otherwise (`eigene_tabelle`).

A page's first table continues the last one of the page before if the lines above it only say so (`continued` of the
YAML) or stand on every page (but for their digits). Otherwise its lines are the title of a table of its own. It repeats
the header, or, where its first row is data and it is as wide, has that of the page before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from raw.contracts import TableContract
from raw.families.eigene_tabelle import HandTable, block_of, header_paths, is_data
from raw.harvest.grid import Grid
from raw.harvest.layout import Block, LayoutFault, family_config, find_date, folded, matches
from raw.harvest.raised import without_marks

READER_VERSION = "1"


@dataclass(frozen=True)
class _Table:
    """A table and its parts on further pages, all with the titles of the first."""

    parts: list[HandTable]

    @property
    def about(self) -> dict[str, str]:
        """What `detect` of a contract is compared with."""
        first = self.parts[0]
        return {"title": " ".join(first.titles), "header": "; ".join(filter(None, first.headers.values()))}


def _lines(grid: Grid, rows: range) -> list[str]:
    texts = (" ".join(grid.text(row, column) for column in range(grid.width)) for row in rows)
    return [line for text in texts if (line := folded(text))]


def _masked(line: str) -> str:
    return re.sub(r"\d+", "#", line)


def _tables(grids: list[Grid]) -> Iterator[_Table]:
    """Every table of the file in its order."""
    pages = [grid for grid in grids if grid.tables is not None]
    masked = Counter(one for grid in pages for one in {_masked(line) for line in _lines(grid, range(len(grid.rows)))})
    running = {line for line, count in masked.items() if count == len(pages) > 1}
    continued = [re.compile(pattern) for pattern in family_config("pdf_tabelle")["continued"]]
    last: _Table | None = None
    for grid in pages:
        end = 0
        for index, rows in enumerate(grid.tables or ()):
            rows = range(min(rows.start, len(grid.rows)), min(rows.stop, len(grid.rows)))
            above = [line for line in _lines(grid, range(end, rows.start)) if _masked(line) not in running]
            end = rows.stop
            goes_on = last is not None and not index and all(any(p.search(line) for p in continued) for line in above)
            part = _part(grid, rows, last.parts[-1] if goes_on and last else None, above)
            if part is None:
                continue
            if goes_on and last:
                last.parts.append(part)
            else:
                if last:
                    yield last
                last = _Table([part])
        if not grid.tables:  # a page without a table lies between two tables, not between two halves of one
            if last:
                yield last
            last = None
    if last:
        yield last


def _part(grid: Grid, rows: range, before: HandTable | None, above: list[str]) -> HandTable | None:
    """The table of these rows; None without data."""
    first = next((row for row in rows if is_data(grid, row)), None)
    if first is None:
        return None
    data = range(first, rows.stop)
    headers = header_paths(grid, range(rows.start, first), data)
    if first == rows.start and before is not None and list(headers) == list(before.headers):
        headers = before.headers
    titles = above if before is None else before.titles
    return HandTable(grid, titles, rows.start, first, rows.stop, min(headers), headers)


def whole_tables(grids: list[Grid]) -> list[HandTable]:
    """Every table with its rows of all pages below each other, for those who look at its content (`raw.proposal`)."""
    found = []
    for table in _tables(grids):
        first = table.parts[0]
        head = first.grid.rows[first.top : first.first]
        rows = [part.grid.rows[row] for part in table.parts for row in range(part.first, part.end)]
        texts = [[without_marks(folded(cell)) if isinstance(cell, str) else cell for cell in row] for row in rows]
        width = max(map(len, [*head, *texts]))
        joined = replace(first.grid, rows=[[*row, *[None] * (width - len(row))] for row in [*head, *texts]])
        found.append(replace(first, grid=joined, top=0, first=len(head), end=len(joined.rows)))
    return found


def identify(grids: list[Grid]) -> list[dict[str, str]]:
    """Every table: `title` (all lines above it but those of every page), `header` (all header paths)."""
    return [table.about for table in _tables(grids)]


def published_on(grids: list[Grid]) -> dt.date | None:
    """The date in a line such as `Stand: 12.06.2025` or `Redaktionsschluss: …`, on any page."""
    lines = [line for grid in grids if grid.tables is not None for line in _lines(grid, range(len(grid.rows)))]
    dates = (find_date(pattern, lines) for pattern in family_config("pdf_tabelle")["published"])
    return next((date for date in dates if date), None)


def blocks(grids: list[Grid], table: TableContract) -> list[Block]:
    """The contract's table, a block for each page that it stands on. Raises LayoutFault."""
    found = [one for one in _tables(grids) if matches(table.detect, one.about)]
    if not found:
        raise LayoutFault("sheet_missing", "", "–", str(table.detect))
    published = published_on(grids)
    return [_cleaned(block_of(part, table, published), one.parts[0]) for one in found for part in one.parts]


def _cleaned(block: Block, first: HandTable) -> Block:
    """Labels without marks and line ends. Another header than on the first page is a fault."""
    if [*block.headers.values()] != [path for path in first.headers.values() if path not in block.stubs]:
        what = f"Kopfzeilen wie auf {first.grid.sheet} / header rows as on {first.grid.sheet}"
        block.faults.append(LayoutFault("layout", block.grid.address(block.header_row, 0), "–", what))
    stubs = {name: [without_marks(folded(text)) for text in texts] for name, texts in block.stubs.items()}
    return replace(block, stubs=stubs)
