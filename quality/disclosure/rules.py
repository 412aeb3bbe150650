# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The rules of the door: thresholds per class, concept and tier.

Belongs here: the model of `disclosure_rules.yml` and its floor. Does not belong here: applying rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

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
        return Rule(
            min_count=max(by_class.min_count, own.min_count), complement=by_class.complement or own.complement
        )


class RulesTooWeak(ValueError):
    """A site's rules fall below what cannot be configured off; the message lists every place."""


def _merge(default: Any, site: Any) -> Any:
    if isinstance(default, Mapping) and isinstance(site, Mapping):
        return {key: _merge(default.get(key), site[key]) if key in site else default[key] for key in {**default, **site}}
    return default if site is None else site


def load_rules(site_rules: Path | None = None) -> Rules:
    """Default rules with a site's file laid over them. Raises RulesTooWeak."""
    default = yaml.safe_load(DEFAULT_RULES.read_text("utf-8"))
    site = yaml.safe_load(site_rules.read_text("utf-8")) if site_rules and site_rules.exists() else None
    rules = Rules.model_validate(_merge(default, site or {}))
    weak = [
        f"tiers.{tier}.classes.{klass}.min_count is {entry.classes[klass].min_count}, at least {least} is required"
        for tier, entry in rules.tiers.items()
        for klass, least in default["floor"].items()
        if klass in entry.classes and entry.classes[klass].min_count < least
    ]
    weak += [
        f"tiers.{tier}.classes.{klass}: the class has no rule yet and cannot be allowed"
        for tier, entry in rules.tiers.items()
        for klass in entry.classes
        if klass == "establishment"
    ]
    if weak or rules.floor != default["floor"]:
        raise RulesTooWeak("\n".join(weak or ["floor cannot be changed by a site"]))
    return rules
