# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The public test tables of SSBtools and rtauargus as requests: how each is read, and how its codes sum.

Not among them: `power10to*`, which hold hierarchies and no counts; `enterprise_template`, which holds codes alone; the
turnover, pizza and tomato columns, which are amounts of establishments and have no rule here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from quality.disclosure.model.hierarchy import Hierarchy
from quality.disclosure.model.pool import Absent
from quality.disclosure.model.registry import Request
from quality.disclosure.model.tables import Table
from tests.quality.disclosure.model.requests import rules

TOTAL = "Total"
COUNT = {"n": {"class": "none", "tiers": {"public": {"min_count": 3}}}}
INCOME = {"SSBtools_d1": "main_income", "SSBtools_z1": "hovedint", "SSBtools_mun_accidents": "inj"}
SORTED_BY = {
    "SSBtools_d2": ("region", ["county", "k_group"], ["main_income"]),
    "SSBtools_d2s": ("region", ["county", "size"], ["main_income"]),
    "SSBtools_z2": ("region", ["fylke", "kostragr"], ["hovedint"]),
    "SSBtools_d3": ("region", ["county", "k_group"], ["main_income", "months"]),
    "SSBtools_z3": ("region", ["fylke", "kostragr"], ["hovedint", "mnd"]),
    "SSBtools_d4": ("region", ["county", "k_group"], ["main_income", "months"]),
    "SSBtools_sosialFiktiv": ("region", ["fylke", "kostragr"], ["hovedint", "mnd"]),
    "SSBtools_example1": ("geo", ["eu"], ["age", "year"]),
}
WIDE = {
    "SSBtools_d1w": ["region"],
    "SSBtools_z1w": ["region"],
    "SSBtools_d2ws": ["region", "county", "size"],
    "SSBtools_z2w": ["region", "fylke", "kostragr"],
    "SSBtools_z3w": ["region", "fylke", "kostragr"],
    "SSBtools_z3wb": ["region", "fylke", "kostragr"],
}
LARGE = {"SSBtools_d3", "SSBtools_z3", "SSBtools_d4", "SSBtools_sosialFiktiv", "east", "persons"}
MONTHS = {"months": "months2", "mnd": "mnd2"}


@dataclass(frozen=True)
class Case:
    """One table, or several that belong together, and what they need."""

    name: str
    folder: Path
    zeros: str

    @property
    def large(self) -> bool:
        """Whether it takes longer than a test should."""
        return self.name in LARGE

    def request(self) -> Request:
        """The tables read and ready to be protected."""
        tables, hierarchies, absent = _read(self.name, self.folder)
        own = {"n": {**COUNT["n"], "tiers": {"public": {"min_count": 3, "zeros": self.zeros}}}}
        return Request(tables, hierarchies, rules(own), absent=absent)


def cases(shared: Path) -> list[Case]:
    """Every usable table, with zeros published and with zeros protected."""
    folder = shared / "disclosure" / "public"
    names = [*INCOME, *SORTED_BY, *WIDE, "SSBtools_magnitude1", "activities", "regions", "all four", "east", "persons"]
    return [Case(name, folder, zeros) for name in names for zeros in ("published", "protected")]


def _read(name: str, folder: Path) -> tuple[list[Table], list[Hierarchy], Absent]:
    if name in INCOME:
        frame = _csv(folder, name)
        stub = frame.columns[0]
        named = frame.rename({frame.columns[-1]: "n"})
        return [Table(name, named)], [Hierarchy.flat(stub, TOTAL), Hierarchy.flat(INCOME[name], TOTAL)], "form"
    if name in SORTED_BY:
        return *_grouped(_csv(folder, name), *SORTED_BY[name]), "form"
    if name in WIDE:
        stubs = WIDE[name]
        long = _csv(folder, name).unpivot(index=stubs, variable_name="kind", value_name="n")
        return *_grouped(long, stubs[0], stubs[1:], ["kind"]), "form"
    if name == "SSBtools_magnitude1":
        frame = _csv(folder, name).with_columns(pl.lit(1).alias("n"))
        counted = frame.group_by("sector4", "sector2", "geo", "eu").agg(pl.col("n").sum())
        hierarchies = [*_above(counted, "geo", ["eu"]), *_above(counted, "sector4", ["sector2"])]
        return [Table(name, counted.select("geo", "sector4", "n"))], hierarchies, "form"
    return _enterprises(name, folder)


