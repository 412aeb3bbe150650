# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures of two series that changed places in a period: of two columns in a row, or of two rows.

Belongs here: pairs of series, each over its own periods. Does not belong here: columns compared over many areas
(`exchange`), one series alone (`series`).

Each figure has to fit the other's series and not its own. A series that has run over enough periods says itself what
is odd in it; of a short one, that nearly all figures of its table move far less.
"""

from __future__ import annotations

import polars as pl

from quality.checks.violations import Judge

APART, UNUSUAL, FEW_STEPS = 0.08, 1.3, 2
"""Exchanged figures are this far from their own series (log10); one of them further than any of its other steps."""
NEARER = 0.2
"""And in the other's place they are five times nearer."""
CHANCE = 1.5
"""And their roots this far apart: chance alone moves the root of a count by a half."""
CALM, FAR, ENOUGH_STEPS = 0.75, 5.0, 10
"""In a short series the step is five times what three quarters of the table's steps stay below."""
DIGITS = 4.0
"""So many digits the figures agree in, on both sides together and beyond what so many pairs of rows have by chance."""
MOST_MISFITS = 300
"""Where more figures of a column misfit than this, it is the period and no exchange."""
COHORTS = r"(^|;)age="
"""Ages: a cohort is a year older in the next period, so figures move on from row to row by themselves."""
_ABOUT = ["table", "column", "dims", "basis", "area_level", "area", "period"]
_SIDES = (("step", "before"), ("next", "after"))


def judge_swapped(judge: Judge, steps: pl.DataFrame) -> None:
    """Bring exchanged figures before the judge; `steps` is what `series.with_steps` gives."""
    found = pl.concat([exchanged(steps, "column"), exchanged(steps, "dims")])
    place = ["table", "column", "area", "period"]
    groups = found.unique(_ABOUT, maintain_order=True).sort(*place, "dims", "basis")
    for row in groups.group_by(place, maintain_order=True).agg(
        "value", pl.col("snapshot", "cell").first()
    ).iter_rows(named=True):  # fmt: skip
        name = f"exchanged.{row['column']}"
        judge.found_at(row["table"], name, row["area"], row["period"], row["value"], row["snapshot"], row["cell"])


def exchanged(steps: pl.DataFrame, line: str) -> pl.DataFrame:
    """Figures of one period that each fit the other's series; `line` says what two series differ in: column or dims."""
    same = [name for name in _ABOUT if name != line]
    misfits = _misfits(steps, line, same)
    other = misfits.select(*same, *(pl.col(name).alias(f"{name}_other") for name in (line, "value", "odd", "far")))
    odd, far = pl.col("odd") | pl.col("odd_other"), pl.col("far") & pl.col("far_other")
    both = misfits.join(other, on=same).filter((pl.col(line) != pl.col(f"{line}_other")) & (odd | far))
    near = [(pl.col("value_other") / pl.col(side)).log10().abs() <= NEARER * pl.col(step) for step, side in _SIDES]
    there = both.filter(on_both_sides(*near))
    names = {line: f"{line}_other", f"{line}_other": line}
    back = there.select(*same, *names).rename(names)
    pairs = there.join(back, on=[*same, *names], how="semi")
    sides = pl.sum_horizontal(pl.col(side).is_not_null() for _, side in _SIDES)
    digits = pl.sum_horizontal(pl.col(name).clip(1.0).log10() for name in ("value", "value_other")) * sides
    if line == "column":
        return pairs.filter(odd | (digits >= DIGITS)).select(steps.columns)
    rows = [name for name in same if name != "column"]
    chance = (pl.col("lines") * (pl.col("lines") - 1.0) / 2).log10()
    return pairs.filter(digits.sum().over(*rows, *names) >= DIGITS + chance).select(steps.columns)


def _misfits(steps: pl.DataFrame, line: str, same: list[str]) -> pl.DataFrame:
    """Figures far from their own series, with whether that is `odd` for it, or `far` for its whole table."""
    apart = [
        (pl.col(step) >= APART) & ((pl.col("value").sqrt() - pl.col(side).sqrt()).abs() >= CHANCE)
        for step, side in _SIDES
    ]
    usual = UNUSUAL * pl.col("quiet")
    known = pl.col("others") >= FEW_STEPS
    calm = FAR * pl.col("step").quantile(CALM).over("table")
    most = [pl.col(step) >= pl.max_horizontal(calm, APART, usual) for step, _ in _SIDES]
    odd = known & on_both_sides(*(pl.col(step) >= usual for step, _ in _SIDES))
    far = on_both_sides(*most) & (pl.col("step").count().over("table") >= ENOUGH_STEPS)
    marked = steps.with_columns(
        odd.fill_null(value=False).alias("odd"), far.fill_null(value=False).alias("far"),
        pl.len().over(same).alias("lines"),
    )  # fmt: skip
    found = marked.filter((pl.col("value") > 0) & on_both_sides(*apart) & (known | pl.col("far")))
    if line == "dims":
        found = found.filter((pl.col("odd") | pl.col("far")) & ~pl.col("dims").str.contains(COHORTS))
    return found.filter(pl.len().over(same) <= MOST_MISFITS)


def on_both_sides(before: pl.Expr, after: pl.Expr) -> pl.Expr:
    """Whether something is so beside the figures before and after, or beside the only one that there is."""
    sides = [
        pl.when(pl.col(name).is_null()).then(None).otherwise(so.fill_null(value=False))
        for name, so in (("before", before), ("after", after))
    ]
    return pl.all_horizontal(side.fill_null(value=True) for side in sides) & pl.any_horizontal(
        side.is_not_null() for side in sides
    )
