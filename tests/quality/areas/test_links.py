# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Links: who sums to whom in one vintage and between vintages, by hand."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from quality.areas.areas import build_areas
from quality.areas.crosswalk import CrosswalkError, crosswalk
from quality.areas.evidence import Evidence
from quality.areas.in_time import build_tables, site_steps
from quality.areas.links import LINKS, year_distances
from quality.areas.moves import CLASSES
from quality.areas.municipal import with_unassignable
from raw.contracts import AreaList
from raw.vocabulary.measures import measures
from tests.quality.areas.tables import area_table, evidence, links_of, register, sizes, step, ways, weights
from tests.quality.areas.test_municipal import CITY, WEIGHTED, listed, weighted

A, B, C, M = "01001001", "01001002", "01001003", "01001009"
WHOLE = (1.0, False, 1)


def within(links: pl.DataFrame, level: str, to_level: str, weight_class: str = "population") -> dict[tuple, tuple]:
    """(from, to) → (weight, parts)."""
    rows = links.filter(
        pl.col("kind") == "within", pl.col("from_level") == level, pl.col("to_level") == to_level,
        pl.col("weight_class") == weight_class,
    ).select("from_area", "to_area", "weight", "parts")  # fmt: skip
    return {(one, to): (weight, parts) for one, to, weight, parts in rows.iter_rows()}


def test_the_distances_are_those_that_measures_look_back():
    assert {1, 5} <= set(year_distances())
    assert set(year_distances()) == {-offset for one in measures().values() for offset in one.offsets if offset < 0}


def test_a_merge_links_its_parts_and_an_area_that_stays_needs_no_link():
    found = evidence(
        register("2020", (A, "A", 1), (B, "B", 1), (C, "C", 5)), steps=[step("2020", "2021", (A, M, 1), (B, M, 1))]
    )
    areas = area_table("gemeinde", v2019=f"{A} {B} {C}", v2020=f"{A} {B} {C}", v2021=f"{M} {C}", v2024=f"{M} {C}")
    links = links_of(areas, found)
    assert links.schema == pl.Schema(LINKS)
    parts = {(A, M): (1.0, False, 2), (B, M): (1.0, False, 2)}
    for name in CLASSES:
        assert ways(links, "2020", "2021", name) == parts
    assert ways(links, "2019", "2020") == ways(links, "2021", "2024") == {}
    assert ways(links, "2019", "2024") == parts  # five years; the territory of 2019 is that of 2020
    assert ways(links, "2020", "2024") == {}  # four years: no measure looks back so far


def test_the_chosen_vintage_is_complete():
    found = evidence(
        register("2020", (A, "A", 1), (B, "B", 1), (C, "C", 5)), steps=[step("2020", "2021", (A, M, 1), (B, M, 1))]
    )
    areas = area_table("gemeinde", v2019=f"{A} {B} {C}", v2020=f"{A} {B} {C}", v2021=f"{M} {C}", v2023=f"{M} {C}")
    links = links_of(areas, found, chosen="2021")
    merged = {(A, M): (1.0, False, 2), (B, M): (1.0, False, 2), (C, C): WHOLE}
    assert ways(links, "2019", "2021") == ways(links, "2020", "2021") == merged
    assert ways(links, "2023", "2021") == {(M, M): WHOLE, (C, C): WHOLE}
    assert ways(links, "2021", "2021") == {}


def test_a_chosen_vintage_in_the_past_divides_what_was_merged_by_its_parts_sizes():
    known = register("2020", (A, "A", 1), (B, "B", 3), (C, "C", 5))
    areas = area_table("gemeinde", v2020=f"{A} {B} {C}", v2021=f"{M} {C}")
    steps = [step("2020", "2021", (A, M, 1), (B, M, 1))]
    found = evidence(known, steps=steps, sizes=sizes(2020, population={A: 20, B: 80}, area={A: 1, B: 3}))
    links = links_of(areas, found, chosen="2020")
    assert ways(links, "2021", "2020") == {(M, A): (0.2, False, 1), (M, B): (0.8, False, 1), (C, C): WHOLE}
    assert ways(links, "2021", "2020", "area")[M, A] == (0.25, False, 1)
    unknown = links_of(areas, evidence(known, steps=steps), chosen="2020")
    assert ways(unknown, "2021", "2020") == {(C, C): WHOLE}


def test_a_split_goes_by_the_weights_of_each_class_and_what_receives_has_itself_as_a_part():
    found = evidence(
        register("2020", (A, "A", 1), (B, "B", 1)),
        steps=[step("2020", "2021", (A, A, 0.75, "population"), (A, B, 0.25, "population"), (A, A, 0.5, "area"),
                    (A, B, 0.5, "area"))],
    )  # fmt: skip
    links = links_of(area_table("gemeinde", v2020=f"{A} {B}", v2021=f"{A} {B}"), found)
    for name in ("population", "employees", "dwellings"):
        assert ways(links, "2020", "2021", name) == {
            (A, A): (0.75, False, 1), (A, B): (0.25, False, 2), (B, B): (1.0, False, 2),
        }  # fmt: skip
    assert ways(links, "2020", "2021", "area")[A, B] == (0.5, False, 2)