def _enterprises(name: str, folder: Path) -> tuple[list[Table], list[Hierarchy], Absent]:
    """Counts of enterprises by activity, region, size and legal form: linked tables with all their margins."""
    activity = Hierarchy.from_levels("activity", _csv(folder, "rtauargus_activity_corr_table"), TOTAL)
    regions = Hierarchy.from_levels("nuts", _csv(folder, "rtauargus_nuts23_fr_corr_table"), TOTAL)
    beside = [Hierarchy.flat("size", TOTAL), Hierarchy.flat("cj", TOTAL)]
    if name == "persons":
        frame = _csv(folder, "rtauargus_indiv_dt").with_columns(pl.col("A88").alias("activity"), pl.lit(1).alias("n"))
        counted = frame.group_by("activity", "NUTS3", "SIZE", "A21", "A10", "NUTS2", "NUTS1").agg(pl.col("n").sum())
        levels = [counted.select("A10", "A21", "activity"), counted.select("NUTS1", "NUTS2", "NUTS3")]
        own = [
            Hierarchy.from_levels(d, one.unique(), TOTAL) for d, one in zip(("activity", "nuts"), levels, strict=True)
        ]
        table = counted.select("activity", pl.col("NUTS3").alias("nuts"), pl.col("SIZE").alias("size"), "n")
        return [Table(name, table)], [*own, beside[0]], "form"
    files = {
        "activities": ["act_cj", "act_size"],
        "regions": ["nuts_cj", "nuts_size"],
        "all four": ["act_cj", "act_size", "nuts_cj", "nuts_size"],
        "east": ["act_nuts_size"],
    }[name]
    tables = []
    for file in files:
        frame = _csv(folder, f"rtauargus_turnover_{file}").rename({"N_OBS": "n"}).drop("TOT", "MAX")
        frame = frame.rename({column: column.lower() for column in frame.columns})
        tables.append(Table(file, frame))
    dimensions = {column for table in tables for column in table.frame.columns}
    if name == "east":
        regions = _east(tables[0].frame)
    used = [one for one in (activity, regions, *beside) if one.dimension in dimensions]
    return tables, used, "zero"


def _east(frame: pl.DataFrame) -> Hierarchy:
    codes = frame["nuts"].unique().sort().to_list()
    pairs = [(code, code[:4] if len(code) == 5 else "Total_EAST") for code in codes if code.startswith("FR")]
    return Hierarchy.from_pairs("nuts", [("Total_EAST", ""), *pairs])


def _csv(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / f"{name}.csv", infer_schema=False, null_values=["NA"])


def _grouped(
    frame: pl.DataFrame, stub: str, groups: list[str], others: list[str]
) -> tuple[list[Table], list[Hierarchy]]:
    """A table of inner cells whose groups stand in columns of their own: each is a hierarchy over the same codes."""
    named = frame.rename({frame.columns[-1]: "n"})
    hierarchies = [*_above(named, stub, groups)] or [Hierarchy.flat(stub, TOTAL)]
    for other in others:
        months = [MONTHS[other]] if other in MONTHS else []
        hierarchies += _above(named, other, months) if months else [Hierarchy.flat(other, TOTAL)]
    return [Table("t", named.select(stub, *others, "n"))], hierarchies


def _above(frame: pl.DataFrame, stub: str, groups: list[str]) -> Iterator[Hierarchy]:
    for group in groups:
        levels = frame.select(pl.lit(f"{group} ") + pl.col(group), pl.col(stub)).unique()
        yield Hierarchy.from_levels(stub, levels, TOTAL, group)


def by_key(case: Any) -> str:
    """The name of a case in words."""
    return f"{case.name}, zeros {case.zeros}"
