# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Keys of cells: what a cell is about, as one number.

Belongs here: the space of all cells (measure and dimensions with their codes), keys in it, and their names. Does not
belong here: values.

The key of a cell is made of what it is about alone, so a cell that stands in several tables has one key, and keys in
ascending order are an order of cells that no order of rows can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from quality.disclosure.model.faults import BadInput, fault, listed
from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.system import Mask, Whole

MEASURE = "measure"
NO_KEY = -1
_MOST = 2**62


@dataclass(frozen=True)
class Space:
    """The dimensions (the measure first) with their codes in order; `above[d]` are the hierarchies of dimension d.

    A hierarchy is an array that leads from the place of a code to the place of its parent, -1 for none.
    """

    dimensions: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    above: tuple[tuple[Whole, ...], ...]
    labels: tuple[tuple[str, ...], ...]
    totals: tuple[str | None, ...]
    """The one code per dimension that all others sum to in the end, None if there is none."""

    @cached_property
    def strides(self) -> tuple[int, ...]:
        """By how much the key grows from a code to the next, per dimension."""
        sizes = [max(len(codes), 1) for codes in self.codes]
        return tuple(int(np.prod(sizes[d + 1 :], dtype=object)) if d + 1 < len(sizes) else 1 for d in range(len(sizes)))

    @cached_property
    def _places(self) -> tuple[dict[str, int], ...]:
        return tuple({code: place for place, code in enumerate(codes)} for codes in self.codes)

    def place(self, dimension: str, code: str) -> int:
        """The place of a code among the codes of its dimension, NO_KEY if there is no such code."""
        return self._places[self.dimensions.index(dimension)].get(code, NO_KEY)

    def total(self, dimension: str) -> str | None:
        """The one code that all others of the dimension sum to in the end, None if there is none."""
        return self.totals[self.dimensions.index(dimension)]

    def encode(self, frame: pl.DataFrame) -> Whole:
        """The keys of rows that have a column per dimension; NO_KEY where a code is unknown."""
        keys = np.zeros(frame.height, np.int64)
        known = np.ones(frame.height, np.bool_)
        for name, stride in zip(self.dimensions, self.strides, strict=True):
            places = self.column(frame[name], name)
            known &= places >= 0
            keys += np.maximum(places, 0) * stride
        return np.where(known, keys, NO_KEY)

    def column(self, codes: pl.Series, dimension: str) -> Whole:
        """The places of codes, NO_KEY for unknown ones."""
        known = self.codes[self.dimensions.index(dimension)]
        if not known:
            return np.full(len(codes), NO_KEY, np.int64)
        places = codes.cast(pl.String).cast(pl.Enum(list(known)), strict=False).to_physical().cast(pl.Int64)
        return places.fill_null(NO_KEY).to_numpy()

    def at(self, keys: Whole, d: int) -> Whole:
        """The place of each key's code in dimension number d."""
        return keys // self.strides[d] % max(len(self.codes[d]), 1)

    def key(self, about: Mapping[str, str]) -> int:
        """The key of one cell; dimensions left out are their total. NO_KEY if a code is unknown."""
        if unknown := set(about) - set(self.dimensions):
            raise KeyError(f"no such dimension: {', '.join(sorted(unknown))}")
        key = 0
        for name, stride in zip(self.dimensions, self.strides, strict=True):
            code = about.get(name, self.total(name) if name != MEASURE else None)
            place = self.place(name, code) if code is not None else NO_KEY
            if place < 0:
                return NO_KEY
            key += place * stride
        return key

    def frame(self, keys: Whole) -> pl.DataFrame:
        """The codes of keys, a column per dimension."""
        return pl.DataFrame(
            {
                name: pl.Series(np.asarray(self.codes[d], dtype=object)[self.at(keys, d)], dtype=pl.String)
                for d, name in enumerate(self.dimensions)
            },
            schema=dict.fromkeys(self.dimensions, pl.String),
        )

    def names(self, keys: Whole) -> list[str]:
        """`measure: dimension code, …` of each key, for messages."""
        about = [pl.lit(f"{name} ") + pl.col(name) for name in self.dimensions[1:]]
        named = pl.concat_str([pl.col(MEASURE) + pl.lit(":"), *_spaced(about)])
        return self.frame(keys).select(named.alias("name"))["name"].to_list()

    def name(self, key: int) -> str:
        """The name of one key."""
        return self.names(np.array([key], np.int64))[0]


def _spaced(parts: Sequence[pl.Expr]) -> list[pl.Expr]:
    return [pl.lit(" " if number == 0 else ", ") + part for number, part in enumerate(parts)]


def make_space(measures: Iterable[str], found: Mapping[str, set[str]], hierarchies: Sequence[Hierarchy]) -> Space:
    """The space of some measures, the codes found per dimension, and the hierarchies.

    A dimension with hierarchies has exactly their codes, unless one is flat or without any; then also those found.
    """
    names = sorted({*found, *(one.dimension for one in hierarchies)})
    codes: list[tuple[str, ...]] = [tuple(sorted(set(measures)))]
    above: list[tuple[Whole, ...]] = [()]
    labels: list[tuple[str, ...]] = [()]
    totals: list[str | None] = [None]
    for name in names:
        own = sorted((one for one in hierarchies if one.dimension == name), key=lambda one: one.label)
        known = {code for one in own for code in one.codes}
        if all(not one.codes for one in own) or any(one.total is not None for one in own):
            known |= found.get(name, set())
        ordered = tuple(sorted(known))
        codes.append(ordered)
        above.append(tuple(_above(one, own, ordered) for one in own))
        labels.append(tuple(one.label for one in own))
        totals.append(_total(own, ordered, above[-1]))
    space = Space((MEASURE, *names), tuple(codes), tuple(above), tuple(labels), tuple(totals))
    if space.strides[0] * max(len(space.codes[0]), 1) >= _MOST:
        raise BadInput([fault("too_many", dimensions=listed(names))])
    return space


def _total(own: Sequence[Hierarchy], codes: Sequence[str], above: Sequence[Whole]) -> str | None:
    parts = {place for one in above for place in np.flatnonzero(one >= 0).tolist()}
    roots = [code for place, code in enumerate(codes) if place not in parts]
    return roots[0] if len(roots) == 1 and any(one.codes for one in own) else None


def _above(one: Hierarchy, all_of_it: Sequence[Hierarchy], codes: Sequence[str]) -> Whole:
    places = {code: place for place, code in enumerate(codes)}
    above = np.full(len(codes), -1, np.int64)
    for code, parent in one.parents.items():
        above[places[code]] = places[parent]
    if one.total is not None:
        others = {code for other in all_of_it if other is not one for code in other.codes}
        for code in codes:
            if code != one.total and code not in others:
                above[places[code]] = places[one.total]
    return above


def positions(keys: Whole, among: Whole) -> tuple[Whole, Mask]:
    """Where each key stands among sorted ones, and whether it stands there at all."""
    at = np.searchsorted(among, keys)
    inside = np.minimum(at, max(len(among) - 1, 0))
    there = (among[inside] == keys) if len(among) else np.zeros(len(keys), np.bool_)
    return inside, there
