# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Figures of all releases and tiers as facts about cells: which cells a figure is made of, and what it says.

Belongs here: formulas, the basis of a denominator, which releases speak of the same cell. Does not belong here:
equations between cells (`equations`).

A cell is (plain measure, area, vintage, period, basis, version). A figure that was revised from one release to another
is another cell (version) from then on: its old value stays known and says nothing of the new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from quality.attack.gaps import counted_gaps
from quality.attack.knowledge import known, plain_terms
from quality.attack.published import Published

CELL = ("plain", "area", "area_vintage", "period", "basis", "version")
_KEY = ("kpi", "area", "area_vintage", "period", "basis")
_FACTOR = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*\*\s*")
_HERE = ("A", "E", "P", "U", "B", "Q", "M")
"""Statuses in which both parts of a figure exist."""


@dataclass(frozen=True)
class Facts:
    """`rows`: row, the key of the figure, level, name, factor, decimals, obs_status, value (null where withheld in
    every place), withheld (in some place), closed (shown by a tier that is less entitled than one that withholds it in
    the same release), minimum and low (least denominators), rank. `terms`: row, part (numerator, denominator), cell,
    coef. `cells`: cell, its parts, level, name."""

    rows: pl.DataFrame
    terms: pl.DataFrame
    cells: pl.DataFrame

    def counted(self) -> pl.DataFrame:
        """cell, sensitive: those that count people or things."""
        about = [(name, known(name).sensitive) for name in self.cells["plain"].unique() if known(name).counted]
        names = pl.DataFrame(about, {"plain": pl.String, "sensitive": pl.Int32}, orient="row")
        return self.cells.join(names, on="plain").select("cell", "sensitive")


def facts(published: Published) -> Facts:
    """All facts about cells of counts; statistics and printed rates say nothing about cells and are left out."""
    formulas = _formulas(published)
    figures = counted_gaps(published).join(formulas.select("kpi").unique(), on="kpi", how="semi").with_row_index("seen")
    terms = _versions(figures, _expanded(figures, formulas, published.kpis))
    stamp = terms.group_by("seen").agg(pl.col("version").sum().alias("stamp"))
    figures = figures.join(stamp, on="seen")
    rows = _merged(figures).with_row_index("row").join(_about(published.kpis), on="kpi", how="left")
    seen = rows.select("row", "seen")
    terms = terms.join(seen, on="seen").drop("seen")
    places = published.figures.select("area", "area_vintage", "area_level", "area_name").unique(
        ["area", "area_vintage"]
    )
    cells = terms.select(CELL).unique().sort(CELL).with_row_index("cell")
    terms = terms.join(cells, on=list(CELL)).select("row", "part", "cell", "coef")
    terms = terms.group_by("row", "part", "cell").agg(pl.col("coef").sum())
    cells = cells.join(places, on=["area", "area_vintage"], how="left").sort("cell")
    return Facts(rows.drop("seen").sort("row"), terms.filter(pl.col("coef") != 0).sort("row", "cell"), cells)


def _formulas(published: Published) -> pl.DataFrame:
    """kpi, part, plain, offset, coef: of KPIs that are a count over a count, without printed rates."""
    found = []
    for kpi, role, measure, coef in published.uses.select("kpi", "role", "measure", "coef").iter_rows():
        if role in ("numerator", "denominator"):
            found += [(kpi, role, plain, offset, coef * share) for plain, offset, share in plain_terms(measure)]
    frame = pl.DataFrame(
        found,
        {"kpi": pl.String, "part": pl.String, "plain": pl.String, "offset": pl.Int32, "coef": pl.Float64},
        orient="row",
    )
    rates = [name for name in frame["plain"].unique() if known(name).rate]
    return frame.filter(~pl.col("plain").is_in(rates).any().over("kpi"))


def _about(kpis: pl.DataFrame) -> pl.DataFrame:
    """kpi, factor, minimum, low."""
    factors = [float(found[1]) if (found := _FACTOR.match(text or "")) else 1.0 for text in kpis["formula"]]
    return kpis.select(
        "kpi",
        pl.Series("factor", factors, pl.Float64),
        pl.col("min_denominator").alias("minimum"),
        pl.col("low_denominator").alias("low"),
    )


