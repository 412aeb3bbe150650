# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which cells are unsafe by themselves: small counts, small rests, and small counts that other cells imply.

Belongs here: the rules, applied to single cells and to differences of cells. Does not belong here: what is withheld
beside an unsafe cell (`slices`).

A count that no cell holds can still be read from cells that are published: ages 0-5 less ages 0-2, a total less all
its districts. Where such a count is small, the cells from which it follows are unsafe.
"""

from __future__ import annotations

from itertools import combinations, pairwise

import polars as pl

from quality.disclosure.rules import Rules
from raw.vocabulary.dimensions import OPEN_AGE, age_interval, format_dims, parse_dims
from raw.vocabulary.measures import concepts, partitions

BASE = ("observed", "dims", "areas")
"""Relations of cells that are counts of their own; the others (`periods`, `combination`) are made of cells."""

COUNT_KINDS = ("stock", "mean", "flow")
"""Kinds of concepts that count somebody or something; only these have a threshold."""

_PART = ("cell", "concept", "class", "known", "value", "whole", "whole_cell")
_ZERO = 1e-9
_PLACE = ["concept", "area", "area_level", "area_vintage", "period", "basis"]
_CONFIDENTIAL = pl.col("publicity") != "public"
_YEAR = pl.col("period").str.slice(0, 4).alias("year")


def confidential_scope(cells: pl.DataFrame) -> pl.DataFrame:
    """Base cells of each concept and year of which something is confidential, with `year`: there the door has a say."""
    base = cells.filter(pl.col("relation").is_in(BASE)).with_columns(_YEAR)
    return base.join(base.filter(_CONFIDENTIAL).select("concept", "year").unique(), on=["concept", "year"], how="semi")


def mark_unsafe(cells: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Add `unsafe` (a confidential count that breaks a rule of the tier) and `seed`, where withholding has to begin.

    A seed is unsafe, or implies a small count together with others, or is the confidential whole of a public part
    with a small rest, or was withheld by an agency. Expects `known`: what is public or follows from it.
    """
    scope = confidential_scope(cells)
    least = pl.col("min_count")
    ruled = pl.col("concept").is_in(counted_concepts()) & (least > 0)
    judged = scope.join(_thresholds(cells, rules, tier), on=["concept", "class"]).filter(ruled)
    rests = _small_rests(cells, scope, rules, tier)
    confidential = judged.filter(_CONFIDENTIAL)
    small = confidential.filter((pl.col("value") > 0) & (pl.col("value") < least))
    unsafe = pl.concat([small.select("cell"), confidential.join(rests, on="cell", how="semi").select("cell")])
    implying = confidential.join(_implied(scope), on="cell").filter(pl.col("implied") < least)
    exposed = rests.filter("known").select(pl.col("whole_cell").alias("cell"))
    beside = scope.filter(_CONFIDENTIAL).select("concept", "year", "basis").unique()
    by_agency = scope.filter(pl.col("obs_status") == "Q").join(beside, on=["concept", "year", "basis"], how="semi")
    seeds = pl.concat([unsafe, implying.select("cell"), exposed, by_agency.select("cell")])
    return cells.with_columns(
        pl.col("cell").is_in(unsafe["cell"].implode()).alias("unsafe"),
        pl.col("cell").is_in(seeds["cell"].implode()).alias("seed"),
    )


def counted_concepts() -> list[str]:
    """Concepts that count somebody or something; only these have a threshold."""
    return [name for name, concept in concepts().items() if concept.kind in COUNT_KINDS]


