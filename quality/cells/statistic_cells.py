# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The statistics before the door as cells: from formed cells to one cell per KPI, area and period.

Belongs here: which method gets which frames, and what a cell of a statistic says beside its value. Does not belong
here: the methods (`statistics`), their inputs (`statistic_values`), and whether such a cell may be published (door).

Statistics are formed on the levels of their KPI, in its frequencies, within one vintage, on the basis of the first
input. A cell that cannot be formed because something is missing is not there; one that a withheld cell prevents is
withheld (Q), one that is not defined is M. Pseudo-areas (`<AGS>-99`) are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import polars as pl

from quality.cells.statistic_index import index, lagged
from quality.cells.statistic_inputs import Inputs, element_codes, elements, input_name, inputs_of, vector_codes
from quality.cells.statistic_segregation import segregation
from quality.cells.statistic_values import CELL_KEY, KEYS, Formed, by_age, in_city, lent, of_measure, real
from quality.cells.statistics import frames
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import measures
from raw.vocabulary.period import frequency
from transforms.catalogue.model import Catalogue, Kpi

__all__ = ["Inputs", "elements", "inputs_of", "statistic_cells", "vector_codes"]

FORMED = (
    "measure", "area", "area_level", "area_vintage", "parent", "period", "basis", "value", "obs_status", "class",
    "publicity", "meaning", "relation", "sources",
)  # fmt: skip
"""Columns of the cells in and out; cells out have `terms` (ids of the cells they were made from) too."""

_NOTHING = {
    "value": pl.lit(None, pl.Float64), "obs_status": pl.lit(None, pl.String), "terms": pl.lit(None, pl.List(pl.String)),
}  # fmt: skip

_CAUTION = {
    "class": ("none", "personal", "social", "establishment"),
    "publicity": ("public", "confidential"),
    "meaning": tuple(lists()["meanings"]),
}
"""From what may be shown most freely to what needs most care."""


