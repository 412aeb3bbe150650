# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`lagebild protect`: files in, protected files and a restricted review folder out.

Belongs here: reading and writing files of the command. Does not belong here: anything about disclosure
(`quality.disclosure.protect`).

All files are written after the audit has passed, and each as a whole; before that nothing is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from quality.disclosure.model.pool import Absent
from quality.disclosure.protect import (
    Cost,
    Effort,
    ProtectedTables,
    Rate,
    Release,
    Request,
    Table,
    load_rules,
    protect_tables,
    read_facts,
    read_hierarchies,
)
from raw.harvest.gate import Unreadable
from raw.harvest.grid import as_text, open_grids
from raw.lake.files import RESTRICTED_FILE, atomic, restricted_folder, write_json

RELEASE = "release.parquet"
CERTIFICATE = "certificate.json"
PATTERNS = "patterns"
_PUBLISH_FILE = 0o644


@dataclass(frozen=True)
class Order:
    """What the command line asks for."""

    tables: Sequence[Path]
    public: Sequence[Path]
    hierarchies: Path
    rules: Path
    out: Path
    review: Path
    tier: str = "public"
    absent: Absent = "fault"
    earlier: Sequence[Path] = ()
    fuller: Sequence[Path] = ()
    facts: Path | None = None
    rates: Sequence[str] = ()
    base: int | None = None
    rounding: Literal["additive", "each"] = "additive"
    tolerance: int = 0
    need: int | None = None
    cost: Literal["value", "count", "log"] = "value"
    effort: Effort = "quick"


class WrongCall(ValueError):
    """The call cannot be carried out; `message` is a key of the messages, `values` belong to it."""

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message, self.values = message, values


def protect_files(order: Order) -> dict[str, Any]:
    """Protect the tables of an order; returns counts and paths. Raises what `protect_tables` raises, and WrongCall."""
    files = [*order.tables, *order.public]
    names = [file.name for file in files]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise WrongCall("protect_twice", names=", ".join(twice))
    if not order.rules.exists():
        raise WrongCall("protect_no_file", path=order.rules)
    if order.out.resolve() == order.review.resolve():
        raise WrongCall("protect_one_folder", path=order.out)
    request = Request(
        tables=[
            *(_table(file, order, False) for file in order.tables),
            *(_table(f, order, True) for f in order.public),
        ],
        hierarchies=read_hierarchies(order.hierarchies),
        rules=load_rules(order.rules),
        tier=order.tier,
        absent=order.absent,
        facts=read_facts(order.facts) if order.facts else (),
        earlier=[_release(folder) for folder in order.earlier],
        fuller=[_release(folder) for folder in order.fuller],
        need=order.need,
        cost=Cost(order.cost),
    )
    if order.tier not in request.rules.tiers:
        raise WrongCall("protect_no_tier", tier=order.tier, known=", ".join(sorted(request.rules.tiers)))
    try:
        rates = [Rate.parse(text) for text in order.rates]
    except ValueError as error:
        raise WrongCall("protect_rate", text=str(error)) from None
    restricted_folder(order.review)
    done = protect_tables(request, rates, cache=order.review / PATTERNS, effort=order.effort)
    return _write(order, done, files)


def _table(path: Path, order: Order, public: bool) -> Table:
    return Table(
        path.name, read_table(path), "public" if public else "confidential", order.tolerance,
        base=None if public else order.base, additive=order.rounding == "additive",
    )  # fmt: skip


def read_table(path: Path) -> pl.DataFrame:
    """The first sheet of a workbook, a CSV file (comma, semicolon or tab), or a Parquet file; cells as text."""
    if path.suffix == ".parquet":
        return pl.read_parquet(path)
    try:
        (grid, *_) = open_grids(path)
    except Unreadable as error:
        raise WrongCall("refused", name=path.name, place=error.detail, reason=error.reason) from error
    rows = [row for row in grid.rows if any(as_text(cell) for cell in row)]
    header = [as_text(cell) for cell in rows[0]] if rows else []
    columns = [number for number, name in enumerate(header) if name]
    if not columns or len({header[n] for n in columns}) < len(columns):
        raise WrongCall("protect_header", name=path.name)
    return pl.DataFrame(
        {header[n]: [_plain(as_text(row[n])) for row in rows[1:]] for n in columns},
        schema={header[n]: pl.String for n in columns},
    )


def _plain(text: str) -> str | None:
    """Nothing for an empty cell."""
    return text if text else None


def _release(folder: Path) -> Release:
    path = folder / RELEASE
    if not path.exists():
        raise WrongCall("protect_no_file", path=path)
    return Release(folder.name, pl.read_parquet(path))


def _write(order: Order, done: ProtectedTables, files: Sequence[Path]) -> dict[str, Any]:
    """Certificate and release into the review folder first, then the tables: what is out has its proof."""
    review = restricted_folder(order.review)
    done.findings.write_certificate(done.registry.system, review)
    for path in review.glob("*.parquet"):
        path.chmod(RESTRICTED_FILE)
    with atomic(review / RELEASE) as part:
        done.release.cells.write_parquet(part)
    write_json(review / CERTIFICATE, done.certificate() | {"rules": order.rules.name, "tier": order.tier})
    order.out.mkdir(parents=True, exist_ok=True)
    written = []
    for file in files:
        name = file.stem + _suffix(file)
        with atomic(order.out / name, _PUBLISH_FILE) as part:
            write_table(done.tables[file.name], part, _suffix(file))
        written.append(str(order.out / name))
    return {**done.counts, "tables": written, "review": str(review)}


def _suffix(file: Path) -> str:
    """Workbooks of all kinds come out as xlsx."""
    return file.suffix if file.suffix in (".parquet", ".csv", ".tsv", ".txt") else ".xlsx"


def write_table(frame: pl.DataFrame, path: Path, suffix: str) -> None:
    """A table in the format of the suffix; CSV with commas, an empty field where there is no value."""
    if suffix == ".parquet":
        frame.write_parquet(path)
    elif suffix == ".xlsx":
        with path.open("wb") as file:
            frame.write_excel(file)
    else:
        frame.write_csv(path, separator="\t" if suffix == ".tsv" else ",")
