# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""What the picture of a release asks the published marts, and the words it uses.

Here belong the questions to the Parquet files of one tier and the texts in German and English. Not here: how
anything is drawn (`picture.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

WORDS = {
    "de": {
        "withheld": "geheim gehalten",
        "missing": "kein Wert",
        "districts": "Stadtteile",
        "lead": "Nach Stadtteilen, {period}",
        "band": "Hälfte der Stadtteile (mittlere 50 %)",
        "source": "Quelle: {sources}. Datenstand des Releases {release}.",
        "synthetic": "SYNTHETISCHE DATEN – erfundene Stadt, keine echten Zahlen",
        "bund": "Bund",
        "units": {"percent": "%", "per_1000": "je 1.000", "per_100": "je 100", "persons": "Personen"},
    },
    "en": {
        "withheld": "withheld",
        "missing": "no value",
        "districts": "districts",
        "lead": "By city district, {period}",
        "band": "half of the districts (middle 50 %)",
        "source": "Source: {sources}. Data as of release {release}.",
        "synthetic": "SYNTHETIC DATA – invented city, no real figures",
        "bund": "Germany",
        "units": {"percent": "%", "per_1000": "per 1,000", "per_100": "per 100", "persons": "persons"},
    },
}


class PictureError(ValueError):
    """The marts hold nothing that could be drawn."""


@dataclass(frozen=True)
class Series:
    """One line: periods and values of one area, one basis."""

    name: str
    points: tuple[tuple[str, float], ...]


class ReleasedMarts:
    """The published files, asked in the words of the picture."""

    def __init__(self, marts_dir: Path, lang: str) -> None:
        self.lang, self.words = lang, WORDS[lang]
        self._connection = duckdb.connect()
        for mart in ("kpi_value__area_period", "kpi", "area", "source"):
            path = str(marts_dir / f"{mart}.parquet").replace("'", "''")
            self._connection.execute(f"CREATE VIEW {mart} AS SELECT * FROM read_parquet('{path}')")

    def _rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._connection.execute(query, list(values)).fetchall()

    def city(self, wanted: Sequence[str] = ()) -> str:
        """Key of the area of whose districts most of the wanted KPIs have values, and of these the most districts."""
        rows = self._rows(
            """
            SELECT area.parent FROM area JOIN kpi_value__area_period AS v USING (area)
            WHERE area.area LIKE area.parent || '-%' AND v.value IS NOT NULL
            GROUP BY area.parent
            ORDER BY count(DISTINCT v.kpi) FILTER (list_contains($1, v.kpi)) DESC,
                     count(DISTINCT area.area) DESC, area.parent
            LIMIT 1
            """,
            list(wanted),
        )
        if not rows:
            raise PictureError("the marts hold no districts of a city")
        return str(rows[0][0])

    def name(self, area: str) -> str:
        """Latest name of an area."""
        rows = self._rows("SELECT name FROM area WHERE area = ? ORDER BY area_vintage DESC LIMIT 1", area)
        return str(rows[0][0]) if rows else area

    def available(self, wanted: Sequence[str], city: str) -> list[str]:
        """Those of the wanted KPIs that have values of districts."""
        found = self._rows(
            "SELECT DISTINCT kpi FROM kpi_value__area_period WHERE area LIKE ? AND value IS NOT NULL",
            f"{city}-%",
        )
        having = {kpi for (kpi,) in found}
        return [kpi for kpi in wanted if kpi in having]

    def title(self, kpi: str) -> str:
        """Name of a KPI."""
        rows = self._rows(f"SELECT name_{self.lang} FROM kpi WHERE kpi = ?", kpi)
        return str(rows[0][0]) if rows else kpi

    def unit(self, kpi: str) -> str:
        """Unit of a KPI in words."""
        rows = self._rows("SELECT unit FROM kpi WHERE kpi = ?", kpi)
        units: Any = self.words["units"]
        return str(units.get(rows[0][0], rows[0][0].replace("_", " "))) if rows else ""

    def decimals(self, kpi: str) -> int:
        """Decimals of a KPI."""
        rows = self._rows("SELECT decimals FROM kpi WHERE kpi = ?", kpi)
        return int(rows[0][0]) if rows else 1

    def districts(self, kpi: str, city: str) -> tuple[str, dict[str, tuple[str, float | None, str]]]:
        """Latest period with values, and of each district: name, value, status."""
        rows = self._rows(
            "WITH districts AS (SELECT * FROM kpi_value__area_period WHERE kpi = ? AND area LIKE ? AND area NOT LIKE "
            "'%-99' AND freq = 'A') SELECT period, area, area_name, value, obs_status FROM districts WHERE period = "
            "(SELECT max(period) FROM districts WHERE value IS NOT NULL) ORDER BY value NULLS FIRST, area",
            *(kpi, f"{city}-%"),
        )
        return (rows[0][0] if rows else ""), {row[1]: (row[2], row[3], row[4]) for row in rows}

    def course(self, kpi: str, area: str, name: str) -> Series:
        """The values of one area over the years, from the basis that has most of them."""
        rows = self._rows(
            "SELECT period, value FROM kpi_value__area_period WHERE kpi = ? AND area = ? AND freq = 'A' AND value IS "
            "NOT NULL AND basis = (SELECT basis FROM kpi_value__area_period WHERE kpi = ? AND area = ? AND value IS "
            "NOT NULL GROUP BY basis ORDER BY count(*) DESC, basis LIMIT 1) ORDER BY period",
            *(kpi, area, kpi, area),
        )
        return Series(name, tuple(rows))

    def city_course(self, kpi: str, city: str) -> Series:
        """The course of the city: as Gemeinde, or as Kreis where its figures are published for the Kreis only."""
        course = self.course(kpi, city, self.name(city))
        return course if course.points else self.course(kpi, city[:5], self.name(city))

    def quartiles(self, kpi: str, city: str) -> list[tuple[str, float, float]]:
        """Per year the lower and upper quartile over the districts."""
        rows = self._rows(
            "SELECT period, quantile_cont(value, 0.25), quantile_cont(value, 0.75) FROM kpi_value__area_period "
            "WHERE kpi = ? AND area LIKE ? AND area NOT LIKE '%-99' AND freq = 'A' AND value IS NOT NULL "
            "GROUP BY period ORDER BY period",
            *(kpi, f"{city}-%"),
        )
        return [(period, low, high) for period, low, high in rows]

    def sources(self, kpis: Sequence[str], city: str) -> str:
        """Who published the sources of these KPIs of a city and its districts, at most four names."""
        rows = self._rows(
            f"""
            SELECT DISTINCT coalesce(publisher, title_{self.lang}) AS who FROM source
            WHERE EXISTS (
                FROM kpi_value__area_period AS v
                WHERE list_contains($1, v.kpi) AND starts_with(v.area, $2)
                AND list_contains(string_split(v.sources, ';'), source.source)
            )
            ORDER BY who
            """,
            list(kpis),
            city,
        )
        names = [str(who) for (who,) in rows]
        return "; ".join(names[:4]) + (" u. a." if len(names) > 4 and self.lang == "de" else "")

    def figure(self, value: float, decimals: int) -> str:
        """A figure as people of the language write it."""
        text = f"{value:,.{decimals}f}"
        return text if self.lang == "en" else text.translate(str.maketrans(",.", ".,"))
