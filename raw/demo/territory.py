# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The synthetic Land: its areas, their names and keys, and which of them exist when.

Belongs here: keys, names, levels, the merge of two Gemeinden. Does not belong here: where an area lies
(`geometry`), who lives in it (`population`) or what is delivered about it.

The model counts on *leaves* (Stadtteile, Gemeinden of 2019, whole Kreise, the rest of the Bund); every area
is a set of leaves, so that sums over areas are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BUND, LAND, REGION = "DG", "99", "990"
CITY_KREIS, CITY = "99001", "99001000"
KREIS = "99051"
UNASSIGNED = f"{CITY}-99"
SYNTHETIC = "(synthetisch)"

MERGE_YEAR = 2020
MERGED_FROM = (f"{KREIS}011", f"{KREIS}012")
MERGED_INTO = f"{KREIS}026"
OTHER_KREISE = {"99052": "Bergmark", "99053": "Heidetal", "99054": "Seenkreis"}

STADTTEILE = (
    "Altstadt", "Domviertel", "Bahnhofsviertel", "Neustadt", "Hafenviertel", "Universitätsviertel",
    "Südvorstadt", "Westvorstadt", "Nordvorstadt", "Lindenhof", "Gartenstadt", "Mühlenviertel",
    "Kannenberg", "Werkssiedlung", "Brückenfeld", "Rosenthal", "Am Stadtwald", "Neu Reuth",
    "Reuthsee", "Großsiedlung Ost", "Großsiedlung Nord", "Sonnenhang", "Kleinfeld", "Alt Wiesa",
    "Wiesaer Heide", "Hohenlinde", "Ziegelhof", "Fliederberg", "Oberau", "Niederau",
    "Eichenkamp", "Birkenrode", "Sankt Gangolf", "Tiefenbrunn", "Messegelände", "Flugfeld",
    "Gewerbepark Süd", "Rothenhof", "Schleusenwerder", "Forsthaus",
)  # fmt: skip
GEMEINDEN = (
    "Auenburg, Stadt", "Bachrode", "Birkenau am Fließ", "Dornheim, Stadt", "Eschenfeld", "Falkenried",
    "Friedrichsgrund", "Grünhagen", "Haselbach", "Heidekrug", "Hohenried", "Niederried", "Kaltenborn",
    "Klosterau, Stadt", "Langenwiese", "Lindenau", "Marktau, Stadt", "Neudorf", "Oberfließ", "Quellental",
    "Rehfelde", "Steinsee", "Tannrode", "Uferhof", "Waldkirchen",
)  # fmt: skip
MERGED_NAME = "Hohenried-Niederried"


@dataclass(frozen=True)
class Area:
    """An area and its leaves; `since` and `until` are the first and last year-end at which it exists."""

    key: str
    level: str
    name: str
    leaves: tuple[int, ...]
    parent: str | None = None
    since: int | None = None
    until: int | None = None

    def exists(self, year: int) -> bool:
        """True if the area exists at the end of a year."""
        return (self.since or year) <= year <= (self.until or year)

    @property
    def label(self) -> str:
        """The name, marked as synthetic."""
        return f"{self.name} {SYNTHETIC}"


def stadtteil_codes() -> list[str]:
    """The 40 codes `01` … `48`: the first digit is the Stadtbezirk, the second runs from 1 to 8."""
    return [f"{borough}{number}" for borough in range(5) for number in range(1, 9)]


def leaf_keys() -> list[str]:
    """Keys of the leaves in the order of every array of the model; the last one is the rest of the Bund."""
    stadtteile = [f"{CITY}-{code}" for code in stadtteil_codes()]
    gemeinden = [f"{KREIS}{number:03d}" for number in range(1, len(GEMEINDEN) + 1)]
    return [*stadtteile, UNASSIGNED, *gemeinden, *OTHER_KREISE, "rest"]


def areas() -> list[Area]:
    """Every area that a delivery may speak of, from the Bund down."""
    keys = leaf_keys()
    place = {key: index for index, key in enumerate(keys)}
    city = tuple(range(len(STADTTEILE) + 1))
    gemeinden = tuple(place[key] for key in keys if len(key) == 8)
    land = tuple(range(len(keys) - 1))
    found = [
        Area(BUND, "bund", "Deutschland", tuple(range(len(keys)))),
        Area(LAND, "land", "Land Musterland", land, BUND),
        Area(REGION, "regierungsbezirk", "Mittelmusterland, Regierungsbezirk", land, LAND),
        Area(CITY_KREIS, "kreis", "Musterstadt, kreisfreie Stadt", city, REGION),
        Area(KREIS, "kreis", "Auenland, Landkreis", gemeinden, REGION),
    ]
    for key, name in OTHER_KREISE.items():
        found.append(Area(key, "kreis", f"{name}, Landkreis", (place[key],), REGION))
    found.append(Area(CITY, "gemeinde", "Musterstadt", city, CITY_KREIS))
    return [*found, *_gemeinden(place), *_stadtteile(place)]


def _gemeinden(place: dict[str, int]) -> list[Area]:
    found = []
    for number, name in enumerate(GEMEINDEN, start=1):
        key = f"{KREIS}{number:03d}"
        until = MERGE_YEAR - 1 if key in MERGED_FROM else None
        found.append(Area(key, "gemeinde", name, (place[key],), KREIS, until=until))
    merged = tuple(place[key] for key in MERGED_FROM)
    return [*found, Area(MERGED_INTO, "gemeinde", MERGED_NAME, merged, KREIS, since=MERGE_YEAR)]


def _stadtteile(place: dict[str, int]) -> list[Area]:
    found = []
    for code, name in zip(stadtteil_codes(), STADTTEILE, strict=True):
        key = f"{CITY}-{code}"
        found.append(Area(key, "stadtteil", name, (place[key],), CITY))
    return [*found, Area(UNASSIGNED, "stadtteil", "nicht zuordenbar", (place[UNASSIGNED],), CITY)]


def of_level(everything: Sequence[Area], level: str, year: int | None = None) -> list[Area]:
    """The areas of one level, of one year-end if given; without the area of what is not assignable."""
    return [
        area
        for area in everything
        if area.level == level and area.key != UNASSIGNED and (year is None or area.exists(year))
    ]
