# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The observation: one row is one cell of one delivery.

Belongs here: its columns and types. Does not belong here: how it is read or checked.
"""

from __future__ import annotations

import polars as pl

OBSERVATION: dict[str, pl.DataType] = {
    "source": pl.String(),
    "table": pl.String(),
    "snapshot": pl.String(),
    "cell": pl.String(),
    "column": pl.String(),
    "measure": pl.String(),
    "area": pl.String(),
    "area_level": pl.String(),
    "area_vintage": pl.String(),
    "period": pl.String(),
    "basis": pl.String(),
    "dims": pl.String(),
    "value": pl.Float64(),
    "value_text": pl.String(),
    "unit": pl.String(),
    "obs_status": pl.String(),
    "meaning": pl.String(),
    "published_on": pl.Date(),
    "received_at": pl.Datetime("us", "UTC"),
}
"""Columns of an observation. `measure` is the concept (`pop`); `dims` says which part of it. `column` is the
contract's column rule that the cell belongs to; checks name it."""

OBSERVATION_KEY = ["measure", "dims", "area", "area_vintage", "period", "basis"]
"""What an observation is about; two rows with one key in one table are a conflict or a revision."""


def empty_observations() -> pl.DataFrame:
    """A frame with the observation's columns and no row."""
    return pl.DataFrame(schema=OBSERVATION)
