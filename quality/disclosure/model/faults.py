# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the input of the door, said all at once.

Belongs here: the fault and its words (`faults.yml`). Does not belong here: finding faults.

A fault names cells and equations. Values of a confidential table never stand in one: whoever finds a fault hands the
values to `shown`, together with whether everybody may know them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

MAX_NAMED = 8
"""Cells that one fault names; the rest is counted."""
MAX_SAID = 20
"""Faults of one kind that are said one by one."""


@cache
def _words() -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))
    return words


@dataclass(frozen=True)
class Fault:
    """One fault: its kind (a key of `faults.yml`) and what it is about."""

    kind: str
    about: tuple[tuple[str, str], ...]

    def say(self, language: str = "en") -> str:
        """The fault as a sentence, German (`de`) or English."""
        return _words()[self.kind]["de" if language == "de" else "en"].format(**dict(self.about))


def fault(kind: str, **about: object) -> Fault:
    """A fault of a kind about something."""
    return Fault(kind, tuple((name, str(value)) for name, value in about.items()))


def shown(values: Iterable[float], public: bool) -> str:
    """Values for the end of a sentence: only those of public tables."""
    return ": " + ", ".join(f"{value:.15g}" for value in values) if public else ""


def listed(names: list[str]) -> str:
    """Names with commas, the first few of many."""
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" … (+ {more})" if more > 0 else "")


class BadInput(ValueError):
    """The input makes no system. Carries every fault; nothing was protected."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.say())

    def say(self, language: str = "en") -> str:
        """All faults, a line each; of each kind the first ones, and how many more there are."""
        lines: list[str] = []
        for kind in dict.fromkeys(one.kind for one in self.faults):
            these = [one.say(language) for one in self.faults if one.kind == kind]
            lines += these[:MAX_SAID]
            if len(these) > MAX_SAID:
                lines.append(f"… (+ {len(these) - MAX_SAID})")
        return "\n".join(lines)
