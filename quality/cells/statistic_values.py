# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The inputs of statistics as frames: cells of a measure, quotients of a KPI, vectors by age.

Belongs here: choosing and joining cells, and their statuses. Does not belong here: the statistics (`statistic_cells`),
and the quotients that are published, which SQL forms behind the door by the same rules.

A frame of values has the columns of VALUE; `terms` are the ids of the cells that a value is made from. One value is of
one basis and one vintage; only a denominator may come from another basis, where its KPI names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from quality.cells.statistic_inputs import element_codes, finest
from quality.cells.statistics.arrays import spans
from quality.cells.statistics.long import STATUSES
from quality.cells.statistics.rates import EUROPEAN_STANDARD_2013
from raw.vocabulary.dimensions import OPEN_AGE, age_code
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import Measure
from transforms.catalogue.model import LOW_DENOMINATOR, Kpi

KEYS = ("area", "area_level", "area_vintage", "period", "basis")
VALUE = (*KEYS, "parent", "value", "obs_status", "terms")
CELL_KEY = ("measure", "area", "area_vintage", "period", "basis")
PLACE = ("area", "area_level", "area_vintage", "period")

WIDEST = {"total_fertility_rate": 5, "life_expectancy": 10, "median_age": 10, "mean_age": 10, "standardised_rate": 10}
"""The widest closed age group, in years, with which a method still says something. Ours; see docs/methods.md."""

FIRST_OPEN = {"life_expectancy": 85}
"""The lowest age at which the open group of a life table may begin (Toson & Baker 2003)."""

_GAPS = ("O", "L")
_RANKS = {status: rank for rank, status in enumerate(STATUSES)}
MUNICIPAL = [name for name, level in lists()["area_levels"].items() if level["kind"] == "municipal"]


class Formed(NamedTuple):
    """Rows with KEYS, value, obs_status, terms. `rest`: `terms` that rows alike in its other columns rest on too."""

    rows: pl.DataFrame
    rest: pl.DataFrame | None = None


def worst(*columns: str) -> pl.Expr:
    """The status of a figure made of several."""
    ranks = [pl.col(column).replace_strict(_RANKS, return_dtype=pl.Int64) for column in columns]
    return pl.max_horizontal(ranks).replace_strict(dict(enumerate(STATUSES)), return_dtype=pl.String)


def real(values: pl.DataFrame) -> pl.DataFrame:
    """Without the people whom nobody could assign to an area (`<AGS>-99`)."""
    return values.filter(~pl.col("area").str.ends_with("-99"))


def in_city(values: pl.DataFrame) -> pl.DataFrame:
    """With `city`: municipal areas are compared within their city, others with all of their level (empty)."""
    municipal = pl.col("area_level").is_in(MUNICIPAL)
    return values.with_columns(pl.when(municipal).then("parent").otherwise(pl.lit("")).fill_null("").alias("city"))


def of_measure(cells: pl.DataFrame, measure: str) -> pl.DataFrame:
    """The cells of a measure as a frame of values."""
    return cells.filter(pl.col("measure") == measure).select(*VALUE[:-1], pl.concat_list("cell").alias("terms"))


