# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Areas in time: which key was valid when, and what happened between two vintages.

Belongs here: registers, lists of changes, validity, events, what the lists do not explain. Does not belong here:
weights and the conversion of figures (`crosswalk`).

An area is (key, vintage); the vintage `2023` is the territory at the end of that year. A change that takes effect on
2023-01-01 or on 2023-12-01 lies between the vintages 2022 and 2023.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from raw.vocabulary.lists import lists

SAME_SIZE = 0.005
"""Relative change of size up to which a key means the same territory in two registers (cadastre, surveying)."""

REGISTER: dict[str, pl.DataType] = {
    "area": pl.String(),
    "area_level": pl.String(),
    "area_vintage": pl.String(),
    "name": pl.String(),
    "km2": pl.Float64(),
}
"""Areas of a level as a register lists them at a year-end, with their size (null where it has none)."""

CHANGE: dict[str, pl.DataType] = {
    "change": pl.String(),
    "area_level": pl.String(),
    "from_area": pl.String(),
    "to_area": pl.String(),
    "from_ars": pl.String(),
    "to_ars": pl.String(),
    "from_name": pl.String(),
    "to_name": pl.String(),
    "kinds": pl.List(pl.String()),
    "date": pl.Date(),
    "m2": pl.Float64(),
    "persons": pl.Float64(),
    "provenance": pl.String(),
}
"""One part that goes from one unit to another at a date; `kinds` are the publisher's codes (DISSOLVED …)."""

VALIDITY: dict[str, pl.DataType] = {
    "area": pl.String(),
    "area_level": pl.String(),
    "name": pl.String(),
    "first": pl.String(),
    "last": pl.String(),
    "valid_from": pl.Date(),
    "valid_to": pl.Date(),
}
"""A life of a key; `name` is its last one."""

DISSOLVED, PART, KEY, NAME = "1", "2", "3", "4"
"""Kinds of change as Destatis numbers them: Auflösung, Teilausgliederung, Schlüsseländerung, Namensänderung."""

EventKind = Literal["merge", "split", "part_transfer", "key_change", "rename"]


@dataclass(frozen=True)
class Event:
    """What happened: the keys before and after (of a Gemeinde that changes its Verband only: the ARS)."""

    kind: EventKind
    date: dt.date
    area_level: str
    origins: tuple[str, ...]
    targets: tuple[str, ...]
    change: str


