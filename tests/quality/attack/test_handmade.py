# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Each kind of equation gives a withheld count away in one small release, and not in its twin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from quality.attack.attack import Findings, attack
from quality.attack.published import NothingPublished
from tests.quality.attack.handmade import CITY, EAST, NORTH, SOUTH, Book, Q

INHABITANTS = {CITY: 900.0, NORTH: 200.0, EAST: 300.0, SOUTH: 400.0}
Case = Callable[[Book, bool], Book]
"""Fills a book; with False the twin that tells too little."""


def known(found: Findings, plain: str, area: str = NORTH, period: str = "2023") -> tuple[float, float, str]:
    row = found.cells.filter(plain=plain, area=area, period=period).row(0, named=True)
    return row["least"], row["most"], row["state"]


def areas(book: Book, leak: bool) -> Book:
    """One withheld district beside the total; the twin withholds two."""
    return book.put("foreigners", {CITY: 60, NORTH: Q, EAST: 20 if leak else Q, SOUTH: 37})


def rate(book: Book, leak: bool) -> Book:
    """A rate whose numerator is withheld elsewhere; the twin is too coarse."""
    book.put("foreigners", {CITY: 60, NORTH: Q, EAST: Q, SOUTH: 37})
    return book.put("foreigners_per_1000" if leak else "foreigners_percent", {NORTH: 15.0 if leak else 2.0})


def partition(book: Book, leak: bool) -> Book:
    """Two ages and both together; the twin withholds one more."""
    book.put("below_six", {NORTH: 12})
    return book.put("infants", {NORTH: Q}).put("toddlers", {NORTH: 9 if leak else Q})


def sexes(book: Book, leak: bool) -> Book:
    """Women from all and men; the twin withholds both."""
    return book.put("women", {NORTH: Q}).put("men", {NORTH: 197 if leak else Q})


def difference(book: Book, leak: bool) -> Book:
    """Births from their balance with deaths; the twin withholds the balance."""
    book.put("pop_total", {NORTH: 200}, "2022")
    book.put("birth_rate", {NORTH: Q}).put("death_rate", {NORTH: 20.0})
    return book.put("natural_balance_rate", {NORTH: -5.0 if leak else Q})


def year(book: Book, leak: bool) -> Book:
    """The year before from the change since; in the twin the change is withheld too."""
    book.rows.clear()
    book.put("pop_total", {NORTH: Q}, "2022")
    return book.put("pop_total", {NORTH: 206}).put("pop_change_1y", {NORTH: 1.5 if leak else Q})


def counts(book: Book, leak: bool) -> Book:
    """A district without a row: that it is withheld is told by the number of withheld ones."""
    book.put("foreigners", {CITY: 60, EAST: 20, SOUTH: 37})
    if leak:
        book.withheld_beside[("foreigners", "stadtteil")] = 1
    else:
        book.rows = [row for row in book.rows if row["area"] != EAST or row["kpi"] == "pop_total"]
        book.put("foreigners", {EAST: Q})
        book.withheld_beside[("foreigners", "stadtteil")] = 2
    return book


CASES: list[tuple[Case, str, str, float]] = [
    (areas, "pop_foreign", "2023", 3),
    (rate, "pop_foreign", "2023", 3),
    (partition, "pop_0_2", "2023", 3),
    (sexes, "pop_f", "2023", 3),
    (difference, "births", "2023", 3),
    (year, "pop_total", "2022", 203),
    (counts, "pop_foreign", "2023", 3),
]


@pytest.mark.parametrize("case, plain, period, value", CASES, ids=lambda one: getattr(one, "__name__", None))
def test_what_follows_is_found_exactly(case: Case, plain: str, period: str, value: float, tmp_path: Path):
    found = attack([case(Book().put("pop_total", INHABITANTS), True).write(tmp_path)], ["public"])
    assert known(found, plain, period=period) == (value, value, "recovered")
    assert not found.ok


@pytest.mark.parametrize("case, plain, period, value", CASES, ids=lambda one: getattr(one, "__name__", None))
def test_what_does_not_follow_is_not_claimed(case: Case, plain: str, period: str, value: float, tmp_path: Path):
    found = attack([case(Book().put("pop_total", INHABITANTS), False).write(tmp_path)], ["public"])
    least, most, state = known(found, plain, period=period)
    assert least <= value <= most and state == "wide" and found.ok


def test_a_rank_bounds_a_rate_by_those_beside_it(tmp_path: Path):
    book = Book().put("pop_total", {NORTH: 1000, EAST: 1000, SOUTH: 1000})
    book.put("foreigners", {NORTH: Q, EAST: 7, SOUTH: 7}, ranks={EAST: 1, NORTH: 2, SOUTH: 3})
    assert known(attack([book.write(tmp_path / "near")], ["public"]), "pop_foreign") == (7, 7, "recovered")
    book = Book().put("pop_total", {NORTH: 1000, EAST: 1000, SOUTH: 1000})
    book.put("foreigners", {NORTH: Q, EAST: 9, SOUTH: 2}, ranks={EAST: 1, NORTH: 2, SOUTH: 3})
    assert known(attack([book.write(tmp_path / "far")], ["public"]), "pop_foreign") == (2, 9, "wide")


