# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Corrections as data: they do what they say where the file says what it said, and stop by themselves elsewhere."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from quality.areas.areas import build_areas
from quality.checks.checked import check_source
from quality.checks.corrections import correct
from raw.contract_files import load_source
from raw.contracts import ContractError
from raw.corrections import Correction
from raw.harvest.grid import open_grids
from raw.harvest.layout import row_fingerprint
from tests.raw.build import KISS, harvest_all, write_sources

PLACE = {"table": "t1", "area": "99001000-01", "period": "2023", "column": "var3"}


def entry(**changes: Any) -> Correction:
    said = {"match": PLACE, "action": "drop", "reason": "typing error", "provider": "Amt, 2026-01-02", "expect": "?"}
    return Correction.model_validate({**said, **changes})


@pytest.fixture(scope="module")
def observations(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    folder = tmp_path_factory.mktemp("corrections")
    source = load_source(write_sources(folder / "sources") / "t_kiss")
    return harvest_all(folder, {"t_kiss": source}, KISS)["t_kiss"].read()


def mark(observations: pl.DataFrame, **match: str) -> str:
    return correct(observations, [entry(match=match or PLACE)])[1][0].fingerprint


def here(frame: pl.DataFrame) -> list[Any]:
    return frame.filter(*(pl.col(name) == text for name, text in PLACE.items())).select("value", "obs_status").rows()


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"action": "drop"}, []),
        ({"action": "replace", "value": 110}, [(110.0, "A")]),
        ({"action": "set_status", "status": "Q"}, [(None, "Q")]),
        ({"action": "set_status", "status": "P"}, [(101.0, "P")]),
    ],
)
def test_an_action_changes_its_place_and_nothing_else(
    observations: pl.DataFrame, changes: dict[str, Any], result: list[Any]
) -> None:
    assert here(observations) == [(101.0, "A")]
    corrected, (told,) = correct(observations, [entry(expect=mark(observations), **changes)])
    assert (told.state, told.rows, told.provider) == ("applied", 1, "Amt, 2026-01-02")
    assert here(corrected) == result
    others = ~pl.all_horizontal([pl.col(name) == text for name, text in PLACE.items()])
    assert corrected.filter(others).equals(observations.filter(others))


def test_a_correction_stops_when_the_agency_mends_its_file(observations: pl.DataFrame) -> None:
    guarded = entry(expect=mark(observations))
    mended = observations.with_columns(pl.when(pl.col("value") == 101).then(99.0).otherwise("value").alias("value"))
    corrected, (told,) = correct(mended, [guarded])
    assert (told.state, told.fingerprint == mark(mended)) == ("changed", True)
    assert corrected.equals(mended)
    withheld = observations.with_columns(pl.when(pl.col("value") == 101).then(None).otherwise("value").alias("value"))
    assert correct(withheld, [guarded])[1][0].state == "changed"


def test_what_is_not_there_or_not_single_is_told(observations: pl.DataFrame) -> None:
    elsewhere = entry(match={**PLACE, "period": "1999"})
    many = entry(match={"table": "t1", "column": "var3"}, action="replace", value=1)
    corrected, told = correct(observations, [elsewhere, many])
    assert [one.state for one in told] == ["nothing", "several"]
    assert corrected.equals(observations)


def test_a_guard_looks_at_the_file_not_at_other_corrections(observations: pl.DataFrame) -> None:
    seen = mark(observations)
    both = [entry(action="replace", value=1, expect=seen), entry(action="set_status", status="P", expect=seen)]
    corrected, told = correct(observations, both)
    assert [one.state for one in told] == ["applied", "applied"]
    assert here(corrected) == [(1.0, "P")]


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "replace"},
        {"action": "drop", "value": 1},
        {"action": "set_status"},
        {"action": "set_status", "status": "geheim"},
        {"match": {"table": "t1"}},
        {"reason": ""},
        {"provider": ""},
    ],
)
def test_an_entry_without_what_it_needs_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        entry(**changes)


def test_the_station_applies_and_reports_them_without_a_value(tmp_path: Path, observations: pl.DataFrame) -> None:
    folder = write_sources(tmp_path / "sources") / "t_kiss"
    line = "- {match: {table: %s, area: 99001000-01, period: '2023', column: var3}, action: replace, value: 108, "
    line += "reason: typing error, provider: Amt, expect: %s}\n"
    (folder / "corrections.yml").write_text(line % ("t1", mark(observations)) + line % ("t1", "aaaa"), "utf-8")
    source = load_source(folder)
    harvest = harvest_all(tmp_path, {"t_kiss": source}, KISS)["t_kiss"]
    areas = build_areas([harvest.read_areas()], [source.areas] if source.areas else [])
    checked = check_source(tmp_path / "lake", source, harvest, areas, dt.date(2026, 1, 2))
    assert here(pl.read_parquet(checked.path)) == [(108.0, "A")]
    assert [told["state"] for told in checked.report["corrections"]] == ["applied", "changed"]
    assert "101" not in str(checked.report["corrections"]) and "108" not in str(checked.report["corrections"])
    (folder / "corrections.yml").write_text(line % ("t9", "aaaa"), "utf-8")
    with pytest.raises(ContractError, match="there is no table 't9'"):
        load_source(folder)


def test_rows_are_left_out_by_their_fingerprint_in_any_family_and_read_again_once_they_change(tmp_path: Path) -> None:
    folder = write_sources(tmp_path / "sources")
    (grid,) = open_grids(KISS.write(tmp_path / "before"))
    marks = [row_fingerprint(grid, row) for row in (1, 2)]
    line = f"- {{match: {{table: t1, rows: {marks}}}, action: drop, reason: doubled, provider: Amt}}\n"
    (folder / "t_kiss" / "corrections.yml").write_text(line, "utf-8")
    source = load_source(folder / "t_kiss")
    whole = harvest_all(tmp_path / "whole", {"t_kiss": load_source(write_sources(tmp_path / "other") / "t_kiss")}, KISS)
    harvest = harvest_all(tmp_path, {"t_kiss": source}, KISS)["t_kiss"]
    left_out = set(whole["t_kiss"].read()["cell"]) - set(harvest.read()["cell"])
    assert {cell[-1] for cell in left_out} == {"2", "3"} and harvest.rejected == []
    (told,) = correct(harvest.read(), source.corrections, harvest.dropped)[1]
    assert (told.state, told.rows) == ("applied", 2)
    again = KISS.but((1, 3, 102))
    mended = harvest_all(tmp_path / "mended", {"t_kiss": source}, again)["t_kiss"]
    assert {cell[-1] for cell in set(whole["t_kiss"].read()["cell"]) - set(mended.read()["cell"])} == {"3"}
    (told,) = correct(mended.read(), source.corrections, mended.dropped)[1]
    assert (told.state, told.rows, told.place) == ("rows_changed", 1, "1/2")


@pytest.mark.parametrize(
    "changes",
    [
        {"match": {"table": "t1", "rows": ["0123456789ab"]}},
        {"match": {"table": "t1", "rows": ["0123456789ab"]}, "action": "set_status", "status": "Q", "expect": None},
        {"match": {"table": "t1", "rows": ["0123456789ab"], "period": "2023"}, "expect": None},
        {"match": {"table": "t1", "rows": ["no fingerprint"]}, "expect": None},
        {"expect": None},
    ],
)
def test_rows_have_no_second_guard_and_everything_else_has_one(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        entry(**changes)
