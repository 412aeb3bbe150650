# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""GENESIS flat file CSV: one row per value, a group of four columns per characteristic.

Belongs here: that layout. Does not belong here: the numbers (`world`) and the list of files.
"""

from __future__ import annotations

from raw.demo.delivery import PUBLISHER, Delivery
from raw.demo.territory import BUND, LAND
from raw.demo.world import World
from raw.vocabulary.dimensions import format_dims

_TRAITS = {"DINSG": "Deutschland insgesamt", "DLAND": "Bundesländer", "HHGR": "Haushaltsgröße"}


def write(world: World, delivery: Delivery) -> bytes:
    """The CSV file of one delivery (cp1252)."""
    table = delivery.table
    column, rule = next(iter(table.columns.items()))
    area = world.areas[world.place[BUND if delivery.style["areas"] == "bund" else LAND]]
    trait = table.area.stub if table.area and table.area.stub else ""
    code = str(table.detect["code"] if isinstance(table.detect, dict) else table.detect)
    lines = [_header(1 + len(table.stubs), column)]
    for year in delivery.years:
        fixed = [code, PUBLISHER, "JAHR", "Jahr", str(year), trait, _TRAITS[trait], area.key, area.label]
        for cells, dims in _breakdown(delivery):
            value = world.value(area.key, year, rule.concept or "", format_dims({**rule.dims, **dims}))
            lines.append([*fixed, *cells, f"{value:.0f}" if value else "-"])
    return ("\n".join(";".join(line) for line in lines) + "\n").encode("cp1252")


def _header(traits: int, column: str) -> list[str]:
    names = ["Statistik_Code", "Statistik_Label", "Zeit_Code", "Zeit_Label", "Zeit"]
    for number in range(1, traits + 1):
        names += [
            f"{number}_{part}" for part in ("Merkmal_Code", "Merkmal_Label", "Auspraegung_Code", "Auspraegung_Label")
        ]
    return [*names, column]


def _breakdown(delivery: Delivery) -> list[tuple[list[str], dict[str, str]]]:
    """The rows of one year: the cells of the second characteristic and the dimension that they mean."""
    stubs = delivery.table.stubs
    if not isinstance(stubs, dict) or not stubs:
        return [([], {})]
    (trait, pattern), *_ = stubs.items()
    dimension = pattern.strip("{}")
    rows = []
    for label, code in delivery.table.labels[dimension].items():
        whole = code == "total"
        cells = [trait, _TRAITS[trait], "" if whole else label, label if whole else f"{code} Personen"]
        rows.append((cells, {dimension: code}))
    return rows
