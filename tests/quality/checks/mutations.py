# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors as they happen in an office, put into a table that is right; and why some of them cannot be seen.

A mutation changes figures of one table in one period and nothing else. `why_unseen` gives the written rule by which
nothing in the delivery contradicts it; it looks at the figures alone and knows nothing of the station's rules, but for
the one question whether any sum contains a changed cell: then an absurd figure in that cell breaks a sum.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from quality.checks.checked import judge_all
from quality.checks.derived import judge_derived
from quality.checks.identities import judge_declared
from quality.checks.territory import judge_territory
from quality.checks.violations import Judge, Violation
from raw.contracts import Source

TODAY = dt.date(2026, 11, 22)
ABSURD = 1e9
TWICE, FEW_AREAS = 2.0, 8
LINE = ["column", "measure", "dims", "basis"]
UNITS_WITHOUT_SERIES = ("text", "degrees")


@dataclass
class Delivery:
    """One table with the tables of its source that speak of the same, and what the station says of them untouched."""

    source: Source
    table: str
    frame: pl.DataFrame
    areas: pl.DataFrame
    before: set[Violation]

    def judge(self, frame: pl.DataFrame) -> set[Violation]:
        """What the station finds that it does not find in the delivery as it is."""
        return set(judge_all(self.source, frame, self.areas, TODAY).unknown) - self.before


def delivery(source: Source, observations: pl.DataFrame, areas: pl.DataFrame, table: str) -> Delivery:
    """The table and those that share a concept with it; `row` numbers the observations."""
    own = set(observations.filter(pl.col("table") == table)["measure"])
    tables = observations.filter(pl.col("measure").is_in(list(own)))["table"].unique()
    frame = observations.filter(pl.col("table").is_in(tables.to_list())).with_row_index("row")
    return Delivery(source, table, frame, areas, set(judge_all(source, frame.drop("row"), areas, TODAY).unknown))


class NotHere(ValueError):
    """The table cannot have this error: one period, one column, no sexes."""


Change = dict[int, float]
"""Row of an observation → its new figure."""


def _figures(one: Delivery) -> pl.DataFrame:
    own = pl.col("table") == one.table
    return one.frame.filter(own & pl.col("value").is_not_null() & ~pl.col("unit").is_in(UNITS_WITHOUT_SERIES))


def _some_period(rows: pl.DataFrame, rng: random.Random, with_before: bool = False) -> str:
    periods = sorted(rows["period"].unique())
    if with_before:
        periods = periods[1:]
    if not periods:
        raise NotHere("one period")
    return rng.choice(periods)


def _some_line(rows: pl.DataFrame, rng: random.Random, number: int = 1) -> list[pl.DataFrame]:
    lines = rows.partition_by(LINE, maintain_order=True)
    if len(lines) < number:
        raise NotHere("too few columns")
    return rng.sample(lines, number)


def _taken(rows: pl.DataFrame, other: pl.DataFrame, keys: list[str]) -> Change:
    """Figures of `other` put in place of those of `rows`, where both have one."""
    joined = rows.join(other.select(*keys, pl.col("value").alias("taken")).unique(keys), on=keys)
    return dict(joined.select("row", "taken").iter_rows())


def sexes_swapped(one: Delivery, rng: random.Random) -> Change:
    """Men and women changed places in one year."""
    rows = _figures(one).filter(pl.col("dims").str.contains("sex=[mf]"))
    if rows.is_empty():
        raise NotHere("no sexes")
    rows = rows.filter(pl.col("period") == _some_period(rows, rng))
    other = rows.with_columns(
        pl.when(pl.col("dims").str.contains("sex=m"))
        .then(pl.col("dims").str.replace("sex=m", "sex=f"))
        .otherwise(pl.col("dims").str.replace("sex=f", "sex=m"))
        .alias("dims")
    )
    return _taken(rows, other, ["measure", "dims", "basis", "area"])


def ten_times(one: Delivery, rng: random.Random) -> Change:
    """A column, the row of an area or one figure is ten times what it should be."""
    rows = _figures(one)
    rows = rows.filter(pl.col("period") == _some_period(rows, rng))
    scope = rng.choice(["column", "row", "cell"])
    if scope == "column":
        (rows,) = _some_line(rows, rng)
    elif scope == "row":
        rows = rows.filter(pl.col("area") == rng.choice(sorted(rows["area"].unique())))
    else:
        rows = rows[rng.randrange(rows.height)]
    return {row: value * 10 for row, value in rows.select("row", "value").iter_rows()}


