# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Bases and known answers, the whole way from files to KPIs, on one site of invented and of published figures.

A city with two districts in its register, the agency's figures of the city on two censuses, a district that has its
parts on different bases; and the figures with published answers of the KPI catalogue.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from raw.vocabulary.measures import measures
from tests.sites import lagebild, run_json

CITY, KREIS, MIXED = "99001000", "99002", "99003"
Z2011, Z2022 = "fortschreibung_z2011", "fortschreibung_z2022"

_SOURCE = """
id: probe
title: {de: Probe, en: Sample}
publisher: Amt für Erfundenes
licence: unstated
cadence: annual
family: kiss_md
owner: niemand
publicity: public
class: none
legal_basis: keine
purpose: Test
retention: keine
redistribution: public
basis: register
areas: {level: stadtteil, parent: "99001000", list: areas.yml}
"""
_AREAS = """
vintage: "2024"
level: stadtteil
parent: "99001000"
areas:
  - {key: "99001000", name: Musterstadt, level: gemeinde}
  - {key: "99001000-01", name: Altes Dorf}
  - {key: "99001000-02", name: Neues Dorf}
  - {key: "99002", name: Auenland, level: kreis}
  - {key: "99003", name: Mischland, level: kreis}
"""
POP = {"var3": "{concept: pop}", "var4": "{concept: pop, dims: {age: 65+}}"}
TABLES: dict[str, tuple[str, dict[str, str], list[tuple[Any, ...]]]] = {
    "register": (
        "register",
        POP,
        [(year, f"{CITY}-{part}", pop, old)
         for year in (2021, 2022)
         for part, pop, old in (("01", 30_000, 6_000), ("02", 10_000, 4_000))] + [(2022, MIXED, "-", 9_000)],
    ),
    "z2011": (
        Z2011,
        POP,
        [(2021, CITY, 38_000, 9_000), (2022, CITY, 38_400, 9_600), (2021, KREIS, 100_000, 20_000),
         (2022, KREIS, 102_000, 21_000), (2022, MIXED, 50_000, "-")],
    ),
    "z2022": (Z2022, POP, [(2022, CITY, 36_000, 9_000), (2022, KREIS, 99_000, 21_000)]),
    "births": ("bevoelkerungsbewegung", {"var3": "{concept: births}"}, [(2022, KREIS, 909), (2022, CITY, 400)]),
}  # fmt: skip


def known_answers(shared: Path) -> list[dict[str, Any]]:
    """The catalogue's published figures whose inputs it names."""
    catalogue = yaml.safe_load((shared / "kpi" / "kpi_catalogue.yaml").read_text("utf-8"))
    return [answer for answer in catalogue["known_answers"] if answer["inputs"]]


def add_table(site: Path, name: str, basis: str, columns: dict[str, str], rows: list[tuple[Any, ...]]) -> None:
    """A contract and the file that belongs to it."""
    lines = "\n".join(f"  {key}: {rule}" for key, rule in columns.items())
    contract = f"id: {name}\ntitle: {{de: {name}, en: {name}}}\ndetect: P_{name}\nperiod: {{stub: var1}}\n"
    contract += f'area: {{stub: var2}}\nbasis: {basis}\nsymbols: {{"-": L}}\ncolumns:\n{lines}\n'
    (site / "sources" / "probe" / f"{name}.yml").write_text(contract, "utf-8")
    code = f"P_{name}"
    heads = [*(f"{code}_var{number}" for number in range(1, len(columns) + 3)), "tabelle"]
    text = "\n".join(";".join(map(str, line)) for line in [heads, *([*row, code] for row in rows)])
    (site / "inbox" / f"{name}.csv").write_text(text + "\n", "utf-8")


