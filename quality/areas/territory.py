# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Territories: which vintages of a key are the same area, and what moved between one year-end and the next.

Belongs here: per level the moves of each year, and what indicates a change. Does not belong here: what the sources
say (`evidence`), and the rows that sums are made with (`links`).

Published weights speak for a year before lists of changes, these before registers. Two registers with years between
them do not say in which of these something happened: a key that both have, and that changed, is another territory in
every year between, and what leads from one such year to another is inferred. Keys that only one of them has change
at the later register.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from quality.areas.crosswalk import Crosswalk
from quality.areas.evidence import Evidence
from quality.areas.moves import SIZES, Moves, links_between, moves_of, no_rows, sized, staying, then, whole
from quality.areas.steps import completed, from_changes, from_registers, of_upper, overlay, refined
from quality.areas.vintages import upper_register
from raw.vocabulary.lists import lists

TERRITORY = {
    "area": pl.String(),
    "area_level": pl.String(),
    "area_vintage": pl.String(),
    "territory": pl.String(),
}
"""One row per row of the area table; equal `territory` of one key and level: nothing indicates a change between."""

UPPER_DIGITS = {"kreis": 5, "regierungsbezirk": 3}
"""Levels whose keys are the first digits of their Gemeinden's."""


@dataclass
class Timeline:
    """What happened to the areas of a level: `moves[2023]` leads from the end of 2022 to the end of 2023.

    `changed`: keys whose territory is another one at the end of that year. `known`: all keys of a complete register,
    by year; in other years an area is taken to exist as in the last one before. `sizes`: columns of SIZES, by year.
    """

    level: str
    moves: dict[int, Moves] = field(default_factory=dict)
    changed: dict[int, frozenset[str]] = field(default_factory=dict)
    known: dict[int, frozenset[str]] = field(default_factory=dict)
    sizes: Mapping[int, pl.DataFrame] = field(default_factory=dict)
    composed: dict[tuple[int, int], Moves] = field(default_factory=dict, repr=False)

    def between(self, origin: int, target: int) -> Moves:
        """The moves from one year-end to a later one."""
        if (origin, target) not in self.composed:
            first = min((year for year in self.moves if origin < year <= target), default=None)
            self.composed[origin, target] = (
                Moves() if first is None else then(self.moves[first], self.between(first, target))
            )
        return self.composed[origin, target]

    def existing(self, year: int, named: Iterable[str]) -> frozenset[str]:
        """Keys that exist at a year-end; of those that no register ever lists the ones that are `named`."""
        if not self.known:
            return frozenset(named)
        keys = self.known[max((known for known in self.known if known <= year), default=min(self.known))]
        return keys | (frozenset(named) - self.listed)

    @cached_property
    def listed(self) -> frozenset[str]:
        """Keys that some register lists; of all others (a register of one Kreis) no register speaks."""
        return frozenset().union(*self.known.values())

    def differing(self, origin: int, target: int, keys: Iterable[str]) -> frozenset[str]:
        """Which of the keys are another territory at a later year-end, or lacking in a register on the way."""
        keys = frozenset(keys)
        found = {key for year, its in self.changed.items() if origin < year <= target for key in its & keys}
        for year, known in self.known.items():
            if origin < year <= target:
                found |= (keys & self.listed) - known
        return frozenset(found)

    def sizes_at(self, year: int) -> pl.DataFrame:
        """Sizes of the year or of the last one before of which they are known."""
        before = max((known for known in self.sizes if known <= year), default=None)
        return self.sizes[before] if before is not None else pl.DataFrame(schema=SIZES)

    def note(self, year: int, moves: Moves, changed: Iterable[str]) -> None:
        """Put down what happened in a year."""
        if not moves.empty:
            self.moves[year] = moves
            self.changed[year] = frozenset(changed)


def timelines(evidence: Evidence) -> dict[str, Timeline]:
    """The timeline of every level; one on which no evidence speaks has no moves."""
    found = {level: Timeline(level) for level in lists()["area_levels"]}
    found["gemeinde"], steps = _gemeinden(evidence)
    for level, digits in UPPER_DIGITS.items():
        found[level] = _upper(found["gemeinde"], steps, evidence, level, digits)
    found["gemeindeverband"] = _verbaende(found["gemeinde"], evidence)
    for step in evidence.site:
        if step.level != "gemeinde":
            _lay_over(found[step.level], step)
    return found


_Gaps = list[tuple[int, int, Crosswalk]]


