# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit of the door: another look at the result, from the equations instead of the slices.

Belongs here: equations over published and withheld cells, and which of them give a cell away. Does not belong
here: how the door chose what to withhold; nothing of it is imported.

An equation with exactly one withheld term gives that term away. Given-away cells become known, and the audit goes on
until nothing new follows. Cells that their agency withheld count as given away at the source and are reported
apart, because no door of ours can take them back.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from raw.vocabulary.dimensions import OPEN_AGE, age_interval, parse_dims
from raw.vocabulary.measures import partitions


def equations(cells: pl.DataFrame) -> Iterator[list[str]]:
    """Cell ids that stand in one linear equation: relations, children and parent, breakdowns and total."""
    for row in cells.filter(pl.col("terms").list.len() > 0).select("cell", "terms").iter_rows(named=True):
        yield [row["cell"], *(term["cell"] for term in row["terms"])]
    base = cells.filter(pl.col("relation").is_in(["observed", "dims", "areas"]))
    yield from _area_equations(base)
    yield from _dimension_equations(base)


def _area_equations(base: pl.DataFrame) -> Iterator[list[str]]:
    key = ["concept", "dims", "area", "period", "basis"]
    parents = base.select(pl.col("cell").alias("whole"), *key)
    children = base.filter(pl.col("parent").is_not_null()).select(
        "cell", "area_level", "concept", "dims", pl.col("parent").alias("area"), "period", "basis"
    )
    joined = children.join(parents, on=key, how="inner").group_by("whole", "area_level").agg("cell")
    for row in joined.iter_rows(named=True):
        yield [row["whole"], *row["cell"]]


def _dimension_equations(base: pl.DataFrame) -> Iterator[list[str]]:
    """Per area and period: codes of one dimension that together are the row without it."""
    key = ["concept", "area", "area_level", "area_vintage", "period", "basis"]
    for group in base.group_by(key).agg("dims", "cell").iter_rows(named=True):
        cells = dict(zip(group["dims"], group["cell"], strict=True))
        for dims, whole in cells.items():
            rest = parse_dims(dims)
            for dimension in ("sex", "nationality", "size", "age"):
                parts = _breakdown(cells, rest, dimension)
                if parts:
                    yield [whole, *parts]


def _breakdown(cells: dict[str, str], rest: dict[str, str], dimension: str) -> list[str]:
    found: dict[str, str] = {}
    for dims, cell in cells.items():
        parsed = parse_dims(dims)
        code = parsed.pop(dimension, None)
        if code is not None and parsed == {k: v for k, v in rest.items() if k != dimension}:
            found[code] = cell
    if dimension == "age":
        wanted = age_interval(rest["age"]) if "age" in rest else (0, OPEN_AGE)
        return _age_chain(found, wanted, rest.get("age"))
    if dimension in rest or not set(partitions()[dimension]) <= set(found):
        return []
    return [found[code] for code in partitions()[dimension]]


def _age_chain(found: dict[str, str], wanted: tuple[int, int], own: str | None) -> list[str]:
    """Disjoint groups that follow one another from the first to the last year of the wanted group."""
    position, chain = wanted[0], []
    while position <= wanted[1]:
        steps = [(age_interval(code)[1], cell) for code, cell in found.items() if code != own and age_interval(code)[0] == position and age_interval(code)[1] <= wanted[1]]
        if not steps:
            return []
        last, cell = min(steps)
        chain.append(cell)
        position = last + 1
    return chain


def audit(judged: pl.DataFrame) -> list[str]:
    """Ids of cells that were withheld by us and follow from equations (columns of a cell, `withheld`, `reason`)."""
    ours = set(judged.filter(pl.col("withheld") & (pl.col("reason") != "agency"))["cell"].to_list())
    unknown = set(judged.filter("withheld")["cell"].to_list())
    systems = [members for members in equations(judged) if unknown.intersection(members)]
    recovered: list[str] = []
    progress = True
    while progress and ours:
        progress = False
        for members in systems:
            hidden = unknown.intersection(members)
            if len(hidden) == 1:
                cell = hidden.pop()
                unknown.discard(cell)
                progress = True
                if cell in ours:
                    recovered.append(cell)
    return recovered