def test_a_part_without_inhabitants_is_no_part_of_a_population():
    found = evidence(
        register("2020", (A, "A", 1), (B, "B", 1)),
        steps=[step("2020", "2021", (A, A, 1, "population"), (A, B, 0, "population"), (A, A, 0.9, "area"),
                    (A, B, 0.1, "area"))],
    )  # fmt: skip
    links = links_of(area_table("gemeinde", v2020=f"{A} {B}", v2021=f"{A} {B}"), found)
    assert ways(links, "2020", "2021") == {(A, A): WHOLE, (B, B): WHOLE}
    assert ways(links, "2020", "2021", "area")[B, B] == (1.0, False, 2)


def test_a_new_key_of_one_name_and_size_is_inferred_and_what_nobody_states_has_no_link():
    found = evidence(
        register("2020", (A, "Dorf", 10), (B, "Weiler", 20), (C, "Fest", 5)),
        register("2021", (M, "Dorf", 10), ("01001008", "Neustadt", 20), (C, "Fest", 5)),
    )
    links = links_of(area_table("gemeinde", v2020=f"{A} {B} {C}", v2021=f"{M} 01001008 {C}"), found, chosen="2021")
    assert ways(links, "2020", "2021") == {(A, M): (1.0, True, 1), (C, C): WHOLE}


def test_years_between_two_registers_are_linked_by_inference_only():
    found = evidence(register("2010", (A, "A", 100), (B, "B", 9)), register("2013", (A, "A", 102), (B, "B", 9)))
    areas = area_table("gemeinde", v2011=f"{A} {B}", v2012=f"{A} {B}")
    assert ways(links_of(areas, found), "2011", "2012") == {(A, A): (1.0, True, 1)}


def test_quartiere_sum_to_every_level_above_and_one_that_cuts_stadtteile_by_weight(tmp_path: Path):
    lists = [with_unassignable(listed())]
    links = links_of(build_areas([], lists), Evidence(), lists, weighted(tmp_path))
    q1, q2 = f"{CITY}-0101", f"{CITY}-0102"
    assert within(links, "quartier", "stadtteil") == {
        (q1, f"{CITY}-01"): (1.0, 2), (q2, f"{CITY}-01"): (0.25, 2), (q2, f"{CITY}-02"): (0.75, 1),
    }  # fmt: skip
    assert within(links, "quartier", "stadtteil", "area")[q2, f"{CITY}-02"] == (0.5, 1)
    assert within(links, "quartier", "stadtteil", "dwellings") == within(links, "quartier", "stadtteil")
    assert within(links, "quartier", "bezirk") == {(q1, f"{CITY}-b1"): (1.0, 2), (q2, f"{CITY}-b1"): (1.0, 2)}
    assert within(links, "bezirk", "gemeinde") == {(f"{CITY}-b1", CITY): (1.0, 1)}


def test_what_cannot_be_assigned_is_part_of_the_city_but_not_counted():
    lists = [with_unassignable(listed())]
    links = links_of(build_areas([], lists), Evidence(), lists)
    assert within(links, "stadtteil", "gemeinde") == {
        (f"{CITY}-01", CITY): (1.0, 2), (f"{CITY}-02", CITY): (1.0, 2), (f"{CITY}-99", CITY): (1.0, 2),
    }  # fmt: skip
    assert (f"{CITY}-99", f"{CITY}-b1") not in within(links, "stadtteil", "bezirk")


def test_a_kreis_counts_every_gemeinde_of_the_register_also_one_without_a_figure():
    found = evidence(register("2020", (A, "A", 1), (B, "B", 1), (C, "C", 1), ("01002001", "D", 1)))
    areas = pl.concat(
        [area_table("gemeinde", v2020=f"{A} {B}", v2021=A), area_table("kreis", v2020="01001", v2021="01001")]
    )
    links = links_of(areas, found)
    assert within(links, "gemeinde", "kreis") == {(key, "01001"): (1.0, 3) for key in (A, B, C)}
    assert set(links["from_vintage"]) == {"2020"}  # of 2021 no register is known


def test_verband_and_regierungsbezirk_where_they_exist_and_nothing_to_land_and_bund():
    ars = pl.DataFrame(
        [(A, "2020", "010010011001"), (B, "2020", "010010011002"), (C, "2020", "010019999003")],
        schema=["area", "area_vintage", "ars"], orient="row",
    )  # fmt: skip
    found = evidence(register("2020", (A, "A", 1), (B, "B", 1), (C, "C", 1)), regional={2020: ars})
    upper = {"gemeindeverband": "010010011", "kreis": "01001", "regierungsbezirk": "010", "land": "01", "bund": "DG"}
    areas = pl.concat(
        [area_table("gemeinde", v2020=f"{A} {B} {C}"), *(area_table(name, v2020=key) for name, key in upper.items())]
    )
    links = links_of(areas, found)
    assert within(links, "gemeinde", "gemeindeverband") == {(key, "010010011"): (1.0, 2) for key in (A, B)}
    assert within(links, "kreis", "regierungsbezirk") == {("01001", "010"): (1.0, 1)}
    assert not set(links["to_level"]) & {"land", "bund"}


