# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Single series, also of tables that nobody understood: a figure in another unit, a fraction, exchanged columns.

Belongs here: what one series of figures (a column of one area over the periods) says about one of its own, whatever it
is about. Does not belong here: what needs many areas (`continuity`, `exchange`) or a meaning (`schema`).

A series says something only if it has run quietly otherwise: each rule compares a step with all the other steps of the
same series, so a series that jumps of its own accord is left alone. There is no rule on a series of few periods.
"""

from __future__ import annotations

import polars as pl

from quality.checks.continuity import LINE, TERRITORY
from quality.checks.violations import Judge

SERIES = [*LINE, "area_level", "area"]
STEPS = 4
"""So many other steps have to be seen before one can be out of scale."""
THOUSAND = 2.0
"""log10 of a step that no series takes which otherwise stays within QUIET: a hundredfold, for thousands are rounded."""
QUIET = 0.5
"""log10 of the largest step of a series that runs quietly (threefold)."""
WHOLE, FRACTIONS = 8, 0.15
"""A column of so many whole numbers, and of fractions at most this share of them, is a column of counts."""
MUCH = 20
"""So many times smaller than its series is usually is a fraction that says thousands."""
BIG = 100
"""A zero is odd only in a series of figures from this size on."""
APART, UNUSUAL, FEW_STEPS = 0.08, 1.3, 2
"""Exchanged figures are this far from their own series (log10); one of them further than any of its other steps."""
NEARER = 0.2
"""And in the other's place they are five times nearer."""
CHANCE = 1.5
"""And their roots this far apart: chance alone moves the root of a count by a half."""


def judge_series(judge: Judge, rows: pl.DataFrame, pairs: pl.DataFrame) -> None:
    """Bring figures out of scale, fractions among counts and exchanged figures before the judge.

    `rows` is what `continuity.figures` gives, `pairs` what `continuity.with_before` gives of them.
    """
    judge.count(pairs.height)
    rows = rows.filter(~pl.col("unit").is_in(list(TERRITORY)))
    _report(judge, "fraction", fractions(rows))
    steps = with_steps(rows, pairs)
    _report(judge, "scale", out_of_scale(steps))
    _report(judge, "exchanged", exchanged(steps))


def _report(judge: Judge, rule: str, found: pl.DataFrame) -> None:
    """Take down what a rule found, the figures of one column, area and period together."""
    place = ["table", "column", "area", "period"]
    groups = found.sort(*place, "dims", "basis").group_by(place, maintain_order=True)
    for row in groups.agg("value", pl.col("snapshot", "cell").first()).iter_rows(named=True):
        name = f"{rule}.{row['column']}"
        judge.found_at(row["table"], name, row["area"], row["period"], row["value"], row["snapshot"], row["cell"])


def fractions(rows: pl.DataFrame) -> pl.DataFrame:
    """Small fractions in a column that is otherwise one of whole and much larger numbers."""
    column = ["table", "column", "basis"]
    is_whole, size = pl.col("value") == pl.col("value").round(), pl.col("value").abs()
    whole = pl.col("value").filter(is_whole & (pl.col("value") != 0))
    counts = rows.with_columns(
        whole.count().over(column).alias("whole"),
        (~is_whole).sum().over(column).alias("fractions"),
        pl.col("value").filter(pl.col("value") != 0).abs().median().over([*LINE, "area"]).alias("usual"),
    )
    few = (pl.col("whole") >= WHOLE) & (pl.col("fractions") <= FRACTIONS * pl.col("whole"))
    return counts.filter(~is_whole & few & (MUCH * size <= pl.col("usual")))


