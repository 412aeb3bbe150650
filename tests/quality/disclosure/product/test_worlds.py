# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The door of a site against an intruder who knows everything published and can solve equations.

The intruder works on people, not on cells: how many live in each smallest area, of each sex, age and nationality, are
unknown whole numbers, and every published cell is a sum of them. The bounds of a small count under all these sums are
found by linear and integer programming. None of it is shared with the door or its audit.

Where an interval is as wide as its rule the figures count it; less is asserted (no count is found out), because what
nobody can widen (a public total of two) is told apart by `outsider`.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from quality.disclosure.door import judge
from quality.disclosure.rules import Rules, load_rules
from raw.vocabulary.dimensions import age_interval, format_dims, parse_dims
from tests.quality import tables

CODES = {"sex": ("m", "f"), "nationality": ("german", "foreign"), "age": ("0-17", "18-64", "65+")}
AGE_GROUPS = ("0-17", "18-64", "65+", "0-64", "18+")
MANY = 3000
ASKED = 12


@dataclass
class World:
    """People by (year, status, smallest area, sex, nationality, age), and the cells formed of them."""

    rng: random.Random
    dims: tuple[str, ...]
    leaves: list[str]
    atoms: list[tuple[str, ...]] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    cells: list[dict[str, Any]] = field(default_factory=list)
    sums: dict[str, np.ndarray] = field(default_factory=dict)


def make_world(seed: int) -> World:
    """A small Land: Kreise of a few Gemeinden, a city of a few Stadtteile; several tables of it."""
    rng = random.Random(seed)
    leaves = [f"1500{kreis}00{number}" for kreis in (1, 2) for number in range(rng.randint(1, 3))]
    leaves += [f"{tables.CITY}-0{number}" for number in range(rng.randint(2, 4))]
    dims = tuple(sorted(rng.sample(sorted(CODES), rng.randint(1, 3 if rng.random() < 0.2 else 2))))
    world = World(rng, dims, leaves)
    statuses = ("pop", "unemp") if rng.random() < 0.4 else ("pop",)
    small = rng.choice((0.03, 0.1, 0.25))
    for year in ("2022", "2023")[: rng.randint(1, 2)]:
        empty = {code for name in dims for code in CODES[name] if rng.random() < 0.1}
        for status, leaf, *codes in itertools.product(statuses, leaves, *(CODES[name] for name in dims)):
            world.atoms.append((year, status, leaf, *codes))
            world.people.append(_count(rng, small) if not empty & set(codes) else 0)
    _add_tables(world, statuses)
    _add_made(world)
    return world


def _count(rng: random.Random, small: float) -> int:
    kind = rng.random()
    return rng.randint(1, 2) if kind < small else 0 if kind < small + 0.25 else rng.randint(3, 15)


def _add_tables(world: World, statuses: tuple[str, ...]) -> None:
    rng = world.rng
    levels = [level for level in ("DG", "land", "kreis", "gemeinde", "stadtteil") if rng.random() < 0.85]
    cities = rng.choice((("15003", tables.CITY), (tables.CITY,), ("15003",)))
    public_down_to = rng.choice((0, 0, 1, 2, 3))
    subsets = [set(names) for size in range(len(world.dims) + 1) for names in itertools.combinations(world.dims, size)]
    areas = sorted(
        {area for leaf in world.leaves for area in _around(leaf) if not area.startswith("15003")} | set(cities)
    )
    areas += [leaf for leaf in world.leaves if "-" in leaf]
    for concept, names in itertools.product(statuses, subsets):
        if names and rng.random() < 0.25:
            continue
        public_dims = rng.random() < 0.6
        for area in areas:
            level = tables.level_of(area)
            depth = ("bund", "land", "kreis", "gemeinde", "stadtteil").index(level)
            if level not in levels and level not in ("gemeinde", "stadtteil"):
                continue
            public = (depth < public_down_to and public_dims) or rng.random() < 0.01
            _add_cells(world, concept, sorted(names), area, "public" if public else "confidential")


def _around(leaf: str) -> list[str]:
    return ["DG", "15", leaf[:5], leaf[:8]]


