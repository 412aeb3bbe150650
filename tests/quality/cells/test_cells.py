# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The cells of a domain: reuse, equal bytes, and relations that reproduce every value on random tables."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from quality.cells.cells import CellFile, Geography, build_cells
from quality.cells.plan import expressions, plan, plans
from quality.cells.read import CELL, read_cells
from tests.quality import tables
from tests.quality.tables import CITY, observation
from transforms.catalogue import Catalogue, Kpi, parse_expression

AREAS = tables.areas("15", "15003", CITY, f"{CITY}-01", f"{CITY}-02")
GEOGRAPHY = tables.geography(AREAS)
PEOPLE = {name: {"concept": name} for name in ("pop", "births", "deaths")}
SOURCES = {
    "people": tables.source("people"),
    "homes": tables.source("homes", tables={"t1": {"columns": {"all": {"concept": "dwellings"}}}}),
}
EXPRESSIONS = (
    "pop_total",
    "pop_mean",
    "pop_total - pop_total_prev1",
    "pop_0_17",
    "pop_m",
    "births - deaths",
    "pop_total_prev5",
)


def kpi(name: str, domain: str, numerator: str, denominator: str | None = None) -> Kpi:
    text = {"de": name, "en": name}
    rule = "ratio_of_sums" if denominator else "sum"
    fields = {"name": text, "note": text, "unit": "persons", "decimals": 0, "direction": "none", "rule": rule}
    return Kpi.model_validate(
        {"id": name, "domain": domain, "numerator": numerator, "denominator": denominator} | fields
    )


def checked(folder: Path, source: str, rows: list[dict[str, Any]]) -> Path:
    """A file of checked observations, named by its content as the station does."""
    frame = tables.observations([row | {"source": source} for row in rows])
    path = folder / f"{source}-{abs(hash(frame.write_csv()))}.parquet"
    frame.write_parquet(path)
    return path


# --- what is formed for a domain ---


def test_a_measure_belongs_to_the_domain_of_its_concept_whichever_kpis_use_it():
    catalogue = Catalogue({name: kpi(name, domain, *texts) for name, domain, texts in
                           [("z", "housing", ("dwellings", "pop_total")), ("b", "demography", ("pop_m", "pop_total")),
                            ("c", "labour", ("births - deaths",))]})  # fmt: skip
    found = plans(catalogue)
    assert {domain: list(one.expressions) for domain, one in found.items()} == {
        "housing": ["dwellings"],
        "population": ["births - deaths", "pop_m", "pop_total"],
    }
    assert list(found["population"].combinations()) == ["births - deaths"]


def test_numerators_and_denominators_are_wanted_once():
    wanted = expressions([kpi("a", "housing", "pop_m", "pop_total"), kpi("b", "housing", "pop_f", "pop_total")])
    assert list(wanted) == ["pop_f", "pop_m", "pop_total"]


def test_a_measure_without_a_definition_is_named():
    with pytest.raises(KeyError, match="pop_martian"):
        plan("test", {"pop_martian": parse_expression("pop_martian")})


# --- reuse ---


EXPRESSION = {"population": "pop_total", "housing": "dwellings"}


def cells_in(made: CellFile, **options: Any) -> pl.DataFrame:
    return read_cells([made.path], AREAS, **options)


@pytest.fixture
def build(tmp_path: Path):
    def run(domain: str, inputs: dict[str, Path], geography: Geography = GEOGRAPHY, **sources: Any) -> CellFile:
        text = EXPRESSION[domain]
        wanted = plan(domain, {text: parse_expression(text)})
        return build_cells(tmp_path / "lake", wanted, inputs, SOURCES | sources, geography)

    return run


def test_a_changed_source_recomputes_only_what_depends_on_it(tmp_path, build):
    homes = [observation(CITY, 5.0, measure="dwellings", unit="dwellings")]
    first = {
        "people": checked(tmp_path, "people", [observation(CITY, 1.0)]),
        "homes": checked(tmp_path, "homes", homes),
    }
    later = first | {"people": checked(tmp_path, "people", [observation(CITY, 2.0)])}
    before = {domain: build(domain, first) for domain in ("population", "housing")}
    after = {domain: build(domain, later) for domain in ("population", "housing")}
    assert [before[domain].formed for domain in ("population", "housing")] == [1, 1]
    assert [after[domain].formed for domain in ("population", "housing")] == [1, 0]
    assert after["population"].path != before["population"].path
    assert after["housing"].path == before["housing"].path
    assert cells_in(after["population"])["value"].to_list() == [2.0]
    assert (after["housing"].domain, after["housing"].rows) == ("housing", 1)
    assert build("population", first).formed == 0


