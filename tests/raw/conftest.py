# SPDX-FileCopyrightText: 2026 Lagebild contributors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the room `raw`: the sample sources."""

from __future__ import annotations

import pytest

from raw.contracts import Source
from tests.raw.build import sample_sources


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Source]:
    """The four sample sources, one of each family."""
    return sample_sources(tmp_path_factory.mktemp("sources"))
