# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The canary: a figure of a confidential delivery is in its snapshot and, if accepted, its observations. Nowhere else.

Not in logs, on the screen, in exceptions, in records, reports or fault sentences, whatever is broken about the file.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from raw.contracts import Source
from raw.harvest.harvest import Harvest
from raw.lake.lake import Lake
from tests.raw.build import (
    ALL,
    GENESIS,
    GV,
    KISS,
    KISS_MONTHS,
    REGIONAL,
    REGIONAL_HEADER,
    REGIONAL_TEXT,
    Delivery,
    harvest_all,
)

CANARY = "987654321"
FORMS = (CANARY, "987.654.321", "987 654 321", "987654321.0", "Kanarienvogel")

PLACES = {
    "kiss": (1, 3),
    "kiss months": (1, 2),
    "regional": (7, 3),
    "regional header": (5, 3),
    "regional text": (4, 3),
    "gv": (11, 9),
}
PLACES["genesis"] = (1, 13)

BROKEN = {
    "text beside the figure": lambda one, at: one.but((*at, f"{CANARY} Kanarienvogel")),
    "figure in the first cell of its row": lambda one, at: one.but((at[0], 0, CANARY), (*at, CANARY)),
    "figure in the second cell of its row": lambda one, at: one.but((at[0], 1, CANARY), (*at, CANARY)),
    "figure in the third cell of its row": lambda one, at: one.but((at[0], 2, int(CANARY)), (*at, CANARY)),
    "rows that contradict": lambda one, at: one.with_rows(
        lambda rows: [
            *rows[: at[0] + 1],
            [CANARY if c == at[1] else e for c, e in enumerate(rows[at[0]])],
            *rows[at[0] + 1 :],
        ]
    ),
    "headers gone": lambda one, at: one.but((*at, CANARY)).with_rows(lambda rows: [*rows[: at[0] - 1], *rows[at[0] :]]),
    "all rows are figures": lambda one, at: one.with_rows(
        lambda rows: [*rows[: at[0]], *[[CANARY] * len(rows[at[0]])] * 3]
    ),
    "only figures": lambda one, at: one.with_rows(lambda rows: [[int(CANARY)] * 5] * 5),
    "row cut off": lambda one, at: one.but((*at, CANARY)).with_rows(
        lambda rows: [*rows[: at[0]], rows[at[0]][: at[1] + 1]]
    ),
}


@pytest.fixture
def all_logs(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def harvest_and_listen(
    folder: Path, sources: dict[str, Source], *deliveries: Delivery
) -> tuple[dict[str, Harvest], str]:
    """Harvest; return it with the text of whatever was raised."""
    try:
        return harvest_all(folder, sources, *deliveries), ""
    except Exception:
        return {}, "".join(traceback.format_exception(*sys.exc_info()))


def written_outside(lake: Lake) -> str:
    """Everything below the lake as text but snapshots and observations."""
    files = [path for path in lake.root.rglob("*") if path.is_file() and lake.snapshots not in path.parents]
    return "\n".join(
        f"{path}\n{path.read_bytes().decode('latin-1')}"
        for path in files
        if path.suffix != ".parquet" or path.name.endswith(".areas.parquet")
    )


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", sorted(ALL))
def test_a_figure_of_a_broken_delivery_is_in_its_snapshot_only(
    tmp_path: Path,
    sources: dict[str, Source],
    all_logs: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    name: str,
    how: str,
) -> None:
    assert all(source.protects_values for source in sources.values())
    harvests, raised = harvest_and_listen(tmp_path, sources, BROKEN[how](ALL[name], PLACES[name]))
    assert raised == ""
    said = capfd.readouterr()
    lake = Lake(tmp_path / "lake")
    heard = [all_logs.text, said.out, said.err, written_outside(lake)]
    for file in (file for harvest in harvests.values() for file in harvest.files):
        assert file.observations is None or file.faults == []
        heard += [str(file), *(fault.sentence(lang) for fault in file.faults for lang in ("de", "en"))]
    for form in FORMS:
        assert not any(form in text for text in heard)
    if not any(file.observations for harvest in harvests.values() for file in harvest.files):
        assert list((lake.root / "observations").rglob("*.parquet")) == []


def test_the_canary_would_be_heard(tmp_path: Path, sources: dict[str, Source]) -> None:
    accepted = [
        KISS.but((1, 3, int(CANARY))),
        KISS_MONTHS.but((1, 2, CANARY)),
        REGIONAL.but((7, 3, "987.654.321")),
        REGIONAL_HEADER.but((5, 3, CANARY)),
        REGIONAL_TEXT.but((4, 3, CANARY)),
        GV.but((11, 9, int(CANARY))),
        GENESIS.but((1, 13, CANARY)),
    ]
    harvests = harvest_all(tmp_path, sources, *accepted)
    found = pl.concat([harvest.read() for harvest in harvests.values()]).filter(pl.col("value") == int(CANARY))
    assert found.height == len(accepted)
    assert not any(form in written_outside(Lake(tmp_path / "lake")) for form in FORMS)


def test_figures_are_not_in_file_names_or_in_the_text_of_a_harvest(tmp_path: Path, sources: dict[str, Source]) -> None:
    harvests = harvest_all(tmp_path, sources, KISS.but((1, 3, int(CANARY))))
    assert CANARY not in repr(harvests)
    assert not any(CANARY in str(path) for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_damaged_file_is_refused_without_a_word_of_its_content(
    tmp_path: Path,
    sources: dict[str, Source],
    all_logs: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    name: str,
) -> None:
    whole = ALL[name].but((*PLACES[name], CANARY)).write(tmp_path / "whole").read_bytes()
    (tmp_path / "inbox").mkdir()
    for cut in range(20, len(whole), max(1, len(whole) // 12)):
        (tmp_path / "inbox" / f"{cut}-{ALL[name].name}").write_bytes(whole[:cut] + b'"')
    harvests, raised = harvest_and_listen(tmp_path, sources)
    said = capfd.readouterr()
    told = [fault.sentence("de") for harvest in harvests.values() for file in harvest.files for fault in file.faults]
    heard = [raised, all_logs.text, said.out, said.err, written_outside(Lake(tmp_path / "lake")), *told]
    assert raised == ""
    assert not any(form in text for text in heard for form in FORMS)
