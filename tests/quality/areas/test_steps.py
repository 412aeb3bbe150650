# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Steps: weights from publishers, from lists of changes, from two registers, from a site's file."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from quality.areas.crosswalk import CrosswalkError, convert
from quality.areas.steps import (
    completed,
    from_changes,
    from_published,
    from_registers,
    load_site_crosswalks,
    of_upper,
    overlay,
    refined,
)
from quality.areas.vintages import read_changes
from raw.demo import territory
from raw.demo.world import create
from tests.quality.areas.tables import changes, register, series, step, told
from tests.raw.families.reference import CHANGES, CROSSWALK, change, harvest, write_changes, write_steps

FOREST = [
    [1001001.0, "Forst", 0.4, 1.0, 4.0, 0.0, 1001002.0, "X"],
    [1001001.0, "Forst", 0.6, 1.0, 6.0, 0.0, 1001003.0, "Y"],
    [1001002.0, "X", 1.0, 0.9999, 4.0, 3.0, 1001002.0, "X"],
    [1001003.0, "Y", 0.9, 0.75, 4.0, 3.0, 1001003.0, "Y"],
    [1001003.0, "Y", 0.1, 0.25, 4.0, 3.0, 1001002.0, "X"],
]


def ways(frame: pl.DataFrame) -> set[tuple[str, str, float]]:
    return {
        (one, to, round(weight, 9)) for one, to, weight in frame.select("from_area", "to_area", "weight").iter_rows()
    }


def test_published_weights_of_an_uninhabited_area_mean_nothing_and_those_of_area_take_their_place(tmp_path: Path):
    (tmp_path / "inbox").mkdir()
    write_steps(tmp_path / "inbox" / "ref.xlsx", {2020: FOREST})
    (found,) = from_published(harvest(tmp_path, CROSSWALK)[CROSSWALK].read())
    assert (found.level, found.origin, found.target) == ("gemeinde", "2020", "2021")
    assert ways(found.of_class("population")) == {
        ("01001001", "01001002", 0.4), ("01001001", "01001003", 0.6), ("01001002", "01001002", 1.0),
        ("01001003", "01001003", 0.75), ("01001003", "01001002", 0.25),
    }  # fmt: skip


def test_published_weights_that_do_not_sum_to_one_are_refused_by_key(tmp_path: Path):
    (tmp_path / "inbox").mkdir()
    write_steps(tmp_path / "inbox" / "ref.xlsx", {2020: FOREST[:-1]})
    with pytest.raises(
        CrosswalkError, match=r"gemeinde 2020 → gemeinde 2021: the weights do not sum to 1 for 01001003$"
    ):
        from_published(harvest(tmp_path, CROSSWALK)[CROSSWALK].read())


def test_a_list_of_changes_is_a_step_in_the_order_of_its_dates():
    listed = changes(
        ("1", "a", "m", ["1"], "2020-01-01", 10.0, 100.0),
        ("1", "b", "m", ["1"], "2020-01-01", 10.0, 100.0),
        ("2", "m", "x", ["1"], "2020-06-01", 5.0, 150.0),
        ("2", "m", "y", ["1"], "2020-06-01", 15.0, 50.0),
        ("3", "k", "l", ["3"], "2020-07-01"),
        ("4", "r", "r", ["4"], "2020-07-01"),
        ("5", "p", "q", ["2"], "2020-08-01", 1.0, 0.0),
        ("5", "p", "p", ["2"], "2020-08-01", 9.0, 0.0),
        ("6", "q", "z", ["1"], "2021-01-01"),
    )
    found = from_changes(listed, "gemeinde", "2019", "2020", ["a", "b", "k", "r", "p", "q"])
    assert ways(found.of_class("area")) == {
        ("a", "x", 0.25), ("a", "y", 0.75), ("b", "x", 0.25), ("b", "y", 0.75), ("k", "l", 1.0), ("r", "r", 1.0),
        ("p", "p", 0.9), ("p", "q", 0.1), ("q", "q", 1.0),
    }  # fmt: skip
    people = ways(found.of_class("population"))
    assert {("a", "x", 0.75), ("a", "y", 0.25)} <= people
    assert {("p", "p", 0.9), ("p", "q", 0.1)} <= people  # inhabitants are not stated: by area
    assert (found.open_origins, found.open_targets) == (frozenset(), frozenset())


