# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dimensions: canonical strings, age groups and the meaning of the publishers' labels.

Belongs here: `age=0-2;sex=f` and what turns a label into such a code. Does not belong here: which column has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

import yaml

OPEN_AGE = 999
"""Upper end of an open age group (`75+`)."""

REGISTER_KEYS = ("change", "citizenship", "from", "item", "reporting_year", "to", "vintage")
"""Dimensions whose codes are keys of a register (a change, an area, a year, a state), taken as written."""

WRITTEN = ("party",)
"""Open dimensions whose codes are the publisher's words, written with the letters of a code. A contract that has labels
for one of them lists all its words."""

_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
_REGISTER_KEY = re.compile(r"[A-Za-z0-9_.+-]+")
_N, _YEARS = r"([0-9]{1,3})", r"(?: Jahr(?:en?)?)?"
_AGE_TEXTS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"unter {_N}{_YEARS}"), "below"),
    (re.compile(rf"{_N} bis unter {_N}{_YEARS}"), "half_open"),
    (re.compile(rf"{_N}(?: bis | - |-|–){_N}{_YEARS}"), "closed"),
    (re.compile(rf"(?:ab )?{_N}{_YEARS} und (?:mehr|älter){_YEARS}"), "open"),
    (re.compile(rf"{_N}\+"), "open"),
)


def format_dims(dims: Mapping[str, str]) -> str:
    """Canonical text of a set of dimensions: sorted, `key=code;key=code`, empty for the total."""
    return ";".join(f"{key}={dims[key]}" for key in sorted(dims) if dims[key] != "total")


def parse_dims(text: str) -> dict[str, str]:
    """The inverse of `format_dims`."""
    return dict(parsed_dims(text))


@lru_cache(maxsize=2**16)
def parsed_dims(text: str) -> Mapping[str, str]:
    """`parse_dims` to read only: there are some thousand texts, and each is asked for many times."""
    return MappingProxyType(dict(part.split("=", 1) for part in text.split(";")) if text else {})


def age_interval(code: str) -> tuple[int, int]:
    """First and last year of an age code (`0-2` → (0, 2), `75+` → (75, 999), `17` → (17, 17))."""
    if code.endswith("+"):
        return int(code[:-1]), OPEN_AGE
    low, _, high = code.partition("-")
    return int(low), int(high or low)


def intervals(code: str) -> tuple[tuple[int, int], ...]:
    """The ranges of a code that may be several (`0-17|30-49`), in order, those that touch put together."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(age_interval(part) for part in code.split("|")):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def intervals_code(ranges: Iterable[tuple[int, int]]) -> str:
    """The inverse of `intervals`."""
    return "|".join(age_code(low, high) for low, high in ranges)


def age_code(low: int, high: int) -> str:
    """The code of an age group of full years, both ends included."""
    return f"{low}+" if high >= OPEN_AGE else f"{low}-{high}" if low != high else str(low)


def _age_from_label(label: str) -> str | None:
    for pattern, kind in _AGE_TEXTS:
        if found := pattern.fullmatch(label):
            first, last = int(found[1]), int(found[found.re.groups])
            low, high = {
                "below": (0, first - 1),
                "half_open": (first, last - 1),
                "closed": (first, last),
                "open": (first, OPEN_AGE),
            }[kind]
            return age_code(low, high) if low <= high else None
    return "total" if label in ("Insgesamt", "insgesamt") else None


@cache
def _labels() -> dict[str, dict[str, str]]:
    listed = yaml.load(Path(__file__).with_name("labels.yml").read_text("utf-8"), yaml.CSafeLoader)
    return {
        dimension: {label: code for code, labels in by_code.items() for label in labels}
        for dimension, by_code in listed.items()
    }


_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "+": "plus"})


def code_as_written(label: str) -> str:
    """A text spelled as a code. Two texts may get one code; where that matters two rows are then about the same."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", label.translate(_SPELLED)).strip("_") or "blank"


def code_from_label(dimension: str, label: str, extra: Mapping[str, str] | None = None) -> str | None:
    """The code that a publisher's label means for a dimension, or None. `extra` (label → code) goes first."""
    label = label.strip()
    if extra and label in extra:
        return extra[label]
    if dimension == "age":
        return _age_from_label(label)
    if dimension in REGISTER_KEYS:
        return label if _REGISTER_KEY.fullmatch(label) else None
    if dimension in WRITTEN and not extra:
        return re.sub(r"[^A-Za-z0-9.+-]+", "_", label.translate(_LETTERS)).strip("_").lower() or None
    return _labels().get(dimension, {}).get(label)