def _thresholds(scope: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Per concept and class: the least count that is safe, and whether the rest counts alike."""
    rows = [
        (concept, klass, rule.min_count if rule else 0, bool(rule and rule.complement))
        for concept, klass in scope.select("concept", "class").unique().iter_rows()
        for rule in [rules.rule(tier, klass, concept)]
    ]
    schema = {"concept": pl.String, "class": pl.String, "min_count": pl.Int64, "complement": pl.Boolean}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _small_rests(cells: pl.DataFrame, scope: pl.DataFrame, rules: Rules, tier: str) -> pl.DataFrame:
    """Parts whose rest of a whole is small (cell, known, whole_cell): of the cell without some of its dimensions, of
    the sum of the halves, or of the concept around it."""
    wholes = pl.concat([_margins(scope), _partition_sums(scope), _around(cells, scope)])
    rest = pl.col("whole") - pl.col("value")
    return (
        wholes.join(_thresholds(cells, rules, tier), on=["concept", "class"])
        .filter(pl.col("complement") & (pl.col("value") > 0) & (rest > -_ZERO) & (rest < pl.col("min_count")))
        .select("cell", "known", "whole_cell")
    )


def _margins(scope: pl.DataFrame) -> pl.DataFrame:
    margins = [
        (text, format_dims(dict(kept)))
        for text in scope["dims"].unique().to_list()
        for size in range(len(parse_dims(text)))
        for kept in combinations(parse_dims(text).items(), size)
    ]
    margin = pl.DataFrame(margins, schema={"dims": pl.String, "margin": pl.String}, orient="row")
    wholes = scope.select(*_PLACE, margin="dims", whole="value", whole_cell="cell")
    return scope.join(margin, on="dims").join(wholes, on=[*_PLACE, "margin"]).select(_PART)


def _partition_sums(scope: pl.DataFrame) -> pl.DataFrame:
    """Wholes that no cell holds, but the halves of a dimension add up to."""
    halves = [
        (text, name, format_dims(_without(own, name)))
        for text in scope["dims"].unique().to_list()
        for own in [parse_dims(text)]
        for name in own
        if own[name] in partitions().get(name, ())
    ]
    half = pl.DataFrame(halves, schema=dict.fromkeys(("dims", "name", "margin"), pl.String), orient="row")
    sizes = {name: len(codes) for name, codes in partitions().items()}
    group = [*_PLACE, "name", "margin"]
    return (
        scope.join(half, on="dims")
        .with_columns(
            pl.col("value").sum().over(group).alias("whole"), pl.col("value").count().over(group).alias("found")
        )
        .filter(pl.col("found") == pl.col("name").replace_strict(sizes, default=-1, return_dtype=pl.Int64))
        .with_columns(pl.lit(None, pl.String).alias("whole_cell"))
        .select(_PART)
    )


def _around(cells: pl.DataFrame, scope: pl.DataFrame) -> pl.DataFrame:
    """Counts within another concept, where one of the two is confidential."""
    outer = {name: concept.within for name, concept in concepts().items() if concept.within}
    place = ["area", "area_level", "period", "dims"]
    base = cells.filter(pl.col("relation").is_in(BASE) & _YEAR.is_in(scope["year"].unique().implode()))
    wholes = base.select(*place, "publicity", outer="concept", whole="value", whole_cell="cell")
    inner = base.with_columns(pl.col("concept").replace_strict(outer, default=None).alias("outer"))
    pairs = inner.join(wholes, on=["outer", *place])
    return pairs.filter(_CONFIDENTIAL | (pl.col("publicity_right") != "public")).select(_PART)


def _implied(scope: pl.DataFrame) -> pl.DataFrame:
    """Per cell the smallest positive count that it and others imply."""
    found = pl.concat([_area_rests(scope), _breakdown_rests(scope)])
    return found.filter(pl.col("implied") > _ZERO).group_by("cell").agg(pl.col("implied").min())


def _area_rests(scope: pl.DataFrame) -> pl.DataFrame:
    """What the areas of one level leave of their parent (a district that was not delivered)."""
    key = ["concept", "dims", "parent", "period", "basis"]
    sums = scope.group_by(*key, "area_level").agg(
        "cell", pl.col("value").sum(), pl.col("value").has_nulls().alias("open")
    )
    wholes = scope.select(*key[:2], pl.col("area").alias("parent"), *key[3:], pl.col("value").alias("whole"))
    joined = sums.filter(~pl.col("open")).join(wholes, on=key)
    return joined.select("cell", (pl.col("whole") - pl.col("value")).alias("implied")).explode("cell")


def _breakdown_rests(scope: pl.DataFrame) -> pl.DataFrame:
    """What breakdowns of one area imply. Places with the same dimension strings share their differences."""
    places = scope.sort("dims").group_by(_PLACE).agg("dims", "cell", "value").with_row_index("place")
    places = places.with_columns(pl.col("dims").list.join("|").alias("offer"))
    rows = [
        (offer, number, dims, coefficient)
        for offer in places["offer"].unique().to_list()
        for number, difference in enumerate(differences(offer.split("|")))
        for dims, coefficient in difference.items()
    ]
    schema = {"offer": pl.String, "number": pl.Int64, "dims": pl.String, "coef": pl.Float64}
    terms = pl.DataFrame(rows, schema=schema, orient="row")
    single = places.select("place", "offer", "dims", "cell", "value").explode("dims", "cell", "value")
    joined = single.join(terms, on=["offer", "dims"])
    sums = joined.group_by("place", "number").agg("cell", (pl.col("coef") * pl.col("value")).alias("terms"))
    known = sums.filter(~pl.col("terms").list.eval(pl.element().is_null()).list.any())
    return known.select("cell", pl.col("terms").list.sum().alias("implied")).explode("cell")


def differences(offered: list[str]) -> list[dict[str, float]]:
    """Counts that some dimension strings of one area imply beside themselves, each as a sum: dims → coefficient."""
    found: list[dict[str, float]] = []
    parsed = {dims: parse_dims(dims) for dims in offered}
    rests = {format_dims(_without(own, name)) for own in parsed.values() for name in own}
    for rest in sorted(rests):
        for name in sorted({key for own in parsed.values() for key in own}):
            codes = {
                own[name]: dims
                for dims, own in parsed.items()
                if name in own and format_dims(_without(own, name)) == rest
            }
            whole = rest if rest in parsed and name not in parsed[rest] else None
            if name == "age":
                found.extend(_age_differences(codes, whole))
            elif whole is not None and name in partitions() and set(partitions()[name]) <= set(codes):
                found.append({whole: 1.0} | {codes[code]: -1.0 for code in partitions()[name]})
    return found


def _without(own: dict[str, str], name: str) -> dict[str, str]:
    return {key: code for key, code in own.items() if key != name}


def _age_differences(codes: dict[str, str], whole: str | None) -> list[dict[str, float]]:
    """The smallest age groups that follow from groups with common ends, as far as no cell holds them.

    Ages are a line; a group is known as the difference of its two ends. Ends that groups connect are known against
    each other.
    """
    groups = {dims: age_interval(code) for code, dims in codes.items()} | (
        {} if whole is None else {whole: (0, OPEN_AGE)}
    )
    steps: dict[int, list[tuple[int, str, float]]] = {}
    for dims, (low, high) in sorted(groups.items()):
        steps.setdefault(low, []).append((high + 1, dims, 1.0))
        steps.setdefault(high + 1, []).append((low, dims, -1.0))
    found: list[dict[str, float]] = []
    seen: set[int] = set()
    for start in sorted(steps):
        if start in seen:
            continue
        below: dict[int, dict[str, float]] = {start: {}}
        queue = [start]
        for end in queue:
            for other, dims, sign in steps[end]:
                if other not in below:
                    below[other] = _plus(below[end], {dims: sign})
                    queue.append(other)
        seen |= set(below)
        for low, high in pairwise(sorted(below)):
            if (low, high - 1) not in groups.values():
                found.append(_plus(below[high], {dims: -sign for dims, sign in below[low].items()}))
    return found


def _plus(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
    total = {dims: one.get(dims, 0.0) + other.get(dims, 0.0) for dims in {**one, **other}}
    return {dims: coefficient for dims, coefficient in total.items() if coefficient}