def test_ones_in_a_row_are_found_where_zeros_are_published(tmp_path: Path):
    book = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 39, NORTH: Q, EAST: Q, SOUTH: 37})
    folder = book.write(tmp_path)
    assert known(attack([folder], ["public"], zeros_published=True), "pop_foreign") == (1, 1, "recovered")
    # Below the threshold either way, which is all that can be said where zeros are withheld too.
    assert known(attack([folder], ["public"]), "pop_foreign") == (0, 2, "small")


def test_a_known_nothing_is_no_count_unless_zeros_are_published(tmp_path: Path):
    book = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 37, NORTH: Q, EAST: Q, SOUTH: 37})
    found = attack([book.write(tmp_path)], ["public"])
    assert known(found, "pop_foreign") == (0, 0, "zero") and found.ok


def test_a_total_is_not_taken_for_complete_where_an_exact_count_shows_the_contrary(tmp_path: Path):
    book = Book().put("pop_total", {**INHABITANTS, CITY: 905})
    found = attack([areas(book, True).write(tmp_path)], ["public"])
    assert known(found, "pop_foreign") == (0, 3, "wide")


def test_a_withdrawn_release_stays_known(tmp_path: Path):
    first = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: 20, SOUTH: Q})
    second = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: Q, SOUTH: 37})
    first.write(tmp_path, "2024-01-01-00000001")
    second.write(tmp_path, "2024-02-01-00000002")
    found = attack([tmp_path], ["public"])
    assert known(found, "pop_foreign") == (3, 3, "recovered") and found.opened == 2
    for release in sorted(tmp_path.iterdir()):
        assert attack([release], ["public"]).ok


def test_a_revised_total_says_nothing_of_the_old_parts(tmp_path: Path):
    first = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: 20, SOUTH: Q})
    second = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 66, NORTH: Q, EAST: Q, SOUTH: 37})
    first.write(tmp_path, "2024-01-01-00000001")
    second.write(tmp_path, "2024-02-01-00000002")
    assert attack([tmp_path], ["public"]).ok


def test_a_finer_breakdown_in_a_later_release_gives_the_total_away(tmp_path: Path):
    first = Book().put("pop_total", INHABITANTS).put("below_six", {NORTH: Q})
    second = Book().put("pop_total", INHABITANTS).put("infants", {NORTH: 1}).put("toddlers", {NORTH: 2})
    first.write(tmp_path, "2024-01-01-00000001")
    assert attack([tmp_path], ["public"]).ok
    second.write(tmp_path, "2024-02-01-00000002")
    assert known(attack([tmp_path], ["public"]), "pop_0_5") == (3, 3, "recovered")


def test_both_tiers_together_tell_more_than_each(tmp_path: Path):
    public = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: Q, SOUTH: 37})
    internal = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: 20, SOUTH: Q})
    public.write(tmp_path)
    internal.write(tmp_path, tier="internal")
    assert attack([tmp_path], ["public"]).ok and attack([tmp_path], ["internal"]).ok
    both = attack([tmp_path], ["public", "internal"])
    assert known(both, "pop_foreign") == (3, 3, "recovered")
    assert both.crossed["area"].to_list() == [SOUTH]


def test_what_only_the_fuller_tier_shows_is_no_finding(tmp_path: Path):
    Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: Q, SOUTH: Q}).write(tmp_path)
    internal = Book().put("pop_total", INHABITANTS).put("foreigners", {CITY: 60, NORTH: Q, EAST: Q, SOUTH: 37})
    internal.write(tmp_path, tier="internal")
    found = attack([tmp_path], ["public", "internal"])
    assert found.ok and found.opened == 1 and found.crossed.is_empty()


def test_an_index_gives_its_withheld_part_away(tmp_path: Path):
    """0.5 * ((foreign - 10) / 4 + (women - 50) / 2), with more digits than any index should have."""
    places = [f"{CITY}-{number:02d}" for number in range(1, 13)]
    foreign = [3.0, 8, 21, 12, 17, 5, 9, 30, 14, 11, 6, 19]
    women = [50.0, 49, 53, 51, 47, 52, 55, 48, 50, 54, 46, 51]

    def book(shown_index: bool) -> Book:
        made = Book().put("pop_total", dict.fromkeys(places, 100.0))
        made.put("foreigners_percent", {NORTH: Q, **dict(zip(places[1:], foreign[1:], strict=True))}, decimals=4)
        made.put("share_women", dict(zip(places, women, strict=True)), decimals=4)
        made.inputs["strain"] = ("foreigners_percent", "share_women")
        index = {
            place: 0.5 * ((one - 10) / 4 + (two - 50) / 2)
            for place, one, two in zip(places, foreign, women, strict=True)
        }
        return made.put("strain", {**index, **({} if shown_index else {NORTH: Q})}, decimals=4)

    assert known(attack([book(True).write(tmp_path / "shown")], ["public"]), "pop_foreign") == (3, 3, "recovered")
    assert known(attack([book(False).write(tmp_path / "not")], ["public"]), "pop_foreign")[2] == "wide"


def test_where_nothing_is_published_there_is_nothing_to_attack(tmp_path: Path):
    with pytest.raises(NothingPublished):
        attack([tmp_path], ["public"])
