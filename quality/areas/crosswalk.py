# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Crosswalks: weights from the areas of one vintage to those of another, and the conversion of figures with them.

Belongs here: what a crosswalk is, its checks, chains, inverses, converting a series. Does not belong here: where
the weights come from (`steps`) and what happened to an area (`vintages`).

All weights of one origin sum to 1, so that nothing is lost and nothing is counted twice. An area whose way nobody
has stated is *open*: no figure is formed from it or for the areas that may have received it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from raw.vocabulary.measures import concepts

WEIGHTS: dict[str, pl.DataType] = {
    "from_area": pl.String(),
    "to_area": pl.String(),
    "weight_class": pl.String(),
    "weight": pl.Float64(),
    "inferred": pl.Boolean(),
}
"""A weight; `inferred`: no publisher states it, two registers suggest it."""

EVERY = "every"
"""Weight class of weights that hold for every measure: an area that goes to another as a whole."""

WEIGHT_CLASSES = ("population", "area", "employees", "dwellings", EVERY)
_FALLBACK = (EVERY, "population", "area")
_UNITS = {"km2": "area", "ha": "area", "m2": "area", "dwellings": "dwellings", "buildings": "dwellings"}
_AT_WORK = ("svb_work", "companies", "business_registrations")

SERIES: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "dims": pl.String(),
    "area": pl.String(),
    "area_level": pl.String(),
    "area_vintage": pl.String(),
    "period": pl.String(),
    "basis": pl.String(),
    "value": pl.Float64(),
    "unit": pl.String(),
    "obs_status": pl.String(),
}
"""The columns of a series to convert; `measure` is the concept, as in observations."""

_ABOUT = ["measure", "dims", "period", "basis", "unit"]
_CAUTION = ["E", "U", "P", "B", "A"]  # the status of a sum is the first of these that a part has
_MISSING = ["O", "L", "M"]
_ROUNDING = 0.002
_SHOWN = 8


class CrosswalkError(ValueError):
    """Weights that do not cover the areas, or do not sum to 1. The message names keys, never a figure."""


def keys(found: Iterable[str]) -> str:
    """Keys for a message, the first few of them."""
    listed = sorted(set(found))
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


@dataclass(frozen=True)
class Crosswalk:
    """Weights from the areas of `level` in vintage `origin` to those of `to_level` in vintage `target`."""

    level: str
    origin: str
    target: str
    weights: pl.DataFrame
    to_level: str = ""
    open_origins: frozenset[str] = field(default=frozenset())
    open_targets: frozenset[str] = field(default=frozenset())

    @property
    def name(self) -> str:
        """What it leads from and to, for messages."""
        return f"{self.level} {self.origin} → {self.to_level or self.level} {self.target}"

    @property
    def origins(self) -> frozenset[str]:
        """Keys whose figures can be converted."""
        return frozenset(self.weights["from_area"].to_list())

    @property
    def doubt(self) -> int:
        """How many areas are open or go where nobody states it."""
        inferred = self.weights.filter(pl.col("inferred"))["from_area"].n_unique()
        return inferred + len(self.open_origins) + len(self.open_targets)

    def of_class(self, weight_class: str) -> pl.DataFrame:
        """The weights for a class; an origin without any takes those for every class, of population, of area."""
        order = [weight_class, *(name for name in _FALLBACK if name != weight_class)]
        rank = pl.col("weight_class").replace_strict(
            {name: place for place, name in enumerate(order)}, default=None, return_dtype=pl.Int32
        )
        known = self.weights.with_columns(rank.alias("rank")).filter(pl.col("rank").is_not_null(), pl.col("weight") > 0)
        return known.filter(pl.col("rank") == pl.col("rank").min().over("from_area")).drop("rank", "weight_class")


