# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Where a value comes from: value → formula → cells → file, sheet and cell, with the checks on the way.

Belongs here: following a value back. Does not belong here: printing. For use in the restricted zone only; of a withheld
value it tells status and rules, never the value nor any of its parts.
"""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from assets.resources import SiteResource
from pipelines.report import checked_report
from quality.cells.plan import plans
from quality.cells.read import read_cells
from quality.cells.statistic_inputs import inputs_of
from quality.cells.statistic_parts import DOMAIN
from raw.lake.files import read_json
from raw.vocabulary.measures import measures, plain_name
from transforms.catalogue import Kpi, parse_expression

MAX_TERMS = 50


class NotExplained(LookupError):
    """Nothing to explain; `message` is a key of the messages, `values` belong to it."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message)
        self.message, self.values = message, values


@dataclass
class CellLine:
    """A cell on the way back: how it was made, and where in which file it stands. No value if the KPI is withheld."""

    depth: int
    cell: str
    relation: str
    value: float | None
    unit: str
    origins: list[dict[str, str]] = field(default_factory=list)
    omitted: int = 0


@dataclass
class Explanation:
    """The way of one value back to its files."""

    kpi: dict[str, Any]
    formula: str
    row: dict[str, Any]
    withheld: bool
    rules: str
    cells: list[CellLine]
    checks: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return asdict(self)


def explain(site: SiteResource, kpi: str, area: str, period: str, tier: str) -> list[Explanation]:
    """One explanation per basis and vintage of the value. Raises NotExplained."""
    catalogue = site.catalogue()
    if kpi not in catalogue.kpis:
        close = ", ".join(difflib.get_close_matches(kpi, list(catalogue.kpis), 5, 0.3)) or "–"
        raise NotExplained("explain_unknown_kpi", kpi=kpi, close=close)
    entry = catalogue[kpi]
    rows = _published(site, tier, kpi, area, period)
    if not rows:
        raise NotExplained("explain_nothing", kpi=kpi, area=area, period=period, tier=tier)
    cells = _cells_of(site, entry)
    names = {delivery.snapshot[:12]: delivery for delivery in site.lake().deliveries()}
    certificate = read_json(site.warehouse / "protected" / tier / "certificate.json")
    found = []
    for row in rows:
        withheld = row["conf_status"] == "C"
        bases = [row["basis"], *entry.denominator_bases]
        lines: list[CellLine] = []
        if not withheld:
            for expression in filter(None, (entry.above, entry.denominator)):
                start = _cell(cells, expression, row, bases)
                if start is not None:
                    _follow(cells, start, 0, names, lines)
        sources = sorted(set(str(row["sources"]).split(";")))
        found.append(
            Explanation(
                {"id": kpi, "name": entry.name.model_dump(), "unit": entry.unit},
                entry.formula,
                row,
                withheld,
                certificate["rules"],
                lines,
                [_checks(site, source) for source in sources],
            )
        )
    return found


def _cells_of(site: SiteResource, kpi: Kpi) -> pl.DataFrame:
    """The cells of the KPI's expressions, or of a statistic, and of all that they are made of, with their addresses."""
    domains = list(plans(site.catalogue()))
    files = [site.pointed(f"cells__{domain}") for domain in domains]
    if kpi.statistic:
        asked = inputs_of(kpi, site.catalogue())
        made = read_cells([site.pointed(f"cells__{DOMAIN}")], site.area_table(), [kpi.id])
        parts = made["terms"].explode().struct.field("cell").str.split("|").list.first().unique().drop_nulls()
        named = {*asked.expressions, *asked.measures, *parts}
        return pl.concat([made, read_cells(files, site.area_table(), named, provenance=True)])
    used = {name for text in kpi.expressions for _, name in parse_expression(text)}
    wanted = {*kpi.expressions, *used, *(plain_name(measures()[name]) for name in used)}
    return read_cells(files, site.area_table(), wanted, provenance=True)


def _published(site: SiteResource, tier: str, kpi: str, area: str, period: str) -> list[dict[str, Any]]:
    mart = site.warehouse / "releases" / "latest" / tier / "marts" / "kpi_value__area_period.parquet"
    if not mart.exists():
        return []
    wanted = (pl.col("kpi") == kpi) & (pl.col("area") == area) & (pl.col("period") == period)
    return pl.scan_parquet(mart).filter(wanted).sort("basis", "area_vintage").collect().to_dicts()


def _cell(cells: pl.DataFrame, measure: str, row: dict[str, Any], bases: list[str]) -> dict[str, Any] | None:
    same = cells.filter(
        (pl.col("measure") == measure)
        & (pl.col("area") == row["area"])
        & (pl.col("area_vintage") == row["area_vintage"])
        & (pl.col("period") == row["period"])
    )
    for basis in bases:
        found = same.filter(pl.col("basis") == basis)
        if found.height:
            return found.row(0, named=True)
    return None


def _follow(
    cells: pl.DataFrame, cell: dict[str, Any], depth: int, names: dict[str, Any], lines: list[CellLine]
) -> None:
    terms = cell["terms"]
    line = CellLine(depth, cell["cell"], cell["relation"], cell["value"], cell["unit"])
    line.origins = [_origin(text, names) for text in cell["provenance"]]
    line.omitted = max(0, len(terms) - MAX_TERMS)
    lines.append(line)
    wanted = [term["cell"] for term in terms[:MAX_TERMS]]
    for term in cells.filter(pl.col("cell").is_in(wanted)).sort("cell").iter_rows(named=True):
        _follow(cells, term, depth + 1, names, lines)


def _origin(text: str, names: dict[str, Any]) -> dict[str, str]:
    source, table, snapshot, address = text.split("/", 3)
    delivery = names.get(snapshot)
    sheet, _, cell = address.rpartition("!")
    return {
        "source": source,
        "table": table,
        "file": Path(delivery.name).name if delivery else snapshot,
        "snapshot": snapshot,
        "sheet": sheet,
        "cell": cell,
        "received_at": delivery.received_at if delivery else "",
    }


def _checks(site: SiteResource, source: str) -> dict[str, Any]:
    report = checked_report(site, source)
    return {
        "source": source,
        "decided": report.get("identities_decided", 0),
        "unknown": len(report.get("unknown", [])),
        "known": report.get("known", 0),
        "quarantined": report.get("quarantined", 0),
    }
