# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The rules of the door: per class, concept or measure, and tier.

Belongs here: the model of `disclosure_rules.yml` and its floor. Does not belong here: applying rules (`model.primary`,
`product.assembly`).

Rules of several places come together as the strictest. A site may only be stricter than the product, and nobody weaker
than the floor.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from raw.vocabulary.lists import lists
from raw.vocabulary.measures import concepts

DEFAULT_RULES = Path(__file__).with_name("default_rules.yml")


Zeros = Literal["published", "protected", "structural"]


class Rule(BaseModel):
    """Counts of 1 to `min_count - 1` are unsafe; with `complement` so is a rest of that size, and no rest at all.

    `zeros`: published ones are known to everybody (so a withheld cell is known to be 1 or more) and never withheld;
    protected ones may be withheld; structural ones cannot be otherwise and are known. `group_disclosure` names
    dimensions: whoever is all of a whole along one of them is unsafe (100 %), and where zeros are protected also who is
    none of it (0 %). `min_denominator`: no rate on fewer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_count: int = 0
    complement: bool = False
    zeros: Zeros = "published"
    min_denominator: int = 0
    group_disclosure: tuple[str, ...] = ()

    def stricter(self, other: Rule | None) -> Rule:
        """Both rules as one that keeps both."""
        if other is None:
            return self
        return Rule(
            min_count=max(self.min_count, other.min_count),
            complement=self.complement or other.complement,
            zeros="protected" if "protected" in (self.zeros, other.zeros) else max(self.zeros, other.zeros),
            min_denominator=max(self.min_denominator, other.min_denominator),
            group_disclosure=tuple(sorted({*self.group_disclosure, *other.group_disclosure})),
        )


class MeasureRule(BaseModel):
    """What a table's column is and who answers for its rule; `tiers` make the rule of its class stricter.

    `within`: the measure of the whole that these are a part of (complement). `decimals`: how far its units are divided
    (0: counted persons or cases). `signed`: a balance, which may be negative.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    klass: str = Field(alias="class")
    owner: str
    legal_basis: str
    date: dt.date
    sensitivity: Literal["normal", "high"] = "normal"
    within: str | None = None
    decimals: int = Field(default=0, ge=0, le=6)
    signed: bool = False
    tiers: dict[str, Rule] = {}


class TierRules(BaseModel):
    """The rules of one tier: which meanings of columns may pass, and a rule per class of data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meanings: list[str]
    classes: dict[str, Rule]


class Rules(BaseModel):
    """All rules. A class without a rule is refused (`establishment` until dominance rules are built)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    floor: dict[str, int]
    tiers: dict[str, TierRules]
    concepts: dict[str, dict[str, Rule]] = {}
    measures: dict[str, MeasureRule] = {}

    def measure(self, tier: str, measure: str) -> Rule | None:
        """The rule of a measure in a tier: of its class, made stricter by its own. None: it may not be published.

        A measure without an entry of its own is a concept of the vocabulary, or has no rule.
        """
        own = self.measures.get(measure)
        if own is None:
            known = concepts().get(measure)
            return self.rule(tier, known.klass, measure) if known and tier in self.tiers else None
        by_class = self.tiers[tier].classes.get(own.klass) if tier in self.tiers else None
        return by_class.stricter(own.tiers.get(tier)) if by_class else None

    def described(self, measure: str) -> MeasureRule | None:
        """The entry of a measure; a concept of the vocabulary describes itself. None if nobody knows it."""
        known = concepts().get(measure)
        if measure in self.measures or known is None:
            return self.measures.get(measure)
        return MeasureRule.model_validate(
            {"class": known.klass, "owner": "", "legal_basis": "", "date": dt.date.min, "signed": known.signed}
            | {"within": known.within}
        )

    def rule(self, tier: str, klass: str, concept: str) -> Rule | None:
        """The stricter of the class's and the concept's rule in a tier; None if the class has none."""
        by_class = self.tiers[tier].classes.get(klass)
        own = self.concepts.get(concept, {}).get(tier)
        return by_class.stricter(own) if by_class else None


class RulesTooWeak(ValueError):
    """A site's rules fall below what cannot be configured off; the message lists every place."""


def _merge(default: Any, site: Any) -> Any:
    if isinstance(default, Mapping) and isinstance(site, Mapping):
        return {
            key: _merge(default.get(key), site[key]) if key in site else default[key] for key in {**default, **site}
        }
    return default if site is None else site