def crosswalk(
    level: str,
    origin: str,
    target: str,
    weights: pl.DataFrame,
    *,
    to_level: str = "",
    open_origins: Iterable[str] = (),
    open_targets: Iterable[str] = (),
) -> Crosswalk:
    """A checked crosswalk. Raises CrosswalkError where the weights of an origin and class do not sum to 1.

    Published weights are rounded; up to 0.002 the largest weight of an origin takes the difference.
    """
    name = f"{level} {origin} → {to_level or level} {target}"
    open_origins = frozenset(open_origins)
    key = ["from_area", "weight_class"]
    weights = weights.select(pl.col(column).cast(kind) for column, kind in WEIGHTS.items())
    weights = weights.filter(~pl.col("from_area").is_in(list(open_origins)))
    weights = weights.sort(*key, "weight", "to_area", descending=[False, False, True, False])
    if twice := weights.filter(pl.len().over(*key, "to_area") > 1)["from_area"].to_list():
        raise CrosswalkError(f"{name}: the same target twice for {keys(twice)}")
    fits = pl.col("weight").is_between(0, 1) & pl.col("weight").is_finite()
    if outside := weights.filter(~fits.fill_null(False))["from_area"].to_list():
        raise CrosswalkError(f"{name}: a weight outside 0 … 1 for {keys(outside)}")
    total = pl.col("weight").sum().over(key)
    if wrong := weights.filter((total - 1).abs() > _ROUNDING)["from_area"].to_list():
        raise CrosswalkError(f"{name}: the weights do not sum to 1 for {keys(wrong)}")
    first = pl.int_range(pl.len()).over(key) == 0
    others = total - pl.col("weight")
    weights = weights.with_columns(pl.when(first).then(1 - others).otherwise(pl.col("weight")).alias("weight"))
    weights = weights.sort(*key, "to_area")
    return Crosswalk(level, origin, target, weights, to_level, open_origins, frozenset(open_targets))


def compose(first: Crosswalk, second: Crosswalk) -> Crosswalk:
    """Both steps after one another: weights multiply along each way and add up over ways with the same end.

    Raises CrosswalkError where the second step does not know an area that the first one leads to.
    """
    if (first.to_level or first.level, first.target) != (second.level, second.origin):
        raise CrosswalkError(f"{first.name} does not lead to where {second.name} begins")
    reached = frozenset(first.weights.filter(pl.col("weight") > 0)["to_area"].to_list())
    if lost := reached - second.origins - second.open_origins:
        raise CrosswalkError(f"{second.name} does not know {keys(lost)}")
    classes = sorted({*first.weights["weight_class"], *second.weights["weight_class"]})
    ways = pl.concat(
        first.of_class(name)
        .join(second.of_class(name), left_on="to_area", right_on="from_area", how="left")
        .with_columns(pl.lit(name).alias("weight_class"))
        for name in classes
    )
    stopped = frozenset(ways.filter(pl.col("weight_right").is_null())["from_area"].to_list())
    weights = (
        ways.filter(~pl.col("from_area").is_in(stopped))
        .sort("from_area", "to_area", "to_area_right")
        .group_by("from_area", pl.col("to_area_right").alias("to_area"), "weight_class", maintain_order=True)
        .agg(
            (pl.col("weight") * pl.col("weight_right")).sum(),
            (pl.col("inferred") | pl.col("inferred_right")).any().alias("inferred"),
        )
    )
    doubtful = second.weights.filter(pl.col("from_area").is_in(first.open_targets))["to_area"].to_list()
    behind = ways.filter(pl.col("from_area").is_in(stopped), pl.col("weight_right").is_not_null())
    return crosswalk(
        first.level,
        first.origin,
        second.target,
        _whole(weights),
        to_level=second.to_level or first.to_level,
        open_origins=first.open_origins | stopped,
        open_targets={*second.open_targets, *doubtful, *behind["to_area_right"]},
    )


def _whole(weights: pl.DataFrame) -> pl.DataFrame:
    """A weight that differs from 1 only by the arithmetic of the computer is 1."""
    near = (pl.col("weight") - 1).abs() < 1e-12
    return weights.with_columns(pl.when(near).then(1.0).otherwise(pl.col("weight")).alias("weight"))


