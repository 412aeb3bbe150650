# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The way through the door: what is written, what is not, and that no withheld figure is in any byte of it."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.disclosure.door import PROTECTED, Door, Protected, Refused, judge
from quality.disclosure.product import pattern
from quality.disclosure.rules import load_rules
from quality.disclosure.solver import solve
from tests.quality import tables
from tests.quality.tables import CITY, cell, made

DISTRICTS = [f"{CITY}-0{number}" for number in (1, 2, 3)]
SECRETS = (2.0, 918273645.0, 736455463.0)
SHOWN = 555444333.0


def confidential() -> list[dict[str, Any]]:
    """Women of three districts and of their city: one small count and two that are large enough to be searched for."""
    rows = [cell(area, value, dims="sex=f") for area, value in zip(DISTRICTS, SECRETS, strict=True)]
    rows += [cell(CITY, sum(SECRETS), dims="sex=f")]
    rows += [cell(area, 3 * SHOWN) for area in DISTRICTS]
    before = cell(DISTRICTS[2], SECRETS[2] - 7.0, dims="sex=f", period="2022")
    rows += [before, made("pop_mean", [(0.5, before), (0.5, rows[2])], relation="periods")]
    return [
        *rows,
        cell("15", None, publicity="public", concept="unemp"),
    ]


@pytest.fixture
def pass_door(tmp_path: Path):
    def run(rows: list[dict[str, Any]] | None = None, tier: str = "public", name: str = "cells") -> Protected:
        cells = tables.cells(confidential() if rows is None else rows)
        door = Door(lambda: cells, name, load_rules(), tmp_path / "lake" / "review")
        return door.protect(tier, tmp_path / "protected" / tier)

    return run


