# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Segregation over the parts of an area: Stadtteile of a Gemeinde, Gemeinden of a Kreis.

Belongs here: which parts make an area, and whether all of them are known. Does not belong here: the index itself
(`statistics.segregation`).
"""

from __future__ import annotations

import polars as pl

from quality.cells.statistic_values import KEYS, of_measure, real, worst
from quality.cells.statistics import frames
from raw.vocabulary.lists import codes
from transforms.catalogue.model import Kpi

COMPLETE = 0.01
"""How far the parts of an area may differ from its own figure (share of it) and still be all of it: rounding."""

_FIGURE = ("area", "area_vintage", "period", "basis")
_DIVISION = ["parent", "area_level", "area_vintage"]


def segregation(kpi: Kpi, cells: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """The index of every area whose parts (at least two) are all known: KEYS, value, obs_status, terms.

    The area table says which parts there are; the parts of one level and vintage belong together. An area that is
    divided in several ways is shown by the division that gives most figures: the index depends on it.
    """
    one, whole = (of_measure(cells, name) for name in kpi.used_inputs)
    rest = _rest(one, whole)
    levels = _levels(cells, areas)
    found = []
    for (level, _), parts in _parts(areas).group_by("area_level", "area_vintage", maintain_order=True):
        group, others = (_expected(real(frame), _whole_places(whole, parts), parts) for frame in (one, rest))
        made = frames.segregation_index(group, others, kpi.factor, _FIGURE)
        found.append(made.with_columns(pl.lit(level).alias("division")).join(levels, on="area"))
    formed = pl.concat(found) if found else None
    if formed is None:
        return of_measure(cells, "").select(*KEYS, "value", "obs_status", "terms")
    return _one_division(formed).select(*KEYS, "value", "obs_status", "terms")


def _rest(one: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """Everyone else; not known where the group is larger than the whole (rounded figures)."""
    joined = whole.join(one.drop("parent"), on=KEYS, suffix="_of")
    left = pl.col("value") - pl.col("value_of")
    return joined.select(
        *KEYS,
        "parent",
        pl.when(left >= 0).then(left).alias("value"),
        worst("obs_status", "obs_status_of").alias("obs_status"),
        pl.concat_list("terms", "terms_of").alias("terms"),
    )


def _parts(areas: pl.DataFrame) -> pl.DataFrame:
    """The parts of areas that have more than one: _DIVISION, area."""
    listed = real(areas).filter(pl.col("parent").is_not_null()).select(*_DIVISION, "area").unique().sort("area")
    return listed.filter(pl.len().over(_DIVISION) > 1).sort(*_DIVISION, "area")


def _whole_places(whole: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Where parts have figures (parent, vintage, period, basis) that add up to the area's own figure, if it has one.

    People whom nobody could assign to a part count in the sum, and in no part.
    """
    place = ["parent", "area_vintage", "period", "basis"]
    level = parts["area_level"].first()
    sums = whole.filter((pl.col("area_level") == level) & pl.col("parent").is_in(parts["parent"].implode()))
    sums = sums.group_by(place).agg(pl.col("value").sum().alias("sum"), pl.col("value").has_nulls().alias("open"))
    own = whole.select(pl.col("area").alias("parent"), *place[1:], pl.col("value").alias("own"))
    apart = (pl.col("own") - pl.col("sum")).abs() > COMPLETE * pl.col("own")
    return sums.join(own, on=place, how="left").filter(pl.col("open") | ~apart.fill_null(False)).select(place)


def _expected(values: pl.DataFrame, places: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """A row for every part in every place; without a figure where the part has none."""
    grid = parts.join(places, on=["parent", "area_vintage"])
    return grid.join(values.drop("parent"), on=[*_FIGURE, "area_level"], how="left").with_columns(
        pl.col("terms").fill_null(pl.lit([], pl.List(pl.String)))
    )


def _levels(cells: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """Areas with their level; of several the first in the list of levels."""
    order = {level: number for number, level in enumerate(codes("area_levels"))}
    both = pl.concat([cells.select("area", "area_level"), areas.select("area", "area_level")]).unique()
    ranked = both.sort("area", pl.col("area_level").replace_strict(order, default=len(order), return_dtype=pl.Int64))
    return ranked.unique("area", keep="first", maintain_order=True)


def _one_division(formed: pl.DataFrame) -> pl.DataFrame:
    """Per area, vintage and basis the figures of the division that has most values, then the first in the list."""
    series = ["area", "area_vintage", "basis"]
    order = {level: number for number, level in enumerate(codes("area_levels"))}
    best = (
        formed.group_by(*series, "division")
        .agg(pl.col("value").count().alias("values"))
        .sort("values", -pl.col("division").replace_strict(order, return_dtype=pl.Int64), descending=True)
        .unique(series, keep="first", maintain_order=True)
    )
    return formed.join(best, on=[*series, "division"], how="semi")
