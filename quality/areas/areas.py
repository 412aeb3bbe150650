# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The area table: one row per (area, vintage), from what the sources name and from their municipal lists.

Belongs here: parents by key, names, joining. Does not belong here: crosswalks between vintages.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from raw.contracts import AreaList
from raw.vocabulary.lists import lists as vocabulary

AREAS_VERSION = "3"
"""To be raised when equal input gives other tables of areas."""

AREA_TABLE = {
    "area": pl.String(),
    "area_level": pl.String(),
    "area_vintage": pl.String(),
    "name": pl.String(),
    "parent": pl.String(),
}
"""Columns of the area table; `parent` is the key of the next area whose parts this one is among (null for the Bund)."""

_PARENT_DIGITS = {"gemeinde": 5, "gemeindeverband": 5, "kreis": 2, "regierungsbezirk": 2, "bezirk": 5}


def parent_key(area: str, level: str) -> str | None:
    """Key of an area's parent: Stadtteil → Gemeinde → Kreis → Land → Bund (`DG`); None if the key does not say it."""
    if level == "land":
        return "DG"
    if level == "jugendamt":
        return area[2:7]
    if "-" in area:
        return area.partition("-")[0]
    if digits := _PARENT_DIGITS.get(level):
        return area[:digits]
    return None


def build_areas(named: Iterable[pl.DataFrame], lists: Iterable[AreaList]) -> pl.DataFrame:
    """The area table from frames (area, area_level, area_vintage, name) and municipal lists; the lists win.

    Of several spellings of one area's name in one vintage the longest is taken, so that the choice does not depend on
    the order of files.
    """
    empty = pl.DataFrame(schema={key: AREA_TABLE[key] for key in ("area", "area_level", "area_vintage", "name")})
    administrative = pl.concat([empty, *named])
    administrative = (
        administrative.sort(pl.col("name").str.len_chars(), "name", descending=True)
        .unique(["area", "area_level", "area_vintage"], keep="first")
        .with_columns(
            pl.struct("area", "area_level")
            .map_elements(lambda row: parent_key(row["area"], row["area_level"]), return_dtype=pl.String)
            .alias("parent")
        )
    )
    municipal = pl.DataFrame(
        [
            (
                entry.key,
                entry.level or listed.level,
                listed.vintage,
                entry.name,
                entry.parent or _municipal_parent(entry.key, entry.level, listed),
            )
            for listed in lists
            if listed.vintage
            for entry in listed.areas
        ],
        schema=AREA_TABLE,
        orient="row",
    ).unique(["area", "area_level", "area_vintage"], keep="first", maintain_order=True)
    joined = pl.concat([municipal, administrative.select(list(AREA_TABLE))])
    return joined.unique(["area", "area_level", "area_vintage"], keep="first").sort(
        "area_level", "area", "area_vintage"
    )


def _municipal_parent(key: str, level: str | None, listed: AreaList) -> str | None:
    """The city for its parts; what an administrative key says for all others, the city itself among them."""
    if key == listed.parent:
        return parent_key(key, "gemeinde")
    if level and vocabulary()["area_levels"][level]["kind"] == "administrative":
        return parent_key(key, level)
    return listed.parent
