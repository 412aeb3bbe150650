# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What counts of one area tell about each other: as equations, and counts that no cell holds.

Belongs here: equations among the counts that stand at one place, from their dimensions alone. Does not belong here:
values, areas, and rules.

Ages are a line: groups with common ends give away what lies between the ends (0-5 less 0-2 is 3-5). What lies between
two neighbouring ends is an atom; every group is a sum of atoms. Codes that together are everybody add up to the whole,
and what is missing of them is a rest. Every other part of a whole leaves a rest, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from raw.vocabulary.dimensions import age_interval, format_dims, parsed_dims
from raw.vocabulary.measures import Measure, concepts, dimensions
from raw.vocabulary.relations import subsets

Key = tuple[str, str, str]
"""Concept, dimensions, basis: what a count at a place is about."""
Row = dict[int, int]
"""Coefficients of counts by their number: the given ones first, then the unheld ones. It adds up to zero."""


@dataclass(frozen=True)
class Unheld:
    """A count that no cell holds, as a sum of those that are held; `part`: of what it is the rest, if it is one."""

    concept: str
    held: Row
    part: int = -1


@dataclass
class Pattern:
    """The equations among the counts `keys` of a place. A count with the number len(keys) + k is `unheld[k]`.

    `rests`: counts that are what a part leaves of its whole, as (rest, part, whole; -1: no count).
    """

    keys: tuple[Key, ...]
    unheld: list[Unheld] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    rests: list[tuple[int, int, int]] = field(default_factory=list)
    place: dict[Key, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.place |= {key: number for number, key in enumerate(self.keys)}

    def add(self, one: Unheld) -> int:
        """A new count that no cell holds; returns its number."""
        self.unheld.append(one)
        return len(self.keys) + len(self.unheld) - 1

    def held(self, row: Row) -> Row:
        """A sum of counts as a sum of those that are held."""
        total: Row = {}
        for number, times in row.items():
            own = {number: 1} if number < len(self.keys) else self.unheld[number - len(self.keys)].held
            total = _plus(total, {one: times * by for one, by in own.items()})
        return total


@lru_cache(maxsize=4096)
def pattern(keys: tuple[Key, ...]) -> Pattern:
    """The equations among counts of one place."""
    found = Pattern(keys)
    _add_margins(found)
    for name, codes, whole in _lines(found.place):
        if dimensions()[name].interval:
            _add_ages(found, codes, whole, dimensions()[name].covers)
        else:
            _add_codes(found, codes, whole, dimensions()[name].partition)
            for code, entry in dimensions()[name].codes.items():
                if entry.parts and code in codes:
                    own = {part: codes[part] for part in entry.parts if part in codes}
                    _add_codes(found, own, codes[code], entry.parts)
    _add_rests(found)
    return found


def _add_margins(found: Pattern) -> None:
    """Counts with fewer dimensions that no cell holds, where some that are there add up to them."""
    most = max((len(parsed_dims(dims)) for _, dims, _ in found.keys), default=0)
    for size in range(most, 0, -1):
        lines: dict[Key, list[tuple[str, dict[str, int]]]] = {}
        for (concept, basis, rest, name), codes in _by_line(found.place).items():
            if len(parsed_dims(rest)) == size - 1 and (concept, rest, basis) not in found.place:
                lines.setdefault((concept, rest, basis), []).append((name, codes))
        for key, choices in sorted(lines.items()):
            parts = next(filter(None, (_everybody(name, codes) for name, codes in choices)), None)
            if parts:
                found.place[key] = found.add(Unheld(key[0], found.held(dict.fromkeys(parts, 1))))


def _everybody(name: str, codes: Mapping[str, int]) -> list[int] | None:
    """Counts along a dimension that together are everybody, or None."""
    entry = dimensions()[name]
    if not entry.interval:
        complete = len(entry.partition) > 1 and set(entry.partition) <= set(codes)
        return [codes[code] for code in entry.partition] if complete else None
    if entry.covers is None:
        return None
    low, high = age_interval(entry.covers)
    ranges = {age_interval(code): number for code, number in codes.items() if "|" not in code}
    ways: dict[int, list[int]] = {low: []}
    for (first, last), number in sorted(ranges.items()):
        if first in ways:
            ways.setdefault(last + 1, [*ways[first], number])
    return ways.get(high + 1)


def _by_line(place: Mapping[Key, int]) -> dict[tuple[str, str, str, str], dict[str, int]]:
    """Counts that differ in one dimension only: (concept, basis, other dimensions, its name) → code → number."""
    lines: dict[tuple[str, str, str, str], dict[str, int]] = {}
    for (concept, dims, basis), number in place.items():
        own = parsed_dims(dims)
        for name, code in own.items():
            rest = format_dims({key: value for key, value in own.items() if key != name})
            if name in dimensions():
                lines.setdefault((concept, basis, rest, name), {})[code] = number
    return lines


def _lines(place: Mapping[Key, int]) -> Iterator[tuple[str, dict[str, int], int | None]]:
    """Lines in order: the dimension, its codes, and the count without it."""
    for (concept, basis, rest, name), codes in sorted(_by_line(place).items(), key=lambda one: one[0]):
        yield name, codes, place.get((concept, rest, basis))


def _add_codes(found: Pattern, codes: Mapping[str, int], whole: int | None, partition: Sequence[str]) -> None:
    """Codes that together are the whole, and what is missing of them."""
    parts = [codes[code] for code in partition if code in codes]
    if whole is None or not parts or len(partition) < 2:
        return
    row = {whole: -1} | dict.fromkeys(parts, 1)
    if len(parts) < len(partition):
        alone = parts[0] if len(parts) == 1 else -1
        rest = _unheld(found, {whole: 1} | dict.fromkeys(parts, -1), whole, alone)
        row[rest] = 1
        parts = [*parts, rest]
    found.rows.append(row)
    _add_siblings(found, parts, whole)


def _add_siblings(found: Pattern, parts: Sequence[int], whole: int) -> None:
    """Of two parts, each is what the other leaves of the whole."""
    if len(parts) == 2:
        found.rests += [(parts[1], parts[0], whole), (parts[0], parts[1], whole)]


def _unheld(found: Pattern, row: Row, like: int, part: int = -1) -> int:
    concept = found.keys[like][0] if like < len(found.keys) else found.unheld[like - len(found.keys)].concept
    return found.add(Unheld(concept, found.held(row), part if part < len(found.keys) else -1))


def _add_ages(found: Pattern, codes: Mapping[str, int], whole: int | None, covers: str | None) -> None:
    """Ages as a line: atoms between neighbouring ends that groups connect, and each group as their sum."""
    groups = {number: age_interval(code) for code, number in codes.items() if "|" not in code}
    if whole is not None and covers is not None:
        groups[whole] = age_interval(covers)
    steps: dict[int, list[tuple[int, int, int]]] = {}
    for number, (low, high) in sorted(groups.items()):
        steps.setdefault(low, []).append((high + 1, number, 1))
        steps.setdefault(high + 1, []).append((low, number, -1))
    seen: set[int] = set()
    for start in sorted(steps):
        if start not in seen:
            below = _potentials(start, steps)
            seen |= set(below)
            _add_line(found, below, groups)


def _potentials(start: int, steps: Mapping[int, list[tuple[int, int, int]]]) -> dict[int, Row]:
    """Per end that can be reached, the groups that lie between it and the first one, with signs."""
    below: dict[int, Row] = {start: {}}
    queue = [start]
    for end in queue:
        for other, number, sign in steps[end]:
            if other not in below:
                below[other] = _plus(below[end], {number: sign})
                queue.append(other)
    return below


def _add_line(found: Pattern, below: Mapping[int, Row], groups: Mapping[int, tuple[int, int]]) -> None:
    ends = sorted(below)
    if len(ends) < 3:
        return
    by_range = {span: number for number, span in sorted(groups.items(), reverse=True)}
    some = next(iter(groups))
    atoms: list[int] = []
    for low, high in pairwise(ends):
        held = by_range.get((low, high - 1))
        difference = _plus(below[high], {number: -sign for number, sign in below[low].items()})
        atoms.append(_unheld(found, difference, some) if held is None else held)
    at = {end: number for number, end in enumerate(ends)}
    for number, (low, high) in sorted(groups.items()):
        if low in at:
            inside = atoms[at[low] : at[high + 1]]
            if inside != [number]:
                found.rows.append({number: -1} | dict.fromkeys(inside, 1))
            _add_siblings(found, inside, number)


def _plus(one: Row, other: Row) -> Row:
    total = {number: one.get(number, 0) + other.get(number, 0) for number in {**one, **other}}
    return {number: coefficient for number, coefficient in total.items() if coefficient}


def _add_rests(found: Pattern) -> None:
    """The rest of every part of a whole, where no count and no other equation says it already.

    Also where both have different reference dates: if the figures fit, a reader takes one for a part of the other.
    """
    known = {(part, whole) for _, part, whole in found.rests}
    for part, whole in _parts(found.place):
        if (part, whole) not in known:
            rest = _unheld(found, {whole: 1, part: -1}, part, part)
            found.rows.append({whole: -1, part: 1, rest: 1})
            found.rests.append((rest, part, whole))


def _parts(place: Mapping[Key, int]) -> Iterator[tuple[int, int]]:
    """Which counts are a direct part of which others: (part, whole)."""
    about: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (concept, dims, basis), number in place.items():
        if concept in concepts() and concepts()[concept].additive:
            about.setdefault((concept, dims), []).append((basis, number))
    named = {f"{concept}[{dims}]": Measure(concept=concept, dims=dict(parsed_dims(dims))) for concept, dims in about}
    own = {f"{concept}[{dims}]": (concept, numbers) for (concept, dims), numbers in about.items()}
    for part, whole in subsets(named):
        for basis, one in own[part][1]:
            for other_basis, other in own[whole][1]:
                if basis == other_basis or own[part][0] != own[whole][0]:
                    yield one, other
