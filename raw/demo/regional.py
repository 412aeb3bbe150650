# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Classic table CSV of a regional database: titles, header rows, indented names, a rule, notes, `Stand`.

Belongs here: that layout (cp1252, `;`, decimal comma, `-` for zero). Does not belong here: the numbers
(`world`).
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator

from raw.contracts import ColumnRule
from raw.demo import incidents, territory
from raw.demo.delivery import PUBLISHER, Delivery
from raw.demo.territory import Area
from raw.demo.world import World
from raw.harvest.columns import SEPARATOR
from raw.vocabulary.dimensions import code_from_label, format_dims

Column = tuple[list[str], ColumnRule, dict[str, str]]
"""Header segments, the contract's rule, all dimensions of the column."""

_INDENT = {"bund": 0, "land": 2, "regierungsbezirk": 4, "kreis": 6, "gemeinde": 8}
_UNITS = ("Anzahl", "Prozent", "ha", "qkm")
_MID_YEAR = ("ba", "schulstatistik")


def write(world: World, delivery: Delivery) -> bytes:
    """The CSV file of one delivery."""
    columns = _columns(delivery)
    lead = [""] * len(delivery.table.stubs)
    lines = [[*lead, *row] for row in _header_rows([segments for segments, _, _ in columns])]
    lines.extend(_rows(world, delivery, columns))
    text = "\n".join(
        [*_titles(delivery, len(lead) + len(columns)), *(";".join(line) for line in lines), *_notes(delivery)]
    )
    return (text + "\n").encode("cp1252")


def _titles(delivery: Delivery, width: int) -> list[str]:
    padding = ";" * (width - 1)
    statistics = f"Statistik der {PUBLISHER}"
    wrapped = textwrap.wrap(f"{delivery.table.title['de']} - regionale Tiefe: {_depth(delivery)}", 60)
    return [f"GENESIS-Tabelle: {delivery.table.detect}", *(line + padding for line in [*wrapped, statistics])]


def _depth(delivery: Delivery) -> str:
    return "Gemeinden" if delivery.style["areas"] == "auenland" else "Kreise und krfr. Städte"


def _columns(delivery: Delivery) -> list[Column]:
    """The contract's columns; captures such as `{sex}` become one column per listed label."""
    labels, rename = delivery.style.get("labels", {}), delivery.style.get("rename", {})
    found: list[Column] = []
    for path, rule in delivery.table.columns.items():
        segments = path.split(SEPARATOR)
        names = [segment.strip("{}") for segment in segments if segment.startswith("{")]
        for chosen in itertools.product(*(labels[name] for name in names)):
            words = dict(zip(names, chosen, strict=True))
            dims = {**rule.dims, **{name: code_from_label(name, word) or "" for name, word in words.items()}}
            header = [words.get(segment.strip("{}"), rename.get(segment, segment)) for segment in segments]
            found.append((header, rule, dims))
    return found


def _header_rows(paths: list[list[str]]) -> list[list[str]]:
    """Header rows; the unit stands in the last one, the other segments fill up from the top."""
    depth = max(len(path) for path in paths)
    filled = []
    for path in paths:
        unit = path[-1:] if path[-1] in _UNITS else []
        words = path[: len(path) - len(unit)]
        filled.append([*words, *[""] * (depth - len(path)), *unit])
    return [[path[level] for path in filled] for level in range(depth)]


def _rows(world: World, delivery: Delivery, columns: list[Column]) -> Iterator[list[str]]:
    by_age = any(stub == "{age}" for stub in delivery.table.stubs)
    ages = delivery.style["labels"]["age"] if by_age else [None]
    for year in delivery.years:
        for area in _areas(world, delivery):
            alive = area.exists(year)
            if not alive and not delivery.style.get("dead_rows"):
                continue
            stub = [_period(delivery, year), area.key, _name(area)]
            for label in ages:
                extra = {"age": code_from_label("age", label) or ""} if label else {}
                cells = [_cell(world, delivery, area, year, rule, {**dims, **extra}) for _, rule, dims in columns]
                yield [*stub, *([label] if label else []), *(cells if alive else ["-"] * len(cells))]


def _areas(world: World, delivery: Delivery) -> list[Area]:
    kreise = territory.of_level(world.areas, "kreis")
    if delivery.style["areas"] == "auenland":
        gemeinden = [area for area in territory.of_level(world.areas, "gemeinde") if area.parent == territory.KREIS]
        return [area for area in kreise if area.key == territory.KREIS] + gemeinden
    above = [world.areas[world.place[key]] for key in (territory.BUND, territory.LAND, territory.REGION)]
    return kreise if delivery.style["areas"] == "kreise" else [*above, *kreise]


def _period(delivery: Delivery, year: int) -> str:
    """Stocks of the end of a year carry its date, everything else the year alone."""
    annual = {"births", "deaths", "dwellings_completed", "crime_cases", "unemp", "sgb2_child", "leavers"}
    concepts = {rule.concept for rule in delivery.table.columns.values()}
    return str(year) if concepts & annual else f"31.12.{year}"


def _name(area: Area) -> str:
    until = f" (bis 31.12.{area.until})" if area.until else ""
    return " " * _INDENT[area.level] + area.name + until + f" {territory.SYNTHETIC}"


def _cell(world: World, delivery: Delivery, area: Area, year: int, rule: ColumnRule, dims: dict[str, str]) -> str:
    key = format_dims(dims)
    if rule.concept is None:
        return _beside(world, area, year, rule)
    value = world.value(area.key, year, rule.concept, key)
    if delivery.style.get("mistaken"):
        value = incidents.mistake(area.key, year, rule.concept, key, value)
    if rule.concept == "area":
        return f"{value:.2f}".replace(".", ",")
    return f"{value:.0f}" if value else "-"


def _beside(world: World, area: Area, year: int, rule: ColumnRule) -> str:
    """Columns that become no cell: a group outside the catalogue, a rate that the agency prints."""
    unemployed = world.value(area.key, year, "unemp")
    if rule.published:
        return f"{100 * unemployed / world.value(area.key, year, 'pop', 'age=15-64'):.1f}".replace(".", ",")
    return str(round(unemployed * 0.06))


def _notes(delivery: Delivery) -> list[str]:
    mark = f"{delivery.published:%d.%m.%Y} / {delivery.published:%H:%M:%S}"
    return [
        "__________",
        '"zu ""gesamte Tabelle"":',
        "Synthetische Zahlen zur Vorführung, kein Bezug zu wirklichen",
        "Gebieten. Auenland: Gebietsstand 31.12. des Berichtsjahres; seit",
        f'01.01.{territory.MERGE_YEAR} besteht die Gemeinde {territory.MERGED_NAME}."',
        f'"© {PUBLISHER}, {delivery.published.year}.',
        'Dieses Werk ist frei (CC0 1.0)."',
        f"Stand: {mark}",
    ]