def _rolled(rows: pl.DataFrame) -> Change:
    """Every figure stands one area further down, the last one in the first."""
    found: Change = {}
    for line in rows.sort("area").partition_by(LINE, maintain_order=True):
        values = line["value"].to_list()
        found |= dict(zip(line["row"].to_list(), values[-1:] + values[:-1], strict=True))
    return found


def _one_level(rows: pl.DataFrame) -> pl.DataFrame:
    """The level with the most areas."""
    counts = rows.group_by("area_level").agg(pl.col("area").n_unique()).sort("area", "area_level", descending=True)
    return rows.filter(pl.col("area_level") == counts["area_level"][0])


def rows_shifted(one: Delivery, rng: random.Random) -> Change:
    """All columns of one year stand one district further down."""
    rows = _one_level(_figures(one))
    return _rolled(rows.filter(pl.col("period") == _some_period(rows, rng)))


def column_moved(one: Delivery, rng: random.Random) -> Change:
    """One column of one year stands one district further down."""
    rows = _one_level(_figures(one))
    return _rolled(_some_line(rows.filter(pl.col("period") == _some_period(rows, rng)), rng)[0])


def year_repeated(one: Delivery, rng: random.Random) -> Change:
    """A year has the figures of the year before."""
    rows = _figures(one)
    period = _some_period(rows, rng, with_before=True)
    earlier = max(other for other in rows["period"].unique() if other < period)
    keys = [*LINE, "area"]
    return _taken(rows.filter(pl.col("period") == period), rows.filter(pl.col("period") == earlier), keys)


def area_doubled(one: Delivery, rng: random.Random) -> Change:
    """A district has the figures of another one."""
    rows = _one_level(_figures(one))
    rows = rows.filter(pl.col("period") == _some_period(rows, rng))
    areas = sorted(rows["area"].unique())
    if len(areas) < 2:
        raise NotHere("one area")
    target, origin = rng.sample(areas, 2)
    return _taken(rows.filter(pl.col("area") == target), rows.filter(pl.col("area") == origin), LINE)


def columns_swapped(one: Delivery, rng: random.Random) -> Change:
    """Two columns changed places in one year."""
    rows = _figures(one)
    rows = rows.filter(pl.col("period") == _some_period(rows, rng))
    first, second = _some_line(rows, rng, 2)
    return _taken(first, second, ["area"]) | _taken(second, first, ["area"])


def total_moved(one: Delivery, rng: random.Random) -> Change:
    """The total row and the row of an area below it changed places in one year."""
    rows = _figures(one)
    rows = rows.filter(pl.col("period") == _some_period(rows, rng))
    below = _one_level(rows)
    above = rows.filter(~pl.col("area").is_in(below["area"].to_list()))
    if above.is_empty():
        raise NotHere("no total row")
    total = rows.filter(pl.col("area") == min(above["area"].unique(), key=lambda area: (area != "DG", len(area), area)))
    part = below.filter(pl.col("area") == rng.choice(sorted(below["area"].unique())))
    return _taken(total, part, LINE) | _taken(part, total, LINE)


def digit_lost(one: Delivery, rng: random.Random) -> Change:
    """One figure lacks a digit."""
    rows = _figures(one)
    rows = rows.filter((pl.col("value") >= 10) & (pl.col("value") == pl.col("value").round()))
    if rows.is_empty():
        raise NotHere("no figure of two digits")
    row = rows.row(rng.randrange(rows.height), named=True)
    text = f"{row['value']:.0f}"
    at = rng.randrange(len(text))
    return {row["row"]: float(text[:at] + text[at + 1 :])}


KINDS: dict[str, Callable[[Delivery, random.Random], Change]] = {
    kind.__name__: kind
    for kind in (
        sexes_swapped, ten_times, rows_shifted, year_repeated, area_doubled, column_moved, columns_swapped,
        total_moved, digit_lost,
    )
}  # fmt: skip


def apply(one: Delivery, change: Change) -> pl.DataFrame:
    """The delivery with the changed figures (columns of OBSERVATION)."""
    new = pl.DataFrame(
        {"row": list(change), "new": list(change.values())}, schema={"row": pl.UInt32, "new": pl.Float64}
    )
    joined = one.frame.join(new, on="row", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("new", "value").alias("value")).drop("row", "new")


# --- why nothing contradicts it -----------------------------------------------------------------------------------


def why_unseen(one: Delivery, kind: str, change: Change) -> str | None:
    """The rule by which nothing contradicts a change that was not found; None if something does."""
    old = dict(one.frame.filter(pl.col("row").is_in(list(change))).select("row", "value").iter_rows())
    changed = {row: value for row, value in change.items() if value != old[row]}
    if not changed:
        return "nothing has changed"
    if not _in_a_sum(one, changed):
        return _not_told_by_years(one, kind, changed, "in no sum, ")
    return _not_told_by_years(one, kind, changed, "all sums hold, ")


