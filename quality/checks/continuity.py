# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Errors that keep all sums: a year, an area or a table that repeats another, shifted rows, factors of ten.

Belongs here: comparisons of a table with its own period before, and of its areas with one another. Does not belong
here: sums (`identities`, `derived`, `territory`), columns that changed places (`exchange`), ranges.

Each rule asks how likely the coincidence is, measured by the same column in its other periods; a column that is too
small or moves too much to tell says nothing. A *line* is a column with its dimensions; areas are compared within one
level. Figures are compared with the period before in the same table, however long ago.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from quality.checks.violations import EVERYWHERE, Judge
from raw.vocabulary.dimensions import REGISTER_KEYS
from raw.vocabulary.measures import concepts
from raw.vocabulary.period import frequency, sort_key

LINE = ["table", "column", "dims", "basis"]
FEW_AREAS = 8
"""With fewer areas no rule on a whole column says anything."""
CHANCE_OF_A_YEAR = -6.0
"""log10 of the chance below which a column equal to its period before is a repetition."""
CHANCE_OF_A_ROW = -9.0
"""The same for one row; there are some hundred thousand of them."""
CHANCE_OF_TWINS = -4.0
"""The same for two areas with equal rows, after all pairs of areas have been counted."""
MOVES = 0.01
"""How far figures move in a period, where no other period tells."""
NEARER = 0.5
"""Shifted rows fit their neighbour's figure at least twice as well as their own, and not for one area's sake."""
NO_CHANCE = 2.5
"""So many standard deviations more areas than half are nearer to the neighbour's figure (1 in 160 by chance)."""
MOST = 0.75
"""Share of the areas that has to show what is said of a column."""
NEAR_TEN = 0.15
"""How near (log10) the median change has to be to a power of ten."""
TAME = 0.35
"""A factor of ten is an error only in a column whose other changes hardly ever (1 in 20) are beyond this (log10)."""
JUMP, JUMP_OF_MANY = 0.85, 0.8
"""Change (log10) of all figures of a column together, sevenfold (of many areas: sixfold), that no other period comes
near. It is less than ten because the column moves, too."""
UNUSUAL = 2.5
"""So many times (in logarithms) any other change of the column: sevenfold where it never more than doubles."""
BIG = 100
"""Figures from which on a factor of ten is no chance (columns: a quarter of it, for many areas have to agree)."""
ENOUGH_CHANGES = 20
"""So many changes have to be seen before a line counts as tame."""
PLACES = ("from", "to")
"""Register keys that moves are counted by."""
TERRITORY = ("km2", "ha", "m2", "degrees")
"""Territory does not move: equal figures are what is to be expected."""


def judge_continuity(judge: Judge, rows: pl.DataFrame, pairs: pl.DataFrame, unknown: Sequence[str] = ()) -> None:
    """Bring repetitions, shifts and factors of ten before the judge.

    `rows` is what `figures` gives, `pairs` what `with_before` gives of them. Of tables that are `unknown` (nobody has
    understood them) no factor is looked for: some of their series leap by their nature.
    """
    _judge_factors(judge, pairs.filter(~pl.col("table").is_in(list(unknown))))
    _judge_repetitions(judge, pairs)
    _judge_shifts(judge, pairs)
    _judge_twins(judge, rows)
    _judge_copies(judge, rows)


def figures(observations: pl.DataFrame) -> pl.DataFrame:
    """One figure per line, area and period; registers (changes, weights) are no series, moves are."""
    kinds = {name: concept.kind for name, concept in concepts().items()}
    register = "|".join(rf"(^|;){name}=" for name in REGISTER_KEYS if name not in PLACES)
    rows = observations.filter(
        pl.col("value").is_not_null()
        & (pl.col("unit") != "text")
        & (pl.col("measure").replace_strict(kinds, default="stock") != "text")
        & ~pl.col("dims").str.contains(register)
    )
    kept = rows.select(*LINE, "measure", "unit", "area_level", "area", "period", "value", "snapshot", "cell")
    return kept.unique([*LINE, "area", "period"], keep="first", maintain_order=True)


