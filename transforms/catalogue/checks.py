# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""Whether the entries of the catalogue fit the vocabulary and each other: one sentence per fault, all at once.

Here belong tokens, units, closed lists, rules against the kinds of measures, and cycles. Not here: what one entry
alone can get wrong (`model`), and files (`catalogue`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from raw.vocabulary.lists import codes
from raw.vocabulary.measures import Concept, concepts, measures
from raw.vocabulary.period import frequency
from transforms.catalogue.methods import METHODS
from transforms.catalogue.model import Kpi, parse_expression

QUARTER_RULES = {"end": "stock_at_end", "mean": "mean_of_months", "sum": "sum_of_flow"}
"""What a quarter is made of, by the time rule of the numerator's concepts."""


@cache
def units() -> dict[str, dict[str, Any]]:
    """The units of KPIs (`units.yml`)."""
    found: dict[str, dict[str, Any]] = yaml.load(
        (Path(__file__).parent / "units.yml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return found


def check(kpis: Mapping[str, Kpi], ids: Set[str]) -> list[str]:
    """All faults of some KPIs, in the order of their ids. `ids`: entries that exist, also those that are faulty."""
    faults = [f"KPI {kpi.id}: {fault}" for kpi in kpis.values() for fault in _faults(kpi, kpis, ids)]
    return faults + [f"KPI {kpi}: is made from itself: {' > '.join(way)}" for kpi, way in _cycles(kpis)]


def _faults(kpi: Kpi, kpis: Mapping[str, Kpi], ids: Set[str]) -> Iterator[str]:
    used = [name for text in kpi.expressions for _, name in parse_expression(text)]
    unknown = sorted({name for name in used if name not in measures()})
    unknown += sorted({name for name in kpi.inputs if name not in measures() and name not in ids})
    if unknown:
        yield f"no measure {', '.join(unknown)}"
    elif kpi.method:
        yield from _method_faults(kpi, kpis)
    elif kpi.numerator:
        if vectors := sorted({name for name in used if measures()[name].vector}):
            yield f"{', '.join(vectors)} has a value per age; only a statistic can use it"
        yield from _unit_faults(kpi)
        yield from _rule_faults(kpi)
        yield from _quarter_faults(kpi)
    if kpi.unit not in units():
        yield f"no unit {kpi.unit}; there are {', '.join(sorted(units()))}"
    for field, known in (("denominator_bases", "bases"), ("basis", "bases"), ("levels", "area_levels")):
        if strange := sorted(set(getattr(kpi, field)) - set(codes(known))):
            yield f"{field}: not in the list of {known}: {', '.join(strange)}"
    yield from _break_faults(kpi)


def _break_faults(kpi: Kpi) -> Iterator[str]:
    """A break speaks of bases that exist, and is told once."""
    for one in kpi.breaks:
        if strange := sorted(set(one.basis) - set(codes("bases"))):
            yield f"break of {one.first}: not in the list of bases: {', '.join(strange)}"
        if len(set(one.basis)) < len(one.basis) or kpi.breaks.count(one) > 1:
            yield f"break of {one.first}: stands twice"


def _method_faults(kpi: Kpi, kpis: Mapping[str, Kpi]) -> Iterator[str]:
    """A statistic has the inputs of its method, and its id is no measure: its cells bear it."""
    form, roles = METHODS[kpi.method or "z_index"], [_role(name) for name in kpi.inputs]
    if kpi.id in measures():
        yield "a statistic cannot have the id of a measure"
    if form.inputs and tuple(roles) != form.inputs:
        yield f"{kpi.method} needs as inputs: {', '.join(form.inputs)}; these are: {', '.join(roles)}"
    elif not form.inputs and "vector" in roles:
        yield f"{kpi.method} takes no measure that has a value per age"
    if kpi.years and (pooled := sorted(name for name in {*kpi.inputs} & {*measures()} if measures()[name].pool > 1)):
        yield f"years: {', '.join(pooled)} are sums of several years already"
    if kpi.lag_years and [getattr(kpis.get(name), "method", None) for name in kpi.inputs] != ["z_index"]:
        yield "lag_years needs one input that is an index of z-scores"
    if kpi.unit in units() and kpi.factor != units()[kpi.unit]["factor"]:
        yield f"the unit {kpi.unit} needs the factor {units()[kpi.unit]['factor']}, not {kpi.factor:g}"
    try:
        frequency(kpi.base or "2000")
    except ValueError as error:
        yield f"base_period: {error}"


def _role(name: str) -> str:
    return "KPI" if name not in measures() else "vector" if measures()[name].vector else "measure"


def _concepts(expression: str | None) -> dict[str, Concept]:
    names = [name for _, name in parse_expression(expression)] if expression else []
    return {name: concepts()[measures()[name].concept] for name in names}


def _unit_faults(kpi: Kpi) -> Iterator[str]:
    above, below = ({one.unit for one in _concepts(text).values()} for text in (kpi.numerator, kpi.denominator))
    for role, found in (("numerator", above), ("denominator", below)):
        if len(found) > 1:
            yield f"the {role} adds different units: {', '.join(sorted(found))}"
    if (unit := units().get(kpi.unit)) is None:
        return
    if kpi.as_published:
        if (kpi.factor, above) != (1, {kpi.unit}):
            yield f"a rate as published stands in {kpi.unit} and has the factor 1"
        return
    if kpi.factor != unit["factor"]:
        yield f"the unit {kpi.unit} needs the factor {unit['factor']}, not {kpi.factor:g}"
    for role, found, allowed in (("numerator", above, unit.get("of")), ("denominator", below, unit.get("per"))):
        if allowed and found and not found <= set(allowed):
            yield f"the unit {kpi.unit} needs {', '.join(allowed)} as {role}, not {', '.join(sorted(found))}"
    if unit.get("part") and below and above != below:
        yield f"the unit {kpi.unit} needs the same unit on both sides, not {', '.join(sorted(above | below))}"


def _rule_faults(kpi: Kpi) -> Iterator[str]:
    """Figures that do not add up over areas need a rule that takes them as delivered; a balance of flows adds up."""
    balance = kpi.numerator is not None and sum(coef for coef, _ in parse_expression(kpi.numerator)) == 0
    for text in kpi.expressions:
        for name, concept in _concepts(text).items():
            if concept.geo in ("boundary", "distinct") and kpi.rule != "boundary_flow" and not balance:
                yield f"{name} does not add up over areas: the rule is boundary_flow"
            if (concept.geo == "published" or concept.kind == "rate") and kpi.rule != "published_only":
                yield f"{name} is published per level: the rule is published_only"
    if kpi.rule == "boundary_flow" and all(one.additive_geo for one in _concepts(kpi.numerator).values()):
        yield "the rule boundary_flow needs a numerator that does not add up over areas"


def _quarter_faults(kpi: Kpi) -> Iterator[str]:
    shorter = [freq for freq in kpi.frequencies if freq != "A"]
    if (kpi.quarter_rule != "none") != ("Q" in kpi.frequencies):
        yield f"quarter_rule {kpi.quarter_rule} does not go with the frequencies {', '.join(kpi.frequencies)}"
    for name, concept in _concepts(kpi.numerator).items():
        fitting = QUARTER_RULES.get(concept.time_rule, "none")
        if kpi.quarter_rule not in ("none", fitting):
            yield f"quarter_rule {kpi.quarter_rule} does not fit {name}, which needs {fitting}"
        if shorter and measures()[name].at:
            yield f"{name} has one reference date in the year: no frequency {', '.join(shorter)}"


def _cycles(kpis: Mapping[str, Kpi]) -> Iterator[tuple[str, list[str]]]:
    """KPIs that lead back to themselves over inputs, each with the way; a measure of the same name is no KPI."""
    for kpi in kpis:
        ways, seen = [[kpi]], set()
        while ways:
            way = ways.pop()
            for step in kpis[way[-1]].inputs:
                if step == kpi:
                    yield kpi, [*way, step]
                    ways = []
                    break
                if step in kpis and step not in measures() and step not in seen:
                    seen.add(step)
                    ways.append([*way, step])
