# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What a restricted station may say when it fails: the kind of error and where the details lie, never a value.

Belongs here: the guard around restricted stations. Does not belong here: messages of the stations themselves.
"""

from __future__ import annotations

import contextlib
import secrets
import traceback
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.resources import NoSite, NotPassed, SiteResource
from quality.areas.crosswalk import CrosswalkError
from quality.disclosure.door import Refused
from quality.disclosure.rules import RulesTooWeak
from raw.contracts import ContractError
from raw.lake.files import restricted_folder
from transforms.catalogue.catalogue import CatalogueError

SPEAKABLE = (NoSite, NotPassed, ContractError, CatalogueError, CrosswalkError, RulesTooWeak, Refused)
"""Errors whose messages are ours and carry no value."""


@contextlib.contextmanager
def guarded(site: SiteResource, station: str) -> Iterator[None]:
    """Turn any other error into one that quotes nothing; the traceback goes to `lake/reports/` (0600)."""
    try:
        yield
    except (dg.Failure, *SPEAKABLE):
        raise
    except Exception as error:
        report = _write_report(site.path / "lake", station, traceback.format_exc())
        kind = type(error).__name__
        raise dg.Failure(
            f"{station}: {kind}; details (restricted): lake/reports/{report.name}", allow_retries=False
        ) from None


def _write_report(lake: Path, station: str, text: str) -> Path:
    folder = restricted_folder(restricted_folder(lake) / "reports")
    path = folder / f"{station}-{secrets.token_hex(4)}.txt"
    path.touch(0o600)
    path.write_text(text, "utf-8")
    return path
