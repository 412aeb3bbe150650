# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The audit of the door: another look at the result, from the equations instead of the slices.

Belongs here: equations over published and withheld cells, and what they give away. Does not belong here: how the door
chose what to withhold; nothing of it is imported.

Two looks. An equation with exactly one unknown term gives that term away, and then others may follow. And counts are
not negative: sums leave each unknown an interval, which they narrow in turn; an unsafe count whose interval holds one
whole number is given away too. A statistic is no sum and stands in no equation; one that is published counts, to be on
the safe side, as giving away every withheld cell that it was made from. What follows from public tables alone is
compromised at its source, and no door of ours can take it back; only what follows with the help of anything that we
publish counts here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from raw.vocabulary.dimensions import OPEN_AGE, age_interval, format_dims, parse_dims
from raw.vocabulary.measures import concepts, partitions

HOLDS = 0.5
"""How far parts and whole may differ for an equation to be one; beyond that they are not the same people."""

_CHAINS = 20
_ROUNDS = 30
_PLACE = ["concept", "area", "area_level", "area_vintage", "period", "basis"]
_BASE = pl.col("relation").is_in(["observed", "dims", "areas"])
_PUBLIC = pl.col("publicity") == "public"
_STATISTIC = pl.col("relation") == "statistic"
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class System:
    """Sums over cells by number: the whole of each sum, and (sum, part) pairs; `inner` counts people among `outer`.

    Intervals are narrowed by `sure` sums only: one that is false would contradict the others.
    """

    wholes: Numbers
    sums: Numbers
    parts: Numbers
    inner: Numbers
    outer: Numbers
    sure: Mask


@dataclass(frozen=True)
class Findings:
    """Ids of withheld cells that follow from what is published, and how many equations and pairs were looked at."""

    given_away: list[str]
    equations: int


def audit(judged: pl.DataFrame) -> list[str]:
    """Ids of withheld cells that follow from what is published (columns of a cell, `withheld`, `unsafe`)."""
    return examine(judged).given_away


def examine(judged: pl.DataFrame) -> Findings:
    """The audit with the number of its equations; none where nothing is withheld or everything public."""
    if not judged["withheld"].any() or judged["publicity"].eq("public").all():
        return Findings([], 0)
    shown = _shown_by_statistics(judged)
    cells = _touched(judged.filter(~_STATISTIC))
    system = build_system(cells)
    rows, columns = _with_relations(cells, system)
    withheld, public = cells["withheld"].to_numpy(), (cells["publicity"] == "public").to_numpy()
    unknown = _unknown_in_the_end(withheld, rows, columns)
    given_away = withheld & ~unknown & _unknown_in_the_end(withheld | ~public, rows, columns)
    given_away &= ~_made_of_known(cells, unknown)
    found = sorted({*cells.filter(given_away | pinned(cells, system))["cell"], *shown})
    return Findings(found, np.unique(rows).size + system.inner.size)


def _shown_by_statistics(judged: pl.DataFrame) -> list[str]:
    """Withheld cells that a published statistic was made from."""
    published = judged.filter(_STATISTIC & ~pl.col("withheld"))
    terms = published.select(pl.col("terms").explode().struct.field("cell")).to_series().drop_nulls()
    return judged.filter(pl.col("withheld") & pl.col("cell").is_in(terms.implode()))["cell"].to_list()


def pinned(cells: pl.DataFrame, system: System) -> Mask:
    """Unsafe counts that are withheld, but left an interval of one whole number, though not by public tables alone."""
    withheld, public = cells["withheld"].to_numpy(), (cells["publicity"] == "public").to_numpy()
    at_risk = (
        withheld
        & cells.select(pl.col("unsafe") & _BASE & (pl.col("value") > 0)).to_series().fill_null(False).to_numpy()
    )
    if not at_risk.any():
        return at_risk
    values = cells["value"].to_numpy()
    narrow = at_risk & (_widths(values, withheld, system) < 1)
    return narrow & (_widths(values, withheld | ~public, system) >= 1) if narrow.any() else narrow


