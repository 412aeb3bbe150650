# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The rules of the door: thresholds per class, concept and tier.

Belongs here: the model of `disclosure_rules.yml` and its floor. Does not belong here: applying rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from raw.vocabulary.lists import lists
from raw.vocabulary.measures import concepts

DEFAULT_RULES = Path(__file__).with_name("default_rules.yml")


class Rule(BaseModel):
    """Counts of 1 to `min_count - 1` are unsafe; with `complement` so is a rest of that size, and no rest at all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_count: int
    complement: bool = False


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

    def rule(self, tier: str, klass: str, concept: str) -> Rule | None:
        """The stricter of the class's and the concept's rule in a tier; None if the class has none."""
        by_class = self.tiers[tier].classes.get(klass)
        own = self.concepts.get(concept, {}).get(tier)
        if by_class is None or own is None:
            return by_class
        return Rule(min_count=max(by_class.min_count, own.min_count), complement=by_class.complement or own.complement)


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
        rules = Rules.model_validate(_merge(default.model_dump(), site or {}))
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
    if rules.floor != default.floor:
        weak.append("floor cannot be changed by a site")
    if weak:
        raise RulesTooWeak("\n".join(weak))
    return rules


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
        if rule.min_count < least:
            yield f"{place}.min_count is {rule.min_count}, at least {least} is required"
        if least and not rule.complement:
            yield f"{place}.complement cannot be switched off: everybody and nobody are not found by a threshold"
    passing = default.tiers[tier].meanings if tier in default.tiers else default.tiers["internal"].meanings
    for meaning in entry.meanings:
        if meaning not in passing:
            yield f"tiers.{tier}.meanings: {meaning} may not pass into this tier"
