# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Our KPIs against the same figures as agencies print them: every difference with its class.

Belongs here: pairing, rounding, classes, explanations put to the test. Does not belong here: what an explanation may
say (`raw.differences`), where the values lie (`pipelines`) and how a table is shown (`comparison_page`).

Ours is the product's value before rounding. It is `equal` if it rounds to their figure at the decimals that they
print, `rounding` up to one unit of their last digit. A larger difference has the class of the first explanation in
`differences.yml` that is about it and, where the explanation names other parts, from which their figure comes out; else
it is `unexplained`. Figures without a value of ours are kept and counted, never compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from raw.contracts import PUBLISHED, Source
from raw.differences import Columns, Difference
from raw.harvest.layout import family_config
from raw.vocabulary.lists import lists
from transforms.catalogue.catalogue import Catalogue

_ABOUT = ("table", "kpi", "area", "period")
CLASSES = ("equal", "rounding", "reference_date", "basis", "definition", "source_error", "unexplained", "no_value")
SIGNIFICANT = 1e-11
"""Share of a figure below which a spreadsheet's last digits are the noise of its own arithmetic."""
WHOLE = 0.05
"""A figure must be printed so exactly that the number it implies is known to this much, or wholeness says nothing."""

COMPARISON: dict[str, Any] = {
    "kpi": pl.String(), "area": pl.String(), "area_level": pl.String(), "period": pl.String(), "basis": pl.String(),
    "ours": pl.Float64(), "theirs": pl.Float64(), "decimals": pl.Int64(), "relative": pl.Float64(),
    "class": pl.String(), "tested": pl.Boolean(), "reason_de": pl.String(), "reason_en": pl.String(),
    "showable": pl.Boolean(), "source": pl.String(), "table": pl.String(), "snapshot": pl.String(), "cell": pl.String(),
}  # fmt: skip
"""Columns of the comparison: `ours` not rounded, `theirs` as printed but in the KPI's unit; `relative` is the size of
the difference as a share of theirs; `tested`: their figure came out when the explanation was put to the test;
`showable`: a public source's figure of Bund, Land, Kreis or city, which its publisher prints anyway."""


@dataclass(frozen=True)
class Comparison:
    """All compared figures (columns of COMPARISON), and the explanations that are about nothing any more."""

    rows: pl.DataFrame
    stale: list[tuple[str, Difference]]

    def of(self, *classes: str) -> pl.DataFrame:
        """The rows of some classes."""
        return self.rows.filter(pl.col("class").is_in(classes))

    def counts(self) -> pl.DataFrame:
        """Per KPI, source and table the number of figures and of each class, in a fixed order."""
        found = self.rows.group_by("kpi", "source", "table").agg(
            pl.len().alias("printed"),
            (pl.col("class") != "no_value").sum().alias("compared"),
            *((pl.col("class") == name).sum().alias(name) for name in CLASSES),
        )
        return found.sort("kpi", "source", "table")

    def largest(self, count: int = 20) -> pl.DataFrame:
        """The largest differences, relative to their figure, one per table, KPI, area and period."""
        order = ["kpi", "source", "table", "area", "period"]
        return self.of(*CLASSES[2:7]).sort("relative", *order, descending=[True, *[False] * 5]).head(count)


def compare(
    observations: pl.DataFrame, values: pl.DataFrame, sources: Mapping[str, Source], catalogue: Catalogue
) -> Comparison:
    """Compare what agencies print with our values.

    `observations`: checked observations of all sources; `values`: kpi, area, area_vintage, period, basis, numerator,
    denominator, value of our KPIs. Raises ValueError where a contract names a KPI that does not exist or another unit.
    """
    theirs = observations.filter(
        pl.col("measure").str.starts_with(PUBLISHED) & pl.col("value").is_not_null() & (pl.col("dims") == "")
    ).with_columns(pl.col("measure").str.strip_prefix(PUBLISHED).alias("kpi"))
    check_published(sources.values(), catalogue)
    key = ["kpi", "area", "area_vintage", "period", "basis"]
    wanted = values.select(*key, "numerator", "denominator", pl.col("value").alias("ours"))
    paired = theirs.join(wanted, on=key, how="left", maintain_order="left")
    judge = _Judge(sources, catalogue, _Parts(observations, sources))
    rows = [judge.row(row) for row in paired.sort("source", "table", "snapshot", "cell").iter_rows(named=True)]
    return Comparison(pl.DataFrame(rows, schema=COMPARISON, orient="row"), judge.stale())


def check_published(sources: Iterable[Source], catalogue: Catalogue) -> None:
    """Raise ValueError naming every agency's own figure that is no KPI of the catalogue, or not in its unit."""
    faults = []
    for source in sources:
        for table in source.tables.values():
            for column, rule in table.columns.items():
                kpi = catalogue.kpis.get(rule.published or "")
                if rule.published and (kpi is None or kpi.unit != rule.unit):
                    expected = f"the unit {kpi.unit}" if kpi else "a KPI of the catalogue"
                    faults.append(f"{source.id}/{table.id}, {column}: {rule.published} in {rule.unit}: {expected}")
    if faults:
        raise ValueError("\n".join(faults))


def printed_decimals(text: str, decimal: str) -> int:
    """Decimals that a figure shows as it was found (`1.234,5` with a comma as the decimal sign: 1)."""
    found = re.search(rf"{re.escape(decimal)}(\d+)$", text.strip())
    return len(found[1]) if found else 0


