# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The people of the synthetic Land: cohorts by single age, sex and nationality, year by year.

Belongs here: who lives where, births, deaths, moves. Does not belong here: what people need or get
(`society`) and how anyone reports it.

Arrays have the axes leaf × year × age (0 … 100) × sex (m, f) × nationality (german, foreign); the year axis
begins with the last day of the year before the first one. Stock = stock before + births − deaths + moves,
exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

AGES = np.arange(101)
MALE, FEMALE = 0, 1
GERMAN, FOREIGN = 0, 1

_COHORTS = (
    (1914, 1930, 1940, 1945, 1950, 1964, 1972, 1980, 1990, 1997, 2006, 2011, 2015),
    (0.85, 0.95, 1.2, 0.7, 1.0, 1.38, 0.98, 0.92, 0.98, 0.82, 0.70, 0.69, 0.76),
)
_ARRIVALS = {2015: 2.6, 2016: 1.7, 2020: 0.7, 2021: 0.9, 2022: 2.8, 2023: 1.5}
_COVID = {2020: 1.05, 2021: 1.08, 2022: 1.07}


@dataclass(frozen=True)
class Profile:
    """What makes the leaves differ; one value per leaf (deprivation has mean 0 in the city)."""

    size: Ints
    deprivation: Floats
    age_tilt: Floats
    students: Floats
    foreign: Floats
    growth: Floats


@dataclass(frozen=True)
class People:
    """Stocks (year axis begins one year early), and births and deaths during the year by sex."""

    stock: Ints
    births: Ints
    deaths: Ints


def mortality() -> Floats:
    """Probability to die within a year, age × sex (Gompertz with infant mortality)."""
    male = np.minimum(2.4e-5 * np.exp(0.0985 * AGES) + 1.5e-4, 0.6)
    female = np.minimum(0.8e-5 * np.exp(0.1070 * AGES) + 1.0e-4, 0.6)
    both = np.stack([male, female], axis=1)
    both[0] = 0.003
    return both


def fertility() -> Floats:
    """Births per woman and year, age × nationality."""
    curve = np.exp(-(((AGES[:, None] - np.array([31.2, 29.5])) / 5.4) ** 2) / 2) * ((AGES >= 15) & (AGES < 50))[:, None]
    rates: Floats = curve / curve.sum(axis=0) * np.array([1.42, 1.95])
    return rates


def simulate(profile: Profile, years: range, rng: np.random.Generator) -> People:
    """Move the people through the years. The first year-end before `years` is the starting stock."""
    stock = [_start(profile, years.start - 1, rng)]
    norm = stock[0].astype(float)
    births, deaths = [], []
    for year in years:
        aged = _grow_older(stock[-1])
        dying = rng.binomial(aged, _death_risk(profile, year))
        newborn = _newborn(aged, rng)
        left = aged - dying
        left[:, 0] += newborn
        left = _naturalise(left, rng)
        stock.append(_move(left, norm, profile, year, rng))
        births.append(newborn.sum(axis=2))
        deaths.append(dying.sum(axis=(1, 3)))
    return People(np.stack(stock, axis=1), np.stack(births, axis=1), np.stack(deaths, axis=1))


def _start(profile: Profile, year: int, rng: np.random.Generator) -> Ints:
    survival = np.cumprod(np.vstack([np.ones((1, 2)), 1 - mortality()[:-1]]), axis=0)
    german = np.interp(year - AGES, *_COHORTS)[:, None] * survival * np.array([0.513, 0.487])
    foreign = german * (0.25 + 1.9 * np.exp(-(((AGES - 33) / 16.0) ** 2)))[:, None]
    foreign *= np.array([1.08, 0.92])
    tilt = np.exp(profile.age_tilt[:, None] * (AGES - 45)[None] / 40)
    tilt = tilt + profile.students[:, None] * np.exp(-(((AGES - 24) / 4.0) ** 2))[None] * 2.2
    kinds = np.stack([german, foreign], axis=2)[None] * tilt[:, :, None, None]
    kinds /= kinds.sum(axis=(1, 2), keepdims=True)
    shares = np.stack([1 - profile.foreign, profile.foreign], axis=1)
    return rng.poisson(kinds * shares[:, None, None, :] * profile.size[:, None, None, None]).astype(np.int64)


def _grow_older(stock: Ints) -> Ints:
    aged = np.zeros_like(stock)
    aged[:, 1:] = stock[:, :-1]
    aged[:, -1] += stock[:, -1]
    return aged


def _death_risk(profile: Profile, year: int) -> Floats:
    risk = mortality() * _COVID.get(year, 1.0) * 0.992 ** (year - 2015)
    by_leaf = risk[None] * np.exp(0.10 * np.clip(profile.deprivation, -2, 2))[:, None, None]
    return np.clip(by_leaf, 0, 0.8)[..., None] * np.array([1.0, 0.75])


def _newborn(aged: Ints, rng: np.random.Generator) -> Ints:
    """Births of the year, leaf × sex × nationality; half of the foreign mothers' children are German."""
    expected = (aged[:, :, FEMALE] * fertility()[None]).sum(axis=1)
    children = rng.poisson(expected)
    german_too = rng.binomial(children[:, FOREIGN], 0.5)
    by_nationality = np.stack([children[:, GERMAN] + german_too, children[:, FOREIGN] - german_too], axis=1)
    boys = rng.binomial(by_nationality, 0.513)
    return np.stack([boys, by_nationality - boys], axis=1).astype(np.int64)


def _naturalise(stock: Ints, rng: np.random.Generator) -> Ints:
    becoming = rng.binomial(stock[..., FOREIGN], 0.012)
    return stock + np.stack([becoming, -becoming], axis=-1)


def _move(stock: Ints, norm: Floats, profile: Profile, year: int, rng: np.random.Generator) -> Ints:
    """Out- and in-migration: the young move most; who comes resembles the leaf's structure of the start."""
    restless = 0.025 + 0.11 * np.exp(-(((AGES - 25) / 7.0) ** 2)) + 0.02 * np.exp(-AGES / 4.0)
    rate = restless[None, :, None, None] * np.array([1.0, 1.5])
    leaving = rng.binomial(stock, np.broadcast_to(rate, stock.shape))
    drift = (1 + profile.growth[:, None, None, None]) ** (year - 2015)
    mixed = 0.65 * norm * drift + 0.35 * stock
    extra = np.array([1.0 + 0.0, 0.98 + 0.11 * _ARRIVALS.get(year, 1.0)])
    coming = rng.poisson(mixed * rate * extra * (1 + profile.growth[:, None, None, None] * 6))
    return (stock - leaving + coming).astype(np.int64)
