# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Each family reads its delivery right: every cell with its meaning, its value as a number and as it was found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from raw.contracts import Source
from raw.harvest.faults import Fault
from raw.harvest.harvest import Harvest
from raw.vocabulary.observation import OBSERVATION
from tests.raw.build import (
    ALL,
    GENESIS,
    GV,
    KISS,
    KISS_MONTHS,
    NOW,
    REGIONAL,
    REGIONAL_HEADER,
    REGIONAL_TEXT,
    Delivery,
    harvest_all,
)


def read(folder: Path, sources: dict[str, Source], delivery: Delivery) -> pl.DataFrame:
    """The observations of one accepted delivery."""
    harvest = harvest_all(folder, sources, delivery)[delivery.source]
    assert faults(harvest) == []
    assert [(file.table, file.rows) for file in harvest.files] == [(delivery.table, harvest.read().height)]
    return harvest.read()


def faults(harvest: Harvest) -> list[Fault]:
    return [fault for file in harvest.files for fault in file.faults]


def told(frame: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of some columns, the cell without its sheet first."""
    cell = pl.col("cell").str.split("!").list.last()
    return frame.select(cell, *columns).rows()


def test_every_delivery_is_read_by_its_own_family_and_no_other(tmp_path: Path, sources: dict[str, Source]) -> None:
    harvests = harvest_all(tmp_path, sources, *ALL.values())
    found = {(name, file.table, file.name) for name, harvest in harvests.items() for file in harvest.files}
    assert found == {(one.source, one.table, one.name) for one in ALL.values()}
    for harvest in harvests.values():
        frame = harvest.read()
        assert dict(frame.schema) == OBSERVATION
        required = frame.drop("value", "published_on")
        assert required.null_count().sum_horizontal().item() == 0
        assert set(frame["received_at"]) == {NOW}


def test_kiss_reads_texts_numbers_and_every_spelling_of_an_area(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, KISS)
    assert set(frame["cell"].str.split("!").list.first()) == {"Tabelle 1"}
    assert told(frame.filter(pl.col("column") == "var3"), "area", "area_level", "period", "value", "value_text") == [
        ("D2", "99001000-01", "stadtteil", "2023", 101.0, "101"),
        ("D3", "99001000-02", "stadtteil", "2023", 102.0, "102"),
        ("D4", "99001000", "gemeinde", "2023", 203.0, "203"),
        ("D5", "99001000-01", "stadtteil", "2022", 1104.0, "1 104"),
    ]
    assert set(frame["area_vintage"]) == {"2024"}
    assert set(frame.filter(pl.col("column") == "var3")["dims"]) == {"age=0-2"}
    assert set(frame.filter(pl.col("column") == "var3")["meaning"]) == {"evidence"}


def test_an_unknown_column_is_harvested_under_the_name_of_its_table(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, KISS).filter(pl.col("column") == "var4")
    assert set(frame["measure"]) == {"t1.var4"}
    assert set(frame["meaning"]) == set(frame["unit"]) == {"unknown"}
    assert told(frame, "value", "obs_status") == [
        ("E2", 7.5, "A"),
        ("E3", None, "M"),
        ("E4", None, "Q"),
        ("E5", None, "O"),
    ]


def test_a_factor_counts_and_the_text_as_found_stays(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, KISS).filter(pl.col("column") == "var5")
    assert told(frame, "value", "value_text", "unit") == [
        ("F2", 12500.0, "12.5", "EUR"),
        ("F3", 0.0, "-", "EUR"),
        ("F4", 12500.0, "12.5", "EUR"),
        ("F5", 125.0, "0.125", "EUR"),
    ]


def test_a_factor_leaves_no_noise_of_binary_fractions(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, KISS.but((1, 5, "128.2"))).filter(pl.col("column") == "var5")
    assert 128.2 * 1000 != 128200
    assert frame["value"][0] == 128200


def test_an_ignored_column_gives_nothing_whatever_stands_in_it(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, KISS)
    assert "var6" not in set(frame["column"])
    assert "kaputt" not in set(frame["value_text"])


def test_months_stubs_with_labels_a_fixed_area_and_a_symbol_of_its_own(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    frame = read(tmp_path, sources, KISS_MONTHS)
    assert told(frame, "area", "period", "dims", "value", "obs_status") == [
        ("C2", "99001000", "2023-06", "sex=m", 211.0, "A"),
        ("C3", "99001000", "2023-06", "sex=f", None, "Q"),
    ]


def test_regional_reads_german_numbers_symbols_captures_and_dead_areas(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    frame = read(tmp_path, sources, REGIONAL)
    assert told(frame, "area", "area_level", "period", "dims", "value", "obs_status")[:12] == [
        ("D7", "DG", "bund", "2021", "", 83019213.0, "A"),
        ("D8", "06411", "kreis", "2021", "", 163.0, "A"),
        ("D9", "06411", "kreis", "2022", "", 164.0, "A"),
        ("D10", "14286", "kreis", "2022", "", None, "M"),
        ("E7", "DG", "bund", "2021", "sex=f", 42052522.0, "A"),
        ("E8", "06411", "kreis", "2021", "sex=f", None, "Q"),
        ("E9", "06411", "kreis", "2022", "sex=f", 0.0, "A"),
        ("E10", "14286", "kreis", "2022", "sex=f", None, "M"),
        ("F7", "DG", "bund", "2021", "", 1234500.0, "A"),
        ("F8", "06411", "kreis", "2021", "", None, "M"),
        ("F9", "06411", "kreis", "2022", "", 1500000.0, "A"),
        ("F10", "14286", "kreis", "2022", "", None, "M"),
    ]
    assert set(frame["published_on"]) == {dt.date(2024, 3, 21)}
    assert frame["area_vintage"].to_list() == frame["period"].to_list()


def test_the_basis_changes_with_the_year_but_not_where_a_column_has_its_own(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    frame = read(tmp_path, sources, REGIONAL)
    bases = frame.select("column", "period", "basis").unique().rows()
    for column, period, basis in bases:
        own = column.startswith("Arbeitslosenquote")
        assert basis == ("ba" if own else "fortschreibung_z2011" if period == "2021" else "fortschreibung_z2022")
    assert len(bases) == 6


def test_a_renamed_header_that_the_contract_lists_as_alias_is_read(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, REGIONAL.but((3, 5, "Einkünfte")))
    assert frame.filter(pl.col("column") == "Einkommen | Tsd. EUR").height == 4


def test_the_period_may_stand_in_the_header(tmp_path: Path, sources: dict[str, Source]) -> None:
    harvest = harvest_all(tmp_path, sources, REGIONAL_HEADER)["t_regional"]
    assert told(harvest.read(), "period", "area_vintage", "dims", "value") == [
        ("C6", "2018", "2018", "", 11.0),
        ("D6", "2018", "2018", "sex=m", 12.0),
        ("E6", "2019", "2019", "", 13.0),
    ]
    assert harvest.read_areas().rows() == [("06", "land", "2019", "Hessen")]


def test_the_period_may_stand_above_the_table_and_a_stub_may_carry_a_dimension(
    tmp_path: Path, sources: dict[str, Source]
) -> None:
    frame = read(tmp_path, sources, REGIONAL_TEXT)
    assert set(frame["period"]) == {"2019-Q2"}
    assert told(frame, "dims", "value") == [
        ("D5", "industry=F", 311.0),
        ("D6", "", 3311.0),
        ("E5", "age=15-24;industry=F", 21.0),
        ("E6", "age=15-24", 221.0),
    ]


def test_gv_isys_puts_the_key_together_and_passes_over_empty_cells(tmp_path: Path, sources: dict[str, Source]) -> None:
    harvest = harvest_all(tmp_path, sources, GV)["t_gv"]
    frame = harvest.read()
    assert told(frame, "area", "measure", "value", "value_text") == [
        ("I12", "06411000", "area", 122.07, "122.07"),
        ("I13", "06431001", "area", 1.5, "1,5"),
        ("J12", "06411000", "pop", 163.0, "163"),
        ("J13", "06431001", "pop", 1234.0, "1.234"),
        ("K12", "06411000", "pop", 80.0, "80"),
        ("K13", "06431001", "pop", 0.0, "-"),
        ("L12", "06411000", "postal_code", None, "06411"),
        ("L13", "06431001", "postal_code", None, "64646"),
        ("M12", "06411000", "travel_region", None, "x1"),
    ]
    assert set(frame["published_on"]) == {dt.date(2024, 2, 1)}
    assert harvest.read_areas().rows() == [
        ("06", "land", "2023", "Hessen"),
        ("064", "regierungsbezirk", "2023", "Reg.-Bez. Darmstadt"),
        ("06411", "kreis", "2023", "Darmstadt"),
        ("06411000", "gemeinde", "2023", "Darmstadt"),
        ("064110000", "gemeindeverband", "2023", "Darmstadt"),
        ("06431001", "gemeinde", "2023", "Klein- und Neudorf"),
    ]


def test_an_optional_column_may_be_missing(tmp_path: Path, sources: dict[str, Source]) -> None:
    without = GV.with_rows(lambda rows: [row[:12] for row in rows])
    assert "travel_region" not in set(read(tmp_path, sources, without)["measure"])


def test_genesis_reads_codes_or_where_there_is_none_labels(tmp_path: Path, sources: dict[str, Source]) -> None:
    frame = read(tmp_path, sources, GENESIS)
    assert told(frame, "area", "area_level", "period", "dims", "value", "obs_status") == [
        ("N2", "06411", "kreis", "2023-Q2", "sex=m", 1234.0, "A"),
        ("N3", "06411", "kreis", "2023-Q2", "sex=f", None, "Q"),
        ("N4", "06411", "kreis", "2023-Q2", "", 2345.0, "A"),
        ("N5", "06", "land", "2023-Q2", "sex=f", 0.0, "A"),
    ]


A_ROW = {"kiss": 1, "kiss months": 1, "regional": 6, "regional header": 5, "regional text": 4, "gv": 11, "genesis": 1}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_row_that_stands_twice_and_says_the_same_is_no_fault(
    tmp_path: Path, sources: dict[str, Source], name: str
) -> None:
    place = A_ROW[name]
    doubled = ALL[name].with_rows(lambda rows: [*rows[:place], rows[place], *rows[place:]])
    for folder in ("once", "twice"):
        (tmp_path / folder).mkdir()
    once, twice = read(tmp_path / "once", sources, ALL[name]), read(tmp_path / "twice", sources, doubled)
    about = ["measure", "dims", "area", "period", "value"]
    assert twice.height > once.height
    assert twice.select(about).unique().height == once.select(about).unique().height
