# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a statistic asks for: measures, elements of vectors by the finest groups there are, quotients of other KPIs."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import duckdb
import polars as pl
import pytest

from quality.cells.statistic_cells import elements, inputs_of, vector_codes
from quality.cells.statistic_inputs import concept_and_dims, element_codes
from quality.cells.statistic_values import CELL_KEY, of_kpi
from raw.vocabulary.dimensions import age_interval
from raw.vocabulary.measures import measures
from tests.quality import tables
from transforms.catalogue import load

WOMEN = measures()["women_by_age_mean"]
FIVES = [f"{low}-{low + 4}" for low in range(15, 50, 5)]


def test_a_statistic_asks_for_its_measures_its_vectors_and_what_its_kpis_are_made_of():
    catalogue = load()
    fertility = inputs_of(catalogue["total_fertility_rate"], catalogue)
    assert list(fertility.vectors) == ["births_by_age", "women_by_age_mean"]
    assert not fertility.measures and not fertility.expressions
    segregation = inputs_of(catalogue["segregation_index_foreign"], catalogue)
    assert set(segregation.measures) == set(segregation.expressions) == {"pop_foreign", "pop_total"}
    index = inputs_of(catalogue["social_burden_index"], catalogue)
    assert set(index.expressions) == {
        "hh_children", "hh_single_parent", "pop_0_17", "pop_15_64", "pop_rag_plus", "sgb12_gsia_old",
        "sgb2_child_0_17", "unemp",
    }  # fmt: skip
    assert inputs_of(catalogue["social_burden_dynamics"], catalogue) == index


def test_every_statistic_of_the_product_asks_for_something_that_exists():
    catalogue = load()
    assert {kpi.id for kpi in catalogue.statistics()} == {
        "life_expectancy", "median_age", "segregation_index_foreign", "social_burden_dynamics", "social_burden_index",
        "total_fertility_rate",
    }  # fmt: skip
    for kpi in catalogue.statistics():
        asked = inputs_of(kpi, catalogue)
        assert set(asked.measures) <= set(measures())
        assert {name for terms in asked.expressions.values() for _, name in terms} <= set(asked.measures)
        assert all(measure.vector for measure in asked.vectors.values())


@pytest.mark.parametrize(
    ("offered", "expected"),
    [
        ([f"age={age};sex=f" for age in FIVES], FIVES),
        ([f"age={age};sex=f" for age in (*FIVES, *range(15, 50))], [str(age) for age in range(15, 50)]),
        ([f"age={age};sex=f" for age in ("0-14", *FIVES, "50+", "15-29", "30-49")], FIVES),
        (["age=15-29;sex=f", "age=30-49;sex=f", "age=30-34;sex=f"], ["15-29", "30-49"]),
        ([f"age={age};nationality={who};sex=f" for age in FIVES for who in ("foreign", "german")], FIVES),
        ([f"age={age};sex=m" for age in FIVES], None),
        ([f"age={age}" for age in FIVES], None),
        ([f"age={age};sex=f" for age in FIVES[:-1]], None),
        (["age=0-19;sex=f", *(f"age={age};sex=f" for age in FIVES[1:])], None),
        (["", "sex=f"], None),
        ([], None),
    ],
)
def test_the_finest_groups_that_are_exactly_the_span(offered: list[str], expected: list[str] | None):
    offered = random.Random(3).sample(offered, len(offered))
    assert vector_codes(WOMEN, offered) == (tuple(expected) if expected else None)


def test_an_open_span_ends_with_an_open_group():
    persons = measures()["pop_by_age"]
    assert vector_codes(persons, ["age=0-17", "age=18-64", "age=65+"]) == ("0-17", "18-64", "65+")
    assert vector_codes(persons, ["age=0-17;sex=f", "age=0-17;sex=m", "age=18+;sex=f", "age=18+;sex=m"]) == (
        "0-17",
        "18+",
    )
    assert vector_codes(persons, ["age=0-17", "age=18-64"]) is None
    with pytest.raises(ValueError, match="only a vector"):
        vector_codes(measures()["pop_total"], [])


def test_no_other_cover_of_random_groups_is_finer():
    rng, measure = random.Random(5), measures()["births_by_age"]
    for _ in range(60):
        ends = sorted(rng.sample(range(16, 50), 4))
        bounds = [15, *ends, 50]
        groups = {(low, high - 1) for low, high in itertools.combinations(bounds, 2) if rng.random() < 0.5}
        codes = [f"{low}-{high}" for low, high in groups]
        covers = [
            chain
            for size in range(1, 6)
            for chain in itertools.combinations(sorted(codes, key=age_interval), size)
            if [age for code in chain for age in range(age_interval(code)[0], age_interval(code)[1] + 1)]
            == list(range(15, 50))
        ]
        found = vector_codes(measure, [f"age={code}" for code in codes])
        assert (found is None) == (not covers)
        if found:
            assert found in covers
            assert len(found) == max(map(len, covers))


