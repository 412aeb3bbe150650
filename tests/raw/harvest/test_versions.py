# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A delivery in an older layout is read with it and says so; one that fits none is judged by the nearest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from raw.contracts import Source, TableContract
from raw.harvest.harvest import harvest_source, identify, read_table
from raw.harvest.mapping import Mapped
from raw.harvest.versions import fingerprint
from raw.lake.lake import Delivery as Arrival
from raw.lake.lake import Lake
from raw.layouts import LayoutVersion
from tests.raw.build import KISS, Delivery, take

OLD = LayoutVersion(
    id="bis-2023", valid_to="2023", renamed={"var33": "var3"}, without=["var6"], ignore={"var9": "rank"}
)


def as_old(delivery: Delivery) -> Delivery:
    """The delivery with another header of the third variable, another last column, and its own years."""
    return delivery.but((0, 3, "T_T1_var33"), (0, 6, "T_T1_var9"))


@pytest.fixture
def source(sources: dict[str, Source]) -> Source:
    kiss = sources["t_kiss"]
    table = kiss.tables["t1"].model_copy(update={"layouts": [OLD]})
    return kiss.model_copy(update={"tables": {**kiss.tables, "t1": table}})


def read(source: Source, delivery: Delivery, folder: Path) -> Mapped:
    path = delivery.write(folder)
    return read_table(path, Arrival("s", path.name, 0, "2026-01-01T00:00:00+00:00", ""), source, source.tables["t1"])


def test_an_old_header_gives_the_same_figures_and_says_which_layout_it_was(source: Source, tmp_path: Path) -> None:
    today, old = read(source, KISS, tmp_path / "a"), read(source, as_old(KISS), tmp_path / "b")
    assert (today.faults, old.faults) == ([], [])
    assert (today.layout, old.layout) == ("", "bis-2023")
    assert today.header != old.header
    assert old.observations.equals(today.observations)


def test_the_layout_is_remembered_with_the_file(source: Source, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    as_old(KISS).write(tmp_path / "inbox")
    known = {"t_kiss": source}
    take(lake, tmp_path / "inbox", known)
    for _ in range(2):
        (file,) = harvest_source(lake, source, identify(lake, known)).files
        assert (file.layout, file.faults) == ("bis-2023", [])


def test_a_layout_outside_of_its_years_is_a_fault(source: Source, tmp_path: Path) -> None:
    late = as_old(KISS).but((4, 1, "2024"))
    (fault,) = read(source, late, tmp_path).faults
    assert (fault.code, fault.found) == ("layout_expired", "2024")
    assert "Zeiträume, für die der Aufbau gilt (bis-2023: …–2023)" in fault.sentence("de")
    assert "periods for which the layout is valid (bis-2023: …–2023)" in fault.sentence("en")


def test_a_header_that_fits_none_is_judged_by_the_nearest_layout(source: Source, tmp_path: Path) -> None:
    faults = read(source, as_old(KISS).but((0, 4, "T_T1_var44")), tmp_path).faults
    assert {(fault.code, fault.found, fault.what) for fault in faults} == {
        ("header_unknown", "„var44“", ""),
        ("header_missing", "–", "var4"),
    }


def test_a_layout_can_only_name_columns_that_the_table_has(source: Source) -> None:
    for wrong in ({"renamed": {"x": "nothing"}}, {"without": ["nothing"]}):
        about: dict[str, Any] = source.tables["t1"].model_dump(by_alias=True)
        with pytest.raises(ValidationError, match="nothing"):
            TableContract.model_validate(about | {"layouts": [{"id": "a", **wrong}]})


def test_the_fingerprint_is_that_of_the_words_and_not_of_the_years() -> None:
    assert fingerprint(["Stand 2022", "Frauen"]) == fingerprint(["Frauen", "Stand 2023"])
    assert fingerprint(["Stand 2022", "Frauen"]) != fingerprint(["Stand 2022", "Männer"])
