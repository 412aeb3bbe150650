# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Seeded tables like those of municipal social reports: recipients by area, age, sex, nationality and year.

Belongs here: drawing leaf counts and hierarchies. Does not belong here: margins and systems (`tables`). Areas differ in
size by an order of magnitude, foreign shares from one in fifty to nine in ten, so that old foreigners of small
districts are few: there the small counts are, as in real reports.
"""

from __future__ import annotations

import numpy as np

from benchmarks.disclosure.tables import Instance, Tree

AGES = {
    "T": "", "0-24": "T", "25-49": "T", "50-64": "T", "65+": "T", "0-17": "0-24", "18-24": "0-24", "25-34": "25-49",
    "35-49": "25-49", "50-59": "50-64", "60-64": "50-64", "65-74": "65+", "75+": "65+",
}  # fmt: skip
AGE_SHARES = np.array([0.27, 0.10, 0.19, 0.19, 0.11, 0.05, 0.05, 0.04])
OLDER = np.array([0, 0, 0, 0, 1, 1, 1, 1], dtype=bool)

SIZES: dict[str, tuple[tuple[int, ...], int, bool]] = {
    "S": ((12,), 1, False),
    "SM": ((2, 4, 40), 1, True),
    "M": ((2, 4, 40), 3, True),
    "L": ((8, 24, 400), 3, True),
    "XL": ((20, 200, 2000), 3, True),
}
"""Areas per level below the root, years, and whether there is nationality."""


def generate(name: str, seed: int = 1) -> Instance:
    """The table of a size, the same for the same seed."""
    levels, years, nationality = SIZES[name]
    draw = np.random.default_rng([seed, *levels, years])
    trees = {"area": _areas(levels, draw), "age": Tree.of(list(AGES.items())), "sex": _parts("m", "f")}
    if nationality:
        trees["nationality"] = _parts("D", "A")
    if years > 1:
        trees["year"] = _parts(*(str(2024 - years + year) for year in range(years)))
    return Instance(name, trees, _counts(levels[-1], years, nationality, draw))


def _parts(*codes: str) -> Tree:
    return Tree.of([("T", ""), *((code, "T") for code in codes)])


def _areas(levels: tuple[int, ...], draw: np.random.Generator) -> Tree:
    """A tree of equal depth; every area has one part or more, large ones more."""
    rows, above = [("0", "")], ["0"]
    for count in levels:
        weight = draw.pareto(1.2, len(above)) + 1
        least = 2 if count >= 2 * len(above) else 1
        parts = least + draw.multinomial(count - least * len(above), weight / weight.sum())
        below = [(f"{code}.{part + 1}", code) for code, own in zip(above, parts, strict=True) for part in range(own)]
        rows += below
        above = [code for code, _ in below]
    return Tree.of(rows)


def _counts(areas: int, years: int, nationality: bool, draw: np.random.Generator) -> np.ndarray:
    """Poisson counts, one axis per dimension; dimensions of one code are left out."""
    cases = np.exp(draw.normal(np.log(180), 1.1, (areas, 1))) * np.exp(draw.normal(0, 0.08, (areas, years)))
    ages = draw.dirichlet(AGE_SHARES * 60, (areas, years))
    foreign = np.clip(draw.beta(2.2, 4.0, areas), 0.02, 0.9)
    foreign = np.clip(foreign[:, None] * np.where(OLDER, 0.6, 1.25), 0.01, 0.95)
    men = np.clip(draw.normal(0.49, 0.04, (areas, years, len(AGE_SHARES))), 0.2, 0.8)
    by_sex = np.stack([men, 1 - men], axis=-1)
    by_nation = np.stack([1 - foreign, foreign], axis=-1)
    mean = np.einsum("ay,ayk,ayks,akn->aksny", cases, ages, by_sex, by_nation)
    counts = draw.poisson(mean if nationality else mean.sum(axis=3, keepdims=True)).astype(np.int64)
    counts = counts if nationality else counts[:, :, :, 0]
    return counts if years > 1 else counts[..., 0]