def test_elements_are_measures_with_the_period_rule_of_their_vector_and_names_that_lead_back():
    found = elements("women_by_age_mean", WOMEN, ["15-19", "20"])
    assert list(found) == ["women_by_age_mean[age=15-19;sex=f]", "women_by_age_mean[age=20;sex=f]"]
    assert found["women_by_age_mean[age=20;sex=f]"].dims == {"age": "20", "sex": "f"}
    assert {tuple(one.offsets.items()) for one in found.values()} == {((-1, 0.5), (0, 0.5))}
    assert not any(one.vector for one in found.values())
    assert list(elements("births_by_age", measures()["births_by_age"], ["15-19"])) == ["births[age=15-19]"]
    others = ["women_by_age_mean[age=15-19]", "pop[age=15-19;sex=f]", "women_by_age_mean", "births - deaths"]
    assert element_codes("women_by_age_mean", WOMEN, [*found, *others]) == dict(
        zip(found, ["15-19", "20"], strict=True)
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("births/P3Y", ("births", "")),
        ("pop_0_17/P3Y", ("pop", "age=0-17")),
        ("pop_0_17", ("pop", "age=0-17")),
        ("births[age=15-19]", ("births", "age=15-19")),
        ("women_by_age_mean[age=15-19;sex=f]", ("pop", "age=15-19;sex=f")),
        ("deaths_by_age/P3Y[age=90+]", ("deaths", "age=90+")),
        ("pop[age=0]", ("pop", "age=0")),
    ],
)
def test_a_name_says_concept_and_dimensions(name: str, expected: tuple[str, str]):
    assert concept_and_dims(name) == expected
    with pytest.raises(KeyError):
        concept_and_dims("life_expectancy")


def test_quotients_before_the_door_are_those_behind_it(root: Path):
    """Random cells with gaps, on several bases: the values and statuses of the SQL that forms the published ones.

    But for breaks, which mark what is published.
    """
    kpi, rng = load()["child_poverty_0_17"], random.Random(11)
    rows = []
    lenders = ("register", "fortschreibung_z2011", "fortschreibung_z2022")
    for number, basis in itertools.product(range(120), ("ba", *lenders)):
        for measure in ("sgb2_child_0_17", "pop_0_17"):
            if rng.random() < (0.95 if (measure == "pop_0_17") == (basis in lenders) else 0.1):
                value = float(rng.choice([0, 12, 29, 30, 99, 100, 250, 4000]))
                status = rng.choice("AAAAEPUBMLOQ")
                about = {"measure": measure, "basis": basis, "obs_status": status}
                area = f"{tables.CITY}-{number:02d}"
                rows.append(tables.cell(area, None if status in "MLOQ" else value, **about))
    cells = tables.cells(rows).with_columns(
        pl.concat_str([pl.col(name) for name in CELL_KEY], separator="|").alias("cell"),
        pl.lit("A").alias("freq"),
        pl.lit("x").alias("sources"),
    )
    bases = enumerate(kpi.denominator_bases, start=1)
    entry = {"kpi": kpi.id, "numerator": kpi.numerator, "denominator": kpi.denominator, "factor": kpi.factor}
    limits = {"min_denominator": kpi.min_denominator, "low_denominator": 100.0}
    reach = {"frequencies": "A", "look_back": 0, "numerator_reach": 0, "denominator_reach": 0}
    reach |= {"comparable_across_breaks": True}
    landed = pl.DataFrame([entry | limits | reach])
    no_breaks = pl.DataFrame(schema={"kpi": pl.String, "year": pl.Int32, "basis": pl.String})
    lending = pl.DataFrame([{"kpi": kpi.id, "basis": basis, "preference": place} for place, basis in bases])
    query = (root / "transforms" / "models" / "kpi" / "kpi_value.sql").read_text("utf-8").split("\n);\n", 1)[1]
    with duckdb.connect() as connection:
        connection.execute("create schema core")
        named = {
            "protected_cell": cells.drop("terms", "provenance"), "kpi": landed, "kpi_denominator_basis": lending,
            "kpi_break": no_breaks,
        }  # fmt: skip
        for name, table in named.items():
            connection.register("table_in", table.to_arrow())
            connection.execute(f"create table core.{name} as select * from table_in")
        wanted = f"select area, basis, value, obs_status from ({query}) order by area, basis"
        behind = connection.execute(wanted).fetchall()
    before = of_kpi(cells, kpi).sort("area", "basis").select("area", "basis", "value", "obs_status").rows()
    assert len(before) > 100
    assert before == behind
    assert {status for *_, status in before} == set("AEPUBMLOQ")
