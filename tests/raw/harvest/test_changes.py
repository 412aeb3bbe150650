# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Continuity: a delivery that lost rows, periods, areas or tables against the last one is reported, and still read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from raw.contracts import Source
from raw.harvest.changes import losses
from raw.harvest.harvest import harvest_source, identify
from raw.lake.lake import Lake
from tests.raw.build import KISS, NOW, REGIONAL, REGIONAL_TEXT, Delivery, Rows

YEARS = [
    *REGIONAL.rows[:6],
    *([f"31.12.{year}", "06411", "Darmstadt", str(100 + year), "5", "6", "7"] for year in (2019, 2020, 2021, 2022)),
    *([f"31.12.{year}", "06412", "Frankfurt", str(200 + year), "5", "6", "7"] for year in (2019, 2020, 2021, 2022)),
    *REGIONAL.rows[10:],
]


def found(folder: Path, sources: dict[str, Source], source: str, *deliveries: tuple[Delivery, str]) -> list[Any]:
    lake, inbox = Lake(folder / "lake"), folder / "inbox"
    for day, (delivery, name) in enumerate(deliveries):
        delivery.write(inbox).rename(inbox / name)
        lake.take_in(inbox, lambda day=day: NOW + dt.timedelta(days=day), 0.0)  # type: ignore[misc]
    harvest = harvest_source(lake, sources[source], identify(lake, sources))
    assert all(file.observations for file in harvest.files), "what was lost does not keep the rest out"
    return [(loss.kind, loss.table, loss.before, loss.now, loss.missing) for loss in losses(harvest)]


def lines(*kept: int) -> Rows:
    return [row for n, row in enumerate(YEARS) if n < 6 or n > 13 or n - 6 in kept]


@pytest.mark.parametrize(
    ("kept", "lost"),
    [
        (range(8), []),
        ((0, 1, 2, 4, 5, 6), [("periods", "r1", 4, 3, ("2022",))]),
        ((0, 1, 2, 3), [("areas", "r1", 2, 1, ("06412",)), ("fewer_rows", "r1", 32, 16, ())]),
        ((0, 1, 2, 3, 4), [("fewer_rows", "r1", 32, 20, ())]),
        ((0, 1, 2, 3, 4, 5, 6), []),
    ],
)
def test_what_a_series_lost_is_reported(
    tmp_path: Path, sources: dict[str, Source], kept: tuple[int, ...], lost: list[Any]
) -> None:
    whole = REGIONAL.with_rows(lambda _: YEARS)
    less = REGIONAL.with_rows(lambda _: [[*row] for row in lines(*kept)] + [["Nachtrag"]])
    assert found(tmp_path, sources, "t_regional", (whole, "z_2022.csv"), (less, "z_2023.csv")) == lost


def test_a_file_per_year_is_compared_by_its_size_alone(tmp_path: Path, sources: dict[str, Source]) -> None:
    one, next_, short = (REGIONAL.with_rows(lambda _, k=kept: lines(*k)) for kept in ((0, 4), (1, 5), (2,)))  # type: ignore[misc]
    assert found(tmp_path / "a", sources, "t_regional", (one, "z_2019.csv"), (next_, "z_2020.csv")) == []
    assert found(tmp_path / "b", sources, "t_regional", (one, "z_2019.csv"), (short, "z_2021.csv")) == [
        ("fewer_rows", "r1", 8, 4, ())
    ]


def test_files_of_other_names_are_no_predecessors(tmp_path: Path, sources: dict[str, Source]) -> None:
    whole, less = (REGIONAL.with_rows(lambda _, k=kept: lines(*k)) for kept in (range(8), (0,)))  # type: ignore[misc]
    assert found(tmp_path, sources, "t_regional", (whole, "kreise.csv"), (less, "stadt.csv")) == []


def test_a_sheet_that_is_gone_is_reported(tmp_path: Path, sources: dict[str, Source]) -> None:
    header = ["tabelle", "T_T2_var1", "T_T2_var2", "T_T2_var3"]
    second = [header, ["T_T2", "2023-06", "Frauen", "5"]]
    both = Delivery("t_kiss", "t1", "jahrbuch.xlsx", KISS.rows, {"Monate": second})
    assert found(
        tmp_path, sources, "t_kiss", (both, "jahrbuch 1.xlsx"), (KISS.but((1, 3, 102.0)), "jahrbuch 2.xlsx")
    ) == [("tables", "t2", 2, 1, ())]


def test_nothing_is_lost_with_the_first_delivery(tmp_path: Path, sources: dict[str, Source]) -> None:
    assert found(tmp_path, sources, "t_regional", (REGIONAL_TEXT, "b.csv")) == []
