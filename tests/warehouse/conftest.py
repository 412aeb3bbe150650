# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""A small warehouse that the tests of this room share: few cells, one build for the whole session."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.catalogue import load
from warehouse.candidates import Candidate, candidate
from warehouse.manifest import Model, manifest
from warehouse.sqlmesh import Landing

CANARY = 918273645.5
"""A true value that a faulty producer left beside a withheld one; nobody behind the door may have it."""

CITY = "05111000"
AREAS = (
    ("DG", "bund", "Deutschland", None),
    ("05", "land", "Land Fünf", "DG"),
    (CITY, "gemeinde", "Stadt", "05111"),
    (f"{CITY}-01", "stadtteil", "Altstadt; Mitte", CITY),
    (f"{CITY}-02", "stadtteil", 'Neu"stadt', CITY),
)
SIZES = {"DG": 83_000_000, "05": 18_000_000, CITY: 4000, f"{CITY}-01": 3960, f"{CITY}-02": 40}
SOURCES = (
    {"source": "amt", "title_de": "Amt", "title_en": "Office", "publisher": "Stadt", "licence": "unstated"},
    {"source": "ba", "title_de": "BA", "title_en": "BA", "publisher": "BA", "licence": "unstated"},
    {"source": "idle", "title_de": "Nie", "title_en": "Never", "publisher": "Stadt", "licence": "unstated"},
)
WITHHELD = ("pop_65_plus", f"{CITY}-02")

Cells = list[dict[str, Any]]


def cell(measure: str, area: str, period: str, value: float | None, basis: str = "register") -> dict[str, Any]:
    """One protected cell as the door writes it."""
    withheld = value is None
    return {
        "cell": f"{measure}|{area}|{period}|{period}|{basis}",
        "measure": measure,
        "area": area,
        "area_level": next(level for key, level, *_ in AREAS if key == area),
        "area_vintage": period,
        "period": period,
        "freq": "A",
        "basis": basis,
        "value": value,
        "obs_status": "Q" if withheld else "A",
        "conf_status": "C" if withheld else "F",
        "unit": "persons",
        "sources": ["ba"] if basis == "ba" else ["amt"],
        "true_value": CANARY,
    }


def all_cells() -> Cells:
    """Two years of a city with two districts, the small one has a withheld cell; of its Land both census bases."""
    cells = []
    for area, size in SIZES.items():
        for period in ("2022", "2023"):
            older = None if ("pop_65_plus", area) == WITHHELD else size // 4
            cells += [
                cell("pop_total", area, period, float(size)),
                cell("pop_65_plus", area, period, older),
                cell("area_km2", area, period, size / 1600, "flaechenerhebung"),
                cell("unemp", area, period, float(size // 20), "ba"),
                cell("pop_15_64", area, period, float(size // 2)),
                cell("median_age", area, period, None if area == CITY else 44.25),
            ]
    overlap = (("2022", "fortschreibung_z2011"), ("2022", "fortschreibung_z2022"), ("2023", "fortschreibung_z2022"))
    cells += [cell("pop_total", "05", period, float(SIZES["05"]), basis) for period, basis in overlap]
    cells += [
        cell("pop_total - pop_total_prev5", "05", "2023", 1000.0, basis)
        for basis in ("fortschreibung_z2022", "register")
    ]
    cells += [cell("pop_total_prev5", "05", "2023", 10000.0, basis) for basis in ("fortschreibung_z2022", "register")]
    quarter = {"period": "2023-Q1", "freq": "Q", "cell": f"births|{CITY}|2023|2023-Q1|register"}
    return [*cells, {**cell("births", CITY, "2023", 10.0), **quarter}]


@pytest.fixture(scope="session")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Landing]:
    """Return a function that writes cells as the door does and returns the inputs of a build."""

    def write(cells: Sequence[dict[str, Any]] | None = None) -> Landing:
        path = tmp_path_factory.mktemp("protected") / "protected.parquet"
        pq.write_table(pa.Table.from_pylist(list(cells or all_cells())), path)
        areas = [
            {"area": area, "area_vintage": year, "area_level": level, "name": name, "parent": parent}
            for area, level, name, parent in AREAS
            for year in ("2022", "2023")
        ]
        return Landing(path, load(), areas, SOURCES)

    return write


@pytest.fixture(scope="session")
def warehouse_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the warehouse of the session."""
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="session")
def built(landing: Callable[..., Landing], warehouse_dir: Path) -> Candidate:
    """Return the one candidate that most tests look at; it is ok."""
    found = candidate(warehouse_dir, "public", landing())
    assert found.result.ok, found.result.error
    return found


@pytest.fixture(scope="session")
def marts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, ...]:
    """Return the models that are handed out."""
    return manifest(tmp_path_factory.mktemp("manifest")).marts()


@pytest.fixture
def refused(built: Candidate) -> Candidate:
    """Return a candidate whose build failed."""
    return replace(built, result=replace(built.result, ok=False))