def statistic_cells(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    """The cells of a statistic (columns FORMED and `terms`), sorted; none of a KPI that is no statistic.

    `cells` (columns FORMED) hold what `inputs_of` asks for, on all levels; `areas` is the area table. A cell has the
    most cautious class, publicity and meaning of all that went into it: also of the base of an index, and of the areas
    that a smoothed rate is drawn to, which `terms` do not name. Raises ValueError for a negative or infinite input,
    naming its row and no value.
    """
    if not kpi.statistic or not kpi.method:
        return _empty(cells)
    usable = _usable(cells, kpi, _wanted(inputs_of(kpi, catalogue), cells["measure"].unique().to_list()))
    inner = [catalogue[name] for name in kpi.used_inputs if name not in measures() and catalogue[name].statistic]
    for entry in inner:
        made = statistic_cells(entry, catalogue, cells, areas)
        usable = pl.concat([usable, _usable(made, kpi, [entry.id])])
    formed = _FORMS[kpi.method](kpi, catalogue, usable, areas)
    rows = real(formed.rows).filter(~pl.col("obs_status").is_in(["O", "L"]))
    rows = rows.filter(pl.col("area_level").is_in(kpi.levels)) if kpi.levels else rows
    return _finished(kpi, _attributed(rows, formed.rest, usable), usable, areas)


def _usable(cells: pl.DataFrame, kpi: Kpi, wanted: Collection[str]) -> pl.DataFrame:
    """Cells of some measures with their ids, in the frequencies of the KPI; several years together count as annual."""
    periods = [period for period in cells["period"].unique().to_list() if frequency(period)[0] in kpi.frequencies]
    kept = cells.select(FORMED).filter(pl.col("measure").is_in(list(wanted)), pl.col("period").is_in(periods))
    return kept.with_columns(pl.concat_str([pl.col(name) for name in CELL_KEY], separator="|").alias("cell"))


def _wanted(asked: Inputs, offered: Iterable[str]) -> set[str]:
    """The names of the cells that a statistic is made from, as far as they are there."""
    names = set(offered)
    parts = [element_codes(vector, measure, names) for vector, measure in asked.vectors.items()]
    return names & {*asked.measures, *asked.expressions}.union(*parts)


def _empty(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select(FORMED).clear().with_columns(pl.lit([], pl.List(pl.String)).alias("terms"))


def _ages(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame, areas: pl.DataFrame) -> Formed:
    """Methods on vectors by age."""
    vectors = inputs_of(kpi, catalogue).vectors
    named = [(name, vectors[name]) for name in (input_name(kpi, name) for name in kpi.used_inputs)]
    parts = by_age(cells, named, str(kpi.method), kpi.denominator_bases)
    found = [_of_ages(kpi, *ages) for ages in parts if _open_group_stated(kpi, ages.ages[-1])]
    return Formed(pl.concat(found) if found else cells.select(KEYS).clear().with_columns(**_NOTHING))


def _open_group_stated(kpi: Kpi, last: str) -> bool:
    """Whether the mean age of the last group is known: it is closed, or the KPI states one inside it."""
    return kpi.method != "mean_age" or not last.endswith("+") or float(last[:-1]) <= (kpi.open_mean or 0)


def _of_ages(kpi: Kpi, ages: tuple[str, ...], parts: tuple[pl.DataFrame, ...]) -> pl.DataFrame:
    if kpi.method == "median_age":
        return frames.median_age(parts[0], ages, kpi.completed, KEYS)
    if kpi.method == "mean_age":
        return frames.mean_age(parts[0], ages, kpi.open_mean, kpi.completed, KEYS)
    if kpi.method == "total_fertility_rate":
        return frames.total_fertility_rate(parts[0], parts[1], ages, keys=KEYS)
    if kpi.method == "life_expectancy":
        return frames.life_expectancy(parts[0], parts[1], ages, keys=KEYS)
    return frames.standardised_rate(parts[0], parts[1], ages, kpi.factor, KEYS)


def _two(kpi: Kpi, cells: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and what they are counted over; sums over several years are cells already."""
    events, persons = (real(of_measure(cells, input_name(kpi, name))) for name in kpi.used_inputs)
    return events, lent(events, persons, kpi.denominator_bases)


def _pooled(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame, areas: pl.DataFrame) -> Formed:
    events, persons = _two(kpi, cells)
    return Formed(frames.pooled_rate(events, persons, factor=kpi.factor, keys=KEYS))


def _smoothed(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame, areas: pl.DataFrame) -> Formed:
    """Each area is drawn to the rate of its level (and city) in its period; so it rests on all of them."""
    events, persons = (in_city(part) for part in _two(kpi, cells))
    rows = frames.smoothed_rate(events, persons, kpi.factor, (*KEYS, "city"))
    return Formed(rows, rows.select("area_level", "area_vintage", "period", "basis", "city", "terms"))


def _index(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame, areas: pl.DataFrame) -> Formed:
    return Formed(lagged(kpi, cells)) if kpi.lag_years else index(kpi, catalogue, cells)


def _segregation(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame, areas: pl.DataFrame) -> Formed:
    return Formed(segregation(kpi, cells, areas))


_FORMS: Mapping[str, Callable[[Kpi, Catalogue, pl.DataFrame, pl.DataFrame], Formed]] = {
    "median_age": _ages, "mean_age": _ages, "total_fertility_rate": _ages, "life_expectancy": _ages,
    "standardised_rate": _ages, "pooled_rate": _pooled, "smoothed_rate": _smoothed,
    "segregation_index": _segregation, "z_index": _index,
}  # fmt: skip


def _attributed(rows: pl.DataFrame, rest: pl.DataFrame | None, cells: pl.DataFrame) -> pl.DataFrame:
    """Rows with the ranks of _CAUTION and `sources` (a list) of everything they rest on."""
    marks = cells.select(
        "cell",
        *(pl.col(name).replace_strict({code: rank for rank, code in enumerate(order)}, return_dtype=pl.Int64)
          for name, order in _CAUTION.items()),
        pl.col("sources").str.split(";"),
    )  # fmt: skip
    numbered = rows.with_row_index("row")
    found = numbered.join(_marks(numbered.select("row", "terms"), marks), on="row", how="left")
    if rest is not None:
        keys = [name for name in rest.columns if name != "terms"]
        more = _marks(rest, marks).rename({name: f"{name}_rest" for name in (*_CAUTION, "sources")})
        found = found.join(more, on=keys, how="left").with_columns(
            *(pl.max_horizontal(name, f"{name}_rest").alias(name) for name in _CAUTION),
            pl.col("sources").list.set_union("sources_rest"),
        )
    return found


def _marks(terms: pl.DataFrame, marks: pl.DataFrame) -> pl.DataFrame:
    keys = [name for name in terms.columns if name != "terms"]
    single = terms.explode("terms").unique().rename({"terms": "cell"}).join(marks, on="cell")
    return single.group_by(keys).agg(*(pl.col(name).max() for name in _CAUTION), pl.col("sources").explode().unique())


def _finished(kpi: Kpi, rows: pl.DataFrame, cells: pl.DataFrame, areas: pl.DataFrame) -> pl.DataFrame:
    place = ["area", "area_level"]
    parents = pl.concat([cells.select(*place, "parent"), areas.select(*place, "parent")]).group_by(place).max()
    return (
        rows.join(parents, on=place, how="left")
        .with_columns(
            pl.lit(kpi.id).alias("measure"),
            pl.lit("statistic").alias("relation"),
            *(pl.col(name).replace_strict(dict(enumerate(order)), return_dtype=pl.String)
              for name, order in _CAUTION.items()),
            pl.col("sources").list.sort().list.join(";"),
        )
        .select(*FORMED, "terms")
        .sort(CELL_KEY)
    )  # fmt: skip
