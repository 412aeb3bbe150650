# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The statistics on long frames: rows in, one row per area and period out.

Belongs here: one function per statistic, from frames to frame. Does not belong here: the methods, and rows and statuses
(`long`, which also says what a frame in looks like).

A frame out has the keys, `value`, `lower`, `upper` (null where the method has no interval), `obs_status` and `terms`.
`keys` may name more columns than area and period (vintage, basis); nothing is computed across them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from quality.cells.statistics import age_structure, fertility, indices, mortality, rates, segregation, smoothing
from quality.cells.statistics.arrays import Array, normal_quantile
from quality.cells.statistics.long import KEYS, STATUSES, Spread, items_grid, prepared, result, spread
from raw.vocabulary.period import shift


class Component(NamedTuple):
    """One indicator of an index: 1 where more of it means more of what the index is about, else -1; and its weight."""

    direction: int
    weight: float = 1.0


def _by_age(frames: Mapping[str, pl.DataFrame], role: str, ages: Sequence[str], keys: Sequence[str]) -> Spread:
    return spread(role, frames[role], items_grid(frames, keys, "age", ages), keys, "age", len(ages))


def _whole(frames: Mapping[str, pl.DataFrame], keys: Sequence[str]) -> tuple[Spread, Spread]:
    """Two frames without ages, as matrices of one column."""
    named = {role: frame.with_columns(pl.lit("all").alias("age")) for role, frame in frames.items()}
    first, second = (_by_age(named, role, ["all"], keys) for role in named)
    return first, second


