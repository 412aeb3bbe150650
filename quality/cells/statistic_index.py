# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Indices of z-scores from formed cells: their indicators, their base, their change.

Belongs here: which areas are compared, and on which base. Does not belong here: the scores (`statistics.indices`), and
which indicators make an index (the catalogue).

Areas are compared within their level, municipal ones within their city and its division (vintage). The base is the
base period of the KPI there: an index is formed only where every indicator has a base.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from quality.cells.statistic_values import KEYS, MUNICIPAL, Formed, in_city, of_kpi, of_measure, real, worst
from quality.cells.statistics import frames
from quality.cells.statistics.frames import Component
from quality.cells.statistics.indices import LEAST_AREAS
from raw.vocabulary.measures import measures
from raw.vocabulary.period import shift
from transforms.catalogue.model import Catalogue, Kpi

_GROUP = ("area_level", "city", "division")
_KEYS = (*KEYS, "city", "division")


def index(kpi: Kpi, catalogue: Catalogue, cells: pl.DataFrame) -> Formed:
    """The index of every area (KEYS, value, obs_status, terms), on the bases of its first indicator.

    The other indicators come from that basis too, or else from the first of their own that has a base: an index puts
    statistics side by side and divides none by another. One basis per indicator, city and level, for all periods.
    """
    components = {
        name: Component(_direction(kpi, catalogue, name), kpi.weights.get(name, 1)) for name in kpi.used_inputs
    }
    orders = {name: () if name in measures() else catalogue[name].basis for name in components}
    values = pl.concat([_indicator(catalogue, cells, name) for name in components])
    made, rest = [], []
    for _, rows in values.group_by(_GROUP, maintain_order=True):
        for basis in rows.filter(pl.col("indicator") == kpi.used_inputs[0])["basis"].unique().sort().to_list():
            aligned = pl.concat([_on_basis(rows, name, basis, orders[name], str(kpi.base)) for name in components])
            base = _base_rows(aligned, str(kpi.base))
            if all(_known(base, name) for name in components):
                bases = frames.z_bases(base, components, str(kpi.base))
                made.append(frames.z_index(aligned, components, bases, _KEYS))
                rest.append(base.select(*_GROUP, "basis", "terms"))
    if not made:
        return Formed(values.select(*KEYS, "value", "obs_status", "terms").clear())
    return Formed(pl.concat(made), pl.concat(rest))


def _direction(kpi: Kpi, catalogue: Catalogue, name: str) -> int:
    """-1 for an indicator that is good where the index is bad."""
    own = "none" if name in measures() else catalogue[name].direction
    return -1 if {own, kpi.direction} == {"higher_is_better", "lower_is_better"} else 1


def _indicator(catalogue: Catalogue, cells: pl.DataFrame, name: str) -> pl.DataFrame:
    """The values of a measure, a KPI or a statistic, with the columns of _GROUP and `indicator`."""
    delivered = name in measures() or catalogue[name].statistic
    values = real(of_measure(cells, name) if delivered else of_kpi(cells, catalogue[name]))
    division = pl.when(pl.col("area_level").is_in(MUNICIPAL)).then("area_vintage").otherwise(pl.lit(""))
    return in_city(values).with_columns(division.alias("division"), pl.lit(name).alias("indicator"))


def _on_basis(rows: pl.DataFrame, name: str, basis: str, order: Sequence[str], base: str) -> pl.DataFrame:
    """The rows of one indicator that go into the index of a basis, under that basis."""
    own = rows.filter(pl.col("indicator") == name)
    places: Mapping[str, int] = {code: number for number, code in enumerate(order)}
    bases = sorted(own["basis"].unique(), key=lambda code: (code != basis, places.get(code, len(places)), code))
    with_base = [code for code in bases if _known(_base_rows(own.filter(pl.col("basis") == code), base), name)]
    chosen = (with_base or bases or [basis])[0]
    return own.filter(pl.col("basis") == chosen).with_columns(pl.lit(basis).alias("basis"))


def _base_rows(rows: pl.DataFrame, base: str) -> pl.DataFrame:
    """The rows of the base period; of an area with several vintages that of the period, else the newest."""
    ranked = rows.filter(pl.col("period") == base).sort(
        "indicator", "area", pl.col("area_vintage") == base[:4], "area_vintage", descending=[False, False, True, True]
    )
    return ranked.unique(["indicator", "area"], keep="first", maintain_order=True)


def _known(base: pl.DataFrame, name: str) -> bool:
    """Whether an indicator has a base: some areas, and not all alike."""
    values = base.filter(pl.col("indicator") == name)["value"].drop_nulls()
    return len(values) >= LEAST_AREAS and values.n_unique() > 1


def lagged(kpi: Kpi, cells: pl.DataFrame) -> pl.DataFrame:
    """An index less itself some years before, where both are known: KEYS, value, obs_status, terms."""
    now = of_measure(cells, kpi.used_inputs[0])
    later = {period: shift(period, kpi.lag_years or 0) for period in now["period"].unique().to_list()}
    then = now.with_columns(pl.col("period").replace_strict(later, return_dtype=pl.String))
    return now.join(then, on=KEYS, suffix="_then").select(
        *KEYS,
        pl.col("value") - pl.col("value_then"),
        worst("obs_status", "obs_status_then").alias("obs_status"),
        pl.concat_list("terms", "terms_then").list.sort().alias("terms"),
    )