@pytest.fixture
def uncompressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet in which every byte of every page can be searched."""
    plain = partialmethod(pl.DataFrame.write_parquet, compression="uncompressed")
    monkeypatch.setattr(pl.DataFrame, "write_parquet", plain)


def bytes_of(value: float) -> list[bytes]:
    """How a figure may stand in a file: as a double, as an integer, in digits."""
    shapes = [struct.pack("<d", value), str(int(value)).encode()]
    return shapes if value > 2**20 else []


def test_withheld_cells_have_no_value_and_all_look_alike(pass_door):
    protected = pl.read_parquet(pass_door().path)
    withheld = protected.filter(pl.col("conf_status") == "C")
    assert withheld.height == 4
    assert withheld["value"].null_count() == withheld.height
    assert set(withheld["obs_status"]) == {"Q"}
    primary, secondary, agency = (
        withheld.filter(pl.col("area") == area) for area in (DISTRICTS[0], DISTRICTS[2], "15")
    )
    hidden = ["value", "obs_status", "conf_status", "freq", "unit", "sources"]
    assert primary.select(hidden).equals(secondary.filter(pl.col("measure") == "pop[sex=f]").select(hidden))
    assert primary.select(hidden).equals(agency.select(hidden))


def test_no_reason_no_relation_and_no_address_crosses(pass_door):
    assert pl.read_parquet(pass_door().path).columns == list(PROTECTED)
    assert not {"reason", "unsafe", "seed", "known", "relation", "terms", "provenance", "meaning", "publicity"} & set(
        PROTECTED
    )


def test_what_is_published_is_as_it_was(pass_door):
    protected = pl.read_parquet(pass_door().path).filter(pl.col("conf_status") == "F")
    assert set(protected["value"]) == {3 * SHOWN, SECRETS[2] - 7.0, SECRETS[1], sum(SECRETS)}
    assert set(protected["obs_status"]) == {"A"}
    assert protected["cell"].is_sorted()


@pytest.mark.parametrize("tier", ["public", "internal"])
def test_no_byte_of_what_crosses_is_a_withheld_figure(pass_door, tmp_path, uncompressed, tier):
    pass_door(tier=tier)
    files = [path for path in (tmp_path / "protected").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"protected.parquet", "certificate.json"}
    means = [0.5 * (SECRETS[2] + SECRETS[2] - 7.0)]
    for path in files:
        for secret in (SECRETS[2], *means):
            for shape in bytes_of(secret):
                assert shape not in path.read_bytes()


def test_the_canary_sings_where_a_figure_is_published(pass_door, uncompressed):
    """The search would find a figure if it were there."""
    written = pass_door().path.read_bytes()
    assert all(struct.pack("<d", value) in written for value in (3 * SHOWN, SECRETS[2] - 7.0, SECRETS[1]))


def test_the_review_says_of_each_withheld_cell_why_and_what_can_be_known(pass_door, tmp_path):
    pass_door()
    review = pl.read_parquet(tmp_path / "lake" / "review" / "public.parquet")
    assert review.columns == ["cell", "reason", "threshold", "lowest", "highest", "proof", "neighbours"]
    assert set(review["reason"]) == {"rule", "cover", "agency", "derived"}
    small = review.row(by_predicate=pl.col("reason") == "rule", named=True)
    assert small["threshold"] == 3 and small["lowest"] <= 1 and small["highest"] >= 3 and small["proof"] == "witness"
    assert small["neighbours"] == [review.row(by_predicate=pl.col("reason") == "cover", named=True)["cell"]]


def test_nobody_else_may_read_the_review(pass_door, tmp_path):
    pass_door()
    folder = tmp_path / "lake" / "review"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*") if path.is_dir())


def test_the_certificate_counts_and_names_the_rules(pass_door):
    protected = pass_door()
    certificate = protected.certificate
    frame = pl.read_parquet(protected.path)
    assert certificate["cells"] == frame.height
    assert certificate["withheld"] == frame["value"].null_count()
    assert certificate["rules"] == load_rules().id
    assert certificate["tier"] == protected.tier == "public"
    assert len(certificate["sha256"]) == 64


def test_equal_cells_give_equal_bytes(pass_door, tmp_path):
    first = pass_door().path.read_bytes()
    for path in (tmp_path / "protected" / "public").iterdir():
        path.unlink()
    assert pass_door(confidential()[::-1]).path.read_bytes() == first


def test_the_same_cells_pass_once(pass_door):
    stamp = pass_door().path.stat().st_mtime_ns
    assert pass_door().path.stat().st_mtime_ns == stamp


def test_a_protected_file_that_was_touched_is_written_again(pass_door):
    protected = pass_door()
    whole = protected.path.read_bytes()
    protected.path.write_bytes(whole[:-1] + b"!")
    assert pass_door().path.read_bytes() == whole


def test_other_cells_other_rules_or_another_tier_are_other_input(pass_door):
    inputs = {pass_door().certificate["input"], pass_door(tier="internal").certificate["input"]}
    assert len(inputs | {pass_door(name="other").certificate["input"]}) == 3


def only_by_rule(system: Any, options: Any) -> Any:
    """A solver that withholds unsafe cells only."""
    return replace(solve(system, options), withheld=system.always_withheld.copy())


def leaking() -> list[dict[str, Any]]:
    rows = [cell(area, value, dims="sex=f") for area, value in zip(DISTRICTS, SECRETS, strict=True)]
    return [*rows, cell(CITY, sum(SECRETS), dims="sex=f"), cell(CITY, 4 * sum(SECRETS))]


def test_a_weakened_door_is_refused_and_nothing_is_written(pass_door, tmp_path, monkeypatch):
    monkeypatch.setattr(pattern, "solve", only_by_rule)
    with pytest.raises(Refused) as caught:
        pass_door(leaking())
    assert not (tmp_path / "protected").exists()
    assert [path.name for path in (tmp_path / "lake" / "review").iterdir() if path.suffix] == ["public.refused.json"]
    assert "1 " in str(caught.value)
    assert not any(shape.decode("latin-1") in str(caught.value) for secret in SECRETS for shape in bytes_of(secret))
    assert CITY not in str(caught.value)


def test_a_refusal_leaves_what_was_published_before_as_it_was(pass_door, monkeypatch):
    before = pass_door()
    written = before.path.read_bytes()
    monkeypatch.setattr(pattern, "solve", only_by_rule)
    with pytest.raises(Refused):
        pass_door(leaking(), name="other")
    assert before.path.read_bytes() == written


def test_the_same_cells_pass_the_real_door(pass_door):
    protected = pl.read_parquet(pass_door(leaking()).path)
    assert set(protected.filter(pl.col("conf_status") == "C")["area"]) == {DISTRICTS[0], DISTRICTS[2]}


def test_nothing_is_nothing(pass_door):
    assert pl.read_parquet(pass_door([]).path).is_empty()


def test_columns_for_judging_do_not_change_the_cells():
    rows = tables.cells(confidential())
    judged = judge(rows, load_rules(), "public").cells
    assert judged.select(rows.columns).sort("cell").equals(rows.sort("cell"))
