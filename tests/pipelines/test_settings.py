# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings and new sites."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pipelines.settings import SettingsError, read_settings, site_resource
from pipelines.site import SiteError, init_site
from tests.sites import lagebild


@pytest.fixture
def site(tmp_path: Path) -> Path:
    init_site(tmp_path / "site", "de", "Testkreis")
    return tmp_path / "site"


def test_a_new_site_has_its_settings_and_closed_folders(site: Path):
    assert read_settings(site).name == "Testkreis"
    for folder in ("inbox", "lake", "dagster"):
        assert stat.S_IMODE((site / folder).stat().st_mode) == 0o700
    assert "enabled: false" in (site / "dagster" / "dagster.yaml").read_text("utf-8")


def test_a_site_is_never_made_over_something(site: Path, tmp_path: Path):
    with pytest.raises(SiteError, match="site_exists"):
        init_site(site, "de")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").write_text("mine", "utf-8")
    with pytest.raises(SiteError, match="site_not_empty"):
        init_site(tmp_path / "used", "de")


def test_a_site_with_real_data_never_lies_in_a_checkout(tmp_path: Path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(SiteError, match="site_in_checkout"):
        init_site(tmp_path / "site", "de")
    assert not (tmp_path / "site").exists()


def test_settings_that_do_not_exist_are_an_error_with_their_name(site: Path):
    (site / "site.yml").write_text("name: x\nlangauge: de\n", "utf-8")
    with pytest.raises(SettingsError, match="langauge"):
        read_settings(site)


def test_settings_reach_the_resource(site: Path, monkeypatch: pytest.MonkeyPatch):
    (site / "site.yml").write_text("sources: [gv_isys]\ntiers: [public]\nsettle_seconds: 0.5\n", "utf-8")
    monkeypatch.setenv("LAGEBILD_TODAY", "2026-01-31")
    resource = site_resource(site)
    assert (resource.sources, resource.tiers, resource.settle_seconds) == (["gv_isys"], ["public"], 0.5)
    assert resource.day.isoformat() == "2026-01-31"


@pytest.mark.parametrize(("language", "word"), [("de", "Welche Site"), ("en", "Which site")])
def test_a_call_without_a_site_says_so_in_both_languages(language: str, word: str):
    done = lagebild("run", LAGEBILD_LANG=language)
    assert done.returncode == 2
    assert word in done.stderr


def test_a_missing_site_and_a_wrong_contract_are_usage_errors(site: Path, tmp_path: Path):
    missing = lagebild("--site", tmp_path / "nowhere", "run")
    assert (missing.returncode, "lagebild init" in missing.stderr) == (2, True)
    (site / "sources" / "mine").mkdir()
    (site / "sources" / "mine" / "source.yml").write_text("id: mine\nfamly: kiss_md\n", "utf-8")
    wrong = lagebild("--site", site, "run")
    assert (wrong.returncode, "mine/source.yml: famly" in wrong.stderr) == (2, True)
    assert "Traceback" not in wrong.stderr


def test_rules_below_the_floor_stop_the_run_before_anything_is_done(site: Path):
    (site / "disclosure_rules.yml").write_text(
        "tiers: {public: {classes: {social: {min_count: 1, complement: true}}}}\n", "utf-8"
    )
    (site / "inbox" / "any.csv").write_text("a;b\n", "utf-8")
    done = lagebild("--site", site, "run")
    assert done.returncode == 2
    assert "at least 3 is required" in done.stderr
    assert (site / "inbox" / "any.csv").exists()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("concepts: {wohngeld_hh: {public: {min_count: 1}}}", "may only be stricter"),
        ("tiers: [", "not readable as YAML"),
        ("concepts: {wohngeld_hh: {public: {min_kount: 9}}}", "min_kount"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_in_words(site: Path, rules: str, said: str):
    (site / "disclosure_rules.yml").write_text(rules + "\n", "utf-8")
    (site / "inbox" / "any.csv").write_text("a;b\n", "utf-8")
    done = lagebild("--site", site, "run")
    assert done.returncode == 2
    assert said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(("written", "fits"), [('"2023"', True), ("2023", True), ('"31.12.2023"', False)])
def test_the_chosen_territory_is_a_year(site: Path, written: str, fits: bool):
    (site / "site.yml").write_text(f"territory: {written}\n", "utf-8")
    if fits:
        assert site_resource(site).territory == "2023"
    else:
        with pytest.raises(SettingsError, match="territory"):
            read_settings(site)
