# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Small releases made by hand: the files that a reader would find, with figures that a test knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

from transforms.catalogue.catalogue import Catalogue, load
from transforms.catalogue.model import parse_expression

CITY, LIST = "99001000", "2024"
NORTH, EAST, SOUTH = f"{CITY}-01", f"{CITY}-02", f"{CITY}-03"
OWN = {
    "foreigners": ("pop_foreign", None, 1, 0),
    "women": ("pop_f", None, 1, 0),
    "men": ("pop_m", None, 1, 0),
    "minors": ("pop_0_17", None, 1, 0),
    "infants": ("pop_0_2", None, 1, 0),
    "toddlers": ("pop_3_5", None, 1, 0),
    "below_six": ("pop_0_5", None, 1, 0),
    "born": ("births", None, 1, 0),
    "share_women": ("pop_f", "pop_total", 100, 4),
    "foreigners_per_1000": ("pop_foreign", "pop_total", 1000, 1),
    "foreigners_percent": ("pop_foreign", "pop_total", 100, 0),
}
"""Figures that a site might add: numerator, denominator, factor, decimals."""
Q = None
"""A withheld value."""


class Book:
    """A release in the making: `put` figures, then `write` them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []
        self.withheld_beside: dict[tuple[str, str], int] = {}
        self.inputs: dict[str, tuple[str, ...]] = {}

    def put(
        self,
        kpi: str,
        values: dict[str, float | None],
        period: str = "2023",
        ranks: dict[str, int] | None = None,
        decimals: int | None = None,
    ) -> Book:
        """One KPI for some areas; None is withheld."""
        for area, value in values.items():
            municipal = "-" in area
            self.rows.append({
                "kpi": kpi,
                "area": area,
                "area_name": f"name of {area}",
                "area_level": "stadtteil" if municipal else "gemeinde",
                "area_vintage": LIST if municipal else period[:4],
                "period": period,
                "basis": "register",
                "value": value,
                "obs_status": "A" if value is not None else "Q",
                "decimals": decimals if decimals is not None else _decimals(kpi),
                "rank": (ranks or {}).get(area),
            })  # fmt: skip
        return self

    def write(self, releases: Path, name: str = "2024-01-01-00000001", tier: str = "public") -> Path:
        """Write the marts of one tier; the folder of the releases is returned."""
        marts = releases / name / tier / "marts"
        marts.mkdir(parents=True)
        schema = {"rank": pl.Int64, "value": pl.Float64, "decimals": pl.Int32}
        figures = pl.DataFrame(self.rows, schema_overrides=schema)
        figures.write_parquet(marts / "kpi_value__area_period.parquet")
        areas = figures.select("area", "area_vintage", "area_level").unique()
        municipal = pl.col("area").str.contains("-", literal=True)
        areas = areas.with_columns(pl.when(municipal).then(pl.lit(CITY)).otherwise(pl.lit("99001")).alias("parent"))
        areas.write_parquet(marts / "area.parquet")
        used = figures["kpi"].unique().sort()
        pl.DataFrame([_about(kpi, self.inputs) for kpi in used], infer_schema_length=None).write_parquet(
            marts / "kpi.parquet"
        )
        uses = [use for kpi in used for use in _uses(kpi, self.inputs)]
        pl.DataFrame(uses, schema_overrides={"coef": pl.Float64}, infer_schema_length=None).write_parquet(
            marts / "kpi_uses.parquet"
        )
        if self.withheld_beside:
            counted = [
                {"kpi": kpi, "area_level": level, "period": "2023", "basis": "register", "withheld": count}
                for (kpi, level), count in self.withheld_beside.items()
            ]
            pl.DataFrame(counted).write_parquet(marts / "coverage__kpi_level_period.parquet")
        return releases


@cache
def _catalogue() -> Catalogue:
    return load()


def _decimals(kpi: str) -> int:
    return OWN[kpi][3] if kpi in OWN else _catalogue().kpis[kpi].decimals


def _about(kpi: str, inputs: dict[str, tuple[str, ...]]) -> dict[str, object]:
    if kpi in inputs:
        formula = f"z_index({', '.join(inputs[kpi])}, base 2023)"
        return {"kpi": kpi, "formula": formula, "rule": "composite", "denominator_bases": None}
    if kpi in OWN:
        numerator, denominator, factor, _ = OWN[kpi]
        formula = f"{factor} * {numerator} / {denominator}" if denominator else numerator
        return {"kpi": kpi, "formula": formula, "rule": "sum", "denominator_bases": None}
    entry = _catalogue().kpis[kpi]
    return {"kpi": kpi, "formula": entry.formula, "rule": entry.rule, "denominator_bases": None}


def _uses(kpi: str, inputs: dict[str, tuple[str, ...]]) -> list[dict[str, object]]:
    if kpi in inputs:
        return [{"kpi": kpi, "role": "input", "measure": name, "coef": None} for name in inputs[kpi]]
    if kpi in OWN:
        parts = {"numerator": ((1.0, OWN[kpi][0]),)}
        if OWN[kpi][1]:
            parts["denominator"] = ((1.0, str(OWN[kpi][1])),)
    else:
        entry = _catalogue().kpis[kpi]
        parts = {"numerator": parse_expression(entry.numerator or "")}
        if entry.denominator:
            parts["denominator"] = parse_expression(entry.denominator)
    return [
        {"kpi": kpi, "role": role, "measure": name, "coef": coef}
        for role, terms in parts.items()
        for coef, name in terms
    ]
