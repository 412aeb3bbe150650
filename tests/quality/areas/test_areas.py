# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The area table: parents by key, names, and municipal lists that win."""

from __future__ import annotations

import polars as pl
import pytest

from quality.areas.areas import AREA_TABLE, build_areas, parent_key
from raw.contracts import AreaList

NAMED = {key: AREA_TABLE[key] for key in ("area", "area_level", "area_vintage", "name")}


def named(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=NAMED, orient="row")


def municipal(vintage: str = "2024", name: str = "Old Town") -> AreaList:
    return AreaList.model_validate(
        {
            "vintage": vintage,
            "level": "stadtteil",
            "parent": "01001000",
            "areas": [
                {"key": "01001000", "name": "The City", "level": "gemeinde"},
                {"key": "01001000-01", "name": name, "codes": ["01"]},
                {"key": "01001000-99", "name": "not assignable"},
                {"key": "01001000-0101", "name": "Market", "level": "quartier", "parent": "01001000-01"},
            ],
        }
    )


def parents(table: pl.DataFrame) -> dict[str, str | None]:
    return dict(table.select("area", "parent").iter_rows())


@pytest.mark.parametrize(
    ("area", "level", "parent"),
    [
        ("01", "land", "DG"),
        ("010", "regierungsbezirk", "01"),
        ("01001", "kreis", "01"),
        ("010010000", "gemeindeverband", "01001"),
        ("01001000", "gemeinde", "01001"),
        ("01001000-01", "stadtteil", "01001000"),
        ("01001000-x", "bezirk", "01001000"),
        ("DG", "bund", None),
    ],
)
def test_the_parent_follows_from_the_key(area, level, parent):
    assert parent_key(area, level) == parent


def test_leading_zeros_survive():
    table = build_areas([named(("01", "land", "2023", "North"), ("01001", "kreis", "2023", "Coast"))], [municipal()])
    assert set(table["area"]) == {"01", "01001", "01001000", "01001000-01", "01001000-99", "01001000-0101"}
    assert table.schema == AREA_TABLE


def test_the_longest_spelling_of_a_name_is_taken_whatever_the_order_of_files():
    short, long = named(("01001", "kreis", "2023", "Coast")), named(("01001", "kreis", "2023", "Coast, Kreis"))
    assert build_areas([short, long], []).equals(build_areas([long, short], []))
    assert build_areas([short, long], [])["name"].to_list() == ["Coast, Kreis"]


def test_equally_long_spellings_do_not_depend_on_the_order_of_files():
    one, other = named(("01001", "kreis", "2023", "Coast")), named(("01001", "kreis", "2023", "COAST"))
    assert build_areas([one, other], []).equals(build_areas([other, one], []))


def test_the_municipal_list_wins_over_a_name_in_a_file():
    file = named(("01001000-01", "stadtteil", "2024", "A much longer name in a file"))
    table = build_areas([file], [municipal()])
    assert table.filter(pl.col("area") == "01001000-01")["name"].to_list() == ["Old Town"]


def test_parts_of_a_city_have_the_city_the_city_its_kreis_and_a_quarter_its_own_parent():
    assert parents(build_areas([], [municipal()])) == {
        "01001000": "01001",
        "01001000-01": "01001000",
        "01001000-99": "01001000",
        "01001000-0101": "01001000-01",
    }


def test_an_area_of_two_vintages_is_two_rows():
    table = build_areas([], [municipal("2014", "Village"), municipal("2024")])
    rows = table.filter(pl.col("area") == "01001000-01").select("area_vintage", "name").rows()
    assert rows == [("2014", "Village"), ("2024", "Old Town")]


def test_no_source_gives_an_empty_table_with_its_columns():
    assert build_areas([], []).schema == AREA_TABLE
    assert build_areas([], []).is_empty()
