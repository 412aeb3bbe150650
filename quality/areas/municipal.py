# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Municipal areas and the levels between: who is part of whom, as a whole or in part.

Belongs here: membership of Quartier, Stadtteil, Bezirk in one another and in the city, the area of what cannot be
assigned, and the units between Gemeinde, Kreis and Land. Does not belong here: crosswalks in time (`steps`) and sums.

A membership is a crosswalk within one vintage: what converts a series from one year to another also converts it from
Quartiere to Stadtteile, with the same checks and the same marks.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from quality.areas.crosswalk import EVERY, WEIGHT_CLASSES, Crosswalk, CrosswalkError, crosswalk, keys
from quality.areas.steps import read_table
from raw.contracts import AreaEntry, AreaList

SITE_FILE = "membership.csv"
SITE_COLUMNS = ("part", "whole", "vintage", "weight_class", "weight")

MEMBERSHIP: dict[str, pl.DataType] = {
    "part": pl.String(),
    "part_level": pl.String(),
    "whole": pl.String(),
    "whole_level": pl.String(),
    "area_vintage": pl.String(),
    "weight_class": pl.String(),
    "weight": pl.Float64(),
}
"""How much of an area belongs to a larger one of another level; 1 for every class where it lies within it."""

BETWEEN: dict[str, pl.DataType] = {
    "area": pl.String(),
    "area_level": pl.String(),
    "area_vintage": pl.String(),
    "whole": pl.String(),
    "whole_level": pl.String(),
}
"""Which Gemeindeverband and Regierungsbezirk an area belongs to, beside its parent in the area table."""


def unassignable(city: str) -> str:
    """The pseudo-area of a city for whatever has no address in it (`15003000-99`)."""
    return f"{city}-99"


def is_unassignable(area: str) -> bool:
    """Whether a key is that of a pseudo-area."""
    return area.endswith("-99") and len(area) == len("15003000-99")


def with_unassignable(listed: AreaList) -> AreaList:
    """The list with the pseudo-area of its city, which belongs to the city and to nothing smaller."""
    if listed.parent is None or any(entry.key == unassignable(listed.parent) for entry in listed.areas):
        return listed
    entry = AreaEntry(key=unassignable(listed.parent), name="nicht zuordenbar", parent=listed.parent)
    return listed.model_copy(update={"areas": [*listed.areas, entry]})


def membership(listed: AreaList, weighted: pl.DataFrame | None = None) -> pl.DataFrame:
    """All memberships of one list (columns of MEMBERSHIP), over every level up to the city.

    A parent named in the list holds its part as a whole. `weighted` (part, whole, weight_class, weight; see
    `load_site_membership`) says what lies in several areas and takes the parent's place. The weights of a part sum to
    1 per level and class: CrosswalkError with the keys if they do not, or if a key is not in the list.
    """
    levels = {entry.key: entry.level or listed.level for entry in listed.areas}
    if listed.parent is not None:
        levels.setdefault(listed.parent, "gemeinde")
    links: dict[str, dict[str, dict[str, float]]] = {}  # part → class → whole → weight
    for part, whole, name, weight in _rows(weighted, listed.vintage):
        links.setdefault(part, {}).setdefault(name, {})[whole] = weight
    for entry in listed.areas:
        parent = entry.parent or (listed.parent if entry.key != listed.parent else None)
        if parent is not None and entry.key not in links and levels[entry.key] != "gemeinde":
            links[entry.key] = {EVERY: {parent: 1.0}}
    named = set(links) | {whole for its in links.values() for wholes in its.values() for whole in wholes}
    if unknown := named - set(levels):
        raise CrosswalkError(f"the list of {listed.parent} ({listed.vintage}) does not have {keys(unknown)}")
    rows = [
        (part, levels[part], whole, levels[whole], listed.vintage, name, weight)
        for part in sorted(links)
        for name in sorted(_classes_above(part, links))
        for whole, weight in sorted(_above(part, name, links, ()).items())
    ]
    table = pl.DataFrame(rows, schema=MEMBERSHIP, orient="row")
    total = pl.col("weight").sum().over("part", "whole_level", "weight_class")
    if wrong := table.filter((total - 1).abs() > 1e-6)["part"].to_list():
        raise CrosswalkError(f"the weights of {keys(wrong)} do not sum to 1 on every level above them")
    return table


_Links = dict[str, dict[str, dict[str, float]]]


def _rows(weighted: pl.DataFrame | None, vintage: str) -> Iterable[tuple[str, str, str, float]]:
    if weighted is None:
        return []
    of_vintage = weighted.filter(pl.col("area_vintage") == vintage)
    rows: list[tuple[str, str, str, float]] = of_vintage.select("part", "whole", "weight_class", "weight").rows()
    return rows


def _wholes(part: str, name: str, links: _Links) -> dict[str, float]:
    """The areas that directly hold a part, in a class or, where it has none of its own, in a more general one."""
    its = links.get(part, {})
    return next((its[one] for one in (name, EVERY, "population", "area") if one in its), {})