def follows_from_public(cells: pl.DataFrame) -> Mask:
    """Cells that are public, or follow from public cells by sums; looked at only where something is confidential."""
    public = cells.select(_PUBLIC & pl.col("value").is_not_null()).to_series().to_numpy().copy()
    year = pl.col("period").str.slice(0, 4)
    beside = cells.select(year.is_in(cells.filter(~_PUBLIC).select(year.unique()).to_series().implode())).to_series()
    near = cells.filter(beside)
    if not public[beside.to_numpy()].any():
        return public
    public[np.flatnonzero(beside.to_numpy())] = ~_unknown_in_the_end(
        ~public[beside.to_numpy()], *_rows(build_system(near))
    )
    return public


def _touched(judged: pl.DataFrame) -> pl.DataFrame:
    """Cells of years in which something is withheld, every cell that is made of others, and the others."""
    year = pl.col("period").str.slice(0, 4)
    years = judged.filter("withheld").select(year.unique()).to_series()
    terms = judged.select(pl.col("terms").explode().struct.field("cell")).to_series().drop_nulls().unique()
    return judged.filter(year.is_in(years.implode()) | ~_BASE | pl.col("cell").is_in(terms.implode()))


def build_system(cells: pl.DataFrame) -> System:
    """All sums that hold among base cells, and which concept counts people within which."""
    base = cells.with_row_index("number").filter(_BASE)
    sums = pl.concat([_area_sums(base), _breakdowns(base)]).with_row_index("sum")
    pairs = sums.select("sum", "parts").explode("parts")
    within = {name: concept.within for name, concept in concepts().items() if concept.within}
    place = ["dims", "area", "area_level", "period", "basis"]
    inner = base.with_columns(pl.col("concept").replace_strict(within, default=None).alias("around")).join(
        base.select(
            *place, pl.col("concept").alias("around"), pl.col("number").alias("outer"), pl.col("value").alias("most")
        ),
        on=["around", *place],
    )
    true = inner.filter(
        pl.col("value").is_null() | pl.col("most").is_null() | (pl.col("value") <= pl.col("most") + HOLDS)
    )
    return System(
        wholes=sums["whole"].cast(pl.Int64).to_numpy(),
        sums=pairs["sum"].cast(pl.Int64).to_numpy(),
        parts=pairs["parts"].cast(pl.Int64).to_numpy(),
        inner=true["number"].cast(pl.Int64).to_numpy(),
        outer=true["outer"].cast(pl.Int64).to_numpy(),
        sure=sums["sure"].to_numpy(),
    )


def _area_sums(base: pl.DataFrame) -> pl.DataFrame:
    """The areas of one level in every area around them that has the figure: the parent, or one by its key.

    Where a part or the whole has no value, nothing shows that the parts are complete. Then as many areas must add up in
    other figures (`sure`), or, where there is none to compare, be several children of that parent.
    """
    figure = ["concept", "dims", "period", "basis"]
    key = pl.col("area")
    by_key = [key.str.extract(pattern) for pattern in (r"^(\d{8})-", r"^(\d{5})\d", r"^(\d{3})\d", r"^(\d{2})\d")]
    areas = base.select("area", "area_level", "parent").unique()
    around = areas.with_columns(pl.concat_list("parent", *by_key, pl.lit("DG")).alias("around")).explode("around")
    around = (
        around.filter(pl.col("around") != key)
        .select("area", "area_level", "around", (pl.col("around") == pl.col("parent")).fill_null(False).alias("child"))
        .unique()
    )
    wholes = base.select(*figure, around="area", whole="number", total="value")
    sums = base.join(around, on=["area", "area_level"]).join(wholes, on=[*figure, "around"])
    place = ["around", "area_level"]
    grouped = sums.group_by("whole", *place).agg(*_SUMMED, pl.col("child").all())
    parts, closed = pl.col("parts").list.len(), ~pl.col("open") & pl.col("total").is_not_null()
    compared = grouped.filter(closed & (pl.col("total") > 0)).group_by(place)
    evidence = compared.agg(parts.filter(_HOLDS).min().alias("enough"), parts.filter(~_HOLDS).max().alias("short"))
    shown = (parts >= pl.col("enough")) & (parts > pl.col("short").fill_null(0))
    several = pl.col("child") & (parts > 1) & pl.col("enough").is_null() & pl.col("short").is_null()
    return (
        grouped.filter(_HOLDS)
        .join(evidence, on=place, how="left")
        .with_columns((closed | shown).fill_null(False).alias("sure"))
        .filter(pl.col("sure") | several)
        .select("whole", "parts", "sure")
    )