def with_before(rows: pl.DataFrame) -> pl.DataFrame:
    """Figures beside those of the period before (`before`) in the same table and frequency, ordered by area."""
    listed = [
        (table, frequency(period), period, sort_key(period))
        for table, period in rows.select("table", "period").unique().iter_rows()
    ]
    listed.sort(key=lambda row: (row[0], row[1], row[3]))
    follows = [(one[0], one[2], other[2]) for other, one in pairwise(listed) if one[:2] == other[:2]]
    steps = pl.DataFrame(follows, dict.fromkeys(["table", "period", "period_before"], pl.String), orient="row")
    earlier = rows.select(*LINE, "area", pl.col("period").alias("period_before"), pl.col("value").alias("before"))
    joined = rows.join(steps, on=["table", "period"]).join(earlier, on=[*LINE, "area", "period_before"])
    return joined.sort(*LINE, "area_level", "period", "area")


def _report(judge: Judge, rule: str, found: pl.DataFrame, rows: pl.DataFrame, keys: list[str]) -> None:
    """Take down each group of rows that a rule found; the line is named where the group is within one."""
    if found.is_empty():
        return
    groups = rows.join(found.select(keys), on=keys, how="semi").group_by(keys)
    values = groups.agg(pl.col("value").sort(), pl.col("snapshot", "cell").sort_by("snapshot", "cell").first())
    for row in values.sort(keys).iter_rows(named=True):
        line = f".{row['column']}[{row['dims']}]" if "column" in row else ""
        level = f".{row['area_level']}" if "area" not in row else ""
        name, area = rule + line + level, row.get("area", EVERYWHERE)
        judge.found_at(row["table"], name, area, row["period"], row["value"], row["snapshot"], row["cell"])


def _judge_factors(judge: Judge, pairs: pl.DataFrame) -> None:
    """A column, an area or a figure that is 10, 100 or 1000 times what it was, or a column that jumps like that."""
    change = (pl.col("value") / pl.col("before")).log10()
    moved = pairs.filter((pl.col("value") > 0) & (pl.col("before") > 0)).with_columns(change.alias("change"))
    power = pl.col("change").median().round()
    even = ((pl.col("change") - power).abs() <= 2 * NEAR_TEN).mean()
    about = [
        power.alias("power"),
        (pl.col("change").median() - power).abs().alias("off"),
        even.alias("even"),
        pl.len().alias("number"),
    ]
    is_factor = (pl.col("power") != 0) & (pl.col("off") <= NEAR_TEN) & (pl.col("even") >= MOST)
    column = [*LINE, "area_level", "period"]
    some = moved.filter(pl.max_horizontal("value", "before") >= BIG / 4)
    columns = some.group_by(column).agg(*about).filter(pl.col("number") >= FEW_AREAS)
    judge.count(columns.height)
    jumps = _jumps(pairs)
    judge.count(jumps.height)
    found = pl.concat([columns.filter(is_factor).select(column), jumps.filter(pl.col("jump")).select(column)]).unique()
    _report(judge, "factor", found, pairs, column)
    row = ["table", "area_level", "area", "period"]
    big = moved.filter(pl.max_horizontal("value", "before") >= BIG)
    tame = big.join(_tame(big), on=LINE)
    rows = tame.group_by(row).agg(*about).filter(pl.col("number") > 1)
    _report(judge, "factor", rows.filter(is_factor), pairs, row)
    spikes = _spikes(tame)
    judge.count(rows.height + spikes.height)
    figure = [*LINE, "area_level", "area", "period"]
    _report(judge, "factor", spikes.filter(pl.col("spike")).select(figure), pairs, figure)


def _spikes(tame: pl.DataFrame) -> pl.DataFrame:
    """Single figures a power of ten off that are back the period after. One way alone is nothing: a camp opens."""
    back = pl.col("change").shift(-1).over(*LINE, "area", order_by="period")
    power = pl.col("change").round()
    near = ((pl.col("change") - power).abs() <= NEAR_TEN) & ((back + power).abs() <= NEAR_TEN)
    return tame.with_columns(((power != 0) & near).fill_null(value=False).alias("spike"))


