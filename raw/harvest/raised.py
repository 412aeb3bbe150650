# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Raised signs: how footnote marks are written, so that none is taken for a digit.

Belongs here: the signs. Does not belong here: what a mark means (the contract).
"""

from __future__ import annotations

import re

_PLAIN = "0123456789()nabcdefghijklmoprstuvwxyz"
_SIGNS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾ⁿᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_TO_RAISED = str.maketrans(_PLAIN, _SIGNS)
_MARKS = re.compile(rf"\s*[{_SIGNS}]+$")
RAISED_SIGNS = _SIGNS
"""All raised signs, for a class of a regular expression."""


def raised(text: str) -> str:
    """A text in raised signs; what has none stays."""
    return text.translate(_TO_RAISED)


def without_marks(text: str) -> str:
    """A label without the raised footnote marks at its end."""
    return _MARKS.sub("", text)
