# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations between measures, derived from their definitions; only balances and sums of several sources are declared.

Belongs here: what must hold between cells of one area, whatever the figures are. Does not belong here: relations
between areas (`quality.areas`), and forming or checking cells (`quality.cells`, `quality.checks`).

kind: `subset` (the part is at most the whole), `partition` (the parts are the whole), `shift`, `mean` and `pool` (other
years of the same figure), `vector` (all elements together), `balance` (declared). Of subsets and partitions the direct
ones are given; `implies` follows them. A relation that is not exact is true of the people, but the two figures have
different reference dates, or one has corrections: the difference may give somebody away, but nothing can be checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from raw.vocabulary.dimensions import intervals
from raw.vocabulary.filters import Contradiction, both, chain, closure, lies_in, root
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import Measure, concepts, declared, dimensions, plain_name, reference
from raw.vocabulary.period import bounds, frequency, parts, shift, span, start_date

RelationKind = Literal["subset", "partition", "shift", "mean", "pool", "vector", "balance"]


@dataclass(frozen=True)
class Term:
    """A measure some years off, with a coefficient. A name like `pop[age=15-49;sex=f]` is a cell without a measure."""

    measure: str
    coefficient: float = 1.0
    offset: int = 0


@dataclass(frozen=True)
class Relation:
    """whole = sum of coefficient * part; for a subset: the one part is at most the whole."""

    kind: RelationKind
    whole: str
    parts: tuple[Term, ...]
    exact: bool = True
    note: str = ""


@dataclass(frozen=True)
class _Entry:
    """A measure in its normal form."""

    name: str
    concept: str
    dims: Mapping[str, str]
    closed: Mapping[str, str]
    chain: tuple[tuple[str, dict[str, str]], ...]
    rule: tuple[tuple[int, float], ...]
    reference: str


def relations(named: Mapping[str, Measure]) -> list[Relation]:
    """All relations between these measures: subsets, partitions, other years, vectors, declared ones."""
    entries = [_entry(name, measure) for name, measure in named.items() if _counts(measure)]
    return [
        *_subsets(entries),
        *_partitions(entries),
        *_other_years(named),
        *_declared(named),
    ]


def subsets(named: Mapping[str, Measure]) -> Iterator[tuple[str, str]]:
    """Only the direct subsets among these measures, exact ones and others: (part, whole)."""
    for one in _subsets([_entry(name, measure) for name, measure in named.items() if _counts(measure)]):
        yield one.parts[0].measure, one.whole


def _counts(measure: Measure) -> bool:
    return measure.vector is None and concepts()[measure.concept].additive


def _entry(name: str, measure: Measure) -> _Entry:
    concept, dims = root(measure.concept, measure.dims)
    rule = tuple(measure.offsets.items())
    return _Entry(
        name, concept, dims, closure(dims), tuple(chain(measure.concept, measure.dims)), rule, reference(measure)
    )


def _below(part: _Entry, whole: _Entry) -> bool:
    """Whether everybody in the part is in the whole, in the same years; not if they are the same people."""
    if part.rule != whole.rule or (part.concept, part.closed) == (whole.concept, whole.closed):
        return False
    return any(
        concept == whole.concept
        and all(name in dims and lies_in(name, dims[name], code) for name, code in whole.dims.items())
        for concept, dims in part.chain
    )


def _subsets(entries: Sequence[_Entry]) -> Iterator[Relation]:
    """The direct subsets: what follows from two others is left out."""
    by_concept: dict[str, list[_Entry]] = {}
    for entry in entries:
        by_concept.setdefault(entry.concept, []).append(entry)
    above: dict[str, dict[str, bool]] = {}
    for part in entries:
        around = [whole for concept, _ in part.chain for whole in by_concept.get(concept, [])]
        above[part.name] = {whole.name: part.reference == whole.reference for whole in around if _below(part, whole)}
    references = {entry.name: entry.reference for entry in entries}
    for part_name, wholes in above.items():
        for whole_name, exact in wholes.items():
            steps = [step for step in wholes if whole_name in above[step]]
            if any((wholes[step] and above[step][whole_name]) or not exact for step in steps):
                continue
            note = "" if exact else f"{references[part_name]} against {references[whole_name]}"
            yield Relation("subset", whole_name, (Term(part_name),), exact, note)


