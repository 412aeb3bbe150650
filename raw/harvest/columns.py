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
_PLACE = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True)
class Matched:
    """A data column with its rule, the dimensions of rule and header, and the period where the header has one."""

    key: str
    rule: ColumnRule
    dims: dict[str, str]
    period: str | None = None


@dataclass
class ColumnMatch:
    """Result for a block: matched columns, headers that no rule knows, rules without a header, doubles."""

    matched: dict[int, Matched] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)


def capture(
    pattern: str, path: str, table: TableContract, granularity: str = "year"
) -> tuple[dict[str, str], str | None] | None:
    """Dimensions (and period) that a header path has under a pattern such as `Stichtag {date} | {sex}`, or None."""
    wanted, found = pattern.split(SEPARATOR), path.split(SEPARATOR)
    if len(wanted) != len(found):
        return None
    dims: dict[str, str] = {}
    period = None
    for want, have in zip(wanted, found, strict=True):
        if (places := _places(want, have)) is None:
            return None
        for name, text in places.items():
            extra = table.labels.get(name)
            code = period_of(text, table, granularity) if name == "date" else code_from_label(name, text, extra)
            if code is None:
                return None
            if name == "date":
                period = code
            else:
                dims[name] = code
    return dims, period


def _places(want: str, have: str) -> dict[str, str] | None:
    """What stands at the `{places}` of a segment (`Arbeitslose ({date})`), or None where the words differ."""
    if "{" not in want:
        return {} if want == have else None
    expression = _PLACE.sub(r"(?P<\1>.+?)", re.escape(want))
    found = re.fullmatch(expression, have)
    return found.groupdict() if found else None


def period_of(text: str, table: TableContract, granularity: str | None = None) -> str | None:
    """The period that a text means in this table: the contract's word for it first, then as agencies write it."""
    rule = table.period
    named = table.labels.get("date", {}).get(text, text)
    period = parse_period(named, granularity or (rule.format if rule else "year"))
    return f"{period}-{rule.month:02d}" if period and rule and rule.month and len(period) == len("2023") else period


def match_columns(headers: Mapping[int, str], table: TableContract) -> ColumnMatch:
    """Match every data column with one rule; exact headers and aliases go before patterns."""
    result = ColumnMatch()
    seen: dict[tuple[str, str, str | None], int] = {}
    used: set[str] = set()
    for column, path in headers.items():
        if (matched := _match(path, table)) is None:
            result.unknown.append(column)
            continue
        about = (matched.key, str(sorted(matched.dims.items())), matched.period)
        if about in seen:
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
        granularity = rule.format or (table.period.format if table.period else "year")
        for pattern in (key, *rule.aliases):
            if "{" in pattern and (found := capture(pattern, path, table, granularity)):
                return Matched(key, rule, {**rule.dims, **found[0]}, found[1])
    return None