def _in_a_sum(one: Delivery, changed: Change) -> bool:
    """Whether an absurd figure in one of the changed cells breaks a sum."""
    right = _broken_sums(one, {})
    return any(_broken_sums(one, {row: ABSURD}) - right for row in list(changed)[:3])


def _broken_sums(one: Delivery, change: Change) -> set[Violation]:
    judge, frame = Judge(one.source, TODAY), apply(one, change)
    judge_declared(judge, one.source, frame, one.areas)
    judge_derived(judge, one.source, frame)
    judge_territory(judge, frame)
    return set(judge.report.unknown)


def _not_told_by_years(one: Delivery, kind: str, changed: Change, so_far: str) -> str | None:
    rows = _figures(one)
    touched = rows.filter(pl.col("row").is_in(list(changed)))
    period = touched["period"][0]
    others = sorted(rows["period"].unique())
    near = [*[other for other in others if other < period][-1:], *[other for other in others if other > period][:1]]
    if not near:
        return so_far + "one period"
    if kind == "year_repeated":
        return so_far + "figures that often stand still or are small" if _still(rows, touched, near[0]) else None
    new = touched.with_columns(pl.col("row").replace_strict(changed, return_dtype=pl.Float64).alias("value"))
    usual = _usual(rows, touched)
    beside = [rows.filter(pl.col("period") == other) for other in near]
    if all(_distance(new, other) < TWICE * usual for other in beside):
        return so_far + "not twice as far from the next years as the table's years are from one another"
    if touched["area"].n_unique() < FEW_AREAS:
        return so_far + "fewer than eight areas: only a range of plausible figures could doubt them"
    if not any(_further(touched, new, other) for other in beside):
        return so_far + "no more areas further from the next years than chance gives"
    return None


def _usual(rows: pl.DataFrame, touched: pl.DataFrame) -> float:
    """The largest distance between successive periods of the touched columns and areas."""
    keys = [*LINE, "area"]
    own = rows.join(touched.select(keys).unique(), on=keys, how="semi")
    periods = sorted(own["period"].unique())
    frames = {period: own.filter(pl.col("period") == period) for period in periods}
    return max((_distance(frames[a], frames[b]) for a, b in pairwise(periods)), default=0.0)


def _beside(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    joined = one.join(other.select(*LINE, "area", pl.col("value").alias("other")), on=[*LINE, "area"])
    return joined.with_columns(((pl.col("value").abs().sqrt() - pl.col("other").abs().sqrt()) ** 2).alias("apart"))


def _distance(one: pl.DataFrame, other: pl.DataFrame) -> float:
    """Mean square of the differences of roots: what chance moves a count by, whatever its size."""
    return float(_beside(one, other)["apart"].mean() or 0.0)  # type: ignore[arg-type]


def _further(old: pl.DataFrame, new: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether, in some column, more areas are further away than before than a coin gives (2.5 deviations)."""
    both = _beside(new, other).join(_beside(old, other).select("row", pl.col("apart").alias("was")), on="row")
    told = both.filter(pl.col("apart") != pl.col("was")).group_by(LINE)
    counts = told.agg((pl.col("apart") > pl.col("was")).sum().alias("further"), pl.len().alias("all"))
    return any(2 * further - number >= 2.5 * math.sqrt(number) for *_, further, number in counts.iter_rows())


def _still(rows: pl.DataFrame, touched: pl.DataFrame, before: str) -> bool:
    """Whether each column's figures are so small, or so often the same, that a repetition says less than six digits."""
    for line in touched.partition_by([*LINE, "area_level"]):
        own = rows.join(line.select(*LINE, "area_level").unique(), on=[*LINE, "area_level"], how="semi")
        change = (pl.col("value") - pl.col("value").shift()).over("area", order_by="period")
        steps = own.with_columns(change.alias("change")).filter(
            pl.col("change").is_not_null() & (pl.col("value") != 0) & (pl.col("period") != line["period"][0])
        )
        share = (steps.filter(pl.col("change") == 0).height + 1) / (steps.height + 2)
        moved = float(steps.select((pl.col("change") / pl.col("value")).abs().median()).item() or 0.0)
        repeated = own.filter((pl.col("period") == before) & (pl.col("value") != 0))["value"].abs()
        digits = [min(math.log10(max(1.0, moved * value)), -math.log10(share)) for value in repeated]
        if sum(digits) >= 6 and len(digits) >= FEW_AREAS:
            return False
    return True
