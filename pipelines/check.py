# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a delivery would do, without taking it in.

Belongs here: one file against all contracts. Does not belong here: the reading (`raw.harvest`).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assets.resources import SiteResource
from pipelines.messages import Speaker
from raw.harvest.faults import Fault
from raw.harvest.harvest import claim_file, read_table
from raw.lake.lake import Delivery

MAX_FAULTS = 20


@dataclass
class TableCheck:
    """One table that the file holds: how many observations it would give, or its faults."""

    source: str
    table: str
    rows: int
    faults: list[Fault] = field(default_factory=list)


@dataclass
class FileCheck:
    """The tables of a file, or the reason why no contract claims it."""

    file: str
    tables: list[TableCheck]
    reason: str | None
    beside: list[str] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether the delivery would be accepted."""
        return bool(self.tables) and not any(table.faults for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)

    def sentences(self, say: Speaker) -> list[str]:
        """The result for people."""
        if not self.tables:
            return [say("check_unclaimed", file=self.file, reason=say(f"reason.{self.reason}"))]
        lines = []
        for table in self.tables:
            if not table.faults:
                lines.append(say("check_fine", file=self.file, table=table.table, source=table.source, rows=table.rows))
            lines.extend(fault.sentence(say.language) for fault in table.faults[:MAX_FAULTS])
            if len(table.faults) > MAX_FAULTS:
                lines.append(say("more", count=len(table.faults) - MAX_FAULTS))
        lines.extend(say("check_beside", file=self.file, table=table) for table in self.beside)
        return lines


def check_file(site: SiteResource, path: Path) -> FileCheck:
    """Read a file by every contract that claims it; nothing is stored."""
    contracts = site.contracts()
    claim = claim_file(path, contracts)
    now = dt.datetime.now(dt.UTC).isoformat()
    delivery = Delivery("0" * 64, path.name, path.stat().st_size, now, now)
    tables = []
    for source, table in claim.tables:
        mapped = read_table(path, delivery, contracts[source], contracts[source].tables[table])
        tables.append(TableCheck(source, table, mapped.observations.height, mapped.faults))
    return FileCheck(path.name, tables, claim.reason, claim.beside)
