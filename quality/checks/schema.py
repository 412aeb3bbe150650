# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The schema of observations, derived from contract and vocabulary, and the quarantine of rows that break it.

Belongs here: rules on single rows. Does not belong here: rules on sums (`identities`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from raw.vocabulary.lists import codes, lists, statuses_with_value
from raw.vocabulary.measures import concepts
from raw.vocabulary.observation import OBSERVATION
from raw.vocabulary.period import PERIOD_PATTERN

if TYPE_CHECKING:
    import pandera.polars as pa

_KEY_FORMATS = {name: f"^{level['key']}$" for name, level in lists()["area_levels"].items()}
_COUNTS = (
    "persons", "households", "dwellings", "buildings", "cases", "schools", "accidents", "classes", "companies",
    "registrations", "rooms", "vehicles",
)  # fmt: skip


@dataclass(frozen=True)
class Sifted:
    """Observations that keep the rules, and those that do not with the rules they break (`broken`, joined by `;`)."""

    good: pl.DataFrame
    quarantined: pl.DataFrame


class SchemaBroken(ValueError):
    """Columns or types are not those of an observation. The message names columns and rules, never a value."""


def schema() -> pa.DataFrameSchema:
    """The pandera schema of an observation frame with a column for each rule of `_rules`."""
    import pandera.polars as pa  # takes almost two seconds: only where something is checked

    flags = [name for name in _rules() if name.startswith("rule_")]
    columns: dict[str, pa.Column] = {
        name: pa.Column(kind, nullable=name in ("value", "published_on")) for name, kind in OBSERVATION.items()
    }
    columns["obs_status"] = pa.Column(pl.String(), pa.Check.isin(codes("obs_status")))
    columns["area_level"] = pa.Column(pl.String(), pa.Check.isin(codes("area_levels")))
    columns["basis"] = pa.Column(pl.String(), pa.Check.isin(codes("bases")))
    columns["period"] = pa.Column(pl.String(), pa.Check.str_matches(PERIOD_PATTERN))
    for name in flags:
        columns[name] = pa.Column(pl.Boolean(), pa.Check.eq(True, error=name.removeprefix("rule_")))
    return pa.DataFrameSchema(columns, strict=True)


def _rules() -> dict[str, pl.Expr]:
    """Rules over several columns, each a Boolean per row."""
    units = {name: concept.unit for name, concept in concepts().items()}
    kinds = {name: concept.kind for name, concept in concepts().items()}
    signed = [name for name, concept in concepts().items() if concept.signed]
    unit = pl.col("measure").replace_strict(units, default="unknown")
    kind = pl.col("measure").replace_strict(kinds, default="unknown")
    value = pl.col("value")
    has_value = pl.col("obs_status").is_in(list(statuses_with_value())) & (pl.col("unit") != "text")
    key_format = pl.col("area_level").replace_strict(_KEY_FORMATS, default="^$")
    whole = value.is_null() | (value == value.round()) | ~unit.is_in(_COUNTS) | ~kind.is_in(["stock", "flow"])
    return {
        "rule_value_beside_status": has_value == value.is_not_null(),
        "rule_finite": value.is_null() | value.is_finite(),
        "rule_not_negative": value.is_null()
        | (value >= 0)
        | (kind == "unknown")
        | (kind == "amount")
        | pl.col("measure").is_in(signed),
        "rule_whole_number": whole,
        "rule_area_key": pl.col("area").str.contains(key_format),
    }


def sift(observations: pl.DataFrame | pl.LazyFrame) -> Sifted:
    """Split observations (columns of OBSERVATION) into good rows and quarantined rows.

    Raises SchemaBroken where columns or types are wrong, so that no row can be judged.
    """
    from pandera.config import ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    rows = observations.lazy().collect()  # of a lazy frame pandera looks at nothing but the column names
    failures, unfit = None, ""
    try:
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema().validate(rows.with_columns(**_rules()), lazy=True)
    except SchemaErrors as error:
        failures = error.failure_cases
    except pl.exceptions.PolarsError as error:
        unfit = type(error).__name__
    # Raised out here: an exception on the way would carry rows in its context.
    if unfit:
        raise SchemaBroken(f"the rules cannot be applied: {unfit}")
    if failures is None:
        return Sifted(rows, rows.clear().with_columns(pl.lit("").alias("broken")))
    return _split(rows, failures)


def _split(rows: pl.DataFrame, failures: pl.DataFrame) -> Sifted:
    placed = failures.filter(pl.col("index").is_not_null())
    if placed.height < failures.height:
        about = failures.filter(pl.col("index").is_null()).select("column", "check").unique().sort("column", "check")
        raise SchemaBroken("; ".join(f"{column}: {check}" for column, check in about.iter_rows()))
    broken = placed.group_by("index").agg(pl.col("check").unique().sort().str.join(";").alias("broken"))
    marked = rows.with_row_index("index").join(
        broken.with_columns(pl.col("index").cast(pl.UInt32)), on="index", how="left"
    )
    return Sifted(
        marked.filter(pl.col("broken").is_null()).drop("index", "broken"),
        marked.filter(pl.col("broken").is_not_null()).drop("index"),
    )
