# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Links: the rows with which figures of areas are added up, to larger areas of one vintage and to other vintages.

Belongs here: the table `links`. Does not belong here: what happened to areas (`territory`) and any figure.

A figure of the `to` area is the sum of weight times figure over its `from` areas of one weight class; it is formed only
if as many of them have a figure as `parts` says. What nobody states has no row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from quality.areas.crosswalk import EVERY, CrosswalkError, keys
from quality.areas.evidence import Evidence
from quality.areas.moves import CLASSES, back, links_between, staying
from quality.areas.municipal import between, is_unassignable, membership, with_unassignable
from quality.areas.territory import UPPER_DIGITS, Timeline
from raw.contracts import AreaList
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import measures

LINKS: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "from_area": pl.String(),
    "from_level": pl.String(),
    "from_vintage": pl.String(),
    "to_area": pl.String(),
    "to_level": pl.String(),
    "to_vintage": pl.String(),
    "weight_class": pl.String(),
    "weight": pl.Float64(),
    "inferred": pl.Boolean(),
    "parts": pl.Int32(),
}
"""`kind`: within (one vintage, larger areas) or vintage (one level, another vintage). `parts`: how many from-areas the
to-area has for all else that the row says; within a city its pseudo-area `-99` has a row, but is not counted."""

_PARTS = ["to_area", "to_level", "from_level", "from_vintage", "to_vintage", "weight_class"]


def year_distances() -> tuple[int, ...]:
    """How many years back some measure looks."""
    return tuple(sorted({-offset for measure in measures().values() for offset in measure.offsets if offset < 0}))


def build_links(
    areas: pl.DataFrame,
    evidence: Evidence,
    lines: Mapping[str, Timeline],
    municipal: Sequence[AreaList],
    weighted: pl.DataFrame,
    chosen: str | None = None,
) -> pl.DataFrame:
    """The table `links` (columns of LINKS), sorted; `chosen` is the vintage that everything is led to as well.

    Raises CrosswalkError where the site's memberships or lists do not fit each other.
    """
    rows = [
        municipal_links(municipal, weighted),
        administrative_links(areas, evidence, lines["gemeinde"]),
        *(vintage_links(areas, line, chosen) for line in lines.values()),
    ]
    return pl.concat(rows).sort("kind", "to_level", "to_vintage", "from_level", "from_vintage", "to_area", "from_area",
                                "weight_class")  # fmt: skip


