# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Faults of a delivery: collected all at once, each with its cell, what was expected and what to do.

Belongs here: the fault and its words in German and English. Does not belong here: finding faults.

What stands in a data row is never quoted: a shifted cell could hold a person's figure. `describe` says what kind of
entry it is; header texts may be quoted.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from raw.harvest.unshown import is_error

MAX_LISTED = 200
"""A file that is wrong from top to bottom lists this many faults of one kind and counts the rest."""
MAX_TEXT = 300
"""A text that somebody pasted into a header is told up to here."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong in one file. `found` must not quote the content of a data row."""

    code: str
    source: str
    table: str
    file: str
    cell: str
    found: str
    what: str = ""

    def __post_init__(self) -> None:
        if self.code not in _words():
            raise ValueError(f"unknown fault code {self.code!r}")
        for name in ("cell", "found", "what"):
            if len(text := getattr(self, name)) > MAX_TEXT:
                object.__setattr__(self, name, f"{text[:MAX_TEXT]} …")

    def expected(self, lang: str) -> str:
        """What the contract expects at this place."""
        return _words()[self.code]["expected"][lang].format(what=self.what)

    def advice(self, lang: str) -> str:
        """What the sender, or whoever keeps the contract, should do."""
        return _words()[self.code]["do"][lang].format(what=self.what)

    def sentence(self, lang: str = "de") -> str:
        """The whole fault in one line."""
        expected, found = {"de": ("erwartet", "gefunden"), "en": ("expected", "found")}[lang]
        return (
            f"{self.file}, {self.cell or '–'}: {expected}: {self.expected(lang)}; "
            f"{found}: {_in_language(self.found, lang)}. {self.advice(lang)}"
        )

    def as_dict(self) -> dict[str, str]:
        """Plain fields, for reports."""
        return asdict(self)


@dataclass
class Report:
    """Takes down the faults of one table in one file."""

    source: str
    table: str
    file: str
    faults: list[Fault] = field(default_factory=list)

    def note(self, code: str, cell: str, found: str, what: str = "") -> None:
        """Note a fault and go on."""
        self.faults.append(Fault(code, self.source, self.table, self.file, cell, found, what))


def _in_language(text: str, lang: str) -> str:
    """The half of each `deutsch / english` that is meant; what stands beside it stays."""
    return re.sub(r"([^\W\d][\w ]*?) / ([^\W\d][\w ]*\w)", r"\1" if lang == "de" else r"\2", text)


@cache
def _words() -> dict[str, Any]:
    return cast("dict[str, Any]", yaml.safe_load(Path(__file__).with_name("faults.yml").read_text("utf-8")))


def listed(faults: list[Fault]) -> list[Fault]:
    """The first faults of each kind; where there are more, the last one listed says how many."""
    by_code: dict[str, list[Fault]] = {}
    for fault in faults:
        by_code.setdefault(fault.code, []).append(fault)
    kept: list[Fault] = []
    for same in by_code.values():
        kept += same[:MAX_LISTED]
        if (more := len(same) - MAX_LISTED) > 0:
            kept[-1] = replace(kept[-1], found=f"{kept[-1].found} (+ {more})")
    return kept


def describe(text: str) -> str:
    """What kind of entry a text is, without quoting it; what a spreadsheet says of an error is nobody's entry."""
    if not text:
        return "leer / empty"
    if is_error(text):
        return f"Fehler / error {text}"
    kinds = [
        ("Ziffern / digits", any(c.isdigit() for c in text)),
        ("Buchstaben / letters", any(c.isalpha() for c in text)),
        ("Zeichen / symbols", any(not c.isalnum() and not c.isspace() for c in text)),
    ]
    return " + ".join(kind for kind, present in kinds if present) or "Leerzeichen / blanks"
