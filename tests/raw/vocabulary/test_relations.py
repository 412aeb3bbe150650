# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Relations between measures: the catalogue's are implied, all hold among people, and none is missing.

The worlds here are made of people with attributes who belong to concepts month by month; measures are counted by a
reading of their definitions that shares nothing with `relations` but the models.
"""

from __future__ import annotations

import random
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from raw.vocabulary.filters import Contradiction, both, closure, lies_in, meet
from raw.vocabulary.measures import Measure, concepts, dimensions, measures
from raw.vocabulary.period import parts
from raw.vocabulary.relations import Relation, Term, describe, implies, period_terms, relations

WRONG_IN_THE_CATALOGUE = {
    ("sgb2_rlb", "sgb2_lb"): "a December stock against the mean of twelve months; true month by month only",
}
PEOPLE = 120
YEARS = range(-6, 2)
SEEDS = st.integers(0, 2**32)


@cache
def derived() -> list[Relation]:
    return relations(measures())


def subset(part: str, whole: str) -> Relation:
    return Relation("subset", whole, (Term(part),))


def total(whole: str, *names: str) -> Relation:
    return Relation("partition", whole, tuple(Term(name) for name in names))


# --- people -----------------------------------------------------------------------------------------------------


def in_ranges(number: int, code: str) -> bool:
    for piece in code.split("|"):
        low, _, high = piece.rstrip("+").partition("-")
        if int(low) <= number <= (10**6 if piece.endswith("+") else int(high or low)):
            return True
    return False


def has(person: dict[str, int | str | None], dimension: str, code: str) -> bool:
    own = person[dimension]
    if isinstance(own, int):
        return in_ranges(own, code)
    while own is not None and own != code:
        own = dimensions()[dimension].codes[own].part_of
    return own == code


def draw_person(rng: random.Random) -> dict[str, int | str | None]:
    """Somebody whose attributes are all possible together; a dimension without a partition may not apply."""
    person: dict[str, int | str | None] = {}

    def draw(name: str) -> None:
        if name in person:
            return
        entry = dimensions()[name]
        if entry.interval:
            person[name] = rng.randrange(101) if name == "age" else rng.randrange(0 if entry.covers else 1, 14)
            return
        for code in entry.codes.values():
            for other in code.only:
                draw(other)
        leaves: list[str | None] = [code for code, own in entry.codes.items() if not own.parts]
        for code, own in entry.codes.items():
            holds = all(has(person, other, needed) for other, needed in own.only.items())
            if not holds:
                leaves = [leaf for leaf in leaves if leaf != code and (leaf is None or not within(name, leaf, code))]
        person[name] = rng.choice(leaves if entry.partition else [*leaves, None])

    for name in dimensions():
        draw(name)
    return person


def within(dimension: str, code: str, above: str) -> bool:
    at: str | None = code
    while at is not None and at != above:
        at = dimensions()[dimension].codes[at].part_of
    return at == above


class World:
    """People and the months in which each belongs to a concept, as bits; `still`: every month is like the first."""

    def __init__(self, seed: int, still: bool = False) -> None:
        self.rng = random.Random(seed)
        self.people = [draw_person(self.rng) for _ in range(PEOPLE)]
        self.still = still
        self.members: dict[tuple[str, int, int], int] = {}
        self.masks: dict[str, int] = {}

    def mask(self, dims: dict[str, str]) -> int:
        key = str(sorted(dims.items()))
        if key not in self.masks:
            bits = [all(has(person, name, code) for name, code in dims.items()) for person in self.people]
            self.masks[key] = sum(1 << number for number, bit in enumerate(bits) if bit)
        return self.masks[key]

    def belongs(self, concept: str, year: int, month: int) -> int:
        """Who belongs to a concept in a month: a random part of the concept around, or a defined part of another."""
        if self.still:
            year, month = 0, 1
        key = (concept, year, month)
        if key not in self.members:
            entry = concepts()[concept]
            if entry.of:
                self.members[key] = self.belongs(entry.of, year, month) & self.mask(entry.where)
            else:
                around = self.belongs(entry.within, year, month) if entry.within else (1 << PEOPLE) - 1
                self.members[key] = around & self.rng.getrandbits(PEOPLE)
        return self.members[key]

    def annual(self, measure: Measure, dims: dict[str, str], year: int) -> float:
        concept = concepts()[measure.concept]
        counts = [(self.belongs(measure.concept, year, month) & self.mask(dims)).bit_count() for month in range(1, 13)]
        if measure.at:
            return counts[measure.at.month - 1]
        if concept.time == "none" or (concept.time is None and concept.kind in ("stock", "weighted")):
            return counts[11]
        if concept.time == "end":
            return counts[11]
        return sum(counts) / 12 if concept.kind == "mean" else sum(counts)

    def value(self, measure: Measure, year: int = 0, dims: dict[str, str] | None = None) -> float:
        found = 0.0
        for back in range(measure.pool):
            offsets = measure.mean_of or [measure.shift]
            for offset in offsets:
                count = self.annual(measure, measure.dims if dims is None else dims, year + offset - back)
                found += count / len(offsets)
        return found

    def named(self, name: str, year: int = 0, like: Measure | None = None) -> float:
        """The figure of a measure, or of a cell without one (`pop[age=15-49]`) with the reference date of `like`."""
        if name in measures():
            return self.value(measures()[name], year)
        concept, _, text = name.removesuffix("]").partition("[")
        dims = dict(part.split("=") for part in text.split(";"))
        return self.value(Measure(concept=concept, dims=dims, at=like.at if like else None), year)

    def elements(self, measure: Measure) -> float:
        assert measure.vector is not None
        return sum(
            self.value(measure, dims={name: code if own == "*" else own for name, own in measure.dims.items()})
            for code in measure.vector.codes
        )


# --- the catalogue ----------------------------------------------------------------------------------------------


def test_every_relation_of_the_catalogue_is_implied(shared_data: Path) -> None:
    listed = yaml.safe_load((shared_data / "kpi" / "kpi_catalogue.yaml").read_text("utf-8"))["linear_relations"]
    assert (len(listed["subset"]), len(listed["partition"])) == (82, 4)
    missing = {(part, whole) for part, whole in listed["subset"] if not implies(derived(), subset(part, whole))}
    assert missing == set(WRONG_IN_THE_CATALOGUE)
    for entry in listed["partition"]:
        assert implies(derived(), total(entry["parent"], *entry["children"]))


def test_what_the_catalogue_takes_for_exact_is_there_as_inexact() -> None:
    for part, whole in WRONG_IN_THE_CATALOGUE:
        (found,) = [one for one in derived() if one.whole == whole and one.parts == (Term(part),)]
        assert (found.kind, found.exact, found.note) == ("subset", False, "M12 against mean")


# --- people agree -----------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_exact_relations_hold_whatever_people_there_are(seed: int) -> None:
    world = World(seed)
    for relation in derived():
        if not relation.exact or relation.kind == "balance" or relation.whole == "min_sec_total":
            continue
        like = measures()[relation.whole]
        whole = world.elements(like) if relation.kind == "vector" else world.named(relation.whole)
        found = sum(term.coefficient * world.named(term.measure, term.offset, like) for term in relation.parts)
        if relation.kind == "subset":
            assert found <= whole + 1e-9, describe(relation)
        else:
            assert found == pytest.approx(whole), describe(relation)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_relations_between_reference_dates_hold_where_nothing_changes(seed: int) -> None:
    world = World(seed, still=True)
    inexact = [one for one in derived() if not one.exact and one.kind == "subset"]
    assert inexact
    for relation in inexact:
        kinds = {concepts()[measures()[name].concept].kind for name in (relation.whole, relation.parts[0].measure)}
        if "flow" not in kinds:
            assert world.named(relation.parts[0].measure) <= world.named(relation.whole) + 1e-9, describe(relation)


def test_no_subset_is_missing() -> None:
    """Whatever is not derived is not true: in some world somebody is in the part and not in the whole."""
    worlds = [World(seed, still=True) for seed in range(70)]
    rates = {name for name, concept in concepts().items() if concept.kind == "rate"}  # of nobody in particular
    counted = {
        name: one for name, one in measures().items() if one.vector is None and one.plain and one.concept not in rates
    }

    def members(name: str, world: World) -> int:
        return world.belongs(counted[name].concept, 0, 1) & world.mask(counted[name].dims)

    sets = {name: [members(name, world) for world in worlds] for name in counted}
    for part, whole in product(counted, counted):
        if part == whole or all(not one & ~other for one, other in zip(sets[part], sets[whole], strict=True)):
            assert part == whole or holds(part, whole), f"{part} lies in {whole}, which is not derived"


def holds(part: str, whole: str) -> bool:
    """Derived in any number of steps, exact or not; or the same people at two reference dates."""
    every = [Relation(one.kind, one.whole, one.parts) for one in derived() if one.kind in ("subset", "partition")]
    same = {"sgb2_bg", "sgb2_bg_mean"}
    return {part, whole} == same or implies(every, subset(part, whole))


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_who_lives_and_works_where_balances(seed: int) -> None:
    rng = random.Random(seed)
    people = [(rng.randrange(3), rng.randrange(3)) for _ in range(40)]  # (lives in, works in)
    figures = {
        "svb_res": sum(lives == 0 for lives, _ in people),
        "svb_work": sum(works == 0 for _, works in people),
        "commute_out": sum(lives == 0 != works for lives, works in people),
        "commute_in": sum(works == 0 != lives for lives, works in people),
    }
    assert balance("svb_work", figures) == figures["svb_work"]


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_the_population_changes_by_births_deaths_and_moves(seed: int) -> None:
    rng = random.Random(seed)
    there = rng.randrange(100)
    figures = {"pop_total_prev1": there, "births": 0, "deaths": 0, "mig_in": 0, "mig_out": 0}
    for _ in range(60):
        event = rng.choice(["births", "mig_in", "deaths", "mig_out"])
        if event in ("births", "mig_in") or there:
            there += 1 if event in ("births", "mig_in") else -1
            figures[event] += 1
    assert balance("pop_total", figures) == there


def balance(whole: str, figures: dict[str, int]) -> float:
    (found,) = [one for one in derived() if one.kind == "balance" and one.whole == whole]
    return sum(term.coefficient * figures[term.measure] for term in found.parts)


# --- what follows from what -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("pop_0_2", "pop_total"),
        ("pop_20_64", "pop_0_rag"),
        ("pop_75_plus", "pop_rag_plus"),
        ("pop_foreign", "pop_mig"),
        ("sgb2_child_0_2", "pop_0_17"),
        ("sgb12_gsia_old", "pop_65_plus"),
        ("sgb2_elb_long", "sgb2_rlb"),
        ("voters_postal", "elig_voters"),
    ],
)
def test_subsets_that_the_catalogue_does_not_list(part: str, whole: str) -> None:
    assert implies(derived(), subset(part, whole))
    assert not implies(derived(), subset(whole, part))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("pop_65_plus", "pop_rag_plus"),
        ("pop_14_20", "pop_15_24"),
        ("pop_0_2_mar", "pop_0_2"),
        ("unemp", "pop_total"),
        ("pop_fam_mean", "pop_total"),
        ("births", "pop_total"),
        ("pupils_gen", "pop_total"),
    ],
)
def test_what_is_no_subset(part: str, whole: str) -> None:
    assert not implies(derived(), subset(part, whole))


def test_sums_follow_from_sums() -> None:
    assert implies(derived(), total("pop_total", "pop_0_17", "pop_18_rag", "pop_rag_plus"))
    assert not implies(derived(), total("pop_total", "pop_0_17", "pop_18_plus", "pop_0_2"))
    assert not implies(derived(), total("pop_total", "pop_0_17"))
    mean = Relation("mean", "pop_mean", (Term("pop_total", 0.5, -1), Term("pop_total", 0.5)))
    assert implies(derived(), mean)
    assert implies(derived(), Relation("mean", "pop_mean", (Term("pop_m", 0.5), Term("pop_f", 0.5), *mean.parts[:1])))


def test_relations_of_some_measures_are_those_among_them() -> None:
    some = {name: measures()[name] for name in ("pop_total", "pop_0_17", "pop_0_2", "pop_mean")}
    assert {describe(one) for one in relations(some)} == {
        "pop_0_17 ⊆ pop_total",
        "pop_0_2 ⊆ pop_0_17",
        "pop_mean = 0.5 * pop_total[-1] + 0.5 * pop_total",
    }


def test_ranges_that_touch_are_put_together_and_longer_rows_are_left_out() -> None:
    ages = ["0-4", "5-9", "0-9", "10+", "5+", "4-9"]
    found = relations(
        {age: Measure(concept="pop", dims={"age": age}) for age in ages} | {"all": Measure(concept="pop")}
    )
    sums = {describe(one) for one in found if one.kind == "partition"}
    assert sums == {"0-9 = 0-4 + 5-9", "5+ = 5-9 + 10+", "all = 0-4 + 5+", "all = 0-9 + 10+"}


def test_codes_that_make_up_another_are_a_sum() -> None:
    some = {
        "rlb": {"group": "rlb"},
        "elb": {"group": "elb"},
        "nef": {"group": "nef"},
        "slb": {"group": "slb"},
        "lb": {},
    }
    found = relations({name: Measure(concept="sgb2", dims=dims) for name, dims in some.items()})
    assert {describe(one) for one in found if one.kind == "partition"} == {"rlb = elb + nef", "lb = rlb + slb"}


# --- filters ----------------------------------------------------------------------------------------------------


def test_filters_meet_and_follow() -> None:
    assert meet("age", "0-17", "15+") == "15-17"
    assert meet("age", "0-17|30-49", "15-34") == "15-17|30-34"
    assert meet("sex", "m", "f") is None
    assert meet("group", "rlb", "elb") == meet("group", "elb", "rlb") == "elb"
    assert meet("group", "nef", "elb") is None
    assert lies_in("age", "3-5", "0-5") and not lies_in("age", "0-5", "3-5")
    assert lies_in("ballot", "postal", "cast") and not lies_in("ballot", "cast", "postal")
    assert closure({"age": "0-2"}) == {"age": "0-2", "retirement": "below"}
    assert closure({"age": "65-66"}) == {"age": "65-66"}
    assert closure({"citizenship": "ukr"})["migration"] == "background"
    for nobody in ({"retirement": "reached", "age": "0-17"}, {"citizenship": "eu", "nationality": "german"}):
        with pytest.raises(Contradiction):
            closure(nobody)
    with pytest.raises(Contradiction):
        both({"age": "0-2"}, {"age": "3-5"})


@given(SEEDS)
@settings(max_examples=50, deadline=None)
def test_what_follows_from_a_filter_is_true_of_everybody_in_it(seed: int) -> None:
    rng = random.Random(seed)
    people = [draw_person(rng) for _ in range(40)]
    for measure in rng.sample(sorted(measures().values(), key=str), 30):
        closed = closure(measure.total_dims)
        for person in people:
            if all(has(person, name, code) for name, code in measure.total_dims.items()):
                assert all(has(person, name, code) for name, code in closed.items())
        assert closure(closed) == closed


# --- months, quarters, years ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measure", "period", "code", "expected"),
    [
        ("pop_total", "2023", "Q", [("2023-Q4", 1.0)]),
        ("pop_total", "2023-Q2", "M", [("2023-06", 1.0)]),
        ("births", "2023-Q2", "M", [("2023-04", 1.0), ("2023-05", 1.0), ("2023-06", 1.0)]),
        ("unemp", "2023", "Q", [(f"2023-Q{number}", 0.25) for number in (1, 2, 3, 4)]),
        ("sgb2_rlb", "2023", "M", [("2023-12", 1.0)]),
        ("sgb2_lb", "2023-Q1", "M", [(f"2023-0{number}", 1 / 3) for number in (1, 2, 3)]),
        ("svb_res", "2023", "Q", [("2023-Q2", 1.0)]),
        ("homeless_housed", "2023", "M", [("2023-01", 1.0)]),
        ("pupils_gen", "2022", "M", [("2022-10", 1.0)]),
        ("apprentice_unplaced", "2023", "M", [("2023-09", 1.0)]),
        ("births", "2019-01-01/P3Y", "A", [("2019", 1.0), ("2020", 1.0), ("2021", 1.0)]),
    ],
)
def test_what_the_figure_of_a_period_is_made_of(
    measure: str, period: str, code: str, expected: list[tuple[str, float]]
) -> None:
    assert list(period_terms(measures()[measure], period, code) or ()) == expected


def test_school_and_training_years_have_months_of_their_own() -> None:
    leavers = period_terms(measures()["leavers_total"], "2022", "M") or ()
    assert (leavers[0], leavers[-1], len(leavers)) == (("2022-08", 1.0), ("2023-07", 1.0), 12)
    applicants = period_terms(measures()["apprentice_applicants"], "2023", "Q") or ()
    assert [period for period, _ in applicants] == ["2022-Q4", "2023-Q1", "2023-Q2", "2023-Q3"]


@pytest.mark.parametrize(
    ("measure", "period", "code"),
    [
        ("voters", "2023", "M"),
        ("hze_cases", "2023", "Q"),
        ("homeless_housed", "2023", "Q"),
        ("births", "2023", "W"),
        ("births", "2019-01-01/P3Y", "M"),
    ],
)
def test_what_is_not_made_of_anything_finer(measure: str, period: str, code: str) -> None:
    assert period_terms(measures()[measure], period, code) is None


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.sampled_from([name for name, one in measures().items() if one.plain and one.vector is None]))
def test_a_year_from_quarters_is_the_year_from_months(seed: int, name: str) -> None:
    rng, measure = random.Random(seed), measures()[name]
    by_month = period_terms(measure, "2023", "M")
    by_quarter = period_terms(measure, "2023", "Q")
    if by_month is None or by_quarter is None:
        return
    months = {month: rng.randrange(1000) for year in ("2022", "2023", "2024") for month in parts(year, "M")}
    plain = measure.model_copy(update={"at": None}) if measure.at else measure
    quarters = {
        quarter: sum(months[month] * coef for month, coef in period_terms(plain, quarter, "M") or ())
        for year in ("2022", "2023", "2024")
        for quarter in parts(year, "Q")
    }
    if measure.at and concepts()[measure.concept].kind == "mean":
        return  # the quarter of a mean says nothing about its last month
    assert sum(months[month] * coef for month, coef in by_month) == pytest.approx(
        sum(quarters[quarter] * coef for quarter, coef in by_quarter)
    )