_SUMMED = (
    pl.col("number").alias("parts"),
    pl.col("value").sum(),
    pl.col("value").has_nulls().alias("open"),
    pl.col("total").first(),
)


_GAP = pl.col("total") - pl.col("value")
_HOLDS = pl.col("total").is_null() | (pl.col("open") & (_GAP > -HOLDS)) | (_GAP.abs() <= HOLDS)
"""A sum holds, or may hold where a part or the whole has no value."""


def _breakdowns(base: pl.DataFrame) -> pl.DataFrame:
    """Per place: codes of one dimension that together are the row without it. Equal places share a pattern."""
    places = base.sort("dims").group_by(_PLACE).agg("dims", "number", "value").with_row_index("place")
    places = places.with_columns(pl.col("dims").list.join("|").alias("offer"))
    patterns = [
        (offer, pattern, whole, part)
        for offer in places["offer"].unique().to_list()
        for pattern, (whole, parts) in enumerate(_patterns(offer.split("|")))
        for part in parts
    ]
    schema = {"offer": pl.String, "pattern": pl.Int64, "of": pl.String, "dims": pl.String}
    rows = places.select("place", "offer", "dims", "number", "value").explode("dims", "number", "value")
    wholes = rows.select("place", of="dims", whole="number", total="value")
    sums = (
        rows.join(pl.DataFrame(patterns, schema=schema, orient="row"), on=["offer", "dims"])
        .join(wholes, on=["place", "of"])
        .group_by("whole", "pattern")
        .agg(*_SUMMED)
    )
    return sums.filter(_HOLDS).select("whole", "parts", pl.lit(True).alias("sure"))