def of_kpi(cells: pl.DataFrame, kpi: Kpi) -> pl.DataFrame:
    """`factor * numerator / denominator` of a KPI with the statuses of `kpi.kpi_value` (decision 0006), not rounded."""
    above = of_measure(cells, kpi.numerator or "")
    if kpi.denominator is None:
        return above.with_columns(kpi.factor * pl.col("value"))
    below = lent(above, of_measure(cells, kpi.denominator), kpi.denominator_bases)
    joined = above.join(below, on=KEYS, how="left", suffix="_below")
    statuses = (pl.col("obs_status"), pl.col("obs_status_below").fill_null("O"))
    small = (pl.col("value_below") == 0) | (pl.col("value_below") < (kpi.min_denominator or 0))
    low = (pl.col("value_below") < LOW_DENOMINATOR) if kpi.min_denominator is not None else pl.lit(False)
    either = {code: (statuses[0] == code) | (statuses[1] == code) for code in STATUSES}
    status = (
        pl.when(either["Q"]).then(pl.lit("Q"))
        .when(either["O"]).then(pl.lit("O"))
        .when(either["L"]).then(pl.lit("L"))
        .when(either["M"] | small).then(pl.lit("M"))
        .when(either["U"] | low).then(pl.lit("U"))
        .when(either["B"]).then(pl.lit("B"))
        .when(either["E"]).then(pl.lit("E"))
        .when(either["P"]).then(pl.lit("P"))
        .otherwise(pl.lit("A"))
    )  # fmt: skip
    quotient = joined.with_columns(status.alias("obs_status"))
    known = ~pl.col("obs_status").is_in(["Q", "O", "L", "M"])
    return quotient.with_columns(
        pl.when(known).then(kpi.factor * pl.col("value") / pl.col("value_below")).alias("value"),
        pl.concat_list("terms", pl.col("terms_below").fill_null(pl.lit([], pl.List(pl.String)))).alias("terms"),
    ).select(VALUE)


def lent(above: pl.DataFrame, below: pl.DataFrame, bases: Sequence[str]) -> pl.DataFrame:
    """The values of `below` that go with those of `above`, under their basis: the own one first, then `bases` in order.

    A gap does not count as available; what is withheld does.
    """
    order = pl.DataFrame(
        {"lender": list(bases), "preference": range(1, len(bases) + 1)},
        schema={"lender": pl.String, "preference": pl.Int64},
    )
    return (
        above.select(KEYS)
        .unique()
        .join(below.filter(~pl.col("obs_status").is_in(_GAPS)).rename({"basis": "lender"}), on=PLACE)
        .join(order, on="lender", how="left")
        .with_columns(pl.when(pl.col("lender") == pl.col("basis")).then(0).otherwise("preference").alias("preference"))
        .filter(pl.col("preference").is_not_null())
        .sort(*KEYS, "preference")
        .unique(KEYS, keep="first", maintain_order=True)
        .select(VALUE)
    )


class Ages(NamedTuple):
    """Frames of values with `age`, one per input, all by the same age groups (`ages`)."""

    ages: tuple[str, ...]
    frames: tuple[pl.DataFrame, ...]


def by_age(
    cells: pl.DataFrame, vectors: Sequence[tuple[str, Measure]], method: str, bases: Sequence[str]
) -> Iterable[Ages]:
    """The vectors of a method by the finest age groups that all of them have; areas that have the same together.

    What has no exact cover, or only groups too wide for the method, is left out.
    """
    elements = [_elements(cells, *vector) for vector in vectors]
    joined, *others = (_covers(rows, measure) for rows, (_, measure) in zip(elements, vectors, strict=True))
    for number, other in enumerate(others):
        lender = _lending(joined, other, bases).rename({"cover": f"cover_{number}", "lender": f"lender_{number}"})
        joined = joined.join(lender, on=KEYS)
    covers = [name for name in joined.columns if name.startswith("cover")]
    for texts, keys in joined.group_by(covers, maintain_order=True):
        groups = common_groups([str(text).split(" ") for text in texts], method)
        if groups:
            lenders = ["basis", *(f"lender_{number}" for number in range(len(others)))]
            frames = tuple(
                _grouped(rows, str(text).split(" "), groups, keys.select(*KEYS, pl.col(lender).alias("lender")))
                for rows, text, lender in zip(elements, texts, lenders, strict=True)
            )
            yield Ages(groups, frames)


