# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The benchmark of the harvest measures equal work: at a small scale both contestants read the same."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.harvest import contestants, generate
from benchmarks.harvest.contestants import Watch


def test_generated_workbooks_have_the_same_values_with_pandas(tmp_path: Path) -> None:
    generate.workbooks(tmp_path, 4)
    ours = contestants.grids_ours(tmp_path, Watch())
    assert len(set(ours.values())) == 4
    assert ours == contestants.grids_pandas(tmp_path, Watch())


@pytest.mark.parametrize("source", generate.FAMILIES)
def test_a_delivery_gives_the_same_observations_with_pandas(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "KREISE", 20)
    monkeypatch.setattr(generate, "GEMEINDEN", 60)
    generate.files(source, tmp_path / "files", 2)
    said = contestants.observe_ours(source, tmp_path / "files", tmp_path / "ours", Watch())
    assert contestants.observe_pandas(source, tmp_path / "files", tmp_path / "pandas", Watch()) == said
    ours, theirs = contestants.observed(tmp_path / "ours"), contestants.observed(tmp_path / "pandas")
    assert ours.height == said["rows"] > 0
    assert contestants.differences(ours, theirs) == 0
    changed = ours.with_columns(pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("zz")).otherwise("area").alias("area"))
    assert contestants.differences(changed, theirs) == 2


def test_one_changed_file_costs_only_its_own_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "KREISE", 20)
    monkeypatch.setattr(generate, "GEMEINDEN", 60)
    for source in generate.FAMILIES:
        generate.files(source, tmp_path / "files" / source, 2)
    watch = Watch()
    said = contestants.change(tmp_path / "files", tmp_path / "lake", watch)
    assert watch.seconds > 0
    assert {step: about["fresh"]["kiss_md"] for step, about in said.items()} == {
        "from nothing": 2, "nothing changed": 0, "one file changed": 1,
    }  # fmt: skip
    assert said["one file changed"]["fresh"]["gv_isys"] == 0


def test_the_same_seed_gives_the_same_entries(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    generate.workbooks(one, 2)
    generate.workbooks(other, 2)
    assert contestants.grids_ours(one, Watch()) == contestants.grids_ours(other, Watch())
