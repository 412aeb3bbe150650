# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The pages of a PDF: its lines and its ruled tables, read in a process of its own that may take only so much.

Belongs here: words, lines and cells of a page by their place. Does not belong here: what the gate sees in the bytes
(`gate_pdf`), where a table continues and what its header is (families).

A table is what lines on the page divide into cells; columns that only white space divides are not guessed. Small raised
signs beside larger ones are footnote marks and become raised signs of Unicode, so that a mark never becomes a digit. A
gap wider than a blank becomes several blanks, and two lines of a cell stay two: figures run together are no number.
Nothing but what stands on the pages is returned: no property of the document, no annotation, no form field.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from raw.harvest.raised import raised
from raw.harvest.unreadable import Unreadable

MAX_SECONDS = 30
MAX_MEMORY = 2 << 30
MAX_CHARACTERS_OF_A_PAGE = 100_000
MAX_LINES_OF_A_PAGE = 20_000
_REASONS = {3: "damaged", 4: "too_large", 5: "no_text"}
"""Exit codes of the process."""
_SMALL = 0.8
"""A sign smaller than this share of the largest of its cell or line is a mark."""
_BLANK, _GAP = 0.15, 0.9
"""Distances between two signs, in sizes of the type: from here on a blank, and more than a blank."""


@dataclass(frozen=True)
class PdfPage:
    """The rows of a page from above; `tables` are (first row, row after the last)."""

    rows: list[list[str | None]]
    tables: list[tuple[int, int]]


def pages_of(path: Path) -> list[PdfPage]:
    """The pages of a PDF that the gate admitted. Raises Unreadable, also where it takes too long or too much memory."""
    root = str(Path(__file__).parents[2])
    try:
        done = subprocess.run(
            [sys.executable, "-m", __name__, str(path.absolute())],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * MAX_SECONDS, check=False, cwd=root,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": root},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unreadable("too_large") from error
    if done.returncode:  # a signal is the limit of time or memory
        raise Unreadable(_REASONS.get(done.returncode, "too_large"))
    return [PdfPage(page["rows"], [(first, end) for first, end in page["tables"]]) for page in json.loads(done.stdout)]


def read_pages(path: Path) -> list[PdfPage]:
    """The pages, read in this process. Raises Unreadable."""
    import pdfplumber  # a quarter of a second that only a PDF costs
    from pdfminer import settings
    from pdfminer.pdfdocument import PDFXRefFallback
    from pdfminer.pdftypes import resolve1

    settings.STRICT = True
    try:
        with pdfplumber.open(path) as pdf:
            stated = resolve1(resolve1(pdf.doc.catalog["Pages"])["Count"])
            if any(isinstance(table, PDFXRefFallback) for table in pdf.doc.xrefs) or stated != len(pdf.pages):
                raise Unreadable("damaged")  # objects that were picked up from the ruins of a file
            pages = []
            for page in pdf.pages:
                pages.append(_page(page))
                page.close()
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # pdfminer has no error of its own that covers every damage
        raise Unreadable("damaged") from error
    if not any(page.rows for page in pages):
        raise Unreadable("no_text")
    return pages


def _page(page: Any) -> PdfPage:
    """Lines and tables of a page from above."""
    lines = len(page.lines) + len(page.rects) + len(page.curves)
    if len(page.chars) > MAX_CHARACTERS_OF_A_PAGE or lines > MAX_LINES_OF_A_PAGE:
        raise Unreadable("too_large")
    page = page.dedupe_chars()
    chars = [char for char in page.chars if char["text"] != "\x00"]
    parts: list[tuple[float, list[list[str | None]], bool]] = []
    for table in page.find_tables():
        rows, chars = _table(table, chars)
        if len(rows) > 1 and len(rows[0]) > 1:
            parts.append((table.bbox[1], rows, True))
        else:  # a frame around a text
            parts += [(table.bbox[1], [[text]], False) for row in rows for text in row if text]
    parts += [(top, [[text]], False) for top, text in _lines(chars)]
    found: list[list[str | None]] = []
    tables: list[tuple[int, int]] = []
    for _, rows, is_table in sorted(parts, key=lambda part: part[0]):
        if is_table:
            tables.append((len(found), len(found) + len(rows)))
        found += rows
    return PdfPage(found, tables)


def _table(table: Any, chars: list[Any]) -> tuple[list[list[str | None]], list[Any]]:
    """The texts of a table's cells (None: joined with another cell), and the signs that are in none of them."""
    rows = []
    for row in table.rows:
        near = [char for char in chars if _inside(char, row.bbox)]
        texts: list[str | None] = []
        taken: set[int] = set()
        for cell in row.cells:
            mine = [char for char in near if cell and _inside(char, cell)]
            taken.update(map(id, mine))
            texts.append("\n".join(text for _, text in _lines(mine)) or None)
        chars = [char for char in chars if id(char) not in taken]
        rows.append(texts)
    return rows, chars


def _inside(char: Any, cell: tuple[float, float, float, float]) -> bool:
    across, down = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return cell[0] <= across < cell[2] and cell[1] <= down < cell[3]


def _lines(chars: list[Any]) -> list[tuple[float, str]]:
    """The lines that signs make, from above: their top and their text."""
    lines: list[list[Any]] = []
    for char in sorted(chars, key=lambda char: (-char["size"], char["top"])):  # marks join the line of larger signs
        middle = (char["top"] + char["bottom"]) / 2
        own = next((line for line in lines if line[0]["top"] <= middle < line[0]["bottom"]), None)
        if own is None:
            lines.append([char])
        else:
            own.append(char)
    texts = [(min(char["top"] for char in line), _text(line)) for line in lines]
    return sorted((top, text) for top, text in texts if text)


def _text(line: list[Any]) -> str:
    size = max(char["size"] for char in line)
    text, end = "", None
    for char in sorted(line, key=lambda char: (char["x0"], char["x1"])):
        gap = 0.0 if end is None else (char["x0"] - end) / size
        text += "   " if gap > _GAP else " " if gap > _BLANK and not text.endswith(" ") else ""
        text += raised(char["text"]) if char["size"] < _SMALL * size else char["text"]
        end = char["x1"] if end is None else max(end, char["x1"])
    return text.strip().encode("utf-8", "replace").decode("utf-8")


def _main(path: Path) -> int:
    """Write the pages as JSON to the standard output; the exit code says why not."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = [{"rows": page.rows, "tables": page.tables} for page in read_pages(path)]
    except Unreadable as error:
        return next((code for code, reason in _REASONS.items() if reason == error.reason), 3)
    except MemoryError:
        return 4
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