def chain(steps: Iterable[Crosswalk], level: str, origin: str, target: str) -> Crosswalk:
    """The way from one vintage to another that leaves least in doubt, of equal ones the shortest.

    Raises CrosswalkError where there is none.
    """
    known = [step for step in steps if step.level == level and (step.to_level or level) == level]
    waiting: list[tuple[int, int, str, tuple[int, ...]]] = [(0, 0, origin, ())]
    seen: set[str] = set()
    while waiting:
        doubt, length, here, way = heapq.heappop(waiting)
        if here == target and way:
            result, *rest = (known[place] for place in way)
            for step in rest:
                result = compose(result, step)
            return result
        if here not in seen:
            seen.add(here)
            for place, step in enumerate(known):
                if step.origin == here and step.target != origin:
                    heapq.heappush(waiting, (doubt + step.doubt, length + 1, step.target, (*way, place)))
    available = ", ".join(sorted(step.name for step in known)) or "none"
    raise CrosswalkError(f"no crosswalk leads from {level} {origin} to {target}; there are: {available}")


def inverse(step: Crosswalk, sizes: pl.DataFrame) -> Crosswalk:
    """The way back: a target is shared among its origins by their `size` (area, weight_class, size) times weight.

    A target with one origin needs no size. Raises CrosswalkError where sizes are missing or all 0.
    """
    parts = step.weights.filter(pl.col("weight") > 0).join(
        sizes.select(from_area="area", weight_class="weight_class", size="size"),
        on=["from_area", "weight_class"],
        how="left",
    )
    about = ["to_area", "weight_class"]
    alone = pl.len().over(about) == 1
    share = pl.col("weight") * pl.col("size")
    parts = parts.with_columns(
        pl.when(alone)
        .then(1.0)
        .when(pl.col("size").is_not_null().all().over(about))
        .then(share / share.sum().over(about))
        .alias("weight")
    )
    if unknown := parts.filter(~pl.col("weight").is_finite().fill_null(False))["to_area"].to_list():
        raise CrosswalkError(f"{step.name}, backwards: no sizes of the parts of {keys(unknown)}")
    back = parts.rename({"from_area": "to_area", "to_area": "from_area"})
    return crosswalk(
        step.to_level or step.level,
        step.target,
        step.origin,
        back,
        to_level=step.level,
        open_origins=step.open_targets,
        open_targets={*step.open_origins, *back.filter(pl.col("from_area").is_in(step.open_targets))["to_area"]},
    )


def weight_class(measure: str) -> str:
    """Which weights a concept is converted with. Raises CrosswalkError where it has no figures or is not known."""
    concept = concepts().get(measure)
    if concept is None or concept.unit == "text":
        raise CrosswalkError(f"{measure} is no concept with figures")
    at_work = measure in _AT_WORK or concept.of in _AT_WORK
    return "employees" if at_work else _UNITS.get(concept.unit, "population")


def adds_up(measure: str) -> bool:
    """Whether figures of areas may be added; rates, coordinates and moves across borders may not."""
    concept = concepts()[measure]
    return concept.additive_geo and not concept.unit.startswith("degrees")


@dataclass(frozen=True)
class Converted:
    """A series on the other vintage (SERIES and `terms`), and what was not formed, with the `reason`.

    missing: a part of the area is missing. open: nobody states all its parts. nowhere: an area of the old vintage
    whose way nobody states. no_sum: the area was put together or divided, and the measure cannot be (`adds_up`).
    """

    series: pl.DataFrame
    not_formed: pl.DataFrame


