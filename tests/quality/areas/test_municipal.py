# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Municipal areas: Quartiere inside and across Stadtteile, what cannot be assigned, and the units between."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from quality.areas.areas import AREA_TABLE
from quality.areas.crosswalk import CrosswalkError, convert
from quality.areas.municipal import (
    as_crosswalk,
    between,
    is_unassignable,
    load_site_membership,
    membership,
    regional_keys,
    unassignable,
    with_unassignable,
)
from raw.contracts import AreaList
from tests.quality.areas.tables import series, told
from tests.raw.families.reference import CROSSWALK, harvest, write_steps

CITY = "01001000"


def listed(**changes) -> AreaList:
    areas = [
        {"key": CITY, "name": "Stadt", "level": "gemeinde"},
        {"key": f"{CITY}-b1", "name": "Mitte", "level": "bezirk"},
        {"key": f"{CITY}-01", "name": "Altstadt", "parent": f"{CITY}-b1"},
        {"key": f"{CITY}-02", "name": "Neustadt", "parent": f"{CITY}-b1"},
        {"key": f"{CITY}-0101", "name": "Markt", "level": "quartier", "parent": f"{CITY}-01"},
        {"key": f"{CITY}-0102", "name": "Brücke", "level": "quartier", "parent": f"{CITY}-01"},
    ]
    return AreaList.model_validate({"vintage": "2024", "level": "stadtteil", "parent": CITY, "areas": areas, **changes})


WEIGHTED = """part,whole,vintage,weight_class,weight
01001000-0102,01001000-01,2024,population,0.25
01001000-0102,01001000-02,2024,population,0.75
01001000-0102,01001000-01,2024,area,0.5
01001000-0102,01001000-02,2024,area,0.5
"""


def weighted(folder: Path, text: str = WEIGHTED) -> pl.DataFrame:
    path = folder / "membership.csv"
    path.write_text(text, "utf-8")
    return load_site_membership(path)


def test_what_lies_within_is_a_whole_member_of_every_level_above():
    table = membership(with_unassignable(listed()))
    above = {(part, level): whole for part, level, whole in table.select("part", "whole_level", "whole").iter_rows()}
    assert above[f"{CITY}-0101", "stadtteil"] == f"{CITY}-01"
    assert above[f"{CITY}-0101", "bezirk"] == f"{CITY}-b1"
    assert above[f"{CITY}-0101", "gemeinde"] == above[f"{CITY}-99", "gemeinde"] == CITY
    assert (f"{CITY}-99", "bezirk") not in above
    assert set(table["weight"]) == {1.0}


def test_a_quartier_that_cuts_two_stadtteile_is_shared_by_its_weights_and_whole_above_them(tmp_path: Path):
    table = membership(with_unassignable(listed()), weighted(tmp_path))
    quartiere = {f"{CITY}-0101": 10, f"{CITY}-0102": 8}
    frame = series("2024", quartiere, level="quartier")
    to_stadtteil = convert(frame, as_crosswalk(table, "2024", "quartier", "stadtteil")).series
    assert told(to_stadtteil) == {f"{CITY}-01": (12, "E"), f"{CITY}-02": (6, "E")}
    assert set(to_stadtteil["area_level"]) == {"stadtteil"}
    by_area = series("2024", quartiere, "landuse", "quartier")
    assert told(convert(by_area, as_crosswalk(table, "2024", "quartier", "stadtteil")).series)[f"{CITY}-02"] == (4, "E")
    for level, key in (("bezirk", f"{CITY}-b1"), ("gemeinde", CITY)):
        assert told(convert(frame, as_crosswalk(table, "2024", "quartier", level)).series) == {key: (18, "A")}


def test_what_cannot_be_assigned_keeps_its_own_key_so_that_the_city_stays_whole():
    table = membership(with_unassignable(listed()))
    frame = series("2024", {f"{CITY}-01": 3, f"{CITY}-02": 4, f"{CITY}-99": 5}, level="stadtteil")
    assert told(convert(frame, as_crosswalk(table, "2024", "stadtteil", "bezirk")).series) == {
        f"{CITY}-b1": (7, "A"), f"{CITY}-99": (5, "A"),
    }  # fmt: skip
    assert told(convert(frame, as_crosswalk(table, "2024", "stadtteil", "gemeinde")).series) == {CITY: (12, "A")}


def test_the_pseudo_area_is_added_once():
    assert unassignable(CITY) == f"{CITY}-99"
    assert is_unassignable(f"{CITY}-99")
    assert not is_unassignable(f"{CITY}-0199")
    once = with_unassignable(listed())
    assert [entry.key for entry in once.areas if is_unassignable(entry.key)] == [f"{CITY}-99"]
    assert with_unassignable(once) == once


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.75", "0.70", r"do not sum to 1 on every level above them$"),
        ("01001000-02,2024,population", "01001000-77,2024,population", "does not have 01001000-77"),
        ("population,0.25", "money,0.25", "line 2: a key, the vintage, the class or a weight"),
        ("0.75", "-1", "line 3: a key, the vintage, the class or a weight"),
        ("part,", "teil,", "the columns have to be part, whole"),
    ],
)
def test_wrong_memberships_are_refused_by_line_or_key(tmp_path: Path, old: str, new: str, message: str):
    with pytest.raises(CrosswalkError, match=message):
        membership(listed(), weighted(tmp_path, WEIGHTED.replace(old, new)))


def test_an_area_within_itself_is_refused():
    looped = listed(areas=[{"key": f"{CITY}-01", "name": "A", "parent": f"{CITY}-02"},
                           {"key": f"{CITY}-02", "name": "B", "parent": f"{CITY}-01"}])  # fmt: skip
    with pytest.raises(CrosswalkError, match="within itself"):
        membership(looped)


def test_gemeindeverband_and_regierungsbezirk_stand_between_where_they_exist(tmp_path: Path):
    (tmp_path / "inbox").mkdir()
    write_steps(tmp_path / "inbox" / "ref.xlsx", {2022: [[6435001.0, "Dorf", 1.0, 1.0, 1.0, 1.0, 6435001.0, "Dorf"]]})
    assert regional_keys(harvest(tmp_path, CROSSWALK)[CROSSWALK].read()).is_empty()
    areas = pl.DataFrame(
        [
            ("064", "regierungsbezirk", "2023", "Darmstadt", "06"),
            ("06435", "kreis", "2023", "Main-Kinzig", "06"),
            ("01051", "kreis", "2023", "Dithmarschen", "01"),
            ("064350001", "gemeindeverband", "2023", "Dorf", "06435"),
            ("06435001", "gemeinde", "2023", "Dorf", "06435"),
            ("06435002", "gemeinde", "2023", "Weiler", "06435"),
        ],
        schema=AREA_TABLE,
        orient="row",
    )
    ars = pl.DataFrame(
        {"area": ["06435001", "06435002"], "area_vintage": ["2023"] * 2, "ars": ["064350001001", "064359999002"]}
    )
    assert between(areas, ars).rows() == [
        ("06435", "kreis", "2023", "064", "regierungsbezirk"),
        ("06435001", "gemeinde", "2023", "064350001", "gemeindeverband"),
    ]
