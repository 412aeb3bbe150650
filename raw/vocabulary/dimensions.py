# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dimensions: canonical strings, age groups and the meaning of the publishers' labels.

Belongs here: `age=0-2;sex=f` and what turns a label into such a code. Does not belong here: which column has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

OPEN_AGE = 999
"""Upper end of an open age group (`75+`)."""

_AGE_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^unter (\d+)(?: Jahren?)?$"), "below"),
    (re.compile(r"^(\d+) bis unter (\d+)(?: Jahren?)?$"), "half_open"),
    (re.compile(r"^(\d+) (?:bis|-) (\d+)(?: Jahren?)?$"), "closed"),
    (re.compile(r"^(\d+)-(\d+)(?: Jahren?)?$"), "closed"),
    (re.compile(r"^(\d+)(?: Jahre)? und (?:mehr|älter)(?: Jahren?)?$"), "open"),
    (re.compile(r"^(?:ab )?(\d+) Jahren? und (?:mehr|älter)$"), "open"),
    (re.compile(r"^(\d+)\+$"), "open"),
)


def format_dims(dims: Mapping[str, str]) -> str:
    """Canonical text of a set of dimensions: sorted, `key=code;key=code`, empty for the total."""
    return ";".join(f"{key}={dims[key]}" for key in sorted(dims) if dims[key] != "total")


def parse_dims(text: str) -> dict[str, str]:
    """The inverse of `format_dims`."""
    return dict(part.split("=", 1) for part in text.split(";")) if text else {}


def age_interval(code: str) -> tuple[int, int]:
    """First and last year of an age code (`0-2` → (0, 2), `75+` → (75, 999), `17` → (17, 17))."""
    if code.endswith("+"):
        return int(code[:-1]), OPEN_AGE
    low, _, high = code.partition("-")
    return int(low), int(high or low)


def age_code(low: int, high: int) -> str:
    """The code of an age group of full years, both ends included."""
    return f"{low}+" if high >= OPEN_AGE else f"{low}-{high}" if low != high else str(low)


def _age_from_label(label: str) -> str | None:
    for pattern, kind in _AGE_TEXTS:
        if found := pattern.match(label):
            numbers = [int(number) for number in found.groups()]
            if kind == "below":
                return age_code(0, numbers[0] - 1)
            if kind == "half_open":
                return age_code(numbers[0], numbers[1] - 1)
            if kind == "open":
                return age_code(numbers[0], OPEN_AGE)
            return age_code(numbers[0], numbers[1])
    return "total" if label in ("Insgesamt", "insgesamt") else None


@cache
def _labels() -> dict[str, dict[str, str]]:
    listed = yaml.safe_load(Path(__file__).with_name("labels.yml").read_text("utf-8"))
    return {
        dimension: {label: code for code, labels in by_code.items() for label in labels}
        for dimension, by_code in listed.items()
    }


def code_from_label(dimension: str, label: str, extra: Mapping[str, str] | None = None) -> str | None:
    """The code that a publisher's label means for a dimension, or None. `extra` (label → code) goes first."""
    label = label.strip()
    if extra and label in extra:
        return extra[label]
    if dimension == "age":
        return _age_from_label(label)
    return _labels().get(dimension, {}).get(label)
