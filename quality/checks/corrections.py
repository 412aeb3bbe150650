# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Corrections of a source applied to its current observations, each guarded by what the file said when it was written.

Belongs here: matching, the guard, the three actions, the report. Does not belong here: what an entry may say
(`raw.corrections`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl

from raw.corrections import Correction, Match
from raw.vocabulary.lists import statuses_with_value

_ORDER = ["period", "area", "area_vintage", "column", "dims", "basis", "cell"]


@dataclass(frozen=True)
class Applied:
    """What became of an entry: `state` is applied, changed (the file says something else now), rows_changed (some
    rows do), nothing (no such
    observation) or several (replace needs exactly one). `fingerprint` is that of what was found; no value is told."""

    table: str
    place: str
    action: str
    state: str
    rows: int
    fingerprint: str
    reason: str
    provider: str


def correct(
    observations: pl.DataFrame, corrections: Iterable[Correction], dropped: Collection[str] = ()
) -> tuple[pl.DataFrame, list[Applied]]:
    """The observations (columns of OBSERVATION) after all corrections, and what became of each.

    Every guard is judged on what the publisher says, not on what an earlier correction made of it. `dropped` are
    fingerprints of rows that were left out while their files were read.
    """
    result = observations.with_row_index("place")
    original, told = result, []
    for entry in corrections:
        if entry.match.rows:
            told.append(_told_of_rows(entry, sum(mark in dropped for mark in entry.match.rows)))
            continue
        found = original.filter(_where(entry.match)).sort(_ORDER)
        mark = fingerprint(found)
        state = _state(entry, found, mark)
        told.append(_applied(entry, state, found.height, mark))
        if state == "applied":
            result = _act(result, entry, pl.col("place").is_in(found["place"].implode()))
    return result.drop("place"), told


def fingerprint(found: pl.DataFrame) -> str:
    """A short hash of values and statuses; it changes with any of them."""
    said = found.select("value", "obs_status").rows()
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12] if said else ""


def _told_of_rows(entry: Correction, found: int) -> Applied:
    """A row that is in no file any more was changed by its publisher, and is read."""
    state = "applied" if found == len(entry.match.rows) else "rows_changed" if found else "nothing"
    place = f"{found}/{len(entry.match.rows)}"
    return Applied(entry.match.table, place, entry.action, state, found, "", entry.reason, entry.provider)


def _where(match: Match) -> pl.Expr:
    wanted = match.model_dump(exclude_none=True, exclude={"rows"})
    return pl.all_horizontal([pl.col(column) == text for column, text in wanted.items()])


def _state(entry: Correction, found: pl.DataFrame, mark: str) -> str:
    if found.is_empty():
        return "nothing"
    if entry.action == "replace" and found.height > 1:
        return "several"
    return "applied" if mark == entry.expect else "changed"


def _applied(entry: Correction, state: str, rows: int, mark: str) -> Applied:
    match = entry.match
    place = ", ".join(part for part in (match.area, match.period, match.column, match.dims) if part)
    return Applied(match.table, place, entry.action, state, rows, mark, entry.reason, entry.provider)


def _act(observations: pl.DataFrame, entry: Correction, here: pl.Expr) -> pl.DataFrame:
    if entry.action == "drop":
        return observations.filter(~here)
    value = pl.lit(entry.value, pl.Float64) if entry.action == "replace" else pl.lit(None, pl.Float64)
    status = entry.status or "A"
    if entry.action == "set_status" and status in statuses_with_value():
        value = pl.col("value")
    return observations.with_columns(
        pl.when(here).then(value).otherwise(pl.col("value")).alias("value"),
        pl.when(here).then(pl.lit(status)).otherwise(pl.col("obs_status")).alias("obs_status"),
    )
