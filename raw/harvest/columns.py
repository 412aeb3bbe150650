# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which contract rule a data column belongs to, and what its header captures.

Belongs here: matching header paths with column rules. Does not belong here: the values below the header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from raw.contracts import ColumnRule, TableContract
from raw.vocabulary.dimensions import code_from_label
from raw.vocabulary.period import parse_period

SEPARATOR = " | "
_ANY = re.escape("{*}")
_PLACE = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True)
class Matched:
    """A data column with its rule, the dimensions of rule and header, and the period where the header has one."""

    key: str
    rule: ColumnRule
    dims: dict[str, str]
    period: str | None = None
    area: str | None = None
    area_name: str | None = None


@dataclass
class Captured:
    """What a header says under a pattern: dimensions, and the texts of period, area and name where it has them."""

    dims: dict[str, str] = field(default_factory=dict)
    period: str | None = None
    area: str | None = None
    area_name: str | None = None


@dataclass
class ColumnMatch:
    """Result for a block: matched columns, headers that no rule knows, rules without a header, doubles."""

    matched: dict[int, Matched] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)


def capture(pattern: str, path: str, table: TableContract, granularity: str | None = None) -> Captured | None:
    """What a header path says under a pattern such as `Stichtag {date} | {sex}` or `{area} | {area_name}`, or None.

    `{date}` may stand twice (a year above its quarters): its texts together are the period. `{*}` is any text.
    """
    wanted, segments = pattern.split(SEPARATOR), path.split(SEPARATOR)
    if len(wanted) != len(segments):
        return None
    found, dates = Captured(), []
    for want, have in zip(wanted, segments, strict=True):
        if (places := _places(want, have)) is None:
            return None
        for name, text in places.items():
            if name == "date":
                dates.append(text)
            elif name in ("area", "area_name"):
                setattr(found, name, text)
            elif code := code_from_label(name, text, table.labels.get(name)):
                found.dims[name] = code
            else:
                return None
    if dates:
        found.period = period_of(" ".join(dates), table, granularity)
    return None if dates and found.period is None else found


def _places(want: str, have: str) -> dict[str, str] | None:
    """What stands at the `{places}` of a segment (`Arbeitslose ({date})`), or None where the words differ."""
    if "{" not in want:
        return {} if want == have else None
    expression = _PLACE.sub(r"(?P<\1>.+?)", re.escape(want).replace(_ANY, "(?:.+?)"))
    found = re.fullmatch(expression, have)
    return found.groupdict() if found else None


def period_of(text: str, table: TableContract, granularity: str | None = None) -> str | None:
    """The period that a text means in this table: the contract's word for it first, then as agencies write it."""
    rule = table.period
    named = table.labels.get("date", {}).get(text, text)
    period = parse_period(named, granularity or (rule.format if rule else "year"))
    of_month = rule.of_month if rule else None
    return f"{period}-{of_month:02d}" if period and of_month and len(period) == len("2023") else period


def match_columns(headers: Mapping[int, str], table: TableContract) -> ColumnMatch:
    """Match every data column with one rule; exact headers and aliases go before patterns."""
    result = ColumnMatch()
    seen: dict[tuple[str | None, ...], int] = {}
    used: set[str] = set()
    for column, path in headers.items():
        if (matched := _match(path, table)) is None:
            result.unknown.append(column)
            continue
        about = (matched.key, str(sorted(matched.dims.items())), matched.period, matched.area)
        if about in seen and not matched.rule.repeats:
            result.twice.append(column)
            continue
        seen[about] = column
        used.add(matched.key)
        result.matched[column] = matched
    result.missing = [key for key, rule in table.columns.items() if key not in used and not rule.optional]
    return result


def _match(path: str, table: TableContract) -> Matched | None:
    for key, rule in table.columns.items():
        if path == key or path in rule.aliases:
            return Matched(key, rule, dict(rule.dims))
    for key, rule in table.columns.items():
        for pattern in (key, *rule.aliases):
            if "{" in pattern and (found := capture(pattern, path, table, rule.format)):
                return Matched(key, rule, {**rule.dims, **found.dims}, found.period, found.area, found.area_name)
    return None