def _partitions(entries: Sequence[_Entry]) -> Iterator[Relation]:
    """Groups that together are the whole: by the codes of a dimension, or by ranges that follow each other."""
    groups: dict[tuple[object, ...], list[_Entry]] = {}
    for entry in entries:
        groups.setdefault((entry.concept, entry.rule, entry.reference), []).append(entry)
    for group in groups.values():
        for whole in group:
            for name, dimension in dimensions().items():
                found = {entry.closed[name]: entry.name for entry in group if _is_slice(entry, whole, name)}
                if dimension.interval:
                    choices: Iterable[Sequence[str]] = _covers(whole.closed.get(name) or dimension.covers, found)
                else:
                    own = dimension.codes.get(whole.closed.get(name, ""))
                    needed = own.parts if own else [] if name in whole.closed else dimension.partition
                    choices = [needed] if needed and set(needed) <= set(found) else []
                for codes in choices:
                    yield Relation("partition", whole.name, tuple(Term(found[code]) for code in codes), note=name)


def _is_slice(part: _Entry, whole: _Entry, dimension: str) -> bool:
    """Whether the part is exactly those of the whole who have the part's code of the dimension."""
    if dimension not in part.closed or part.closed == whole.closed:
        return False
    try:
        return closure(both(whole.closed, {dimension: part.closed[dimension]})) == part.closed
    except Contradiction:
        return False


