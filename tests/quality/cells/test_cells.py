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

from quality.cells.cells import CellFile, build_cells, domains, expressions, form_cells, needed_measures
from tests.quality import tables
from tests.quality.tables import CITY, observation
from transforms.catalogue import Catalogue, Kpi, parse_expression

AREAS = tables.areas("15", "15003", CITY, f"{CITY}-01", f"{CITY}-02")
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


def test_domains_and_their_kpis_stand_in_alphabetical_order():
    catalogue = Catalogue({name: kpi(name, domain, "pop_total") for name, domain in
                           [("z", "housing"), ("b", "demography"), ("a", "housing")]})  # fmt: skip
    found = domains(catalogue)
    assert {domain: [one.id for one in kpis] for domain, kpis in found.items()} == {
        "demography": ["b"],
        "housing": ["a", "z"],
    }
    assert list(found) == ["demography", "housing"]


def test_numerators_and_denominators_are_wanted_once():
    wanted = expressions([kpi("a", "housing", "pop_m", "pop_total"), kpi("b", "housing", "pop_f", "pop_total")])
    assert list(wanted) == ["pop_f", "pop_m", "pop_total"]


def test_a_measure_without_a_definition_is_named():
    with pytest.raises(KeyError, match="pop_martian"):
        needed_measures({"pop_martian": parse_expression("pop_martian")})


# --- reuse ---


@pytest.fixture
def build(tmp_path: Path):
    def run(domain: str, inputs: dict[str, Path]) -> CellFile:
        kpis = {"demography": [kpi("a", domain, "pop_total")], "housing": [kpi("b", domain, "dwellings")]}
        return build_cells(tmp_path / "lake", domain, kpis[domain], inputs, SOURCES, AREAS)

    return run


def test_a_changed_source_recomputes_only_the_domains_that_need_it(tmp_path, build):
    homes = [observation(CITY, 5.0, measure="dwellings", unit="dwellings")]
    first = {
        "people": checked(tmp_path, "people", [observation(CITY, 1.0)]),
        "homes": checked(tmp_path, "homes", homes),
    }
    later = first | {"people": checked(tmp_path, "people", [observation(CITY, 2.0)])}
    before = {domain: build(domain, first) for domain in ("demography", "housing")}
    stamp = before["housing"].path.stat().st_mtime_ns
    after = {domain: build(domain, later) for domain in ("demography", "housing")}
    assert after["demography"].path != before["demography"].path
    assert after["housing"].path == before["housing"].path
    assert after["housing"].path.stat().st_mtime_ns == stamp
    assert pl.read_parquet(after["demography"].path)["value"].to_list() == [2.0]
    assert (after["housing"].domain, after["housing"].rows) == ("housing", 1)


def test_new_areas_and_a_new_class_of_a_table_are_noticed(tmp_path, build):
    inputs = {"people": checked(tmp_path, "people", [observation(CITY, 1.0)])}
    before = build("demography", inputs)
    lake, kpis = tmp_path / "lake", [kpi("a", "demography", "pop_total")]
    more = build_cells(lake, "demography", kpis, inputs, SOURCES, pl.concat([AREAS, tables.areas("16")]))
    public = SOURCES | {"people": tables.source("people", publicity="public")}
    opened = build_cells(lake, "demography", kpis, inputs, public, AREAS)
    assert len({before.path, more.path, opened.path}) == 3
    assert pl.read_parquet(opened.path)["publicity"].to_list() == ["public"]


def test_a_domain_without_a_delivery_is_an_empty_file_with_its_columns(build):
    empty = build("demography", {})
    assert empty.rows == 0
    assert pl.read_parquet(empty.path).columns[:3] == ["cell", "measure", "concept"]


def test_the_files_are_restricted(tmp_path, build):
    path = build("demography", {"people": checked(tmp_path, "people", [observation(CITY, 1.0)])}).path
    assert path.stat().st_mode & 0o777 == 0o600
    assert [folder.stat().st_mode & 0o777 for folder in (path.parent, path.parent.parent)] == [0o700, 0o700]


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
    sources = {"register": tables.source(tables={"t1": {}, "t2": {"publicity": "public"}})}
    wanted = {text: parse_expression(text) for text in EXPRESSIONS}
    return form_cells(wanted, needed_measures(wanted), {"register": path}, sources, AREAS)


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
