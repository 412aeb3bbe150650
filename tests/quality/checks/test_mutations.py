# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Every error that offices make is caught, or a written rule says why nothing contradicts it (`mutations`)."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from quality.areas.areas import build_areas
from quality.checks.checked import current, keep_out
from quality.checks.schema import sift
from raw.contract_files import load_sources
from raw.contracts import Source
from raw.harvest.harvest import harvest_source, identify
from raw.lake.lake import Lake, copy_into
from tests.prove import Experiments
from tests.quality import tables
from tests.quality.checks.mutations import KINDS, TODAY, Delivery, NotHere, apply, delivery, why_unseen
from tests.quality.tables import CITY

YEARS = range(2017, 2024)
DISTRICTS = [f"{CITY}-{number:02d}" for number in range(1, 25)]
AGES = ("0-17", "18-64", "65+")
AREAS = tables.areas("15", "15003", CITY, *DISTRICTS)

# --- a generated city -------------------------------------------------------------------------------------------------


def column(concept: str, **dims: str) -> dict[str, object]:
    return {"concept": concept, "dims": dims}


def generated_source() -> Source:
    def adds_up(columns: dict[str, dict[str, object]]) -> dict[str, object]:
        areas = {"id": "areas", "areas": {"from": "stadtteil", "to": "gemeinde"}, "columns": list(columns)}
        return {"columns": columns, "identities": [areas]}

    ages = {f"age_{age}": column("pop", age=age) for age in AGES}
    return tables.source(
        tables={
            "people": adds_up(
                {"all": column("pop"), "men": column("pop", sex="m"), "women": column("pop", sex="f"), **ages}
            ),
            "foreigners": adds_up(
                {
                    "all": column("pop", nationality="foreign"),
                    "men": column("pop", nationality="foreign", sex="m"),
                    "women": column("pop", nationality="foreign", sex="f"),
                }
            ),
            "unemployed": adds_up({"all": column("unemp"), "young": column("unemp", age="15-24")}),
        }
    )


def generated(source: Source, seed: int) -> pl.DataFrame:
    """Districts of 800 to 20,000 people whose shares of men, ages and foreigners are their own and last."""
    rng = np.random.default_rng(seed)
    n = len(DISTRICTS)
    size, men = rng.uniform(800, 20000, n), rng.uniform(0.46, 0.54, n)
    ages, foreign = rng.dirichlet((8, 30, 12), n), rng.uniform(0.04, 0.3, n)
    foreign_men, jobless, young = rng.uniform(0.45, 0.6, n), rng.uniform(0.03, 0.12, n), rng.uniform(0.05, 0.15, n)
    rows = []
    for number, year in enumerate(YEARS):
        size = size * rng.normal(1.004, 0.01, n)
        total = size.round()
        m = rng.normal(total * men, 0.1 * np.sqrt(total)).round()
        children = (total * ages[:, 0]).round()
        old = (total * ages[:, 2] * (1 + 0.01 * number)).round()
        abroad = (total * foreign * (1 + 0.04 * number)).round()
        abroad_men = rng.normal(abroad * foreign_men, 0.1 * np.sqrt(abroad)).round()
        out = rng.poisson(total * jobless * rng.uniform(0.9, 1.1))
        figures = {
            "people": [total, m, total - m, children, total - children - old, old],
            "foreigners": [abroad, abroad_men, abroad - abroad_men],
            "unemployed": [out, (out * young).round()],
        }
        for table, columns in figures.items():
            rules = source.tables[table].columns.items()
            for letter, (name, rule), values in zip("CDEFGH", rules, columns, strict=False):
                about = {
                    "table": table, "column": name, "measure": rule.concept, "period": str(year),
                    "dims": ";".join(f"{key}={code}" for key, code in sorted(rule.dims.items())),
                }  # fmt: skip
                for line, area in enumerate([*DISTRICTS, CITY], 2 + number * (n + 1)):
                    value = float(values.sum() if area == CITY else values[line - 2 - number * (n + 1)])
                    rows.append(tables.observation(area, value, cell=f"{table}!{letter}{line}", **about))
    return tables.observations(rows)