def convert(series: pl.DataFrame, step: Crosswalk) -> Converted:
    """The series (columns of SERIES, one vintage) on the target vintage, with the `terms` each figure was made of.

    A figure is E if one of its weights is neither 0 nor 1 or is inferred, else as cautious as its most cautious part.
    A withheld part makes it withheld, a missing one leaves it unformed; a part of weight 0 does neither.
    """
    series = series.select(pl.col(column).cast(kind) for column, kind in SERIES.items())
    _check_series(series, step)
    classes = {measure: weight_class(measure) for measure in series["measure"].unique().sort()}
    parts = [
        step.of_class(name).with_columns(pl.lit(measure).alias("measure"))
        for name in sorted(set(classes.values()))
        for measure in sorted(one for one, its in classes.items() if its == name)
    ]
    weights = pl.concat([step.weights.clear().drop("weight_class").with_columns(measure=pl.lit("")), *parts])
    sums = _summed(series, weights).with_columns(
        pl.when(pl.col("area").is_in(step.open_targets))
        .then(pl.lit("open"))
        .when(~pl.col("complete"))
        .then(pl.lit("missing"))
        .when(~pl.col("whole") & ~pl.col("measure").is_in([measure for measure in classes if adds_up(measure)]))
        .then(pl.lit("no_sum"))
        .alias("reason")
    )
    nowhere = series.filter(pl.col("area").is_in(step.open_origins)).with_columns(pl.lit("nowhere").alias("reason"))
    formed = sums.filter(pl.col("reason").is_null()).with_columns(
        pl.lit(step.to_level or step.level).alias("area_level"), pl.lit(step.target).alias("area_vintage")
    )
    reasons = [*_ABOUT, "area", "reason"]
    return Converted(
        formed.select(*SERIES, "terms").sort(*_ABOUT, "area"),
        pl.concat([sums.filter(pl.col("reason").is_not_null()).select(reasons), nowhere.select(reasons)]).sort(reasons),
    )


def _check_series(series: pl.DataFrame, step: Crosswalk) -> None:
    elsewhere = series.filter((pl.col("area_vintage") != step.origin) | (pl.col("area_level") != step.level))
    if not elsewhere.is_empty():
        raise CrosswalkError(f"{step.name}: the series holds other levels or vintages: {keys(elsewhere['area'])}")
    if unknown := frozenset(series["area"].to_list()) - step.origins - step.open_origins:
        raise CrosswalkError(f"{step.name} does not know {keys(unknown)}")
    if twice := series.filter(pl.len().over(*_ABOUT, "area") > 1)["area"].to_list():
        raise CrosswalkError(f"{step.name}: two figures about the same for {keys(twice)}")


def _summed(series: pl.DataFrame, weights: pl.DataFrame) -> pl.DataFrame:
    """Per target the weighted sum, its status, its terms, and whether all its parts are there (`complete`)."""
    expected = weights.group_by("measure", "to_area").agg(pl.len().alias("expected"))
    withheld = (pl.col("obs_status") == "Q").any()
    estimated = ((pl.col("weight") != 1) | pl.col("inferred")).any()
    status = pl.coalesce(
        pl.when(withheld).then(pl.lit("Q")),
        pl.when(estimated).then(pl.lit("E")),
        *(pl.when((pl.col("obs_status") == code).any()).then(pl.lit(code)) for code in _CAUTION),
    )
    return (
        series.join(weights, left_on=["measure", "area"], right_on=["measure", "from_area"])
        .sort("area")
        .group_by(*_ABOUT, "to_area", maintain_order=True)
        .agg(
            pl.when(~withheld).then((pl.col("value") * pl.col("weight")).sum()).alias("value"),
            status.alias("obs_status"),
            pl.len().alias("found"),
            pl.col("obs_status").is_in(_MISSING).any().alias("gap"),
            ((pl.len() == 1) & (pl.col("weight") == 1).all()).alias("whole"),
            pl.struct("area", coef="weight").alias("terms"),
        )
        .join(expected, on=["measure", "to_area"])
        .with_columns(((pl.col("found") == pl.col("expected")) & ~pl.col("gap")).alias("complete"))
        .rename({"to_area": "area"})
    )


def to_vintage(series: pl.DataFrame, steps: Iterable[Crosswalk], level: str, target: str) -> Converted:
    """A series over several vintages on one chosen vintage; what is on that vintage already stays as it is."""
    steps = list(steps)
    stays = series.filter(pl.col("area_vintage") == target).select(
        *SERIES, pl.concat_list(pl.struct("area", coef=pl.lit(1.0))).alias("terms")
    )
    moved = [
        convert(series.filter(pl.col("area_vintage") == vintage), chain(steps, level, vintage, target))
        for vintage in series["area_vintage"].unique().sort()
        if vintage != target
    ]
    empty = pl.DataFrame(schema={**{name: SERIES[name] for name in (*_ABOUT, "area")}, "reason": pl.String()})
    return Converted(
        pl.concat([stays, *(one.series for one in moved)]).sort(*_ABOUT, "area"),
        pl.concat([empty, *(one.not_formed for one in moved)]),
    )
