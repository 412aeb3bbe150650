# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a family hands to the engine: blocks, which are tables found by their text.

Belongs here: the block, the family's interface, header paths. Does not belong here: a family's own layout.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

import yaml

from raw.contracts import TableContract
from raw.harvest.grid import Grid, as_text
from raw.vocabulary.period import parse_date

DATE = r"(\d{1,2}\.\d{1,2}\.\d{4}|\d{4}-\d\d-\d\d|\d{1,2}\. [A-Z][a-zä]+ \d{4})"
_FAMILIES = Path(__file__).parents[1] / "families"


class LayoutFault(ValueError):
    """The table is not laid out as its family says: a fault code, the cell and what was expected and found."""

    def __init__(self, code: str, cell: str, found: str, what: str = "") -> None:
        super().__init__(f"{code} at {cell}")
        self.code, self.cell, self.found, self.what = code, cell, found, what


@dataclass(frozen=True)
class Block:
    """A table inside a grid.

    `headers`: data column → header path (`A | B`). `rows`: the grid's data rows. `stubs`: name → one text per data row
    (keys may be put together from several columns); `stub_columns`: name → grid column, for addresses. `fixed`: stub →
    the one cell that holds for all rows. `texts`: the lines above the table. `skip_empty`: an empty cell means "not in
    this table" instead of "missing". `faults`: what is wrong with the layout, where the rest can still be read (what
    leaves nothing to read is raised).
    """

    grid: Grid
    headers: dict[int, str]
    header_row: int
    rows: Sequence[int]
    stubs: dict[str, list[str]]
    stub_columns: dict[str, int]
    texts: list[str] = field(default_factory=list)
    published_on: dt.date | None = None
    skip_empty: bool = False
    faults: list[LayoutFault] = field(default_factory=list)
    fixed: dict[str, tuple[int, int]] = field(default_factory=dict)


def row_fingerprint(grid: Grid, row: int) -> str:
    """What a correction names a row by: it holds for this row as it was found, wherever it stands, and no other."""
    line = "\x1f".join(as_text(cell) for cell in grid.rows[row])
    return hashlib.sha256(line.encode()).hexdigest()[:12]


def without_rows(block: Block, marks: Collection[str]) -> tuple[Block, list[str]]:
    """A block without the rows of these fingerprints, and the fingerprints that were found."""
    if not marks:
        return block, []
    own = [row_fingerprint(block.grid, row) for row in block.rows]
    kept = [index for index, mark in enumerate(own) if mark not in marks]
    rows = [block.rows[index] for index in kept]
    stubs = {name: [texts[index] for index in kept] for name, texts in block.stubs.items()}
    return replace(block, rows=rows, stubs=stubs), [mark for mark in own if mark in marks]


class Family(Protocol):
    """The interface of a family module."""

    READER_VERSION: str

    def identify(self, grids: list[Grid]) -> list[dict[str, str]]:
        """What tables the file holds: attributes that `detect` of a contract is compared with (`code`, `title`, …)."""
        ...

    def blocks(self, grids: list[Grid], table: TableContract) -> list[Block]:
        """The blocks of one table. Raises LayoutFault."""
        ...

    def published_on(self, grids: list[Grid]) -> dt.date | None:
        """The date on which the publisher made the file, where it says so."""
        ...


@cache
def family(name: str) -> Family:
    """The family module of this name; a family without a module is read as its YAML says (`raw.harvest.sheets`)."""
    if (_FAMILIES / f"{name}.py").exists():
        return cast("Family", importlib.import_module(f"raw.families.{name}"))
    return cast("Family", importlib.import_module("raw.harvest.sheets").SheetFamily(family_config(name)))


@cache
def family_config(name: str) -> dict[str, Any]:
    """The family's YAML: `symbols`, `decimal` and what its module reads from it."""
    return cast("dict[str, Any]", yaml.safe_load((_FAMILIES / f"{name}.yml").read_text("utf-8")) or {})


def matches(detect: str | dict[str, str | list[str]], found: dict[str, str]) -> bool:
    """Whether a contract's `detect` means the table that a family found.

    The code must be equal; of other attributes each text must be contained (a title, and a unit that only it names).
    """
    wanted = {"code": detect} if isinstance(detect, str) else detect
    return all(
        text == found.get(key) if key == "code" else text in found.get(key, "")
        for key, value in wanted.items()
        for text in ([value] if isinstance(value, str) else value)
    )


def folded(text: str) -> str:
    """A text with folded blanks; a word that was divided at the end of a line is put together."""
    if "\n" in text:
        text = re.sub(r"(?<=[a-zäöüß])-[ \t]*\n\s*(?=[a-zäöüß])", "", text)
    return " ".join(text.split())


def header_path(segments: Iterable[str]) -> str:
    """`A | B | C` from the header cells above a column: blanks folded, empty and repeated neighbours dropped."""
    path: list[str] = []
    for segment in segments:
        text = re.sub(r"\s+", " ", segment).strip()
        if text and (not path or path[-1] != text):
            path.append(text)
    return " | ".join(path)


def merged_headers(
    grid: Grid, rows: Iterable[int], columns: Iterable[int], clean: Callable[[str], str] = str.strip
) -> dict[int, str]:
    """Header paths where a cell of an upper row is merged over its right neighbours, which are empty in the grid.

    It stands over them up to the next cell of its own row or of a row above.
    """
    above: list[str] = []
    headers = {}
    for column in columns:
        own = [clean(grid.text(row, column)) for row in rows]
        first = next((level for level, text in enumerate(own) if text), len(own))
        above = [above[level] if level < first and above else text for level, text in enumerate(own)]
        headers[column] = header_path(above)
    return headers


def find_date(pattern: str, texts: Iterable[str]) -> dt.date | None:
    """The date at `{date}` in the first text that contains the pattern."""
    expression = re.compile(re.escape(pattern).replace(r"\{date\}", DATE))
    for text in texts:
        if found := expression.search(text):
            return parse_date(found.group(1))
    return None