class _Parts:
    """Sums of columns as delivered, for explanations that name other parts; read once per set of columns."""

    def __init__(self, observations: pl.DataFrame, sources: Mapping[str, Source]) -> None:
        asked = [
            (part.source or source.id, part.table)
            for source in sources.values()
            for entry in source.differences
            if entry.instead
            for part in (entry.instead.numerator, entry.instead.denominator)
            if part
        ]
        wanted = pl.DataFrame(asked, schema={"source": pl.String, "table": pl.String}, orient="row").unique()
        self._rows = observations.join(wanted, on=["source", "table"], how="semi").filter(pl.col("dims").is_not_null())
        self._sums: dict[str, dict[tuple[str, str], float]] = {}

    def value(self, source: str, part: Columns, area: str, period: str) -> float | None:
        """The sum of the named columns for an area and a year, or None if one of them has no figure."""
        name = part.model_dump_json() + source
        if name not in self._sums:
            rows = self._rows.filter(
                (pl.col("source") == (part.source or source))
                & (pl.col("table") == part.table)
                & pl.col("column").is_in(part.columns)
            ).unique(["column", "dims", "area", "period"], keep="last", maintain_order=True)
            sums = rows.group_by("area", "period").agg(pl.col("value").sum(), pl.col("value").count().alias("count"))
            complete = sums.filter(pl.col("count") == len(part.columns))
            self._sums[name] = {(row[0], row[1]): row[2] for row in complete.iter_rows()}
        when = str(int(period[:4]) + part.shift) + (f"-{part.month:02d}" if part.month else period[4:])
        return self._sums[name].get((area, when))


class _Judge:
    """Decides on one printed figure after another and remembers which explanations were used."""

    def __init__(self, sources: Mapping[str, Source], catalogue: Catalogue, parts: _Parts) -> None:
        self._sources, self._catalogue, self._parts = sources, catalogue, parts
        self._met: set[int] = set()
        self._used: set[int] = set()
        levels = lists()["area_levels"]
        self._open_levels = {name for name, level in levels.items() if level["kind"] == "administrative"}

    def row(self, found: Mapping[str, Any]) -> tuple[Any, ...]:
        """A row of COMPARISON."""
        source = self._sources[found["source"]]
        rule = source.tables[found["table"]].columns[found["column"]]
        decimals = printed_decimals(found["value_text"], family_config(source.contract.family)["decimal"])
        unit = max(rule.factor * 10.0**-decimals, abs(found["value"]) * SIGNIFICANT)
        klass, entry = self._class(source, found, unit)
        difference = None if found["ours"] is None else abs(found["ours"] - found["value"])
        relative = None if difference is None else difference / max(abs(found["value"]), unit)
        reason = entry.reason if entry else {}
        showable = found["area_level"] in self._open_levels and source.contract.publicity == "public"
        return (
            found["kpi"], found["area"], found["area_level"], found["period"], found["basis"], found["ours"],
            found["value"], decimals, relative, klass, bool(entry and entry.tested), reason.get("de"),
            reason.get("en"), showable, found["source"], found["table"], found["snapshot"], found["cell"],
        )  # fmt: skip

    def _class(self, source: Source, found: Mapping[str, Any], unit: float) -> tuple[str, Difference | None]:
        if found["ours"] is None:
            return "no_value", None
        entries = [entry for entry in source.differences if entry.about(*(found[name] for name in _ABOUT))]
        difference = abs(found["ours"] - found["value"])
        if difference <= unit * (1 + 1e-6):
            self._met.update(id(entry) for entry in entries)
            return ("equal" if difference <= unit * (0.5 + 1e-6) else "rounding"), None
        for entry in entries:
            holds = self._holds(source, entry, found, unit)
            if holds is not None:
                self._met.add(id(entry))
            if holds:
                self._used.add(id(entry))
                return entry.cause, entry
        return "unexplained", None

    def _holds(self, source: Source, entry: Difference, found: Mapping[str, Any], unit: float) -> bool | None:
        """Whether their figure comes out as the entry says; None if a part that it names is not there.

        An entry that says nothing about it is believed.
        """
        factor, theirs = self._catalogue[found["kpi"]].factor, found["value"]
        numerator, denominator = found["numerator"], found["denominator"]
        if entry.instead:
            about = (found["area"], found["period"])
            if entry.instead.numerator:
                numerator = self._parts.value(source.id, entry.instead.numerator, *about)
            if entry.instead.denominator:
                denominator = self._parts.value(source.id, entry.instead.denominator, *about)
            if numerator is None or not denominator:
                return None
            return bool(abs(factor * numerator / denominator - theirs) <= unit * (1 + 1e-6))
        if entry.rounded:
            half, other = entry.rounded.numerator / 2, entry.rounded.denominator / 2
            least = factor * (numerator - half) / (denominator + other)
            most = factor * (numerator + half) / (denominator - other) if denominator > other else math.inf
            return bool(least - unit * (0.5 + 1e-6) <= theirs <= most + unit * (0.5 + 1e-6))
        if entry.whole_denominator:
            implied = factor * numerator / theirs if theirs else 0.5
            sure = max(1e-4, abs(implied) * unit / max(abs(theirs), unit))
            return bool(sure < WHOLE and abs(implied - round(implied)) <= sure)
        return True

    def stale(self) -> list[tuple[str, Difference]]:
        """Explanations of figures that were compared, and that no difference needed."""
        return [
            (source.id, entry)
            for source in self._sources.values()
            for entry in source.differences
            if id(entry) in self._met - self._used
        ]
