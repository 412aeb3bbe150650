# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dimension filters as statements about those who are counted: what they have in common, what follows from them.

Belongs here: the logic of codes (`age=0-2` lies in `age=0-5`, who is below 65 has not reached the retirement age).
Does not belong here: measures and the relations between them (`relations`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from raw.vocabulary.dimensions import intervals, intervals_code
from raw.vocabulary.measures import concepts, dimensions


class Contradiction(ValueError):
    """Nobody can be in this filter."""


def meet(dimension: str, one: str, other: str) -> str | None:
    """The code of those who have both codes of a dimension, or None if nobody can."""
    if dimensions()[dimension].interval:
        both = [
            (max(low, other_low), min(high, other_high))
            for low, high in intervals(one)
            for other_low, other_high in intervals(other)
            if max(low, other_low) <= min(high, other_high)
        ]
        return intervals_code(both) if both else None
    if other in {*_upwards(dimension, one)}:
        return one
    return other if one in {*_upwards(dimension, other)} else None


def _upwards(dimension: str, code: str) -> Iterator[str]:
    """The code and all codes that it is a part of."""
    at: str | None = code
    while at is not None:
        yield at
        entry = dimensions()[dimension].codes.get(at)
        at = entry.part_of if entry else None


def lies_in(dimension: str, inner: str, outer: str) -> bool:
    """Whether everybody with the inner code has the outer one."""
    if dimensions()[dimension].interval:
        return meet(dimension, inner, outer) == intervals_code(intervals(inner))
    return outer in {*_upwards(dimension, inner)}


def both(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """The filter of those who are in both; Contradiction if nobody can be."""
    merged = dict(one)
    for dimension, code in other.items():
        common = meet(dimension, merged[dimension], code) if dimension in merged else code
        if common is None:
            raise Contradiction(f"{dimension}: {merged[dimension]} and {code}")
        merged[dimension] = common
    return merged


def closure(dims: Mapping[str, str]) -> dict[str, str]:
    """A filter with all that follows from it; two filters about the same people have the same closure.

    Codes imply others (`only`); where all codes but one of a partition, or all parts but one of a code, are
    impossible, everybody has that one.
    """
    return dict(_closed(tuple(sorted(dims.items()))))


@lru_cache(maxsize=65536)
def _closed(dims: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    closed = both({}, {dimension: _canonical(dimension, code) for dimension, code in dims})
    while True:
        further = dict(closed)
        for dimension, code in closed.items():
            for above in _upwards(dimension, code):
                entry = dimensions()[dimension].codes.get(above)
                further = both(further, entry.only if entry else {})
        for name, axis in dimensions().items():
            own = axis.codes.get(further.get(name, ""))
            choices = own.parts if own else [] if name in further else axis.partition
            possible = [code for code in choices if _possible(further, name, code)]
            if choices and not possible:
                raise Contradiction(f"{name}: no code is left")
            if len(possible) == 1:
                further[name] = possible[0]
        if further == closed:
            return closed
        closed = further


def _canonical(dimension: str, code: str) -> str:
    return intervals_code(intervals(code)) if dimensions()[dimension].interval else code


def _possible(dims: Mapping[str, str], dimension: str, code: str) -> bool:
    try:
        both(dims, dimensions()[dimension].codes[code].only)
    except Contradiction:
        return False
    return True


def root(concept: str, dims: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The concept that is no defined part of another one, with the filter that says the same of it."""
    merged = dict(dims)
    while (whole := concepts()[concept].of) is not None:
        merged = both(merged, concepts()[concept].where)
        concept = whole
    return concept, merged


def chain(concept: str, dims: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Those who are counted, as a part of every concept around: (root concept, closed filter)."""
    at: str | None = concept
    while at is not None:
        at, dims = root(at, dims)
        dims = closure(dims)
        yield at, dict(dims)
        at = concepts()[at].within
