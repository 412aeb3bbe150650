# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The true numbers of the synthetic Land, of every area and year, before any office writes them down.

Belongs here: what makes the leaves differ, the sums over areas, looking a number up. Does not belong here:
the models (`population`, `society`), the files (`kiss`, `regional`, `gvisys`, `genesis`), what goes wrong
on the way (`incidents`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from raw.demo import geometry, population, society, territory
from raw.demo.population import Floats, Ints, People, Profile
from raw.vocabulary.dimensions import age_interval, parse_dims

_SMALL = {
    "Messegelände": 212,
    "Flugfeld": 78,
    "Gewerbepark Süd": 143,
    "Schleusenwerder": 365,
    "Forsthaus": 46,
}
_ESTATES = {"Großsiedlung Ost": 2.0, "Großsiedlung Nord": 1.7, "Werkssiedlung": 1.2, "Hafenviertel": 0.9}
_STUDENTS = {"Universitätsviertel": 1.0, "Neustadt": 0.6, "Südvorstadt": 0.4, "Altstadt": 0.3}
_CITY_SIZE, _KREIS_SIZE, _REST_SIZE = 238_000, 172_000, 82_300_000
_OTHER_SIZES, _OTHER_HECTARES = (128_400, 176_900, 214_300), (118_214, 96_377, 142_051)
_BUND_HECTARES = 35_759_000
_TOWNS = {"Auenburg, Stadt": 6.5, "Marktau, Stadt": 3.4, "Klosterau, Stadt": 2.6, "Dornheim, Stadt": 2.2}
_HAMLETS = {"Grünhagen": 0.06, "Uferhof": 0.08, "Hohenried": 0.35, "Niederried": 0.16}


@dataclass(frozen=True)
class World:
    """The truth. `facts` are counts per leaf and year; `value` sums them up for any area."""

    years: range
    areas: list[territory.Area]
    shapes: geometry.Shapes
    people: People
    facts: society.Facts

    @cached_property
    def place(self) -> dict[str, int]:
        """Row of an area in the summed arrays."""
        return {area.key: row for row, area in enumerate(self.areas)}

    @cached_property
    def _membership(self) -> Ints:
        matrix = np.zeros((len(self.areas), self.people.stock.shape[0]), np.int64)
        for row, area in enumerate(self.areas):
            matrix[row, list(area.leaves)] = 1
        return matrix

    @cached_property
    def _stock(self) -> Ints:
        """Cumulative over age: area × year × (0 … 101) × sex × nationality."""
        summed = np.tensordot(self._membership, self.people.stock[:, 1:], axes=1)
        return np.concatenate([np.zeros_like(summed[:, :, :1]), np.cumsum(summed, axis=2)], axis=2)

    @cached_property
    def _sums(self) -> dict[tuple[str, str], Ints]:
        return {key: self._membership @ leaves for key, leaves in self.facts.items()}

    def series(self, concept: str, dims: str = "") -> Ints:
        """Area × year of one concept and one set of dimensions."""
        if concept != "pop":
            return self._sums[concept, dims]
        wanted = parse_dims(dims)
        low, high = age_interval(wanted["age"]) if "age" in wanted else (0, 100)
        people = self._stock[:, :, min(high, 100) + 1] - self._stock[:, :, low]
        if "sex" in wanted:
            people = people[:, :, ["m", "f"].index(wanted["sex"])][:, :, None]
        if "nationality" in wanted:
            people = people[..., ["german", "foreign"].index(wanted["nationality"])][..., None]
        return people.sum(axis=(2, 3))

    def value(self, area: str, year: int, concept: str, dims: str = "") -> float:
        """One true number; all are whole but `area`, which is in km²."""
        if concept == "area":
            return self.value(area, year, "landuse") / 100
        return int(self._cached(concept, dims)[self.place[area], year - self.years.start])

    def _cached(self, concept: str, dims: str) -> Ints:
        memo: dict[tuple[str, str], Ints] = self.__dict__.setdefault("_memo", {})
        if (concept, dims) not in memo:
            memo[concept, dims] = self.series(concept, dims)
        return memo[concept, dims]


def create(seed: int, years: range) -> World:
    """Make the synthetic Land. Equal seed and years give an equal Land."""
    streams = [np.random.default_rng([seed, stream]) for stream in range(5)]
    merge = tuple(int(key[5:]) - 1 for key in territory.MERGED_FROM)
    shapes = geometry.build(streams[0], len(territory.STADTTEILE), len(territory.GEMEINDEN), (merge[0], merge[1]))
    profile = _profile(shapes, streams[1])
    people = population.simulate(profile, years, streams[2])
    hectares = _hectares(shapes)
    facts = society.figures(people, profile, hectares, years, streams[3])
    unassigned = territory.leaf_keys().index(territory.UNASSIGNED)
    facts["crime_cases", ""][unassigned] = streams[3].poisson(1_150, len(years))
    facts |= society.care_places(people, streams[4])
    return World(years, territory.areas(), shapes, people, facts)


def _hectares(shapes: geometry.Shapes) -> Ints:
    stadtteile, gemeinden = np.split(shapes.hectares, [len(territory.STADTTEILE)])
    land = np.concatenate([stadtteile, [0], gemeinden, np.array(_OTHER_HECTARES)])
    return np.concatenate([land, [_BUND_HECTARES - land.sum()]])


def _profile(shapes: geometry.Shapes, rng: np.random.Generator) -> Profile:
    city, kreis = _city_profile(shapes, rng), _kreis_profile(shapes, rng)
    nobody = {
        "size": [0.0],
        "deprivation": [0.0],
        "age_tilt": [0.0],
        "students": [0.0],
        "foreign": [0.1],
        "growth": [0.0],
    }
    others = {
        "size": [*_OTHER_SIZES, _REST_SIZE],
        "deprivation": [0.15, -0.25, 0.35, -0.05],
        "age_tilt": [0.10, 0.0, 0.16, 0.0],
        "students": [0.0, 0.02, 0.0, 0.03],
        "foreign": [0.07, 0.09, 0.06, 0.115],
        "growth": [-0.003, 0.003, -0.004, 0.001],
    }
    joined = {
        name: np.concatenate([np.asarray(part[name], float) for part in (city, nobody, kreis, others)])
        for name in others
    }
    return Profile(size=np.rint(joined.pop("size")).astype(np.int64), **joined)


def _city_profile(shapes: geometry.Shapes, rng: np.random.Generator) -> dict[str, Floats]:
    """Dense in the middle, poorer towards one side and in the estates, students around the university."""
    names = territory.STADTTEILE
    centres = shapes.centres[: len(names)]
    distance = np.hypot(centres[:, 0], centres[:, 1])
    size = shapes.hectares[: len(names)] * np.exp(-distance / 3.4) * np.exp(rng.normal(0, 0.35, len(names)))
    size *= np.array([2.2 if name in _ESTATES else 1.0 for name in names])
    size *= _CITY_SIZE / size.sum()
    size = np.array([_SMALL.get(name, people) for name, people in zip(names, size, strict=True)])
    wind = rng.uniform(0, 2 * np.pi)
    slope = centres @ np.array([np.cos(wind), np.sin(wind)]) / 5
    field = slope + 0.6 * np.cos(distance / 1.7) + rng.normal(0, 0.35, len(names)) - 0.12 * distance
    field = (field - field.mean()) / field.std() * 0.75
    deprivation = field + np.array([_ESTATES.get(name, 0.0) for name in names])
    students = np.array([_STUDENTS.get(name, 0.0) for name in names])
    suburb = np.clip(distance / 8, 0, 1)
    return {
        "size": size,
        "deprivation": deprivation - deprivation.mean(),
        "age_tilt": 0.22 * suburb - 0.5 * students + rng.normal(0, 0.14, len(names)),
        "students": students,
        "foreign": np.clip(0.10 * np.exp(0.42 * deprivation) * (1.15 - 0.7 * suburb), 0.015, 0.40),
        "growth": np.clip(rng.normal(0.002, 0.004, len(names)), -0.008, 0.010),
    }


def _kreis_profile(shapes: geometry.Shapes, rng: np.random.Generator) -> dict[str, Floats]:
    """Four towns, some hamlets, villages between; poorer and older the farther from the city."""
    names = territory.GEMEINDEN
    centres = shapes.centres[len(territory.STADTTEILE) :]
    distance = np.hypot(centres[:, 0], centres[:, 1]) / 20
    weight = np.array([_TOWNS.get(name) or _HAMLETS.get(name) or 1.0 for name in names])
    size = weight * np.exp(rng.normal(0, 0.3, len(names)) - 0.6 * distance)
    return {
        "size": size * _KREIS_SIZE / size.sum(),
        "deprivation": 0.55 * (distance - 0.9) + rng.normal(-0.25, 0.35, len(names)),
        "age_tilt": 0.12 * (distance - 0.5) + rng.normal(0.05, 0.06, len(names)),
        "students": np.zeros(len(names)),
        "foreign": np.clip(rng.normal(0.055, 0.02, len(names)) - 0.01 * distance, 0.015, 0.12),
        "growth": rng.normal(0.001, 0.003, len(names)) - 0.003 * (distance - 0.9),
    }