def total_fertility_rate(
    births: pl.DataFrame,
    women: pl.DataFrame,
    ages: Sequence[str],
    women_ages: Sequence[str] | None = None,
    keys: Sequence[str] = KEYS,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """Children per woman with a normal interval; U below 30 births. Frames with `age`; see `fertility`."""
    both, z = {"births": births, "women": women}, normal_quantile(confidence)
    born = _by_age(both, "births", ages, keys)
    mothers = _by_age(both, "women", women_ages or ages, keys)
    found = fertility.total_fertility_rate(born.values, mothers.values, ages, women_ages)
    reach = z * found.standard_error
    few = found.births < fertility.FEW_BIRTHS
    return result([born, mothers], found.value, np.maximum(found.value - reach, 0), found.value + reach, few)


def life_expectancy(
    deaths: pl.DataFrame,
    person_years: pl.DataFrame,
    ages: Sequence[str],
    keys: Sequence[str] = KEYS,
    confidence: float = 0.95,
    minimum: float = mortality.MINIMUM_PERSON_YEARS,
) -> pl.DataFrame:
    """Life expectancy at birth in years with a normal interval; M below `minimum` person-years. See `mortality`.

    For several years give both frames through `pooled_counts`.
    """
    both, z = {"deaths": deaths, "person-years": person_years}, normal_quantile(confidence)
    died, lived = (_by_age(both, role, ages, keys) for role in both)
    value, error = mortality.life_expectancy(died.values, lived.values, ages, minimum=minimum)
    return result([died, lived], value, value - z * error, value + z * error)


def mean_age(
    population: pl.DataFrame,
    ages: Sequence[str],
    open_mean: float | None = None,
    completed: bool = False,
    keys: Sequence[str] = KEYS,
) -> pl.DataFrame:
    """Mean age in years; E where an open group stands at an assumed mean. See `age_structure`."""
    persons = _by_age({"population": population}, "population", ages, keys)
    value = age_structure.mean_age(persons.values, ages, open_mean, completed)
    return result([persons], value, at_least="E" if ages[-1].endswith("+") else "A")


def median_age(
    population: pl.DataFrame, ages: Sequence[str], completed: bool = False, keys: Sequence[str] = KEYS
) -> pl.DataFrame:
    """Median age in years; M where it falls into an open group. See `age_structure`."""
    persons = _by_age({"population": population}, "population", ages, keys)
    return result([persons], age_structure.median_age(persons.values, ages, completed))


def segregation_index(
    group: pl.DataFrame,
    rest: pl.DataFrame,
    factor: float = 100,
    keys: Sequence[str] = KEYS,
    method: Callable[[Array, Array], Array] = segregation.dissimilarity,
) -> pl.DataFrame:
    """An index of `segregation` of each `parent` over its areas, times `factor`; the area of a row out is the parent.

    Both frames have a column `parent` and one row per area; `rest` is everyone else. Every area that a parent has in
    one period counts as expected in all others, so a missing district leaves the index unformed (O). Frames of one
    vintage each.
    """
    outer = ["parent", *(key for key in keys if key != "area")]
    both = pl.concat([group.select("area", *outer), rest.select("area", *outer)]).unique()
    grid = (
        both.select("parent", "area")
        .unique()
        .sort("parent", "area")
        .with_columns((pl.col("area").rank("ordinal").over("parent").cast(pl.Int64) - 1).alias("column"))
        .join(both.select(outer).unique(), on="parent")
    )
    width = int(grid.group_by(outer).len()["len"].to_numpy().max(initial=1))
    one, other = (spread(role, frame, grid, outer, "area", width) for role, frame in (("group", group), ("rest", rest)))
    return (
        result([one, other], factor * method(one.values, other.values))
        .rename({"parent": "area"})
        .select(*keys, "value", "lower", "upper", "obs_status", "terms")
    )


def z_index(
    values: pl.DataFrame,
    components: Mapping[str, Component],
    bases: Mapping[str, indices.Base],
    keys: Sequence[str] = KEYS,
) -> pl.DataFrame:
    """Weighted mean of z-scores per area; not formed where one indicator is missing. See `indices`.

    `values` has a column `indicator`; `bases` come from `z_bases` once and are kept. Raises KeyError for a component
    without a base.
    """
    names = list(components)
    grid = items_grid({"": values}, keys, "indicator", names)
    found = spread("values", values, grid, keys, "indicator", len(names), signed=True)
    kinds = list(components.values())
    value = indices.z_index(
        found.values,
        [bases[name] for name in names],
        [kind.direction for kind in kinds],
        [kind.weight for kind in kinds],
    )
    return result([found], value)


def z_bases(values: pl.DataFrame, components: Mapping[str, Component], period: str) -> dict[str, indices.Base]:
    """The base of each component from the areas of one period. Raises ValueError naming a component without one."""
    rows = prepared("values", values.filter(pl.col("period") == period), ["area", "indicator"], signed=True)
    bases = {}
    for name in components:
        numbers = rows.filter(pl.col("indicator") == name)["value"].drop_nulls().to_numpy()
        try:
            bases[name] = indices.base_of(numbers)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return bases


def pooled_counts(frame: pl.DataFrame, years: int, by: Sequence[str] = KEYS, role: str = "counts") -> pl.DataFrame:
    """Sums over `years` consecutive years, each under its last year: `by`, value, obs_status, terms.

    `by` names all key columns, `age` among them where there is one. A frame out is a frame in of the other functions. A
    span with a year that is missing or withheld has no value; spans before the first year of the frame are not made.
    Raises ValueError for fewer than one year.
    """
    if years < 1:
        raise ValueError("years: at least 1")
    others = [name for name in by if name != "period"]
    ends = sorted(set(frame["period"]))
    windows = pl.DataFrame(
        [(end, shift(end, -back), years - 1 - back) for end in ends for back in range(years)],
        schema={"until": pl.String, "period": pl.String, "column": pl.Int64},
        orient="row",
    ).filter(pl.lit(ends[0] if ends else "") <= pl.col("period").min().over("until"))
    grid = frame.select(others).unique().join(windows, how="cross")
    found = spread(role, frame, grid, [*others, "until"], "period", years)
    summed = result([found], found.values.sum(-1)).rename({"until": "period"})
    return summed.select(*by, "value", "obs_status", "terms")


def pooled_rate(
    numerator: pl.DataFrame,
    denominator: pl.DataFrame,
    years: int = 1,
    factor: float = 1,
    keys: Sequence[str] = KEYS,
    proportion: bool = False,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """Sum over sum of `years` years times `factor`, with Byar's interval, or Wilson's for a proportion. See `rates`."""
    both = {"numerator": numerator, "denominator": denominator}
    one, other = _whole({role: pooled_counts(frame, years, keys, role) for role, frame in both.items()}, keys)
    method = rates.wilson_proportion if proportion else rates.byar_rate
    rate = method(one.values[:, 0], other.values[:, 0], confidence)
    return result([one, other], factor * rate.value, factor * rate.lower, factor * rate.upper)


def standardised_rate(
    events: pl.DataFrame,
    person_years: pl.DataFrame,
    ages: Sequence[str],
    factor: float = 100_000,
    keys: Sequence[str] = KEYS,
    confidence: float = 0.95,
) -> pl.DataFrame:
    """Age-standardised rate on the European Standard Population 2013 times `factor`; M below 10 events. See `rates`."""
    both = {"events": events, "person-years": person_years}
    one, other = (_by_age(both, role, ages, keys) for role in both)
    rate = rates.standardised_rate(one.values, other.values, rates.standard_weights(ages), confidence)
    value = np.where(one.values.sum(-1) < rates.FEWEST_EVENTS, np.nan, factor * rate.value)
    return result([one, other], value, factor * rate.lower, factor * rate.upper)


def smoothed_rate(
    events: pl.DataFrame,
    person_years: pl.DataFrame,
    factor: float = 1,
    keys: Sequence[str] = KEYS,
    method: Callable[[Array, Array], smoothing.Smoothed] = smoothing.marshall,
) -> pl.DataFrame:
    """Smoothed rate of each area times `factor`, drawn to the rate of all areas of its period. Its status is E.

    The frames hold the areas of one level. An area without a known count has no value and no part in the prior. `terms`
    names the area's own cells; the prior rests on those of all areas with the same other keys. See `smoothing`.
    """
    one, other = _whole({"events": events, "person-years": person_years}, keys)
    outer = [key for key in keys if key != "area"]
    value = np.full(one.keys.height, np.nan)
    for _, rows in one.keys.with_row_index("row").group_by(outer, maintain_order=True):
        places = rows["row"].to_numpy()
        value[places] = method(one.values[places, 0], other.values[places, 0]).value
    return result([one, other], factor * value, always="E")


def index_classes(
    frame: pl.DataFrame, breaks: Sequence[float], keys: Sequence[str] = KEYS, least: int = indices.LEAST_AREAS
) -> pl.DataFrame:
    """A frame out of `z_index` with the class (1, 2, ...) as its value; see `indices.classes`.

    M for all areas of a period in which a class would hold fewer than `least` areas. Give it the areas of one level.
    """
    outer = [key for key in keys if key != "area"]
    parts = []
    for _, rows in frame.group_by(outer, maintain_order=True):
        number = indices.classes(rows["value"].fill_null(float("nan")).to_numpy(), breaks, least)
        parts.append(rows.with_columns(pl.Series("value", number, dtype=pl.Float64).replace(0, None)))
    return (
        pl.concat(parts)
        .with_columns(
            pl.lit(None, pl.Float64).alias("lower"),
            pl.lit(None, pl.Float64).alias("upper"),
            pl.when(pl.col("value").is_null() & ~pl.col("obs_status").is_in(STATUSES[STATUSES.index("M") :]))
            .then(pl.lit("M"))
            .otherwise("obs_status")
            .alias("obs_status"),
        )
        .sort(*keys)
        if parts
        else frame
    )
