# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The station `checked`: the newest statement, quarantine that keeps rows, what blocks, and reports without values."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.checks.checked import Checked, check_source, current, keep_out
from quality.checks.schema import sift
from quality.checks.violations import fingerprint
from raw.contracts import Source
from raw.harvest.harvest import Harvest, HarvestedFile
from tests.quality import tables
from tests.quality.tables import CITY, TODAY

SECRET = 918273645.0


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def harvest(lake: Path, rows: list[dict[str, Any]], name: str = "one") -> Harvest:
    path = lake / "observations" / "register" / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    tables.observations(rows).write_parquet(path)
    return Harvest("register", [HarvestedFile("register", "t1", "a" * 64, "f.xlsx", path, None, len(rows), [], True)])


def check(lake: Path, rows: list[dict[str, Any]], source: Source | None = None, today: dt.date = TODAY) -> Checked:
    return check_source(lake, source or tables.source(), harvest(lake, rows), tables.areas("15003", CITY), today)


def many(bad: int, of: int) -> list[dict[str, Any]]:
    return [tables.observation(f"{CITY}-{n:03}", -1.0 if n < bad else 1.0) for n in range(of)]


def test_of_two_statements_the_latest_publication_counts_then_the_latest_receipt():
    old = tables.observation(CITY, 1.0, published_on=dt.date(2024, 1, 1))
    new = tables.observation(CITY, 2.0, published_on=dt.date(2024, 2, 1))
    later = new | {"value": 3.0, "received_at": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)}
    undated = new | {"value": 4.0, "published_on": None, "received_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    assert current(tables.observations([new, old]))["value"].to_list() == [2.0]
    assert current(tables.observations([later, new, old]))["value"].to_list() == [3.0]
    assert current(tables.observations([undated, later]))["value"].to_list() == [3.0]


def test_two_tables_speak_for_themselves():
    rows = [tables.observation(CITY, 1.0), tables.observation(CITY, 2.0, table="t2")]
    assert current(tables.observations(rows)).height == 2


def test_quarantine_keeps_the_row_and_the_rule_that_it_breaks(lake):
    checked = check(lake, many(1, 200))
    assert pl.read_parquet(checked.path).height == 199
    (kept,) = (lake / "quarantine" / "register").glob("*.parquet")
    assert pl.read_parquet(kept).select("area", "value", "broken").rows() == [(f"{CITY}-000", -1.0, "not_negative")]
    assert checked.report["quarantined"] == 1
    assert checked.report["quarantined_rules"] == ["not_negative"]


@pytest.mark.parametrize(("bad", "passes"), [(0, True), (2, True), (3, False)])
def test_more_than_one_row_in_a_hundred_blocks(lake, bad, passes):
    assert check(lake, many(bad, 200)).schema_passed is passes


def test_a_small_table_is_not_hidden_by_a_large_one(lake):
    rows = many(0, 500) + [row | {"table": "t2"} for row in many(1, 3)]
    assert not check(lake, rows).schema_passed


def excused(rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "table": "t1", "identity": "none", "area": rows[0]["area"], "period": "2023", "reason": "shifted",
        "until": dt.date(2027, 1, 1), "expect": fingerprint([row["value"] for row in rows]), "action": "quarantine",
    } | changes  # fmt: skip


def test_rows_known_to_be_wrong_are_kept_out_and_do_not_block(lake):
    rows = many(0, 3)
    checked = check(lake, rows, tables.source(violations=[excused(rows[:1])]))
    assert checked.schema_passed
    assert checked.report["quarantined_rules"] == ["known to be wrong"]
    assert pl.read_parquet(checked.path)["area"].to_list() == [row["area"] for row in rows[1:]]


def test_a_whole_year_can_be_kept_out(lake):
    rows = many(0, 3)
    checked = check(lake, rows, tables.source(violations=[excused(rows, area="*")]))
    assert pl.read_parquet(checked.path).is_empty()


@pytest.mark.parametrize("changes", [{"expect": "0" * 12}, {"until": dt.date(2026, 1, 1)}])
def test_an_excuse_that_no_longer_fits_keeps_nothing_out_and_is_reported(changes):
    rows = many(0, 3)
    sifted = sift(tables.observations(rows))
    kept, stale = keep_out(sifted, tables.source(violations=[excused(rows[:1], **changes)]), TODAY)
    assert kept.good.height == 3
    assert len(stale) == 1


def test_an_unknown_violation_blocks_and_the_report_says_where_but_not_what(lake):
    identity = {"id": "areas", "areas": {"from": "stadtteil", "to": "gemeinde"}, "columns": ["total"]}
    source = tables.source(tables={"t1": {"identities": [identity]}})
    districts = tables.areas("15003", CITY, f"{CITY}-01")
    rows = [tables.observation(CITY, SECRET), tables.observation(f"{CITY}-01", SECRET + 1)]
    checked = check_source(lake, source, harvest(lake, rows), districts, TODAY)
    assert not checked.identities_passed
    assert [(one["identity"], one["area"]) for one in checked.report["unknown"]] == [("areas", CITY)]


def test_no_report_holds_a_value(lake):
    rows = [tables.observation(CITY, -SECRET), tables.observation("15003", SECRET)]
    check(lake, rows)
    reports = [path.read_bytes() for path in (lake / "checked").rglob("*.json")]
    assert reports
    for said in reports:
        assert b"918273645" not in said


def test_the_same_question_is_not_answered_twice(lake):
    first = check(lake, many(0, 3))
    before = first.path.stat().st_mtime_ns
    again = check(lake, many(0, 3))
    assert again.path == first.path
    assert again.path.stat().st_mtime_ns == before


def test_a_day_on_which_an_excuse_expires_asks_again(lake):
    rows = many(0, 3)
    source = tables.source(violations=[excused(rows[:1])])
    before, after = check(lake, rows, source), check(lake, rows, source, dt.date(2027, 1, 2))
    assert before.path != after.path
    assert after.report["quarantined"] == 0


def test_the_folders_are_restricted(lake):
    checked = check(lake, many(1, 3))
    folders = [checked.path.parent, checked.path.parent.parent, lake / "quarantine", lake / "quarantine" / "register"]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 4
    assert checked.path.stat().st_mode & 0o777 == 0o600


def test_jumps_are_looked_for_only_in_tables_that_somebody_understands(lake):
    rows = [
        tables.observation(f"{CITY}-{n:03}", (10.0 if year == 2022 else 1.0) * (100 + 7 * n), period=str(year))
        for year in range(2018, 2025)
        for n in range(12)
    ]
    understood = check(lake / "understood", rows)
    assert {violation["identity"].split(".")[0] for violation in understood.report["unknown"]} >= {"factor"}
    kept = check(lake / "kept", rows, tables.source(tables={"t1": {"understood": False}}))
    assert kept.identities_passed
    assert kept.report["observations"] == len(rows)


def test_words_of_unknown_meaning_are_no_missing_figures(lake):
    rows = [tables.observation(CITY, None, measure="t1.var2", unit="text", obs_status="A", meaning="unknown")]
    assert check(lake, rows).report["quarantined"] == 0
