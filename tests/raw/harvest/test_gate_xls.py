# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Old workbooks: what would be read wrong or must not be opened is refused with its place, and good ones are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.messages import Speaker
from raw.harvest.gate import Unreadable, admit
from raw.harvest.grid import open_grids
from tests.raw import xls
from tests.raw.xls import book, compound, label, number

GOOD = label(0, 0, "Gebiet") + label(0, 1, "Zahl") + xls.row(1) + label(1, 0, "01") + number(1, 1, 5.0)
DEEP = b"".join(number(at, 0, float(at)) for at in range(2, 3_000))


def workbook(cells: bytes = GOOD, more: bytes = b"", kind: int = 0, **streams: bytes) -> bytes:
    return compound({"Workbook": book({"Fälle": cells}, more, kind), **streams})


def looped(content: bytes) -> bytes:
    """A chain of sectors that leads back to its beginning."""
    fat = len(content) - 512
    return content[:fat] + bytes([0, 0, 0, 0]) * 128


HOSTILE = {
    "password": ("encrypted", workbook(more=xls.FILEPASS), ""),
    "encrypted package": ("encrypted", compound({"EncryptionInfo": b"", "EncryptedPackage": b""}), ""),
    "macros": ("macros", workbook(_VBA_PROJECT=b"x"), ""),
    "macro sheet of 1992": ("macros", workbook(kind=1), ""),
    "another file": ("external_links", workbook(more=xls.OTHER_BOOK), ""),
    "error": ("error_value", workbook(GOOD + xls.error(8, 1)), "Fälle!B9"),
    "error of a formula": ("error_value", workbook(GOOD + xls.formula_with_error(8, 27)), "Fälle!AB9"),
    "hidden row": ("hidden_rows", workbook(GOOD + xls.row(5, hidden=True) + number(5, 1, 7.0)), "Fälle!B6"),
    "hidden column": ("hidden_columns", workbook(xls.columns(1, 1, hidden=True) + GOOD), "Fälle!B2"),
    "hidden column of several cells": (
        "hidden_columns",
        workbook(xls.columns(2, 2, hidden=True) + GOOD + xls.several(4, 1, 3)),
        "Fälle!C5",
    ),
    "letter": ("not_a_table", compound({"WordDocument": b""}), ""),
    "truncated": ("damaged", workbook(GOOD + DEEP)[:-9000], ""),
    "circle": ("damaged", looped(workbook()), ""),
    "record without end": ("damaged", workbook(GOOD + b"\x03\x02\xff\xff"), ""),
    "a head alone": ("damaged", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_old_workbook_is_refused_with_its_reason_and_place(tmp_path: Path, name: str) -> None:
    reason, content, place = HOSTILE[name]
    (tmp_path / "a.xls").write_bytes(content)
    with pytest.raises(Unreadable) as raised:
        admit(tmp_path / "a.xls")
    assert (raised.value.reason, raised.value.detail) == (reason, place)
    assert len({Speaker(language)(f"reason.{reason}") for language in ("de", "en")}) == 2


@pytest.mark.parametrize(
    ("cells", "more"),
    [
        (GOOD, b""),
        (GOOD, xls.OWN_BOOK),
        (GOOD + DEEP, b""),
        (GOOD + xls.row(5, hidden=True) + label(5, 0, "Notiz"), b""),
        (xls.columns(0, 1) + xls.columns(0, 0, hidden=True) + GOOD, b""),
    ],
)
def test_a_good_old_workbook_is_read(tmp_path: Path, cells: bytes, more: bytes) -> None:
    (tmp_path / "a.xls").write_bytes(workbook(cells, more))
    (grid,) = open_grids(tmp_path / "a.xls")
    assert grid.sheet == "Fälle" and grid.rows[1][:2] == ["01", 5.0]


@pytest.mark.parametrize("state", [1, 2])
def test_a_hidden_sheet_with_figures_is_refused_with_its_place(tmp_path: Path, state: int) -> None:
    (tmp_path / "a.xls").write_bytes(compound({"Workbook": book({"Fälle": GOOD}, state=state)}))
    with pytest.raises(Unreadable) as raised:
        open_grids(tmp_path / "a.xls")
    assert (raised.value.reason, raised.value.detail) == ("hidden_sheet", "Fälle!A2")


def test_real_old_workbooks_pass_and_one_changed_byte_after_another_gives_a_reason_or_a_table(
    tmp_path: Path, shared_data: Path
) -> None:
    for path in sorted((shared_data / "data").rglob("*.xls")):
        assert admit(path) == "workbook"
        content = bytearray(path.read_bytes())
        outcomes = set()
        for at in range(0, len(content), 97):
            changed = content.copy()
            changed[at] ^= 0x41
            (tmp_path / "a.xls").write_bytes(changed)
            try:
                outcomes.add(admit(tmp_path / "a.xls"))
            except Unreadable as error:
                outcomes.add(error.reason)
        assert {"workbook", "damaged"} <= outcomes
