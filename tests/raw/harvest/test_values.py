# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Values: what counts as a number in a text, by the decimal mark of its family."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.harvest.values import number_from_text

NUMBERS = st.integers(-(10**12), 10**12)


def read(texts: list[str], decimal: str) -> list[float | None]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(number_from_text(pl.col("text"), decimal)).to_series().to_list()


def german(number: int, cents: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark) + f",{cents:02d}"


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 99), st.sampled_from([".", " ", "", "\u00a0", "\u202f"]))))
def test_a_german_number_reads_as_its_value(numbers: list[tuple[int, int, str]]) -> None:
    expected = [float(f"{number}.{cents:02d}") for number, cents, _ in numbers]
    assert read([german(*number) for number in numbers], ",") == expected


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_a_number_with_a_decimal_point_reads_as_its_value(numbers: list[float]) -> None:
    assert read([repr(number) for number in numbers], ".") == numbers


@given(st.lists(st.tuples(st.integers(0, 9999), st.booleans())))
def test_a_count_whose_thousands_became_a_fraction_reads_as_the_count(numbers: list[tuple[int, bool]]) -> None:
    """3353 was written `3.353` or `3353.0`, 3440 `3.44`; what could be both (`2.0`: 2 or 2000) is no number."""
    texts = [f"{number / 1000}" if grouped and number % 1000 else f"{number}.0" for number, grouped in numbers]
    wanted = [None if len(text) == len("2.0") and text.endswith(".0") else number for text, (number, _) in
              zip(texts, numbers, strict=True)]  # fmt: skip
    assert read(texts, "thousands") == wanted
    assert read(["12", "3.3530", "1.234.567", "-5", "x"], "thousands") == [12, None, None, None, None]


@pytest.mark.parametrize(
    ("text", "comma", "point"),
    [
        ("1.234", 1234, 1.234),
        ("1.234.567,8", 1234567.8, None),
        ("12.34", None, 12.34),
        ("0,5", 0.5, None),
        (",5", None, None),
        ("1 234", 1234, 1234),
        ("1 23", None, None),
        ("+7", 7, 7),
        ("-7,0", -7, None),
        ("1e3", None, 1000),
        ("1,234.5", None, None),
        ("12 345,6 ", None, None),
        ("", None, None),
        (".", None, None),
        ("-", None, None),
        ("x", None, None),
        ("１２", None, None),
        ("(12)", None, None),
        ("12 e", None, None),
        ("1..000", None, None),
        ("nan", None, None),
        ("inf", None, None),
    ],
)
def test_what_is_ambiguous_or_odd_is_no_number(text: str, comma: float | None, point: float | None) -> None:
    assert read([text], ",") == [comma]
    assert read([text], ".") == [point]