def _jumps(pairs: pl.DataFrame) -> pl.DataFrame:
    """Columns whose figures all together change sevenfold and no other time by anything like it, or there and back.

    A single figure over a few years is no column: a cohort of few people moves through the ages of one city.
    """
    group = [*LINE, "area_level"]
    totals = pairs.group_by(*group, "period").agg(pl.col("value").sum(), pl.col("before").sum(), pl.len().alias("seen"))
    totals = totals.filter(pl.col("seen").sum().over(group) >= FEW_AREAS)
    change = (pl.col("value") / pl.col("before")).log10()
    big = totals.filter((pl.min_horizontal("value", "before") > 0) & (pl.max_horizontal("value", "before") >= BIG))
    changes = big.with_columns(change.alias("change")).sort(*group, "period")
    size, after = pl.col("change").abs(), pl.col("change").shift(-1).over(group)
    largest, second = size.max().over(group), size.top_k(2).min().over(group)
    alone = (size == largest) & (size >= UNUSUAL * second) & (pl.len().over(group) > 1)
    least = pl.when(pl.col("seen") >= FEW_AREAS).then(JUMP_OF_MANY).otherwise(JUMP)
    back = (after.abs() >= least) & (after.sign() != pl.col("change").sign())
    return changes.with_columns(((size >= least) & (alone | back.fill_null(value=False))).alias("jump"))


def _tame(big: pl.DataFrame) -> pl.DataFrame:
    """Lines whose big figures hardly ever change by much, so that a factor of ten cannot be their own."""
    lines = big.group_by(LINE).agg(pl.col("change").abs().quantile(0.95).alias("usual"), pl.len().alias("number"))
    return lines.filter((pl.col("usual") <= TAME) & (pl.col("number") >= ENOUGH_CHANGES)).select(LINE)


def _with_chance(pairs: pl.DataFrame) -> pl.DataFrame:
    """log10 of the chance that a figure equals the one before (`chance`), judged by the line's other periods.

    A figure v that usually moves by the share s hits one of about s * v numbers; and no chance is taken to be smaller
    than the share of equal figures in the other periods.
    """
    size = pl.max_horizontal(pl.col("value").abs(), pl.col("before").abs())
    rows = pairs.filter((size > 0) & ~pl.col("unit").is_in(list(TERRITORY))).with_columns(
        size.alias("size"),
        (pl.col("value") == pl.col("before")).alias("same"),
        ((pl.col("value") - pl.col("before")).abs() / size).alias("moved"),
    )
    group = [*LINE, "area_level"]
    periods = rows.group_by(*group, "period").agg(
        pl.col("same").sum().alias("equal"), pl.len().alias("all"), pl.col("moved").median()
    )
    whole = periods.group_by(group).agg(
        pl.col("equal").sum().alias("equal_all"), pl.col("all").sum().alias("all_all"), pl.col("moved").sort(),
        pl.len().alias("periods"),
    )  # fmt: skip
    others = periods.join(whole, on=group, suffix="_list").select(
        *group, "period",
        pl.when(pl.col("periods") > 1)
        .then((pl.col("equal_all") - pl.col("equal") + 1) / (pl.col("all_all") - pl.col("all") + 2))
        .otherwise(0.0).alias("usual_share"),
        # The upper of the other periods' medians: one repeated period must not excuse itself.
        pl.when(pl.col("periods") > 1).then(pl.col("moved_list").list.max()).otherwise(MOVES).alias("moves"),
    )  # fmt: skip
    hit = 1 / (pl.col("moves") * pl.col("size")).clip(1.0)
    return rows.join(others, on=[*group, "period"]).with_columns(
        pl.max_horizontal(hit, "usual_share").clip(upper_bound=1.0).log10().alias("chance")
    )


def _judge_repetitions(judge: Judge, pairs: pl.DataFrame) -> None:
    """A column that is all what it was the period before; a row of an area that is."""
    rows = _with_chance(pairs)
    column = [*LINE, "area_level", "period"]
    about = [pl.col("same").mean().alias("share"), pl.col("chance").sum().alias("chance"), pl.len().alias("number")]
    columns = rows.group_by(column).agg(*about).filter(pl.col("number") >= FEW_AREAS)
    judge.count(columns.height)
    repeated = (pl.col("share") >= 0.98) & (pl.col("chance") <= CHANCE_OF_A_YEAR)
    _report(judge, "repeated", columns.filter(repeated), pairs, column)
    row = ["table", "area_level", "area", "period"]
    # Columns of a row hang together: the largest (the total) is not counted, the others by half.
    weighed = ((pl.col("chance").sum() - pl.col("chance").min()) / 2 + pl.col("chance").min() / 2).alias("chance")
    single = rows.group_by(row).agg(pl.col("same").all(), weighed, pl.len().alias("number"))
    judge.count(single.height)
    _report(judge, "repeated", single.filter(pl.col("same") & (pl.col("chance") <= CHANCE_OF_A_ROW)), pairs, row)
    table = ["table", "area_level", "period"]
    whole = rows.group_by(table).agg(pl.col("same").mean().alias("share"), (pl.col("chance").sum() / 2).alias("chance"))
    judge.count(whole.height)
    repeated = (pl.col("share") >= 0.98) & (pl.col("chance") <= CHANCE_OF_A_ROW)
    _report(judge, "repeated", whole.filter(repeated), pairs, table)


