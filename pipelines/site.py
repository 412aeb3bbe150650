# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""A new site: its folders and its commented files; the demo site.

Belongs here: what `lagebild init` and `lagebild demo` put on the disk. Does not belong here: running it.
"""

from __future__ import annotations

from pathlib import Path

from raw.demo import generate
from raw.lake.files import restricted_folder

_SITE_YML = """# Settings of this site. Everything not said here is the product's default.
name: {name}
language: {language}          # de | en: messages and labels
# sources: [kiss_md, regionaldatenbank, gv_isys, genesis_ffcsv]   # default: all of the product and of sources/
# tiers: [internal, public]   # internal: the circle entitled by the statistics office; public: everybody
# territory: "2023"           # every series also on the territory of the end of this year
# settle_seconds: 2           # a file in the inbox must have been still for so long
"""
_RULES_YML = """# Rules of the door for this site: stricter than the product's defaults where you say so, never weaker.
# Example: withhold counts below 5 for households with housing benefit, in both tiers.
# concepts:
#   wohngeld_hh:
#     internal: {min_count: 5, complement: true}
#     public: {min_count: 5, complement: true}
{}
"""
_DAGSTER_YML = """# Dagster instance of this site (both zones, one user). For two users see the operators' guide.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
"""
_FOLDERS = ("sources", "kpis", "areas", "warehouse")
_RESTRICTED = ("inbox", "lake", "dagster")


class SiteError(ValueError):
    """A site cannot be made here; `message` is a key of the messages, `values` belong to it."""

    def __init__(self, message: str, **values: str) -> None:
        super().__init__(message)
        self.message, self.values = message, values


def is_site(path: Path) -> bool:
    """Whether a folder is a site."""
    return (path / "site.yml").is_file()


def init_site(path: Path, language: str, name: str = "Lagebild", in_checkout: bool = False) -> None:
    """Make a site. Raises SiteError if there is one, if the folder is in use, or if it lies in a git checkout."""
    if is_site(path):
        raise SiteError("site_exists", path=str(path))
    if path.exists() and any(path.iterdir()):
        raise SiteError("site_not_empty", path=str(path))
    checkout = next((parent for parent in (path, *path.parents) if (parent / ".git").exists()), None)
    if checkout and not in_checkout:
        raise SiteError("site_in_checkout", path=str(path), checkout=str(checkout))
    path.mkdir(parents=True, exist_ok=True)
    for folder in _FOLDERS:
        (path / folder).mkdir()
    for folder in _RESTRICTED:
        restricted_folder(path / folder)
    (path / "disclosure_rules.yml").write_text(_RULES_YML, "utf-8")
    (path / "dagster" / "dagster.yaml").write_text(_DAGSTER_YML, "utf-8")
    (path / ".gitignore").write_text("# Data never go into a repository.\n*\n", "utf-8")
    (path / "site.yml").write_text(_SITE_YML.format(name=name, language=language), "utf-8")


def demo_site(path: Path, language: str) -> bool:
    """Make the demo site, or leave it as it is; returns whether it is new. Raises SiteError."""
    if is_site(path):
        return False
    init_site(path, language, "Musterland (synthetisch)", in_checkout=True)
    summary = generate(path)
    settings = path / "site.yml"
    extra = f"sources: [{', '.join(summary.sources)}]\nsynthetic: true\nmap: {_city_map(summary.maps)}\n"
    settings.write_text(settings.read_text("utf-8") + extra, "utf-8")
    return True


def _city_map(maps: list[str]) -> str:
    return next((Path(name).name for name in maps if "stadtteile" in name), "")