def _counted(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The rows with their `parts`, in the columns of LINKS."""
    areas = rows["from_area"].unique().to_list()
    uncounted = [area for area in areas if is_unassignable(area)] if kind == "within" else []
    counts = ~pl.col("from_area").is_in(uncounted)
    return rows.with_columns(kind=pl.lit(kind), parts=counts.sum().over(_PARTS)).select(
        pl.col(name).cast(its) for name, its in LINKS.items()
    )


def municipal_links(municipal: Sequence[AreaList], weighted: pl.DataFrame) -> pl.DataFrame:
    """Quartier, Stadtteil, Bezirk to every municipal level above and to the city, from lists and weights of a site."""
    known = {(entry.key, listed.vintage) for listed in municipal for entry in listed.areas}
    stated = weighted.select("part", "area_vintage").unique().sort("part").iter_rows()
    if unknown := [f"{part} ({vintage})" for part, vintage in stated if (part, vintage) not in known]:
        raise CrosswalkError(f"membership.csv: no list of areas of that vintage has {keys(unknown)}")
    tables = []
    for listed in municipal:
        listed = with_unassignable(listed)
        own = weighted.filter(pl.col("part").is_in([entry.key for entry in listed.areas]))
        tables.append(membership(listed, own))
    if not tables:
        return pl.DataFrame(schema=LINKS)
    rows = _class_by_class(pl.concat(tables).unique()).filter(pl.col("weight") > 0)
    return _counted(
        rows.select(
            from_area="part", from_level="part_level", from_vintage="area_vintage", to_area="whole",
            to_level="whole_level", to_vintage="area_vintage", weight_class="weight_class", weight="weight",
            inferred=pl.lit(False),
        ),
        "within",
    )  # fmt: skip


def _class_by_class(members: pl.DataFrame) -> pl.DataFrame:
    """Memberships in every class; a class that a part does not have is read from every, population, area."""
    about = ["part", "part_level", "whole_level", "area_vintage"]
    found = []
    for name in CLASSES:
        order = [name, *(other for other in (EVERY, "population", "area") if other != name)]
        rank = pl.col("weight_class").replace_strict(
            {other: place for place, other in enumerate(order)}, default=None, return_dtype=pl.Int32
        )
        ranked = members.with_columns(rank=rank).filter(pl.col("rank").is_not_null())
        best = ranked.filter(pl.col("rank") == pl.col("rank").min().over(about)).drop("rank")
        found.append(best.with_columns(weight_class=pl.lit(name)))
    return pl.concat(found)


def administrative_links(areas: pl.DataFrame, evidence: Evidence, gemeinden: Timeline) -> pl.DataFrame:
    """Gemeinde to Gemeindeverband and Kreis, Kreis to Regierungsbezirk, for vintages with a complete register.

    All parts that the register lists are there, whether they have figures or not; wholes are those of the area table.
    Nothing leads to Land and Bund, whose figures are those of their agencies.
    """
    frames = []
    for year, known in sorted(gemeinden.known.items()):
        vintage = str(year)
        parts = pl.DataFrame({"area": sorted(known)}, schema={"area": pl.String}).with_columns(
            area_level=pl.lit("gemeinde"), area_vintage=pl.lit(vintage)
        )
        digits = UPPER_DIGITS["kreis"]
        kreise = parts.select(pl.col("area").str.head(digits)).unique().with_columns(
            area_level=pl.lit("kreis"), area_vintage=pl.lit(vintage)
        )  # fmt: skip
        named = areas.filter(pl.col("area_vintage") == vintage).select("area", "area_level", "area_vintage")
        exists = named.filter(pl.col("area_level").is_in(["kreis", "regierungsbezirk", "gemeindeverband"]))
        frames.append(_to_kreis(parts, exists))
        ars = evidence.regional.get(
            year, pl.DataFrame(schema=dict.fromkeys(("area", "area_vintage", "ars"), pl.String))
        )
        frames.append(between(pl.concat([exists.filter(pl.col("area_level") != "kreis"), parts, kreise]), ars))
    if not frames:
        return pl.DataFrame(schema=LINKS)
    rows = pl.concat(frames).unique()
    return _counted(
        _in_every_class(rows).select(
            from_area="area", from_level="area_level", from_vintage="area_vintage", to_area="whole",
            to_level="whole_level", to_vintage="area_vintage", weight_class="weight_class", weight=pl.lit(1.0),
            inferred=pl.lit(False),
        ),
        "within",
    )  # fmt: skip


def _in_every_class(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row once per weight class."""
    return rows.join(pl.DataFrame({"weight_class": list(CLASSES)}), how="cross")


def _to_kreis(parts: pl.DataFrame, exists: pl.DataFrame) -> pl.DataFrame:
    found = parts.with_columns(whole=pl.col("area").str.head(UPPER_DIGITS["kreis"]), whole_level=pl.lit("kreis"))
    return found.join(
        exists, left_on=["whole", "whole_level", "area_vintage"], right_on=["area", "area_level", "area_vintage"],
        how="semi",
    )  # fmt: skip


def vintage_links(areas: pl.DataFrame, line: Timeline, chosen: str | None) -> pl.DataFrame:
    """The links of one level between the pairs of vintages that somebody needs.

    Between years as far apart as some measure looks back (municipal lists: between all of a level) only what leads to
    areas whose territory is another one; to the chosen vintage everything. Backwards a merged area is shared by the
    sizes of its parts.
    """
    kind = lists()["area_levels"][line.level]["kind"]
    named = areas.filter(pl.col("area_level") == line.level)
    years = _years(named)
    frames = []
    for origin, target in _pairs(sorted(years), kind == "municipal") if line.moves else []:
        rows = links_between(line.between(origin, target), line.existing(origin, years[origin]))
        same = years[origin] - line.differing(origin, target, years[origin])
        rows = rows.filter(~pl.col("to_area").is_in(list(same)), pl.col("to_area").is_in(list(years[target])))
        frames.append(_reached(rows, line.level, origin, target, years[origin]))
    if chosen is not None and kind != "electoral":
        frames += [_to_chosen(line, years, origin, int(chosen)) for origin in years if origin != int(chosen)]
    made = pl.concat(frames).unique(maintain_order=True) if frames else None
    return _counted(made, "vintage") if made is not None else pl.DataFrame(schema=LINKS)


def _pairs(years: Sequence[int], all_of_them: bool) -> list[tuple[int, int]]:
    distances = year_distances()
    pairs = [(one, other) for one in years for other in years if one < other]
    return [(one, other) for one, other in pairs if all_of_them or other - one in distances]


def _to_chosen(line: Timeline, years: Mapping[int, frozenset[str]], origin: int, chosen: int) -> pl.DataFrame:
    """All links from a vintage to the chosen one. What a key stands for in both is that area, whatever else is open."""
    named = years[origin]
    if origin < chosen:
        moves = line.between(origin, chosen)
    else:
        before = line.existing(chosen, _standing(years, chosen))
        moves = back(line.between(chosen, origin), before, line.sizes_at(chosen))
    rows = links_between(moves, line.existing(origin, named), complete=True)
    same = named - line.differing(min(origin, chosen), max(origin, chosen), named)
    rows = pl.concat([rows.filter(~pl.col("to_area").is_in(list(same))), staying(same)])
    return _reached(rows, line.level, origin, chosen, named)


def _standing(years: Mapping[int, frozenset[str]], year: int) -> frozenset[str]:
    """The keys of each city's (else Land's) last list up to a year, else of its first one."""
    lists_of: dict[str, dict[int, set[str]]] = {}
    for vintage, areas in years.items():
        for area in areas:
            lists_of.setdefault(area.partition("-")[0], {}).setdefault(vintage, set()).add(area)
    found: set[str] = set()
    for its in lists_of.values():
        found |= its[max((vintage for vintage in its if vintage <= year), default=min(its))]
    return frozenset(found)


def _reached(rows: pl.DataFrame, level: str, origin: int, target: int, named: frozenset[str]) -> pl.DataFrame:
    """The rows to areas that at least one area of the area table leads to, with level and vintages."""
    reached = rows.filter(pl.col("from_area").is_in(list(named)))["to_area"].unique()
    return rows.filter(pl.col("to_area").is_in(reached.implode())).with_columns(
        from_level=pl.lit(level),
        to_level=pl.lit(level),
        from_vintage=pl.lit(str(origin)),
        to_vintage=pl.lit(str(target)),
    )


def _years(named: pl.DataFrame) -> dict[int, frozenset[str]]:
    """The keys that the area table names, by vintage."""
    found: dict[int, frozenset[str]] = {}
    for (vintage,), rows in named.partition_by("area_vintage", as_dict=True).items():
        if str(vintage).isdigit():
            found[int(str(vintage))] = frozenset(rows["area"].to_list())
    return dict(sorted(found.items()))