def common_groups(covers: Sequence[Sequence[str]], method: str) -> tuple[str, ...]:
    """The finest age groups that every cover can be put together to; none where they are too wide for the method."""
    if method == "standardised_rate":
        covers = [*covers, list(EUROPEAN_STANDARD_2013)]
    ends = [spans(cover) for cover in covers]
    lows = set.intersection(*(set(low.tolist()) for low, _ in ends))
    uppers = set.intersection(*(set(upper.tolist()) for _, upper in ends))
    first, last = min(lows, default=np.inf), max(uppers, default=0)
    cuts = sorted((lows & uppers) | {first, last})
    groups = list(pairwise(cuts))
    closed = [upper - low for low, upper in groups if np.isfinite(upper)]
    opens = [low for low, upper in groups if not np.isfinite(upper)]
    if not closed or max(closed) > WIDEST[method] or any(low < FIRST_OPEN.get(method, 0) for low in opens):
        return ()
    return tuple(age_code(int(low), OPEN_AGE if np.isinf(upper) else int(upper) - 1) for low, upper in groups)


def _elements(cells: pl.DataFrame, vector: str, measure: Measure) -> pl.DataFrame:
    """The cells of a vector's elements, with `age`."""
    codes = element_codes(vector, measure, cells["measure"].unique().to_list())
    named = pl.DataFrame(list(codes.items()), schema={"measure": pl.String, "age": pl.String}, orient="row")
    return cells.join(named, on="measure")


def _covers(elements: pl.DataFrame, measure: Measure) -> pl.DataFrame:
    """KEYS and `cover`: the finest age groups that cover the vector's span, separated by blanks."""
    offered = (
        elements.filter(~pl.col("obs_status").is_in(_GAPS))
        .group_by(KEYS)
        .agg(pl.col("age").sort().str.join(" ").alias("offer"))
    )
    found = {text: finest(measure, text.split(" ")) for text in offered["offer"].unique().to_list()}
    covers = pl.DataFrame(
        [(text, " ".join(codes)) for text, codes in found.items() if codes],
        schema={"offer": pl.String, "cover": pl.String},
        orient="row",
    )
    return offered.join(covers, on="offer").select(*KEYS, "cover").sort(KEYS)


def _lending(above: pl.DataFrame, below: pl.DataFrame, bases: Sequence[str]) -> pl.DataFrame:
    """KEYS of `above` with `cover` and `lender`, the basis that the other vector comes from."""
    order = {"lender": list(bases), "preference": list(range(1, len(bases) + 1))}
    return (
        above.select(KEYS)
        .join(below.rename({"basis": "lender"}), on=PLACE)
        .join(pl.DataFrame(order, schema={"lender": pl.String, "preference": pl.Int64}), on="lender", how="left")
        .with_columns(pl.when(pl.col("lender") == pl.col("basis")).then(0).otherwise("preference").alias("preference"))
        .filter(pl.col("preference").is_not_null())
        .sort(*KEYS, "preference")
        .unique(KEYS, keep="first", maintain_order=True)
        .select(*KEYS, "cover", "lender")
    )


def _grouped(elements: pl.DataFrame, codes: Sequence[str], groups: Sequence[str], keys: pl.DataFrame) -> pl.DataFrame:
    """Elements added up to age groups: KEYS, age, value, obs_status (the worst), terms. `keys` has the lender."""
    (lows, uppers), (first, last) = spans(groups), spans(codes)
    places = np.maximum(np.searchsorted(lows, first, side="right") - 1, 0)
    inside = (lows[places] <= first) & (last <= uppers[places])
    named = pl.DataFrame(
        [(code, groups[place]) for code, place, used in zip(codes, places.tolist(), inside, strict=True) if used],
        schema={"age": pl.String, "group": pl.String},
        orient="row",
    )
    rank = pl.col("obs_status").replace_strict(_RANKS, return_dtype=pl.Int64)
    return (
        elements.join(named, on="age")
        .rename({"basis": "lender"})
        .join(keys, on=[*PLACE, "lender"])
        .sort("cell")
        .group_by(*KEYS, pl.col("group").alias("age"), maintain_order=True)
        .agg(
            pl.when(pl.col("value").is_null().any()).then(None).otherwise(pl.col("value").sum()).alias("value"),
            pl.col("obs_status").sort_by(rank).last(),
            pl.col("cell").alias("terms"),
        )
    )
