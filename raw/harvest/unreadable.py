# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""The one error of the gate and of whatever opens a file. Does not belong here: what leads to it."""

from __future__ import annotations


class Unreadable(ValueError):
    """The file is not opened; `reason` is a code of the messages `reason.*`, `detail` a place in the file."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail
