# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which area a text of a delivery means.

Belongs here: keys, spellings and names of areas, their vintage. Does not belong here: where in a table they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import polars as pl

from raw.contracts import AreaEntry, AreaList
from raw.vocabulary.lists import lists
from raw.vocabulary.period import year_of

Area = tuple[str, str, str | None]
"""Key, level and, of a municipal area, the vintage of its list."""

AS_IT_STANDS = r"\g<0>"

AREA_COLUMNS = {"area": pl.String(), "area_level": pl.String(), "area_vintage": pl.String(), "name": pl.String()}


def vintage(area: Area | None, period: str | None) -> str | None:
    """The territory's year: the municipal list's own, or else the year of the figure."""
    if area is None:
        return None
    return area[2] or (year_of(period) if period else None)


def territory_of(rule: str | Mapping[str, str], period: str | None) -> str | None:
    """The territory's year that a table's contract states for a figure, if it does."""
    return rule if isinstance(rule, str) else rule.get(year_of(period)) if period else None


def _listed_area(entry: AreaEntry, listed: AreaList) -> Area:
    """Key, level and vintage; areas above the city have the vintage of the figure's year, as everywhere."""
    level = entry.level or listed.level
    above = lists()["area_levels"][level]["kind"] == "administrative" and entry.key != listed.parent
    return entry.key, level, None if above else listed.vintage or None


def area_resolver(listed: AreaList | None, levels: list[dict[str, str]]) -> Callable[[str], Area | None]:
    """A function from the text of a delivery to (key, level, vintage); the source's own spellings go first.

    A level may say how its key is made from the text (`key: '0\\1'` where a zero is lost), or that areas are called by
    `names` of a closed list.
    """
    known: dict[str, Area] = {}
    if listed:
        entries = [(entry, _listed_area(entry, listed)) for entry in listed.areas]
        known = {entry.key: area for entry, area in entries}
        known |= {code: area for entry, area in entries for code in entry.codes}  # `01` is the district, not the Land
    patterns = []
    for level in levels:
        if "names" in level:
            for key, name in lists()[level["names"]].items():
                known.setdefault(name, (key, level["level"], None))
        else:
            patterns.append((re.compile(level["pattern"]), level["level"], level.get("key", AS_IT_STANDS)))

    def resolve(text: str) -> Area | None:
        text = text.strip()
        if text in known:
            return known[text]
        for pattern, level, key in patterns:
            if found := pattern.fullmatch(text):
                return text if key == AS_IT_STANDS else found.expand(key), level, None
        return None

    return resolve