def _judge_shifts(judge: Judge, pairs: pl.DataFrame) -> None:
    """Rows one further up or down: the figures of the areas are those of the neighbour a period before.

    Distances are squares of differences of roots: a count moves by chance as its root does, whatever its size.
    """
    column = [*LINE, "area_level", "period"]
    rows = pairs.filter((pl.col("value") >= 0) & (pl.col("before") >= 0) & (pl.len().over(column) >= FEW_AREAS))
    now, before = pl.col("value").sqrt(), pl.col("before").sqrt()
    rows = rows.with_columns(
        ((now - before) ** 2).alias("own"),
        *(((now - before.shift(by).over(column)) ** 2).alias(name) for name, by in (("down", 1), ("up", -1))),
    )
    about = [pl.col("own").sum(), (pl.col("own").max() / pl.col("own").sum()).alias("largest")]
    for name in ("down", "up"):
        told = pl.col(name).is_not_null() & (pl.col(name) != pl.col("own"))
        about += [
            pl.col(name).sum(),
            (pl.col(name) < pl.col("own")).sum().alias(f"{name}_nearer"),
            told.sum().alias(f"{name}_told"),
        ]
    found = rows.group_by(column).agg(*about)
    judge.count(found.height)
    shifted = pl.any_horizontal(
        (pl.col(name) <= NEARER * pl.col("own"))
        & (pl.col("largest") <= NEARER)
        & (2 * pl.col(f"{name}_nearer") - pl.col(f"{name}_told") >= NO_CHANCE * pl.col(f"{name}_told").sqrt())
        for name in ("down", "up")
    )
    _report(judge, "shifted", found.filter(shifted), pairs, column)


def _judge_twins(judge: Judge, rows: pl.DataFrame) -> None:
    """Two areas with equal rows: more digits than chance gives to any two of them.

    Where many areas have twins, the table gives them the figures of larger areas; an area doubled by mistake is one.
    """
    row = ["table", "area_level", "period", "area"]
    digits = (pl.col("value").abs().clip(1.0)).log10()
    about = rows.filter(~pl.col("unit").is_in(["percent", "share"])).sort(*row, "column", "dims", "basis")
    group = ["table", "area_level", "period", "said", "lines"]
    said = about.group_by(row, maintain_order=True).agg(
        pl.struct("column", "dims", "value").hash().implode().list.sum().alias("said"),
        pl.len().alias("lines"),
        pl.when(pl.len() > 1).then(digits.sum() - digits.max()).otherwise(digits.sum()).alias("digits"),
    )
    areas = pl.len().over("table", "area_level", "period")
    twins = said.with_columns((areas * (areas - 1) / 2).clip(1).log10().alias("pairs")).filter(
        (pl.len().over(group) > 1) & (pl.col("pairs") - pl.col("digits") <= CHANCE_OF_TWINS)
    )
    judge.count(said.height)
    twins = twins.filter(pl.len().over("table", "area_level", "period") <= FEW_AREAS)
    _report(judge, "twin", twins, rows, row)


def _judge_copies(judge: Judge, rows: pl.DataFrame) -> None:
    """Two tables that say they are about different things and have the same figures."""
    place = ["column", "dims", "area", "period"]
    sums = rows.group_by("table", maintain_order=True).agg(
        pl.struct(*place, "value").hash().sum().alias("said"), pl.len(), pl.col("value").n_unique().alias("different"),
        pl.col("measure").unique().sort(), pl.col("period").max(),
    )  # fmt: skip
    same = sums.filter((pl.len().over("said", "len") > 1) & (pl.col("different") >= FEW_AREAS))
    judge.count(sums.height)
    for row in same.sort("table").iter_rows(named=True):
        own = rows.filter(pl.col("table") == row["table"])
        where = own.sort("snapshot", "cell").row(0, named=True)
        values, snapshot, cell = own["value"].sort().to_list(), where["snapshot"], where["cell"]
        judge.found_at(row["table"], "copied", EVERYWHERE, row["period"], values, snapshot, cell)
