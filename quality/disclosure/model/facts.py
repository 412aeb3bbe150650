# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is known beside the sums of the tables: differences, weighted sums, rounded figures, rates that are out.

Belongs here: facts about cells as relations. Does not belong here: figures of which nobody can say how much they give
away (medians, ranks); they are not published with a withheld part (decision 0010).

A rate of `decimals` digits says that its numerator lies within half a digit of rate times denominator. That is one
fact, whether the denominator is known or not, for rates, shares (denominator: the whole), index values (denominator:
the base) and growth (`offset` -100: `100 * new / old - 100`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any

import yaml

from quality.disclosure.model.faults import BadInput, Fault, fault
from quality.disclosure.model.keys import Space
from quality.disclosure.model.relations import Relations, of_rows
from quality.disclosure.model.system import UNBOUNDED, Mask, Whole

About = Mapping[str, str]
"""A cell: its measure and its codes; a dimension left out stands for its total."""


@dataclass(frozen=True)
class Linear:
    """`lower <= sum of coefficient * cell <= upper`, in whole units of the cells (an equation if both are equal)."""

    terms: tuple[tuple[int, About], ...]
    lower: int = 0
    upper: int = 0
    name: str = "relation"


@dataclass(frozen=True)
class Rounded:
    """A cell was published to the nearest multiple of `base`; halves may have gone either way."""

    cell: About
    value: int
    base: int
    name: str = "rounded"


@dataclass(frozen=True)
class Ratio:
    """`factor * numerator / denominator + offset` was published as `value` with so many decimals."""

    numerator: About
    denominator: About
    value: str
    """As printed, so that nothing is lost: `12.5`."""
    decimals: int
    factor: int = 100
    offset: int = 0
    name: str = "rate"


Fact = Linear | Rounded | Ratio


def read_facts(path: Path) -> list[Fact]:
    """The facts of a YAML list. Raises BadInput, naming every entry that is none.

    `{sum: [[2, CELL], [-1, CELL]], equals: 5}` (or `between: [0, 5]`); `{rounded: 15, base: 5, cell: CELL}`; `{ratio:
    "12.5", decimals: 1, numerator: CELL, denominator: CELL}` with `factor` and `offset` where they differ; each may
    have a `name`. A CELL is `{measure: n, geo: A}`.
    """
    entries = yaml.load(path.read_text("utf-8"), yaml.BaseLoader) or []
    facts: list[Fact] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries, 1):
        try:
            facts.append(_of_entry(entry, f"{path.name}, {number}"))
        except (KeyError, TypeError, ValueError):
            faults.append(fault("fact_form", fact=f"{path.name}, {number}", found=sorted(entry)))
    if faults:
        raise BadInput(faults)
    return facts


def _of_entry(entry: Mapping[str, Any], number: str) -> Fact:
    name = entry.get("name", number)
    if "sum" in entry:
        bounds = entry["between"] if "between" in entry else [entry["equals"]] * 2
        terms = tuple((int(coefficient), dict(about)) for coefficient, about in entry["sum"])
        return Linear(terms, int(bounds[0]), int(bounds[1]), name)
    if "rounded" in entry:
        return Rounded(dict(entry["cell"]), int(entry["rounded"]), int(entry["base"]), name)
    Fraction(entry["ratio"])
    return Ratio(
        dict(entry["numerator"]), dict(entry["denominator"]), entry["ratio"], int(entry["decimals"]),
        int(entry.get("factor", 100)), int(entry.get("offset", 0)), name,
    )  # fmt: skip


Row = tuple[list[tuple[int, int]], tuple[int, int]]


def relations_of(
    facts: Sequence[Fact], space: Space, cell_of: Mapping[int, int], value: Whole, unknown: Mask, public: Mask
) -> tuple[Relations, list[Fault]]:
    """The relations of facts, and facts that do not fit; `cell_of` leads from a key to its cell."""
    rows: list[Row] = []
    names: list[str] = []
    faults: list[Fault] = []
    for fact in sorted(facts, key=repr):
        cells: dict[int, int] = {}
        absent = []
        for number, about in enumerate(_cells(fact)):
            key = space.key(about)
            if key in cell_of:
                cells[number] = cell_of[key]
            else:
                absent.append(", ".join(f"{name} {code}" for name, code in about.items()))
        faults += [fault("no_cell", fact=fact.name, cell=one) for one in absent]
        if absent:
            continue
        made = _rows(fact, cells, {cell: int(value[cell]) for cell in cells.values() if public[cell]})
        settled = not any(unknown[cell] for cell in cells.values())
        if settled and not all(_holds(row, value) for row in made):
            faults.append(fault("fact_wrong", fact=fact.name))
            continue
        rows += made
        names += [fact.name] * len(made)
    return of_rows([terms for terms, _ in rows], [bounds for _, bounds in rows], lambda row: names[row]), faults


def _holds(row: Row, value: Whole) -> bool:
    terms, (lower, upper) = row
    return lower <= sum(coefficient * int(value[cell]) for cell, coefficient in terms) <= upper


def _cells(fact: Fact) -> list[About]:
    match fact:
        case Linear():
            return [about for _, about in fact.terms]
        case Rounded():
            return [fact.cell]
        case Ratio():
            return [fact.numerator, fact.denominator]


def _rows(fact: Fact, cells: Mapping[int, int], known: Mapping[int, int]) -> list[Row]:
    match fact:
        case Linear():
            terms: dict[int, int] = {}
            for number, (coefficient, _) in enumerate(fact.terms):
                terms[cells[number]] = terms.get(cells[number], 0) + coefficient
            return [(sorted(terms.items()), (fact.lower, fact.upper))]
        case Rounded():
            half = fact.base // 2
            return [([(cells[0], 1)], (fact.value - half, fact.value + half))]
        case Ratio():
            return ratio_rows(fact, cells[0], cells[1], known.get(cells[1]))


def ratio_rows(fact: Ratio, numerator: int, denominator: int, known: int | None) -> list[Row]:
    """The rows of a rate: an interval where the denominator is known, else two inequalities between both cells."""
    half = Fraction(1, 2 * 10**fact.decimals)
    low, high = (Fraction(fact.value) - fact.offset + side * half for side in (-1, 1))
    if known is not None:
        ends = sorted((low * known / fact.factor, high * known / fact.factor))
        return [([(numerator, 1)], (ceil(ends[0]), floor(ends[1])))]
    scale = 2 * 10**fact.decimals
    above = ([(numerator, fact.factor * scale), (denominator, -int(low * scale))], (0, int(UNBOUNDED)))
    below = ([(numerator, fact.factor * scale), (denominator, -int(high * scale))], (-int(UNBOUNDED), 0))
    return [above, below]
