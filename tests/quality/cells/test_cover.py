# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Covers: pieces that together are exactly what is wanted, nobody twice, and as few of them as there can be."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.cells.cover import cover, cover_ages
from raw.vocabulary.dimensions import OPEN_AGE, age_code, age_interval, format_dims, parse_dims
from raw.vocabulary.measures import partitions

ENDS = (0, 3, 6, 15, 18, 65)


def years(code: str) -> set[int]:
    low, high = age_interval(code)
    return set(range(low, min(high, 120) + 1))


ages = st.tuples(st.sampled_from(ENDS), st.sampled_from((*ENDS[1:], OPEN_AGE + 1))).filter(
    lambda ends: ends[0] < ends[1]
)
age_codes = ages.map(lambda ends: age_code(ends[0], ends[1] - 1))
dims = st.fixed_dictionaries(
    {},
    optional={
        "age": age_codes,
        "sex": st.sampled_from(partitions()["sex"]),
        "nationality": st.sampled_from(partitions()["nationality"]),
        "duration": st.just("lt"),
    },
)


def fewest_by_trying_all(wanted: str, offered: set[str]) -> int | None:
    for size in range(1, len(offered) + 1):
        for pieces in itertools.combinations(sorted(offered), size):
            if sum(len(years(piece)) for piece in pieces) == len(years(wanted)) and set().union(
                *map(years, pieces)
            ) == years(wanted):
                return size
    return None


@given(age_codes, st.sets(age_codes, max_size=7))
@settings(max_examples=300, deadline=None)
def test_age_groups_cover_exactly_with_the_fewest_pieces_there_are(wanted, offered):
    pieces = cover_ages(wanted, offered)
    assert (None if pieces is None else len(pieces)) == fewest_by_trying_all(wanted, offered)
    if pieces is not None:
        counted = list(itertools.chain.from_iterable(years(piece) for piece in pieces))
        assert len(counted) == len(set(counted)), "somebody is counted twice"
        assert set(counted) == years(wanted)
        assert set(pieces) <= offered


@given(age_codes, st.lists(age_codes, max_size=7))
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_offer_does_not_matter(wanted, offered):
    assert cover_ages(wanted, offered) == cover_ages(wanted, list(reversed(offered)))


def people_of(text: str, world: list[dict[str, str]]) -> set[int]:
    """The people of a small world (one of each kind) who belong to a dimension string."""
    parsed = parse_dims(text)
    inside = lambda kind: all(  # noqa: E731
        years(kind[name]) <= years(code) if name == "age" else kind[name] == code for name, code in parsed.items()
    )
    return {number for number, kind in enumerate(world) if inside(kind)}


WORLD = [
    {"age": age, "sex": sex, "nationality": nationality, "duration": duration}
    for age in ("0-2", "3-5", "6-14", "15-17", "18-64", "65+")
    for sex in partitions()["sex"]
    for nationality in partitions()["nationality"]
    for duration in ("lt", "other")
]


@given(dims, st.sets(dims.map(format_dims), max_size=10))
@settings(max_examples=400, deadline=None)
def test_pieces_are_exactly_the_wanted_people_each_once(wanted, offered):
    pieces = cover(wanted, offered)
    if pieces is None:
        assert format_dims(wanted) not in offered
        return
    counted = [person for piece in pieces for person in sorted(people_of(piece, WORLD))]
    assert len(counted) == len(set(counted)), "somebody is counted twice"
    assert set(counted) == people_of(format_dims(wanted), WORLD)
    assert set(pieces) <= offered


@pytest.mark.parametrize(
    ("wanted", "offered", "pieces"),
    [
        ({}, ["", "sex=m", "sex=f"], ("",)),
        ({}, ["sex=m", "sex=f"], ("sex=m", "sex=f")),
        ({}, ["sex=m"], None),
        ({"sex": "m"}, ["sex=f", ""], None),
        ({}, ["age=0-17", "age=18-64", "age=65+"], ("age=0-17", "age=18-64", "age=65+")),
        ({}, ["age=0-17", "age=18-64"], None),
        ({"age": "0-17"}, ["age=0-2", "age=3-17", "age=0-17"], ("age=0-17",)),
        ({"age": "0-17"}, ["age=0-9", "age=9-17"], None),
        ({"age": "65+"}, ["age=65-74", "age=75+", "age=60+"], ("age=65-74", "age=75+")),
        ({"age": "65+"}, ["age=65-74", "age=75-84"], None),
        ({}, ["duration=lt"], None),
        ({"sex": "f"}, ["age=0-17;sex=f", "age=18+;sex=f", "age=0-17;sex=m"], ("age=0-17;sex=f", "age=18+;sex=f")),
        (
            {"age": "0-17"},
            ["age=0-17;sex=f", "age=0-17;sex=m", "age=0-5", "age=6-17"],
            ("age=0-5", "age=6-17"),
        ),
        ({}, ["age=0-17;sex=f", "age=18+;sex=f", "age=0-17;sex=m"], None),
    ],
)
def test_known_covers(wanted, offered, pieces):
    assert cover(wanted, offered) == pieces
