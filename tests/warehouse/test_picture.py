# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The picture is drawn from a release alone, with and without a map, in both languages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from matplotlib.image import imread

from tests.warehouse.conftest import CITY
from warehouse.candidates import Candidate
from warehouse.manifest import Model
from warehouse.picture import overview
from warehouse.picture_data import PictureError, ReleasedMarts
from warehouse.releases import publish


@pytest.fixture
def folder(built: Candidate, marts: tuple[Model, ...], tmp_path: Path) -> Path:
    release = publish({"public": built}, tmp_path, marts=marts, day=date(2026, 3, 4), code_version="t")
    return release.marts("public")


def _map(path: Path) -> Path:
    squares = [
        {
            "type": "Feature",
            "properties": {"area": f"{CITY}-0{place}"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[place, 50], [place + 1, 50], [place + 1, 51], [place, 50]]],
            },
        }
        for place in (1, 2)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": squares}), encoding="utf-8")
    return path


@pytest.mark.parametrize("lang", ["de", "en"])
@pytest.mark.parametrize("with_map", [True, False])
def test_a_picture_is_drawn(folder: Path, tmp_path: Path, lang: str, with_map: bool) -> None:
    geojson = _map(tmp_path / "map.geojson") if with_map else None
    out = overview(folder, geojson, tmp_path / "out" / "picture.png", lang, synthetic=True)
    assert imread(out).shape[:2] == (1500, 2400)


def test_withheld_districts_are_known_as_withheld(folder: Path) -> None:
    period, districts = ReleasedMarts(folder, "de").districts("share_65_plus", CITY)
    assert period == "2023"
    assert districts[f"{CITY}-02"][1:] == (None, "Q")


def test_figures_are_written_as_in_the_language(folder: Path) -> None:
    assert ReleasedMarts(folder, "de").figure(1234.5, 1) == "1.234,5"
    assert ReleasedMarts(folder, "en").figure(1234.5, 1) == "1,234.5"


def test_only_the_publishers_of_what_is_drawn_are_named(folder: Path) -> None:
    marts = ReleasedMarts(folder, "de")
    values = pl.read_parquet(folder / "kpi_value__area_period.parquet")
    own = values.filter((pl.col("kpi") == "share_65_plus") & pl.col("area").str.starts_with(CITY))
    used = {name for sources in own["sources"].to_list() for name in sources.split(";")}
    publishers = pl.read_parquet(folder / "source.parquet").filter(pl.col("source").is_in(used))["publisher"]
    assert marts.sources(["share_65_plus"], CITY) == "; ".join(sorted(publishers.unique()))
    assert marts.sources(["share_65_plus"], "no such area") == ""


def test_the_city_is_the_one_of_whose_districts_most_is_known(folder: Path) -> None:
    assert ReleasedMarts(folder, "de").city(["share_65_plus"]) == CITY


def test_nothing_to_draw_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(PictureError):
        overview(folder, None, tmp_path / "x.png", "de", city="01001000")