def _above(part: str, name: str, links: _Links, seen: tuple[str, ...]) -> dict[str, float]:
    """Every area above a part, with the product of the weights on the way."""
    if part in seen:
        raise CrosswalkError(f"an area lies within itself: {keys(seen)}")
    found: dict[str, float] = {}
    for whole, weight in _wholes(part, name, links).items():
        found[whole] = found.get(whole, 0.0) + weight
        for further, share in _above(whole, name, links, (*seen, part)).items():
            found[further] = found.get(further, 0.0) + weight * share
    return found


def _classes_above(part: str, links: _Links) -> set[str]:
    """The weight classes that matter anywhere on the way up."""
    classes: set[str] = set()
    waiting, seen = [part], set[str]()
    while waiting:
        if (here := waiting.pop()) not in seen:
            seen.add(here)
            classes |= set(links.get(here, {}))
            waiting += [whole for wholes in links.get(here, {}).values() for whole in wholes]
    return classes


def as_crosswalk(table: pl.DataFrame, vintage: str, level: str, to_level: str) -> Crosswalk:
    """The membership of one level in another as a crosswalk within a vintage.

    What cannot be assigned, and what lies in no area of that level, keeps its own key: the sum over all stays whole.
    """
    rows = table.filter(pl.col("area_vintage") == vintage, pl.col("part_level") == level)
    ways = rows.filter(pl.col("whole_level") == to_level).select(
        from_area="part", to_area="whole", weight_class="weight_class", weight="weight", inferred=pl.lit(False)
    )
    rest = sorted(set(rows["part"].to_list()) - set(ways["from_area"].to_list()))
    stays = pl.DataFrame([(area, area, EVERY, 1.0, False) for area in rest], schema=ways.schema, orient="row")
    return crosswalk(level, vintage, vintage, pl.concat([ways, stays]), to_level=to_level)


def load_site_membership(path: Path) -> pl.DataFrame:
    """`<site>/areas/membership.csv`: which Quartier lies in which areas, and how much of it, where it cuts them.

    Comma separated, UTF-8, columns SITE_COLUMNS; an empty `weight_class` stands for every class. No file, no rows.
    Raises CrosswalkError with every fault, by line.
    """
    schema = {"part": pl.String, "whole": pl.String, "area_vintage": pl.String, "weight_class": pl.String}
    faults, rows = [], []
    for line, row in read_table(path, SITE_COLUMNS) if path.exists() else []:
        name = row["weight_class"] or EVERY
        try:
            weight = float(row["weight"])
        except ValueError:
            weight = -1.0
        if not 0 <= weight <= 1 or name not in WEIGHT_CLASSES or not (row["part"] and row["whole"] and row["vintage"]):
            faults.append(f"line {line}: a key, the vintage, the class or a weight from 0 to 1 is missing")
        rows.append((row["part"], row["whole"], row["vintage"], name, weight))
    if faults:
        raise CrosswalkError(f"{path.name}: " + "; ".join(faults))
    return pl.DataFrame(rows, schema={**schema, "weight": pl.Float64}, orient="row")


def between(areas: pl.DataFrame, ars: pl.DataFrame) -> pl.DataFrame:
    """Gemeindeverband of each Gemeinde and Regierungsbezirk of each Kreis (columns of BETWEEN), where there is one.

    `areas` is the area table, which says what exists in a vintage; `ars` (area, area_vintage, ars of 12 digits) says
    which Verband a Gemeinde belongs to, which its AGS does not.
    """
    keyed = ["area", "area_vintage"]
    gemeinden = areas.filter(pl.col("area_level") == "gemeinde").join(ars.unique(keyed), on=keyed)
    up = [
        gemeinden.with_columns(
            pl.col("ars").str.head(9).alias("whole"), pl.lit("gemeindeverband").alias("whole_level")
        ),
        areas.filter(pl.col("area_level") == "kreis").with_columns(
            pl.col("area").str.head(3).alias("whole"), pl.lit("regierungsbezirk").alias("whole_level")
        ),
    ]
    exists = areas.select(whole="area", whole_level="area_level", area_vintage="area_vintage").unique()
    found = [frame.join(exists, on=["whole", "whole_level", "area_vintage"], how="semi") for frame in up]
    return pl.concat([frame.select(list(BETWEEN)) for frame in found]).unique().sort(list(BETWEEN))


def regional_keys(observations: pl.DataFrame) -> pl.DataFrame:
    """The ARS of Gemeinden (area, area_vintage, ars) as crosswalks state them for both ends (`crosswalk_key`)."""
    dims = {name: pl.col("dims").str.extract(rf"(?:^|;){name}=([^;]*)") for name in ("field", "to", "vintage")}
    stated = observations.filter(pl.col("measure") == "crosswalk_key").with_columns(
        **dims, ars=pl.col("value_text").str.zfill(12)
    )
    ends = [
        stated.filter(pl.col("field") == "from_ars").select("area", "area_vintage", "ars"),
        stated.filter(pl.col("field") == "to_ars").select(area="to", area_vintage="vintage", ars="ars"),
    ]
    return pl.concat(ends).unique().sort("area_vintage", "area", "ars")
