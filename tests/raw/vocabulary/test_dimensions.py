# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Dimensions: one canonical text per combination, ages as intervals, the publishers' labels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raw.vocabulary.dimensions import OPEN_AGE, age_code, age_interval, code_from_label, format_dims, parse_dims

CODES = st.text("abcxyz0129_+.-", min_size=1, max_size=6)
AGES = st.tuples(st.integers(0, 120), st.integers(0, 120)).filter(lambda ages: ages[0] <= ages[1])


@given(st.dictionaries(CODES, CODES.filter(lambda code: code != "total")))
def test_dims_survive_the_canonical_text(dims: dict[str, str]) -> None:
    assert parse_dims(format_dims(dims)) == dims
    assert format_dims(dict(reversed(dims.items()))) == format_dims(dims)


def test_the_total_of_a_dimension_is_not_written() -> None:
    assert format_dims({"sex": "total", "age": "0-2"}) == "age=0-2"
    assert format_dims({"sex": "total"}) == "" == format_dims({})


@given(AGES)
def test_an_age_group_survives_its_code(ages: tuple[int, int]) -> None:
    assert age_interval(age_code(*ages)) == ages


@given(st.integers(0, 120))
def test_an_open_age_group_survives_its_code(low: int) -> None:
    assert age_code(low, OPEN_AGE) == f"{low}+"
    assert age_interval(f"{low}+") == (low, OPEN_AGE)


@given(AGES, st.sampled_from(["", " Jahre", " Jahren", " Jahr"]))
def test_every_wording_of_an_age_group_gives_its_code(ages: tuple[int, int], years: str) -> None:
    low, high = ages
    code = age_code(low, high)
    for label in (f"{low} bis unter {high + 1}{years}", f"{low} bis {high}{years}", f"{low}-{high}{years}"):
        assert code_from_label("age", f" {label} ") == code
    assert code_from_label("age", f"unter {high + 1}{years}") == age_code(0, high)
    for label in (f"{low}{years} und mehr", f"{low} und älter", f"{low} und mehr{years}", f"ab {low} Jahren und älter"):
        assert code_from_label("age", label) == f"{low}+"


@given(st.text(max_size=20))
def test_whatever_the_label_an_age_is_an_interval_or_nothing(label: str) -> None:
    code = code_from_label("age", label)
    if code is not None and code != "total":
        low, high = age_interval(code)
        assert 0 <= low <= high


@pytest.mark.parametrize(
    "label", ["unter 0 Jahre", "5 bis unter 5 Jahre", "9 bis 3", "drei bis fünf", "3-6 Monate", ""]
)
def test_an_impossible_age_group_means_nothing(label: str) -> None:
    assert code_from_label("age", label) is None


def test_labels_mean_what_the_vocabulary_says_and_the_contract_goes_first() -> None:
    assert code_from_label("sex", " Frauen ") == "f"
    assert code_from_label("nationality", "Ausländer(innen)") == "foreign"
    assert code_from_label("age", "Insgesamt") == "total"
    assert code_from_label("sex", "divers") is None
    assert code_from_label("unheard", "of") is None
    assert code_from_label("sex", "Frauen", {"Frauen": "x"}) == "x"
    assert code_from_label("sex", "Männer", {"Frauen": "x"}) == "m"


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("DIE LINKE", "die_linke"),
        ("GRÜNE", "gruene"),
        ('Bürgerbewegung "miteinander"', "buergerbewegung_miteinander"),
        ("Ab jetzt...Demokratie", "ab_jetzt...demokratie"),
        ("???", None),
    ],
)
def test_a_party_is_coded_by_its_own_words(label: str, code: str | None) -> None:
    assert code_from_label("party", label) == code
