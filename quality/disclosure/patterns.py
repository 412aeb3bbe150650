# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Patterns that were found before, by the content of their system.

Belongs here: keeping and finding them again, in the restricted zone. Does not belong here: trust; a pattern from here
is audited like any other.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from quality.disclosure.model.system import Mask, System, fingerprint
from raw.lake.files import atomic, restricted_folder


class Patterns:
    """A folder of patterns. `about` is what else decides on a pattern: the options of the solver."""

    def __init__(self, folder: Path, about: str = "") -> None:
        self.folder, self.about = folder, about

    def find(self, system: System) -> Mask | None:
        """The pattern of an equal system, None if there is none or its file is damaged."""
        path = self._path(system)
        if not path.exists():
            return None
        content = path.read_bytes()
        bits, check = content[:-32], content[-32:]
        if hashlib.sha256(bits).digest() != check or len(bits) != (len(system) + 7) // 8:
            return None
        return np.unpackbits(np.frombuffer(bits, np.uint8), count=len(system)).astype(np.bool_)

    def keep(self, system: System, withheld: Mask) -> None:
        """Keep a pattern."""
        restricted_folder(self.folder)
        bits = np.packbits(withheld).tobytes()
        with atomic(self._path(system)) as part:
            part.write_bytes(bits + hashlib.sha256(bits).digest())

    def _path(self, system: System) -> Path:
        key = hashlib.sha256(f"{fingerprint(system)} {self.about}".encode()).hexdigest()
        return self.folder / f"{key[:32]}.pattern"