def _add_cells(world: World, concept: str, names: list[str], area: str, publicity: str) -> None:
    groups = [AGE_GROUPS if name == "age" else CODES[name] for name in names]
    for year in sorted({atom[0] for atom in world.atoms}):
        for codes in itertools.product(*groups):
            wanted = dict(zip(names, codes, strict=True))
            row = np.array([_belongs(world, atom, concept, area, year, wanted) for atom in world.atoms], dtype=float)
            value = float(row @ np.array(world.people))
            hidden = publicity == "public" and world.rng.random() < 0.04
            one = tables.cell(
                area,
                None if hidden else value,
                concept=concept,
                dims=format_dims(wanted),
                period=year,
                publicity=publicity,
            )
            world.cells.append(one)
            world.sums[one["cell"]] = row


def _belongs(world: World, atom: tuple[str, ...], concept: str, area: str, year: str, wanted: dict[str, str]) -> bool:
    own_year, status, leaf, *codes = atom
    own = dict(zip(world.dims, codes, strict=True))
    inside = area == "DG" or leaf.startswith(area)
    counted = concept == "pop" or status == "unemp"
    return own_year == year and inside and counted and all(_fits(own[name], code) for name, code in wanted.items())


def _fits(own: str, wanted: str) -> bool:
    if own in CODES["age"]:
        (low, high), (first, last) = age_interval(own), age_interval(wanted)
        return first <= low and high <= last
    return own == wanted


def _add_made(world: World) -> None:
    """Previous year and mean of two years, and a balance of two concepts."""
    known = {one["cell"]: one for one in world.cells}
    for one in list(world.cells):
        before = known.get(one["cell"].replace("|2023|register", "|2022|register")) if one["period"] == "2023" else None
        if before is not None and world.rng.random() < 0.3:
            _add(world, f"{one['measure']}_mean", [(0.5, before), (0.5, one)], "periods")
            _add(world, f"{one['measure']} - prev", [(-1.0, before), (1.0, one)], "combination")
        other = known.get(one["cell"].replace("unemp[", "pop["))
        if one["concept"] == "unemp" and other and world.rng.random() < 0.3:
            _add(world, f"pop - {one['measure']}", [(-1.0, one), (1.0, other)], "combination")


def _add(world: World, measure: str, terms: list[tuple[float, dict[str, Any]]], relation: str) -> None:
    one = tables.made(measure, terms, relation=relation)
    world.cells.append(one)
    world.sums[one["cell"]] = sum(coef * world.sums[term["cell"]] for coef, term in terms)


@dataclass
class Intruder:
    """Knows some sums of whole non-negative numbers; says within which bounds another sum lies."""

    rows: np.ndarray
    values: np.ndarray
    people: np.ndarray

    @classmethod
    def of(cls, world: World, known: pl.DataFrame) -> Intruder:
        """What is known at once is put in: a sum that is zero leaves nobody in any of its groups."""
        shown = known.filter(pl.col("value").is_not_null())
        rows = np.array([world.sums[name] for name in shown["cell"]] or [np.zeros(len(world.atoms))])
        values = shown["value"].to_numpy() if shown.height else np.zeros(1)
        nobody = ((rows >= 0).all(axis=1) & (values == 0)) @ (rows > 0) > 0
        system = np.unique(np.column_stack([rows[:, ~nobody], values]), axis=0)
        return cls(system[:, :-1], system[:, -1], ~nobody)

    def bounds(self, row: np.ndarray) -> tuple[float, float]:
        """Smallest and largest whole number that a sum can be."""
        row = row[self.people]
        if not row.any():
            return 0.0, 0.0
        ends = []
        for sign in (1.0, -1.0):
            found = linprog(sign * row, A_eq=self.rows, b_eq=self.values, method="highs")
            ends.append(np.inf if found.status == 3 else sign * found.fun)
        low, high = np.ceil(ends[0] - 1e-6), np.floor(ends[1] + 1e-6)
        return (low, high) if high - low > 3 else self._whole_bounds(row)

    def _whole_bounds(self, row: np.ndarray) -> tuple[float, float]:
        ends = []
        for sign in (1.0, -1.0):
            exact = LinearConstraint(self.rows, self.values, self.values)
            found = milp(sign * row, constraints=exact, integrality=np.ones(row.size), bounds=Bounds(0, np.inf))
            ends.append(np.inf if found.x is None else round(sign * found.fun))
        return ends[0], ends[1]