@pytest.fixture(scope="module")
def city() -> Callable[[str], Delivery]:
    source = generated_source()
    observations = generated(source, 7)

    @cache
    def deliver(table: str) -> Delivery:
        return delivery(source, observations, AREAS, table)

    return deliver


def test_the_generated_city_has_no_violation(city):
    assert all(not city(table).before for table in ("people", "foreigners", "unemployed"))


@pytest.mark.parametrize("kind", KINDS)
def test_in_a_generated_city_each_error_is_caught(city, kind):
    caught = 0
    for number in range(6):
        rng = random.Random(f"{kind} {number}")
        one = city(rng.choice(["people", "foreigners", "unemployed"]))
        try:
            change = KINDS[kind](one, rng)
        except NotHere:
            continue
        if not one.judge(apply(one, change)):
            assert why_unseen(one, kind, change) == "nothing has changed"
        caught += 1
    assert caught >= 3


# --- real tables ------------------------------------------------------------------------------------------------------

FOLDERS = {
    "kiss_md": ("magdeburg-kiss-md",),
    "regionaldatenbank": ("regionalstatistik-csv", "regionalstatistik-csv-altcode"),
    "genesis_ffcsv": ("genesis-ffcsv",),
}
CASES = {"kiss_md": 40, "regionaldatenbank": 12, "genesis_ffcsv": 6}


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Delivery]:
    """Deliveries of real tables by source and table; a source is harvested when it is first asked for."""
    base = shared_data / "data"

    @cache
    def harvested(name: str) -> tuple[Source, pl.DataFrame, pl.DataFrame]:
        folder = tmp_path_factory.mktemp(name)
        files = [path for part in FOLDERS[name] for path in sorted((base / part).rglob("*")) if path.is_file()]
        copy_into(folder / "inbox", files, base)
        lake, sources = Lake(folder / "lake"), load_sources(active=[name])
        assert lake.take_in(folder / "inbox", lambda: dt.datetime(2026, 11, 22, tzinfo=dt.UTC), 0.0).waiting == {}
        harvest = harvest_source(lake, sources[name], identify(lake, sources))
        good = keep_out(sift(current(harvest.read())), sources[name], TODAY)[0].good
        lists = [source.areas for source in sources.values() if source.areas]
        return sources[name], good, build_areas([harvest.read_areas()], lists)

    @cache
    def deliver(name: str, table: str) -> Delivery:
        return delivery(*harvested(name), table)

    def understood(name: str) -> list[str]:
        source, observations, _ = harvested(name)
        return sorted(table for table in observations["table"].unique() if source.tables[table].understood)

    deliver.tables = understood  # type: ignore[attr-defined]
    return deliver


def damage(real: Callable[[str, str], Delivery], case: tuple[str, str, int]) -> dict[str, float]:
    """Put one error into one table, chosen by the case; it is caught, or cannot be seen by a written rule."""
    name, kind, _ = case
    rng = random.Random(repr(case))
    listed = real.tables(name)  # type: ignore[attr-defined]
    for table in rng.sample(listed, len(listed)):
        one = real(name, table)
        try:
            change = KINDS[kind](one, rng)
        except NotHere:
            continue
        if one.judge(apply(one, change)):
            return {f"{kind}: caught": 1}
        reason = why_unseen(one, kind, change)
        assert reason is not None, f"{kind} in {table} is not found, and something contradicts it"
        return {f"{kind}: not to be seen, {reason}": 1}
    return {f"{kind}: no table of {name} can have it": 1}


def test_in_real_tables_each_error_is_caught_or_nothing_contradicts_it(
    experiment: Experiments, real: Callable[[str, str], Delivery]
) -> None:
    cases = [(name, kind, number) for name, many in CASES.items() for kind in KINDS for number in range(many)]
    assert len(cases) >= 500
    result = experiment("identity-mutations", cases, lambda case: damage(real, case), sample=12)
    caught = Counter({name: count for name, count in result.figures.items() if name.endswith(": caught")})
    by_chance = 0.0 if result.run == len(cases) else 2.33 * math.sqrt(0.7 * 0.3 * result.run)
    assert sum(caught.values()) >= 0.7 * result.run - by_chance  # a sample of 70 % falls below that once in 100