def _gemeinden(evidence: Evidence) -> tuple[Timeline, _Gaps]:
    """The timeline of the Gemeinden, and the steps between registers that it had to use."""
    line = Timeline("gemeinde", sizes=evidence.sizes)
    years = sorted(evidence.complete)
    line.known = {year: _keys(evidence.registers["gemeinde", year]) for year in years}
    gaps: _Gaps = []
    ends = {*years, *evidence.published, *evidence.listed}
    year = min(years, default=0) + 1
    while years and year <= max(ends):
        before, later = line.known.get(year - 1), line.known.get(year)
        step = _dated(evidence, year, before, later) if before is not None else None
        if step is not None:
            moves = moves_of(step)
            line.note(year, moves, moves.touched)
            if later is None and not moves.open_origins:
                line.known[year] = frozenset(step.weights.filter(pl.col("weight") > 0)["to_area"].to_list())
            year += 1
            continue
        following = min((known for known in years if known >= year), default=None)
        if following is None or before is None:
            break
        registers = (evidence.registers["gemeinde", year - 1] if year - 1 in years else None, following)
        if registers[0] is None:  # a list leads here, no register stands here: the next one cannot be compared
            year = following + 1
            continue
        between = from_registers(registers[0], evidence.registers["gemeinde", following])
        if (own := evidence.site_step("gemeinde", year - 1, following)) is not None:
            between = overlay(between, own)
        gaps.append((year - 1, following, between))
        _note_gap(line, between, year - 1, following)
        year = following + 1
    for own in evidence.site:
        if own.level == "gemeinde":
            _lay_over(line, own)
    return line, gaps


def _keys(register: pl.DataFrame) -> frozenset[str]:
    return frozenset(register["area"].to_list())


def _dated(evidence: Evidence, year: int, before: frozenset[str], later: frozenset[str] | None) -> Crosswalk | None:
    """The step into a year that a publisher states, in weights or in a list of changes."""
    if (step := evidence.published.get(year)) is not None:
        return completed(step, before, before if later is None else later)
    if evidence.changes is not None and year in evidence.listed:
        return from_changes(evidence.changes, "gemeinde", str(year - 1), str(year), before)
    return None


def _note_gap(line: Timeline, step: Crosswalk, first: int, last: int) -> None:
    """Put down a step between two registers: see the module's words on the years between."""
    moves = moves_of(step)
    both = line.known[first] & line.known[last]
    moved = pl.col("from_area") != pl.col("to_area")
    parted = moves.rows.filter(moved.any().over("from_area"))
    pure = moves.rows.filter(~moved.any().over("from_area"))
    unsure = (frozenset(parted["from_area"].to_list()) | frozenset(parted["to_area"].to_list())) & both
    guessed = staying(unsure - frozenset(pure["from_area"].to_list()) - moves.open_origins, inferred=True)
    within = Moves(pl.concat([pure, guessed]), moves.open_origins & both, moves.open_targets & both)
    for year in range(first + 1, last):
        line.note(year, within, moves.touched & both)
    line.note(last, moves, moves.touched & both)


def _lay_over(line: Timeline, step: Crosswalk) -> None:
    """A site's own step takes the place of all that is said about the areas it names; its last year is that of it."""
    moves = moves_of(step)
    to = frozenset(step.weights["to_area"].to_list())
    named = step.origins | to
    for year in range(int(step.origin) + 1, int(step.target) + 1):
        base = line.moves.get(year, Moves())
        kept = base.rows.filter(~pl.col("from_area").is_in(list(step.origins)))
        added = moves.rows if year == int(step.target) else no_rows()
        changed = (line.changed.get(year, frozenset()) - named) | (moves.touched if not added.is_empty() else set())
        line.moves[year] = Moves(pl.concat([kept, added]), base.open_origins - step.origins, base.open_targets - to)
        line.changed[year] = frozenset(changed)


def _upper(gemeinden: Timeline, gaps: _Gaps, evidence: Evidence, level: str, digits: int) -> Timeline:
    """The timeline of the units whose keys are the first digits of their Gemeinden's."""
    line = Timeline(level)
    line.known = {year: frozenset(key[:digits] for key in keys) for year, keys in gemeinden.known.items()}
    line.sizes = {
        year: frame.group_by(pl.col("area").str.head(digits), "weight_class").agg(pl.col("size").sum())
        for year, frame in gemeinden.sizes.items()
    }
    for first, last, step in gaps:
        registers = [upper_register(evidence.registers["gemeinde", year], level, digits) for year in (first, last)]
        own = gemeinden.sizes_at(first).filter(pl.col("weight_class").is_in(["area", "population"]))
        suggested = from_registers(*registers)
        made = suggested if own.is_empty() else refined(of_upper(step, own, level, digits), suggested)
        _note_gap(line, made, first, last)
    in_gap = {year for first, last, _ in gaps for year in range(first + 1, last + 1)}
    for year in sorted(set(gemeinden.moves) - in_gap):
        exist = gemeinden.existing(year - 1, [])
        moves = gemeinden.moves[year]
        areas = pl.Series("area", sorted(exist | moves.touched), dtype=pl.String).to_frame()
        units = areas.with_columns(unit=pl.col("area").str.head(digits))
        made_up = units_moved(moves, exist, gemeinden.sizes_at(year - 1), units, units)
        line.note(year, made_up, made_up.touched)
    return line


