# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0

"""The catalogue keeps its promises: expressions, rules of an entry, and what a site may add."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from raw.vocabulary.lists import codes
from raw.vocabulary.measures import concepts, measures
from raw.vocabulary.relations import period_terms
from transforms.catalogue import PRODUCT_DIR, CatalogueError, canonical_text, load, parse_expression
from transforms.catalogue.model import STATISTICS_RULES

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


def test_product_catalogue_holds_its_kpis() -> None:
    catalogue = load()
    assert (len(catalogue), len(catalogue.computable())) == (217, 210)
    assert catalogue["natural_balance_rate"].formula == "1000 * (births - deaths) / pop_mean"
    assert catalogue["pop_total"].formula == "pop_total"


def test_every_numerator_and_denominator_is_asked_for() -> None:
    expressions = load().expressions()
    assert expressions["births - deaths"] == ((1.0, "births"), (-1.0, "deaths"))
    assert {"pop_mean", "area_km2", "unemp", "pop_total - pop_total_prev5"} <= set(expressions)
    assert "births" in expressions
    assert "mig_out" in expressions
    assert "mig_in - mig_out" in expressions
    assert "deaths" in load().measures()


def test_lending_bases_are_in_the_closed_list() -> None:
    lending = {basis for kpi in load() for basis in kpi.denominator_bases}
    assert lending <= set(codes("bases"))


def test_a_ratio_within_one_register_never_borrows_its_denominator() -> None:
    catalogue = load()
    for kpi in ("wohngeld_rate", "share_65_plus", "share_foreign", "single_hh_share", "pop_change_5y"):
        assert catalogue[kpi].denominator_bases == ()


def test_rates_have_a_smallest_denominator_and_areas_have_none() -> None:
    people = {"persons", "households", "benefit units", "cases", "contracts"}
    for kpi in load():
        below = {concepts()[measures()[m].concept].unit for _, m in parse_expression(kpi.denominator or "area_ha")}
        assert (kpi.min_denominator == 30) == bool(below & people), kpi.id


def _site(tmp_path: Path, text: str) -> Path:
    (tmp_path / "own.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_site_adds_a_kpi(tmp_path: Path) -> None:
    catalogue = load(site_kpis_dir=_site(tmp_path, ENTRY.format(id="own_rate", numerator="pop_f + pop_0_2")))
    assert len(catalogue) == 218
    assert catalogue["own_rate"].numerator == "pop_0_2 + pop_f"
    assert "pop_0_2 + pop_f" in catalogue.expressions()


def test_a_site_overrides_single_fields_and_keeps_the_rest(tmp_path: Path) -> None:
    site = _site(tmp_path, "share_0_17: {extends: share_0_17, decimals: 2, name: {de: Kinderanteil}}")
    changed, product = load(site_kpis_dir=site)["share_0_17"], load()["share_0_17"]
    assert (changed.decimals, changed.name.de, changed.name.en) == (2, "Kinderanteil", product.name.en)
    assert changed.numerator == product.numerator


def test_a_site_makes_a_variant(tmp_path: Path) -> None:
    catalogue = load(site_kpis_dir=_site(tmp_path, "share_0_19: {extends: share_0_17, numerator: pop_0_19}"))
    assert (catalogue["share_0_19"].numerator, catalogue["share_0_19"].factor) == ("pop_0_19", 100)
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


@pytest.fixture(scope="module")
def shared_catalogue(shared_data: Path) -> dict[str, Any]:
    file = shared_data / "kpi" / "kpi_catalogue.yaml"
    if not file.exists():
        pytest.skip("the reference list of indicators is not there")
    found: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def test_every_indicator_of_the_reference_list_is_there_with_its_formula(shared_catalogue: dict[str, Any]) -> None:
    catalogue = load()
    assert {entry["id"] for entry in shared_catalogue["indicators"]} == set(catalogue.kpis)
    for entry in shared_catalogue["indicators"]:
        kpi = catalogue[entry["id"]]
        if kpi.as_published:  # decision 0014: the agencies' own rate, which the list writes as what it is made of
            assert entry["aggregation"] == "published_only", kpi.id
        elif kpi.numerator is not None:
            assert kpi.numerator == canonical_text(parse_expression(entry["numerator"])), kpi.id
            assert kpi.denominator == (entry["denominator"] and canonical_text(parse_expression(entry["denominator"])))
            assert kpi.factor == entry["factor"], kpi.id


def test_published_answers_are_recomputed(shared_catalogue: dict[str, Any]) -> None:
    recomputed = 0
    for answer in shared_catalogue["known_answers"]:
        if inputs := answer["inputs"]:
            kpi = load()[answer["indicator"]]
            above, below = (
                sum(coef * inputs[name] for coef, name in parse_expression(text)) for text in kpi.expressions
            )
            assert round(kpi.factor * above / below, answer["rounding"]) == answer["published"], kpi.id
            recomputed += 1
    assert recomputed == 3


def test_each_rule_has_its_kpis() -> None:
    by_rule: dict[str, list[str]] = {}
    for kpi in load():
        by_rule.setdefault(kpi.rule, []).append(kpi.id)
    assert by_rule["sum"] == ["pop_total"]
    assert by_rule["weighted_mean"] == ["trade_tax_rate"]
    assert set(by_rule["boundary_flow"]) == {
        "fluctuation_rate", "in_commuter_rate", "in_migration_rate", "out_commuter_rate", "out_migration_rate",
        "youth_suspect_rate",
    }  # fmt: skip
    assert len(by_rule["published_only"]) == 5
    assert len(by_rule["before_door"]) == 4
    assert by_rule["composite"] == ["social_burden_dynamics", "social_burden_index"]


def test_statistics_and_waiting_entries_ask_for_no_cells() -> None:
    catalogue = load()
    kept = [kpi for kpi in catalogue if not kpi.computable]
    assert {kpi.id for kpi in kept if kpi.rule not in STATISTICS_RULES} == {"family_migration_rate"}
    assert not {"pop_by_age_mean", "pop_fam_mean"} & catalogue.measures()
    assert catalogue["social_burden_dynamics"].formula == "z_index(social_burden_index, less that of 3 years before)"


_OWN = (
    "own: {name: {de: x, en: x}, domain: demography, unit: per_1000, factor: 1000, rule: before_door,"
    " status: statistics, decimals: 1, direction: none, note: {de: x, en: x}, "
)


def test_a_site_defines_a_statistic_in_one_entry(tmp_path: Path) -> None:
    entry = _OWN + "method: pooled_rate, inputs: [births, pop_mean], years: 3, denominator_bases: [register]}"
    catalogue = load(site_kpis_dir=_site(tmp_path, entry))
    assert "own" in catalogue.statistics().kpis
    assert "own" not in catalogue.computable().kpis
    assert catalogue["own"].formula == "pooled_rate(births, pop_mean, 3 years together)"
    assert (catalogue["own"].above, catalogue["birth_rate"].above) == ("own", "births")


def test_a_site_leaves_an_indicator_out_of_an_index_and_weighs_another(tmp_path: Path) -> None:
    change = "exclude: [oldage_poverty], weights: {unemployed_share: 2}, base_period: '2018'"
    site = _site(tmp_path, f"social_burden_index: {{extends: social_burden_index, {change}}}")
    index = load(site_kpis_dir=site)["social_burden_index"]
    assert index.used_inputs == ("child_poverty_0_17", "unemployed_share", "single_parent_share")
    assert index.formula == ("z_index(child_poverty_0_17, 2 * unemployed_share, single_parent_share, base 2018)")
    assert load()["social_burden_index"].base == "2015"


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (_OWN + "method: pooled_rate, inputs: [births]}", "needs as inputs: measure, measure; these are: measure"),
        (_OWN + "method: pooled_rate, inputs: [births_by_age, pop_mean]}", "these are: vector, measure"),
        (_OWN + "method: mean_age, inputs: [birth_rate]}", "needs as inputs: vector; these are: KPI"),
        (_OWN + "method: median_age, inputs: [pop_by_age], years: 3}", "median_age has no years"),
        (_OWN + "method: median_age, inputs: [pop_by_age], denominator_bases: [ba]}", "need a denominator"),
        (
            _OWN + "method: life_expectancy, inputs: [deaths_by_age, pop_by_age_mean], years: 3}",
            "several years already",
        ),
        (
            _OWN.replace("factor: 1000", "factor: 10") + "method: smoothed_rate, inputs: [births, pop_mean]}",
            "per_1000 needs the factor 1000",
        ),
        (_OWN + "method: nothing, inputs: [births]}", "own, method"),
        (_OWN.replace("own", "births_0") + "method: smoothed_rate, inputs: [birthz, pop_mean]}", "no measure birthz"),
        (_OWN.replace("own", "births") + "method: smoothed_rate, inputs: [births, pop_mean]}", "the id of a measure"),
        ("birth_rate: {extends: birth_rate, weights: {births: 2}}", "ratio_of_sums has no weights"),
        ("social_burden_index: {extends: social_burden_index, exclude: [births]}", "which these are not: births"),
        ("social_burden_index: {extends: social_burden_index, weights: {oldage_poverty: 0}}", "positive numbers"),
        ("social_burden_index: {extends: social_burden_index, base_period: '2015-Q7'}", "base_period: not a period"),
        ("social_burden_index: {extends: social_burden_index, first_year: null}", "needs a base_period"),
        ("social_burden_index: {extends: social_burden_index, inputs: [births_by_age]}", "a value per age"),
        (
            "social_burden_dynamics: {extends: social_burden_dynamics, inputs: [birth_rate]}",
            "lag_years needs one input",
        ),
    ],
)
def test_faults_of_statistics_are_told(tmp_path: Path, entry: str, fault: str) -> None:
    with pytest.raises(CatalogueError, match=re.escape(fault)):
        load(site_kpis_dir=_site(tmp_path, entry))


def test_the_default_social_index_leaves_migration_out() -> None:
    assert not [name for name in load()["social_burden_index"].inputs if "migration" in name or "foreign" in name]


def test_figures_not_added_over_areas_are_flagged() -> None:
    catalogue = load()
    assert catalogue["in_migration_rate"].delivered_only
    assert catalogue["unemployment_rate"].delivered_only
    assert not catalogue["net_migration_rate"].delivered_only


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("birth_rate: {extends: birth_rate, numerator: birthz}", "no measure birthz"),
        ("birth_rate: {extends: birth_rate, numerator: births_by_age}", "has a value per age"),
        ("birth_rate: {extends: birth_rate, factor: 100}", "needs the factor 1000"),
        ("birth_rate: {extends: birth_rate, unit: per_miles}", "no unit per_miles"),
        (
            "birth_rate: {extends: birth_rate, numerator: births + hh_total}",
            "adds different units: households, persons",
        ),
        ("share_0_17: {extends: share_0_17, numerator: hh_total}", "needs the same unit on both sides"),
        ("debt_pc: {extends: debt_pc, numerator: pop_0_17}", "needs EUR as numerator"),
        ("debt_pc: {extends: debt_pc, denominator: null}", "needs a denominator"),
        ("in_migration_rate: {extends: in_migration_rate, rule: ratio_of_sums}", "the rule is boundary_flow"),
        ("underemployment_rate: {extends: underemployment_rate, rule: ratio_of_sums}", "the rule is published_only"),
        ("unemployment_rate: {extends: unemployment_rate, rule: sum}", "the rule is published_only"),
        ("unemployment_rate: {extends: unemployment_rate, factor: 100}", "in percent and has the factor 1"),
        ("unemployment_rate: {extends: unemployment_rate, numerator: unemp}", "in percent and has the factor 1"),
        ("birth_rate: {extends: birth_rate, rule: boundary_flow}", "does not add up over areas"),
        ("elb_rate: {extends: elb_rate, quarter_rule: sum_of_flow}", "does not fit sgb2_elb"),
        ("share_0_2: {extends: share_0_2, quarter_rule: none}", "does not go with the frequencies"),
        ("svb_rate: {extends: svb_rate, frequencies: [A, Q], quarter_rule: stock_at_end}", "one reference date"),
        ("birth_rate: {extends: birth_rate, basis: [nowhere]}", "not in the list of bases"),
        ("birth_rate: {extends: birth_rate, levels: [moon]}", "not in the list of area_levels"),
        ("median_age: {extends: median_age, inputs: []}", "needs method and inputs"),
        ("median_age: {extends: median_age, status: computed}", "do not go together"),
        ("social_burden_index: {extends: social_burden_index, inputs: [social_burden_dynamics]}", "made from itself"),
    ],
)
def test_what_is_broken_is_a_fault(tmp_path: Path, entry: str, fault: str) -> None:
    with pytest.raises(CatalogueError, match=fault):
        load(site_kpis_dir=_site(tmp_path, entry))


def test_a_quarter_rule_says_what_the_quarter_of_every_measure_is_made_of() -> None:
    """The months of a quarter, and the share that each has in it, as cells are formed (`period_terms`)."""
    months = [("2023-04", 1.0), ("2023-05", 1.0), ("2023-06", 1.0)]
    made = {
        "stock_at_end": months[2:],
        "mean_of_months": [(month, 1 / 3) for month, _ in months],
        "sum_of_flow": months,
    }
    quarterly = [kpi for kpi in load() if "Q" in kpi.frequencies]
    for kpi in quarterly:
        for _, name in parse_expression(kpi.numerator or ""):
            assert period_terms(measures()[name], "2023-Q2", "M") == tuple(made[kpi.quarter_rule]), (kpi.id, name)
    assert len(quarterly) == 33


def test_an_id_in_two_files_and_a_wrong_file_are_faults(tmp_path: Path) -> None:
    product = tmp_path / "product"
    shutil.copytree(PRODUCT_DIR / "kpis", product / "kpis")
    shutil.copy(product / "kpis" / "migration.yml", product / "kpis" / "zzz.yml")
    (product / "kpis" / "finance.yml").write_text(
        "x: {domain: labour, name: {de: x, en: x}, numerator: unemp, unit: persons, rule: sum, decimals: 0,"
        " direction: none, note: {de: x, en: x}}",
        encoding="utf-8",
    )
    with pytest.raises(CatalogueError) as caught:
        load(product)
    text = str(caught.value)
    assert "zzz.yml: KPI share_foreign stands in another file too" in text
    assert "finance.yml: KPI x belongs to the domain labour" in text


def test_methods_are_functions_of_the_statistics() -> None:
    frames = pytest.importorskip("quality.cells.statistics.frames")
    for kpi in load():
        assert kpi.method is None or callable(getattr(frames, kpi.method)), kpi.id
