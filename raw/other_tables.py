# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Tables of a source that are kept but not understood: one line each in `other_tables.yml` instead of a contract each.

Belongs here: what such a line may say, and the contract that it stands for. Does not belong here: a table of which any
column is understood (it has a contract of its own, which takes the line's place), and reading (`raw.harvest`).

A line names every column of its table, so a column more or less is a fault as in any other contract. All data columns
are of unknown meaning: they are observations with an address and never a cell.
"""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from raw.contracts import AS_WRITTEN, AreaRule, ColumnRule, PeriodRule, Symbol, TableContract

_RANGE = re.compile(r"(?P<stem>[A-Za-z_]+)(?P<first>\d+)\.\.(?P=stem)(?P<last>\d+)")


def names(listed: str) -> list[str]:
    """`var2..var4, var7` → `var2, var3, var4, var7`. Raises ValueError."""
    found: list[str] = []
    for part in filter(None, (part.strip() for part in listed.split(","))):
        if (span := _RANGE.fullmatch(part)) is not None:
            numbers = range(int(span["first"]), int(span["last"]) + 1)
            if not numbers:
                raise ValueError(f"the range {part!r} runs backwards")
            found += [f"{span['stem']}{number}" for number in numbers]
        else:
            found.append(part)
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise ValueError(f"named twice: {', '.join(twice)}")
    return found


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OtherTable(_Model):
    """One line: the publisher's title and what each column is for the reader (`names` says how columns are listed).

    `data`: figures of unknown meaning; `texts`: entries that are words, kept as found; `keys`: leading columns whose
    text tells the rows of one period apart (`repeated`: not all of them); `ignore`: columns that say nothing, with the
    reason. `period` is one of the file's ways to read a period, `area` is where the file's own does not hold.
    """

    title: str
    data: str = ""
    texts: str = ""
    keys: str = ""
    ignore: dict[str, str] = {}
    repeated: bool = False
    period: str = "year"
    area: AreaRule | None = None
    symbols: dict[str, Symbol] = {}

    @field_validator("data", "texts", "keys")
    @classmethod
    def _listed(cls, value: str) -> str:
        names(value)
        return value


class OtherTables(_Model):
    """The file: ways to read a period by name, the area of a table that names none, and the tables by their code."""

    periods: dict[str, PeriodRule]
    area: AreaRule
    tables: dict[str, OtherTable] = Field(min_length=1)

    def contracts(self) -> dict[str, TableContract]:
        """The contract of every line by its id. Raises ValueError with every fault."""
        faults, found = [], {}
        for code, line in self.tables.items():
            try:
                contract = self._contract(code, line)
                found[contract.id] = contract
            except ValueError as error:
                faults.append(f"{code}: {error}")
        if faults:
            raise ValueError("\n".join(faults))
        return found

    def _contract(self, code: str, line: OtherTable) -> TableContract:
        if line.period not in self.periods:
            raise ValueError(f"period is {line.period!r}, expected one of {', '.join(self.periods)}")
        unknown = ColumnRule(meaning="unknown")
        columns = dict.fromkeys(names(line.data), unknown)
        columns |= dict.fromkeys(names(line.texts), unknown.model_copy(update={"unit": "text"}))
        columns |= {name: ColumnRule(ignore=reason) for name, reason in line.ignore.items()}
        period, area = self.periods[line.period], line.area or self.area
        leading = [*filter(None, (period.stub, period.month, area.stub)), *names(line.keys)]
        if twice := sorted(name for name in {*leading} if name in columns or leading.count(name) > 1):
            raise ValueError(f"named twice: {', '.join(twice)}")
        if len(columns) < len(names(line.data)) + len(names(line.texts)) + len(line.ignore):
            raise ValueError("a column stands in two of data, texts and ignore")
        return TableContract(
            id=re.sub(r"\W", "_", code.lower()),
            title={"de": line.title, "en": line.title},
            detect=code,
            period=period,
            area=area,
            stubs=dict.fromkeys(names(line.keys), AS_WRITTEN),
            repeated=line.repeated,
            understood=False,
            symbols=line.symbols,
            columns=columns,
        )