def test_a_transfer_that_does_not_say_what_remains_and_a_split_without_sizes_are_open():
    listed = changes(
        ("1", "p", "q", ["2"], "2020-08-01", 1.0, 5.0),
        ("2", "s", "t", ["1"], "2020-08-01"),
        ("2", "s", "u", ["1"], "2020-08-01"),
    )
    found = from_changes(listed, "gemeinde", "2019", "2020", ["p", "q", "s", "t"])
    assert found.open_origins == {"p", "s"}
    assert {"q", "t", "u"} <= found.open_targets
    assert found.origins == {"q", "t"}


def test_the_merge_of_the_demo_converts_to_the_truth(tmp_path: Path):
    world = create(20261122, range(2018, 2022))
    (tmp_path / "inbox").mkdir()
    rows = [
        change("99/2020/0001-R", key, 1, territory.MERGED_INTO, (world.value(key, 2019, "area") * 1e6,
               world.value(key, 2019, "pop")), "01.01.2020")
        for key in territory.MERGED_FROM
    ]  # fmt: skip
    write_changes(tmp_path / "inbox" / "a.xlsx", rows)
    listed = read_changes(harvest(tmp_path, CHANGES)[CHANGES].read())
    before, after = ([area.key for area in territory.of_level(world.areas, "gemeinde", year)] for year in (2019, 2020))
    there = from_changes(listed, "gemeinde", "2019", "2020", before)
    for measure, dims in (("pop", ""), ("pop", "age=0-2;sex=f"), ("births", "")):
        frame = series("2019", {key: world.value(key, 2019, measure, dims) for key in before}, measure)
        found = told(convert(frame, there).series)
        assert found == {key: (world.value(key, 2019, measure, dims), "A") for key in after}
    assert territory.MERGED_INTO in after
    assert not set(territory.MERGED_FROM) & set(after)


OLD = register("2009", ("01001001", "Alt", 10.0), ("01001002", "Klein", 1.0), ("01001003", "Groß, Stadt", 50.0),
               ("01002001", "Fest", 7.0), ("01002002", "Zwilling", 3.0), ("01002003", "Zwilling", 3.0),
               ("01003001", "Trim", 100.0), ("01003002", "Schrumpf", 100.0))  # fmt: skip
NEW = register("2013", ("01001003", "Groß, Stadt", 51.0), ("01009001", "Alt", 10.01), ("01002001", "Fest", 7.01),
               ("01002009", "Zwilling", 3.0), ("01003001", "Trim", 99.0), ("01003002", "Schrumpf", 80.0))  # fmt: skip


def test_two_registers_show_what_stayed_suggest_some_changes_of_key_and_leave_the_rest_open():
    found = from_registers(OLD, NEW)
    flags = {
        (one, to): guess for one, to, guess in found.weights.select("from_area", "to_area", "inferred").iter_rows()
    }
    assert flags == {
        ("01002001", "01002001"): False,
        ("01001001", "01009001"): True,  # a new key, by name and size
        ("01001003", "01001003"): True,  # its size changed a little …
        ("01003001", "01003001"): True,
    }
    assert found.open_origins == {"01001002", "01002002", "01002003", "01003002"}
    assert found.open_targets == {"01001003", "01002009", "01003002"}  # … and its Kreis lost an area


def test_a_kreis_goes_where_its_gemeinden_go():
    moved = step("2009", "2013", ("01001001", "01009001", 1), ("01001002", "01009002", 1), ("01002001", "01009003", 1),
                 ("01002002", "01008001", 1), ("01003001", "01003001", 1), open_origins=["01003002", "01004001"],
                 open_targets=["01003009", "02001001"])  # fmt: skip
    sizes = {
        "01001001": 1.0,
        "01001002": 2.0,
        "01002001": 3.0,
        "01002002": 1.0,
        "01003001": 9.0,
        "01003002": 1.0,
        "01004001": 1.0,
    }
    frame = pl.DataFrame({"area": list(sizes), "weight_class": "population", "size": list(sizes.values())})
    found = of_upper(moved, frame, "kreis", 5)
    assert ways(found.weights) == {
        ("01001", "01009", 1.0), ("01002", "01009", 0.75), ("01002", "01008", 0.25), ("01003", "01003", 1.0),
    }  # fmt: skip
    assert found.weights.filter(pl.col("inferred"))["from_area"].to_list() == ["01003"]
    assert (found.open_origins, found.open_targets) == ({"01004"}, {"01003"})


