# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Rules: a site may be stricter than the product, never weaker than the floor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from quality.disclosure.rules import Rules, RulesTooWeak, load_rules


@pytest.fixture
def site(tmp_path: Path):
    def load(content: dict[str, Any]) -> Rules:
        path = tmp_path / "disclosure_rules.yml"
        path.write_text(yaml.safe_dump(content), "utf-8")
        return load_rules(path)

    return load


def classes(klass: str, **rule: Any) -> dict[str, Any]:
    return {"tiers": {"public": {"classes": {klass: rule}}}}


@pytest.mark.parametrize("tier", ["public", "internal"])
@pytest.mark.parametrize("klass", ["personal", "social"])
def test_every_default_keeps_the_floor(tier, klass):
    rule = load_rules().rule(tier, klass, "pop")
    assert rule is not None
    assert rule.min_count >= 3
    assert rule.complement


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (classes("personal", min_count=2), "tiers.public.classes.personal.min_count is 2, at least 3 is required"),
        (classes("social", min_count=0), "tiers.public.classes.social.min_count is 0"),
        (classes("personal", min_count=-1), "tiers.public.classes.personal.min_count is -1"),
        (classes("social", complement=False), "complement cannot be switched off"),
        (classes("establishment", min_count=10), "the class has no rule yet"),
        (classes("secret", min_count=10), "no such class"),
        ({"floor": {"personal": 1}}, "floor cannot be changed"),
        ({"floor": {"personal": 3, "social": 3, "none": 3}}, "floor cannot be changed"),
        ({"tiers": {"public": {"meanings": ["stated", "evidence"]}}}, "evidence may not pass into this tier"),
        ({"tiers": {"internal": {"meanings": ["unknown"]}}}, "unknown may not pass into this tier"),
        ({"tiers": {"press": {"meanings": ["stated"], "classes": {"social": {"min_count": 2}}}}}, "at least 3"),
        ({"concepts": {"popp": {"public": {"min_count": 9}}}}, "concepts.popp: no such concept"),
        ({"concepts": {"pop": {"publik": {"min_count": 9}}}}, "concepts.pop.publik: no such tier"),
    ],
)
def test_weaker_rules_are_refused_and_the_place_is_named(site, content, said):
    with pytest.raises(RulesTooWeak) as caught:
        site(content)
    assert said in str(caught.value)


def test_every_weak_place_is_named_at_once(site):
    with pytest.raises(RulesTooWeak) as caught:
        site({"tiers": {"public": {"classes": {"personal": {"min_count": 1}, "social": {"min_count": 1}}}}})
    assert len(str(caught.value).splitlines()) == 2


def test_a_field_that_no_rule_knows_is_refused(site):
    with pytest.raises(RulesTooWeak, match="mincount"):
        site(classes("personal", mincount=10))


def test_a_site_may_be_stricter_in_one_place_and_keeps_the_rest(site):
    rules = site(classes("personal", min_count=10))
    assert rules.tiers["public"].classes["personal"].min_count == 10
    assert rules.tiers["public"].classes["personal"].complement
    assert rules.tiers["internal"] == load_rules().tiers["internal"]
    assert rules.tiers["public"].classes["social"] == load_rules().tiers["public"].classes["social"]


def test_a_concept_may_be_stricter_and_never_laxer_than_its_class(site):
    rules = site({"concepts": {"care": {"public": {"min_count": 20}}}})
    assert rules.rule("public", "social", "care").min_count == 20
    assert rules.rule("internal", "social", "care").min_count == 3
    assert rules.rule("public", "social", "care").complement
    with pytest.raises(RulesTooWeak, match=r"concepts\.unemp\.public\.min_count is 1"):
        site({"concepts": {"unemp": {"public": {"min_count": 1}}}})


def test_a_class_without_a_rule_has_none():
    assert load_rules().rule("public", "establishment", "svb_work") is None


def test_no_site_file_means_the_defaults(tmp_path):
    assert load_rules(tmp_path / "nothing.yml") == load_rules(None)


def test_an_empty_site_file_means_the_defaults(site, tmp_path):
    (tmp_path / "empty.yml").write_text("# nothing yet\n", "utf-8")
    assert load_rules(tmp_path / "empty.yml") == load_rules()


# --- rules of measures ---

OFFICE = {"class": "social", "owner": "Statistikstelle", "legal_basis": "§ 16 BStatG", "date": "2026-01-01"}


def test_a_measure_of_a_table_gets_the_rule_of_its_class_and_its_own_where_that_is_stricter(site):
    own = {**OFFICE, "tiers": {"public": {"min_count": 10, "zeros": "protected"}, "internal": {"min_count": 1}}}
    rules = site({"measures": {"recipients": own}})
    public, internal = rules.measure("public", "recipients"), rules.measure("internal", "recipients")
    assert (public.min_count, public.zeros, public.complement) == (10, "protected", True)
    assert internal.min_count == 3, "no rule of a measure is weaker than that of its class"
    assert rules.described("recipients").owner == "Statistikstelle"


def test_a_measure_without_an_entry_is_a_concept_or_has_no_rule(site):
    rules = site({"measures": {"shops": {**OFFICE, "class": "none"}}})
    assert rules.measure("public", "pop").min_count == 3
    assert rules.measure("public", "recipients") is None
    assert rules.measure("public", "svb_work") is None, "establishments have no rule yet"
    assert rules.measure("press", "pop") is None
    assert rules.measure("public", "shops").min_count == 0


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"class": "social"}, "measures.recipients.owner: Field required"),
        ({**OFFICE, "class": "secret"}, "measures.recipients.class: no such class as secret"),
        ({**OFFICE, "class": "establishment"}, "the class establishment has no rule yet"),
        ({**OFFICE, "within": "popp"}, "measures.recipients.within: no such measure as popp"),
        ({**OFFICE, "tiers": {"press": {"min_count": 9}}}, "measures.recipients.tiers.press: no such tier"),
        ({**OFFICE, "tiers": {"public": {"mincount": 9}}}, "mincount"),
    ],
)
def test_what_is_wrong_with_a_measure_is_named(site, entry, said):
    with pytest.raises(RulesTooWeak) as caught:
        site({"measures": {"recipients": entry}})
    assert said in str(caught.value)


def test_a_measure_of_the_vocabulary_keeps_its_class(site):
    with pytest.raises(RulesTooWeak, match=r"measures\.pop\.class is none, but the vocabulary says personal"):
        site({"measures": {"pop": {**OFFICE, "class": "none"}}})


@pytest.mark.parametrize(
    "content",
    [
        {"concepts": {"care": {"public": {"min_count": 9, "min_denominator": 20}}}},
        {"concepts": {"care": {"public": {"min_count": 9, "group_disclosure": ["sex"]}}}},
    ],
)
def test_what_the_door_of_a_site_does_not_apply_does_not_stand_in_its_rules(site, content):
    with pytest.raises(RulesTooWeak, match="applies to measures of `lagebild protect` only"):
        site(content)
