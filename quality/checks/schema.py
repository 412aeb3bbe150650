# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The schema of observations, derived from contract and vocabulary, and the quarantine of rows that break it.

Belongs here: rules on single rows. Does not belong here: rules on sums (`identities`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from raw.vocabulary.lists import codes, statuses_with_value
from raw.vocabulary.measures import concepts
from raw.vocabulary.observation import OBSERVATION

if TYPE_CHECKING:
    import pandera.polars as pa

_KEY_FORMATS = {
    "bund": r"^DG$",
    "land": r"^\d{2}$",
    "regierungsbezirk": r"^\d{3}$",
    "kreis": r"^\d{5}$",
    "gemeindeverband": r"^\d{9}$",
    "gemeinde": r"^\d{8}$",
    "bezirk": r"^\d{8}(-\w+)?$",
    "stadtteil": r"^\d{8}-\w+$",
    "stat_bezirk": r"^\d{8}-\w+$",
    "quartier": r"^\d{5,8}-\w+$",
}
_PERIOD = r"^\d{4}(-Q[1-4]|-(0[1-9]|1[0-2])(-\d\d)?)?$"
_COUNTS = ("persons", "households", "dwellings", "buildings", "cases", "schools")


@dataclass(frozen=True)
class Sifted:
    """Observations that keep the rules, and those that do not with the rules they break (`broken`, joined by `;`)."""

    good: pl.DataFrame
    quarantined: pl.DataFrame


def schema() -> pa.DataFrameSchema:
    """The pandera schema of an observation frame with the derived helper columns of `_with_helpers`."""
    import pandera.polars as pa  # takes almost two seconds: only where something is checked

    flags = [name for name in _rules() if name.startswith("rule_")]
    columns: dict[str, pa.Column] = {
        name: pa.Column(kind, nullable=name in ("value", "published_on")) for name, kind in OBSERVATION.items()
    }
    columns["obs_status"] = pa.Column(pl.String(), pa.Check.isin(codes("obs_status")))
    columns["area_level"] = pa.Column(pl.String(), pa.Check.isin(codes("area_levels")))
    columns["basis"] = pa.Column(pl.String(), pa.Check.isin(codes("bases")))
    columns["period"] = pa.Column(pl.String(), pa.Check.str_matches(_PERIOD))
    for name in flags:
        columns[name] = pa.Column(pl.Boolean(), pa.Check.eq(True, error=name.removeprefix("rule_")))
    return pa.DataFrameSchema(columns, strict=True)


def _rules() -> dict[str, pl.Expr]:
    """Rules over several columns, each a Boolean per row."""
    units = {name: concept.unit for name, concept in concepts().items()}
    kinds = {name: concept.kind for name, concept in concepts().items()}
    unit = pl.col("measure").replace_strict(units, default="unknown")
    kind = pl.col("measure").replace_strict(kinds, default="unknown")
    value = pl.col("value")
    has_value = pl.col("obs_status").is_in(list(statuses_with_value())) & (unit != "text")
    key_format = pl.col("area_level").replace_strict(_KEY_FORMATS, default="^$")
    whole = value.is_null() | (value == value.round()) | ~unit.is_in(_COUNTS) | ~kind.is_in(["stock", "flow"])
    return {
        "rule_value_beside_status": has_value == value.is_not_null(),
        "rule_not_negative": value.is_null() | (value >= 0) | (kind == "unknown") | (kind == "amount"),
        "rule_whole_number": whole,
        "rule_area_key": pl.col("area").str.contains(key_format),
    }


def sift(observations: pl.DataFrame) -> Sifted:
    """Split observations (columns of OBSERVATION) into good rows and quarantined rows."""
    from pandera.errors import SchemaErrors

    numbered = observations.with_columns(**_rules())
    try:
        schema().validate(numbered, lazy=True)
    except SchemaErrors as error:
        failures = error.failure_cases.filter(pl.col("index").is_not_null())
        if failures.height < error.failure_cases.height:
            raise
        broken = failures.group_by("index").agg(pl.col("check").unique().sort().str.join(";").alias("broken"))
        marked = observations.with_row_index("index").join(
            broken.with_columns(pl.col("index").cast(pl.UInt32)), on="index", how="left"
        )
        return Sifted(
            marked.filter(pl.col("broken").is_null()).drop("index", "broken"),
            marked.filter(pl.col("broken").is_not_null()).drop("index"),
        )
    return Sifted(observations, observations.clear().with_columns(pl.lit("").alias("broken")))