def _verbaende(gemeinden: Timeline, evidence: Evidence) -> Timeline:
    """The timeline of the Gemeindeverbände: from their Gemeinden where both years' ARS are known, else from lists."""
    level = "gemeindeverband"
    line = Timeline(level)
    line.known = {year: _keys(frame) for (its, year), frame in evidence.registers.items() if its == level}
    units = {
        year: ars.select("area", unit=pl.col("ars").str.head(9)).unique("area")
        for year, ars in evidence.regional.items()
    }
    for year in sorted({*gemeinden.moves, *evidence.listed, *units}):
        moves = Moves()
        if year in units and year - 1 in units:
            exist = gemeinden.existing(year - 1, [])
            sizes = gemeinden.sizes_at(year - 1)
            moves = units_moved(gemeinden.moves.get(year, Moves()), exist, sizes, units[year - 1], units[year])
        elif year in evidence.listed and evidence.changes is not None:
            keys = line.existing(year - 1, [])
            moves = moves_of(from_changes(evidence.changes, level, str(year - 1), str(year), keys))
        line.note(year, moves, moves.touched)
    return line


def units_moved(
    moves: Moves, exist: Iterable[str], sizes: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame
) -> Moves:
    """What moves of Gemeinden mean for the units (area, unit) that they belonged to before and after.

    A unit all whose Gemeinden go to one unit goes there as a whole; one that is divided by its Gemeinden's sizes. It is
    open if they are not known.
    """
    rows = (
        links_between(Moves(moves.rows, moves.open_origins), exist, complete=True)
        .join(before.select(from_area="area", from_unit="unit"), on="from_area")
        .join(after.select(to_area="area", to_unit="unit"), on="to_area")
    )
    crossing = rows.filter(pl.col("from_unit") != pl.col("to_unit"))["from_unit"].unique().to_list()
    stuck = _units(moves.open_origins, before)
    rows = rows.filter(pl.col("from_unit").is_in(crossing), ~pl.col("from_unit").is_in(list(stuck)))
    over = ["from_unit", "weight_class"]
    alone = pl.col("to_unit").n_unique().over("from_unit") == 1
    shares = (
        sized(rows, sizes, over)
        .sort("from_unit", "weight_class", "from_area", "to_area")
        .group_by("from_unit", "to_unit", "weight_class", maintain_order=True)
        .agg(
            (pl.col("weight") * pl.col("size")).sum(),
            pl.col("size").is_null().any().alias("unknown"),
            pl.col("inferred").any(),
        )
        .with_columns(
            pl.when(alone).then(1.0).otherwise(pl.col("weight") / pl.col("weight").sum().over(over)).alias("weight")
        )
    ).with_columns(lost=(pl.col("unknown") & ~alone).any().over("from_unit"))
    lost = shares.filter("lost")
    clear = whole(
        shares.filter(~pl.col("lost")).select(
            from_area="from_unit", to_area="to_unit", weight_class="weight_class", weight="weight", inferred="inferred"
        )
    ).sort("from_area", "to_area", "weight_class")
    reached = frozenset(lost["to_unit"].to_list()) | _units(moves.open_targets, after)
    return Moves(clear, stuck | frozenset(lost["from_unit"].to_list()), reached)


def _units(areas: Iterable[str], units: pl.DataFrame) -> frozenset[str]:
    return frozenset(units.filter(pl.col("area").is_in(list(areas)))["unit"].to_list())


def territories(areas: pl.DataFrame, lines: Mapping[str, Timeline]) -> pl.DataFrame:
    """The table `territory` (columns of TERRITORY) for every row of the area table.

    The id is the first vintage of a run of vintages between which nothing indicates a change. Electoral areas are
    drawn anew for each election: every vintage is one of its own.
    """
    kinds = lists()["area_levels"]
    electoral = [level for level, its in kinds.items() if its["kind"] == "electoral"]
    table = areas.select("area", "area_level", "area_vintage").with_columns(
        year=pl.col("area_vintage").str.head(4).cast(pl.Int64, strict=False).fill_null(0)
    )
    breaks = pl.concat([_breaks(table.filter(pl.col("area_level") == level), line) for level, line in lines.items()])
    runs = table.sort("year").join_asof(
        breaks.unique().sort("broken"), left_on="year", right_on="broken", by=["area_level", "area"],
        strategy="backward", check_sortedness=False,
    )  # fmt: skip
    first = pl.col("area_vintage").min().over("area", "area_level", "broken")
    own = pl.col("area_level").is_in(electoral)
    return (
        runs.with_columns(territory=pl.when(own).then("area_vintage").otherwise(first))
        .select(list(TERRITORY))
        .sort("area_level", "area", "area_vintage")
    )


def _breaks(table: pl.DataFrame, line: Timeline) -> pl.DataFrame:
    """Years in which a key became another territory, or in which a register lacks it that others have."""
    rows = [(line.level, area, year) for year, areas in line.changed.items() for area in sorted(areas)]
    keys = frozenset(table["area"].to_list()) & line.listed
    for year, known in line.known.items():
        rows += [(line.level, area, year) for area in sorted(keys - known)]
    schema = {"area_level": pl.String, "area": pl.String, "broken": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")
