# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Settings: the environment and a site's `site.yml`, read here and nowhere else.

Belongs here: what can be set, and its defaults. Does not belong here: what the settings do.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assets.resources import SiteResource

SITE_VARIABLE = "LAGEBILD_SITE"
LANGUAGE_VARIABLE = "LAGEBILD_LANG"
TODAY_VARIABLE = "LAGEBILD_TODAY"


class SettingsError(ValueError):
    """`site.yml` is missing or wrong; the message names the file and every fault."""


class Settings(BaseModel):
    """A site's settings (`site.yml`). `sources`: ids of the active sources, None for all of product and site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "Lagebild"
    language: Literal["de", "en"] = "de"
    sources: list[str] | None = None
    tiers: list[Literal["internal", "public"]] = Field(default=["internal", "public"], min_length=1)
    settle_seconds: float = Field(default=2.0, ge=0)
    synthetic: bool = False
    map: str | None = None
    """File below `areas/` that is drawn on the overview picture."""
    territory: str | None = Field(default=None, pattern=r"^\d{4}$", coerce_numbers_to_str=True)
    """The chosen vintage: the year-end on whose territory every series is shown as well."""


def read_settings(site: Path) -> Settings:
    """The settings of a site. Raises SettingsError."""
    path = site / "site.yml"
    if not path.is_file():
        raise SettingsError(f"{path}: no such file; `lagebild init {site}` makes a site")
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except (ValidationError, yaml.YAMLError) as error:
        raise SettingsError(f"{path}: {error}") from error


def environment_site() -> Path | None:
    """The site that the environment names, if any."""
    value = os.environ.get(SITE_VARIABLE, "")
    return Path(value).resolve() if value else None


def environment_language() -> str | None:
    """`de` or `en` as the environment asks for, if it does."""
    for variable in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        language = os.environ.get(variable, "")[:2].lower()
        if language in ("de", "en"):
            return language
    return None


def site_resource(site: Path | None) -> SiteResource:
    """The resource for both zones; without a site it loads, and says so when a station is started."""
    if site is None:
        return SiteResource()
    settings = read_settings(site)
    return SiteResource(
        root=str(site.resolve()),
        sources=settings.sources,
        tiers=list(settings.tiers),
        settle_seconds=settings.settle_seconds,
        today=os.environ.get(TODAY_VARIABLE, ""),
        territory=settings.territory or "",
    )
