# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Identities within one source, basis and vintage: parts of a row, areas of a column, halves of a dimension.

Belongs here: what must add up inside one table. Does not belong here: what follows from the vocabulary between tables
(`derived`), comparisons of years and areas (`continuity`), fixing anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from quality.checks.continuity import PLACES
from quality.checks.violations import ROUNDING, IdentityReport, Judge
from raw.contracts import Identity, Source, TableContract
from raw.vocabulary.measures import concepts, partitions

SUMS, KEPT = 20, 0.8
"""A table of moves keeps to its totals if so many of them are sums, and this share of all."""


def check_identities(source: Source, observations: pl.DataFrame, areas: pl.DataFrame, today: dt.date) -> IdentityReport:
    """The declared sums of a source on its current observations (columns of OBSERVATION)."""
    judge = Judge(source, today)
    judge_declared(judge, source, observations, areas)
    return judge.report


def judge_declared(judge: Judge, source: Source, observations: pl.DataFrame, areas: pl.DataFrame) -> None:
    """Bring the declared sums and the partitions inside each table before the judge."""
    parents = areas.select("area", "area_level", "parent").unique(["area", "area_level"])
    for table in source.tables.values():
        own = observations.filter(pl.col("table") == table.id)
        if own.is_empty():
            continue
        for index, identity in enumerate(table.identities):
            name = table.identity_id(index)
            if identity.parts:
                judge.decide(table.id, name, _row_sums(own, identity), identity.tolerance, identity.at_most)
            for column in identity.columns:
                label = name if len(identity.columns) == 1 else f"{name}.{column}"
                sums = _area_sums(own, identity, column, parents)
                judge.decide(table.id, label, sums, identity.tolerance, identity.at_most)
        dims = own["dims"].unique()
        for dimension in partitions():
            if not dims.str.contains(rf"(^|;){dimension}=").any():
                continue
            sums = _dimension_sums(own, dimension, partitions()[dimension])
            judge.decide(table.id, dimension, sums, table.tolerance, dimension in table.incomplete)
        if not dims.str.contains("(^|;)(change|vintage)=").any():
            for dimension in PLACES:
                _judge_moves(judge, table, own, dimension)


def _judge_moves(judge: Judge, table: TableContract, own: pl.DataFrame, dimension: str) -> None:
    """Totals of a table of moves from place to place, where they are the sums of the places that it names."""
    for period in own.filter(pl.col("dims").str.contains(_code(dimension))).partition_by("period", maintain_order=True):
        codes = sorted(set(period["dims"].str.extract(_code(dimension), 2).drop_nulls()))
        sums = _dimension_sums(own.filter(pl.col("period") == period["period"][0]), dimension, codes)
        if _kept(sums):
            judge.decide(table.id, dimension, sums, table.tolerance, at_most=False)


def aggregate(parts: pl.DataFrame, wholes: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Join summed parts with their whole: (keys, area, period, total, withheld, missing, values, whole)."""
    status = pl.col("obs_status")
    summed = parts.group_by(keys).agg(
        pl.col("value").sum().alias("total"),
        (status == "Q").any().alias("withheld"),
        status.is_in(["O", "L"]).any().alias("missing"),
        pl.col("value").sort().alias("values"),
    )
    return summed.join(wholes, on=keys, how="inner")


def whole_of(frame: pl.DataFrame, keys: list[str], area: str = "area") -> pl.DataFrame:
    """The first row per key as a whole: (keys, area, period, whole, whole_snapshot, whole_cell)."""
    unique = frame.unique(keys, keep="first", maintain_order=True)
    return unique.select(
        *keys,
        *([] if area in keys else [pl.col(area).alias("area")]),
        *([] if "period" in keys else ["period"]),
        pl.col("value").alias("whole"),
        pl.col("snapshot").alias("whole_snapshot"),
        pl.col("cell").alias("whole_cell"),
    )


def _row_sums(own: pl.DataFrame, identity: Identity) -> pl.DataFrame:
    rows = own.with_columns(pl.col("cell").str.replace(r"!([A-Z]+)(\d+)$", "!$2").alias("row"))
    keys = ["snapshot", "row"]
    same = [*keys, "column", "area", "period", "dims"]  # a column that the publisher repeats counts once
    parts = rows.filter(pl.col("column").is_in(identity.parts)).unique(same, keep="first", maintain_order=True)
    complete = parts.filter(pl.col("column").n_unique().over(keys) == len(set(identity.parts)))
    return aggregate(complete, whole_of(rows.filter(pl.col("column") == identity.whole), keys), keys)


def _area_sums(own: pl.DataFrame, identity: Identity, column: str, parents: pl.DataFrame) -> pl.DataFrame:
    levels = identity.areas
    if levels is None:
        raise ValueError("the identity has no areas")
    keys = ["dims", "basis", "period", "parent"]
    rows = own.filter(pl.col("column") == column)
    children = rows.filter(pl.col("area_level") == levels.origin).join(parents, on=["area", "area_level"], how="left")
    wholes = rows.filter(pl.col("area_level") == levels.target).with_columns(pl.col("area").alias("parent"))
    once = children.unique([*keys, "area"], keep="first", maintain_order=True)
    return aggregate(once, whole_of(wholes, keys), keys)


def _code(dimension: str) -> str:
    return rf"(^|;){dimension}=([^;]+)"


def _kept(sums: pl.DataFrame) -> bool:
    """Whether a table's totals are, nearly all, the sums of the places that it names."""
    told = sums.filter(~pl.col("missing") & ~pl.col("withheld") & pl.col("whole").is_not_null())
    held = told.filter((pl.col("total") - pl.col("whole")).abs() <= ROUNDING).height
    return told.height >= SUMS and held >= KEPT * told.height


def _dimension_sums(own: pl.DataFrame, dimension: str, wanted: Sequence[str]) -> pl.DataFrame:
    """Sums over the codes of a partition (`sex=m` + `sex=f`) against the row without that dimension."""
    pattern = _code(dimension)
    additive = [name for name, concept in concepts().items() if concept.additive]
    keys = ["measure", "rest", "area", "area_vintage", "period", "basis"]
    split = (
        own.select("dims")
        .unique()
        .with_columns(
            pl.col("dims").str.extract(pattern, 2).alias("code"),
            pl.col("dims").str.replace(pattern, "").str.strip_chars(";").alias("rest"),
        )
    )
    rows = own.filter(pl.col("measure").is_in(additive)).join(split, on="dims", maintain_order="left")
    parts = rows.filter(pl.col("code").is_in(wanted)).unique([*keys, "code"], keep="first", maintain_order=True)
    complete = parts.filter(pl.col("code").n_unique().over(keys) == len(wanted))
    return aggregate(complete, whole_of(rows.filter(pl.col("code").is_null()), keys), keys)