def register(observations: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """The register (columns of REGISTER) from its observations of `area` and the areas it names."""
    keys = ["area", "area_level", "area_vintage"]
    sizes = observations.filter(pl.col("measure") == "area", pl.col("dims") == "").select(
        *keys, pl.col("value").alias("km2")
    )
    return (
        named.sort(*keys, "name")
        .unique(keys, keep="first", maintain_order=True)
        .join(sizes.unique(keys, keep="first", maintain_order=True), on=keys, how="left")
        .select(list(REGISTER))
        .sort(keys)
    )


def upper_register(gemeinden: pl.DataFrame, level: str, digits: int) -> pl.DataFrame:
    """The register of the units whose keys are the first digits of the Gemeinden's, with the sums of their sizes."""
    of_level = gemeinden.filter(pl.col("area_level") == "gemeinde")
    return (
        of_level.group_by(pl.col("area").str.head(digits), "area_vintage")
        .agg(pl.col("km2").sum())
        .with_columns(pl.lit(level).alias("area_level"), pl.lit("").alias("name"))
        .select(list(REGISTER))
        .sort("area_vintage", "area")
    )


def read_changes(observations: pl.DataFrame) -> pl.DataFrame:
    """The rows of the lists of changes (columns of CHANGE) from observations `area_change` and `area_change_size`."""

    def dim(name: str) -> pl.Expr:
        return pl.col("dims").str.extract(rf"(?:^|;){name}=([^;]*)").alias(name)

    def text(field: str) -> pl.Expr:
        return pl.col("value_text").filter(pl.col("field") == field).first()

    def size(weight: str) -> pl.Expr:
        return pl.col("value").filter(pl.col("weight") == weight).first()

    fields = observations.filter(pl.col("measure").is_in(["area_change", "area_change_size"])).with_columns(
        dim("change"), dim("from"), dim("field"), dim("weight")
    )
    rows = (
        fields.sort("published_on", "received_at", "snapshot", "cell", nulls_last=False)
        .group_by("source", "table", "snapshot", "change", "area_level", "from", "area", "period", maintain_order=True)
        .agg(
            *(text(field).alias(field) for field in ("from_ars", "to_ars", "from_name", "to_name")),
            text("kinds").str.extract_all(r"\d").alias("kinds"),
            text("date").alias("date"),
            size("area").alias("m2"),
            size("population").alias("persons"),
            pl.col("cell").filter(pl.col("field") == "kinds").first().alias("cell"),
        )
        .with_columns(_date(pl.col("date")))
    )
    return (
        rows.rename({"from": "from_area", "area": "to_area"})
        .with_columns(
            pl.concat_str("source", "table", pl.col("snapshot").str.head(12), "cell", separator="/").alias("provenance")
        )
        .unique(["change", "from_area", "to_area", "date"], keep="last", maintain_order=True)
        .select(list(CHANGE))
        .sort("date", "change", "from_area", "to_area")
    )


def _date(text: pl.Expr) -> pl.Expr:
    return pl.coalesce(text.str.to_date("%d.%m.%Y", strict=False), text.str.to_date("%Y-%m-%d", strict=False))


def between(changes: pl.DataFrame, origin: str, target: str) -> pl.DataFrame:
    """The changes that lie between two vintages, the later year-end included."""
    return changes.filter(pl.col("date").dt.year() > int(origin), pl.col("date").dt.year() <= int(target))


def events(changes: pl.DataFrame) -> list[Event]:
    """What the rows of a list of changes say happened, in order of date."""
    found: list[Event] = []
    for (change, level, date), rows in changes.group_by("change", "area_level", "date", maintain_order=True):
        parts = rows.to_dicts()
        about = (date, level)
        dissolved: dict[str, list[str]] = {}
        for part in parts:
            if DISSOLVED in part["kinds"]:
                dissolved.setdefault(part["from_area"], []).append(part["to_area"])
        merged: dict[str, list[str]] = {}
        for origin, targets in dissolved.items():
            if len(targets) == 1:
                merged.setdefault(targets[0], []).append(origin)
            else:
                found.append(Event("split", *about, (origin,), tuple(sorted(targets)), change))
        found += [Event("merge", *about, tuple(sorted(origins)), (to,), change) for to, origins in merged.items()]
        for part in parts:
            origin, target = part["from_area"], part["to_area"]
            if PART in part["kinds"] and origin != target:
                found.append(Event("part_transfer", *about, (origin,), (target,), change))
            if KEY in part["kinds"]:
                keys = (origin, target) if origin != target else (part["from_ars"], part["to_ars"])
                found.append(Event("key_change", *about, (keys[0],), (keys[1],), change))
            if NAME in part["kinds"]:
                found.append(Event("rename", *about, (origin,), (target,), change))
    return sorted(found, key=lambda event: (event.date, event.change, event.area_level, event.origins))


def validity(registers: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """One row per uninterrupted life of a key (columns of VALIDITY): vintages in which registers have it, and days.

    `valid_from` and `valid_to` (the last day) are known where a list of changes names them, else null: between two
    registers without a list nobody can say the day. A key that vanishes and comes back lives twice.
    """
    born, died = _days(changes, "to_area"), _days(changes, "from_area")
    lives: list[tuple[str, str, str, str, str, dt.date | None, dt.date | None]] = []
    for (level,), rows in registers.sort("area", "area_vintage").group_by("area_level", maintain_order=True):
        known = [int(vintage) for vintage in rows["area_vintage"].unique().sort()]
        names = {(area, int(vintage)): name for area, vintage, name in rows["area", "area_vintage", "name"].iter_rows()}
        for (area,), seen in rows.group_by("area", maintain_order=True):
            for first, last in _spans([int(vintage) for vintage in seen["area_vintage"]], known):
                # The register before `first` lacks the key, the one after `last` too: the day lies in that gap.
                before = max((vintage for vintage in known if vintage < first), default=None)
                since = [day for day in born.get((level, area), []) if before and before < day.year <= first]
                until = [day for day in died.get((level, area), []) if day.year > last]
                to = min(until) - dt.timedelta(days=1) if until else None
                lives.append((area, level, names[area, last], str(first), str(last), min(since, default=None), to))
    return pl.DataFrame(lives, schema=VALIDITY, orient="row").sort("area_level", "area", "first")


def _days(changes: pl.DataFrame, side: str) -> dict[tuple[str, str], list[dt.date]]:
    """Per (level, key) the days on which a change ended the giving key or may have begun the receiving one."""
    days: dict[tuple[str, str], list[dt.date]] = {}
    for change in changes.iter_rows(named=True):
        if change["from_area"] != change["to_area"] and {DISSOLVED, KEY} & set(change["kinds"]):
            days.setdefault((change["area_level"], change[side]), []).append(change["date"])
    return days


def _spans(vintages: list[int], known: list[int]) -> list[tuple[int, int]]:
    """First and last of each run of vintages that is not interrupted by a known vintage without the key."""
    spans: list[tuple[int, int]] = []
    for vintage in vintages:
        if spans and not any(spans[-1][1] < other < vintage for other in known):
            spans[-1] = (spans[-1][0], vintage)
        else:
            spans.append((vintage, vintage))
    return spans


@dataclass(frozen=True)
class Comparison:
    """How two registers of a level differ, and which differences the lists of changes explain."""

    unchanged: int
    vanished: frozenset[str]
    appeared: frozenset[str]
    resized: frozenset[str]
    unexplained: frozenset[str]


def compare(before: pl.DataFrame, after: pl.DataFrame, changes: pl.DataFrame) -> Comparison:
    """Compare two registers (columns of REGISTER, one vintage each) and look every difference up in the changes."""
    sizes = before.select("area", "km2").join(after.select("area", km2_after="km2"), on="area", how="inner")
    changed = sizes.filter(~same_size(pl.col("km2"), pl.col("km2_after")))
    resized = frozenset(changed["area"].to_list())
    old, new = frozenset(before["area"].to_list()), frozenset(after["area"].to_list())
    named = frozenset(_column(changes, "from_area")) | frozenset(_column(changes, "to_area"))
    different = (old - new) | (new - old) | resized
    return Comparison(len(old & new) - len(resized), old - new, new - old, resized, different - named)


def _column(frame: pl.DataFrame, name: str) -> Iterable[str]:
    values: list[str] = frame[name].to_list()
    return values


def same_size(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether two sizes are those of the same territory; a size that is not known is not the same as any."""
    return ((one - other).abs() <= SAME_SIZE * pl.max_horizontal(one, other)).fill_null(False)


def on_own_year(rows: pl.DataFrame, territory: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Rows with area, area_level, area_vintage and period; figures stated on another year's territory get their own
    year as the vintage where the area is still the same, as `quality.cells` has it. A city keeps that of its districts.
    """
    kinds = {name: level["kind"] for name, level in lists()["area_levels"].items()}
    within = links.filter((pl.col("kind") == "within") & (pl.col("from_level").replace_strict(kinds) == "municipal"))
    cities = within.select(pl.col("to_area").alias("area"), pl.col("to_vintage").alias("area_vintage")).unique()
    known = territory.select("area", "area_level", "area_vintage", "territory")
    same = known.join(known.rename({"area_vintage": "_year"}), on=["area", "area_level", "territory"])
    above = same.filter(pl.col("area_level").replace_strict(kinds) == "administrative")
    wanted = above.join(cities, on=["area", "area_vintage"], how="anti")
    numbered = rows.with_row_index("_row")
    stated = numbered.with_columns(pl.col("period").str.slice(0, 4).alias("_year"))
    stated = stated.filter(pl.col("area_vintage") != pl.col("_year"))
    own = stated.join(wanted, on=["area", "area_level", "area_vintage", "_year"], how="semi").select("_row", "_year")
    moved = numbered.join(own, on="_row", how="left", maintain_order="left")
    return moved.with_columns(pl.coalesce("_year", "area_vintage").alias("area_vintage")).drop("_row", "_year")
