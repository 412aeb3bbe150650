# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What everybody knows beside the figures: what a measure counts, of which years it is made, what must add up.

Belongs here: public definitions (the vocabulary), read as an attacker reads them. Does not belong here: figures.

A *plain* measure is a figure of one period; every other one is a weighted sum of plain ones of several years.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from raw.vocabulary.filters import Contradiction, both, closure, root
from raw.vocabulary.measures import Concept, Measure, class_of, concepts, dimensions, measures, plain_name, reference
from raw.vocabulary.relations import relations

_NO_COUNTS = {
    "EUR", "m2", "km2", "ha", "FTE", "years", "degrees", "degrees.minutesseconds", "percent", "share", "unknown",
}  # fmt: skip

_SENSITIVE = {"personal": 1, "social": 2}


@dataclass(frozen=True)
class Plain:
    """What is known of a plain measure.

    `counted`: people or things, in whole numbers if `whole` (annual means are not); `adds_up`: over areas; `signed`:
    may be below zero; `rate`: no quantity at all; `sensitive`: 0 things, 1 people, 2 people in need.
    """

    name: str
    concept: str
    counted: bool
    whole: bool
    adds_up: bool
    signed: bool
    rate: bool
    sensitive: int


@dataclass(frozen=True)
class Identity:
    """sum of coefficient * measure = 0, or at most 0 where `equal` is false; all of one area and period."""

    terms: tuple[tuple[str, float], ...]
    equal: bool


@cache
def plain_terms(measure: str) -> tuple[tuple[str, int, float], ...]:
    """A measure as (plain measure, years off, coefficient); one that the vocabulary does not have stands for itself."""
    found = measures().get(measure)
    if found is None or found.vector is not None:
        return ((measure, 0, 1.0),)
    name = plain_name(found)
    _plain_measures()[name] = Measure(concept=found.concept, dims=found.dims, at=found.at)
    return tuple((name, offset, coefficient) for offset, coefficient in found.offsets.items())


@cache
def _plain_measures() -> dict[str, Measure]:
    return {name: found for name, found in measures().items() if found.plain and found.vector is None}


@cache
def known(name: str) -> Plain:
    """What the vocabulary says of a plain measure; of a strange one nothing but that it is a number."""
    measure = _plain_measures().get(name)
    if measure is None:
        return Plain(name, name, counted=False, whole=False, adds_up=False, signed=True, rate=False, sensitive=0)
    concept = concepts()[measure.concept]
    counted = concept.additive and concept.kind in ("stock", "flow", "mean") and concept.unit not in _NO_COUNTS
    return Plain(
        name,
        measure.concept,
        counted=counted,
        whole=counted and _whole(concept, measure),
        adds_up=concept.additive_geo,
        signed=concept.signed,
        rate=not concept.additive,
        sensitive=_SENSITIVE.get(class_of(measure), 0),
    )


def _whole(concept: Concept, measure: Measure) -> bool:
    """Stocks and flows are whole, and so is the stock of one month of what is else a mean of months."""
    return concept.kind in ("stock", "flow") or measure.at is not None


def identities(names: Iterable[str]) -> list[Identity]:
    """All that must hold between these plain measures, for every area and period alike."""
    present = {name: _plain_measures()[name] for name in sorted(set(names)) if name in _plain_measures()}
    present = {name: found for name, found in present.items() if known(name).counted}
    found: dict[tuple[tuple[str, float], ...], bool] = {}
    for relation in relations(present):
        if not relation.exact or relation.kind not in ("partition", "subset", "balance"):
            continue
        if any(term.offset for term in relation.parts):
            continue
        terms = tuple(sorted([(relation.whole, -1.0), *((t.measure, t.coefficient) for t in relation.parts)]))
        found[terms] = found.get(terms, False) or relation.kind != "subset"
    for terms in _packings(present):
        found.setdefault(terms, False)
    return [Identity(terms, equal) for terms, equal in found.items()]


def _packings(present: dict[str, Measure]) -> Iterator[tuple[tuple[str, float], ...]]:
    """Groups that have nobody in common within a whole: together at most the whole. Greedy, from each group on."""
    groups: dict[tuple[str, str], list[tuple[str, dict[str, str]]]] = {}
    for name, measure in present.items():
        concept, dims = root(measure.concept, measure.dims)
        groups.setdefault((concept, reference(measure)), []).append((name, closure(dims)))
    for members in groups.values():
        for whole, around in members:
            parts = [(name, dims) for name, dims in members if name != whole and _inside(dims, around)]
            for first in parts:
                chosen = [first]
                for other in parts:
                    if all(_apart(other[1], one[1]) for one in chosen):
                        chosen.append(other)
                if len(chosen) > 1:
                    yield tuple(sorted([(whole, -1.0), *((name, 1.0) for name, _ in chosen)]))


def _inside(part: dict[str, str], whole: dict[str, str]) -> bool:
    try:
        return part != whole and closure(both(whole, part)) == part
    except Contradiction:
        return False


def _apart(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether nobody is in both; groups of an open list (nationalities) are taken for overlapping."""
    closed = [{name: code for name, code in dims.items() if not dimensions()[name].open} for dims in (one, other)]
    try:
        closure(both(*closed))
    except Contradiction:
        return True
    return False
