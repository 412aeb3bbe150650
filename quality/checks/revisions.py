# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a delivery says otherwise than the delivery before it.

Belongs here: comparing two statements about the same thing. Does not belong here: which of them holds (`checked`),
comparing periods (`continuity`).

Offices revise, so a figure that changed is no violation: it is counted per table and period, and the report tells it.
No revision, but an error, are figures that stand where others stood before, and figures seven times what they were.
"""

from __future__ import annotations

import polars as pl

from quality.checks.continuity import BIG, JUMP
from quality.checks.violations import EVERYWHERE, Judge
from raw.vocabulary.observation import OBSERVATION_KEY

ORDER = ["published_on", "received_at", "snapshot", "cell"]
"""Of several statements about the same thing in one table the last one in this order holds."""
MOVED = 0.6
"""Share of the changed figures of a period that stood elsewhere in it before."""
MOVED_DIGITS = 4.0
"""So many digits they have together: two small figures agree by chance."""


def revised(observed: pl.DataFrame) -> pl.DataFrame:
    """Newest statements that differ from the delivery before (columns of OBSERVATION, `before`, `status_before`)."""
    key = ["table", "column", *OBSERVATION_KEY]
    several = observed.filter(pl.col("snapshot").n_unique().over("table", "measure") > 1)
    several = several.filter(pl.col("snapshot").n_unique().over(key) > 1)
    statements = several.sort(ORDER, nulls_last=False).unique([*key, "snapshot"], keep="last", maintain_order=True)
    pairs = statements.with_columns(
        pl.col("value").shift().over(key).alias("before"),
        pl.col("obs_status").shift().over(key).alias("status_before"),
        pl.col("value_text").shift().over(key).alias("text_before"),
    ).unique(key, keep="last", maintain_order=True)
    is_text = pl.col("unit") == "text"
    differs = (
        pl.col("value").ne_missing(pl.col("before"))
        | (pl.col("obs_status") != pl.col("status_before"))
        | (is_text & (pl.col("value_text") != pl.col("text_before")))
    )
    return pairs.filter(differs).drop("text_before").sort("table", "period", "cell")


def judge_revisions(judge: Judge, changed: pl.DataFrame) -> None:
    """Bring what cannot be a revision before the judge; `changed` is what `revised` gives."""
    numbers = changed.filter(pl.col("value").is_not_null() & pl.col("before").is_not_null())
    judge.count(numbers.height)
    for (table, period), rows in numbers.group_by("table", "period", maintain_order=True):
        if _moved(rows):
            _report(judge, "revised.moved", str(table), str(period), rows)
        size = ((pl.col("value").abs() + 1) / (pl.col("before").abs() + 1)).log10().abs()
        far = rows.filter((pl.max_horizontal(pl.col("value").abs(), pl.col("before").abs()) >= BIG) & (size >= JUMP))
        if far.height:
            _report(judge, "revised.factor", str(table), str(period), far)


def _moved(rows: pl.DataFrame) -> bool:
    """Whether most figures stood in another cell of the same period before."""
    stood = rows.filter(pl.col("value").is_in(rows["before"].implode()) & (pl.col("value") != 0))
    digits = stood.select((pl.col("value").abs().clip(1.0)).log10().sum()).item()
    return rows.height > 1 and stood.height >= MOVED * rows.height and digits >= MOVED_DIGITS


def _report(judge: Judge, rule: str, table: str, period: str, rows: pl.DataFrame) -> None:
    areas = rows["area"].unique()
    values = [*rows["before"].to_list(), *rows["value"].to_list()]
    where = rows.row(0, named=True)
    area = areas[0] if len(areas) == 1 else EVERYWHERE
    judge.found_at(table, rule, area, period, values, where["snapshot"], where["cell"])


def counted(changed: pl.DataFrame) -> dict[str, int]:
    """Number of revised figures by `table period`, for the report."""
    counts = changed.group_by("table", "period").len().sort("table", "period")
    return {f"{table} {period}": count for table, period, count in counts.iter_rows()}
