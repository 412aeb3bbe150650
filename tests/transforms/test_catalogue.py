# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The catalogue keeps its promises: expressions, rules of an entry, and what a site may add."""

from __future__ import annotations

from pathlib import Path

import pytest

from raw.vocabulary.lists import codes
from transforms.catalogue import CatalogueError, canonical_text, load, parse_expression

ENTRY = """
{id}:
  name: {{de: Testquote, en: Test rate}}
  domain: demography
  numerator: {numerator}
  denominator: pop_total
  factor: 100
  unit: percent
  rule: ratio_of_sums
  decimals: 1
  direction: none
  note: {{de: nur ein Test, en: only a test}}
"""


@pytest.mark.parametrize(
    ("text", "terms", "canonical"),
    [
        ("births", ((1.0, "births"),), "births"),
        ("births - deaths", ((1.0, "births"), (-1.0, "deaths")), "births - deaths"),
        ("-deaths+births", ((1.0, "births"), (-1.0, "deaths")), "births - deaths"),
        ("b + a", ((1.0, "a"), (1.0, "b")), "a + b"),
        ("2*a + a - 0.5 * b", ((3.0, "a"), (-0.5, "b")), "3 * a - 0.5 * b"),
        ("0 - 1", None, None),
    ],
)
def test_equal_sums_are_written_alike(text: str, terms: object, canonical: str | None) -> None:
    if terms is None:
        with pytest.raises(ValueError, match="not a sum of measures"):
            parse_expression(text)
        return
    assert parse_expression(text) == terms
    assert canonical_text(parse_expression(text)) == canonical
    assert parse_expression(str(canonical)) == terms


@pytest.mark.parametrize("text", ["", "a b", "a -", "a * 2", "a - a", "a / b", "(a)", "a + -b", "A"])
def test_what_is_not_a_sum_of_measures_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"sum of measures|at least one measure"):
        parse_expression(text)


def test_product_catalogue_holds_its_25_kpis() -> None:
    catalogue = load()
    assert len(catalogue) == 25
    assert catalogue["natural_balance_rate"].formula == "1000 * (births - deaths) / pop_mean"
    assert catalogue["pop_total"].formula == "pop_total"


def test_every_numerator_and_denominator_is_asked_for() -> None:
    expressions = load().expressions()
    assert expressions["births - deaths"] == ((1.0, "births"), (-1.0, "deaths"))
    assert {"pop_mean", "area_km2", "unemp", "pop_total - pop_total_prev5"} <= set(expressions)
    assert "births" in expressions
    assert "deaths" not in expressions
    assert "deaths" in load().measures()


def test_lending_bases_are_in_the_closed_list() -> None:
    lending = {basis for kpi in load() for basis in kpi.denominator_bases}
    assert lending <= set(codes("bases"))


def test_a_ratio_within_one_register_never_borrows_its_denominator() -> None:
    catalogue = load()
    for kpi in ("wohngeld_rate", "share_65_plus", "share_foreign", "single_hh_share", "pop_change_5y"):
        assert catalogue[kpi].denominator_bases == ()


def test_rates_have_a_smallest_denominator_and_areas_have_none() -> None:
    for kpi in load():
        over_area = kpi.denominator in (None, "area_km2", "area_ha")
        assert (kpi.min_denominator is None) == over_area, kpi.id


def _site(tmp_path: Path, text: str) -> Path:
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_site_adds_a_kpi(tmp_path: Path) -> None:
    catalogue = load(site_kpis_dir=_site(tmp_path, ENTRY.format(id="own_rate", numerator="b + a")))
    assert len(catalogue) == 26
    assert catalogue["own_rate"].numerator == "a + b"


def test_a_site_overrides_single_fields_and_keeps_the_rest(tmp_path: Path) -> None:
    site = _site(tmp_path, "share_0_17: {extends: share_0_17, decimals: 2, name: {de: Kinderanteil}}")
    changed, product = load(site_kpis_dir=site)["share_0_17"], load()["share_0_17"]
    assert (changed.decimals, changed.name.de, changed.name.en) == (2, "Kinderanteil", product.name.en)
    assert changed.numerator == product.numerator


def test_a_site_makes_a_variant(tmp_path: Path) -> None:
    catalogue = load(site_kpis_dir=_site(tmp_path, "share_0_2: {extends: share_0_17, numerator: pop_0_2}"))
    assert (catalogue["share_0_2"].numerator, catalogue["share_0_2"].factor) == ("pop_0_2", 100)
    assert catalogue["share_0_17"].numerator == "pop_0_17"


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    site = _site(
        tmp_path,
        ENTRY.format(id="share_0_17", numerator="a")
        + ENTRY.format(id="bad_rate", numerator="a / b")
        + "ghost: {extends: nobody}\nunknown_field: {extends: pop_total, colour: red}\n"
        + "no_rule: {extends: pop_total, rule: ratio_of_sums}\n",
    )
    with pytest.raises(CatalogueError) as caught:
        load(site_kpis_dir=site)
    text = str(caught.value)
    assert len(caught.value.faults) == 5
    for word in ("share_0_17 exists already", "not a sum of measures", "nobody", "colour", "needs a denominator"):
        assert word in text


def test_a_key_written_twice_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="written twice: decimals"):
        load(site_kpis_dir=_site(tmp_path, "x: {extends: pop_total, decimals: 1, decimals: 2}"))