def add_answer(site: Path, number: int, answer: dict[str, Any]) -> None:
    """A table whose columns are the measures that a known answer is computed from."""
    columns = {}
    for place, name in enumerate(answer["inputs"], 3):
        dims = ", ".join(f'{key}: "{code}"' for key, code in measures()[name].dims.items())
        columns[f"var{place}"] = f"{{concept: {measures()[name].concept}, dims: {{{dims}}}}}"
    row = (answer["date"][:4], answer["ags"], *answer["inputs"].values())
    add_table(site, f"known_{number}", "zensus", columns, [row])


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> pl.DataFrame:
    """The KPI values of the site's release, internal tier."""
    site = tmp_path_factory.mktemp("bases") / "site"
    assert lagebild("init", site).returncode == 0
    with (site / "site.yml").open("a", encoding="utf-8") as settings:
        settings.write("sources: [probe]\ntiers: [internal]\nsettle_seconds: 0\n")
    (site / "sources" / "probe").mkdir()
    (site / "sources" / "probe" / "source.yml").write_text(_SOURCE, "utf-8")
    answers = known_answers(shared_data)
    listed = "".join(f'  - {{key: "{key}", name: Kreis, level: kreis}}\n' for key in {a["ags"] for a in answers})
    (site / "sources" / "probe" / "areas.yml").write_text(_AREAS + listed, "utf-8")
    for name, (basis, columns, rows) in TABLES.items():
        add_table(site, name, basis, columns, rows)
    for number, answer in enumerate(answers):
        add_answer(site, number, answer)
    code, result = run_json(site)
    assert (code, result["ok"]) == (0, True), result
    marts = site / "warehouse" / "releases" / "latest" / "internal" / "marts"
    return pl.read_parquet(marts / "kpi_value__area_period.parquet")


def rows(values: pl.DataFrame, kpi: str, area: str, period: str) -> dict[str, float | None]:
    """Basis -> value."""
    found = values.filter((pl.col("kpi") == kpi) & (pl.col("area") == area) & (pl.col("period") == period))
    return dict(found.select("basis", "value").iter_rows())


def test_the_city_beside_its_districts_stands_on_their_basis_and_the_agency_s_figure_is_its_own_row(
    values: pl.DataFrame,
):
    assert rows(values, "pop_total", CITY, "2021") == {"register": 40_000, Z2011: 38_000}
    assert rows(values, "share_65_plus", CITY, "2021") == {"register": 25.0, Z2011: 23.7}
    assert rows(values, "pop_total", f"{CITY}-01", "2021") == {"register": 30_000}


def test_a_year_of_two_censuses_carries_both_rows(values: pl.DataFrame):
    assert rows(values, "pop_total", KREIS, "2022") == {Z2011: 102_000, Z2022: 99_000}
    assert rows(values, "share_65_plus", KREIS, "2022") == {Z2011: 20.6, Z2022: 21.2}
    assert rows(values, "share_65_plus", CITY, "2022") == {"register": 25.0, Z2011: 25.0, Z2022: 25.0}


def test_years_of_two_censuses_are_not_put_together(values: pl.DataFrame):
    """The mean of 2021 and 2022 and the change between them exist on the census that has both years only."""
    assert rows(values, "pop_change_1y", KREIS, "2022").get(Z2011) == 2.0
    assert rows(values, "pop_change_1y", KREIS, "2022").get(Z2022) is None


def test_a_ratio_whose_parts_stand_on_two_bases_has_no_value(values: pl.DataFrame):
    assert set(rows(values, "share_65_plus", MIXED, "2022").values()) <= {None}
    assert rows(values, "pop_total", MIXED, "2022") == {Z2011: 50_000}


def test_a_kpi_that_declares_its_denominator_s_bases_takes_the_first_that_there_is(values: pl.DataFrame):
    """Births have no population of their own basis; of 2022 alone no mean exists, so the older census counts."""
    assert rows(values, "birth_rate", KREIS, "2022") == {"bevoelkerungsbewegung": 9.0}
    assert rows(values, "birth_rate", CITY, "2022") == {"bevoelkerungsbewegung": 10.5}


def test_the_catalogue_s_known_answers_come_out(values: pl.DataFrame, shared_data: Path):
    answers = known_answers(shared_data)
    assert len(answers) >= 3
    for answer in answers:
        found = rows(values, answer["indicator"], answer["ags"], answer["date"][:4])
        assert found == {"zensus": answer["published"]}, answer["indicator"]