def _expanded(figures: pl.DataFrame, formulas: pl.DataFrame, kpis: pl.DataFrame) -> pl.DataFrame:
    """seen, release, part, cell columns without version, coef. A denominator comes from the first basis that has it."""
    spread = figures.select("seen", "release", *_KEY, "obs_status").join(formulas, on="kpi")
    year = pl.col("period").str.slice(0, 4).cast(pl.Int32) + pl.col("offset")
    municipal = pl.col("area").str.contains("-", literal=True)
    own_year = ~municipal & (pl.col("area_vintage") == pl.col("period").str.slice(0, 4))
    spread = spread.with_columns(
        pl.when(own_year).then(year.cast(pl.String)).otherwise(pl.col("area_vintage")).alias("area_vintage"),
        (year.cast(pl.String) + pl.col("period").str.slice(4)).alias("period"),
    )
    lent = kpis.select("kpi", pl.col("denominator_bases").fill_null("").str.split(";").alias("bases"))
    spread = spread.join(lent, on="kpi", how="left").with_columns(
        pl.col("bases").fill_null([]).list.eval(pl.element().filter(pl.element() != ""))
    )
    fixed = (pl.col("part") == "numerator") | (pl.col("bases").list.len() == 0)
    place = ["plain", "area", "area_vintage", "period", "basis"]
    own, lending = spread.filter(fixed), spread.filter(~fixed)
    there = own.filter(pl.col("obs_status").is_in(_HERE))
    best = _chosen_basis(lending, there, place)
    chosen = lending.drop("basis").join(best, on="seen")
    # Where nobody shows which basis it was, the denominator is a cell of its own that nothing else is known of.
    alone = lending.join(best, on="seen", how="anti").with_columns(
        pl.concat_str(pl.lit("?"), pl.col("bases").list.join("/"), pl.col("kpi")).alias("basis")
    )
    columns = ["seen", "release", "part", *place, "coef"]
    return pl.concat([own.select(columns), chosen.select(columns), alone.select(columns)])


def _chosen_basis(lending: pl.DataFrame, there: pl.DataFrame, place: list[str]) -> pl.DataFrame:
    """seen, basis: the first one on which all of a denominator is shown to exist, or else something of its concept."""
    kin = pl.col("plain").replace_strict({name: known(name).concept for name in _names(lending, there)})
    choices = lending.select("seen", *place, pl.concat_list("basis", "bases").alias("choice_basis"))
    choices = choices.with_columns(
        pl.int_ranges(pl.col("choice_basis").list.len()).alias("choice"), kin.alias("concept")
    ).explode("choice_basis", "choice")
    choices = choices.drop("basis").rename({"choice_basis": "basis"})
    around = ["concept", *place[1:]]
    exact = there.select(place).unique().with_columns(exact=pl.lit(True))
    akin = there.with_columns(kin.alias("concept")).select(around).unique().with_columns(akin=pl.lit(True))
    choices = choices.join(exact, on=place, how="left").join(akin, on=around, how="left")
    usable = choices.group_by("seen", "basis", "choice").agg(
        pl.col("exact").fill_null(False).all(), pl.col("akin").fill_null(False).all()
    )
    usable = usable.filter(pl.col("exact") | pl.col("akin")).sort(~pl.col("exact"), "choice")
    return usable.unique("seen", keep="first", maintain_order=True).select("seen", "basis")


def _names(*frames: pl.DataFrame) -> set[str]:
    return {name for frame in frames for name in frame["plain"].unique()}


def _versions(figures: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Number the versions of each measure, period and basis over the releases.

    It was revised in a release if figures made of it changed, and no family of figures (KPI, period, basis) made of it
    stayed as it was everywhere.
    """
    group = ["plain", "period", "basis"]
    shown = figures.filter(pl.col("value").is_not_null()).select("release", *_KEY, "value")
    shown = shown.unique(["release", *_KEY], keep="last").sort("release")
    before = pl.col("value").shift(1).over(_KEY)
    family = (
        shown.with_columns((pl.col("value") != before).alias("changed"))
        .filter(pl.col("changed").is_not_null())
        .group_by("release", "kpi", "period", "basis")
        .agg(pl.col("changed").any())
        .rename({"period": "own_period", "basis": "own_basis"})
    )
    own = figures.select("seen", "kpi", pl.col("period").alias("own_period"), pl.col("basis").alias("own_basis"))
    revised = (
        terms.select("seen", "release", *group)
        .join(own, on="seen")
        .join(family, on=["release", "kpi", "own_period", "own_basis"])
        .group_by("release", *group)
        .agg(pl.col("changed").all().cast(pl.Int32).alias("revised"))
    )
    times = terms.select("release", *group).unique().join(revised, on=["release", *group], how="left")
    times = times.sort("release").with_columns(pl.col("revised").fill_null(0).cum_sum().over(group).alias("version"))
    return terms.join(times.drop("revised"), on=["release", *group])


def _merged(figures: pl.DataFrame) -> pl.DataFrame:
    """One row per figure and version: what any release or tier shows of it is known."""
    shown, closed = pl.col("value").is_not_null(), pl.col("obs_status") == "Q"
    tiers = figures.group_by(*_KEY, "stamp", "release").agg(
        pl.col("tier").filter(shown).min().alias("least"), pl.col("tier").filter(closed).max().alias("most")
    )
    crossed = tiers.group_by(*_KEY, "stamp").agg(
        (pl.col("least") < pl.col("most")).any().fill_null(False).alias("closed")
    )
    ordered = figures.sort("release", "tier")
    merged = ordered.group_by(*_KEY, "stamp", maintain_order=True).agg(
        pl.col("seen").last(),
        pl.col("area_level", "area_name", "decimals", "rank").last(),
        pl.col("value").filter(shown).last(),
        pl.col("obs_status").filter(shown).last().alias("shown_status"),
        pl.col("obs_status").last(),
        closed.any().alias("withheld"),
    )
    return (
        merged.with_columns(pl.coalesce("shown_status", "obs_status").alias("obs_status"))
        .drop("shown_status")
        .join(crossed, on=[*_KEY, "stamp"], how="left")
        .drop("stamp")
    )
