# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Single series, also of tables that nobody understood: a figure in another unit, a fraction among counts.

Belongs here: what one series of figures (a column of one area over the periods) says about one of its own, whatever it
is about. Does not belong here: two series (`swapped`), what needs many areas (`continuity`, `exchange`) or a meaning
(`schema`).

A series says something only if it has run quietly otherwise: each rule compares a step with all the other steps of the
same series, so a series that jumps of its own accord is left alone. There is no rule on a series of few periods.
"""

from __future__ import annotations

import polars as pl

from quality.checks.continuity import LINE, TERRITORY
from quality.checks.swapped import judge_swapped, on_both_sides
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
"""A zero is odd only in a series of figures from this size on, in units of its last digit."""
ALIKE = 3.0
"""Before and after a figure a hundred times off that is back at once, the series differs by no more than this."""


def judge_series(judge: Judge, rows: pl.DataFrame, pairs: pl.DataFrame) -> None:
    """Bring figures out of scale, fractions among counts and figures that changed places before the judge.

    `rows` is what `continuity.figures` gives, `pairs` what `continuity.with_before` gives of them.
    """
    judge.count(pairs.height)
    rows = rows.filter(~pl.col("unit").is_in(list(TERRITORY)))
    _report(judge, "fraction", fractions(rows))
    steps = with_steps(rows, pairs)
    _report(judge, "scale", out_of_scale(steps))
    judge_swapped(judge, steps)


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
        size.filter(pl.col("value") != 0).median().over([*LINE, "area"]).alias("usual"),
        size.filter(is_whole & (pl.col("value") != 0)).median().over(column).alias("usual_of_column"),
        pl.len().over([*LINE, "area"]).alias("periods"),
    )
    few = (pl.col("whole") >= WHOLE) & (pl.col("fractions") <= FRACTIONS * pl.col("whole"))
    usual = pl.when(pl.col("periods") > 1).then(pl.col("usual")).otherwise(pl.col("usual_of_column"))
    return counts.filter(~is_whole & few & (MUCH * size <= usual))


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
        pl.col("step").drop_nulls().sort(descending=True).head(3).alias("tops"), pl.col("step").count().alias("steps")
    )
    least = rows.group_by(SERIES).agg(pl.col("value").sort().head(2).alias("bottoms"))
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


def out_of_scale(steps: pl.DataFrame) -> pl.DataFrame:
    """Figures a hundred times off what the series is before and after, or zero beside figures far from it."""
    amid = pl.col("before").is_not_null() & pl.col("after").is_not_null()
    known = pl.col("others") >= pl.when(amid).then(STEPS // 2).otherwise(STEPS)
    off = known & on_both_sides(pl.col("step") >= THOUSAND, pl.col("next") >= THOUSAND)
    seldom = pl.col("least") >= BIG * _last_digit("before", "after", "least")
    zero = (pl.col("value") == 0) & seldom & amid & (pl.col("others") >= STEPS)
    return steps.filter(((pl.col("quiet") <= QUIET) & (off | zero)) | (amid & _back_at_once()))


def _back_at_once() -> pl.Expr:
    """A hundredfold step and back, twice any other of the series, where it says something: not among small counts."""
    low, high = pl.min_horizontal("before", "after"), pl.max_horizontal("before", "after")
    both, others = pl.min_horizontal("step", "next"), pl.col("quiet").fill_null(0.0)
    fraction = (pl.col("value") != pl.col("value").round()) & (_last_digit("before", "after") == 1)
    return (both >= THOUSAND) & (both >= 2 * others) & (high <= ALIKE * low) & ((low >= BIG) | fraction)


def _last_digit(*names: str) -> pl.Expr:
    """The unit that all these figures are written in: whole numbers, tenths or hundredths."""
    unit = pl.lit(0.01)
    for power in (0.1, 1.0):
        scaled = [pl.col(name) / power for name in names]
        whole = pl.all_horizontal((one - one.round()).abs() <= 1e-6 * (1 + one.abs()) for one in scaled)
        unit = pl.when(whole).then(power).otherwise(unit)
    return unit