def small_counts(
    world: World, judged: pl.DataFrame, rules: Rules, tier: str
) -> Iterator[tuple[str, np.ndarray, float, str]]:
    """Every count that must not be found out: (name, sum, least safe count, dimension of a rest)."""
    people = np.array(world.people)
    confidential = judged.filter((pl.col("publicity") != "public") & (pl.col("relation") == "observed"))
    by_name = {one["cell"]: one for one in world.cells}
    for name, concept, area in confidential.select("cell", "concept", "area").iter_rows():
        rule = rules.rule(tier, "social" if concept == "unemp" else "personal", concept)
        assert rule is not None
        row = world.sums[name]
        value = row @ people
        if 0 < value < rule.min_count:
            yield name, row, rule.min_count, ""
        for other in by_name.values():
            beside = other["area"] == area and other["relation"] == "observed" and value > 0
            rest = world.sums[other["cell"]] - row
            dropped = _dropped(by_name[name], other) if beside and rest.min() >= 0 and rest.any() else None
            if dropped is not None and 0 <= rest @ people < rule.min_count:
                yield f"{other['cell']} less {name}", rest, rule.min_count, dropped


def _dropped(part: dict[str, Any], whole: dict[str, Any]) -> str | None:
    """The dimension without which the part is the whole; "" for the concept around it, None if it is neither."""
    own, around = parse_dims(part["dims"]), parse_dims(whole["dims"])
    if part["concept"] != whole["concept"]:
        return "" if own == around and part["concept"] == "unemp" else None
    left = set(own.items()) - set(around.items())
    return left.pop()[0] if around.items() < own.items() and len(left) == 1 else None


def empty_there(world: World, intruder: Intruder, rest: np.ndarray, dimension: str) -> bool:
    """Whether nobody at all with these codes lives there, and that is known: then it says nothing about a part of them.

    Zeros are published. Where a place has no children, it has no unemployed German children.
    """
    if not dimension:
        return False
    place = 3 + world.dims.index(dimension)
    kinds = {(atom[0], atom[2], atom[place]) for atom, inside in zip(world.atoms, rest, strict=True) if inside}
    around = np.array([(atom[0], atom[2], atom[place]) in kinds for atom in world.atoms], dtype=float)
    return around.sum() > rest.sum() and intruder.bounds(around) == (0, 0)


def check_world(seed: int) -> dict[str, float]:
    """No small count of a world is found out, unless public tables alone say it; every fourth world is internal."""
    world, rules, tier = make_world(seed), load_rules(), "internal" if seed % 4 == 0 else "public"
    judged = judge(tables.cells(world.cells), rules, tier).cells
    shown = judged.filter(~pl.col("withheld"))
    intruder = Intruder.of(world, shown)
    outsider = Intruder.of(world, shown.filter(pl.col("publicity") == "public"))
    figures = {
        "cells": judged.height,
        "withheld": judged["withheld"].sum(),
        "small counts": 0,
        "at source": 0,
        "nobody there": 0,
    }
    confidential = judged.filter(pl.col("publicity") != "public")
    figures["confidential cells"] = confidential.height
    figures["confidential cells published"] = confidential.filter(~pl.col("withheld")).height
    asked = {found[1].tobytes(): found for found in small_counts(world, judged, rules, tier)}
    for name, row, least, dimension in world.rng.sample(
        sorted(asked.values(), key=itemgetter(0)), min(len(asked), ASKED)
    ):
        low, high = intruder.bounds(row)
        figures["small counts"] += 1
        figures[f"width {_width(high - low)}"] = figures.get(f"width {_width(high - low)}", 0) + 1
        if high - low >= 1:
            wide = low <= 1 and high >= least
            figures["from 1 to the threshold"] = figures.get("from 1 to the threshold", 0) + wide
            continue
        if empty_there(world, intruder, row, dimension):
            figures["nobody there"] += 1
            continue
        known = outsider.bounds(row)
        assert known[0] == known[1], f"{name} is {low:g}"
        figures["at source"] += 1
    return figures


def _width(width: float) -> str:
    return "0" if width < 1 else "1-2" if width < 3 else "3-9" if width < 10 else "10 or more"


def test_no_small_count_follows_from_what_passes_the_door(experiment):
    result = experiment("site-door-brute-force", range(MANY), check_world, sample=60)
    assert result.figures["small counts"] > 0
    assert result.figures["confidential cells published"] > 0
