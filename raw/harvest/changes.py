# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a delivery changes against what is there: rows, periods, areas; and what looks as if something were left out.

Belongs here: comparing two sets of observations of one table by what they are about. Does not belong here: their values
(`quality.checks`) and whether a file can be read (`gate`, `harvest`).

A delivery that lost something is read all the same (an agency may end a series) and reported, so that nobody learns of
it from a gap in a chart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

import polars as pl

from raw.harvest.harvest import Harvest, HarvestedFile
from raw.vocabulary.observation import OBSERVATION_KEY

FEWER = 0.7
"""A delivery with less than this share of the rows that the last one had for the same periods is reported."""
_ABOUT = ["table", "column", *OBSERVATION_KEY]
_LAENDER = {*(f"{number:02d}" for number in range(1, 17)), "99"}
"""Keys of the Länder; 99 belongs to none and is for invented areas (demo, examples)."""


@dataclass
class Changes:
    """What the new observations of a table would do: counts of cells, and the periods and areas that come or go."""

    new: int = 0
    revised: int = 0
    same: int = 0
    periods_new: list[str] = field(default_factory=list)
    periods_missing: list[str] = field(default_factory=list)
    areas_new: list[str] = field(default_factory=list)
    areas_missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Loss:
    """A delivery that holds less than the last one of the same table: `kind` fewer_rows, periods, areas or tables."""

    source: str
    table: str
    file: str
    kind: str
    before: int
    now: int
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Plain fields, for reports."""
        return asdict(self)


def changes(now: pl.DataFrame, before: pl.DataFrame) -> Changes:
    """Compare the observations of a delivery with the current ones of the same table (columns of OBSERVATION)."""
    says = pl.struct("value", "obs_status")
    old = before.select(*_ABOUT, says.alias("old")).unique(_ABOUT)
    joined = now.select(*_ABOUT, says.alias("said")).join(old, on=_ABOUT, how="left", nulls_equal=True)
    known = joined.filter(pl.col("old").is_not_null())
    same = known.filter(pl.col("old") == pl.col("said")).height
    periods, areas = (_distinct(now, name) for name in ("period", "area"))
    old_periods, old_areas = (_distinct(before, name) for name in ("period", "area"))
    return Changes(
        new=joined.height - known.height,
        revised=known.height - same,
        same=same,
        periods_new=sorted(periods - old_periods),
        periods_missing=sorted(old_periods - periods),
        areas_new=sorted(areas - old_areas),
        areas_missing=sorted(old_areas - areas),
    )


def _distinct(frame: pl.DataFrame, column: str) -> set[str]:
    return set(frame[column].unique().drop_nulls().to_list())


def losses(harvest: Harvest) -> list[Loss]:
    """What the last good delivery of each table lost against the one before it.

    Two files are deliveries of the same kind if their names differ in digits only (`zahlen_2023.csv`).
    """
    found: list[Loss] = []
    series: dict[tuple[str, str], list[HarvestedFile]] = {}
    for file in sorted(harvest.files, key=lambda file: file.received_at):
        if file.observations is not None:
            series.setdefault((file.table, _kind(file.name)), []).append(file)
    for files in series.values():
        if len(files) > 1:
            found += _lost(files[-1], files[-2])
    return found + _lost_tables(harvest, series)


@lru_cache(maxsize=2**14)
def _kind(name: str) -> str:
    return re.sub(r"\d+", "#", Path(name).name)


def _lost(now: HarvestedFile, before: HarvestedFile) -> list[Loss]:
    new, old = (_read(file) for file in (now, before))
    both = _distinct(new, "period") & _distinct(old, "period")
    about = (now.source, now.table, Path(now.name).name)
    if not both:  # a file per year: as many rows for each of its periods as before
        was, rows = (frame.height / max(frame["period"].n_unique(), 1) for frame in (old, new))
        return [Loss(*about, "fewer_rows", round(was), round(rows))] if rows < FEWER * was else []
    found = []
    if gone := sorted(_distinct(old, "period") - both):
        found.append(Loss(*about, "periods", old["period"].n_unique(), new["period"].n_unique(), tuple(gone)))
    old, new = (frame.filter(pl.col("period").is_in(list(both))) for frame in (old, new))
    if gone := sorted(_distinct(old, "area") - _distinct(new, "area")):
        found.append(Loss(*about, "areas", old["area"].n_unique(), new["area"].n_unique(), tuple(gone)))
    if new.height < FEWER * old.height:
        found.append(Loss(*about, "fewer_rows", old.height, new.height))
    return found


def _read(file: HarvestedFile) -> pl.DataFrame:
    if file.observations is None:
        raise ValueError("a rejected file has no observations")
    return pl.read_parquet(file.observations, columns=["period", "area"])


def _lost_tables(harvest: Harvest, series: dict[tuple[str, str], list[HarvestedFile]]) -> list[Loss]:
    """Tables that a file of this kind had last time (a sheet that is gone)."""
    found = []
    by_kind: dict[str, list[HarvestedFile]] = {kind: [] for _, kind in sorted(series)}
    for file in harvest.files:
        if (mine := by_kind.get(_kind(file.name))) is not None:
            mine.append(file)
    for mine in by_kind.values():
        order = list(dict.fromkeys(f.snapshot for f in sorted(mine, key=lambda file: file.received_at)))
        if len(order) < 2:
            continue
        now, before = ({f.table for f in mine if f.snapshot == sha} for sha in (order[-1], order[-2]))
        last = next(file for file in mine if file.snapshot == order[-1])
        if before > now:
            name = Path(last.name).name
            found += [Loss(harvest.source, table, name, "tables", len(before), len(now)) for table in before - now]
    return sorted(found, key=lambda loss: (loss.file, loss.table))


def unknown_laender(observations: pl.DataFrame, known: Iterable[str], levels: Sequence[str]) -> list[str]:
    """Cells (the first of each area) whose key begins with a Land that neither exists nor is one of the site's own."""
    prefixes = _LAENDER | {key[:2] for key in known}
    keys = observations.filter(
        pl.col("area_level").is_in(list(levels)) & ~pl.col("area").str.slice(0, 2).is_in(sorted(prefixes))
    )
    return keys.unique("area", keep="first", maintain_order=True)["cell"].to_list()