def test_the_register_of_the_kreise_itself_goes_before_its_gemeinden():
    def kreise(rows, **options):
        return crosswalk_of("kreis", rows, **options)

    base = kreise(
        [("01001", "01001", 0.9), ("01001", "01002", 0.1)], open_origins=["01003"], open_targets=["01002", "01004"]
    )
    known = kreise([("01001", "01001", 1), ("01003", "01003", 1, "every", True)], open_targets=["01004"])
    found = refined(base, known)
    assert ways(found.weights) == {("01001", "01001", 1.0), ("01003", "01003", 1.0)}
    assert (found.open_origins, found.open_targets) == (frozenset(), frozenset())


def crosswalk_of(level, rows, **options):
    from quality.areas.crosswalk import crosswalk
    from tests.quality.areas.tables import weights

    return crosswalk(level, "2009", "2013", weights(*rows), **options)


def test_what_a_step_does_not_name_stays_or_is_open():
    found = completed(step("2019", "2020", ("a", "b", 1)), ["a", "c", "d"], ["b", "c"])
    assert ways(found.weights) == {("a", "b", 1.0), ("c", "c", 1.0)}
    assert found.open_origins == {"d"}


SITE = """level,from_area,from_vintage,to_area,to_vintage,weight_class,weight
stadtteil,15003000-01,2014,15003000-01,2024,,0.5
stadtteil,15003000-01,2014,15003000-02,2024,,0.5
stadtteil,15003000-03,2014,15003000-02,2024,population,1
stadtteil,15003000-03,2014,15003000-02,2024,area,1
"""


def test_a_site_names_what_changes_and_its_weights_go_first(tmp_path: Path):
    path = tmp_path / "crosswalk.csv"
    assert load_site_crosswalks(path) == []
    path.write_text(SITE, "utf-8")
    old = [f"15003000-{code}" for code in ("01", "02", "03", "99")]
    areas = {("stadtteil", "2014"): old, ("stadtteil", "2024"): [key for key in old if key[-1] != "3"]}
    (found,) = load_site_crosswalks(path, areas)
    frame = series("2014", dict(zip(old, (8, 1, 2, 3), strict=True)), level="stadtteil")
    assert told(convert(frame, found).series) == {
        "15003000-01": (4, "E"), "15003000-02": (7, "E"), "15003000-99": (3, "A"),
    }  # fmt: skip
    better = crosswalk_of("kreis", [("01001", "01009", 1)])
    base = crosswalk_of("kreis", [("01001", "01001", 1), ("01002", "01002", 1)], open_origins=["01003"])
    assert ways(overlay(base, better).weights) == {("01001", "01009", 1.0), ("01002", "01002", 1.0)}
    with pytest.raises(CrosswalkError, match="cannot be laid over"):
        overlay(base, found)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("level,", "ebene,", "the columns have to be level, from_area"),
        ("stadtteil,15003000-03,2014,15003000-02,2024,area,1", "dorf,a,2014,b,2024,,1", "line 5: level is none of"),
        ("02,2024,area,1", "02,2024,money,1", "line 5: weight_class is none of population"),
        ("02,2024,area,1", "02,2024,area,viel", "line 5: a key, a vintage or the weight is missing"),
        ("02,2024,,0.5", "02,2024,,0.4", "do not sum to 1 for 15003000-01"),
    ],
)
def test_a_damaged_file_of_a_site_is_refused_by_line_or_key(tmp_path: Path, old: str, new: str, message: str):
    path = tmp_path / "crosswalk.csv"
    path.write_text(SITE.replace(old, new), "utf-8")
    with pytest.raises(CrosswalkError, match=message):
        load_site_crosswalks(path)


def test_a_site_that_forgets_an_area_is_told_which(tmp_path: Path):
    path = tmp_path / "crosswalk.csv"
    path.write_text(SITE, "utf-8")
    areas = {("stadtteil", "2014"): ["15003000-01", "15003000-07"], ("stadtteil", "2024"): ["15003000-01"]}
    with pytest.raises(CrosswalkError, match=r"does not say where 15003000-07 went$"):
        load_site_crosswalks(path, areas)
