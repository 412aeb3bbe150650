# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Concepts and measures: `pop_0_2` is the concept `pop` with age 0-2; `pop_mean` is the mean of two years.

Belongs here: the models of `measures.yml` and its loader. Does not belong here: sums (`quality.cells`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator


class Concept(BaseModel):
    """What is counted, in which unit, and how sensitive it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unit: str
    kind: Literal["stock", "mean", "flow", "amount", "rate", "text"]
    klass: Literal["none", "personal", "social", "establishment"]
    within: str | None = None
    de: str
    en: str

    @model_validator(mode="before")
    @classmethod
    def _class_is_a_keyword(cls, data: Any) -> Any:
        return {("klass" if key == "class" else key): value for key, value in data.items()}

    @property
    def additive(self) -> bool:
        """Whether figures of disjoint areas or groups may be added."""
        return self.kind not in ("rate", "text")


class Measure(BaseModel):
    """A concept with a dimension filter and a period rule (`shift` or `mean_of`, in years against the period)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    concept: str
    dims: dict[str, str] = {}
    shift: int = 0
    mean_of: list[int] = []

    @property
    def offsets(self) -> dict[int, float]:
        """Period rule as a linear combination: offset in years → coefficient."""
        return {offset: 1 / len(self.mean_of) for offset in self.mean_of} or {self.shift: 1.0}


@cache
def _file() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("measures.yml").read_text("utf-8"))
    return content


@cache
def concepts() -> dict[str, Concept]:
    """All concepts by id."""
    return {name: Concept.model_validate(entry) for name, entry in _file()["concepts"].items()}


@cache
def measures() -> dict[str, Measure]:
    """All measures by id; each names a concept that exists."""
    found = {name: Measure.model_validate(entry) for name, entry in _file()["measures"].items()}
    unknown = sorted(name for name, measure in found.items() if measure.concept not in concepts())
    if unknown:
        raise ValueError(f"measures of unknown concepts: {', '.join(unknown)}")
    return found


def partitions() -> dict[str, tuple[str, ...]]:
    """Per dimension, the codes that together are everybody. Ages are a partition by their intervals."""
    return {dimension: tuple(codes) for dimension, codes in _file()["partitions"].items()}
