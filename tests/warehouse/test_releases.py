# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""A release is immutable, appears in one step, keeps every key and holds no withheld value in any byte."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import stat
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.warehouse.conftest import CANARY, CITY
from warehouse.candidates import Candidate
from warehouse.manifest import Model
from warehouse.releases import Release, ReleaseError, publish, releases

Publish = Callable[..., Release]
VALUES = "kpi_value__area_period"


@pytest.fixture
def publish_into(built: Candidate, marts: tuple[Model, ...]) -> Publish:
    def run(folder: Path, day: date = date(2026, 3, 4)) -> Release:
        return publish({"public": built}, folder, marts=marts, day=day, code_version="1.2.3")

    return run


def test_a_release_holds_every_mart_twice_and_says_what_it_is(
    publish_into: Publish, marts: tuple[Model, ...], built: Candidate, tmp_path: Path
) -> None:
    release = publish_into(tmp_path)
    described = json.loads((release.directory / "manifest.json").read_text(encoding="utf-8"))
    assert release.id == f"2026-03-04-{described['content_hash'][:8]}"
    assert described["code_version"] == "1.2.3"
    assert described["tiers"]["public"]["input_hash"] == built.input_hash
    listed = described["tiers"]["public"]["marts"]
    assert set(listed) == {mart.name.removeprefix("marts.") for mart in marts}
    for name, mart in listed.items():
        for file, digest in mart["files"].items():
            path = release.marts("public") / file
            assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
            assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
        with (release.marts("public") / f"{name}.csv").open(encoding="utf-8", newline="") as text:
            assert len(list(csv.reader(text))) == mart["rows"] + 1


def test_the_same_content_is_the_release_that_is_there(publish_into: Publish, tmp_path: Path) -> None:
    first = publish_into(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != ".lock"}
    again = publish_into(tmp_path, date(2027, 1, 1))
    assert (first.created, again.created, again.id) == (True, False, first.id)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != ".lock"} == {
        **before,
        tmp_path / first.id: (tmp_path / first.id).stat().st_mtime_ns,
    }
    assert (tmp_path / "latest").resolve() == first.directory.resolve()


def test_a_crash_before_the_last_step_leaves_nothing_visible(
    publish_into: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", power_cut)
        patched.setattr("warehouse.releases._remove", lambda _: None)  # nobody tidies up after a power cut
        with pytest.raises(KeyboardInterrupt):
            publish_into(tmp_path)
    assert releases(tmp_path) == ()
    assert not (tmp_path / "latest").exists()
    assert [path for path in tmp_path.iterdir() if not path.name.startswith(".")] == []
    release = publish_into(tmp_path)
    assert release.created
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "latest", release.id}


def test_a_crash_before_latest_is_mended_by_the_next_run(
    publish_into: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("warehouse.releases._point_latest", power_cut)
        with pytest.raises(KeyboardInterrupt):
            publish_into(tmp_path)
    assert len(releases(tmp_path)) == 1
    assert not publish_into(tmp_path).created
    assert (tmp_path / "latest" / "manifest.json").is_file()


def test_a_release_is_never_overwritten(publish_into: Publish, tmp_path: Path) -> None:
    release = publish_into(tmp_path)
    manifest = release.directory / "manifest.json"
    described = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(described | {"content_hash": "0" * 64}), encoding="utf-8")
    with pytest.raises(OSError, match="not empty"):
        publish_into(tmp_path)
    assert json.loads(manifest.read_text(encoding="utf-8"))["content_hash"] == "0" * 64


def test_a_build_that_is_not_ok_is_refused(refused: Candidate, marts: tuple[Model, ...], tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="public"):
        publish({"public": refused}, tmp_path, marts=marts, day=date(2026, 1, 1), code_version="t")
    assert releases(tmp_path) == ()


def test_leading_zeros_survive_in_every_reader(publish_into: Publish, tmp_path: Path) -> None:
    folder = publish_into(tmp_path).marts("public")
    read = pd.read_csv(folder / f"{VALUES}.csv", dtype=str, keep_default_na=False)
    assert {"05", CITY, f"{CITY}-01"} <= set(read["area"])
    rows = duckdb.execute(f"SELECT DISTINCT area FROM read_csv('{folder}/{VALUES}.csv', all_varchar = true)").fetchall()
    assert ("05",) in rows
    parquet = duckdb.execute(f"SELECT DISTINCT area FROM '{folder}/{VALUES}.parquet'").fetchall()
    assert ("05",) in parquet


def test_csv_and_parquet_say_the_same(publish_into: Publish, tmp_path: Path) -> None:
    folder = publish_into(tmp_path).marts("public")
    text = pd.read_csv(folder / f"{VALUES}.csv", dtype=str, keep_default_na=False)
    table = duckdb.execute(f"SELECT * FROM '{folder}/{VALUES}.parquet'").df()
    assert list(text.columns) == list(table.columns)
    assert list(text["area_name"]) == list(table["area_name"])
    assert [float(value) if value else None for value in text["value"]] == [
        None if pd.isna(value) else value for value in table["value"]
    ]
    assert not text["value"].str.contains(r"\.0$|,").any()
    keys = list(zip(table["kpi"], table["area"], table["period"], strict=True))
    assert keys == sorted(keys)


def test_withheld_values_are_empty_with_their_status_and_leave_no_byte(publish_into: Publish, tmp_path: Path) -> None:
    release = publish_into(tmp_path)
    with (release.marts("public") / f"{VALUES}.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    withheld = [row for row in rows if row["obs_status"] == "Q"]
    assert withheld
    assert all(row["value"] == "" and row["conf_status"] == "C" for row in withheld)
    traces = (str(CANARY).encode(), struct.pack("<d", CANARY), b"true_value")
    for path in release.directory.rglob("*"):
        if path.is_file():
            assert not any(trace in path.read_bytes() for trace in traces), path.name
    for path in release.directory.rglob("*.parquet"):
        assert str(CANARY) not in str(duckdb.execute(f"FROM '{path}'").fetchall())


def test_tiers_stand_side_by_side(built: Candidate, marts: tuple[Model, ...], tmp_path: Path) -> None:
    both = {"public": built, "internal": replace(built, tier="internal")}
    release = publish(both, tmp_path, marts=marts, day=date(2026, 3, 4), code_version="t")
    assert (release.marts("internal") / "kpi.parquet").is_file()
    assert (release.marts("public") / "kpi.parquet").is_file()