def with_steps(rows: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Figures with those before and after, the steps (log10) between them, and the largest other step (`quiet`).

    `others` is how many other steps the series has, `least` its smallest other figure.
    """
    key = [*SERIES, "period"]
    size = (pl.col("value") / pl.col("before")).log10().abs()
    taken = pl.when((pl.col("value") > 0) & (pl.col("before") > 0)).then(size)
    stepped = pairs.with_columns(taken.alias("step"))
    before = stepped.select(*key, "before", "step")
    after = stepped.select(
        *SERIES, pl.col("period_before").alias("period"), pl.col("value").alias("after"), pl.col("step").alias("next")
    )
    # Of the three largest steps two may be the figure's own, so the largest of the others is among them.
    series = stepped.group_by(SERIES).agg(
        pl.col("step").drop_nulls().top_k(3).alias("tops"), pl.col("step").count().alias("steps")
    )
    least = rows.group_by(SERIES).agg(pl.col("value").bottom_k(2).alias("bottoms"))
    both = (
        rows.join(before, on=key, how="left")
        .join(after, on=key, how="left")
        .join(series, on=SERIES)
        .join(least, on=SERIES)
    )
    own = pl.concat_list(pl.col("step"), pl.col("next")).list.drop_nulls()
    rest = pl.col("tops")
    largest, second = own.list.max(), pl.when(own.list.len() > 1).then(own.list.min())
    top = [rest.list.get(place, null_on_oob=True) for place in range(3)]
    quiet = (
        pl.when(largest.is_null() | (largest < top[0]))
        .then(top[0])
        .when(second.is_null() | (second < top[1]))
        .then(top[1])
        .otherwise(top[2])
    )
    bottom = [pl.col("bottoms").list.get(place, null_on_oob=True) for place in range(2)]
    return both.with_columns(
        quiet.alias("quiet"),
        (pl.col("steps") - own.list.len()).alias("others"),
        pl.when(pl.col("value") == bottom[0]).then(bottom[1]).otherwise(bottom[0]).alias("least"),
    ).drop("tops", "bottoms")


def _on_both_sides(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    """Whether something is so beside the figures before and after, or beside the only one that there is."""
    sides = [
        pl.when(pl.col(name).is_null()).then(None).otherwise(so.fill_null(value=False))
        for name, so in (("before", before), ("after", after))
    ]
    return pl.all_horizontal(side.fill_null(value=True) for side in sides) & pl.any_horizontal(
        side.is_not_null() for side in sides
    )


def out_of_scale(steps: pl.DataFrame) -> pl.DataFrame:
    """Figures a hundred times off what the series is before and after, or zero beside figures far from it."""
    amid = pl.col("before").is_not_null() & pl.col("after").is_not_null()
    known = pl.col("others") >= pl.when(amid).then(STEPS // 2).otherwise(STEPS)
    off = known & _on_both_sides(pl.col("step") >= THOUSAND, pl.col("next") >= THOUSAND)
    zero = (pl.col("value") == 0) & (pl.col("least") >= BIG) & amid & (pl.col("others") >= STEPS)
    return steps.filter((pl.col("quiet") <= QUIET) & (off | zero))


def exchanged(steps: pl.DataFrame) -> pl.DataFrame:
    """Figures of one period that each fit the other's series, and of which one at least is odd in its own."""
    sides = (("step", "before"), ("next", "after"))
    apart = [
        (pl.col(step) >= APART) & ((pl.col("value").sqrt() - pl.col(side).sqrt()).abs() >= CHANCE)
        for step, side in sides
    ]
    odd = [pl.col(step) >= UNUSUAL * pl.col("quiet") for step, _ in sides]
    misfits = steps.filter((pl.col("others") >= FEW_STEPS) & _on_both_sides(*apart)).with_columns(
        _on_both_sides(*odd).alias("odd")
    )
    group, line = ["table", "dims", "basis", "area_level", "area", "period"], ["column"]
    other = misfits.select(*group, *(pl.col(name).alias(f"{name}_other") for name in (*line, "value", "odd", "unit")))
    both = misfits.join(other, on=group).filter(
        (pl.col("column") != pl.col("column_other")) & (pl.col("odd") | pl.col("odd_other"))
    )
    near = [(pl.col("value_other") / pl.col(side)).log10().abs() <= NEARER * pl.col(step) for step, side in sides]
    there = both.filter(_on_both_sides(*near))
    names = {**{name: f"{name}_other" for name in line}, **{f"{name}_other": name for name in line}}
    back = there.select(*group, *line, *(f"{name}_other" for name in line)).rename(names)
    pairs = there.join(back, on=[*group, *line, *(f"{name}_other" for name in line)], how="semi")
    return pairs.unique([*SERIES, "period"], maintain_order=True)
