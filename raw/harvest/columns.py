# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Which contract rule a data column belongs to, and what its header captures.

Belongs here: matching header paths with column rules. Does not belong here: the values below the header.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from raw.contracts import ColumnRule, TableContract
from raw.vocabulary.dimensions import code_from_label
from raw.vocabulary.period import parse_period

SEPARATOR = " | "


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


def capture(pattern: str, path: str, table: TableContract) -> Captured | None:
    """What a header path says under a pattern such as `Stichtag | {date} | {sex}` or `{area} | {area_name}`, or None.

    `{date}` may stand twice (a year above its quarters): its texts together are the period. `{*}` is any text.
    """
    wanted, segments = pattern.split(SEPARATOR), path.split(SEPARATOR)
    if len(wanted) != len(segments):
        return None
    found, dates = Captured(), []
    for want, have in zip(wanted, segments, strict=True):
        if not (want.startswith("{") and want.endswith("}")):
            if want != have:
                return None
            continue
        name = want[1:-1]
        if name == "*":
            continue
        if name == "date":
            dates.append(have)
        elif name in ("area", "area_name"):
            setattr(found, name, have)
        elif code := code_from_label(name, have, table.labels.get(name)):
            found.dims[name] = code
        else:
            return None
    if dates:
        found.period = parse_period(" ".join(dates), table.period.format if table.period else "year")
    return None if dates and found.period is None else found


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
            if "{" in pattern and (found := capture(pattern, path, table)):
                return Matched(key, rule, {**rule.dims, **found.dims}, found.period, found.area, found.area_name)
    return None
