# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of families says what the contracts say, and counts every column exactly once."""

from __future__ import annotations

import pytest

from raw.contract_files import load_sources
from raw.contracts import ColumnRule
from raw.harvest_page import PAGE, counts, kind, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(load_sources().values()), "run `python -m raw.harvest_page`"


def test_every_column_of_every_table_is_counted_once() -> None:
    sources = load_sources()
    found = counts(sources.values())
    columns = sum(len(table.columns) for source in sources.values() for table in source.tables.values())
    assert columns == sum(sum(one.values()) - one["tables"] - one["kept"] for one in found.values())
    assert {source.contract.family for source in sources.values()} == set(found)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"concept": "pop"}, "stated"),
        ({"concept": "pop", "meaning": "labelled"}, "labelled"),
        ({"concept": "pop", "meaning": "evidence", "evidence": "sum"}, "evidence"),
        ({"concept": "pop", "meaning": "evidence", "evidence": "sum", "confirmed": "who"}, "confirmed"),
        ({"published": "sex_ratio", "unit": "x"}, "published"),
        ({"meaning": "unknown"}, "unknown"),
        ({"ignore": "a rank"}, "ignored"),
    ],
)
def test_how_a_meaning_is_known(rule: dict[str, str], expected: str) -> None:
    assert kind(ColumnRule.model_validate(rule)) == expected
