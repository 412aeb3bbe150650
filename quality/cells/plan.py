# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which cells are formed: the measures and expressions that KPIs use, by domain and concept, and their recipes.

Belongs here: what follows from catalogue, vocabulary and contracts alone. Does not belong here: figures (`steps`) and
files (`cells`).

A measure belongs to the domain of its concept (the file of the vocabulary that it stands in), so that each cell is
formed once, whichever KPIs use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from quality.cells.cover import cover
from quality.cells.sql import CLASSES
from quality.cells.statistic_inputs import elements, inputs_of, vector_codes
from raw.contracts import Source, table_settings
from raw.vocabulary.dimensions import format_dims
from raw.vocabulary.lists import lists
from raw.vocabulary.measures import Measure, class_of, concepts, domain_of, measures, plain_name
from transforms.catalogue.catalogue import Catalogue, Kpi, Terms, parse_expression


@dataclass(frozen=True)
class Plan:
    """The expressions of a domain, canonical text → terms, and the measures that they are made of.

    `inner` and `vectors`: measures that only statistics are made from; of a vector the elements that a table offers.
    """

    domain: str
    expressions: Mapping[str, Terms]
    measures: Mapping[str, Measure]
    inner: Mapping[str, Measure] = field(default_factory=dict)
    vectors: Mapping[str, Measure] = field(default_factory=dict)

    @property
    def concepts(self) -> list[str]:
        """The concepts that are needed, in alphabetical order."""
        every = (*self.measures.values(), *self.inner.values(), *self.vectors.values())
        return sorted({measure.concept for measure in every})

    def of_concept(self, concept: str, offers: Iterable[Offer] = ()) -> dict[str, Measure]:
        """The measures of a concept, the elements of vectors, and the plain measures that period rules start from."""
        found: dict[str, Measure] = {}
        for name, measure in sorted({**self.measures, **self.inner, **self.elements(concept, offers)}.items()):
            if measure.concept == concept:
                found[name] = measure
                if not measure.plain:
                    found.setdefault(plain_name(measure), plain(measure))
        return found

    def elements(self, concept: str, offers: Iterable[Offer]) -> dict[str, Measure]:
        """The elements of the vectors of a concept: the finest age groups of each table that covers them."""
        offered: dict[tuple[str, str], list[str]] = {}
        for offer in offers:
            offered.setdefault((offer.source, offer.table), []).append(offer.dims)
        found: dict[str, Measure] = {}
        for vector, measure in self.vectors.items():
            for texts in offered.values() if measure.concept == concept else ():
                found |= elements(vector, measure, vector_codes(measure, texts) or ())
        return found

    def combinations(self) -> dict[str, Terms]:
        """The expressions that are more than one measure."""
        return {text: terms for text, terms in self.expressions.items() if len(terms) > 1 or terms[0][0] != 1}


@dataclass(frozen=True)
class Offer:
    """What a table delivers of a concept: one dimension string. `columns`: whether more than one column has it."""

    source: str
    table: str
    concept: str
    dims: str
    columns: bool = False


@dataclass(frozen=True)
class Recipe:
    """The dimension strings of one table that add up to a measure."""

    measure: str
    source: str
    table: str
    pieces: tuple[str, ...]


def expressions(kpis: Iterable[Kpi]) -> dict[str, Terms]:
    """Numerators and denominators of some KPIs: canonical text → terms (coefficient, measure)."""
    texts = {text for kpi in kpis for text in kpi.expressions}
    return {text: parse_expression(text) for text in sorted(texts)}


def plans(catalogue: Catalogue) -> dict[str, Plan]:
    """What a domain forms for the computable KPIs, in alphabetical order; an expression belongs to its first term."""
    wanted = expressions(catalogue.computable())
    inner: dict[str, Measure] = {}
    vectors: dict[str, Measure] = {}
    for kpi in catalogue.statistics():
        asked = inputs_of(kpi, catalogue)
        inner |= asked.measures
        vectors |= asked.vectors
    by_domain: dict[str, dict[str, Terms]] = {}
    for text, terms in wanted.items():
        by_domain.setdefault(domain_of(measures()[terms[0][1]].concept), {})[text] = terms
    for measure in (*inner.values(), *vectors.values()):
        by_domain.setdefault(domain_of(measure.concept), {})
    return {domain: plan(domain, texts, inner, vectors) for domain, texts in sorted(by_domain.items())}


def plan(
    domain: str,
    wanted: Mapping[str, Terms],
    inner: Mapping[str, Measure] | None = None,
    vectors: Mapping[str, Measure] | None = None,
) -> Plan:
    """The plan for some expressions, and for what statistics need of the domain.

    Raises KeyError naming the measures that the vocabulary does not define.
    """
    names = sorted({measure for terms in wanted.values() for _, measure in terms})
    if unknown := [name for name in names if name not in measures()]:
        raise KeyError(f"measures without a definition: {', '.join(unknown)}")
    own = {name: measures()[name] for name in names}
    only = {name: one for name, one in (inner or {}).items() if name not in own and domain_of(one.concept) == domain}
    within = {name: one for name, one in (vectors or {}).items() if domain_of(one.concept) == domain}
    return Plan(domain, wanted, own, only, within)


def plain(measure: Measure) -> Measure:
    """The measure without its period rule."""
    return measure.model_copy(update={"shift": 0, "mean_of": [], "pool": 1})


def sources_of(wanted: Iterable[str], sources: Mapping[str, Source]) -> list[str]:
    """The sources whose contracts deliver one of the concepts."""
    needed = set(wanted)
    return sorted(
        source.id
        for source in sources.values()
        if any(rule.concept in needed for table in source.tables.values() for rule in table.columns.values())
    )


def recipes(named: Mapping[str, Measure], offers: Iterable[Offer]) -> list[Recipe]:
    """For every table and plain measure of one concept the dimension strings that add up to it, if there are any.

    What cannot be added is taken only as it stands. Two measures with equal filters and reference dates are formed
    under the first name.
    """
    offered: dict[tuple[str, str], list[str]] = {}
    for offer in offers:
        offered.setdefault((offer.source, offer.table), []).append(offer.dims)
    found = []
    for (source, table), texts in sorted(offered.items()):
        for name, measure in sorted(named.items()):
            pieces = cover(measure.dims, sorted(texts)) if measure.plain and measure.vector is None else None
            if pieces and (pieces == (format_dims(measure.dims),) or concepts()[measure.concept].additive):
                found.append(Recipe(name, source, table, pieces))
    return found


def table_class(source: Source, table: str, named: Mapping[str, Measure]) -> dict[str, str]:
    """Per measure its class in a table: the more sensitive one of table and measure."""
    own = table_settings(source, source.tables[table])["class"]
    return {name: max(own, class_of(measure), key=CLASSES.index) for name, measure in named.items()}


def publicity(source: Source, table: str) -> str:
    """Whether the table is public at its publisher."""
    return table_settings(source, source.tables[table])["publicity"]


def kept_by_municipality() -> list[str]:
    """Bases of registers that the municipalities keep: nobody else publishes the sum of a Kreis on them."""
    return [name for name, basis in lists()["bases"].items() if basis.get("kept_by") == "municipality"]
