# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Layouts of a table beside that of today (`layouts:` in its contract).

Belongs here: what an entry may say. Does not belong here: choosing one for a file (`raw.harvest.versions`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Year = Annotated[str, Field(pattern=r"^\d{4}$")]


class LayoutVersion(BaseModel):
    """An earlier or later layout of a table: what is otherwise in its header, and for which years it is valid.

    `renamed`: its header → the contract's column. `without`: columns that it does not have. `ignore`: columns that only
    it has, with the reason why nobody reads them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[\w-]+$")
    valid_from: Year | None = None
    valid_to: Year | None = None
    renamed: dict[str, str] = {}
    without: list[str] = []
    ignore: dict[str, str] = {}