def test_other_sums_of_areas_and_a_new_class_of_a_table_are_noticed(tmp_path, build):
    inputs = {"people": checked(tmp_path, "people", [observation(CITY, 1.0)])}
    before = build("population", inputs)
    more = build("population", inputs, tables.geography(pl.concat([AREAS, tables.areas("16001001")])))
    opened = build("population", inputs, people=tables.source("people", publicity="public"))
    assert len({before.path, more.path, opened.path}) == 3
    assert cells_in(opened)["publicity"].to_list() == ["public"]


def test_a_domain_without_a_delivery_has_no_cells_but_its_columns(build):
    empty = build("population", {})
    assert empty.rows == 0
    assert cells_in(empty).columns == list(CELL)


def test_the_files_are_restricted_and_nothing_is_spilled_elsewhere(tmp_path, build):
    path = build("population", {"people": checked(tmp_path, "people", [observation(CITY, 1.0)])}).path
    files = [one for one in path.parent.iterdir() if one.is_file()]
    assert {one.stat().st_mode & 0o777 for one in files} == {0o600}
    folders = [path.parent, path.parent.parent, path.parent.parent / "spill"]
    assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700] * 3


# --- random tables ---


def random_rows(seed: int) -> list[dict[str, Any]]:
    """Decimals, holes and withheld figures in several years, groups and areas; some areas only as a sum."""
    rng = random.Random(seed)
    rows = []
    wholes = [("pop", ""), ("pop", "sex=m"), ("pop", "age=0-5"), ("pop", "age=6-17"), ("births", ""), ("deaths", "")]
    for year in range(2017, 2024):
        for area in (CITY, f"{CITY}-01", f"{CITY}-02", "15003"):
            for concept, dims in wholes:
                if rng.random() < (0.6 if area == CITY else 0.1):
                    continue
                value = None if rng.random() < 0.08 else round(rng.random() * 1000, rng.randint(0, 9))
                kind = {"measure": concept, "dims": dims, "period": str(year), "table": rng.choice(("t1", "t2"))}
                rows.append(observation(area, value, **kind))
    return rows


def cells_of(rows: list[dict[str, Any]], folder: Path, name: str) -> pl.DataFrame:
    path = folder / f"{name}.parquet"
    tables.observations(rows).write_parquet(path)
    contracts = {"t1": {"columns": PEOPLE}, "t2": {"columns": PEOPLE, "publicity": "public"}}
    sources = {"register": tables.source(tables=contracts)}
    wanted = {text: parse_expression(text) for text in EXPRESSIONS}
    made = build_cells(folder / f"lake-{name}", plan("test", wanted), {"register": path}, sources, GEOGRAPHY)
    return read_cells([made.path], AREAS, provenance=True)


def check_relations(cells: pl.DataFrame, rows: list[dict[str, Any]]) -> None:
    known = {row["cell"]: row for row in cells.iter_rows(named=True)}
    delivered = {f"register/{row['table']}/{'a' * 12}/{row['cell']}": row["value"] for row in rows}
    assert len(known) == cells.height
    for row in known.values():
        if row["relation"] in ("observed", "dims"):
            assert row["provenance"] and not row["terms"]
            parts = [delivered[place] for place in row["provenance"]]
        else:
            assert row["terms"] and not row["provenance"]
            values = [(term["coef"], known[term["cell"]]["value"]) for term in row["terms"]]
            parts = [None if value is None else coef * value for coef, value in values]
        assert (row["value"] is None) == (None in parts) == (row["obs_status"] == "Q")
        if row["value"] is not None:
            assert math.isclose(row["value"], math.fsum(parts), rel_tol=1e-12, abs_tol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_every_value_is_its_terms_or_its_addresses(seed, tmp_path):
    rows = [row | {"cell": f"Sheet 1!B{number}"} for number, row in enumerate(random_rows(seed), 2)]
    cells = cells_of(rows, tmp_path, "one")
    assert set(cells["relation"]) == {"observed", "dims", "areas", "periods", "combination"}
    check_relations(cells, rows)


@pytest.mark.parametrize("seed", range(3))
def test_equal_input_gives_equal_bytes_whatever_the_order_of_its_rows(seed, tmp_path):
    rows = [row | {"cell": f"Sheet 1!B{number}"} for number, row in enumerate(random_rows(seed), 2)]
    shuffled = random.Random(seed).sample(rows, len(rows))
    written = []
    for number, order in enumerate((rows, rows, shuffled)):
        path = tmp_path / f"cells-{number}.parquet"
        cells_of(order, tmp_path, f"rows-{number}").write_parquet(path)
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]
