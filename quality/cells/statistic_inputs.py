# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What has to be formed before a statistic: measures, quotients of other KPIs, and the elements of vectors.

Belongs here: names and definitions of these cells, and which age groups make a vector. Does not belong here: forming
them (`cells`), and the statistics (`statistic_cells`).

An element of a vector is an ordinary measure: `births_by_age` of the ages 15-19 is `births[age=15-19]`. Where the
vector looks at other years, its elements do too and bear its name (`women_by_age_mean[age=15-19;sex=f]`), so that they
are not taken for the figures of one year. Sums of several years end with their number: `births/P3Y`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from quality.cells.cover import cover
from raw.vocabulary.dimensions import age_interval, format_dims, parse_dims
from raw.vocabulary.measures import Measure, concepts, measures
from transforms.catalogue.model import Catalogue, Kpi, Terms, parse_expression


@dataclass(frozen=True)
class Inputs:
    """Cells that a statistic is made from.

    `measures`: by the name of their cells; those of `expressions` are among them. `vectors`: each stands for its
    elements, one per code of `vector_codes`. `expressions`: numerators and denominators of KPIs among the inputs, and
    of measures that are used as they are.
    """

    measures: Mapping[str, Measure]
    vectors: Mapping[str, Measure]
    expressions: Mapping[str, Terms]


def inputs_of(kpi: Kpi, catalogue: Catalogue) -> Inputs:
    """What must be formed before a statistic, the inputs of its inputs included. A waiting KPI has none."""
    named: dict[str, Measure] = {}
    vectors: dict[str, Measure] = {}
    expressions: dict[str, Terms] = {}
    for name in kpi.used_inputs:
        own = measures().get(name)
        if own is not None:
            cells = input_name(kpi, name)
            pooled = own.model_copy(update={"pool": own.pool * (kpi.years or 1)})
            (vectors if own.vector else named)[cells] = pooled
            if not own.vector and cells == name:
                expressions[name] = parse_expression(name)
            continue
        entry = catalogue[name]
        if entry.computable:
            expressions |= {text: parse_expression(text) for text in entry.expressions}
        elif entry.statistic:
            further = inputs_of(entry, catalogue)
            named |= further.measures
            vectors |= further.vectors
            expressions |= further.expressions
    named |= {name: measures()[name] for terms in expressions.values() for _, name in terms}
    return Inputs(dict(sorted(named.items())), dict(sorted(vectors.items())), dict(sorted(expressions.items())))


def input_name(kpi: Kpi, measure: str) -> str:
    """The name of the cells of an input: the measure, or its sum over the years that the KPI puts together."""
    return f"{measure}/P{kpi.years}Y" if kpi.years else measure


def element_base(vector: str, measure: Measure) -> str:
    """What stands before the dimensions in the names of a vector's elements."""
    return measure.concept if measure.plain else vector


def elements(vector: str, measure: Measure, codes: Iterable[str]) -> dict[str, Measure]:
    """The elements of a vector (its name and definition as in `Inputs`) for some age codes, as measures by name."""
    found = {}
    for code in codes:
        dims = {key: code if old == "*" else old for key, old in measure.dims.items()}
        name = f"{element_base(vector, measure)}[{format_dims(dims)}]"
        found[name] = measure.model_copy(update={"dims": dims, "vector": None})
    return found


def element_codes(vector: str, measure: Measure, names: Iterable[str]) -> dict[str, str]:
    """Those names that are elements of the vector, with their age codes: the inverse of `elements`."""
    start, found = f"{element_base(vector, measure)}[", {}
    dimension, rest = _split(measure)
    for name in names:
        if name.startswith(start) and name.endswith("]"):
            dims = parse_dims(name[len(start) : -1])
            code = dims.pop(dimension, None)
            if code is not None and dims == rest and "|" not in code:
                found[name] = code
    return found


def concept_and_dims(name: str) -> tuple[str, str]:
    """Concept and dimensions of a measure, of a sum over years (`births/P3Y`) and of a vector's element, by its name.

    Raises KeyError for a name that is none of these.
    """
    start, bracket, dims = name.removesuffix("]").partition("[")
    own = measures().get(start.partition("/")[0])
    if own is not None:
        return own.concept, dims if bracket else format_dims(own.dims)
    if start not in concepts():
        raise KeyError(name)
    return start, dims


def vector_codes(measure: Measure, offered: Iterable[str]) -> tuple[str, ...] | None:
    """The finest disjoint age groups that are exactly a vector's span, of those that a table has or that add up to it.

    `offered` are the dimension strings of the concept in one table; a group counts too if it is a sum of what the table
    has (both sexes). None if the span cannot be covered. Raises ValueError for a measure that is no vector.
    """
    if measure.vector is None:
        raise ValueError("only a vector has elements")
    dimension, rest = _split(measure)
    texts = set(offered)
    codes = {code for text in texts if (code := parse_dims(text).get(dimension)) and "|" not in code}
    pieces = {code: cover({**rest, dimension: code}, texts) for code in codes}
    additive = concepts()[measure.concept].additive
    return finest(measure, (code for code, found in pieces.items() if found and (additive or len(found) == 1)))


def finest(measure: Measure, codes: Iterable[str]) -> tuple[str, ...] | None:
    """The most disjoint age groups that together are exactly a vector's span, in order, or None."""
    low, high = age_interval(measure.vector.span if measure.vector else "0+")
    ending = sorted((age_interval(code), code) for code in set(codes))
    best: dict[int, tuple[str, ...]] = {low: ()}
    for (first, last), code in ending:
        if first in best and last <= high:
            pieces = (*best[first], code)
            if len(pieces) > len(best.get(last + 1, ())):
                best[last + 1] = pieces
    return best.get(high + 1)


def _split(measure: Measure) -> tuple[str, dict[str, str]]:
    """The dimension of the elements, and the filter beside it."""
    dimension = next(key for key, code in measure.dims.items() if code == "*")
    return dimension, {key: code for key, code in measure.dims.items() if code != "*"}
