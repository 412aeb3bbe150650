# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The social figures of the synthetic Land: work, benefits, homes, crime, care, school, land.

Belongs here: counts per leaf and year that depend on the people and on how deprived a leaf is. Does not
belong here: the people themselves (`population`) and how an office writes the figures down.

Every figure is drawn from a count that it is part of (binomial, multinomial), so that parts never exceed
wholes and everything adds up over parts and areas.
"""

from __future__ import annotations

import numpy as np

from raw.demo.population import FEMALE, FOREIGN, MALE, Floats, Ints, People, Profile

Facts = dict[tuple[str, str], Ints]
"""(concept, dims) → leaf × year."""

_UNEMPLOYMENT = {
    2015: 1.22,
    2016: 1.15,
    2017: 1.06,
    2018: 0.97,
    2019: 0.93,
    2020: 1.1,
    2021: 1.04,
    2023: 1.04,
    2024: 1.09,
}
_BANDS = {"15-24": (15, 25, 0.042), "25-54": (25, 55, 0.058), "55-64": (55, 65, 0.062)}
_CARE_BY_AGE = (
    (0, 20, 50, 60, 70, 75, 80, 85, 90, 100),
    (0.006, 0.006, 0.012, 0.03, 0.065, 0.12, 0.25, 0.46, 0.70, 0.85),
)


def figures(people: People, profile: Profile, hectares: Ints, years: range, rng: np.random.Generator) -> Facts:
    """All base measures but the population itself."""
    stock = people.stock[:, 1:]
    facts: Facts = {
        ("births", ""): people.births.sum(axis=2),
        ("births", "sex=m"): people.births[:, :, 0],
        ("births", "sex=f"): people.births[:, :, 1],
        ("deaths", ""): people.deaths.sum(axis=2),
        ("deaths", "sex=m"): people.deaths[:, :, 0],
        ("deaths", "sex=f"): people.deaths[:, :, 1],
    }
    facts |= _entitled(stock, rng)
    facts |= _unemployed(stock, profile, years, rng)
    facts |= _children_on_benefits(stock, profile, years, rng)
    facts |= _homes(stock, profile, years, rng)
    facts |= _crime(stock, profile, years, rng)
    facts |= _care(stock, profile, years, rng)
    facts |= _leavers(stock, profile, rng)
    return facts | _land(stock, hectares, years)


def _noise(profile: Profile, rng: np.random.Generator, spread: float = 0.10) -> Floats:
    """What is peculiar to a leaf and stays so over the years."""
    return np.exp(rng.normal(0, spread, len(profile.size)))[:, None]


def _by_year(years: range, factors: dict[int, float]) -> Floats:
    return np.array([factors.get(year, 1.0) for year in years])[None]


def _hardship(profile: Profile, strength: float) -> Floats:
    hardship: Floats = np.exp(strength * np.clip(profile.deprivation, -2.2, 2.2))[:, None]
    return hardship


def _draw(rng: np.random.Generator, whole: Ints, chance: Floats) -> Ints:
    return rng.binomial(whole, np.clip(np.broadcast_to(chance, whole.shape), 0, 0.95)).astype(np.int64)


def _share_out(rng: np.random.Generator, whole: Ints, shares: Floats) -> Ints:
    """Split a count at random into as many parts as `shares` has on its last axis."""
    normed = shares / shares.sum(axis=-1, keepdims=True)
    return rng.multinomial(whole, np.broadcast_to(normed, (*whole.shape, shares.shape[-1]))).astype(np.int64)


def _entitled(stock: Ints, rng: np.random.Generator) -> Facts:
    """Everybody with a main or a second residence."""
    by_sex = stock.sum(axis=(2, 4))
    by_sex = by_sex + rng.binomial(by_sex, 0.016)
    return {
        ("pop_entitled", ""): by_sex.sum(axis=2),
        ("pop_entitled", "sex=m"): by_sex[..., MALE],
        ("pop_entitled", "sex=f"): by_sex[..., FEMALE],
    }


def _unemployed(stock: Ints, profile: Profile, years: range, rng: np.random.Generator) -> Facts:
    level = _hardship(profile, 0.42) * _by_year(years, _UNEMPLOYMENT) * _noise(profile, rng)
    by_band = {}
    for band, (low, high, base) in _BANDS.items():
        residents = stock[:, :, low:high].sum(axis=(2, 3))
        by_band[band] = _draw(rng, residents, (base * level)[..., None] * np.array([1.0, 2.3]))
    everyone = sum(by_band.values(), start=np.zeros_like(by_band["15-24"]))
    total = everyone.sum(axis=2)
    return {
        ("unemp", ""): total,
        ("unemp", "nationality=foreign"): everyone[..., FOREIGN],
        ("unemp", "age=15-24"): by_band["15-24"].sum(axis=2),
        ("unemp", "age=55-64"): by_band["55-64"].sum(axis=2),
        ("unemp", "duration=lt"): _draw(rng, total, 0.34 * _hardship(profile, 0.12) * _noise(profile, rng, 0.05)),
    }


def _children_on_benefits(stock: Ints, profile: Profile, years: range, rng: np.random.Generator) -> Facts:
    children = stock[:, :, :18].sum(axis=(2, 3))
    trend = _by_year(years, {2017: 1.06, 2018: 1.02, 2019: 0.96, 2021: 0.97, 2022: 1.04, 2023: 1.05})
    level = (0.085 * _hardship(profile, 0.62) * _noise(profile, rng) * trend)[..., None] * np.array([1.0, 3.0])
    return {("sgb2_child", "age=0-17"): _draw(rng, children, np.minimum(level, 0.75)).sum(axis=2)}


def _homes(stock: Ints, profile: Profile, years: range, rng: np.random.Generator) -> Facts:
    people = stock.sum(axis=(2, 3, 4))
    single = 0.40 + 0.10 * profile.students + 0.035 * profile.deprivation + rng.normal(0, 0.02, len(people))
    single = np.clip(single, 0.25, 0.68)[:, None] + 0.003 * np.arange(len(years))[None]
    shares = np.stack(
        [
            single,
            0.33 * np.ones_like(single),
            0.62 * (0.67 - single) * 0.55 + 0.03,
            0.04 + (0.67 - single) * 0.55,
        ],
        2,
    )
    shares = np.clip(shares, 0.02, 1)
    shares /= shares.sum(axis=2, keepdims=True)
    households = np.rint(people * 0.985 / (shares @ np.array([1, 2, 3, 4.4]))).astype(np.int64)
    sizes = _share_out(rng, households, shares)
    reform = _by_year(years, {year: 1.85 for year in years if year >= 2023} | {2016: 1.15, 2020: 1.2})
    wohngeld = _draw(rng, households, 0.014 * _hardship(profile, 0.45) * _noise(profile, rng) * reform)
    completed = rng.poisson(people * (0.0028 * np.exp(25 * profile.growth - 0.2 * profile.deprivation))[:, None])
    gone = rng.binomial(completed, 0.12)
    before = np.rint(households[:, 0] * (1.05 + 0.02 * np.clip(profile.deprivation, -1, 2))).astype(np.int64)
    facts: Facts = {
        ("hh", ""): households,
        ("wohngeld_hh", ""): wohngeld,
        ("dwellings", ""): before[:, None] + np.cumsum(completed - gone, axis=1),
        ("dwellings_completed", ""): completed.astype(np.int64),
    }
    return facts | {("hh", f"size={size}"): sizes[..., i] for i, size in enumerate(("1", "2", "3", "4+"))}


def _crime(stock: Ints, profile: Profile, years: range, rng: np.random.Generator) -> Facts:
    people = stock.sum(axis=(2, 3, 4))
    trend = _by_year(years, {2015: 1.1, 2016: 1.1, 2020: 0.94, 2021: 0.88, 2023: 1.05, 2024: 1.04})
    level = 0.055 * _hardship(profile, 0.33) * np.exp(1.6 * profile.students)[:, None] * _noise(profile, rng, 0.2)
    return {("crime_cases", ""): rng.poisson(people * level * trend).astype(np.int64)}


def _care(stock: Ints, profile: Profile, years: range, rng: np.random.Generator) -> Facts:
    growth = 1.055 ** np.array([year - 2022 for year in years])
    risk = np.interp(np.arange(101), *_CARE_BY_AGE)[None, None, :] * growth[None, :, None]
    risk = risk * (_hardship(profile, 0.10) * _noise(profile, rng, 0.05))[..., None]
    total = _draw(rng, stock.sum(axis=(3, 4)), risk).sum(axis=2)
    kinds = _share_out(rng, total, np.array([0.22, 0.18, 0.60]))
    parts: Facts = {("care", f"benefit={kind}"): kinds[..., i] for i, kind in enumerate(("amb", "stat", "cash"))}
    return {("care", ""): total} | parts


def care_places(people: People, rng: np.random.Generator) -> Facts:
    """Places in care homes and in day care: in houses of some size, where more old people live; none in many leaves."""
    old = people.stock[:, 1:, 75:].sum(axis=(2, 3, 4)).mean(axis=1)
    houses = rng.poisson(np.minimum(old / 900, 400))[:, None]
    growth = np.arange(people.stock.shape[1] - 1)[None]
    homes = houses * 78 + (houses > 0) * rng.integers(0, 40, len(old))[:, None] + houses * growth
    day = rng.poisson(np.minimum(old / 1100, 300))[:, None] * 14 + 0 * growth
    return {("care_places", "place=stat"): homes.astype(np.int64), ("care_places", "place=day"): day.astype(np.int64)}


def _leavers(stock: Ints, profile: Profile, rng: np.random.Generator) -> Facts:
    total = _draw(rng, stock[:, :, 15:20].sum(axis=(2, 3, 4)), np.array([[0.195]]))
    none = 0.065 * _hardship(profile, 0.35)
    certificates = np.stack([none, 0.17 + none, 0.44 * np.ones_like(none), 0.36 / _hardship(profile, 0.25)], axis=2)
    kinds = _share_out(rng, total, certificates)
    parts: Facts = {
        ("leavers", f"certificate={kind}"): kinds[..., i] for i, kind in enumerate(("none", "hs", "ms", "abi"))
    }
    return {("leavers", ""): total} | parts


def _land(stock: Ints, hectares: Ints, years: range) -> Facts:
    """Settlement area: more where more people live, growing by little every year; all in ha."""
    density = stock.sum(axis=(2, 3, 4)).mean(axis=1) / np.maximum(hectares, 1)
    share = np.clip(0.06 + 0.55 * (1 - np.exp(-density / 14)), 0, 0.9)
    grown = share[:, None] * (1 + 0.004 * np.arange(len(years))[None])
    whole = np.repeat(hectares[:, None], len(years), axis=1)
    return {("landuse", ""): whole, ("landuse", "use=settlement"): np.rint(whole * grown).astype(np.int64)}
