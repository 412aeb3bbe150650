# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is to be formed of one concept, as tables for the steps: pieces, candidates, rules, periods.

Belongs here: what a concept, its measures and the offers of tables come to. Does not belong here: figures (`steps`) and
the order of the sums (`cells`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from quality.cells.plan import Offer, Recipe, kept_by_municipality, publicity, recipes, table_class
from quality.cells.sql import CLASSES, PUBLICITIES
from raw.contracts import Source
from raw.vocabulary.measures import Measure, concepts, partitions, plain_name
from raw.vocabulary.period import frequency, parts
from raw.vocabulary.relations import period_terms

_COARSER = (("Q", "M"), ("S", "Q"), ("S", "M"), ("A", "S"), ("A", "Q"), ("A", "M"))
"""Which frequency is made of which, the coarsest pieces first."""


@dataclass
class Work:
    """What is to be formed of one concept, and from what."""

    concept: str
    named: Mapping[str, Measure]
    offers: Sequence[Offer]
    contracts: Mapping[str, Source]

    @cached_property
    def recipes(self) -> list[Recipe]:
        """What adds up to each plain measure, per table."""
        return recipes(self.named, self.offers)

    @cached_property
    def sources(self) -> list[str]:
        """The sources that are used."""
        return sorted({recipe.source for recipe in self.recipes})

    def listed(self) -> list[list[Any]]:
        """The recipes as they are written down: measure, source, table, dimension strings."""
        return [[one.measure, one.source, one.table, list(one.pieces)] for one in self.recipes]

    def about(self) -> dict[str, Any]:
        """Everything that decides what is formed, but the figures and the areas."""
        entry = concepts()[self.concept].model_dump()
        tables = sorted({(one.source, one.table) for one in self.offers})
        return {
            "concept": entry,
            "measures": {name: measure.model_dump() for name, measure in self.named.items()},
            "partitions": partitions(),
            "municipal": kept_by_municipality(),
            "offers": [repr(one) for one in self.offers],
            "tables": [
                (source, table, table_class(self.contracts[source], table, self.named),
                 publicity(self.contracts[source], table))
                for source, table in tables
            ],
        }  # fmt: skip

    def numbers(self) -> dict[str, int]:
        """The measures by number."""
        return {name: number for number, name in enumerate(sorted(self.named))}

    def direct(self) -> set[str]:
        """Measures that one table states as they are, and from which no other year is made."""
        counted: dict[str, list[Recipe]] = {}
        for recipe in self.recipes:
            counted.setdefault(recipe.measure, []).append(recipe)
        bases = {plain_name(measure) for measure in self.named.values() if not measure.plain}
        several = {(one.source, one.table, one.dims) for one in self.offers if one.columns}
        return {
            name
            for name, found in counted.items()
            if len(found) == len(found[0].pieces) == 1
            and name not in bases
            and (found[0].source, found[0].table, found[0].pieces[0]) not in several
        }

    def stated(self, names: set[str]) -> pl.DataFrame:
        """The table `steps.state`: measure, source, table, dims, class, publicity, own_table."""
        rows = [
            (one.measure, one.source, one.table, one.pieces[0], self._class(one),
             publicity(self.contracts[one.source], one.table), f"{one.source}/{one.table}")
            for one in self.recipes
            if one.measure in names
        ]  # fmt: skip
        return pl.DataFrame(rows, schema=_STATED, orient="row")

    def tables(self, without: set[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The tables `piece` and `candidate` of `steps.load`, but for some measures."""
        several = {(one.source, one.table, one.dims): one.columns for one in self.offers}
        kinds = {place: number for number, place in enumerate(several)}
        measures, bits = self.numbers(), {name: bit for bit, name in enumerate(self.sources)}
        pieces, candidates = [], []
        for number, recipe in enumerate(self.recipes):
            if recipe.measure in without:
                continue
            public = publicity(self.contracts[recipe.source], recipe.table)
            candidates.append(
                (number, CLASSES.index(self._class(recipe)), PUBLICITIES.index(public), 1 << bits[recipe.source],
                 number, f"{recipe.source}/{recipe.table}")
            )  # fmt: skip
            for dims in recipe.pieces:
                place = (recipe.source, recipe.table, dims)
                pieces.append((kinds[place], *place, several[place], measures[recipe.measure], number,
                               len(recipe.pieces)))  # fmt: skip
        return (
            pl.DataFrame(pieces, schema=_PIECE, orient="row"),
            pl.DataFrame(candidates, schema=_CANDIDATE, orient="row"),
        )

    def _class(self, recipe: Recipe) -> str:
        return table_class(self.contracts[recipe.source], recipe.table, self.named)[recipe.measure]

    def rules(self) -> pl.DataFrame:
        """Measures that look at other years: measure, base, offset, coef, offsets."""
        numbers = self.numbers()
        rows = [
            (numbers[name], numbers[plain_name(measure)], offset, coef, len(measure.offsets))
            for name, measure in self.named.items()
            if not measure.plain
            for offset, coef in measure.offsets.items()
        ]
        return pl.DataFrame(rows, schema=_RULE, orient="row")

    def period_terms(self, periods: Iterable[str]) -> pl.DataFrame:
        """What longer periods are made of: measure, target, part, coef, parts, step."""
        numbers = self.numbers()
        by_frequency: dict[str, set[str]] = {}
        for period in periods:
            by_frequency.setdefault(frequency(period), set()).add(period)
        rows = []
        for step, (code, finer) in enumerate(_COARSER):
            targets = _longer(by_frequency.get(finer, set()), code)
            by_frequency.setdefault(code, set()).update(targets)
            for target in sorted(targets):
                for name, measure in self.named.items():
                    terms = period_terms(measure, target, finer) if measure.plain else None
                    rows += [(numbers[name], target, part, coef, len(terms or ()), step) for part, coef in terms or ()]
        return pl.DataFrame(rows, schema=_PERIOD_TERM, orient="row")


_STATED = dict.fromkeys(("measure", "source", "table", "dims", "class", "publicity", "own_table"), pl.String)
_PIECE: dict[str, Any] = {
    "kind": pl.Int16, "source": pl.String, "table": pl.String, "dims": pl.String, "several": pl.Boolean,
    "measure": pl.Int16, "candidate": pl.Int16, "pieces": pl.Int16,
}  # fmt: skip
_CANDIDATE: dict[str, Any] = {
    "candidate": pl.Int16, "class": pl.Int8, "publicity": pl.Int8, "bit": pl.UInt64, "rank": pl.Int16,
    "table": pl.String,
}  # fmt: skip
_RULE: dict[str, Any] = {
    "measure": pl.Int16, "base": pl.Int16, "offset": pl.Int32, "coef": pl.Float64, "offsets": pl.Int32,
}  # fmt: skip
_PERIOD_TERM: dict[str, Any] = {
    "measure": pl.Int16, "target": pl.String, "part": pl.String, "coef": pl.Float64, "parts": pl.Int32,
    "step": pl.Int32,
}  # fmt: skip


def _longer(periods: Iterable[str], code: str) -> set[str]:
    """The periods of a frequency in which some shorter ones lie."""
    found = set()
    for period in periods:
        year, month = period[:4], _month(period)
        target = {"A": year, "S": f"{year}-S{(month - 1) // 6 + 1}", "Q": f"{year}-Q{(month - 1) // 3 + 1}"}[code]
        if period in parts(target, frequency(period)):
            found.add(target)
    return found


def _month(period: str) -> int:
    """The first month of a month, quarter or half-year."""
    size = {"S": 6, "Q": 3}.get(period[5])
    return int(period[5:]) if size is None else (int(period[6:]) - 1) * size + 1
