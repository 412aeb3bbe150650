# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""`lagebild attack`: counts and an exit code for everybody, intervals for the restricted zone only (A1, A3, A4)."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from pipelines.cli import main
from tests.quality.attack.handmade import CITY, EAST, NORTH, SOUTH, Book, Q

SECRET = 7919
"""The count that follows from the files: no other number of the release has its digits."""


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Return a folder with a release that gives one withheld count away."""
    book = Book().put("pop_total", {CITY: 90000, NORTH: 20000, EAST: 30000, SOUTH: 40000})
    book.put("foreigners", {CITY: SECRET + 5000, NORTH: Q, EAST: 2000, SOUTH: 3000})
    return book.write(tmp_path / "releases")


def attack(*words: str | Path, language: str = "en", as_json: bool = False) -> Result:
    first = ["--lang", language, *(["--json"] if as_json else []), "attack"]
    return CliRunner().invoke(main, [*first, *map(str, words)])


@pytest.mark.parametrize(
    "language, said",
    [("en", "1 withheld counts can be computed"), ("de", "1 gesperrte Fallzahlen lassen sich errechnen")],
)
def test_what_can_be_computed_is_counted_and_never_said(releases: Path, tmp_path: Path, language: str, said: str):
    done = attack(releases, language=language)
    assert done.exit_code == 1 and said in done.stdout
    assert "foreigners (pop_foreign), stadtteil, 2023" in done.stdout
    assert str(SECRET) not in done.output + attack(releases, as_json=True).output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["releases"]


def test_intervals_go_into_a_restricted_folder_where_one_is_named(releases: Path, tmp_path: Path):
    review = tmp_path / "review"
    assert attack(releases, "--review", review).exit_code == 1
    assert stat.S_IMODE(review.stat().st_mode) == 0o700
    cells = pl.read_parquet(review / "attack__public__cells.parquet").filter(state="recovered")
    assert cells.select("area", "least", "most").row(0) == (NORTH, SECRET, SECRET)


def test_intervals_never_go_among_the_releases(releases: Path):
    done = attack(releases, "--review", releases / "review")
    assert done.exit_code == 2 and not (releases / "review").exists()


def test_the_counts_are_there_as_json(releases: Path):
    said = json.loads(attack(releases, as_json=True).stdout)["public"]
    assert said["ok"] is False and said["states"]["recovered"] == 1
    assert [row for row in said["counts"] if row["recovered"]] == [
        {"kpi": "foreigners", "measure": "pop_foreign", "area_level": "stadtteil", "year": "2023", "withheld": 1,
         "recovered": 1, "small": 0, "zero": 0, "wide": 0, "unfinished": 0}
    ]  # fmt: skip


def test_without_a_release_the_call_is_wrong(tmp_path: Path):
    assert attack(tmp_path).exit_code == 2


def test_the_site_s_own_releases_are_attacked_as_either_reader(finished_demo: Path):
    done = CliRunner().invoke(main, ["--site", str(finished_demo), "--lang", "en", "attack"])
    assert done.exit_code == 0, done.output
    assert "Whoever reads the public tier" in done.stdout and "Whoever reads both tiers" in done.stdout
    assert done.stdout.count("No withheld count can be computed") == 2
