# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Areas in time: what the lists of changes say happened, and how long a key lived."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from quality.areas.vintages import CHANGE, between, compare, events, on_own_year, read_changes, upper_register, validity
from tests.quality.areas.tables import changes, register
from tests.raw.families.reference import CHANGES, change, harvest, write_changes

LIST = changes(
    ("m", "01001001", "01001009", ["1"], "2020-01-01", 10.0, 1.0),
    ("m", "01001002", "01001009", ["1"], "2020-01-01", 20.0, 2.0),
    ("s", "01001003", "01001004", ["1"], "2020-06-01", 30.0, 0.0),
    ("s", "01001003", "01001005", ["1"], "2020-06-01", 10.0, 0.0),
    ("p", "01001006", "01001007", ["2"], "2020-12-01", 1.0, 4.0),
    ("p", "01001006", "01001006", ["2"], "2020-12-01", 9.0, 6.0),
    ("k", "01001008", "01002008", ["3", "4"], "2021-01-01"),
    ("v", "01001010", "01001010", ["3"], "2021-01-01"),
)


def test_merge_split_transfer_change_of_key_and_of_name_are_told_apart_with_their_dates():
    found = {(event.kind, event.origins, event.targets): event.date for event in events(LIST)}
    assert found == {
        ("merge", ("01001001", "01001002"), ("01001009",)): dt.date(2020, 1, 1),
        ("split", ("01001003",), ("01001004", "01001005")): dt.date(2020, 6, 1),
        ("part_transfer", ("01001006",), ("01001007",)): dt.date(2020, 12, 1),
        ("key_change", ("01001008",), ("01002008",)): dt.date(2021, 1, 1),
        ("rename", ("01001008",), ("01002008",)): dt.date(2021, 1, 1),
        ("key_change", ("01001010:ars",), ("01001010:ars",)): dt.date(2021, 1, 1),
    }


def test_a_change_belongs_to_the_year_in_which_it_takes_effect():
    assert set(between(LIST, "2019", "2020")["change"]) == {"m", "s", "p"}
    assert set(between(LIST, "2020", "2021")["change"]) == {"k", "v"}
    assert between(LIST, "2021", "2022").is_empty()


def test_a_life_has_the_days_that_a_list_names_and_no_others():
    a, d, h, m, k, x = (
        (key, key, 1.0) for key in ("01001001", "01001004", "01001008", "01001009", "01002008", "0100100X")
    )
    years = {"2019": (a, h, d, x), "2020": (m, h, d), "2021": (m, k, d, x)}
    registers = pl.concat(register(year, *rows) for year, rows in years.items())
    lives = {
        (row["area"], row["first"], row["last"]): (row["valid_from"], row["valid_to"])
        for row in validity(registers, LIST).iter_rows(named=True)
    }
    assert lives == {
        ("01001001", "2019", "2019"): (None, dt.date(2019, 12, 31)),
        ("01001008", "2019", "2020"): (None, dt.date(2020, 12, 31)),
        ("01001009", "2020", "2021"): (dt.date(2020, 1, 1), None),
        ("01002008", "2021", "2021"): (dt.date(2021, 1, 1), None),
        ("01001004", "2019", "2021"): (None, None),  # received a part, but was there before
        ("0100100X", "2019", "2019"): (None, None),  # vanished and came back: two lives
        ("0100100X", "2021", "2021"): (None, None),
    }


def test_what_no_list_explains_is_named():
    before = register(
        "2019", ("01001001", "A", 1.0), ("01001004", "D", 1.0), ("01001011", "K", 5.0), ("01001012", "L", 9.0)
    )
    after = register(
        "2020", ("01001009", "M", 1.0), ("01001004", "D", 2.0), ("01001011", "K", 6.0), ("01001012", "L", 9.001)
    )
    found = compare(before, after, between(LIST, "2019", "2020"))
    assert (found.vanished, found.appeared) == ({"01001001"}, {"01001009"})
    assert found.resized == {"01001004", "01001011"}
    assert found.unexplained == {"01001011"}
    assert found.unchanged == 1


def test_the_register_of_a_kreis_is_the_sum_of_its_gemeinden():
    found = upper_register(register("2019", ("01001001", "A", 1.0), ("01001004", "D", 2.5)), "kreis", 5)
    assert found.rows() == [("01001", "kreis", "2019", "", 3.5)]


def test_a_list_is_read_from_its_file_down_to_the_cell(tmp_path: Path):
    (tmp_path / "inbox").mkdir()
    rows = [
        change("01/2023/0001-R", "01051001", 1, "01051002", (1000, 12), "01.01.2023"),
        change("01/2023/0002-R", "01051003", "2", "01051004", (656, "0"), "01.03.2023"),
        change("01/2023/0002-R", "01051003", "2", "01051003", ("12.651", 9534), "01.03.2023"),
        change("01/2023/0003-R", "01051005", "3, 4", "01051006", (None, None), "01.12.2023"),
    ]
    write_changes(tmp_path / "inbox" / "a.xlsx", rows)
    found = read_changes(harvest(tmp_path, CHANGES)[CHANGES].read())
    assert dict(found.schema) == CHANGE
    assert found.select("from_area", "to_area", "kinds", "date", "m2", "persons").rows() == [
        ("01051001", "01051002", ["1"], dt.date(2023, 1, 1), 1000.0, 12.0),
        ("01051003", "01051003", ["2"], dt.date(2023, 3, 1), 12651.0, 9534.0),
        ("01051003", "01051004", ["2"], dt.date(2023, 3, 1), 656.0, 0.0),
        ("01051005", "01051006", ["3", "4"], dt.date(2023, 12, 1), None, None),
    ]
    assert found["provenance"][0].endswith("/Gebietsaenderungen!F5")


def test_a_figure_of_an_older_territory_has_its_own_year_where_the_area_is_the_same():
    territory = pl.DataFrame(
        [("15003000", "gemeinde", "2018", "2010"), ("15003000", "gemeinde", "2021", "2010"),
         ("15001", "kreis", "2018", "2010"), ("15001", "kreis", "2021", "2010"),
         ("15002", "kreis", "2018", "2010"), ("15002", "kreis", "2021", "2021")],
        schema=["area", "area_level", "area_vintage", "territory"], orient="row",
    )  # fmt: skip
    rows = pl.DataFrame(
        [("15001", "kreis", "2018", "2021-06"), ("15002", "kreis", "2018", "2021"),
         ("15001", "kreis", "2021", "2021"), ("15003000-01", "stadtteil", "2018", "2021"),
         ("15003000", "gemeinde", "2018", "2021")],
        schema=["area", "area_level", "area_vintage", "period"], orient="row",
    )  # fmt: skip
    districts = pl.DataFrame({"kind": "within", "from_level": "stadtteil", "to_area": "15003000", "to_vintage": "2018"})
    found = on_own_year(rows, territory, districts)
    assert found["area_vintage"].to_list() == ["2021", "2018", "2021", "2018", "2018"]
    assert on_own_year(rows, territory, districts.clear())["area_vintage"].to_list()[-1] == "2021"
    assert found.drop("area_vintage").equals(rows.drop("area_vintage"))
