# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is out stays known: later tables, revisions and withdrawn releases at the door of a site."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.disclosure.door import Door, Judged, Refused, judge
from quality.disclosure.product.history import KEPT, keep, kept, released
from quality.disclosure.rules import load_rules
from quality.disclosure.solver import Unsafe
from tests.quality import tables
from tests.quality.tables import CITY, cell

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]
SMALL, CHEAP, DEAR = DISTRICTS


def districts(*values: float, **fields: Any) -> list[dict[str, Any]]:
    return [cell(area, value, **fields) for area, value in zip(DISTRICTS, values, strict=True)]


def judged(rows: list[dict[str, Any]], *earlier: pl.DataFrame) -> Judged:
    return judge(tables.cells(rows), load_rules(), "public", {"public": list(earlier)})


def withheld(found: Judged) -> set[str]:
    return set(found.cells.filter("withheld")["area"])


def release(found: Judged) -> pl.DataFrame:
    """What is kept of a release."""
    assert found.pattern is not None
    return found.base.with_columns(pl.Series("withheld", found.pattern.withheld)).select(KEPT)


def test_a_total_that_comes_late_is_withheld_where_its_parts_are_out():
    parts, total = districts(2.0, 50.0, 60.0), cell(CITY, 112.0)
    first = judged(parts)
    assert withheld(first) == {SMALL}
    assert withheld(judged([*parts, total])) == {SMALL, CHEAP}, "alone, a district covers the other"
    assert withheld(judged([*parts, total], release(first))) == {SMALL, CITY}


def test_where_the_publisher_publishes_the_total_later_nothing_can_be_released():
    parts = districts(2.0, 50.0, 60.0)
    with pytest.raises(Unsafe) as caught:
        judged([*parts, cell(CITY, 112.0, publicity="public")], release(judged(parts)))
    assert {DISTRICTS[1], DISTRICTS[2]} & {name.split("|")[1] for name in str(caught.value).split() if "|" in name}


def test_the_old_pattern_stays_although_another_would_be_cheaper_now():
    rows = [*districts(2.0, 50.0, 60.0), cell(CITY, 112.0)]
    first = judged(rows)
    assert withheld(first) == {SMALL, CHEAP}
    further = [cell(f"{CITY}-04", 5.0), *districts(2.0, 50.0, 60.0), cell(CITY, 117.0)]
    assert withheld(judged(further)) == {SMALL, f"{CITY}-04"}
    assert withheld(judged(further, release(first))) >= {SMALL, CHEAP}


def test_a_new_value_must_not_give_the_old_one_away():
    """The district has three people now, which may be shown; with all else as it was, it had two before."""
    first = judged([*districts(2.0, 50.0, 60.0), cell(CITY, 112.0)])
    again = [*districts(3.0, 50.0, 60.0), cell(CITY, 113.0)]
    assert withheld(judged(again)) == set()
    assert SMALL in withheld(judged(again, release(first)))


def test_a_value_that_was_public_when_it_was_released_is_no_promise_of_ours():
    """Later the same figures come as confidential: what their publisher told bounds a need, and nothing is refused."""
    first = [*districts(200.0, 50.0, 60.0), cell(SMALL, 2.0, dims="sex=f", publicity="public")]
    before = release(judged(first))
    later = [*districts(200.0, 50.0, 60.0), cell(SMALL, 2.0, dims="sex=f")]
    assert withheld(judged(later, before)) == set()
    assert withheld(judged(later)) == {SMALL}


def test_what_is_out_already_is_not_repeated_if_it_is_unsafe_by_now():
    parts = districts(4.0, 50.0, 60.0)
    stricter = load_rules().model_copy(
        update={"concepts": {"pop": {"public": load_rules().tiers["public"].classes["social"]}}}
    )
    first = release(judged(parts))
    found = judge(tables.cells(parts), stricter, "public", {"public": [first]})
    assert withheld(found) == {SMALL}


# --- where it is kept ---


def test_both_values_behind_one_file_are_kept(tmp_path: Path):
    for value in (1.0, 2.0, 1.0):
        keep(tmp_path / "passed", "abc", release(judged(districts(value, 50.0, 60.0))))
    keep(tmp_path / "passed", "def", release(judged(districts(2.0, 50.0, 60.0))))
    assert sorted(one["value"].min() for one in kept(tmp_path / "passed", ["abc", "abc", "nothing"])) == [1.0, 2.0]
    assert (tmp_path / "passed").stat().st_mode & 0o077 == 0


def manifest(folder: Path, **hashes: str) -> None:
    folder.mkdir(parents=True)
    tiers = {tier: {"protected": sha256, "marts": {}} for tier, sha256 in hashes.items()}
    (folder / "manifest.json").write_text(json.dumps({"tiers": tiers}))


def test_a_withdrawn_release_stays_known(tmp_path: Path):
    releases, memory = tmp_path / "releases", tmp_path / "review" / "released.json"
    assert released(releases, memory) == {}
    manifest(releases / "2026-01-01-aaaaaaaa", public="a", internal="b")
    assert released(releases, memory) == {"internal": ["b"], "public": ["a"]}
    shutil.rmtree(releases / "2026-01-01-aaaaaaaa")
    manifest(releases / "2026-02-01-bbbbbbbb", public="c")
    assert released(releases, memory) == {"internal": ["b"], "public": ["a", "c"]}


def test_the_door_knows_what_was_released_and_refuses_what_cannot_be_safe(tmp_path: Path):
    def door(rows: list[dict[str, Any]], name: str, **out: list[str]) -> Door:
        return Door(lambda: tables.cells(rows), name, load_rules(), tmp_path / "review", out)

    parts, publish, refusal = districts(2.0, 50.0, 60.0), tmp_path / "public", tmp_path / "review/public.refused.json"
    first = door(parts, "1").protect("public", publish).certificate["sha256"]
    late = [*parts, cell(CITY, 112.0)]
    second = pl.read_parquet(door(late, "2", public=[first]).protect("public", publish).path)
    assert set(second.filter(pl.col("conf_status") == "C")["area"]) == {SMALL, CITY}
    passed = (publish / "protected.parquet").read_bytes()
    with pytest.raises(Refused):
        door([*parts, cell(CITY, 112.0, publicity="public")], "3", public=[first]).protect("public", publish)
    assert (publish / "protected.parquet").read_bytes() == passed and refusal.exists()
    door(late, "4", public=[first]).protect("public", publish)
    assert not refusal.exists()


def test_that_it_was_released_itself_is_nothing_new(tmp_path: Path):
    asked = []

    def cells() -> pl.DataFrame:
        asked.append(1)
        return tables.cells(districts(2.0, 50.0, 60.0))

    first = Door(cells, "1", load_rules(), tmp_path / "review").protect("public", tmp_path / "public")
    own = {"public": [first.certificate["sha256"]]}
    Door(cells, "1", load_rules(), tmp_path / "review", own).protect("public", tmp_path / "public")
    assert len(asked) == 1
    other = {"public": [first.certificate["sha256"], "another"]}
    Door(cells, "1", load_rules(), tmp_path / "review", other).protect("public", tmp_path / "public")
    assert len(asked) == 2