def _covers(wanted: str | None, codes: Iterable[str]) -> Iterator[list[str]]:
    """Rows of ranges that are together the wanted one; not those in which some stand for one that is there itself."""
    if wanted is None or len(intervals(wanted)) != 1:
        return
    ranges = {intervals(code)[0]: code for code in codes if len(intervals(code)) == 1}
    (low, high) = intervals(wanted)[0]

    def rows(at: int, row: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
        if at > high:
            yield row
        for begin, end in sorted(ranges):
            merged = any((earlier, end) in ranges for earlier, _ in row)
            if begin == at and end <= high and not merged:
                yield from rows(end + 1, [*row, (begin, end)])

    for row in rows(low, []):
        if len(row) > 1:
            yield [ranges[one] for one in row]


def _other_years(named: Mapping[str, Measure]) -> Iterator[Relation]:
    """A measure with a period rule as a combination of years; a vector's elements as their total."""
    for name, measure in named.items():
        if measure.vector is not None:
            dims = {key: code for key, code in measure.total_dims.items() if code != dimensions()[key].covers}
            base = plain_name(Measure(concept=measure.concept, dims=dims, at=measure.at), named)
            kind: RelationKind = "vector"
        elif measure.plain:
            continue
        else:
            base = plain_name(measure, named)
            kind = "pool" if measure.pool > 1 else "mean" if measure.mean_of else "shift"
        yield Relation(kind, name, tuple(Term(base, coef, offset) for offset, coef in measure.offsets.items()))


def _declared(named: Mapping[str, Measure]) -> Iterator[Relation]:
    for entry in declared():
        if {entry.whole, *entry.parts} <= set(named):
            terms = tuple(Term(name, coefficient) for name, coefficient in entry.parts.items())
            yield Relation(entry.kind, entry.whole, terms, entry.exact, entry.note)


def implies(derived: Iterable[Relation], relation: Relation) -> bool:
    """Whether a subset or a sum follows from exact derived relations, over several steps or by adding them up."""
    exact = [other for other in derived if other.exact]
    if relation.kind == "subset":
        return relation.whole in _above(relation.parts[0].measure, exact)
    rows = [_row(other) for other in exact if other.kind not in ("subset", "vector")]
    return _in_span(_row(relation), rows)


def _above(measure: str, derived: Sequence[Relation]) -> set[str]:
    """Everything of which the measure is a part; of a partition all parts are."""
    steps: dict[str, set[str]] = {}
    for relation in derived:
        if relation.kind in ("subset", "partition"):
            for term in relation.parts:
                steps.setdefault(term.measure, set()).add(relation.whole)
    found: set[str] = set()
    queue = [measure]
    while queue:
        new = steps.get(queue.pop(), set()) - found
        found |= new
        queue.extend(new)
    return found


_Row = dict[tuple[str, int], Fraction]


def _row(relation: Relation) -> _Row:
    row: _Row = {(relation.whole, 0): Fraction(1)}
    for term in relation.parts:
        key = (term.measure, term.offset)
        row[key] = row.get(key, Fraction(0)) - Fraction(term.coefficient).limit_denominator(1000)
    return row


def _in_span(wanted: _Row, rows: Iterable[_Row]) -> bool:
    """Whether one equation is a linear combination of others (elimination in fractions)."""
    pivots: dict[tuple[str, int], _Row] = {}
    for row in rows:
        if rest := _reduced(row, pivots):
            pivots[min(rest)] = rest
    return not _reduced(wanted, pivots)


def _reduced(row: _Row, pivots: Mapping[tuple[str, int], _Row]) -> _Row:
    """What is left of an equation; the pivots were put in one by one, each reduced by those before it."""
    row = {key: value for key, value in row.items() if value}
    while hit := row.keys() & pivots.keys():
        key = min(hit)
        factor = row[key] / pivots[key][key]
        for other, value in pivots[key].items():
            row[other] = row.get(other, Fraction(0)) - factor * value
        row = {key: value for key, value in row.items() if value}
    return row


def period_terms(measure: Measure, period: str, code: str) -> tuple[tuple[str, float], ...] | None:
    """What the figure of a period is made of, in periods of a finer frequency: (period, coefficient), or None.

    A flow is the sum, a stock the end, a mean the mean of its months or quarters; an annual figure with a reference
    date is the month of that date. A span of several years is the sum of its years, of a stock too (person-years).
    None where nothing finer adds up to the period: weeks, quarters that do not end with the reference month, figures
    of one day such as elections.
    """
    concept = concepts()[measure.concept]
    rule, own = concept.time_rule, frequency(period)
    if rule == "none" and own == "A":
        return None
    try:
        pieces = parts(_own_year(period, concept.year), code)
    except ValueError:
        return None
    if own.startswith("A") and own != "A":
        return tuple((piece, 1.0) for piece in pieces) if code == "A" else None
    if own == "A" and measure.at is not None:
        ending = [piece for piece in pieces if bounds(piece)[1].month == measure.at.month]
        return ((ending[0], 1.0),) if len(ending) == 1 else None
    if rule == "end":
        return ((pieces[-1], 1.0),)
    return tuple((piece, 1 / len(pieces) if rule == "mean" else 1.0) for piece in pieces)


def _own_year(period: str, year: str) -> str:
    """The months of a bare year, which for schools and training begin in another month."""
    entry = lists()["years"][year]
    if len(period) > 4 or entry["month"] == 1:
        return period
    begins = shift(period, -1 if entry["named"] == "end" else 0)
    return span(start_date(begins).replace(month=entry["month"]), 1)


def describe(relation: Relation) -> str:
    """The relation in one line, as people write it."""
    terms = [
        f"{'- ' if term.coefficient < 0 else '+ '}"
        f"{'' if abs(term.coefficient) == 1 else f'{abs(term.coefficient):g} * '}{term.measure}"
        f"{f'[{term.offset:+d}]' if term.offset else ''}"
        for term in relation.parts
    ]
    total = " ".join(terms).removeprefix("+ ")
    if relation.kind == "subset":
        return f"{total} ⊆ {relation.whole}"
    return f"{relation.whole} = {total}"
