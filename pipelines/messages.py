# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The sentences of the command line in German and English.

Belongs here: looking up a sentence. Does not belong here: the sentences (`messages.yml`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml

Language = Literal["de", "en"]


@cache
def _messages() -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = yaml.load(
        Path(__file__).with_name("messages.yml").read_text("utf-8"), yaml.CSafeLoader
    )
    return content


class Speaker:
    """Says messages in one language."""

    def __init__(self, language: str) -> None:
        self.language: Language = "en" if language == "en" else "de"

    def __call__(self, key: str, **values: object) -> str:
        """The message with its values filled in."""
        return _messages()[key][self.language].format(**values)