def load_rules(site_rules: Path | None = None) -> Rules:
    """Default rules with a site's file laid over them. Raises RulesTooWeak, also for a file that is no set of rules."""
    default = Rules.model_validate(yaml.safe_load(DEFAULT_RULES.read_text("utf-8")))
    try:
        site = yaml.safe_load(site_rules.read_text("utf-8")) if site_rules and site_rules.exists() else None
        rules = Rules.model_validate(_merge(default.model_dump(by_alias=True), site or {}))
    except yaml.YAMLError as error:
        raise RulesTooWeak(f"disclosure_rules.yml: not readable as YAML: {error}") from None
    except ValidationError as error:
        places = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise RulesTooWeak("\n".join(f"disclosure_rules.yml: {place}" for place in places)) from None
    weak = [fault for tier in rules.tiers for fault in _weak_places(rules, tier, default)]
    weak += [f"concepts.{name}: no such concept" for name in rules.concepts if name not in concepts()]
    weak += [
        f"concepts.{name}.{tier}: no such tier"
        for name, by_tier in rules.concepts.items()
        for tier in by_tier
        if tier not in rules.tiers
    ]
    weak += [
        f"concepts.{name}.{tier}.min_count is {rule.min_count}, but the tier's rule for a class of it asks for "
        f"{strictest}: a concept's rule may only be stricter"
        for name, by_tier in rules.concepts.items()
        for tier, rule in by_tier.items()
        if name in concepts()
        and tier in rules.tiers
        and rule.min_count < (strictest := _of_class(rules, tier, concepts()[name].klass))
    ]
    weak += [
        fault
        for name, by_tier in rules.concepts.items()
        for tier, rule in by_tier.items()
        for fault in _not_applied_yet(f"concepts.{name}.{tier}", rule)
    ]
    weak += [fault for name in rules.measures for fault in _weak_measure(rules, name)]
    if rules.floor != default.floor:
        weak.append("floor cannot be changed by a site")
    if weak:
        raise RulesTooWeak("\n".join(weak))
    return rules


def _not_applied_yet(place: str, rule: Rule) -> Iterator[str]:
    """What the door of a site does not look at must not stand there as if it did."""
    for name in ("min_denominator", "group_disclosure"):
        if getattr(rule, name) != getattr(Rule(), name):
            yield f"{place}.{name}: applies to measures of `lagebild protect` only, so far"


def _weak_measure(rules: Rules, name: str) -> Iterator[str]:
    """What is wrong with a measure's entry. Its rule is laid over that of its class, so it cannot be weaker."""
    own, known = rules.measures[name], concepts().get(name)
    if known is not None and known.klass != own.klass:
        yield f"measures.{name}.class is {own.klass}, but the vocabulary says {known.klass}"
    elif own.klass not in lists()["measure_classes"]:
        yield f"measures.{name}.class: no such class as {own.klass}"
    elif own.klass == "establishment":
        yield f"measures.{name}: the class establishment has no rule yet and cannot be allowed"
    if own.within is not None and own.within not in rules.measures and own.within not in concepts():
        yield f"measures.{name}.within: no such measure as {own.within}"
    for tier in own.tiers:
        if tier not in rules.tiers:
            yield f"measures.{name}.tiers.{tier}: no such tier"


def _of_class(rules: Rules, tier: str, klass: str) -> int:
    rule = rules.tiers[tier].classes.get(klass)
    return rule.min_count if rule else 0


def _weak_places(rules: Rules, tier: str, default: Rules) -> Iterator[str]:
    entry = rules.tiers[tier]
    for klass, rule in entry.classes.items():
        place, least = f"tiers.{tier}.classes.{klass}", default.floor.get(klass, 0)
        if klass == "establishment":
            yield f"{place}: the class has no rule yet and cannot be allowed"
        elif klass not in lists()["measure_classes"]:
            yield f"{place}: no such class"
        yield from _not_applied_yet(place, rule)
        if rule.min_count < least:
            yield f"{place}.min_count is {rule.min_count}, at least {least} is required"
        if least and not rule.complement:
            yield f"{place}.complement cannot be switched off: everybody and nobody are not found by a threshold"
    passing = default.tiers[tier].meanings if tier in default.tiers else default.tiers["internal"].meanings
    for meaning in entry.meanings:
        if meaning not in passing:
            yield f"tiers.{tier}.meanings: {meaning} may not pass into this tier"