def _patterns(offered: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Whole and parts among the dimension strings of one place."""
    parsed = {dims: parse_dims(dims) for dims in offered}
    for whole, own in parsed.items():
        for dimension in ("age", *partitions()):
            rest = {key: code for key, code in own.items() if key != dimension}
            codes = {
                other[dimension]: dims
                for dims, other in parsed.items()
                if dimension in other and dims != whole and format_dims(rest | {dimension: other[dimension]}) == dims
            }
            if dimension == "age":
                low, high = age_interval(own["age"]) if "age" in own else (0, OPEN_AGE)
                for number, chain in enumerate(_age_chains(codes, low, high)):
                    if number < _CHAINS:
                        yield whole, chain
            elif dimension not in own and set(partitions()[dimension]) <= set(codes):
                yield whole, [codes[code] for code in partitions()[dimension]]


def _age_chains(codes: dict[str, str], low: int, high: int) -> Iterator[list[str]]:
    """Disjoint groups that follow one another from the first to the last year, in every way."""
    if low > high:
        yield []
        return
    for code, dims in codes.items():
        first, last = age_interval(code)
        if first == low and last <= high:
            yield from ([dims, *chain] for chain in _age_chains(codes, last + 1, high))


def _rows(system: System) -> tuple[Numbers, Numbers]:
    """The sums as equations: (equation, cell) pairs."""
    equations = np.concatenate([system.sums, np.arange(system.wholes.size)])
    return equations, np.concatenate([system.parts, system.wholes])


def _with_relations(cells: pl.DataFrame, system: System) -> tuple[Numbers, Numbers]:
    """The sums and the relations that made cells of others, as far as all their terms are here."""
    numbered = cells.with_row_index("number").select(pl.col("number").cast(pl.Int64), "cell", "terms")
    made = numbered.filter(pl.col("terms").list.len() > 0)
    terms = made.select("number", pl.col("terms").list.eval(pl.element().struct.field("cell")).alias("cell")).explode(
        "cell"
    )
    found = terms.rename({"number": "made"}).join(numbered.select("cell", "number"), on="cell", how="left")
    whole = found.filter(~pl.col("number").has_nulls().over("made"))
    rows, columns = _rows(system)
    shift = system.wholes.size
    owners = whole["made"].unique().to_numpy()
    more = [whole["made"].to_numpy() + shift, owners + shift]
    return np.concatenate([rows, *more]), np.concatenate([columns, whole["number"].to_numpy(), owners])


def _unknown_in_the_end(unknown: Mask, rows: Numbers, columns: Numbers) -> Mask:
    """Which cells stay unknown if every equation with a single unknown gives it away, again and again."""
    unknown = unknown.copy()
    size = int(rows.max()) + 1 if rows.size else 0
    while True:
        hidden = unknown[columns]
        rows, columns = rows[hidden], columns[hidden]
        solved = columns[(np.bincount(rows, minlength=size) == 1)[rows]]
        if not solved.size:
            return unknown
        unknown[solved] = False


def _made_of_known(cells: pl.DataFrame, unknown: Mask) -> Mask:
    """Cells made of cells that are all known in the end: of them the terms speak, which are judged themselves."""
    still = cells.filter(unknown)["cell"].implode()
    of_known = ~pl.col("terms").list.eval(pl.element().struct.field("cell")).list.set_intersection(
        still
    ).list.len().cast(bool)
    return cells.select(~_BASE & of_known).to_series().to_numpy()


def _widths(values: Values, unknown: Mask, system: System) -> Values:
    """How wide the interval of each cell is, after sums have narrowed one another's terms."""
    low = np.where(unknown, 0.0, values)
    high = np.where(unknown, np.inf, values)
    system = _that_hide(system, unknown)
    for _ in range(_ROUNDS):
        before = low.copy(), high.copy()
        _narrow(low, high, system)
        np.minimum.at(high, system.inner, high[system.outer])
        np.maximum.at(low, system.outer, low[system.inner])
        if np.array_equal(before[0], low) and np.array_equal(before[1], high):
            break
    return np.where(unknown, high - low, 0.0)


def _that_hide(system: System, unknown: Mask) -> System:
    """Only the sure sums, and the pairs, with something unknown in them; the others narrow nothing."""
    hides = unknown[system.wholes]
    hides[system.sums[unknown[system.parts]]] = True
    hides &= system.sure
    place = np.cumsum(hides) - 1
    kept = hides[system.sums]
    pairs = unknown[system.inner] | unknown[system.outer]
    return System(
        system.wholes[hides],
        place[system.sums[kept]],
        system.parts[kept],
        system.inner[pairs],
        system.outer[pairs],
        system.sure[hides],
    )


def _narrow(low: Values, high: Values, system: System) -> None:
    """One round: a whole lies between the sums of its parts' ends; a part between the whole and the other parts."""
    sums, parts, wholes = system.sums, system.parts, system.wholes
    open_parts = np.isinf(high[parts])
    least = np.bincount(sums, low[parts], wholes.size)
    most = np.bincount(sums, np.where(open_parts, 0.0, high[parts]), wholes.size)
    endless = np.bincount(sums, open_parts, wholes.size)
    np.maximum.at(low, wholes, least)
    np.minimum.at(high, wholes, np.where(endless > 0, np.inf, most))
    whole = wholes[sums]
    np.minimum.at(high, parts, high[whole] - least[sums] + low[parts])
    others_endless = endless[sums] - open_parts > 0
    others = most[sums] - np.where(open_parts, 0.0, high[parts])
    np.maximum.at(low, parts, np.where(others_endless, 0.0, low[whole] - others))