def city_list(vintage: str, *keys: str) -> AreaList:
    areas = [{"key": f"{CITY}-{key}", "name": key} for key in keys]
    return AreaList.model_validate({"vintage": vintage, "level": "stadtteil", "parent": CITY, "areas": areas})


OWN = """level,from_area,from_vintage,to_area,to_vintage,weight_class,weight
stadtteil,01001000-01,2018,01001000-03,2024,,1
stadtteil,01001000-02,2018,01001000-03,2024,,1
"""


def test_stadtteile_of_two_lists_are_the_same_unless_the_sites_file_says_otherwise(tmp_path: Path):
    lists = [city_list("2018", "01", "02", "04"), city_list("2024", "03", "04")]
    (tmp_path / "crosswalk.csv").write_text(OWN, "utf-8")
    tables = build_tables([], lists, {}, tmp_path, "2024")
    one, two, three, four = (f"{CITY}-0{number}" for number in (1, 2, 3, 4))
    told = {(area, vintage): its for area, _, vintage, its in tables.territory.iter_rows()}
    assert told[four, "2024"] == "2018"
    assert told[three, "2024"] == "2024"
    assert ways(tables.links, "2018", "2024") == {
        (one, three): (1.0, False, 2), (two, three): (1.0, False, 2), (four, four): WHOLE,
        (f"{CITY}-99", f"{CITY}-99"): WHOLE,
    }  # fmt: skip
    assert tables.areas.filter(pl.col("area") == f"{CITY}-99").height == 2


def test_every_area_of_the_chosen_vintage_has_a_name_and_a_territory(tmp_path: Path):
    tables = build_tables([], [city_list("2018", "01", "02"), city_list("2024", "01", "02")], {}, tmp_path, "2020")
    reached = set(tables.links.filter(pl.col("to_vintage") == "2020")["to_area"])
    assert reached == {f"{CITY}-01", f"{CITY}-02", f"{CITY}-99"}
    there = tables.areas.filter(pl.col("area_vintage") == "2020")
    assert dict(there.select("area", "name").iter_rows()) == {
        f"{CITY}-01": "01", f"{CITY}-02": "02", f"{CITY}-99": "nicht zuordenbar",
    }  # fmt: skip
    assert set(there["parent"]) == {CITY}
    territory = tables.territory.filter(pl.col("area_vintage") == "2020")
    assert set(territory["area"]) == reached
    assert set(territory["territory"]) == {"2018"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN.replace("000-02,", "000-05,"), "no list of 2018 has 01001000-05; .* does not say where 01001000-02 went"),
        (OWN.replace("000-03,", "000-07,"), "no list of 2024 has 01001000-07"),
        (OWN.replace(",,1", ",employees,1"), "no weights of population or area for 01001000-01, 01001000-02"),
        (OWN.replace(",,1", ",,x"), "line 2: a key, a vintage or the weight is missing"),
    ],
)
def test_faults_in_the_sites_crosswalk_are_named(tmp_path: Path, text: str, message: str):
    (tmp_path / "crosswalk.csv").write_text(text, "utf-8")
    lists = [city_list("2018", "01", "02", "04"), city_list("2024", "03", "04")]
    with pytest.raises(CrosswalkError, match=message):
        site_steps(tmp_path / "crosswalk.csv", lists)


def test_a_membership_of_a_key_that_no_list_has_is_refused(tmp_path: Path):
    wrong = weighted(tmp_path, WEIGHTED.replace("000-0102,", "000-0777,"))
    with pytest.raises(CrosswalkError, match=r"membership.csv: no list of areas of that vintage has 01001000-0777 \(2"):
        links_of(build_areas([], [listed()]), Evidence(), [listed()], wrong)


def test_a_city_that_joined_the_step_of_another_level_keeps_its_own_lists():
    own = crosswalk("stadtteil", "2018", "2024", weights((f"{CITY}-01", f"{CITY}-03", 1)))
    other = "02002000-01"
    areas = area_table("stadtteil", v2018=f"{CITY}-01 {other}", v2024=f"{CITY}-03", v2022=other)
    links = links_of(areas, Evidence(site=(own,)), chosen="2023")
    assert ways(links, "2018", "2022") == {}
    assert ways(links, "2018", "2023") == {(f"{CITY}-01", f"{CITY}-01"): WHOLE, (other, other): WHOLE}
    assert ways(links, "2024", "2023") == {(f"{CITY}-03", f"{CITY}-01"): WHOLE}
