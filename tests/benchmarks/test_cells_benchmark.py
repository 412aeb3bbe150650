# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of cells measures equal work: at a small scale all contestants form the same cells."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.cells import contestants, ours, pandas_way, plan
from benchmarks.cells.generate import Nation, areas_table, generate, write_source
from raw.vocabulary.observation import OBSERVATION
from transforms.catalogue import load


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Nation:
    """Some twenty areas over the seven years that the longest look back needs."""
    return generate(tmp_path_factory.mktemp("nation"), 0.002, range(2017, 2024))


@pytest.fixture(scope="module")
def floor(nation: Nation) -> Path:
    out = nation.folder / "floor.parquet"
    contestants.floor(nation.folder, out)
    return out


def test_the_floor_forms_what_we_form(nation: Nation, floor: Path):
    out = nation.folder / "ours.parquet"
    ours.form(nation, out)
    assert contestants.differences(out, floor) == 0


def test_pandas_forms_what_the_floor_forms(nation: Nation, floor: Path):
    out = nation.folder / "pandas.parquet"
    pandas_way.form(nation.folder, out)
    assert contestants.differences(out, floor, passes=3) == 0


def test_everything_that_the_catalogue_needs_is_formed(floor: Path):
    cells = pl.read_parquet(floor)
    assert set(load().expressions()) <= set(cells["measure"])
    withheld = cells.filter(pl.col("obs_status") == "Q")
    assert withheld["value"].null_count() == withheld.height > 0
    assert cells.filter(pl.col("obs_status") != "Q")["value"].null_count() == 0
    assert set(cells["obs_status"]) == {"A", "E", "P", "Q"}


@pytest.mark.parametrize(
    "change",
    [
        pl.col("value") + pl.when(pl.int_range(pl.len()) == 7).then(1e-3).otherwise(0),
        pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("B")).otherwise("obs_status").alias("obs_status"),
        pl.when(pl.int_range(pl.len()) == 7).then(pl.lit("other")).otherwise("area_level").alias("area_level"),
    ],
    ids=["value", "status", "level"],
)
def test_one_cell_that_differs_is_noticed(floor: Path, tmp_path: Path, change: pl.Expr):
    cells = pl.read_parquet(floor).filter(pl.col("value").is_not_null())
    cells.write_parquet(tmp_path / "one.parquet")
    cells.with_columns(change).write_parquet(tmp_path / "other.parquet")
    assert contestants.differences(tmp_path / "one.parquet", tmp_path / "other.parquet") == 1


def test_a_cell_too_few_is_noticed(floor: Path, tmp_path: Path):
    pl.read_parquet(floor)[1:].write_parquet(tmp_path / "fewer.parquet")
    assert contestants.differences(floor, tmp_path / "fewer.parquet") == 1
    assert contestants.differences(tmp_path / "fewer.parquet", floor) == 1


def test_the_input_is_as_the_checked_station_leaves_it(nation: Nation):
    for source, path in nation.checked.items():
        rows = pl.read_parquet(path)
        assert rows.schema == pl.Schema(OBSERVATION)
        assert rows.equals(rows.sort("table", "snapshot", "cell"))
        assert set(rows["source"]) == {source}
        assert set(rows["column"]) <= {column for t in plan.sources()[source].tables.values() for column in t.columns}


def test_sums_over_ages_and_sexes_have_to_be_formed():
    pieces = plan.recipe().filter(measure="pop_0_17")["dims"].to_list()
    assert len(pieces) > 4
    assert {"age=0-2;sex=f", "age=0-2;sex=m"} <= set(pieces)


def test_a_nation_has_11_200_areas():
    areas = areas_table(1.0)
    assert areas["area"].n_unique() == areas.height == 11_200
    assert set(areas["parent"].drop_nulls()) <= set(areas["area"])


def test_another_seed_gives_other_figures_and_the_same_seed_the_same(nation: Nation):
    years = range(2017, 2024)
    before = pl.read_parquet(nation.checked["finance"])
    assert not before.equals(pl.read_parquet(write_source(nation, "finance", years, seed=2)))
    assert before.equals(pl.read_parquet(write_source(nation, "finance", years)))
